//! Definitions to build plans of: the callback Task and its surroundings.
//!
//! Queue and topic come from the execution's input (`$.queue`, `$$.Execution.Input.topic`), so that plans share machines.

use serde_json::{Map, Value, json};

use crate::MachineSpec;

/// The resource of the callback pattern.
pub const SEND_AND_WAIT: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
/// The resource of a notification.
pub const PUBLISH: &str = "arn:aws:states:::sns:publish";

/// A callback Task that ends its scope: sends token and execution name to the queue of the input, and no more: some
/// emulators take tens of milliseconds for every path.
pub fn callback() -> Value {
    json!({
        "Type": "Task",
        "Resource": SEND_AND_WAIT,
        "Parameters": {
            "QueueUrl.$": "$$.Execution.Input.queue",
            "MessageBody": {
                "TaskToken.$": "$$.Task.Token",
                "Execution.$": "$$.Execution.Name"
            }
        },
        "End": true
    })
}

/// A callback Task of which an execution sends several messages: each names its state and attempt too, so that even tokens
/// given out twice are told apart.
pub fn callback_of_many() -> Value {
    let mut task = callback();
    if let Some(Value::Object(body)) = task.pointer_mut("/Parameters/MessageBody") {
        body.insert("State.$".to_owned(), json!("$$.State.Name"));
        body.insert("RetryCount.$".to_owned(), json!("$$.State.RetryCount"));
    }
    task
}

/// The same state with these members put in; `null` takes one out, `Next` takes `End` out.
#[must_use]
pub fn with(mut state: Value, members: Value) -> Value {
    if let (Value::Object(state), Value::Object(members)) = (&mut state, members) {
        if members.contains_key("Next") {
            state.remove("End");
        }
        for (name, value) in members {
            if value.is_null() {
                state.remove(&name);
            } else {
                state.insert(name, value);
            }
        }
    }
    state
}

/// A Pass state that ends its scope.
pub fn pass() -> Value {
    json!({"Type": "Pass", "End": true})
}

/// A machine of these states, the first being the start.
pub fn machine(states: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let states: Map<String, Value> =
        states.into_iter().map(|(name, state)| (name.to_owned(), state)).collect();
    let start = states.keys().next().cloned().unwrap_or_default();
    json!({"StartAt": start, "States": states})
}

/// The machine without the states that nothing leads to: services may refuse such.
#[must_use]
pub fn reachable(mut machine: Value) -> Value {
    let mut found: Vec<String> =
        machine.get("StartAt").and_then(Value::as_str).map(str::to_owned).into_iter().collect();
    let mut at = 0;
    while let Some(name) = found.get(at).cloned() {
        let mut targets = Vec::new();
        if let Some(state) = machine.get("States").and_then(|states| states.get(&name)) {
            targets_of(state, &mut targets);
        }
        found.extend(targets.into_iter().filter(|target| !found.contains(target)).collect::<Vec<_>>());
        at += 1;
    }
    if let Some(states) = machine.get_mut("States").and_then(Value::as_object_mut) {
        states.retain(|name, _| found.contains(name));
    }
    machine
}

fn targets_of(state: &Value, targets: &mut Vec<String>) {
    for (name, value) in state.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            ("Next" | "Default", Value::String(target)) => targets.push(target.clone()),
            ("Catch" | "Choices", Value::Array(rules)) => {
                for rule in rules {
                    targets_of(rule, targets);
                }
            }
            _ => {}
        }
    }
}

/// One callback Task with these members.
pub fn one(members: Value) -> Value {
    machine([("Wait for callback", with(callback(), members))])
}

/// One callback Task with these members, which may be tried again.
pub fn one_of_many(members: Value) -> Value {
    machine([("Wait for callback", with(callback_of_many(), members))])
}

/// A machine that plans may share.
pub fn shared(name: &str, definition: Value) -> (String, MachineSpec) {
    (name.to_owned(), MachineSpec { definition, shared: true })
}

/// A machine of the plan's own.
pub fn own(name: &str, definition: Value) -> (String, MachineSpec) {
    (name.to_owned(), MachineSpec { definition, shared: false })
}

/// AWS's sample: wait for a callback, then notify success or failure. States and texts are AWS's; the callback Task gets
/// these members, and the notifications name the execution.
pub fn sample(members: Value) -> Value {
    let notify = |text: &str| {
        json!({
            "Type": "Task",
            "Resource": PUBLISH,
            "Parameters": {
                "TopicArn.$": "$$.Execution.Input.topic",
                "Message": {"text": text, "execution.$": "$$.Execution.Name"}
            },
            "End": true
        })
    };
    let mut wait = with(
        callback(),
        json!({"Next": "Notify Success", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Notify Failure"}]}),
    );
    wait = with(wait, members);
    machine([
        ("Start Task And Wait For Callback", wait),
        ("Notify Success", notify("Callback received. Task started by Step Functions succeeded.")),
        ("Notify Failure", notify("Task started by Step Functions failed.")),
    ])
}
