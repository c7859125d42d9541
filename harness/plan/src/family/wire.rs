//! Requests that no SDK would write (WIRE).

use record::Operation;
use serde_json::json;

use super::Family;
use super::tokens::plain;
use crate::Step;
use crate::generate::Draft;

pub(super) fn families() -> Vec<Family> {
    vec![Family { name: "raw", fixed: raws, drawn: super::nothing }]
}

fn raws() -> Vec<Draft> {
    let operations = [Operation::SendTaskSuccess, Operation::SendTaskFailure, Operation::SendTaskHeartbeat];
    let mut steps = vec![Step::start(1, "plain", json!({})), Step::take(1, 1)];
    for operation in operations {
        for body in [
            "{}",
            "{\"taskToken\": null}",
            "{\"taskToken\": 7}",
            "{\"taskToken\": [\"x\"], \"output\": {}}",
            "[]",
            "not json",
            "{\"taskToken\": \"${token:1.1}\", ",
        ] {
            steps.push(Step::raw(operation, body));
        }
    }
    steps.push(Step::raw(
        Operation::SendTaskSuccess,
        "{\"taskToken\": \"${token:1.1}\", \"output\": {\"not\": \"a string\"}}",
    ));
    steps.push(Step::raw(Operation::SendTaskSuccess, "{\"taskToken\": \"${token:1.1}\", \"output\": null}"));
    steps.push(Step::raw(Operation::SendTaskHeartbeat, "{\"taskToken\": \"${token:1.1}\", \"unknown\": 1}"));
    steps.push(Step::raw(
        Operation::SendTaskSuccess,
        "{\"output\": \"{}\", \"taskToken\": \"${token:1.1}\", \"unknown\": {\"a\": []}}",
    ));
    steps.push(Step::settle(1));
    let mut odd = vec![Step::start(1, "plain", json!({})), Step::take(1, 1)];
    for operation in operations {
        odd.push(Step::raw(
            operation,
            "{\"taskToken\": \"${token:1.1|cut}\", \"ballast\": \"${fill:1100000:x}\"}",
        ));
        odd.push(Step::raw(operation, "{\"taskToken\": {\"S\": \"${token:1.1}\"}, \"output\": \"{}\"}"));
        odd.push(Step::raw(operation, "{\"taskToken\": true, \"error\": 1, \"cause\": []}"));
        odd.push(Step::raw(operation, "{\"TaskToken\": \"${token:1.1}\", \"Output\": \"{}\"}"));
    }
    odd.push(Step::raw(
        Operation::SendTaskHeartbeat,
        "{\"taskToken\": \"${token:1.1}\", \"taskToken\": \"${token:1.1}\"}",
    ));
    odd.push(Step::raw(
        Operation::SendTaskSuccess,
        "{\"output\": \"{}\", \"taskToken\": \"${token:1.1}\", \"output\": \"{}\"}",
    ));
    odd.push(Step::succeed("1.1", &json!({})));
    odd.push(Step::settle(1));
    let bodies = |operation: Operation| ["{}", "[]", "nonsense"].map(|body| Step::raw(operation, body));
    let mut others = Vec::new();
    for operation in [
        Operation::StartExecution,
        Operation::DescribeExecution,
        Operation::GetExecutionHistory,
        Operation::StopExecution,
        Operation::CreateStateMachine,
        Operation::ListExecutions,
    ] {
        others.extend(bodies(operation));
    }
    vec![
        Draft::new(
            "answers with members missing, of a wrong type, unknown; bodies that are no JSON",
            vec![plain()],
            steps,
        ),
        Draft::new(
            "answers with a huge body, keys that come twice, keys in other letters",
            vec![plain()],
            odd,
        )
        .in_core(),
        Draft::new("other requests with nothing or nonsense in them", Vec::new(), others),
    ]
}
