//! Tables of definitions: a name, the fields of one state, and the errors that it has, each as `CODE at place` below the state.

use asl::{MachineType, Severity, validate};
use serde_json::{Value, json};

pub(crate) type Row<'a> = (&'a str, Value, &'a str);

/// The errors of a machine that begins with this state; `z` ends it.
pub(crate) fn errors(state: &Value) -> Vec<String> {
    errors_of(&json!({ "StartAt": "s", "States": { "s": state, "z": { "Type": "Succeed" } } }))
}

/// Unreached states apart: `z` is there for those that go on to it.
pub(crate) fn errors_of(definition: &Value) -> Vec<String> {
    let found = validate(&definition.to_string(), MachineType::Standard);
    let errors = found.into_iter().filter(|one| one.severity == Severity::Error);
    errors
        .map(|one| {
            let code = match one.code {
                "SCHEMA_VALIDATION_FAILED" => "SCHEMA",
                "MISSING_TRANSITION_TARGET" => "TARGET",
                other => other,
            };
            let location = one.location.unwrap_or_default();
            format!("{code} at {}", location.strip_prefix("/States/s").unwrap_or(&location))
        })
        .filter(|error| error != "TARGET at /States/z")
        .collect()
}

/// Every state has exactly the error of its row; an empty text stands for none.
pub(crate) fn hold(rows: &[Row<'_>], state: impl Fn(&Value) -> Value) {
    let mut wrong = Vec::new();
    for (name, fields, wanted) in rows {
        let found = errors(&state(fields));
        let wanted: Vec<&str> = Some(*wanted).into_iter().filter(|wanted| !wanted.is_empty()).collect();
        if found != wanted {
            wrong.push(format!("{name}: wanted {wanted:?}, found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A state with more fields; null takes one away.
pub(crate) fn with(mut state: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().into_iter().flatten() {
        state[name] = value.clone();
    }
    if let Some(members) = state.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    state
}
