//! AWS's sample workflow end to end: callback, then one notification of success or failure (E2E, SNS).

use proptest::strategy::Strategy;
use serde_json::{Value, json};

use super::Family;
use crate::definition::{PUBLISH, callback, machine, own, sample, shared, with};
use crate::generate::{Draft, Draw};
use crate::payload;
use crate::{Answer, Step};

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "sample", fixed, drawn },
        Family { name: "notification", fixed: notifications, drawn: super::nothing },
    ]
}

fn start(exec: u32) -> Step {
    Step::start(exec, "sample", json!({"topic": "${topic}"}))
}

fn heard(messages: u32) -> Step {
    Step::Drain { queue: "notifications".to_owned(), messages, wait_ms: 12_000 }
}

fn drafted(about: &str, members: Value, steps: Vec<Step>) -> Draft {
    Draft::new(about, vec![shared("sample", sample(members))], steps).with_topic()
}

fn fixed() -> Vec<Draft> {
    let silent = Answer::Failure { error: None, cause: None };
    vec![
        drafted(
            "a success, told once more after the end",
            json!({}),
            vec![
                start(1),
                Step::take(1, 1),
                Step::succeed("1.1", &json!("Callback task completed successfully.")),
                Step::settle(1),
                heard(1),
                Step::succeed("1.1", &json!({"second": true})),
                Step::fail("1.1", "Late"),
                Step::beat("1.1"),
                Step::Pages { exec: 1, size: 4, reverse: false },
                Step::Drain { queue: "notifications".to_owned(), messages: 1, wait_ms: 300 },
            ],
        ),
        drafted(
            "a failure with error and cause",
            json!({}),
            vec![start(1), Step::take(1, 1), Step::fail("1.1", "Custom.Error"), Step::settle(1), heard(1)],
        ),
        drafted(
            "a failure without a name",
            json!({}),
            vec![
                start(1),
                Step::take(1, 1),
                Step::Tell { token: "1.1".to_owned(), answer: silent },
                Step::settle(1),
                heard(1),
            ],
        ),
        drafted(
            "nobody answers: the task times out",
            json!({"TimeoutSeconds": 2}),
            vec![
                start(1),
                Step::take(1, 1),
                Step::settle_after(1, 2000),
                heard(1),
                Step::succeed("1.1", &json!(1)),
            ],
        ),
        drafted(
            "nobody answers: the heartbeat is missed",
            json!({"TimeoutSeconds": 600, "HeartbeatSeconds": 1}),
            vec![start(1), Step::take(1, 1), Step::settle_after(1, 1000), heard(1), Step::beat("1.1")],
        ),
        drafted(
            "the message cannot be sent",
            json!({"Parameters": {"QueueUrl.$": "States.Format('{}-nowhere', $$.Execution.Input.queue)", "MessageBody": {"TaskToken.$": "$$.Task.Token"}}}),
            vec![start(1), Step::settle(1), heard(1)],
        ),
    ]
}

fn notifications() -> Vec<Draft> {
    let publish = |message: Value| {
        machine([
            ("Wait for callback", with(callback(), json!({"Next": "Publish"}))),
            (
                "Publish",
                json!({"Type": "Task", "Resource": PUBLISH, "Parameters": {"TopicArn.$": "$$.Execution.Input.topic", "Message": message, "Subject": "news"}, "End": true}),
            ),
        ])
    };
    vec![
        Draft::new(
            "a notification that is a plain text",
            vec![own("sample", publish(json!("a plain text, \"quoted\"")))],
            vec![start(1), Step::take(1, 1), Step::succeed("1.1", &json!({})), Step::settle(1), heard(1)],
        )
        .with_topic(),
        Draft::new(
            "the topic is gone when the workflow notifies",
            vec![shared("sample", sample(json!({})))],
            vec![
                start(1),
                Step::take(1, 1),
                Step::call(record::Operation::DeleteTopic, json!({"TopicArn": "${topic}"})),
                Step::Sleep { ms: 300 },
                Step::succeed("1.1", &json!({})),
                Step::settle(1),
            ],
        )
        .with_topic(),
    ]
}

fn drawn() -> Vec<Draw> {
    vec![
        proptest::collection::vec((proptest::bool::ANY, payload::json()), 4)
            .prop_map(|answers| {
                let mut steps: Vec<Step> = (1..=4).map(start).collect();
                steps.extend((1..=4).map(|exec| Step::take(exec, 1)));
                for (at, (success, output)) in answers.iter().enumerate().rev() {
                    let token = format!("{}.1", at + 1);
                    steps.push(if *success {
                        Step::succeed(&token, output)
                    } else {
                        Step::fail(&token, "Told")
                    });
                }
                steps.extend((1..=4).map(Step::settle));
                steps.push(heard(4));
                drafted("four executions on one topic, answered in reverse", json!({}), steps)
            })
            .boxed(),
    ]
}
