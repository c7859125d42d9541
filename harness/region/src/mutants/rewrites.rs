//! Machines that run another definition than they show: one that leaves out or misreads a member (DEF, ERR, IO).

use std::collections::BTreeMap;

use record::{Call, Operation, Outcome};
use serde_json::Value;

use super::Variant;

/// What is run, and what is shown for it.
type Originals = BTreeMap<String, String>;

/// Lets a machine run a changed definition.
fn rewrite(call: &mut Call, originals: &mut Originals, change: impl Fn(&str) -> Option<String>) {
    if matches!(call.operation, Operation::CreateStateMachine | Operation::UpdateStateMachine)
        && let Some(Value::String(text)) = call.input.get_mut("definition")
        && let Some(changed) = change(text).filter(|changed| changed != text)
    {
        originals.insert(changed.clone(), std::mem::replace(text, changed));
    }
}

/// Shows the definition as it was given.
fn restore(outcome: &mut Outcome, originals: &Originals) {
    if let Outcome::Done(reply) = outcome
        && let Some(Value::String(text)) = reply.get_mut("definition")
        && let Some(original) = originals.get(text)
    {
        text.clone_from(original);
    }
}

/// The definition without these members, wherever they stand.
fn without(text: &str, members: &[&str]) -> Option<String> {
    fn strip(value: &mut Value, members: &[&str]) {
        match value {
            Value::Object(object) => {
                for member in members {
                    object.shift_remove(*member);
                }
                object.values_mut().for_each(|value| strip(value, members));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| strip(item, members)),
            _ => {}
        }
    }
    if !members.iter().any(|member| text.contains(member)) {
        return None;
    }
    let mut definition: Value = serde_json::from_str(text).ok()?;
    strip(&mut definition, members);
    Some(definition.to_string())
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!(
        "zero-attempts-means-one",
        "a retrier with MaxAttempts 0 retries once",
        ["ERR-12"],
        { originals: Originals },
        {
            fn request(&mut self, call: &mut Call) {
                rewrite(call, &mut self.originals, |text| {
                    Some(text.replace("\"MaxAttempts\":0", "\"MaxAttempts\":1"))
                });
            }
            fn answer(&mut self, _: &Call, outcome: &mut Outcome) {
                restore(outcome, &self.originals);
            }
        }
    ),
    variant!(
        "input-paths-ignored",
        "InputPath and OutputPath are ignored",
        ["IO-06", "IO-01"],
        { originals: Originals },
        {
            fn request(&mut self, call: &mut Call) {
                rewrite(call, &mut self.originals, |text| without(text, &["InputPath", "OutputPath"]));
            }
            fn answer(&mut self, _: &Call, outcome: &mut Outcome) {
                restore(outcome, &self.originals);
            }
        }
    ),
    variant!(
        "jsonata-knows-no-token",
        "in JSONata Arguments the token is an empty text",
        ["IO-13"],
        { originals: Originals },
        {
            fn request(&mut self, call: &mut Call) {
                rewrite(call, &mut self.originals, |text| {
                    Some(text.replace("$states.context.Task.Token", "''"))
                });
            }
            fn answer(&mut self, _: &Call, outcome: &mut Outcome) {
                restore(outcome, &self.originals);
            }
        }
    ),
];
