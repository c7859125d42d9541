//! JSONPath as AWS evaluates it (Jayway's dialect), in the three roots `$`, `$$` and `$variable`.
//!
//! Definite paths are walked here, so that AWS's texts for missing parts come out (facts.md 31). Everything with a wildcard,
//! slice, filter, union or `..` is handed to `serde_json_path`, after its names are quoted: AWS takes `$.detail-type`,
//! RFC 9535 does not. Not done: JSONPath functions such as `.length()`, which the guide does not offer.
//! Invariant: a definite path gives the value, any other path an array.

use crate::outcome::Variables;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt::Write;

/// A parsed path.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    source: String,
    root: Root,
    steps: Vec<Step>,
    tail: Tail,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Root {
    Input,
    Context,
    Variable(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Name(String),
    Index(i64),
}

/// What follows the definite steps.
#[derive(Debug, Clone)]
enum Tail {
    Nothing,
    /// `['a','b']` at the end: an object with these members, as Jayway gives.
    Pick(Vec<String>),
    /// The rest of the path, from the first indefinite segment.
    Query(Box<serde_json_path::JsonPath>),
    /// A query that ends with a pick.
    QueryPick(Box<serde_json_path::JsonPath>, Vec<String>),
}

/// What the roots stand for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Roots<'a> {
    pub(crate) input: &'a Value,
    pub(crate) context: &'a Value,
    pub(crate) variables: &'a Variables,
}

impl Path {
    pub(crate) fn parse(source: &str) -> Option<Self> {
        let (root, rest) = root_of(source)?;
        let mut cursor = Cursor { rest };
        let mut path = Self { source: source.to_owned(), root, steps: Vec::new(), tail: Tail::Nothing };
        let mut query = String::new();
        while let Some(segment) = cursor.segment()? {
            if !query.is_empty() || matches!(segment, Segment::Indefinite(_)) {
                if let (Segment::Pick(names), true) = (&segment, cursor.rest.is_empty()) {
                    path.tail = Tail::QueryPick(Box::new(path.rfc(&query)?), names.clone());
                    return Some(path.rooted(&query));
                }
                write_segment(&mut query, &segment);
                continue;
            }
            match segment {
                Segment::Step(step) => path.steps.push(step),
                Segment::Pick(names) if cursor.rest.is_empty() => path.tail = Tail::Pick(names),
                other => write_segment(&mut query, &other),
            }
        }
        if !query.is_empty() {
            path.tail = Tail::Query(Box::new(path.rfc(&query)?));
        }
        Some(path.rooted(&query))
    }

    /// The query for the part after the steps. A filter may look at `$`, and then the query has to start there.
    fn rfc(&self, query: &str) -> Option<serde_json_path::JsonPath> {
        let mut text = "$".to_owned();
        if query.contains('$') {
            self.steps.iter().for_each(|step| write_segment(&mut text, &Segment::Step(step.clone())));
        }
        text.push_str(query);
        (nesting(query) <= MAX_NESTING).then(|| serde_json_path::JsonPath::parse(&text).ok())?
    }

    fn rooted(mut self, query: &str) -> Self {
        if query.contains('$') {
            self.steps.clear();
        }
        self
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The text without the sign that tells `$$` from `$` (recorded: `Reference path "$.Execution.Input"` for `$$.Execution.Input`).
    pub(crate) fn without_root_mark(&self) -> &str {
        self.source.strip_prefix('$').filter(|_| self.root == Root::Context).unwrap_or(&self.source)
    }

    /// The steps of a reference path: definite, from `$`, no negative index. The only paths ResultPath takes.
    pub(crate) fn reference(&self) -> Option<&[Step]> {
        let plain = self.steps.iter().all(|step| !matches!(step, Step::Index(index) if *index < 0));
        (self.root == Root::Input && matches!(self.tail, Tail::Nothing) && plain)
            .then_some(self.steps.as_slice())
    }

    /// The value the path points at; the error is Jayway's text.
    pub(crate) fn find<'a>(&self, roots: Roots<'a>) -> Result<Cow<'a, Value>, String> {
        let start = match &self.root {
            Root::Input => roots.input,
            Root::Context => roots.context,
            Root::Variable(name) => {
                roots.variables.get(name).ok_or_else(|| format!("Variable '${name}' is not defined"))?
            }
        };
        let mut at = start;
        for (index, step) in self.steps.iter().enumerate() {
            at = self.walk(at, index, step)?;
        }
        Ok(match &self.tail {
            Tail::Nothing => Cow::Borrowed(at),
            Tail::Pick(names) => Cow::Owned(pick(at, names)),
            Tail::Query(query) => {
                Cow::Owned(Value::Array(query.query(at).all().into_iter().cloned().collect()))
            }
            Tail::QueryPick(query, names) => Cow::Owned(Value::Array(
                query.query(at).all().into_iter().map(|value| pick(value, names)).collect(),
            )),
        })
    }

    fn walk<'a>(&self, at: &'a Value, index: usize, step: &Step) -> Result<&'a Value, String> {
        let here = || normal(self.steps.get(..index).unwrap_or_default());
        let missing = || {
            if index + 1 == self.steps.len() {
                return format!("No results for path: {}", normal(&self.steps));
            }
            match step {
                Step::Name(_) => format!(
                    "Missing property in path {}",
                    normal(self.steps.get(..=index).unwrap_or_default())
                ),
                Step::Index(_) => format!("No results for path: {}", normal(&self.steps)),
            }
        };
        match (step, at) {
            (Step::Name(name), Value::Object(members)) => members.get(name).ok_or_else(missing),
            (Step::Name(name), other) => Err(format!(
                "Expected to find an object with property ['{name}'] in path {} but found '{}'. This is not a json object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'.",
                here(),
                node_class(other)
            )),
            (Step::Index(position), Value::Array(items)) => {
                let position = usize::try_from(*position).ok().or_else(|| {
                    let from_end = usize::try_from(position.unsigned_abs()).ok()?;
                    items.len().checked_sub(from_end)
                });
                position.and_then(|position| items.get(position)).ok_or_else(missing)
            }
            (Step::Index(_), Value::Null) => Err(format!("The path {} is null", here())),
            (Step::Index(position), other) => Err(format!(
                "Filter: [{position}] can only be applied to arrays. Current context is: {other}"
            )),
        }
    }
}

/// The parser of queries recurses; no honest filter comes near this depth.
const MAX_NESTING: usize = 16;

/// How deep brackets are nested, at most; those in quotes count as well.
fn nesting(query: &str) -> usize {
    let deeper = |(depth, most): (usize, usize), c| match c {
        '(' | '[' => (depth + 1, most.max(depth + 1)),
        ')' | ']' => (depth.saturating_sub(1), most),
        _ => (depth, most),
    };
    query.chars().fold((0, 0), deeper).1
}

/// `$['a'][0]`, Jayway's normal form.
fn normal(steps: &[Step]) -> String {
    let mut text = "$".to_owned();
    for step in steps {
        let _ = match step {
            Step::Name(name) => write!(text, "['{name}']"),
            Step::Index(index) => write!(text, "[{index}]"),
        };
    }
    text
}

fn node_class(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "com.fasterxml.jackson.databind.node.BooleanNode",
        Value::Number(number) if number.is_f64() => "com.fasterxml.jackson.databind.node.DoubleNode",
        Value::Number(_) => "com.fasterxml.jackson.databind.node.IntNode",
        Value::String(_) => "com.fasterxml.jackson.databind.node.TextNode",
        Value::Array(_) => "com.fasterxml.jackson.databind.node.ArrayNode",
        Value::Object(_) => "com.fasterxml.jackson.databind.node.ObjectNode",
    }
}

fn pick(value: &Value, names: &[String]) -> Value {
    let members = value.as_object();
    names
        .iter()
        .filter_map(|name| Some((name.clone(), members?.get(name)?.clone())))
        .collect::<Map<_, _>>()
        .into()
}

fn root_of(source: &str) -> Option<(Root, &str)> {
    let rest = source.strip_prefix('$')?;
    if let Some(rest) = rest.strip_prefix('$') {
        return Some((Root::Context, rest));
    }
    let end = rest.find(|c: char| !is_variable_char(c)).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    Some((if name.is_empty() { Root::Input } else { Root::Variable(name.to_owned()) }, rest))
}

/// Whether a character may be part of a variable's name.
pub(crate) fn is_variable_char(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

enum Segment<'a> {
    Step(Step),
    Pick(Vec<String>),
    Indefinite(Cow<'a, str>),
}

fn write_segment(query: &mut String, segment: &Segment<'_>) {
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
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    #[expect(clippy::option_option, reason = "bad syntax and the end are two things")]
    fn segment(&mut self) -> Option<Option<Segment<'a>>> {
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
        Some(Segment::Indefinite(Cow::Owned(format!("[{trimmed}]"))))
    }
}

/// The length up to the bracket that closes, quotes and nesting respected.
fn closing(text: &str) -> Option<usize> {
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

#[cfg(test)]
mod tests {
    use super::{Path, Roots};
    use crate::outcome::Variables;
    use serde_json::{Value, json};

    fn find(path: &str, input: &Value) -> Result<Value, String> {
        let variables: Variables = [("v".to_owned(), json!({"a": [1, 2]}))].into_iter().collect();
        let context = json!({"Execution": {"Name": "run"}});
        Path::parse(path)
            .ok_or("syntax")?
            .find(Roots { input, context: &context, variables: &variables })
            .map(std::borrow::Cow::into_owned)
    }

    #[test]
    fn a_definite_path_gives_the_value() {
        let input = json!({"a": {"b-c": [1, {"d": 2}]}, "é x": 3});
        assert_eq!(find("$", &input).unwrap(), input);
        assert_eq!(find("$.a.b-c[1].d", &input).unwrap(), json!(2));
        assert_eq!(find("$['a'][\"b-c\"][-1]['d']", &input).unwrap(), json!(2));
        assert_eq!(find("$['é x']", &input).unwrap(), json!(3));
        assert_eq!(find("$$.Execution.Name", &input).unwrap(), json!("run"));
        assert_eq!(find("$v.a[0]", &input).unwrap(), json!(1));
    }

    #[test]
    fn any_other_path_gives_an_array() {
        let input = json!({"list": [{"id": 1, "x-y": 5}, {"id": 2, "x-y": 6}, {"id": 3}], "n": 2});
        assert_eq!(find("$.list[*].id", &input).unwrap(), json!([1, 2, 3]));
        assert_eq!(find("$.list[0:2].x-y", &input).unwrap(), json!([5, 6]));
        assert_eq!(find("$..id", &input).unwrap(), json!([1, 2, 3]));
        assert_eq!(find("$.list[?(@.id == $.list[1].id)].id", &input).unwrap(), json!([2]));
        assert_eq!(find("$.list[?(@.id > 1 && @.id < 3)]", &input).unwrap(), json!([{"id": 2, "x-y": 6}]));
        assert_eq!(find("$.list[7:].id", &input).unwrap(), json!([]));
        assert_eq!(find("$.list[0,2].id", &input).unwrap(), json!([1, 3]));
    }

    #[test]
    fn a_list_of_names_picks_members() {
        let input = json!([{"bucket": 1, "key": 2, "z": 3}]);
        assert_eq!(find("$.[*].['bucket', 'key']", &input).unwrap(), json!([{"bucket": 1, "key": 2}]));
        assert_eq!(find("$[0]['z','key']", &input).unwrap(), json!({"z": 3, "key": 2}));
    }

    #[test]
    fn missing_parts_are_told_in_jayways_words() {
        let input = json!({"a": {"s": "text", "l": [0], "n": null}});
        assert_eq!(find("$.x", &input).unwrap_err(), "No results for path: $['x']");
        assert_eq!(find("$.a.x", &input).unwrap_err(), "No results for path: $['a']['x']");
        assert_eq!(find("$.a.x.y", &input).unwrap_err(), "Missing property in path $['a']['x']");
        assert_eq!(find("$.a.l[4]", &input).unwrap_err(), "No results for path: $['a']['l'][4]");
        assert!(
            find("$.a.s.t", &input)
                .unwrap_err()
                .starts_with("Expected to find an object with property ['t'] in path $['a']['s']")
        );
        assert_eq!(find("$.a.n[0]", &input).unwrap_err(), "The path $['a']['n'] is null");
    }

    #[test]
    fn bad_syntax_is_no_path() {
        for text in [
            "",
            "a",
            "$.",
            "$[",
            "$['a'",
            "$[?(]",
            "$.a b",
            "$..",
            "$.a.length()",
            "$.list[?(@.a =~ /x/)]",
            "$.p[1:$.q]",
        ] {
            assert!(Path::parse(text).is_none(), "{text}");
        }
    }
}
