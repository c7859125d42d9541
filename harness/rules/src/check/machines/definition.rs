//! DEF: creating, changing, deleting and validating state machines.

use record::Operation as Api;
use serde_json::Value;

use crate::check::executions::start::name_flaw;
use crate::check::machines::invalid_definition::flaws;
use crate::check::{Check, Group, Sink};
use crate::view::definition::mentions_token;
use crate::view::{Answer, Call, View, unqualified};

const CREATES: Check = Check::of(
    "DEF-01",
    "create-answers-arn-and-date",
    "a lawful CreateStateMachine answers stateMachineArn and creationDate; a member missing is refused",
);
const NAME: Check = Check::of(
    "DEF-03",
    "machine-names-are-validated",
    "a machine name is 1-80 characters without forbidden ones",
);
const NO_TOKEN: Check = Check::of(
    "DEF-20",
    "callback-without-token-is-taken",
    "a callback task that never mentions the token is created, and waits",
);
const PUBLISH: Check =
    Check::of("DEF-25", "description-needs-publish", "versionDescription without publish is refused");
const JSONATA: Check =
    Check::of("IO-13", "jsonata-token", "in JSONata machines the token is in states.context.Task.Token");
const REACH: Check = Check::of(
    "DEF-10",
    "unreachable-state-is-either",
    "a definition with an unreachable state is taken or refused (A-13)",
);

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: FLAWED, run: definitions },
    Group { checks: EDGES, run: |_, _| {} },
    Group { checks: &[CREATES, NAME, NO_TOKEN, PUBLISH, REACH], run: |_, _| {} },
    Group { checks: &[NO_TOKEN], run: waits },
];

const fn refused(rule: &'static str, about: &'static str) -> Check {
    Check::of(rule, "flawed-definition-is-refused", about)
}

/// One row for each kind of flaw.
const FLAWED: &[Check] = &[
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

const EDGES: &[Check] = &[
    Check::of("DEF-11", "timeout-edges-are-taken", "1 and 99,999,999 are lawful timeouts"),
    Check::of("DEF-12", "heartbeat-just-below-timeout-is-taken", "a heartbeat below the timeout is lawful"),
    Check::of("DEF-16", "retrier-edges-are-taken", "retrier members at their edges are lawful"),
];

fn row(rule: &str) -> Option<Check> {
    FLAWED.iter().copied().find(|row| row.rule == rule)
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
        // A machine is not seen at once, nor gone at once (DEF-26, DEF-30).
        Answer::Refused(error)
            if call.operation == Api::UpdateStateMachine
                && matches!(
                    error.code.as_str(),
                    "StateMachineDoesNotExist" | "StateMachineDeleting" | "ConflictException"
                ) => {}
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
        sink.unsupported(JSONATA, "jsonata");
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
    let mut note = |row: &Check| match refused {
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
