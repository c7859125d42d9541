//! Variables: their names, and that an inner scope assigns none of an outer one (DG:workflow-variables).
//!
//! What it does not do: asking whether a variable that is read was assigned. Invariant: a variable exists in a scope if one of its
//! states assigns it; the children of a Map Run see none from outside, so that they may use its name again.

use super::parameters::field;
use super::scope::{Checker, Place};
use crate::path::is_variable_char;
use serde_json::{Map as Object, Value};

impl Checker {
    pub(super) fn assign(&mut self, assign: &Value, place: &Place) {
        let location = format!("{}/Assign", place.location);
        let Value::Object(members) = assign else {
            self.schema("Expected value of type Object", &location);
            return;
        };
        for key in members.keys() {
            let name = field(key, place.language);
            let first = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
            if !first || !name.chars().all(is_variable_char) || name.chars().count() > 80 || name == "states"
            {
                self.schema(format!("'{name}' is not a valid name of a variable"), &location);
            } else if place.outside.contains(name) {
                let what = format!("The variable '{name}' is assigned in an outer scope");
                self.schema(what, &location);
            }
        }
    }
}

/// The variables that the states of a scope assign, themselves, in their Catchers or in their rules. A Parallel or Map that takes a
/// variable over from inside under the same name is in use on AWS, so that what these assign does not count.
pub(super) fn assigned(states: &Object<String, Value>) -> impl Iterator<Item = &str> {
    let plain =
        |state: &&Value| !matches!(state.get("Type").and_then(Value::as_str), Some("Parallel" | "Map"));
    let parts = |state| {
        let lists =
            ["Catch", "Choices"].into_iter().filter_map(move |list| Value::get(state, list)?.as_array());
        std::iter::once(state).chain(lists.flatten())
    };
    let assigns =
        states.values().filter(plain).flat_map(parts).filter_map(|part| part.get("Assign")?.as_object());
    assigns.flat_map(Object::keys).map(|key| key.strip_suffix(".$").unwrap_or(key))
}
