//! The data-flow fields that every state shares.
//!
//! What it does not do: deciding when each is applied (`enter`, `complete`). Invariant: InputPath and OutputPath read, and
//! ResultPath writes, exactly one place.

use crate::env::Env;
use crate::outcome::Failure;
use crate::path::{Path, Step};
use crate::template::Template;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The fields, as far as the state has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flow {
    pub(crate) input_path: Filter,
    /// Parameters in JSONPath, Arguments in JSONata.
    pub(crate) parameters: Option<Template>,
    pub(crate) result_selector: Option<Template>,
    pub(crate) result_path: ResultPath,
    pub(crate) output_path: Filter,
    /// Output, JSONata only.
    pub(crate) output: Option<Template>,
    pub(crate) assign: Option<Template>,
}

/// InputPath or OutputPath.
#[derive(Debug, Clone, Default)]
pub(crate) enum Filter {
    #[default]
    Whole,
    /// `null`: an empty object (IO-06).
    Nothing,
    At(Path),
    Broken(String),
}

/// Where a result goes.
#[derive(Debug, Clone, Default)]
pub(crate) enum ResultPath {
    #[default]
    Whole,
    /// `null`: the input stays as it is.
    Discard,
    At {
        source: String,
        steps: Vec<Step>,
    },
    Broken(String),
}

impl Filter {
    pub(crate) fn new(value: Option<&Value>) -> Self {
        match value {
            None => Self::Whole,
            Some(Value::Null) => Self::Nothing,
            Some(Value::String(text)) if text == "$" => Self::Whole,
            Some(Value::String(text)) => {
                Path::parse(text).map_or_else(|| Self::Broken(text.clone()), Self::At)
            }
            Some(other) => Self::Broken(other.to_string()),
        }
    }

    /// What the filter lets through of `env.dollar`.
    pub(crate) fn apply<'a>(&self, env: &Env<'a>) -> Result<Cow<'a, Value>, Failure> {
        match self {
            Self::Whole => Ok(Cow::Borrowed(env.dollar)),
            Self::Nothing => Ok(Cow::Owned(Value::Object(Map::new()))),
            Self::At(path) => path
                .find(env.roots())
                .map_err(|what| env.missing(path, &format!("Invalid path '{}' : {what}", path.source()))),
            Self::Broken(text) => Err(env.runtime(&format!("Invalid path '{text}'")).unsourced()),
        }
    }
}

impl ResultPath {
    pub(crate) fn new(value: Option<&Value>) -> Self {
        match value {
            None => Self::Whole,
            Some(Value::Null) => Self::Discard,
            Some(Value::String(text)) => match Path::parse(text).as_ref().and_then(Path::reference) {
                Some([]) => Self::Whole,
                Some(steps) => Self::At { source: text.clone(), steps: steps.to_vec() },
                None => Self::Broken(text.clone()),
            },
            Some(other) => Self::Broken(other.to_string()),
        }
    }

    /// The raw input with the result put in (IO-04).
    pub(crate) fn apply(&self, env: &Env<'_>, result: Value) -> Result<Value, Failure> {
        let input = env.inputs.input;
        match self {
            Self::Whole => Ok(result),
            Self::Discard => Ok(input.clone()),
            Self::At { source, steps } => {
                let mut output = input.clone();
                if put(&mut output, steps, result) {
                    return Ok(output);
                }
                let failure =
                    env.runtime(&format!("Unable to apply ReferencePath {source} to input {input}"));
                // What becomes of an index beyond the end is nowhere said.
                let indexed = steps.iter().any(|step| matches!(step, Step::Index(_)));
                Err(if indexed { failure.unsourced() } else { failure })
            }
            Self::Broken(text) => Err(env.runtime(&format!("Invalid path '{text}'")).unsourced()),
        }
    }
}

/// Puts a value in a place, making objects on the way; false where something else is in the way.
fn put(at: &mut Value, steps: &[Step], value: Value) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        *at = value;
        return true;
    };
    match (step, at) {
        (Step::Name(name), Value::Object(members)) => {
            put(members.entry(name.as_str()).or_insert_with(|| Value::Object(Map::new())), rest, value)
        }
        (Step::Index(index), Value::Array(items)) => {
            match usize::try_from(*index).ok().and_then(|index| items.get_mut(index)) {
                Some(item) => put(item, rest, value),
                None => false,
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, put};
    use serde_json::{Value, json};

    fn place(input: Value, path: &str) -> Option<Value> {
        let path = Path::parse(path)?;
        let mut output = input;
        put(&mut output, path.reference()?, json!("R")).then_some(output)
    }

    #[test]
    fn a_result_is_put_where_the_path_says() {
        assert_eq!(place(json!({"a": 1}), "$").unwrap(), json!("R"));
        assert_eq!(place(json!({"a": 1}), "$.b.c").unwrap(), json!({"a": 1, "b": {"c": "R"}}));
        assert_eq!(place(json!({"a": {"x": 1}}), "$.a.y").unwrap(), json!({"a": {"x": 1, "y": "R"}}));
        assert_eq!(place(json!({"a": [1, 2]}), "$.a[1]").unwrap(), json!({"a": [1, "R"]}));
    }

    #[test]
    fn a_result_finds_no_place_in_what_is_no_object() {
        for input in [json!("foo"), json!([1]), json!(null), json!({"a": 3})] {
            assert_eq!(place(input, "$.a.b"), None);
        }
        assert_eq!(place(json!({"a": [1]}), "$.a[4]"), None);
        for path in ["$.a[*]", "$..a", "$$.a", "$.a[-1]", "$v.a"] {
            assert!(Path::parse(path).is_some_and(|path| path.reference().is_none()), "{path}");
        }
    }
}
