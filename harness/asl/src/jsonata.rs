//! JSONata as Step Functions offers it, on top of `jsonata-core`.
//!
//! The layer adds `$states`, variables and the functions of AWS (`$partition`, `$range`, `$hash`, `$random` with a seed,
//! `$uuid`, `$parse`), takes `$eval` away, and replaces what would read a clock or real randomness. Plain paths such as
//! `$states.input.a` are walked directly: most expressions are of that kind, and their numbers keep their spelling.
//! Invariant: an expression sees nothing but its [`Env`], and its value is JSON or a failure.

use crate::env::Env;
use crate::limits::MAX_DEPTH;
use crate::outcome::Failure;
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::value::JValue;
use serde_json::{Number, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};

mod elementary;
mod host;

pub(crate) use elementary::is_elementary;

/// A parsed expression.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    source: String,
    ast: Box<AstNode>,
    plain: Option<Vec<String>>,
}

/// The text between `{%` and `%}`, if a string is an expression.
pub(crate) fn inner(text: &str) -> Option<&str> {
    text.strip_prefix("{%")?.strip_suffix("%}").map(str::trim)
}

impl Expression {
    /// Parses the inner text; the error is the parser's, with its JSONata code where it has one.
    pub(crate) fn parse(source: &str) -> Result<Self, String> {
        let ast = jsonata_core::parser::parse(source).map_err(|error| error.to_string())?;
        Ok(Self { source: source.to_owned(), ast: Box::new(ast), plain: plain(source) })
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The value; `field` is the place that AWS names, e.g. `Arguments/Payload`.
    pub(crate) fn evaluate(&self, env: &Env<'_>, field: &str) -> Result<Value, Failure> {
        let value = match self.walk(env) {
            Walked::Found(value) => return Ok(value),
            Walked::Nothing => None,
            Walked::NotPlain => self.run(env, field)?,
        };
        let value = value.ok_or_else(|| self.failure(env, field, "returned nothing (undefined)."))?;
        env.weigh(&self.source, &value);
        Ok(value)
    }

    /// `The JSONata expression '…' specified for the field '…' …` (recorded: undefined-reference-base-undefined-arguments).
    pub(crate) fn failure(&self, env: &Env<'_>, field: &str, what: &str) -> Failure {
        let text =
            format!("The JSONata expression '{}' specified for the field '{field}' {what}", self.source);
        env.evaluation(Some(field), &text)
    }

    /// A function, or what JSON cannot write. AWS leaves out `specified` here (LocalStack 2026.3, for Items).
    fn unsupported(&self, env: &Env<'_>, field: &str) -> Failure {
        let source = &self.source;
        let text = format!(
            "The JSONata expression '{source}' for the field '{field}' returned an unsupported result type."
        );
        env.evaluation(Some(field), &text)
    }

    fn walk(&self, env: &Env<'_>) -> Walked {
        let Some((root, mut names)) = self.plain.as_deref().and_then(<[String]>::split_first) else {
            return Walked::NotPlain;
        };
        let start = if root == "states" {
            let Some((member, rest)) = names.split_first() else { return Walked::NotPlain };
            names = rest;
            env.states_member(member)
        } else {
            env.inputs.variables.get(root)
        };
        let Some(mut at) = start else { return Walked::Nothing };
        for name in names {
            match at {
                Value::Object(members) => match members.get(name) {
                    Some(member) => at = member,
                    None => return Walked::Nothing,
                },
                Value::Array(_) => return Walked::NotPlain,
                _ => return Walked::Nothing,
            }
        }
        Walked::Found(at.clone())
    }

    fn run(&self, env: &Env<'_>, field: &str) -> Result<Option<Value>, Failure> {
        let options = EvaluatorOptions {
            timeout_ms: Some(RUNAWAY_MS),
            max_sequence_length: Some(MAX_SEQUENCE),
            ..Default::default()
        };
        let mut evaluator = Evaluator::with_options(self.bindings(env), options);
        host::register(&mut evaluator, env, &self.source);
        let threw =
            |what: &str| self.failure(env, field, &format!("threw an error during evaluation. {what}"));
        let evaluated = catch_unwind(AssertUnwindSafe(|| evaluator.evaluate(&self.ast, &JValue::Undefined)));
        let Ok(evaluated) = evaluated else {
            // Sums of the library that overflow say nothing about AWS.
            env.doubt.note();
            return Err(threw("The evaluator broke off."));
        };
        let result = evaluated.map_err(|error| threw(error.message()))?;
        if matches!(result, JValue::Undefined) {
            return Ok(None);
        }
        json(&result).map(Some).ok_or_else(|| match result {
            // JSONata's own error for 1/0.
            JValue::Number(_) => threw("Number out of range"),
            _ => self.unsupported(env, field),
        })
    }

    fn bindings(&self, env: &Env<'_>) -> Context {
        let mut context = Context::new();
        let mentions = |name: &str| self.source.contains(&format!("$states.{name}"));
        let plain_uses =
            STATES.iter().map(|name| self.source.matches(&format!("$states.{name}")).count()).sum::<usize>();
        let every_use_is_plain = self.source.matches("$states").count() == plain_uses;
        let states = env.states(|name| !every_use_is_plain || mentions(name));
        context.bind("states".to_owned(), JValue::from(Value::Object(states)));
        for (name, value) in env.inputs.variables {
            if self.source.contains(&format!("${name}")) {
                context.bind(name.clone(), JValue::from(value.clone()));
            }
        }
        context
    }
}

/// Stops an expression that would never end. A bound on real time, so it is far above what any honest expression takes.
const RUNAWAY_MS: u64 = 3_000;
const MAX_SEQUENCE: usize = 1_000_000;
const STATES: [&str; 4] = ["input", "result", "errorOutput", "context"];

enum Walked {
    Found(Value),
    Nothing,
    NotPlain,
}

/// `$a.b.c` as its names.
fn plain(source: &str) -> Option<Vec<String>> {
    let names: Vec<String> = source.strip_prefix('$')?.split('.').map(str::to_owned).collect();
    let is_name = |name: &String| {
        name.chars().next().is_some_and(|c| c == '_' || c.is_ascii_alphabetic())
            && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
    };
    names.iter().all(is_name).then_some(names)
}

/// The JSON of a value; None if there is a function in it, a number that JSON cannot write, or no end of nesting.
fn json(value: &JValue) -> Option<Value> {
    json_within(value, MAX_DEPTH)
}

fn json_within(value: &JValue, depth: usize) -> Option<Value> {
    let inner = |value: &JValue| json_within(value, depth.checked_sub(1)?);
    Some(match value {
        JValue::Null => Value::Null,
        JValue::Bool(flag) => Value::Bool(*flag),
        JValue::Number(number) => Value::Number(number_of(*number)?),
        JValue::String(text) => Value::String(text.to_string()),
        JValue::Array(items) => Value::Array(items.iter().map(inner).collect::<Option<_>>()?),
        JValue::Object(members) => {
            let members = members.iter().filter(|(_, member)| !matches!(member, JValue::Undefined));
            Value::Object(
                members.map(|(name, member)| Some((name.clone(), inner(member)?))).collect::<Option<_>>()?,
            )
        }
        JValue::Undefined | JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => return None,
    })
}

/// Whole numbers are written without a fraction.
fn number_of(number: f64) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Some(Number::from(number as i64));
    }
    Number::from_f64(number)
}

#[cfg(test)]
mod tests;
