//! Everything that may lag, looked at again when it may not any more: lists, descriptions, updates and deletions (DESC, LIST, DEF).
//!
//! One sleep of half a minute pays for all of it.

use record::Operation;
use serde_json::{Value, json};

use super::Family;
use crate::Step;
use crate::definition::{callback, machine, one, own, pass, with};
use crate::generate::Draft;

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "looking-back", fixed: looks, drawn: super::nothing },
        Family { name: "unknown-things", fixed: unknown, drawn: super::nothing },
    ]
}

/// Longer than anything may lag.
const LATER: Step = Step::Sleep { ms: 31_000 };

fn list(machine: &str, members: Value) -> Step {
    let mut input = json!({"stateMachineArn": format!("${{machine:{machine}}}")});
    if let (Value::Object(input), Value::Object(members)) = (&mut input, members) {
        input.extend(members);
    }
    Step::call(Operation::ListExecutions, input)
}

fn describe(exec: u32) -> Step {
    Step::call(Operation::DescribeExecution, json!({"executionArn": format!("${{exec:{exec}}}")}))
}

fn of_execution(exec: u32) -> Step {
    Step::call(
        Operation::DescribeStateMachineForExecution,
        json!({"executionArn": format!("${{exec:{exec}}}")}),
    )
}

#[expect(clippy::too_many_lines, reason = "a list of plans")]
fn looks() -> Vec<Draft> {
    let before =
        machine([("Wait for callback", with(callback(), json!({"Next": "Before"}))), ("Before", pass())]);
    let after =
        machine([("Wait for callback", with(callback(), json!({"Next": "After"}))), ("After", pass())]);
    let other = |exec: u32| {
        vec![
            Step::start(exec, "other", json!({})),
            Step::take(exec, 1),
            Step::succeed(&format!("{exec}.1"), &json!({})),
            Step::settle(exec),
        ]
    };
    let changing = json!("${machine:changing}");
    let activity = json!({"activityArn": "${bind:activity.activityArn}"});
    let mut ends = Vec::new();
    for exec in 1..=5 {
        ends.extend([Step::start(exec, "changing", json!({})), Step::take(exec, 1)]);
    }
    ends.extend(other(6));
    // Asked the same before and after, so that an answer that was kept shows.
    ends.extend([list("changing", json!({})), describe(4)]);
    ends.extend([
        Step::succeed("1.1", &json!({"kept": 1})),
        Step::fail("2.1", "Kept.Failure"),
        Step::call(
            Operation::StopExecution,
            json!({"executionArn": "${exec:3}", "error": "Halt", "cause": "by hand"}),
        ),
        Step::succeed("5.1", &json!({"kept": 5})),
    ]);
    ends.extend([1, 2, 3, 5].map(Step::settle));
    let update = Step::call(
        Operation::UpdateStateMachine,
        json!({"stateMachineArn": changing, "definition": after.to_string()}),
    );
    let mut later = vec![
        list("other", json!({})),
        list("changing", json!({})),
        Step::bind(Operation::ListExecutions, json!({"stateMachineArn": changing, "maxResults": 3}), "early"),
        list("changing", json!({"maxResults": 3, "nextToken": "${bind:early.nextToken}"})),
    ];
    later.extend(
        ["RUNNING", "SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"]
            .map(|status| list("changing", json!({"statusFilter": status}))),
    );
    later.extend([
        Step::call(Operation::DescribeStateMachine, json!({"stateMachineArn": changing})),
        Step::call(Operation::ListStateMachines, json!({"maxResults": 1000})),
        of_execution(4),
        Step::call(Operation::StopExecution, json!({"executionArn": "${exec:1}"})),
        Step::call(Operation::StopExecution, json!({"executionArn": "${exec:3}", "error": "Again"})),
        describe(1),
        describe(2),
        describe(3),
        describe(4),
        Step::start(7, "changing", json!({})),
        Step::take(7, 1),
        Step::succeed("7.1", &json!({})),
        Step::settle(7),
        of_execution(7),
        Step::call(Operation::StopExecution, json!({"executionArn": "${exec:4}"})),
        Step::settle(4),
        // Last, for a target without pages gives no token to follow.
        Step::bind(Operation::ListExecutions, json!({"stateMachineArn": changing, "maxResults": 2}), "page"),
        list("changing", json!({"maxResults": 2, "nextToken": "${bind:page.nextToken}"})),
    ]);
    vec![
        Draft::new(
            "five executions and an update, looked at again half a minute later",
            vec![own("changing", before.clone()), own("other", one(json!({})))],
            [ends, vec![update, LATER], later].concat(),
        )
        .needing("patience"),
        Draft::new(
            "a machine with an open execution is deleted, and looked for half a minute after its end",
            vec![own("changing", before)],
            vec![
                Step::start(1, "changing", json!({})),
                Step::take(1, 1),
                Step::call(Operation::DescribeStateMachine, json!({"stateMachineArn": changing})),
                Step::call(Operation::DeleteStateMachine, json!({"stateMachineArn": changing})),
                Step::call(Operation::StopExecution, json!({"executionArn": "${exec:1}"})),
                LATER,
                Step::call(Operation::DescribeStateMachine, json!({"stateMachineArn": changing})),
                Step::call(Operation::DescribeStateMachine, json!({"stateMachineArn": changing})),
                Step::call(
                    Operation::StartExecution,
                    json!({"stateMachineArn": changing, "name": "late-${run}", "input": "{}"}),
                ),
            ],
        )
        .needing("patience"),
        Draft::new(
            "activities, described and listed at once and half a minute later",
            Vec::new(),
            vec![
                Step::bind(Operation::CreateActivity, json!({"name": "sfnconf-${run}-l"}), "activity"),
                Step::call(Operation::DescribeActivity, activity.clone()),
                LATER,
                Step::call(Operation::DescribeActivity, activity.clone()),
                Step::call(Operation::ListActivities, json!({"maxResults": 1000})),
                Step::call(
                    Operation::DescribeActivity,
                    json!({"activityArn": "${bind:activity.activityArn}-nowhere"}),
                ),
                Step::call(
                    Operation::GetActivityTask,
                    json!({"activityArn": "${bind:activity.activityArn}-nowhere"}),
                ),
                Step::call(Operation::ListActivities, json!({"nextToken": "no-such-page"})),
                Step::call(Operation::ListActivities, json!({"maxResults": 1001})),
                Step::call(Operation::DeleteActivity, json!({"activityArn": "not-an-arn"})),
                Step::call(Operation::DeleteActivity, activity),
            ],
        )
        .needing("activity")
        .needing("patience"),
    ]
}

fn unknown() -> Vec<Draft> {
    let nowhere = json!("${machine:quick}-nowhere");
    let definition = machine([("Pass", pass())]).to_string();
    vec![Draft::new(
        "machines and executions that nobody made, texts that are no ARN, pages that nobody gave",
        vec![own("quick", machine([("Pass", pass())]))],
        vec![
            Step::start(1, "quick", json!({})),
            Step::settle(1),
            Step::call(Operation::DescribeStateMachine, json!({"stateMachineArn": nowhere})),
            Step::call(Operation::DescribeStateMachine, json!({"stateMachineArn": "not-an-arn"})),
            Step::call(Operation::DescribeStateMachine, json!({"stateMachineArn": "${exec:1}"})),
            Step::call(Operation::DescribeStateMachine, json!({"stateMachineArn": ""})),
            Step::call(
                Operation::UpdateStateMachine,
                json!({"stateMachineArn": nowhere, "definition": definition}),
            ),
            Step::call(
                Operation::UpdateStateMachine,
                json!({"stateMachineArn": "not-an-arn", "definition": definition}),
            ),
            Step::call(Operation::DeleteStateMachine, json!({"stateMachineArn": "${exec:1}"})),
            Step::call(Operation::ListExecutions, json!({"stateMachineArn": "${exec:1}"})),
            Step::call(
                Operation::DescribeStateMachineForExecution,
                json!({"executionArn": "${exec:1}-nowhere"}),
            ),
            Step::call(Operation::DescribeStateMachineForExecution, json!({"executionArn": "not-an-arn"})),
            Step::call(
                Operation::DescribeStateMachineForExecution,
                json!({"executionArn": "${machine:quick}"}),
            ),
            Step::call(Operation::ListStateMachines, json!({"nextToken": "no-such-page"})),
            Step::call(Operation::ListStateMachines, json!({"nextToken": "${fill:1025:p}"})),
            Step::call(Operation::ListStateMachines, json!({"maxResults": 1001})),
            Step::call(
                Operation::ListExecutions,
                json!({"stateMachineArn": "${machine:quick}", "redriveFilter": "REDRIVEN"}),
            ),
            Step::call(
                Operation::ListExecutions,
                json!({"stateMachineArn": "${machine:quick}", "statusFilter": "PENDING_REDRIVE"}),
            ),
            of_execution(1),
            Step::bind(
                Operation::StartExecution,
                json!({"stateMachineArn": "${machine:quick}", "name": "traced-${run}", "traceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"}),
                "traced",
            ),
            Step::Sleep { ms: 300 },
            Step::call(Operation::DescribeExecution, json!({"executionArn": "${bind:traced.executionArn}"})),
        ],
    )]
}
