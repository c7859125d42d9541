//! What a plan in progress knows: its resources, executions, tokens and kept replies; placeholders become values here.

use std::collections::{BTreeMap, BTreeSet};

use plan::{Filter, Placeholder, holders, whole};
use record::{Call, Operation, Outcome, Time};
use serde_json::{Map, Value};

use crate::ResourceKind;
use crate::partition::localised;
use crate::patience::UNKNOWN_AT_FIRST;

/// An execution of the plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Execution {
    pub(crate) arn: String,
    pub(crate) name: String,
    /// Its tokens in the order in which they came.
    pub(crate) tokens: Vec<String>,
    /// Beside each token: for which attempt of which state it came, as far as its message says.
    pub(crate) attempts: Vec<String>,
    pub(crate) ended: bool,
    /// How often it was redriven.
    pub(crate) redrives: usize,
}

/// Everything that placeholders can name.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    /// `queue`, `dead-letter`, `notifications`, `topic`, `role`, `run`, `queue-arn`.
    pub(crate) places: BTreeMap<String, String>,
    pub(crate) machines: BTreeMap<String, String>,
    pub(crate) executions: BTreeMap<u32, Execution>,
    pub(crate) bound: BTreeMap<String, Value>,
    /// What the plan's own calls made and did not remove: by ARN, queues by URL.
    pub(crate) made: BTreeSet<(ResourceKind, String)>,
    /// Until when what was made may be unknown.
    fresh: BTreeMap<String, Time>,
}

impl World {
    /// The value with every placeholder replaced. What is not known yet becomes the empty string.
    pub(crate) fn fill(&self, template: &Value) -> Value {
        match template {
            Value::String(text) => self.fill_text_or_value(text),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.fill(item)).collect()),
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, member)| (name.clone(), self.fill(member)))
                    .collect::<Map<String, Value>>(),
            ),
            other => other.clone(),
        }
    }

    /// The text with every placeholder replaced.
    pub(crate) fn fill_text(&self, text: &str) -> String {
        let role = self.places.get("role").map_or("", String::as_str);
        if !text.contains("${") {
            return localised(text.to_owned(), role);
        }
        let mut out = String::new();
        for part in holders(text) {
            match part {
                Err(literal) => out.push_str(literal),
                Ok(holder) => match self.value(&holder) {
                    Value::String(text) => out.push_str(&text),
                    other => out.push_str(&other.to_string()),
                },
            }
        }
        localised(out, role)
    }

    /// The `number`-th token of an execution, changed by filters.
    pub(crate) fn token(&self, exec: u32, number: u32, filters: &[Filter]) -> Option<String> {
        let token = self.executions.get(&exec)?.tokens.get(number.checked_sub(1)? as usize)?;
        Some(filters.iter().fold(token.clone(), |token, filter| filter.apply(&token)))
    }

    /// Every token seen.
    pub(crate) fn issued(&self) -> Vec<String> {
        self.executions.values().flat_map(|execution| execution.tokens.iter().cloned()).collect()
    }

    /// Takes in a message of the plan's queue: its token, if it holds one, goes to the execution that it names, or to the
    /// only one there is.
    pub(crate) fn heard(&mut self, body: &str) {
        let Ok(message) = serde_json::from_str::<Value>(body) else { return };
        let Some(token) = find_token(&message) else { return };
        let named = self
            .executions
            .iter()
            .find(|(_, execution)| !execution.name.is_empty() && body.contains(&execution.name));
        let owner =
            named.or_else(|| if self.executions.len() == 1 { self.executions.iter().next() } else { None });
        let Some(number) = owner.map(|(number, _)| *number) else { return };
        // Some targets give a retried task its old token again; its message still names another attempt.
        let attempt = format!("{:?} {:?}", message.get("State"), message.get("RetryCount"));
        if let Some(execution) = self.executions.get_mut(&number) {
            let mut known = execution.tokens.iter().zip(&execution.attempts);
            if !known.any(|known| known == (&token, &attempt)) {
                execution.tokens.push(token);
                execution.attempts.push(attempt);
            }
        }
    }

    /// Notes that something was made at a moment.
    pub(crate) fn came(&mut self, id: &str, at: Time) {
        self.fresh.insert(id.to_owned(), at + UNKNOWN_AT_FIRST);
    }

    /// From when on everything that a call names must be known, if any of it is fresh.
    pub(crate) fn known_from(&self, call: &Call) -> Option<Time> {
        let until = |made: ResourceKind| {
            let id = call.text(made.member())?;
            // A version or an alias comes with its machine.
            self.fresh.get(id).or_else(|| self.fresh.get(id.rsplit_once(':')?.0))
        };
        ResourceKind::ALL.into_iter().filter_map(until).max().copied()
    }

    /// Notes the ARN of an execution.
    pub(crate) fn started(&mut self, exec: u32, arn: &str) {
        if let Some(execution) = self.executions.get_mut(&exec) {
            arn.clone_into(&mut execution.arn);
        }
    }

    /// Keeps book of what the plan's own calls make and remove.
    pub(crate) fn book(&mut self, call: &Call, outcome: &Outcome, now: Time) {
        let Outcome::Done(reply) = outcome else { return };
        if let Some(made) = ResourceKind::made_by(call.operation)
            && let Some(name) = reply.get(made.member()).and_then(Value::as_str)
        {
            self.made.insert((made, name.to_owned()));
            if made != ResourceKind::Execution {
                self.came(name, now);
            }
        }
        let again =
            (call.operation == Operation::RedriveExecution).then(|| call.text("executionArn")).flatten();
        for execution in
            self.executions.values_mut().filter(|execution| Some(execution.arn.as_str()) == again)
        {
            execution.redrives += 1;
            execution.ended = false;
        }
        if let Some(gone) = ResourceKind::removed_by(call.operation)
            && let Some(name) = call.text(gone.member())
        {
            self.made.remove(&(gone, name.to_owned()));
            self.fresh.remove(name);
        }
    }

    fn fill_text_or_value(&self, text: &str) -> Value {
        match whole(text) {
            Some(holder) => self.value(&holder),
            None => Value::String(self.fill_text(text)),
        }
    }

    fn value(&self, holder: &Placeholder<'_>) -> Value {
        let text = match holder {
            Placeholder::Place(name) => self.places.get(*name).cloned(),
            Placeholder::Machine(name) => self.machines.get(*name).cloned(),
            Placeholder::Execution(number) => {
                self.executions.get(number).map(|execution| execution.arn.clone())
            }
            Placeholder::Name(number) => self.executions.get(number).map(|execution| execution.name.clone()),
            Placeholder::Token(exec, number, filters) => self.token(*exec, *number, filters),
            Placeholder::Fill(count, text) => Some(text.repeat(*count)),
            Placeholder::Bound(name, path) => {
                let found = self.bound.get(*name).and_then(|reply| {
                    path.iter().try_fold(reply, |value, part| match value {
                        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
                        other => other.get(part),
                    })
                });
                return found.cloned().unwrap_or_else(|| Value::String(String::new()));
            }
        };
        Value::String(text.unwrap_or_default())
    }
}

/// The token of a message: a long text in a member whose name speaks of a token, wherever it is.
fn find_token(message: &Value) -> Option<String> {
    match message {
        Value::Object(members) => members.iter().find_map(|(name, value)| match value {
            Value::String(text) if name.contains("oken") && text.len() >= 8 => Some(text.clone()),
            other => find_token(other),
        }),
        Value::Array(items) => items.iter().find_map(find_token),
        // A notification's envelope holds its message as text.
        Value::String(text) if text.starts_with('{') => {
            serde_json::from_str(text).ok().as_ref().and_then(find_token)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn world() -> World {
        let mut world = World::default();
        world.places.insert("queue".into(), "http://q".into());
        world.executions.insert(1, Execution { name: "first".into(), ..Execution::default() });
        world.executions.insert(2, Execution { name: "second".into(), ..Execution::default() });
        world
    }

    #[test]
    fn a_message_gives_its_token_to_the_execution_it_names() {
        let mut world = world();
        world.heard(r#"{"Execution":"second","deep":[{"TaskToken":"AQCgAAAAKgAAAA"}]}"#);
        world.heard("no json");
        assert_eq!(world.token(2, 1, &[]).as_deref(), Some("AQCgAAAAKgAAAA"));
        assert_eq!(world.token(1, 1, &[]), None);
    }

    #[test]
    fn placeholders_become_text_or_values() {
        let mut world = world();
        world.bound.insert("r".into(), json!({"Messages": [{"n": 7}]}));
        assert_eq!(
            world.fill(&json!({"a": "${queue}/x", "b": "${bind:r.Messages.0.n}"})),
            json!({"a": "http://q/x", "b": 7})
        );
        assert_eq!(world.fill_text("${fill:3:ab}-${name:1}"), "ababab-first");
    }
}
