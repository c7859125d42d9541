//! A deployed stack that is taken over: not while somebody uses it, and with its queues emptied first.

mod stage;

use engine::{EngineError, Stack};
use record::{Call, Operation, Outcome};
use serde_json::{Value, json};
use stage::Scripted;

fn described() -> Outcome {
    let outputs =
        ["StateMachineRoleArn", "NamedStateMachineArn", "QueueUrl", "TopicArn", "NotificationQueueUrl"];
    let outputs: Vec<Value> =
        outputs.iter().map(|key| json!({"OutputKey": key, "OutputValue": format!("of:{key}")})).collect();
    Outcome::Done(json!({"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": outputs}]}))
}

fn open(
    say: impl Fn(&Call, usize) -> Option<Outcome> + Send + Sync + 'static,
) -> (Result<Stack, EngineError>, Vec<Call>) {
    let target = Scripted::in_virtual_time(move |call, before| {
        let described = (call.operation == Operation::DescribeStacks).then(described);
        described.or_else(|| say(call, before))
    });
    let opened = stage::runtime().block_on(Stack::open(target.as_ref(), "sample"));
    (opened, target.heard(Operation::DeleteMessage))
}

#[test]
fn what_its_queues_hold_is_thrown_away_first() {
    let (opened, deleted) = open(|call, before| {
        let held = json!({"Messages": [{"ReceiptHandle": "old"}]});
        (call.operation == Operation::ReceiveMessage && before == 0).then_some(Outcome::Done(held))
    });
    assert!(opened.is_ok(), "{opened:?}");
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0].text("ReceiptHandle"), Some("old"));
}

#[test]
fn a_stack_in_use_is_left_alone() {
    let (opened, deleted) = open(|call, _| {
        let running = json!({"executions": [{"executionArn": "somebody's"}]});
        (call.operation == Operation::ListExecutions).then_some(Outcome::Done(running))
    });
    let said = opened.unwrap_err().to_string();
    assert!(
        said.contains("1 executions of its machine are running") && said.contains("wait a minute"),
        "{said}"
    );
    assert!(deleted.is_empty(), "and so are its messages");
    let (opened, _) = open(|call, _| {
        let in_flight = json!({"Attributes": {"ApproximateNumberOfMessagesNotVisible": "2"}});
        (call.operation == Operation::GetQueueAttributes).then_some(Outcome::Done(in_flight))
    });
    assert!(opened.unwrap_err().to_string().contains("4 messages in flight"));
}
