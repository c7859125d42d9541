//! Choice rules in both languages.
//!
//! Invariant: a comparison of different types is false; a missing variable is a runtime error unless the test is IsPresent.
//! Where no source says what a comparison gives, it gives the likeliest and notes the doubt.

use crate::env::Env;
use crate::field::{is_loose_timestamp, parse_timestamp};
use crate::outcome::Failure;
use crate::path::Path;
use crate::template::Template;
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

/// One element of Choices.
#[derive(Debug, Clone)]
pub struct ChoiceRule {
    /// Where the execution goes when the rule matches.
    pub next: String,
    pub(crate) condition: Condition,
    pub(crate) output: Option<Template>,
    pub(crate) assign: Option<Template>,
}

#[derive(Debug, Clone)]
pub(crate) enum Condition {
    /// JSONata: must give a boolean.
    Expression(Template),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Test {
        variable: Path,
        test: Test,
    },
    /// Does not parse; `validate` reports it.
    Broken(String),
}

#[derive(Debug, Clone)]
pub(crate) enum Test {
    Is(Kind, bool),
    Compare {
        family: Family,
        wanted: &'static [Ordering],
        operand: Operand,
    },
    Matches {
        pattern: Vec<Glob>,
        /// A backslash before what needs none: no document says what it stands for.
        odd: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Present,
    Null,
    Numeric,
    String,
    Boolean,
    Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    String,
    Numeric,
    Boolean,
    Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) enum Operand {
    Constant(Value),
    Path(Path),
}

/// A part of a StringMatches pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Glob {
    Star,
    Char(char),
}

impl Test {
    /// Reads a comparator; None for an unknown name or an operand of the wrong type.
    pub(crate) fn parse(name: &str, operand: &Value) -> Option<Self> {
        if let Some(kind) = name.strip_prefix("Is").and_then(kind) {
            return operand.as_bool().map(|expected| Self::Is(kind, expected));
        }
        if name == "StringMatches" {
            return operand
                .as_str()
                .map(|pattern| Self::Matches { pattern: glob(pattern), odd: has_odd_escape(pattern) });
        }
        let (comparator, by_path) =
            name.strip_suffix("Path").map_or((name, false), |comparator| (comparator, true));
        let families = [
            ("String", Family::String),
            ("Numeric", Family::Numeric),
            ("Boolean", Family::Boolean),
            ("Timestamp", Family::Timestamp),
        ];
        let (operator, family) =
            families.iter().find_map(|(prefix, family)| Some((comparator.strip_prefix(prefix)?, *family)))?;
        let wanted: &'static [Ordering] = match operator {
            "Equals" => &[Ordering::Equal],
            "LessThan" => &[Ordering::Less],
            "GreaterThan" => &[Ordering::Greater],
            "LessThanEquals" => &[Ordering::Less, Ordering::Equal],
            "GreaterThanEquals" => &[Ordering::Greater, Ordering::Equal],
            _ => return None,
        };
        if family == Family::Boolean && operator != "Equals" {
            return None;
        }
        let operand = if by_path {
            Operand::Path(Path::parse(operand.as_str()?)?)
        } else {
            compare(family, operand, operand)?;
            Operand::Constant(operand.clone())
        };
        Some(Self::Compare { family, wanted, operand })
    }

    /// A comparison with the name of the execution gives a boolean, from which nobody can tell the name.
    fn weigh(&self, env: &Env<'_>, path: &Path) {
        let operand = match self {
            Self::Is(..) => return,
            Self::Compare { operand: Operand::Path(operand), .. } => Some(operand),
            Self::Compare { .. } | Self::Matches { .. } => None,
        };
        for path in operand.into_iter().chain([path]).filter(|path| path.is_context()) {
            env.weigh(path.source(), &Value::Null);
        }
    }

    fn holds(&self, env: &Env<'_>, path: &Path) -> Result<bool, Failure> {
        let found = path.find(env.roots());
        if !path.is_definite() {
            env.doubt.note();
        }
        if let Self::Is(Kind::Present, expected) = self {
            return Ok(found.is_ok() == *expected);
        }
        let value = found.map_err(|_| invalid(env, path))?;
        self.weigh(env, path);
        Ok(match self {
            Self::Is(kind, expected) => {
                if *kind == Kind::Timestamp {
                    doubt_timestamp(env, &value);
                }
                is(*kind, &value) == *expected
            }
            Self::Matches { pattern, odd } => {
                if *odd {
                    env.doubt.note();
                }
                value.as_str().is_some_and(|text| matches(pattern, text))
            }
            Self::Compare { family, wanted, operand } => {
                let operand = match operand {
                    Operand::Constant(value) => Cow::Borrowed(value),
                    Operand::Path(path) => path.find(env.roots()).map_err(|_| invalid(env, path))?,
                };
                // Only a path can give an operand of another type; it may fail at AWS.
                if compare(*family, &operand, &operand).is_none() {
                    env.doubt.note();
                }
                if *family == Family::Timestamp {
                    doubt_timestamp(env, &value);
                }
                compare(*family, &value, &operand).is_some_and(|ordering| wanted.contains(&ordering))
            }
        })
    }
}

/// The specification wants capital letters, Java does not.
fn doubt_timestamp(env: &Env<'_>, value: &Value) {
    if value.as_str().is_some_and(is_loose_timestamp) {
        env.doubt.note();
    }
}

fn invalid(env: &Env<'_>, path: &Path) -> Failure {
    env.runtime(&format!(
        "Invalid path '{}': The choice state's condition path references an invalid value.",
        path.source()
    ))
}

impl Condition {
    pub(crate) fn holds(&self, env: &Env<'_>) -> Result<bool, Failure> {
        match self {
            Self::Expression(template) => {
                match (template.evaluate(env)?, template.expression()) {
                    (Value::Bool(holds), _) => Ok(holds),
                    (other, Some(expression)) => {
                        let found = crate::field::type_of(&other);
                        let what = format!(
                            "returned an unexpected result type. Expected 'boolean', but was '{found}' for value: {other}"
                        );
                        Err(expression.failure(env, "Condition", &what))
                    }
                    (other, None) => Err(env
                        .evaluation(Some("Condition"), &format!("The Condition is not a boolean: {other}"))),
                }
            }
            Self::All(conditions) => {
                for condition in conditions {
                    if !condition.holds(env)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Any(conditions) => {
                for condition in conditions {
                    if condition.holds(env)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(condition) => condition.holds(env).map(|holds| !holds),
            Self::Test { variable, test } => test.holds(env, variable),
            Self::Broken(text) => Err(env.runtime(&format!("Invalid choice rule: {text}"))),
        }
    }
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "Present" => Kind::Present,
        "Null" => Kind::Null,
        "Numeric" => Kind::Numeric,
        "String" => Kind::String,
        "Boolean" => Kind::Boolean,
        "Timestamp" => Kind::Timestamp,
        _ => return None,
    })
}

fn is(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::Present => true,
        Kind::Null => value.is_null(),
        Kind::Numeric => value.is_number(),
        Kind::String => value.is_string(),
        Kind::Boolean => value.is_boolean(),
        Kind::Timestamp => value.as_str().and_then(parse_timestamp).is_some(),
    }
}

/// How two values of a family compare; None if one is not of it.
fn compare(family: Family, one: &Value, other: &Value) -> Option<Ordering> {
    match family {
        Family::String => Some(one.as_str()?.cmp(other.as_str()?)),
        Family::Boolean => Some(one.as_bool()?.cmp(&other.as_bool()?)),
        Family::Numeric => compare_numbers(as_number(one)?, as_number(other)?),
        Family::Timestamp => Some(parse_timestamp(one.as_str()?)?.cmp(&parse_timestamp(other.as_str()?)?)),
    }
}

fn as_number(value: &Value) -> Option<&Number> {
    match value {
        Value::Number(number) => Some(number),
        _ => None,
    }
}

fn compare_numbers(one: &Number, other: &Number) -> Option<Ordering> {
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}

/// `*` stands for any text; `\*` and `\\` for the character itself.
fn glob(pattern: &str) -> Vec<Glob> {
    let mut parts = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.next_if(|next| c == '\\' && matches!(next, '*' | '\\')) {
            Some(escaped) => parts.push(Glob::Char(escaped)),
            None if c == '*' => parts.push(Glob::Star),
            None => parts.push(Glob::Char(c)),
        }
    }
    parts
}

fn has_odd_escape(pattern: &str) -> bool {
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && !matches!(chars.next(), Some('*' | '\\')) {
            return true;
        }
    }
    false
}

fn matches(pattern: &[Glob], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut part, mut retry) = (0, 0, None);
    while let Some(c) = text.get(at) {
        match pattern.get(part) {
            Some(Glob::Star) => {
                retry = Some((part, at));
                part += 1;
            }
            Some(Glob::Char(wanted)) if wanted == c => {
                at += 1;
                part += 1;
            }
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    at = from + 1;
                    part = star + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(part).all(|part| *part == Glob::Star)
}

#[cfg(test)]
mod tests;
