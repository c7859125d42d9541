//! JSONPath as AWS evaluates it (Jayway's dialect), in the three roots `$`, `$$` and `$variable`.
//!
//! Definite paths are walked here, so that AWS's texts for missing parts come out (recorded). Everything with a
//! wildcard, slice, filter, union or `..` is handed to `serde_json_path`, after its names are quoted: AWS takes
//! `$.detail-type`, RFC 9535 does not. Of Jayway's functions only `.length()` is supported: the guide mentions none, and no
//! recording shows it; field reports do. Invariant: a definite path gives the value, any other path an array.

use crate::outcome::Variables;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt::Write;
use syntax::{Cursor, Segment, write_segment};

mod filter;
mod syntax;

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
    /// `.length()` at the end of a definite path.
    Length,
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
        let measured = rest.strip_suffix(".length()");
        let mut cursor = Cursor { rest: measured.unwrap_or(rest) };
        let mut path = Self { source: source.to_owned(), root, steps: Vec::new(), tail: Tail::Nothing };
        let mut query = String::new();
        while let Some(segment) = cursor.segment()? {
            if !query.is_empty() || matches!(segment, Segment::Indefinite(_)) {
                if let (Segment::Pick(names), true) = (&segment, cursor.rest.is_empty()) {
                    measured.is_none().then_some(())?;
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
        if measured.is_some() {
            path.tail = matches!(path.tail, Tail::Nothing).then_some(Tail::Length)?;
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

    /// Whether the path can give one value only.
    pub(crate) fn is_definite(&self) -> bool {
        !matches!(self.tail, Tail::Query(_) | Tail::QueryPick(..))
    }

    /// Whether the path starts at `$$`.
    pub(crate) fn is_context(&self) -> bool {
        self.root == Root::Context
    }

    /// The text without the sign that tells `$$` from `$` (recorded: `Reference path "$.Execution.Input"` for
    /// `$$.Execution.Input`).
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
            Tail::Length => Cow::Owned(match at {
                Value::Array(items) => Value::from(items.len()),
                Value::Object(members) => Value::from(members.len()),
                _ => Value::Null,
            }),
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

#[cfg(test)]
mod tests;
