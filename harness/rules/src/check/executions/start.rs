//! START: starting executions, names, inputs and idempotency.

use std::collections::BTreeMap;

use record::Operation as Api;
use serde_json::Value;

use crate::check::{Check, Group, Sink};
use crate::view::{Answer, Arn, Call, View, is_json, same_json_text, unqualified};

pub(in crate::check) const ANSWERS: Check = Check::of(
    "START-01",
    "start-answers-arn-and-date",
    "a lawful StartExecution answers executionArn and startDate, and one execution is listed",
);
const ARN: Check = Check::of(
    "START-02",
    "execution-arn-has-its-parts",
    "the execution ARN holds partition, region, account, machine and name",
);
const UUID: Check = Check::of(
    "START-03",
    "nameless-start-makes-a-uuid",
    "without name the service makes a UUID, another each time",
);
const LENGTH: Check = Check::of("START-04", "name-length-is-validated", "a name has 1 to 80 characters");
const SCRIPTS: Check =
    Check::of("START-05", "names-of-any-script", "non-ASCII names are taken and come back unchanged");
const FORBIDDEN: Check = Check::of(
    "START-06",
    "forbidden-characters-are-refused",
    "a forbidden character in a name is InvalidName",
);
const ALLOWED: Check =
    Check::of("START-07", "allowed-characters-are-taken", "every character that is not forbidden is taken");
const INPUT_LENGTH: Check = Check::of(
    "START-14",
    "input-is-bounded-in-bytes",
    "input of up to 262,144 bytes is taken, more is refused",
);
const INPUT_JSON: Check = Check::of(
    "START-15",
    "input-must-be-json",
    "input that is no JSON is InvalidExecutionInput; any JSON value is taken",
);
const NO_INPUT: Check = Check::of("START-16", "absent-input-is-empty-object", "omitted input counts as {}");
const MACHINE: Check = Check::of(
    "START-17",
    "unknown-machine-is-refused",
    "an unknown machine is StateMachineDoesNotExist, a malformed ARN InvalidArn",
);
const LABEL: Check = Check::of("START-18", "labelled-arn-is-refused", "an ARN with a Map label is refused");
const ONCE: Check =
    Check::of("START-22", "tasks-run-once", "without Retry a state visit schedules its task once");
const TRACE: Check =
    Check::of("START-24", "trace-header-is-bounded", "a traceHeader over 256 characters is refused");

pub(in crate::check) const GROUPS: &[Group] = &[
    Group {
        checks: &[
            ANSWERS,
            ARN,
            UUID,
            LENGTH,
            SCRIPTS,
            FORBIDDEN,
            ALLOWED,
            INPUT_LENGTH,
            INPUT_JSON,
            NO_INPUT,
            MACHINE,
            LABEL,
            TRACE,
        ],
        run: single,
    },
    Group { checks: &[ONCE], run: once },
    Group { checks: &[ANSWERS], run: listed },
    Group { checks: &[NO_INPUT], run: defaulted },
];

/// What is wrong with a name, if anything (START-04, START-06).
pub(in crate::check) fn name_flaw(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("no characters");
    }
    if name.chars().count() > 80 {
        return Some("more than 80 characters");
    }
    let forbidden = |c: char| {
        c.is_whitespace()
            || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c)
            || matches!(c, '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
    };
    name.chars().any(forbidden).then_some("a forbidden character")
}

/// The most bytes of an input.
const INPUT_LIMIT: usize = 262_144;

fn single(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::StartExecution) {
        if call.garbled || !call.was_looked_at() || !call.has("stateMachineArn") {
            continue;
        }
        let mut faults: Vec<(Check, &str, &[&str])> = Vec::new();
        let arn = call.text("stateMachineArn").unwrap_or_default();
        let read = Arn::read(arn);
        let labelled = read.is_some_and(|arn| arn.kind == "stateMachine" && arn.rest.contains('/'));
        if call.has("stateMachineArn") {
            if labelled {
                faults.push((LABEL, "a labelled ARN", &["ValidationException"]));
            } else if arn.is_empty() || arn.chars().count() > 256 {
                faults.push((
                    MACHINE,
                    "a machine ARN of no lawful length",
                    &["ValidationException", "InvalidArn"],
                ));
            } else if read.is_none_or(|arn| !matches!(arn.kind, "stateMachine")) {
                faults.push((MACHINE, "a malformed machine ARN", &["InvalidArn"]));
            } else if !view.by_machine.contains_key(unqualified(arn)) && !made_maybe(view, arn) {
                faults.push((MACHINE, "an unknown machine", &["StateMachineDoesNotExist"]));
            }
        }
        match call.text("name").and_then(name_flaw) {
            Some(what @ "a forbidden character") => {
                faults.push((FORBIDDEN, what, &["InvalidName", "ValidationException"]));
            }
            Some(what) => faults.push((LENGTH, what, &["ValidationException", "InvalidName"])),
            None => {}
        }
        if let Some(input) = call.text("input") {
            if input.len() > INPUT_LIMIT {
                faults.push((
                    INPUT_LENGTH,
                    "an input over 262,144 bytes",
                    &["ValidationException", "InvalidExecutionInput"],
                ));
            }
            if !is_json(input) {
                faults.push((INPUT_JSON, "an input that is no JSON", &["InvalidExecutionInput"]));
            }
        }
        if call.text("traceHeader").is_some_and(|header| header.chars().count() > 256 || !header.is_ascii()) {
            faults.push((TRACE, "an unlawful traceHeader", &["ValidationException"]));
        }
        match faults.as_slice() {
            // A request without a machine is WIRE-05's.
            [] if !call.has("stateMachineArn") => {}
            [] => lawful(view, call, sink),
            [(row, what, codes)] => {
                sink.expect(*row, call.answer.code().is_some_and(|code| codes.contains(&code)), || {
                    format!(
                        "StartExecution with {what}: expected {}, saw {}",
                        codes.join(" or "),
                        call.answer.says()
                    )
                });
            }
            [(row, what, _), ..] => {
                if call.answer.done().is_some() {
                    sink.violated(*row, format!("StartExecution with {what} answered 200"));
                }
            }
        }
    }
}

/// Whether a creation that nobody confirmed may have made the machine, or another case did.
pub(in crate::check) fn made_maybe(view: &View<'_>, arn: &str) -> bool {
    let name = Arn::read(arn).and_then(Arn::machine).unwrap_or_default();
    let named = |call: &Call<'_>| {
        call.text("name") == Some(name) && !matches!(call.answer, Answer::Refused(_) | Answer::Done(_))
    };
    view.calls_of(Api::CreateStateMachine).any(named)
        || view.calls.iter().any(|call| {
            call.answer.done().is_some()
                && matches!(
                    call.operation,
                    Api::ListStateMachines | Api::DescribeStateMachine | Api::PublishStateMachineVersion
                )
                && call.answer.done().is_some_and(|reply| reply.to_string().contains(arn))
        })
        || view.machines.is_empty()
}

fn lawful(view: &View<'_>, call: &Call<'_>, sink: &mut Sink) {
    let name = call.text("name");
    let plain =
        name.is_none_or(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    let input = call.text("input").unwrap_or("{}");
    let reply = match call.answer {
        Answer::Done(reply) => reply,
        Answer::Refused(error) => {
            let says = || format!("a lawful StartExecution answered {} ({})", error.code, error.status);
            match error.code.as_str() {
                "InvalidName" => {
                    let row = match name {
                        Some(name) if name.is_ascii() => {
                            if plain {
                                LENGTH
                            } else {
                                ALLOWED
                            }
                        }
                        _ => SCRIPTS,
                    };
                    sink.violated(row, says());
                }
                "InvalidExecutionInput" => sink
                    .violated(if input.len() > INPUT_LIMIT / 2 { INPUT_LENGTH } else { INPUT_JSON }, says()),
                "ValidationException" => {
                    let row = if input.len() > INPUT_LIMIT / 4 {
                        INPUT_LENGTH
                    } else if name.is_some_and(|name| !name.is_ascii()) {
                        SCRIPTS
                    } else if !plain {
                        ALLOWED
                    } else if name.is_some_and(|name| name.len() == 80 || name.len() == 1) {
                        LENGTH
                    } else {
                        ANSWERS
                    };
                    sink.violated(row, says());
                }
                "InvalidArn" => sink.violated(ANSWERS, says()),
                _ => {} // repeated names, deleted and unsettled machines are judged elsewhere
            }
            return;
        }
        _ => return,
    };
    let arn = reply.get("executionArn").and_then(Value::as_str);
    let dated = reply.get("startDate").is_some_and(|date| !date.is_null());
    sink.expect(ANSWERS, arn.is_some() && dated, || {
        "StartExecution answered without executionArn or startDate".to_owned()
    });
    let Some(arn) = arn else { return };
    let express = call
        .text("stateMachineArn")
        .and_then(|arn| view.by_machine.get(unqualified(arn)))
        .and_then(|machine| view.machines.get(*machine))
        .is_some_and(|machine| machine.express);
    if express {
        return;
    }
    let (machine, execution) = (call.text("stateMachineArn").and_then(Arn::read), Arn::read(arn));
    let held = match (machine, execution) {
        (Some(machine), Some(execution)) => {
            let parts = execution.execution();
            machine.partition == execution.partition
                && machine.region == execution.region
                && machine.account == execution.account
                && parts.map(|parts| parts.0) == machine.machine()
                && name.is_none_or(|name| parts.is_some_and(|parts| parts.1 == name))
        }
        _ => false,
    };
    sink.expect(ARN, held, || "the execution ARN does not hold the machine's parts and the name".to_owned());
    match name {
        None => nameless(view, call, arn, sink),
        Some(name) => {
            if matches!(name.chars().count(), 1 | 80) {
                sink.met(LENGTH);
            }
            if !name.is_ascii() {
                sink.met(SCRIPTS);
            } else if !plain {
                sink.met(ALLOWED);
            }
        }
    }
    if input.len() > INPUT_LIMIT / 2 {
        sink.met(INPUT_LENGTH);
    }
    sink.met(INPUT_JSON);
}

/// The name that the service makes is a UUID, and another one each time.
fn nameless(view: &View<'_>, call: &Call<'_>, arn: &str, sink: &mut Sink) {
    let made = Arn::read(arn).and_then(Arn::execution).map(|parts| parts.1).unwrap_or_default();
    sink.expect(UUID, is_uuid(made), || "a start without name made a name that is no UUID".to_owned());
    let starts = view.by_arn.get(arn).and_then(|at| view.executions.get(*at)).map(|found| &found.starts);
    if starts.is_some_and(|starts| starts.iter().any(|start| *start < call.index)) {
        sink.violated(UUID, "a start without name answered an execution that had been started before");
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

fn once(view: &View<'_>, sink: &mut Sink) {
    let mut by_visit: BTreeMap<(usize, u64), usize> = BTreeMap::new();
    for attempt in &view.attempts {
        if let Some(visit) = attempt.visit {
            *by_visit.entry((attempt.execution, visit)).or_default() += 1;
        }
    }
    for attempt in view.attempts.iter().filter(|attempt| attempt.number == 0) {
        let Some(state) = view.state_of(attempt) else { continue };
        let redriven =
            view.executions.get(attempt.execution).is_some_and(|execution| !execution.redrives.is_empty())
                || view.events(attempt).iter().any(|event| event.kind == "ExecutionRedriven");
        if !state.retriers().is_empty() || redriven {
            continue;
        }
        let count =
            attempt.visit.and_then(|visit| by_visit.get(&(attempt.execution, visit))).copied().unwrap_or(1);
        sink.expect(ONCE, count == 1, || {
            format!("state {} has no Retry but was scheduled {count} times in one visit", state.name)
        });
    }
}

/// ListExecutions shows each execution once, and none that nobody started.
fn listed(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::ListExecutions) {
        let own =
            call.text("stateMachineArn").is_some_and(|arn| view.by_machine.contains_key(unqualified(arn)));
        let Some(listed) =
            call.answer.done().and_then(|reply| reply.get("executions")).and_then(Value::as_array)
        else {
            continue;
        };
        let mut arns: Vec<&str> =
            listed.iter().filter_map(|e| e.get("executionArn").and_then(Value::as_str)).collect();
        let count = arns.len();
        arns.sort_unstable();
        arns.dedup();
        if arns.len() < count {
            sink.violated(ANSWERS, "ListExecutions shows one execution twice in a page");
        } else if own {
            // Shared machines run executions of other cases, so only its own can be judged (LIST-04).
            sink.met(ANSWERS);
        }
    }
}

fn defaulted(view: &View<'_>, sink: &mut Sink) {
    for execution in &view.executions {
        let absent = execution
            .starts
            .first()
            .and_then(|call| view.calls.get(*call))
            .is_some_and(|call| !call.has("input"));
        let Some(read) = execution.best.and_then(|read| view.reads.get(read)).filter(|_| absent) else {
            continue;
        };
        if let Some(first) = read.history.events.iter().find(|event| event.is_entered()) {
            let input = first.text("input");
            sink.expect(NO_INPUT, input.is_some_and(|input| same_json_text(input, "{}")), || {
                format!("without input the first state was entered with {input:?}")
            });
        }
    }
}
