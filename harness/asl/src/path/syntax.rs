//! The segments of a path: `.name`, `['name']`, `[0]`, and the indefinite ones, which are only cut out here.

use super::{Step, filter};
use serde_json::Value;
use serde_json_path::JsonPath;
use std::borrow::Cow;
use std::fmt::Write;

pub(super) enum Segment<'a> {
    Step(Step),
    Pick(Vec<String>),
    Indefinite(Cow<'a, str>),
}

pub(super) fn write_segment(query: &mut String, segment: &Segment<'_>) {
    match segment {
        Segment::Step(Step::Name(name)) => quote(query, std::slice::from_ref(name)),
        Segment::Step(Step::Index(index)) => {
            let _ = write!(query, "[{index}]");
        }
        Segment::Pick(names) => quote(query, names),
        Segment::Indefinite(text) => query.push_str(text),
    }
}

fn quote(query: &mut String, names: &[String]) {
    query.push('[');
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            query.push(',');
        }
        query.push_str(&Value::String(name.clone()).to_string());
    }
    query.push(']');
}

/// Reads segments; the outer Option of [`Cursor::segment`] is None on bad syntax, the inner one at the end.
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a str,
}

impl<'a> Cursor<'a> {
    #[expect(clippy::option_option, reason = "bad syntax and the end are two things")]
    pub(super) fn segment(&mut self) -> Option<Option<Segment<'a>>> {
        if self.rest.is_empty() {
            return Some(None);
        }
        if let Some(rest) = self.rest.strip_prefix("..") {
            self.rest = rest;
            let inner = if rest.starts_with('[') {
                self.bracket()?
            } else if let Some(rest) = rest.strip_prefix('*') {
                self.rest = rest;
                Segment::Indefinite(Cow::Borrowed("[*]"))
            } else {
                Segment::Step(Step::Name(self.name()?))
            };
            let mut text = "..".to_owned();
            write_segment(&mut text, &inner);
            return Some(Some(Segment::Indefinite(Cow::Owned(text))));
        }
        if let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
            if let Some(rest) = rest.strip_prefix('*') {
                self.rest = rest;
                return Some(Some(Segment::Indefinite(Cow::Borrowed("[*]"))));
            }
            if !rest.starts_with('[') {
                return Some(Some(Segment::Step(Step::Name(self.name()?))));
            }
        }
        self.bracket().map(Some)
    }

    fn name(&mut self) -> Option<String> {
        let end = self
            .rest
            .find(['.', '[', '(', ' ', '*', '$', '\'', '"', '\n', '\t', ',', ']', ')'])
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!name.is_empty()).then(|| name.to_owned())
    }

    fn bracket(&mut self) -> Option<Segment<'a>> {
        let inner_start = self.rest.strip_prefix('[')?;
        let length = closing(inner_start)?;
        let (inner, rest) = inner_start.split_at(length);
        self.rest = rest.strip_prefix(']')?;
        let trimmed = inner.trim();
        if let Ok(index) = trimmed.parse::<i64>() {
            return Some(Segment::Step(Step::Index(index)));
        }
        if let Some(mut names) = quoted_names(trimmed) {
            return match (names.pop(), names.is_empty()) {
                (Some(name), true) => Some(Segment::Step(Step::Name(name))),
                (Some(name), false) => {
                    names.push(name);
                    Some(Segment::Pick(names))
                }
                (None, _) => None,
            };
        }
        let known = !trimmed.starts_with('?')
            || super::nesting(trimmed) > super::MAX_NESTING
            || JsonPath::parse(&format!("$[{trimmed}]")).is_ok();
        let query = if known { None } else { filter::to_rfc(trimmed) };
        Some(Segment::Indefinite(Cow::Owned(format!("[{}]", query.as_deref().unwrap_or(trimmed)))))
    }
}

/// The length up to the bracket that closes, quotes and nesting respected.
pub(super) fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (index, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) => quote = quote.filter(|_| c != open),
            (None, '\'' | '"') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(index),
            (None, ']') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}

/// `'a', "b"`: the names, if there is nothing but quoted names.
fn quoted_names(text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let quote = chars.next_if(|c| matches!(c, '\'' | '"'))?;
        let mut name = String::new();
        loop {
            match chars.next()? {
                '\\' => name.push(chars.next()?),
                c if c == quote => break,
                c => name.push(c),
            }
        }
        names.push(name);
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        match chars.next() {
            None => return Some(names),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}
