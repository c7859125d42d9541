//! START-08..12, START-20, START-21: starts that share a name, one after the other and at once.
//!
//! Every way in which the answers can have followed each other is allowed for; only what fits none is accused.

use std::collections::BTreeMap;

use record::Operation as Api;

use crate::check::executions::start::{ANSWERS, name_flaw};
use crate::check::{Check, Group, Sink};
use crate::tolerance::APART;
use crate::view::{
    Answer, Call, Effect, Execution, Verb, View, is_json, open_until, same_date, same_json_text, unqualified,
};

const PER_MACHINE: Check = Check::of("START-08", "names-are-per-machine", "one name starts on two machines");
const REPEATED: Check = Check::of(
    "START-09",
    "same-start-again-answers-the-same",
    "same name and input as a running execution answer its ARN and date",
);
const OTHER: Check =
    Check::of("START-10", "other-input-is-refused", "same name and other input are ExecutionAlreadyExists");
const CLOSED: Check = Check::of(
    "START-11",
    "name-of-closed-execution-is-refused",
    "same name and input as a closed execution are ExecutionAlreadyExists",
);
const SPELLING: Check = Check::of(
    "START-12",
    "respelled-input-is-either",
    "the same JSON spelled otherwise is taken as the same or refused (A-07)",
);
const CONCURRENT: Check = Check::of(
    "START-20",
    "concurrent-same-starts-make-one",
    "concurrent starts with one name and input make one execution",
);
const RACE: Check = Check::of(
    "START-21",
    "concurrent-other-starts-make-one",
    "of concurrent starts with one name and different inputs one wins",
);

pub(in crate::check) const GROUPS: &[Group] =
    &[Group { checks: &[PER_MACHINE, REPEATED, OTHER, CLOSED, SPELLING, CONCURRENT, RACE], run: named }];

fn named(view: &View<'_>, sink: &mut Sink) {
    let mut by_name: BTreeMap<(&str, &str), Vec<&Call<'_>>> = BTreeMap::new();
    let mut machines_of: BTreeMap<&str, Vec<&Call<'_>>> = BTreeMap::new();
    for call in view.calls_of(Api::StartExecution) {
        if call.garbled {
            continue;
        }
        let (Some(machine), Some(name)) = (call.text("stateMachineArn"), call.text("name")) else { continue };
        if name_flaw(name).is_some() || !call.text("input").is_none_or(is_json) {
            continue;
        }
        by_name.entry((unqualified(machine), name)).or_default().push(call);
        machines_of.entry(name).or_default().push(call);
    }
    for calls in machines_of.values() {
        let Some(first) = calls.first() else { continue };
        let elsewhere =
            calls.iter().find(|call| call.text("stateMachineArn") != first.text("stateMachineArn"));
        if let Some(other) = elsewhere {
            let alone = by_name
                .get(&(
                    unqualified(other.text("stateMachineArn").unwrap_or_default()),
                    other.text("name").unwrap_or_default(),
                ))
                .is_some_and(|same| same.len() == 1);
            match (first.answer, other.answer) {
                (Answer::Done(one), Answer::Done(two)) => {
                    sink.expect(PER_MACHINE, one.get("executionArn") != two.get("executionArn"), || {
                        "one name on two machines answered one ARN".to_owned()
                    });
                }
                (_, Answer::Refused(error)) if error.code == "ExecutionAlreadyExists" && alone => {
                    sink.violated(PER_MACHINE, "one name on another machine answered ExecutionAlreadyExists");
                }
                _ => {}
            }
        }
    }
    for calls in by_name.values() {
        if calls.len() == 1 {
            let Some(call) = calls.first() else { continue };
            if call.answer.code() == Some("ExecutionAlreadyExists") {
                sink.violated(ANSWERS, "a fresh name answered ExecutionAlreadyExists");
            }
            continue;
        }
        group(view, calls, sink);
    }
}

fn input_of<'c>(call: &'c Call<'_>) -> &'c str {
    call.text("input").unwrap_or("{}")
}

fn group(view: &View<'_>, calls: &[&Call<'_>], sink: &mut Sink) {
    let done: Vec<&&Call<'_>> = calls.iter().filter(|call| call.answer.done().is_some()).collect();
    let open_ended = calls.iter().any(|call| call.answer.is_open_ended());
    let Some(first) = done.first() else {
        let refused = calls.iter().all(|call| call.answer.code() == Some("ExecutionAlreadyExists"));
        if refused && !open_ended {
            sink.violated(RACE, "every start with a fresh name answered ExecutionAlreadyExists");
        }
        return;
    };
    let said =
        |call: &Call<'_>, member: &str| call.answer.done().and_then(|reply| reply.get(member)).cloned();
    let execution = said(first, "executionArn")
        .and_then(|arn| arn.as_str().and_then(|arn| view.by_arn.get(arn)).copied())
        .and_then(|index| view.executions.get(index));
    for call in calls.iter().filter(|call| call.index != first.index) {
        let overlap = calls
            .iter()
            .any(|other| other.index != call.index && !other.precedes(call) && !call.precedes(other));
        // The first confirmed start decides what the execution runs, unless an unconfirmed or concurrent one may have.
        let decided = first.precedes(call)
            && !calls.iter().any(|other| other.answer.is_open_ended() && !first.precedes(other));
        let same_bytes = input_of(call) == input_of(first);
        let same_value = same_bytes || same_json_text(input_of(call), input_of(first));
        let closed =
            execution.and_then(|execution| execution.closed).is_some_and(|closed| closed < call.begun);
        match call.answer {
            Answer::Done(_) => {
                let same_answer = said(call, "executionArn") == said(first, "executionArn")
                    && same_date(said(call, "startDate").as_ref(), said(first, "startDate").as_ref());
                if !same_value {
                    let row = if overlap && !decided { RACE } else { OTHER };
                    if !same_answer
                        || decided
                        || done.iter().any(|other| !same_json_text(input_of(other), input_of(call)))
                    {
                        sink.violated(row, "a start with the same name and another input answered 200");
                    }
                } else if closed && decided {
                    sink.violated(CLOSED, "a start with the name of a closed execution answered 200");
                } else if !same_answer {
                    let row = if overlap {
                        CONCURRENT
                    } else if same_bytes {
                        REPEATED
                    } else {
                        SPELLING
                    };
                    sink.violated(row, "the same start again answered another ARN or startDate");
                } else if overlap && !decided {
                    sink.met(CONCURRENT);
                } else if same_bytes {
                    sink.met(REPEATED);
                } else {
                    sink.observed(SPELLING, "A-07: a re-spelled input counts as the same");
                }
            }
            Answer::Refused(error) if error.code == "ExecutionAlreadyExists" => {
                if !same_value {
                    sink.met(if overlap && !decided { RACE } else { OTHER });
                } else if !same_bytes {
                    sink.observed(SPELLING, "A-07: a re-spelled input is refused");
                } else if closed {
                    sink.met(CLOSED);
                } else if (decided || done.len() + 1 >= calls.len()) && surely_open(view, execution, call) {
                    if overlap && !decided {
                        // START-20 speaks of those that are taken.
                        sink.observed(CONCURRENT, "one of several equal starts at once is refused");
                    } else {
                        sink.violated(
                            REPEATED,
                            "the same start of a running execution answered ExecutionAlreadyExists",
                        );
                    }
                }
            }
            Answer::Refused(error)
                if decided
                    && !closed
                    && error.code != "ExecutionLimitExceeded"
                    && error.code != "StateMachineDeleting"
                    && error.code != "StateMachineDoesNotExist" =>
            {
                let row = if same_value { REPEATED } else { OTHER };
                if error.code != "ValidationException" || row == REPEATED {
                    sink.violated(
                        row,
                        format!("a start with a name in use answered {} ({})", error.code, error.status),
                    );
                } else {
                    sink.violated(OTHER, format!("expected ExecutionAlreadyExists, saw {}", error.code));
                }
            }
            Answer::Refused(error)
                if decided
                    && closed
                    && error.code != "StateMachineDeleting"
                    && error.code != "StateMachineDoesNotExist" =>
            {
                sink.violated(
                    CLOSED,
                    format!("expected ExecutionAlreadyExists, saw {} ({})", error.code, error.status),
                );
            }
            _ => {}
        }
    }
}

/// Whether the execution was surely still running when the call was answered.
fn surely_open(view: &View<'_>, execution: Option<&Execution<'_>>, call: &Call<'_>) -> bool {
    let Some(execution) = execution else { return false };
    if open_until(execution, &view.reads, view.offset).is_some_and(|until| until.0 - APART > call.ended.0) {
        return true;
    }
    let Some(index) = view.by_arn.get(execution.arn) else { return false };
    view.tokens.iter().filter(|token| token.execution == Some(*index)).any(|token| {
        view.operations_of(token).any(|op| {
            op.effect == Effect::Accepted
                && op.begun >= call.ended
                && matches!(op.verb, Verb::Success | Verb::Failure | Verb::Heartbeat)
        })
    })
}
