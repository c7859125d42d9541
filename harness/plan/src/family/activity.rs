//! Activities: the same three calls, another carrier (ACT).

use record::Operation;
use serde_json::{Value, json};

use super::Family;
use crate::Step;
use crate::generate::Draft;

pub(super) fn families() -> Vec<Family> {
    vec![Family { name: "activity", fixed: activities, drawn: super::nothing }]
}

fn activities() -> Vec<Draft> {
    let create = Step::bind(Operation::CreateActivity, json!({"name": "sfnconf-${run}-a"}), "activity");
    let make = |window_s: u32| {
        let definition = json!({"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": "${bind:activity.activityArn}", "TimeoutSeconds": 60, "HeartbeatSeconds": window_s, "End": true}}});
        Step::bind(
            Operation::CreateStateMachine,
            json!({"name": "sfnconf-${run}-act", "roleArn": "${role}", "definition": definition.to_string()}),
            "machine",
        )
    };
    let start = Step::bind(
        Operation::StartExecution,
        json!({"stateMachineArn": "${bind:machine.stateMachineArn}", "name": "e-${run}", "input": "{\"work\": 1}"}),
        "started",
    );
    let poll = Step::bind(
        Operation::GetActivityTask,
        json!({"activityArn": "${bind:activity.activityArn}", "workerName": "a-worker-whose-name-is-long"}),
        "task",
    );
    let tell = |op: Operation, members: Value| {
        let mut input = json!({"taskToken": "${bind:task.taskToken}"});
        if let (Value::Object(input), Value::Object(members)) = (&mut input, members) {
            input.extend(members);
        }
        Step::call(op, input)
    };
    let look =
        Step::call(Operation::GetExecutionHistory, json!({"executionArn": "${bind:started.executionArn}"}));
    let run = |about: &str, window_s: u32, told: Vec<Step>| {
        let mut steps = vec![create.clone(), create.clone(), make(window_s), start.clone(), poll.clone()];
        steps.extend(told);
        steps.extend([
            Step::Sleep { ms: 400 },
            look.clone(),
            Step::call(Operation::DescribeExecution, json!({"executionArn": "${bind:started.executionArn}"})),
            Step::call(
                Operation::DeleteStateMachine,
                json!({"stateMachineArn": "${bind:machine.stateMachineArn}"}),
            ),
            Step::call(Operation::DeleteActivity, json!({"activityArn": "${bind:activity.activityArn}"})),
        ]);
        Draft::new(about, Vec::new(), steps).needing("activity")
    };
    vec![
        run(
            "an activity's task, beaten and done, then answered again",
            30,
            vec![
                tell(Operation::SendTaskHeartbeat, json!({})),
                tell(Operation::SendTaskSuccess, json!({"output": "{\"done\": true}"})),
                tell(Operation::SendTaskSuccess, json!({"output": "{}"})),
                tell(Operation::SendTaskHeartbeat, json!({})),
            ],
        ),
        // Longer than its window, and early enough for a target that is slow to hand the task out.
        run("an activity's task that lives on heartbeats", 5, {
            let mut told = Vec::new();
            for _ in 0..3 {
                told.extend([Step::Sleep { ms: 2_000 }, tell(Operation::SendTaskHeartbeat, json!({}))]);
            }
            told.push(tell(Operation::SendTaskSuccess, json!({"output": "{\"done\": true}"})));
            told
        }),
        run(
            "an activity's task that fails",
            30,
            vec![
                tell(Operation::SendTaskFailure, json!({"error": "Worker.Error", "cause": "c"})),
                tell(Operation::SendTaskFailure, json!({})),
            ],
        ),
        silent(&create, &make(2), &poll),
        several(&create, &make(30)),
        Draft::new(
            "an idle activity: a poll ends after a minute without a task",
            Vec::new(),
            vec![
                create.clone(),
                poll.clone(),
                Step::call(Operation::DeleteActivity, json!({"activityArn": "${bind:activity.activityArn}"})),
            ],
        )
        .needing("activity")
        .needing("patience"),
        Draft::new(
            "activities that do not exist, names that are none",
            Vec::new(),
            vec![
                Step::call(Operation::CreateActivity, json!({"name": "a b${run}"})),
                Step::call(Operation::CreateActivity, json!({"name": ""})),
                Step::call(Operation::CreateActivity, json!({"name": "${fill:81:n}"})),
                Step::call(Operation::DescribeActivity, json!({"activityArn": "not-an-arn"})),
                Step::call(Operation::GetActivityTask, json!({"activityArn": "not-an-arn"})),
            ],
        )
        .needing("activity"),
    ]
}

/// A worker that polls and falls silent: the task ends after its window, and the token with it.
fn silent(create: &Step, make: &Step, poll: &Step) -> Draft {
    let machine = "${bind:machine.stateMachineArn}";
    let late = json!({"taskToken": "${bind:task.taskToken}", "output": "{}"});
    let steps = vec![
        create.clone(),
        make.clone(),
        Step::Start { exec: 1, machine: machine.to_owned(), name: None, input: json!({"work": 1}) },
        poll.clone(),
        Step::settle(1),
        Step::call(Operation::SendTaskSuccess, late),
        Step::call(Operation::DeleteStateMachine, json!({ "stateMachineArn": machine })),
        Step::call(Operation::DeleteActivity, json!({"activityArn": "${bind:activity.activityArn}"})),
    ];
    Draft::new("an activity's task whose worker falls silent", Vec::new(), steps).needing("activity")
}

/// Three tasks of one activity and three polls: each poll has a task of its own, with its own input.
fn several(create: &Step, make: &Step) -> Draft {
    let describe =
        Step::call(Operation::DescribeActivity, json!({"activityArn": "${bind:activity.activityArn}"}));
    let mut steps = vec![create.clone(), describe, make.clone()];
    let each = |step: fn(u32) -> Step| (1..=3).map(step);
    steps.extend(each(|n| {
        let input = json!({ "work": n }).to_string();
        Step::bind(
            Operation::StartExecution,
            json!({"stateMachineArn": "${bind:machine.stateMachineArn}", "name": format!("e{n}-${{run}}"), "input": input}),
            &format!("started-{n}"),
        )
    }));
    // Long enough that a task that starts by itself is told from one that waits for a worker.
    steps.push(Step::Sleep { ms: 2_500 });
    steps.extend(each(|n| {
        Step::bind(
            Operation::GetActivityTask,
            json!({"activityArn": "${bind:activity.activityArn}", "workerName": format!("the-worker-of-number-{n}")}),
            &format!("task-{n}"),
        )
    }));
    steps.extend(each(|n| {
        let token = format!("${{bind:task-{n}.taskToken}}");
        let output = format!("${{bind:task-{n}.input}}");
        Step::call(Operation::SendTaskSuccess, json!({"taskToken": token, "output": output}))
    }));
    steps.push(Step::Sleep { ms: 400 });
    steps.extend(each(|n| {
        let arn = format!("${{bind:started-{n}.executionArn}}");
        Step::call(Operation::GetExecutionHistory, json!({ "executionArn": arn }))
    }));
    steps.extend([
        Step::call(
            Operation::DeleteStateMachine,
            json!({"stateMachineArn": "${bind:machine.stateMachineArn}"}),
        ),
        Step::call(Operation::DeleteActivity, json!({"activityArn": "${bind:activity.activityArn}"})),
    ]);
    Draft::new("three tasks of an activity, three polls", Vec::new(), steps).needing("activity")
}
