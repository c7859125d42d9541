//! Filters of Jayway's dialect in the words of RFC 9535: `in`, `nin`, `=~`, `size`, `empty`, and names with dashes.
//!
//! Not done: `subsetof`, `anyof`, `noneof`, filters written in Java. Invariant: what RFC 9535 knows comes out as it went
//! in, but for names, which are quoted.

use super::Step;
use super::syntax::{Segment, write_segment};
use serde_json::Value;

/// The filter in RFC 9535; None if it has something that is not known here.
pub(super) fn to_rfc(filter: &str) -> Option<String> {
    let mut reader = Reader { rest: filter };
    let mut written = String::with_capacity(filter.len() + 16);
    while let Some(c) = reader.peek() {
        if !matches!(c, '@' | '$' | '\'' | '"') && !c.is_ascii_digit() && !c.is_ascii_alphabetic() {
            written.push(c);
            reader.take(c.len_utf8());
            continue;
        }
        let left = reader.operand()?;
        match reader.operator() {
            Some(operator) => written.push_str(&reader.comparison(&left, operator)?),
            None => written.push_str(&left),
        }
    }
    Some(written)
}

const OPERATORS: [&str; 5] = ["=~", "in", "nin", "size", "empty"];

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        self.take(self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len()))
    }

    /// A path, a quoted text, a number or a word.
    fn operand(&mut self) -> Option<String> {
        match self.peek()? {
            '@' | '$' => self.path(),
            '\'' | '"' => self.quoted().map(str::to_owned),
            _ => {
                let word =
                    self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'));
                (!word.is_empty()).then(|| word.to_owned())
            }
        }
    }

    fn path(&mut self) -> Option<String> {
        let mut path = self.take(1).to_owned();
        loop {
            match self.peek() {
                Some('[') => path.push_str(self.bracketed()?),
                Some('.') => {
                    self.take(1);
                    let name = self.take_while(|c| {
                        !c.is_whitespace()
                            && !matches!(
                                c,
                                '.' | '[' | ']' | '(' | ')' | '=' | '!' | '<' | '>' | '&' | '|' | ','
                            )
                    });
                    match name {
                        "" => return None,
                        "*" => path.push_str("[*]"),
                        name => write_segment(&mut path, &Segment::Step(Step::Name(name.to_owned()))),
                    }
                }
                _ => return Some(path),
            }
        }
    }

    fn quoted(&mut self) -> Option<&'a str> {
        let quote = self.peek()?;
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find_map(|(index, c)| {
            let ends = !escaped && c == quote;
            escaped = !escaped && c == '\\';
            ends.then_some(index)
        })?;
        Some(self.take(end + 1))
    }

    fn bracketed(&mut self) -> Option<&'a str> {
        let length = super::syntax::closing(self.rest.get(1..)?)?;
        Some(self.take(length + 2))
    }

    fn operator(&mut self) -> Option<&'static str> {
        let after = self.rest.trim_start();
        let operator = OPERATORS.into_iter().find(|operator| {
            let next = after.strip_prefix(operator).and_then(|rest| rest.chars().next());
            next.is_some_and(|c| *operator == "=~" || !c.is_alphanumeric())
        })?;
        self.rest = after.get(operator.len()..)?.trim_start();
        Some(operator)
    }

    fn comparison(&mut self, left: &str, operator: &str) -> Option<String> {
        match operator {
            "=~" => {
                self.rest = self.rest.strip_prefix('/')?;
                let end = regex_end(self.rest)?;
                let pattern = self.take(end).replace("\\/", "/");
                self.take(1);
                let flags = self.take_while(|c| c.is_ascii_alphabetic());
                let flags = if flags.contains('i') { "(?i)" } else { "" };
                Some(format!("match({left}, {})", Value::from(format!("{flags}{pattern}"))))
            }
            "size" => Some(format!("length({left}) == {}", self.operand()?)),
            "empty" => {
                let sign = if self.operand()? == "true" { "==" } else { "!=" };
                Some(format!("length({left}) {sign} 0"))
            }
            _ => {
                let negated = if operator == "nin" { "!" } else { "" };
                let members = match self.peek()? {
                    '[' => self.listed(left)?,
                    // `'x' in @.tags`: there is an item that equals it.
                    _ => format!("{}[?@ == {left}]", self.operand()?),
                };
                Some(format!("{negated}({members})"))
            }
        }
    }

    /// `left == a || left == b` for `[a, b]`; nothing is in an empty list.
    fn listed(&mut self, left: &str) -> Option<String> {
        let list = self.bracketed()?;
        let mut items = Reader { rest: list.get(1..list.len() - 1)? };
        let mut tests = Vec::new();
        loop {
            items.take_while(|c| c.is_whitespace() || c == ',');
            if items.rest.is_empty() {
                break;
            }
            let negative = items.rest.starts_with('-');
            items.take(usize::from(negative));
            tests.push(format!("{left} == {}{}", if negative { "-" } else { "" }, items.operand()?));
        }
        Some(if tests.is_empty() { "1 == 2".to_owned() } else { tests.join(" || ") })
    }
}

fn regex_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(index, c)| {
        let ends = !escaped && c == '/';
        escaped = !escaped && c == '\\';
        ends.then_some(index)
    })
}
