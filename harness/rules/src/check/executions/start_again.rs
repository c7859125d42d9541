//! START-08..12, START-20, START-21: starts that share a name, one after the other and at once.
//!
//! Every way in which the answers can have followed each other is allowed for; only what fits none is accused.

use std::collections::BTreeMap;

use record::{ApiError, Operation as Api};
use serde_json::Value;

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
    let Some(first) = done.first() else {
        let refused = calls.iter().all(|call| call.answer.code() == Some("ExecutionAlreadyExists"));
        let open_ended = calls.iter().any(|call| call.answer.is_open_ended());
        if refused && !open_ended {
            sink.violated(RACE, "every start with a fresh name answered ExecutionAlreadyExists");
        }
        return;
    };
    let execution = said(first, "executionArn")
        .and_then(|arn| arn.as_str().and_then(|arn| view.by_arn.get(arn)).copied())
        .and_then(|index| view.executions.get(index));
    for call in calls.iter().filter(|call| call.index != first.index) {
        let again = Again::of(call, first, calls, execution);
        match call.answer {
            Answer::Done(_) => again.taken(&done, sink),
            Answer::Refused(error) if error.code == "ExecutionAlreadyExists" => {
                let last = done.len() + 1 >= calls.len();
                again.known(last, || surely_open(view, execution, call), sink);
            }
            Answer::Refused(error) if again.decided => again.refused(error, sink),
            _ => {}
        }
    }
}

fn said<'c>(call: &Call<'c>, member: &str) -> Option<&'c Value> {
    call.answer.done().and_then(|reply| reply.get(member))
}

/// How the input of a start is like that of an earlier one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Same,
    /// The same JSON in other bytes.
    Respelled,
    Other,
}

/// A start with a name that another start got first.
struct Again<'c, 'v> {
    call: &'c Call<'v>,
    first: &'c Call<'v>,
    /// It ran at the same time as another one.
    overlap: bool,
    /// The first confirmed start decides what the execution runs; an unconfirmed or concurrent one may have.
    decided: bool,
    input: Likeness,
    /// The execution was closed before.
    closed: bool,
}

impl<'c, 'v> Again<'c, 'v> {
    fn of(
        call: &'c Call<'v>,
        first: &'c Call<'v>,
        calls: &[&Call<'_>],
        execution: Option<&Execution<'_>>,
    ) -> Self {
        let input = match (input_of(call), input_of(first)) {
            (again, before) if again == before => Likeness::Same,
            (again, before) if same_json_text(again, before) => Likeness::Respelled,
            _ => Likeness::Other,
        };
        Self {
            call,
            first,
            overlap: calls
                .iter()
                .any(|other| other.index != call.index && !other.precedes(call) && !call.precedes(other)),
            decided: first.precedes(call)
                && !calls.iter().any(|other| other.answer.is_open_ended() && !first.precedes(other)),
            input,
            closed: execution.and_then(|execution| execution.closed).is_some_and(|at| at < call.begun),
        }
    }

    fn is_race(&self) -> bool {
        self.overlap && !self.decided
    }

    /// It was answered like a start.
    fn taken(&self, done: &[&&Call<'_>], sink: &mut Sink) {
        let (call, first) = (self.call, self.first);
        let same_answer = said(call, "executionArn") == said(first, "executionArn")
            && same_date(said(call, "startDate"), said(first, "startDate"));
        if self.input == Likeness::Other {
            let differs = |other: &&&Call<'_>| !same_json_text(input_of(other), input_of(call));
            if !same_answer || self.decided || done.iter().any(differs) {
                let check = if self.is_race() { RACE } else { OTHER };
                sink.violated(check, "a start with the same name and another input answered 200");
            }
        } else if self.closed && self.decided {
            sink.violated(CLOSED, "a start with the name of a closed execution answered 200");
        } else if !same_answer {
            let check = match self.input {
                _ if self.overlap => CONCURRENT,
                Likeness::Same => REPEATED,
                _ => SPELLING,
            };
            sink.violated(check, "the same start again answered another ARN or startDate");
        } else if self.is_race() {
            sink.met(CONCURRENT);
        } else if self.input == Likeness::Same {
            sink.met(REPEATED);
        } else {
            sink.observed(SPELLING, "A-07: a re-spelled input counts as the same");
        }
    }

    /// It was refused with ExecutionAlreadyExists.
    fn known(&self, is_last: bool, is_open: impl Fn() -> bool, sink: &mut Sink) {
        if self.input == Likeness::Other {
            sink.met(if self.is_race() { RACE } else { OTHER });
        } else if self.input == Likeness::Respelled {
            sink.observed(SPELLING, "A-07: a re-spelled input is refused");
        } else if self.closed {
            sink.met(CLOSED);
        } else if (self.decided || is_last) && is_open() {
            if self.is_race() {
                // START-20 speaks of those that are taken.
                sink.observed(CONCURRENT, "one of several equal starts at once is refused");
            } else {
                let message = "the same start of a running execution answered ExecutionAlreadyExists";
                sink.violated(REPEATED, message);
            }
        }
    }

    /// It was refused otherwise, although the name was in use.
    fn refused(&self, error: &ApiError, sink: &mut Sink) {
        let code = error.code.as_str();
        let is_about_else = matches!(code, "StateMachineDeleting" | "StateMachineDoesNotExist")
            || code == "ExecutionLimitExceeded" && !self.closed;
        if is_about_else {
            return;
        }
        let expected = format!("expected ExecutionAlreadyExists, saw {code} ({})", error.status);
        let in_use = format!("a start with a name in use answered {code} ({})", error.status);
        match self.input {
            _ if self.closed => sink.violated(CLOSED, expected),
            Likeness::Other => sink.violated(OTHER, expected),
            _ => sink.violated(REPEATED, in_use),
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
