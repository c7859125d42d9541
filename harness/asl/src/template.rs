//! Payload templates of both languages: Parameters, ResultSelector, ItemSelector, Arguments, Output, Assign, Items…
//!
//! Invariant: what does not depend on anything is kept as one constant, and every query in a template is parsed already.
//! A query that does not parse is kept as such: `validate` reports it, and evaluating it is a runtime error.

use crate::doubt::Doubt;
use crate::env::Env;
use crate::intrinsic::Call;
use crate::jsonata::{self, Expression};
use crate::limits;
use crate::machine::QueryLanguage;
use crate::outcome::{Failure, Variables};
use crate::path::Path;
use serde_json::{Map, Value};

/// A parsed template.
#[derive(Debug, Clone)]
pub(crate) enum Template {
    Constant(Value),
    Object(Vec<(String, Self)>),
    Array(Vec<Self>),
    Query {
        query: Query,
        /// `name.$` in JSONPath, the place from the field down in JSONata: `Arguments/Payload`.
        place: String,
    },
}

/// Something to evaluate.
#[derive(Debug, Clone)]
pub(crate) enum Query {
    Path(Path),
    Call(Call),
    JsonAta(Expression),
    Broken(String),
}

impl Query {
    /// Reads a path or an intrinsic function.
    pub(crate) fn json_path(text: &str) -> Self {
        let parsed = if Call::is_call(text) {
            Call::parse(text).map(Self::Call)
        } else {
            Path::parse(text).map(Self::Path)
        };
        parsed.unwrap_or_else(|| Self::Broken(text.to_owned()))
    }

    /// Reads what stands between `{%` and `%}`.
    pub(crate) fn jsonata(text: &str) -> Self {
        Expression::parse(text).map_or_else(|_| Self::Broken(text.to_owned()), Self::JsonAta)
    }

    fn evaluate(&self, env: &Env<'_>, place: &str) -> Result<Value, Failure> {
        match self {
            Self::Path(path) => path
                .find(env.roots())
                .map(std::borrow::Cow::into_owned)
                .map_err(|_| env.missing(path, &env.not_found(path, place))),
            Self::Call(call) => env.call(call),
            Self::JsonAta(expression) => expression.evaluate(env, place),
            Self::Broken(text) => Err(env.broken(text, place)),
        }
    }
}

impl Template {
    /// Reads a template; `field` is the name of the field that holds it.
    pub(crate) fn new(value: &Value, language: QueryLanguage, field: &str) -> Self {
        match language {
            QueryLanguage::JsonPath => Self::json_path(value),
            QueryLanguage::JsonAta => Self::jsonata(value, field),
        }
    }

    fn json_path(value: &Value) -> Self {
        match value {
            Value::Object(members) => {
                Self::object(members.iter().map(|(key, member)| match (key.strip_suffix(".$"), member) {
                    (Some(name), Value::String(text)) => {
                        (name.to_owned(), Self::Query { query: Query::json_path(text), place: key.clone() })
                    }
                    (Some(name), other) => (
                        name.to_owned(),
                        Self::Query { query: Query::Broken(other.to_string()), place: key.clone() },
                    ),
                    (None, member) => (key.clone(), Self::json_path(member)),
                }))
            }
            Value::Array(items) => Self::array(items.iter().map(Self::json_path)),
            other => Self::Constant(other.clone()),
        }
    }

    fn jsonata(value: &Value, place: &str) -> Self {
        match value {
            Value::Object(members) => Self::object(
                members
                    .iter()
                    .map(|(key, member)| (key.clone(), Self::jsonata(member, &format!("{place}/{key}")))),
            ),
            Value::Array(items) => Self::array(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| Self::jsonata(item, &format!("{place}[{index}]"))),
            ),
            Value::String(text) => match jsonata::inner(text) {
                Some(inner) => Self::Query { query: Query::jsonata(inner), place: place.to_owned() },
                None => Self::Constant(value.clone()),
            },
            other => Self::Constant(other.clone()),
        }
    }

    fn object(members: impl Iterator<Item = (String, Self)>) -> Self {
        let members: Vec<(String, Self)> = members.collect();
        if members.iter().all(|(_, member)| matches!(member, Self::Constant(_))) {
            return Self::Constant(Value::Object(
                members
                    .into_iter()
                    .filter_map(|(name, member)| Some((name, member.into_constant()?)))
                    .collect(),
            ));
        }
        Self::Object(members)
    }

    fn array(items: impl Iterator<Item = Self>) -> Self {
        let items: Vec<Self> = items.collect();
        if items.iter().all(|item| matches!(item, Self::Constant(_))) {
            return Self::Constant(Value::Array(items.into_iter().filter_map(Self::into_constant).collect()));
        }
        Self::Array(items)
    }

    fn into_constant(self) -> Option<Value> {
        match self {
            Self::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The value of the template.
    pub(crate) fn evaluate(&self, env: &Env<'_>) -> Result<Value, Failure> {
        Ok(match self {
            Self::Constant(value) => value.clone(),
            Self::Object(members) => {
                let mut filled = Map::with_capacity(members.len());
                for (name, member) in members {
                    filled.insert(name.clone(), member.evaluate(env)?);
                }
                Value::Object(filled)
            }
            Self::Array(items) => {
                Value::Array(items.iter().map(|item| item.evaluate(env)).collect::<Result<_, _>>()?)
            }
            Self::Query { query, place } => match env.veil {
                Some(veil) => {
                    let doubt = Doubt::default();
                    let value = query.evaluate(&Env { doubt: &doubt, ..*env }, place)?;
                    if doubt.is_noted() { veil.clone() } else { value }
                }
                None => query.evaluate(env, place)?,
            },
        })
    }

    /// The value of an Assign field: the variables, sorted by name as AWS writes them. Each, and all of one field, are within the
    /// limit of data, those in scope within 10 MiB (DG:workflow-variables); which error reports more is documented nowhere.
    pub(crate) fn assign(&self, env: &Env<'_>) -> Result<Variables, Failure> {
        let Value::Object(members) = self.evaluate(env)? else { return Ok(Variables::new()) };
        let mut assigned: Variables = members.into_iter().collect();
        assigned.sort_keys();
        let new: usize = assigned.values().map(limits::size).sum();
        let kept = env.inputs.variables.iter().filter(|(name, _)| !assigned.contains_key(*name));
        let kept: usize = kept.map(|(_, value)| limits::size(value)).sum();
        let fits = new <= crate::DATA_LIMIT && new + kept <= limits::ALL_VARIABLES;
        if fits && assigned.values().all(limits::fits) {
            return Ok(assigned);
        }
        Err(Failure::data_limit(&env.state.name).unsourced())
    }

    /// The expression, if the template is nothing but one expression.
    pub(crate) fn expression(&self) -> Option<&Expression> {
        match self {
            Self::Query { query: Query::JsonAta(expression), .. } => Some(expression),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
