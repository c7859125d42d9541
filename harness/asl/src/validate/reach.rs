//! Where `$states.result` and `$states.errorOutput` can be reached (DG:transforming-data).
//!
//! A result is there for Output and Assign of a Task, Parallel or Map state, an error for those of its Catchers. A mention anywhere
//! else is refused when a machine is made. Invariant: what stands in a string or a comment is no mention.

use super::scope::{Checker, Place};
use crate::jsonata;
use serde_json::{Map as Object, Value};

/// Fields that are evaluated after the work was done.
const AFTERWARDS: [&str; 2] = ["Output", "Assign"];

impl Checker {
    /// The expressions in the fields of a state, a Catcher, a Choice rule or a part of a Map.
    pub(super) fn reach(&mut self, members: &Object<String, Value>, place: &Place) {
        let works = matches!(members.get("Type").and_then(Value::as_str), Some("Task" | "Parallel" | "Map"));
        let catches = place.location.rsplit('/').next().is_some_and(|last| last.starts_with("Catch["));
        for (field, value) in members.iter().filter(|(field, _)| !is_part(field)) {
            let afterwards = AFTERWARDS.contains(&field.as_str());
            for (member, there) in [("result", works), ("errorOutput", catches)] {
                if !(afterwards && there) && any_text(value, &|text| mentions(text, member)) {
                    self.schema(
                        format!("'$states.{member}' is not accessible in the field '{field}'"),
                        &format!("{}/{field}", place.location),
                    );
                }
            }
        }
    }
}

/// Fields that hold parts of their own, which are looked at by themselves.
fn is_part(field: &str) -> bool {
    matches!(
        field,
        "Branches"
            | "Catch"
            | "Choices"
            | "Comment"
            | "ItemBatcher"
            | "ItemProcessor"
            | "ItemReader"
            | "Iterator"
            | "ResultWriter"
            | "Retry"
    )
}

fn any_text(value: &Value, holds: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => jsonata::inner(text).is_some_and(holds),
        Value::Array(items) => items.iter().any(|item| any_text(item, holds)),
        Value::Object(members) => members.values().any(|member| any_text(member, holds)),
        _ => false,
    }
}

/// Whether an expression mentions this member of `$states`.
fn mentions(expression: &str, member: &str) -> bool {
    let code = code(expression);
    let mut rest = code.as_str();
    while let Some((_, after)) = rest.split_once("$states") {
        rest = after;
        let named =
            after.trim_start().strip_prefix('.').and_then(|name| name.trim_start().strip_prefix(member));
        if named.is_some_and(|end| !end.starts_with(|c: char| c.is_alphanumeric() || c == '_')) {
            return true;
        }
    }
    false
}

/// An expression without its strings and comments.
fn code(expression: &str) -> String {
    let mut code = String::new();
    let mut rest = expression.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            quote @ ('"' | '\'') => {
                while let Some(inside) = rest.next().filter(|inside| *inside != quote) {
                    if inside == '\\' {
                        rest.next();
                    }
                }
            }
            '/' if rest.peek() == Some(&'*') => {
                let mut before = ' ';
                rest.next();
                for inside in rest.by_ref() {
                    if (before, inside) == ('*', '/') {
                        break;
                    }
                    before = inside;
                }
            }
            other => code.push(other),
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn a_mention_is_one_of_that_member_in_the_code() {
        for (expression, wanted) in [
            ("$states.result", true),
            ("$states . result.n + 1", true),
            ("[$states.input, $states.result[0]]", true),
            ("$states.results", false),
            ("$states.input.result", false),
            ("'$states.result'", false),
            ("\"\\\"$states.result\"", false),
            ("/* $states.result */ 1", false),
            ("$states.context & $string($states.result)", true),
        ] {
            assert_eq!(mentions(expression, "result"), wanted, "{expression}");
        }
    }
}
