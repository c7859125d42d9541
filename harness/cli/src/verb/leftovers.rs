//! What earlier runs left on a target: everything whose name begins as this suite's names do.

use std::collections::BTreeSet;

use engine::Target;
use record::{Call, Operation, Outcome};
use serde_json::{Value, json};

/// How the names of this suite's resources begin; the run's id follows.
const PREFIX: &str = "sfnconf-";

/// The names of machines, queues and topics that this suite made.
pub(super) async fn find(target: &dyn Target) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (operation, list, member, input) in [
        (Operation::ListStateMachines, "stateMachines", "name", json!({})),
        (Operation::ListQueues, "QueueUrls", "", json!({"QueueNamePrefix": PREFIX})),
        (Operation::ListTopics, "Topics", "TopicArn", json!({})),
    ] {
        let mut input = input;
        // A target that always names a next page must not hold us for ever.
        for _ in 0..1000 {
            let Outcome::Done(reply) = target.call(Call::new(operation, input.clone())).await else { break };
            for item in reply.get(list).and_then(Value::as_array).into_iter().flatten() {
                let text =
                    if member.is_empty() { item.as_str() } else { item.get(member).and_then(Value::as_str) };
                let name = text.and_then(|text| text.rsplit(['/', ':']).next()).unwrap_or_default();
                if name.starts_with(PREFIX) {
                    found.insert(name.to_owned());
                }
            }
            let next = ["nextToken", "NextToken"].into_iter().find_map(|name| {
                reply
                    .get(name)
                    .and_then(Value::as_str)
                    .filter(|token| !token.is_empty())
                    .map(|token| (name, token))
            });
            let Some((name, token)) = next else { break };
            if let Some(members) = input.as_object_mut() {
                members.insert(name.to_owned(), json!(token));
            }
        }
    }
    found
}

/// The id of the run that made a resource of this name.
pub(super) fn run_of(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)?.split('-').next().filter(|run| !run.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_is_read_from_a_name() {
        assert_eq!(run_of("sfnconf-t1abc00-p3-q"), Some("t1abc00"));
        assert_eq!(run_of("somebody-elses"), None);
    }
}
