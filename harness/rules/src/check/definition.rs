//! DEF: creating, changing, deleting and validating state machines.

use std::collections::BTreeMap;

use record::{Operation as Api, Service};
use serde_json::Value;

use super::flaws::flaws;
use super::start::name_flaw;
use super::{CheckRow, Group, Sink};
use crate::view::definition::mentions_token;
use crate::view::{Answer, Call, View, same_json_text, unqualified};

const CREATES: CheckRow = (
    "DEF-01",
    "create-answers-arn-and-date",
    "a lawful CreateStateMachine answers stateMachineArn and creationDate; a member missing is refused",
);
const NAME: CheckRow =
    ("DEF-03", "machine-names-are-validated", "a machine name is 1-80 characters without forbidden ones");
const NO_TOKEN: CheckRow = (
    "DEF-20",
    "callback-without-token-is-taken",
    "a callback task that never mentions the token is created, and waits",
);
const AGAIN: CheckRow =
    ("DEF-21", "create-is-idempotent", "the same creation again answers the same ARN and date");
const OTHER: CheckRow = (
    "DEF-22",
    "other-definition-is-refused",
    "the same name with another definition is StateMachineAlreadyExists",
);
const ROLE: CheckRow = (
    "DEF-23",
    "other-role-changes-nothing",
    "the same name with another role is refused or changes nothing (A-08)",
);
const TYPE: CheckRow = ("DEF-24", "type-is-standard-unless-said", "the type defaults to STANDARD");
const PUBLISH: CheckRow =
    ("DEF-25", "description-needs-publish", "versionDescription without publish is refused");
const SEEN: CheckRow =
    ("DEF-26", "machine-is-seen-soon", "after creation a machine is found, at the latest after a while");
const NOTHING: CheckRow =
    ("DEF-27", "update-needs-a-part", "UpdateStateMachine with the ARN alone is MissingRequiredParameter");
const KEEPS: CheckRow = (
    "DEF-28",
    "executions-keep-their-definition",
    "a running execution keeps the definition it started with",
);
const TAKES: CheckRow = (
    "DEF-29",
    "later-executions-take-the-update",
    "some seconds after an update new executions run the new definition",
);
const DELETED: CheckRow =
    ("DEF-30", "deleted-machine-starts-nothing", "after DeleteStateMachine a new start is refused");
const UNKNOWN: CheckRow =
    ("DEF-31", "deleting-the-unknown-succeeds", "deleting an unknown machine answers 200");
const RESULT: CheckRow = (
    "DEF-32",
    "validation-has-a-result",
    "validation answers OK or FAIL; FAIL goes with an ERROR diagnostic",
);
const AGREE: CheckRow =
    ("DEF-33", "validate-and-create-agree", "validation says FAIL exactly where creation refuses");
const UPDATE: CheckRow =
    ("DEF-34", "update-and-create-agree", "update takes the definitions that creation takes");
const REACH: CheckRow = (
    "DEF-10",
    "unreachable-state-is-either",
    "a definition with an unreachable state is taken or refused (A-13)",
);

const fn refused(rule: &'static str, about: &'static str) -> CheckRow {
    (rule, "flawed-definition-is-refused", about)
}

/// One row for each kind of flaw.
const FLAWED: &[CheckRow] = &[
    refused("DEF-02", "an empty definition is refused"),
    refused("DEF-04", "a definition that is no JSON is refused with InvalidDefinition"),
    refused("DEF-05", "States and StartAt are required in every scope"),
    refused("DEF-06", "StartAt, Next and Default name a state of their scope"),
    refused("DEF-07", "every scope has a terminal state"),
    refused("DEF-08", "a state has exactly one of Next and End"),
    refused("DEF-09", "state names are at most 80 characters and unique"),
    refused("DEF-11", "TimeoutSeconds and HeartbeatSeconds are positive integers up to 99,999,999"),
    refused("DEF-12", "HeartbeatSeconds is smaller than TimeoutSeconds"),
    refused("DEF-13", "a task has not both a fixed and a dynamic timeout or heartbeat"),
    refused("DEF-14", "ErrorEquals is a non-empty array of strings"),
    refused("DEF-15", "States.ALL stands alone and last"),
    refused("DEF-16", "retrier members are in their ranges"),
    refused("DEF-17", "EXPRESS machines have no callback, sync or activity tasks"),
    refused("DEF-18", "only listed integrations offer callbacks"),
    refused("DEF-19", "a function named directly takes no callback"),
];

const EDGES: &[CheckRow] = &[
    ("DEF-11", "timeout-edges-are-taken", "1 and 99,999,999 are lawful timeouts"),
    ("DEF-12", "heartbeat-just-below-timeout-is-taken", "a heartbeat below the timeout is lawful"),
    ("DEF-16", "retrier-edges-are-taken", "retrier members at their edges are lawful"),
];

pub(super) const GROUPS: &[Group] = &[
    Group { checks: FLAWED, run: definitions },
    Group { checks: EDGES, run: |_, _| {} },
    Group { checks: &[CREATES, NAME, NO_TOKEN, PUBLISH, REACH], run: |_, _| {} },
    Group { checks: &[AGAIN, OTHER, ROLE], run: repeated },
    Group { checks: &[TYPE, SEEN, NOTHING, KEEPS, TAKES, DELETED, UNKNOWN], run: machines },
    Group { checks: &[RESULT, AGREE, UPDATE], run: validation },
    Group { checks: &[NO_TOKEN], run: waits },
];

fn row(rule: &str) -> Option<CheckRow> {
    FLAWED.iter().copied().find(|row| row.0 == rule)
}

fn definitions(view: &View<'_>, sink: &mut Sink) {
    for call in &view.calls {
        match call.operation {
            Api::CreateStateMachine => create(view, call, sink),
            Api::UpdateStateMachine => {
                if let Some(text) = call.text("definition").filter(|_| !call.garbled) {
                    let express = call
                        .text("stateMachineArn")
                        .and_then(|arn| view.by_machine.get(unqualified(arn)))
                        .and_then(|machine| view.machines.get(*machine))
                        .is_some_and(|machine| machine.express);
                    flawed(call, text, express, sink);
                }
            }
            _ => {}
        }
    }
}

/// Judges a definition by its flaws; whether it had any.
fn flawed(call: &Call<'_>, text: &str, express: bool, sink: &mut Sink) -> bool {
    let found = flaws(text, express);
    let Some((rule, what)) = found.first() else { return false };
    let Some(row) = row(rule) else { return true };
    match call.answer {
        Answer::Done(_) => sink.violated(row, format!("{} took a definition though {what}", call.operation)),
        // An earlier definition has the name already: which of both is refused first, AWS does not say.
        Answer::Refused(error) if error.code == "StateMachineAlreadyExists" => {}
        Answer::Refused(error) => {
            let fits = match *rule {
                "DEF-02" => matches!(
                    error.code.as_str(),
                    "ValidationException" | "InvalidDefinition" | "MissingRequiredParameter"
                ),
                "DEF-18" | "DEF-19" => true,
                _ => error.code == "InvalidDefinition",
            };
            sink.expect(row, fits, || {
                format!("{what}: expected InvalidDefinition, saw {}", call.answer.says())
            });
        }
        _ => {}
    }
    true
}

fn create(view: &View<'_>, call: &Call<'_>, sink: &mut Sink) {
    if call.garbled {
        return;
    }
    if let Some(missing) = ["name", "definition", "roleArn"].iter().find(|member| !call.has(member)) {
        match call.answer {
            Answer::Done(_) => {
                sink.violated(CREATES, format!("CreateStateMachine without {missing} answered 200"));
            }
            Answer::Refused(_) => sink.met(CREATES),
            _ => {}
        }
        return;
    }
    let name = call.text("name").unwrap_or_default();
    if let Some(what) = name_flaw(name) {
        match call.answer {
            Answer::Done(_) => sink.violated(NAME, format!("a machine name with {what} was taken")),
            Answer::Refused(error) => {
                let fits = matches!(error.code.as_str(), "InvalidName" | "ValidationException");
                sink.expect(NAME, fits, || {
                    format!("a machine name with {what}: expected InvalidName, saw {}", call.answer.says())
                });
            }
            _ => {}
        }
        return;
    }
    if call.has("versionDescription") && call.flag("publish") != Some(true) {
        match call.answer {
            Answer::Done(_) => sink.violated(PUBLISH, "versionDescription without publish was taken"),
            Answer::Refused(error) => sink.expect(PUBLISH, error.code == "ValidationException", || {
                format!(
                    "versionDescription without publish: expected ValidationException, saw {}",
                    call.answer.says()
                )
            }),
            _ => {}
        }
        return;
    }
    let text = call.text("definition").unwrap_or_default();
    let express = call.text("type") == Some("EXPRESS");
    if flawed(call, text, express, sink) {
        return;
    }
    match call.answer {
        Answer::Done(reply) => {
            let arn = reply.get("stateMachineArn").and_then(Value::as_str);
            let dated = reply.get("creationDate").is_some_and(|date| !date.is_null());
            sink.expect(CREATES, arn.is_some() && dated, || {
                "CreateStateMachine answered without stateMachineArn or creationDate".to_owned()
            });
            edges(text, None, sink);
            if unmentioned(view, call) {
                sink.met(NO_TOKEN);
            }
        }
        Answer::Refused(error) if error.code == "InvalidDefinition" => {
            refused_lawful(view, call, text, express, sink);
        }
        _ => {}
    }
}

/// A definition without known flaw that was refused.
fn refused_lawful(view: &View<'_>, call: &Call<'_>, text: &str, express: bool, sink: &mut Sink) {
    let kind = if express { asl::MachineType::Express } else { asl::MachineType::Standard };
    let faults = asl::validate(text, kind);
    let unreachable = faults.iter().any(|fault| fault.message.to_ascii_lowercase().contains("reach"));
    if unreachable || faults.iter().any(|fault| fault.severity == asl::Severity::Error) {
        if unreachable {
            sink.observed(REACH, "A-13: an unreachable state is refused");
        }
        return;
    }
    if text.contains("JSONata") || text.contains("\"Arguments\"") {
        sink.inconclusive(
            ("IO-13", "jsonata-token", "in JSONata machines the token is in states.context.Task.Token"),
            format!("{}jsonata", super::UNSUPPORTED),
        );
        return;
    }
    let says = format!("a definition without known flaw was refused: {}", call.answer.says());
    if unmentioned(view, call) {
        sink.violated(NO_TOKEN, says);
    } else {
        edges(text, Some(&says), sink);
        sink.violated(CREATES, says);
    }
}

/// Values at the edges of their ranges: met where taken, violated where refused.
fn edges(text: &str, refused: Option<&str>, sink: &mut Sink) {
    const MOST: u64 = 99_999_999;
    let definition = crate::view::Definition::read(text);
    let [timeout_row, beat_row, retry_row] = EDGES else { return };
    let mut note = |row: &CheckRow| match refused {
        Some(says) => sink.violated(*row, says),
        None => sink.met(*row),
    };
    // statelint wants less than 99,999,999: the edge itself is either (DEF-11).
    if refused.is_some() && text.contains("99999999") {
        return;
    }
    for state in definition.states.values() {
        let number = |member: &str| state.json.get(member).and_then(Value::as_u64);
        let (timeout, beat) = (number("TimeoutSeconds"), number("HeartbeatSeconds"));
        if [timeout, beat].into_iter().flatten().any(|n| n == 1 || n >= MOST - 1) {
            note(timeout_row);
        }
        if matches!((timeout, beat), (Some(timeout), Some(beat)) if beat + 1 == timeout) {
            note(beat_row);
        }
        for retrier in state.retriers() {
            let at = |member: &str, edges: &[f64]| {
                retrier.get(member).and_then(Value::as_f64).is_some_and(|n| edges.contains(&n))
            };
            if at("IntervalSeconds", &[1.0, 99_999_999.0])
                || at("MaxAttempts", &[0.0, 99_999_999.0])
                || at("BackoffRate", &[1.0])
                || at("MaxDelaySeconds", &[1.0, 31_622_400.0])
                || retrier.get("JitterStrategy").is_some()
            {
                note(retry_row);
            }
        }
    }
}

/// Whether the definition has a callback task whose arguments never mention the token.
fn unmentioned(_: &View<'_>, call: &Call<'_>) -> bool {
    let Some(text) = call.text("definition").filter(|text| text.contains(".waitForTaskToken")) else {
        return false;
    };
    let definition = crate::view::Definition::read(text);
    definition
        .states
        .values()
        .any(|state| state.is_callback() && !state.template().is_some_and(mentions_token))
}

/// A callback task without token waits: it ends by its timeout only.
fn waits(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let Some(state) = view.state_of(attempt) else { continue };
        if !state.is_callback() || state.template().is_some_and(mentions_token) {
            continue;
        }
        match attempt.end(view.events(attempt)) {
            Some(event) if event.kind == "TaskTimedOut" => sink.met(NO_TOKEN),
            Some(event) if event.kind == "TaskSucceeded" => {
                sink.violated_at(NO_TOKEN, Some(event.id), "a callback task that sent no token did not wait");
            }
            _ => {}
        }
    }
    for execution in &view.executions {
        let (Some(definition), Some(read)) =
            (&execution.definition, execution.best.and_then(|read| view.reads.get(read)))
        else {
            continue;
        };
        let Some(last) = read.terminal().filter(|last| last.kind == "ExecutionFailed") else { continue };
        let entered = read.history.get(last.previous).filter(|event| event.kind == "TaskStateEntered");
        let state = entered.and_then(|event| event.text("name")).and_then(|name| definition.states.get(name));
        let plain = |value: Option<&Value>| value.is_some_and(|value| !value.to_string().contains(".$\""));
        if state.is_some_and(|state| state.is_callback() && plain(state.template()) && !state.jsonata)
            && last.text("error") != Some("States.DataLimitExceeded")
        {
            sink.violated_at(
                NO_TOKEN,
                Some(last.id),
                format!("a callback task without token failed with {:?}", last.text("error")),
            );
        }
    }
}

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
                        && said(call, "creationDate") == said(first, "creationDate");
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

fn validation(view: &View<'_>, sink: &mut Sink) {
    let mut by_text: BTreeMap<(&str, bool), Vec<&Call<'_>>> = BTreeMap::new();
    for call in &view.calls {
        if matches!(
            call.operation,
            Api::CreateStateMachine | Api::UpdateStateMachine | Api::ValidateStateMachineDefinition
        ) && let Some(text) = call.text("definition")
        {
            by_text.entry((text, call.text("type") == Some("EXPRESS"))).or_default().push(call);
        }
    }
    for call in view.calls_of(Api::ValidateStateMachineDefinition) {
        let Some(reply) = call.answer.done() else { continue };
        let result = reply.get("result").and_then(Value::as_str);
        let diagnostics = reply.get("diagnostics").and_then(Value::as_array);
        let errors = diagnostics
            .into_iter()
            .flatten()
            .filter(|d| d.get("severity").and_then(Value::as_str) == Some("ERROR"))
            .count();
        let warnings = diagnostics.map_or(0, Vec::len) - errors;
        let wants_warnings = call.text("severity") == Some("WARNING");
        let most =
            call.input.get("maxResults").and_then(Value::as_u64).filter(|most| *most > 0).unwrap_or(100);
        let held = match result {
            Some("OK") => errors == 0,
            Some("FAIL") => errors > 0,
            _ => false,
        } && diagnostics.is_some()
            && (wants_warnings || warnings == 0)
            && diagnostics.map_or(0, Vec::len) as u64 <= most;
        sink.expect(RESULT, held, || {
            format!("validation answered {result:?} with {errors} errors and {warnings} warnings")
        });
        let Some(text) = call.text("definition") else { continue };
        // What is surely wrong, or surely right because it was created, must be said so.
        let express = call.text("type") == Some("EXPRESS");
        if let Some((_, what)) = flaws(text, express).first() {
            sink.expect(AGREE, result == Some("FAIL"), || {
                format!("validation says {result:?} though {what}")
            });
        }
        for other in by_text.get(&(text, express)).into_iter().flatten() {
            if other.operation == Api::CreateStateMachine {
                let created = match other.answer {
                    Answer::Done(_) => true,
                    Answer::Refused(error) if error.code == "InvalidDefinition" => false,
                    _ => continue,
                };
                sink.expect(AGREE, created == (result == Some("OK")), || {
                    format!("validation says {result:?}, CreateStateMachine answered {}", other.answer.says())
                });
            }
        }
    }
    for calls in by_text.values() {
        let taken = |operation: Api| {
            calls.iter().filter(|call| call.operation == operation).find_map(|call| match call.answer {
                Answer::Done(_) => Some(true),
                Answer::Refused(error) if error.code == "InvalidDefinition" => Some(false),
                _ => None,
            })
        };
        if let (Some(created), Some(updated)) =
            (taken(Api::CreateStateMachine), taken(Api::UpdateStateMachine))
        {
            sink.expect(UPDATE, created == updated, || {
                "update and creation disagree on a definition".to_owned()
            });
        }
    }
}
