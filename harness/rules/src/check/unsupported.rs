//! Which rules a target cannot be judged by because it does not offer what they are about.

use record::Operation as Api;

use super::{Check, Group, Sink};
use crate::view::{Answer, View};

pub(super) const GROUPS: &[Group] = &[Group { checks: &[], run: missing }];

const CHECK: &str = "operation-is-offered";

fn missing(view: &View<'_>, sink: &mut Sink) {
    let mut said: Vec<Api> = Vec::new();
    for call in &view.calls {
        if !matches!(call.answer, Answer::Unsupported(_)) || said.contains(&call.operation) {
            continue;
        }
        said.push(call.operation);
        for rule in rules_of(call.operation) {
            let check = Check::of(rule, CHECK, "the target offers the operation that the rule is about");
            sink.unsupported(check, call.operation.to_string());
        }
    }
}

/// The rules that cannot be seen without an operation.
fn rules_of(operation: Api) -> &'static [&'static str] {
    match operation {
        Api::ValidateStateMachineDefinition => &["DEF-32", "DEF-33"],
        Api::UpdateStateMachine => &["DEF-27", "DEF-28", "DEF-29", "DEF-34"],
        Api::DescribeStateMachineForExecution => &["DEF-28", "DEF-29"],
        Api::DeleteStateMachine => &["DEF-30", "DEF-31"],
        Api::PublishStateMachineVersion | Api::CreateStateMachineAlias => &["START-19"],
        Api::SendTaskHeartbeat => &["HB-03", "HB-04", "HB-06", "HB-07", "HB-14", "TMO-04"],
        Api::SendTaskFailure => &["TOK-11", "TOK-12", "ERR-01", "ERR-02", "ERR-05", "ERR-08"],
        Api::SendTaskSuccess => &["TOK-07", "TOK-08", "TOK-09", "TOK-13", "TOK-21", "TOK-22"],
        Api::StopExecution => {
            &["STOP-01", "STOP-02", "STOP-03", "STOP-04", "STOP-05", "STOP-06", "STOP-07", "TOK-15"]
        }
        Api::RedriveExecution => &["RED-01", "RED-02", "RED-03", "RED-04", "RED-05", "RED-06"],
        Api::ListExecutions => &["LIST-01", "LIST-02", "LIST-03", "LIST-04", "LIST-05", "LIST-06"],
        Api::GetExecutionHistory => &[
            "GEH-01", "GEH-02", "GEH-03", "GEH-04", "GEH-05", "GEH-07", "GEH-08", "GEH-10", "GEH-11",
            "GEH-12", "HIS-01", "HIS-02", "HIS-03", "HIS-04", "HIS-05", "HIS-06", "HIS-07", "HIS-08",
            "HIS-09", "HIS-10", "HIS-11", "HIS-12", "HIS-13", "HIS-14", "HIS-15", "HIS-16", "HIS-17",
            "HIS-18", "HIS-19", "HIS-20", "HIS-21", "HIS-22", "HIS-23", "HIS-25", "HIS-29",
        ],
        Api::CreateActivity | Api::GetActivityTask => {
            &["ACT-01", "ACT-02", "ACT-03", "ACT-04", "ACT-05", "ACT-06"]
        }
        Api::TestState => &["TST-01", "TST-02", "TST-03", "TST-04", "TST-05"],
        Api::CreateEventSourceMapping | Api::CreateFunction | Api::Invoke => &[
            "ESM-01", "ESM-02", "ESM-03", "ESM-04", "ESM-05", "ESM-06", "ESM-08", "ESM-09", "ESM-12",
            "ESM-14",
        ],
        Api::PutRule | Api::PutTargets => &["E2E-12"],
        _ => &[],
    }
}
