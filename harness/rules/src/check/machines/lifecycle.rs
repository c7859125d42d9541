//! DEF: machines over their lives: created again, updated, described, deleted.

use std::collections::BTreeMap;

use record::{Operation as Api, Service};
use serde_json::Value;

use crate::check::machines::invalid_definition::flaws;
use crate::check::{Check, Group, Sink};
use crate::view::{Answer, Call, View, same_date, same_json_text, unqualified};

const AGAIN: Check =
    Check::of("DEF-21", "create-is-idempotent", "the same creation again answers the same ARN and date");
const OTHER: Check = Check::of(
    "DEF-22",
    "other-definition-is-refused",
    "the same name with another definition is StateMachineAlreadyExists",
);
const ROLE: Check = Check::of(
    "DEF-23",
    "other-role-changes-nothing",
    "the same name with another role is refused or changes nothing (A-08)",
);
const TYPE: Check = Check::of("DEF-24", "type-is-standard-unless-said", "the type defaults to STANDARD");
const SEEN: Check = Check::of(
    "DEF-26",
    "machine-is-seen-soon",
    "after creation a machine is found, at the latest after a while",
);
const NOTHING: Check = Check::of(
    "DEF-27",
    "update-needs-a-part",
    "UpdateStateMachine with the ARN alone is MissingRequiredParameter",
);
const KEEPS: Check = Check::of(
    "DEF-28",
    "executions-keep-their-definition",
    "a running execution keeps the definition it started with",
);
const TAKES: Check = Check::of(
    "DEF-29",
    "later-executions-take-the-update",
    "some seconds after an update new executions run the new definition",
);
const DELETED: Check =
    Check::of("DEF-30", "deleted-machine-starts-nothing", "after DeleteStateMachine a new start is refused");
const UNKNOWN: Check =
    Check::of("DEF-31", "deleting-the-unknown-succeeds", "deleting an unknown machine answers 200");

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[AGAIN, OTHER, ROLE], run: repeated },
    Group { checks: &[TYPE, SEEN, NOTHING, KEEPS, TAKES, DELETED, UNKNOWN], run: machines },
];

fn repeated(view: &View<'_>, sink: &mut Sink) {
    let mut by_name: BTreeMap<&str, Vec<&Call<'_>>> = BTreeMap::new();
    for call in view.calls_of(Api::CreateStateMachine) {
        if let Some(name) = call.text("name") {
            by_name.entry(name).or_default().push(call);
        }
    }
    let deleted = view.calls_of(Api::DeleteStateMachine).next().is_some();
    for calls in by_name.values().filter(|calls| calls.len() > 1 && !deleted) {
        let Some(first) = calls.iter().find(|call| call.answer.done().is_some()) else { continue };
        let said =
            |call: &Call<'_>, member: &str| call.answer.done().and_then(|reply| reply.get(member)).cloned();
        for call in calls.iter().filter(|call| first.precedes(call)) {
            let same = |member: &str| call.input.get(member) == first.input.get(member);
            let settled = [
                "type",
                "loggingConfiguration",
                "tracingConfiguration",
                "publish",
                "versionDescription",
                "encryptionConfiguration",
            ];
            if !settled.iter().all(|member| same(member))
                || view.calls_of(Api::UpdateStateMachine).next().is_some()
            {
                continue;
            }
            let definition_same = same("definition");
            let role_same = same("roleArn");
            if !definition_same && !flaws(call.text("definition").unwrap_or_default(), false).is_empty() {
                continue;
            }
            match call.answer {
                Answer::Done(_) if definition_same => {
                    let held = said(call, "stateMachineArn") == said(first, "stateMachineArn")
                        && same_date(
                            said(call, "creationDate").as_ref(),
                            said(first, "creationDate").as_ref(),
                        );
                    let text = || "the same creation again answered another ARN or date".to_owned();
                    if role_same {
                        sink.expect(AGAIN, held, text);
                    } else if held {
                        sink.observed(ROLE, "A-08: another role is ignored");
                    }
                }
                Answer::Done(_) => sink.violated(OTHER, "the same name with another definition answered 200"),
                Answer::Refused(error) if definition_same && role_same && same("tags") => {
                    sink.violated(
                        AGAIN,
                        format!("the same creation again answered {} ({})", error.code, error.status),
                    );
                }
                Answer::Refused(error) if definition_same => {
                    let fits = error.code == "StateMachineAlreadyExists";
                    if fits {
                        sink.observed(ROLE, "A-08: another role is refused");
                    } else {
                        sink.violated(ROLE, format!("another role answered {}", error.code));
                    }
                }
                Answer::Refused(error) => {
                    sink.expect(OTHER, error.code == "StateMachineAlreadyExists", || {
                        format!("another definition: expected StateMachineAlreadyExists, saw {}", error.code)
                    });
                }
                _ => {}
            }
        }
    }
}

/// So long a machine may be unknown after its creation (DEF-26).
const SETTLES: i64 = 30_000;

fn machines(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls.iter().filter(|call| call.operation.service() == Service::States) {
        let arn = call.text("stateMachineArn");
        let machine = arn
            .and_then(|arn| view.by_machine.get(unqualified(arn)))
            .and_then(|index| view.machines.get(*index));
        if let Some(machine) = machine
            && matches!(call.operation, Api::StartExecution | Api::DescribeStateMachine | Api::ListExecutions)
        {
            let gone = machine.deleted.is_some_and(|(asked, _)| asked < call.ended);
            match call.answer {
                Answer::Refused(error)
                    if error.code == "StateMachineDoesNotExist"
                        && !gone
                        && call.begun - machine.created > SETTLES =>
                {
                    sink.violated(
                        SEEN,
                        format!(
                            "{} answered {} {} ms after the creation",
                            call.operation,
                            error.code,
                            call.begun - machine.created
                        ),
                    );
                }
                Answer::Done(_) if !gone => sink.met(SEEN),
                _ => {}
            }
        }
        match call.operation {
            Api::DescribeStateMachine => {
                if let (Some(reply), Some(machine)) = (call.answer.done(), machine)
                    && let Some(kind) = reply.get("type").and_then(Value::as_str)
                {
                    let expected = if machine.express { "EXPRESS" } else { "STANDARD" };
                    sink.expect(TYPE, kind == expected, || format!("type is {kind}, not {expected}"));
                }
            }
            Api::UpdateStateMachine => {
                let parts = [
                    "definition",
                    "roleArn",
                    "loggingConfiguration",
                    "tracingConfiguration",
                    "publish",
                    "encryptionConfiguration",
                ];
                if call.has("stateMachineArn")
                    && !parts.iter().any(|part| call.has(part))
                    && machine.is_some()
                {
                    match call.answer {
                        Answer::Done(_) => sink.violated(NOTHING, "an update of nothing answered 200"),
                        Answer::Refused(error) => {
                            sink.expect(NOTHING, error.code == "MissingRequiredParameter", || {
                                format!(
                                    "an update of nothing: expected MissingRequiredParameter, saw {}",
                                    error.code
                                )
                            });
                        }
                        _ => {}
                    }
                }
            }
            Api::DeleteStateMachine => {
                let shaped = arn.is_some_and(|arn| {
                    crate::view::Arn::read(arn).and_then(crate::view::Arn::machine).is_some()
                });
                if machine.is_none() && shaped {
                    match call.answer {
                        Answer::Done(_) => sink.met(UNKNOWN),
                        Answer::Refused(error) => sink.violated(
                            UNKNOWN,
                            format!("deleting an unknown machine answered {}", error.code),
                        ),
                        _ => {}
                    }
                }
            }
            Api::StartExecution => started(view, call, machine, sink),
            Api::DescribeStateMachineForExecution => kept(view, call, sink),
            _ => {}
        }
    }
}

fn started(_: &View<'_>, call: &Call<'_>, machine: Option<&crate::view::Machine>, sink: &mut Sink) {
    let Some((_, Some(gone))) = machine.and_then(|machine| machine.deleted) else { return };
    if call.begun < gone {
        return;
    }
    match call.answer {
        Answer::Done(_) => sink.violated(DELETED, "StartExecution of a deleted machine answered 200"),
        Answer::Refused(error) => {
            let fits = matches!(error.code.as_str(), "StateMachineDeleting" | "StateMachineDoesNotExist");
            sink.expect(DELETED, fits, || {
                format!("StartExecution of a deleted machine answered {}", error.code)
            });
        }
        _ => {}
    }
}

fn kept(view: &View<'_>, call: &Call<'_>, sink: &mut Sink) {
    let Some(execution) =
        call.text("executionArn").and_then(|arn| view.by_arn.get(arn)).and_then(|i| view.executions.get(*i))
    else {
        return;
    };
    let Some(text) = call.answer.done().and_then(|reply| reply.get("definition")).and_then(Value::as_str)
    else {
        return;
    };
    let Some(definition) = &execution.definition else { return };
    let updated = execution
        .machine
        .and_then(|machine| view.machines.get(machine))
        .is_some_and(|m| m.revisions.len() > 1);
    let later = execution
        .machine
        .and_then(|machine| view.machines.get(machine))
        .and_then(|machine| machine.revisions.last())
        .is_some_and(|last| last.begun.0 >= execution.started.0);
    let held = same_json_text(text, &definition.text);
    let row = if updated && !later { TAKES } else { KEEPS };
    if updated {
        sink.expect(row, held, || {
            "DescribeStateMachineForExecution shows another definition than the execution started with"
                .to_owned()
        });
    } else if !held {
        sink.violated(KEEPS, "DescribeStateMachineForExecution shows another definition than the machine's");
    }
}
