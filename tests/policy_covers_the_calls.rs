//! The nightly role's policy allows every call that a run makes, so that a new plan cannot be denied on AWS unnoticed.
//!
//! It cannot show what only AWS is asked for: the calls of `ends.rs` and of `clean` are listed by hand.

#[expect(dead_code, reason = "each test file uses what it needs")]
mod embedded;

use std::collections::BTreeSet;

use engine::Options;
use plan::Profile;
use record::RunEvent;
use serde_json::Value;

/// Calls of the listener on AWS and of `clean`, which no run on the embedded region makes.
const ON_AWS: [&str; 9] = [
    "events:DeleteRule",
    "events:ListRules",
    "events:PutRule",
    "events:PutTargets",
    "events:RemoveTargets",
    "sqs:DeleteMessageBatch",
    "sqs:GetQueueUrl",
    "sqs:ListQueues",
    "tag:GetResources",
];

#[test]
fn the_nightly_policy_allows_every_call_of_the_full_profile() {
    let options = Options { profile: Profile::Full, jobs: usize::MAX, minimise: None, ..Options::default() };
    let (events, _) = embedded::run("embedded", &options);
    let mut made: BTreeSet<String> = ON_AWS.into_iter().map(str::to_owned).collect();
    let spent = events.iter().find_map(|event| match event {
        RunEvent::Spent { calls, .. } => Some(calls),
        _ => None,
    });
    made.extend(spent.into_iter().flatten().map(|(operation, _)| operation.to_string()));
    assert!(made.contains("states:StartExecution"), "the run says what it called: {made:?}");
    let allowed = allowed();
    let denied: Vec<&String> = made.iter().filter(|call| !allowed.contains(action(call))).collect();
    assert!(denied.is_empty(), "fixtures/aws/nightly-policy.json does not allow {denied:?}");
}

/// The action that IAM checks for a call: batches have none of their own.
fn action(call: &str) -> &str {
    match call {
        "lambda:Invoke" => "lambda:InvokeFunction",
        other => other.strip_suffix("Batch").unwrap_or(other),
    }
}

/// Every action of every statement; nothing where the policy cannot be read, which allows nothing.
fn allowed() -> BTreeSet<String> {
    let policy: Value =
        serde_json::from_str(include_str!("../fixtures/aws/nightly-policy.json")).unwrap_or_default();
    let statements = policy["Statement"].as_array().into_iter().flatten();
    let actions = statements.filter_map(|statement| statement["Action"].as_array()).flatten();
    actions.filter_map(Value::as_str).map(str::to_owned).collect()
}
