//! What can be wrong with one part of an answer: it is missing, null, of another type, another value, or another's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// One way to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Drop,
    Null,
    Type,
    Alter,
    Swap,
}

impl Change {
    /// Those that make sense for a value.
    pub(super) fn of(value: &Value) -> &'static [Self] {
        match value {
            Value::Null => &[Self::Drop],
            Value::Object(_) | Value::Array(_) => &[Self::Drop, Self::Null, Self::Type, Self::Alter],
            _ => &[Self::Drop, Self::Null, Self::Type, Self::Alter, Self::Swap],
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Null => "null",
            Self::Type => "type",
            Self::Alter => "alter",
            Self::Swap => "swap",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Drop, Self::Null, Self::Type, Self::Alter, Self::Swap]
            .into_iter()
            .find(|change| change.name() == name)
    }
}

/// A change at one place of many values; it remembers what it saw there for the next.
#[derive(Debug)]
pub(super) struct At {
    steps: Vec<String>,
    change: Change,
    before: BTreeMap<String, Value>,
}

impl At {
    /// `/stopDate:drop`.
    pub(super) fn named(text: &str) -> Option<Self> {
        let (pointer, change) = text.split_once(':')?;
        let step = |text: &str| text.replace("~2", ":").replace("~1", "/").replace("~0", "~");
        Some(Self {
            steps: pointer.strip_prefix('/')?.split('/').map(step).collect(),
            change: Change::named(change)?,
            before: BTreeMap::new(),
        })
    }

    /// Changes the place wherever it is in the value.
    pub(super) fn apply(&mut self, value: &mut Value) {
        let steps = std::mem::take(&mut self.steps);
        self.descend(&steps, value);
        self.steps = steps;
    }

    fn descend(&mut self, steps: &[String], value: &mut Value) {
        let Some((step, rest)) = steps.split_first() else { return };
        if let (Value::Array(elements), "*") = (&mut *value, step.as_str()) {
            if rest.is_empty() && self.change == Change::Drop {
                elements.pop();
            } else {
                for element in elements {
                    if rest.is_empty() { self.change(element) } else { self.descend(rest, element) }
                }
            }
        } else if let Value::Object(members) = value {
            if rest.is_empty() && self.change == Change::Drop {
                members.shift_remove(step);
            } else if let Some(member) = members.get_mut(step) {
                if rest.is_empty() { self.change(member) } else { self.descend(rest, member) }
            }
        }
    }

    fn change(&mut self, value: &mut Value) {
        *value = match self.change {
            Change::Drop | Change::Null => Value::Null,
            Change::Type => other_type(value),
            Change::Alter => altered(value),
            // Whatever was there last, wherever that was.
            Change::Swap => self.before.insert(String::new(), value.clone()).unwrap_or_else(|| value.clone()),
        };
    }
}

fn other_type(value: &Value) -> Value {
    match value {
        Value::String(_) => json!(7),
        Value::Object(_) => json!([]),
        Value::Array(_) => json!({}),
        other => json!(other.to_string()),
    }
}

/// Another value of the same type; a time is moved by half a minute.
fn altered(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(flag) => json!(!flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) if number < 1_000_000_000 => json!(number + 1),
            (_, Some(number)) => json!(number + 30.0),
            _ => Value::Null,
        },
        Value::String(text) => match (text.parse::<i64>(), serde_json::from_str::<Value>(text)) {
            (Ok(number), _) => json!((number + 1).to_string()),
            (_, Ok(Value::Object(mut members))) => {
                members.insert("altered".to_owned(), json!(true));
                json!(Value::Object(members).to_string())
            }
            _ => json!(format!("{text}x")),
        },
        Value::Array(elements) => Value::Array(elements.iter().chain(elements.last()).cloned().collect()),
        Value::Object(members) => {
            Value::Object(members.iter().skip(1).map(|(name, value)| (name.clone(), value.clone())).collect())
        }
    }
}
