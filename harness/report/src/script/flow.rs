//! Which values of a record came out of an answer and went into a later request: they become shell variables.
//!
//! The names in a record are those of one run on one target; a script must work again and elsewhere. So ARNs, URLs,
//! receipt handles and tokens are taken from the answers that the script itself gets.

use record::{Call, Entry, Operation, Outcome};
use serde_json::Value;

/// What an operation's answer gives to later requests: the member, the variable's stem.
const PRODUCTS: &[(Operation, &str, &str)] = &[
    (Operation::CreateStateMachine, "stateMachineArn", "MACHINE"),
    (Operation::PublishStateMachineVersion, "stateMachineVersionArn", "VERSION"),
    (Operation::CreateStateMachineAlias, "stateMachineAliasArn", "ALIAS"),
    (Operation::StartExecution, "executionArn", "EXECUTION"),
    (Operation::CreateActivity, "activityArn", "ACTIVITY"),
    (Operation::GetActivityTask, "taskToken", "TOKEN"),
    (Operation::CreateQueue, "QueueUrl", "QUEUE"),
    (Operation::GetQueueAttributes, "Attributes.QueueArn", "QUEUE_ARN"),
    (Operation::CreateTopic, "TopicArn", "TOPIC"),
    (Operation::Subscribe, "SubscriptionArn", "SUBSCRIPTION"),
    (Operation::CreateFunction, "FunctionArn", "FUNCTION"),
    (Operation::CreateEventSourceMapping, "UUID", "MAPPING"),
];

/// How a script cleans up: the operation that made something, the one that deletes it, and the member that names it.
pub(super) const CLEANING: &[(&str, Operation, &str)] = &[
    ("MAPPING", Operation::DeleteEventSourceMapping, "UUID"),
    ("FUNCTION", Operation::DeleteFunction, "FunctionName"),
    ("MACHINE", Operation::DeleteStateMachine, "stateMachineArn"),
    ("ACTIVITY", Operation::DeleteActivity, "activityArn"),
    ("SUBSCRIPTION", Operation::Unsubscribe, "SubscriptionArn"),
    ("TOPIC", Operation::DeleteTopic, "TopicArn"),
    ("QUEUE", Operation::DeleteQueue, "QueueUrl"),
];

/// The variables so far, and the values that they stand for.
#[derive(Debug, Default)]
pub(super) struct Flow {
    values: Vec<(String, String)>,
    names: Vec<String>,
}

impl Flow {
    /// The JMESPath of what later requests may want of this entry's answer; empty for nothing.
    pub(super) fn query(entry: &Entry) -> &'static str {
        made(entry).map_or("", |(query, ..)| query)
    }

    /// The variable that the answer of this entry fills, if it brings something new.
    pub(super) fn product(&mut self, entry: &Entry) -> Option<String> {
        let (_, stem, value) = made(entry)?;
        self.fill(value, stem)
    }

    /// A variable of this stem for the value, unless one stands for it already.
    pub(super) fn fill(&mut self, value: &str, stem: &str) -> Option<String> {
        if value.is_empty() || self.values.iter().any(|(known, _)| known == value) {
            return None;
        }
        let count = self.values.iter().filter(|(_, name)| has_stem(name, stem)).count();
        let name = format!("{stem}_{}", count + 1);
        self.values.push((value.to_owned(), name.clone()));
        Some(name)
    }

    /// Notes the name of something created, so that the script can make it its own.
    pub(super) fn rename(&mut self, call: &Call, outcome: &Outcome) {
        // Longer names would pass AWS's limit of 80 characters with a prefix.
        const LONGEST: usize = 64;
        if let (true, Some(name)) = (outcome.is_done(), created_name(call))
            && name.len() <= LONGEST
            && !self.is_on_its_own(call)
            && !self.names.iter().any(|known| known == name)
        {
            self.names.push(name.to_owned());
        }
    }

    /// Whether it starts an execution of a machine that the script makes: no earlier run has taken a name there.
    fn is_on_its_own(&self, call: &Call) -> bool {
        call.operation == Operation::StartExecution
            && call
                .text("stateMachineArn")
                .is_some_and(|arn| self.values.iter().any(|(known, _)| arn.starts_with(known)))
    }

    /// The variables of this stem.
    pub(super) fn named<'f>(&'f self, stem: &'f str) -> impl DoubleEndedIterator<Item = &'f str> {
        self.values.iter().map(|(_, name)| name.as_str()).filter(move |name| has_stem(name, stem))
    }

    /// The variable that stands for this value.
    pub(super) fn variable(&self, value: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == value).map(|(_, name)| name.as_str())
    }

    /// The text with every known value cut out: pieces of plain text and names of variables in turn.
    pub(super) fn split<'t>(&self, text: &'t str) -> Vec<Piece<'t>> {
        let mut known: Vec<(&str, Piece<'t>)> =
            self.values.iter().map(|(value, name)| (value.as_str(), Piece::Variable(name.clone()))).collect();
        known.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let next =
                known.iter().filter_map(|(value, piece)| rest.find(value).map(|at| (at, *value, piece)));
            // The earliest, and of two at the same place the longest.
            let Some((at, value, piece)) =
                next.min_by_key(|(at, value, _)| (*at, std::cmp::Reverse(value.len())))
            else {
                break;
            };
            let (before, from) = rest.split_at(at);
            if !before.is_empty() {
                pieces.push(Piece::Text(before));
            }
            pieces.push(piece.clone());
            rest = from.get(value.len()..).unwrap_or_default();
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest));
        }
        pieces
    }

    /// Whether the script gives this name a prefix of its own.
    pub(super) fn is_renamed(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }
}

/// A part of a request's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// As it stands.
    Text(&'t str),
    /// What the variable of this name holds.
    Variable(String),
}

/// The name that a creating call gives.
pub(super) fn created_name(call: &Call) -> Option<&str> {
    match call.operation {
        Operation::CreateStateMachine | Operation::CreateActivity | Operation::StartExecution => {
            call.text("name")
        }
        Operation::CreateQueue | Operation::GetQueueUrl => call.text("QueueName"),
        Operation::CreateTopic => call.text("Name"),
        Operation::CreateFunction => call.text("FunctionName"),
        _ => None,
    }
}

/// What an entry's answer gives to later requests: the JMESPath, the variable's stem, the value.
fn made(entry: &Entry) -> Option<(&'static str, &'static str, &str)> {
    let Outcome::Done(reply) = &entry.outcome else { return None };
    let (_, query, stem) = PRODUCTS.iter().find(|(operation, ..)| *operation == entry.call.operation)?;
    Some((query, stem, member(reply, query)?))
}

fn member<'v>(reply: &'v Value, path: &str) -> Option<&'v str> {
    path.split('.').try_fold(reply, |value, name| value.get(name))?.as_str()
}

fn has_stem(name: &str, stem: &str) -> bool {
    name.rsplit_once('_').is_some_and(|(own, _)| own == stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_on_a_machine_of_others_an_execution_gets_a_name_of_its_own() {
        let mut flow = Flow::default();
        flow.fill("arn:own", "MACHINE");
        let done = Outcome::Done(Value::Null);
        for (machine, name) in [("arn:own", "a"), ("arn:own:1", "b"), ("arn:others", "c")] {
            let start = serde_json::json!({"stateMachineArn": machine, "name": name});
            flow.rename(&Call::new(Operation::StartExecution, start), &done);
        }
        assert_eq!(["a", "b", "c"].map(|name| flow.is_renamed(name)), [false, false, true]);
    }

    #[test]
    fn the_longest_known_value_is_cut_out_first() {
        let mut flow = Flow::default();
        flow.fill("arn:a", "MACHINE");
        flow.fill("arn:a:b", "EXECUTION");
        let pieces = flow.split("x arn:a:b arn:a");
        let variable = |name: &str| Piece::Variable(name.to_owned());
        let expected = [Piece::Text("x "), variable("EXECUTION_1"), Piece::Text(" "), variable("MACHINE_1")];
        assert_eq!(pieces, expected);
    }
}
