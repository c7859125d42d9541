//! TOK-02, 04, 10, 13..16, 22..25, HB-06..08, ERR-26: what the answers of SendTask* calls say of a token's state.

use crate::check::tokens::closing::{Cause, Closing, closings, register};
use crate::check::tokens::input::faults;
use crate::check::tokens::open::{self, DENIED, LONG, LONG_LIVED, MANY_BEATS, VERBATIM};
use crate::check::{Check, Group, Sink};
use crate::token::{Fault, linearizable};
use crate::view::{Answer, Bearer, Call, Effect, Operation, TOKEN_LIMIT, Token, Verb, View};

const LENGTH: Check =
    Check::of("TOK-02", "token-has-a-lawful-length", "an issued token has 1 to 2,048 characters");
const ACCEPTED: Check = Check::of(
    "TOK-07",
    "open-token-takes-success",
    "SendTaskSuccess with the token of an open task is accepted",
);
const FAILURE: Check = Check::of(
    "TOK-11",
    "open-token-takes-failure",
    "SendTaskFailure with the token of an open task is accepted",
);
const STILL_OPEN: Check =
    Check::of("TOK-10", "refused-call-leaves-task-open", "a refused call does not close the task");
const USED: Check = Check::of(
    "TOK-13",
    "used-token-is-refused",
    "after a completion every call with the token answers TaskTimedOut",
);
const EXPIRED: Check = Check::of(
    "TOK-14",
    "expired-token-is-refused",
    "after a timeout every call with the token answers TaskTimedOut",
);
const STOPPED: Check = Check::of(
    "TOK-15",
    "token-of-ended-execution-is-refused",
    "the token of an execution that ended or was stopped is closed",
);
const RETRIED: Check =
    Check::of("TOK-16", "token-of-old-attempt-is-refused", "after a retry the old attempt's token is closed");
const ONE_WINS: Check = Check::of(
    "TOK-22",
    "one-concurrent-completion-wins",
    "of concurrent completions exactly one answers 200",
);
const EARLY: Check =
    Check::of("TOK-23", "token-is-usable-at-once", "a token is usable as soon as a consumer can read it");
const OWN_TASK: Check = Check::of(
    "TOK-25",
    "completion-touches-its-own-task-only",
    "completing one token leaves the others open",
);
const FREE_BEAT: Check = Check::of(
    "HB-06",
    "beat-without-window-is-taken",
    "a heartbeat for an open task without HeartbeatSeconds answers 200",
);
const BEAT_CLOSED: Check =
    Check::of("HB-07", "closed-token-cannot-beat", "a heartbeat on a closed token answers TaskTimedOut");
const MISSED: Check = Check::of(
    "HB-08",
    "completion-after-missed-beat-is-refused",
    "a completion after a missed heartbeat answers TaskTimedOut",
);
const BEAT_RESETS: Check = Check::of(
    "HB-03",
    "beat-keeps-the-token-open",
    "a heartbeat is accepted while the task is open and restarts the window",
);
const SIBLING: Check =
    Check::of("ERR-26", "sibling-token-is-closed", "the tokens of aborted siblings answer TaskTimedOut");

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[LENGTH], run: lengths },
    Group {
        checks: &[
            VERBATIM,
            ACCEPTED,
            FAILURE,
            STILL_OPEN,
            USED,
            EXPIRED,
            STOPPED,
            RETRIED,
            ONE_WINS,
            EARLY,
            LONG_LIVED,
            OWN_TASK,
            DENIED,
            FREE_BEAT,
            BEAT_CLOSED,
            MISSED,
            BEAT_RESETS,
            MANY_BEATS,
            SIBLING,
        ],
        run: states,
    },
];

fn lengths(view: &View<'_>, sink: &mut Sink) {
    for token in view.tokens.iter().filter(|token| !token.text.starts_with("token#")) {
        let length = token.text.chars().count();
        sink.expect(LENGTH, (1..=TOKEN_LIMIT).contains(&length), || {
            format!("a token of {length} characters was issued")
        });
    }
}

fn states(view: &View<'_>, sink: &mut Sink) {
    for token in &view.tokens {
        if token.operations.is_empty() {
            continue;
        }
        let closings = closings(view, token);
        let mut explained = false;
        for index in &token.operations {
            let Some(operation) = view.operations.get(*index) else { continue };
            let Some(call) = view.call_of(operation) else { continue };
            let before: Vec<Closing> = closings
                .iter()
                .copied()
                .filter(|closing| closing.by < operation.begun && closing.operation != Some(*index))
                .collect();
            let faulty = !faults(call, operation.verb).is_empty();
            if before.is_empty() {
                explained |= maybe_open(view, token, operation, call, faulty, sink);
            } else {
                explained |= surely_closed(view, token, operation, call, faulty, &before, sink);
            }
        }
        concurrent(view, token, sink);
        if explained {
            continue;
        }
        match linearizable(&register(view, token)) {
            Ok(()) => {}
            Err(Fault::CompletedTwice) => {
                sink.violated(ONE_WINS, "two concurrent completions of one token answered 200");
            }
            Err(Fault::AcceptedAfterClose) => sink.violated(
                ONE_WINS,
                "no closing moment explains the answers: a call was accepted after another was refused as closed",
            ),
            Err(Fault::RefusedBeforeClose) => refused_too_early(view, token, sink),
        }
    }
}

/// A call that began after the token was surely closed. Whether a violation was found.
fn surely_closed(
    view: &View<'_>,
    token: &Token,
    operation: &Operation,
    call: &Call<'_>,
    faulty: bool,
    before: &[Closing],
    sink: &mut Sink,
) -> bool {
    let mut causes: Vec<Cause> = before.iter().map(|closing| closing.cause).collect();
    causes.sort_unstable();
    causes.dedup();
    if causes.len() > 1 {
        causes.retain(|cause| *cause != Cause::Ended);
    }
    let heartbeat = operation.verb == Verb::Heartbeat;
    let windowed = token.attempt.and_then(|a| view.attempts.get(a)).is_some_and(|a| a.heartbeat.is_some());
    let mut rows = Vec::new();
    for cause in &causes {
        match cause {
            Cause::Used => rows.push(USED),
            Cause::Retried => rows.push(RETRIED),
            Cause::TimedOut => rows.push(EXPIRED),
            Cause::Sibling => rows.extend([SIBLING, STOPPED]),
            Cause::Stopped | Cause::Ended => rows.push(STOPPED),
        }
        if *cause == Cause::TimedOut && windowed && !heartbeat {
            rows.push(MISSED);
        }
    }
    let says = || {
        format!(
            "{} after {}: expected TaskTimedOut, saw {}",
            call.operation,
            why(&causes),
            call.answer.says()
        )
    };
    // The first row is the plainest; that a heartbeat was missed is said beside it.
    let accused =
        || rows.iter().enumerate().filter(|(at, row)| *at == 0 || **row == MISSED).map(|(_, row)| *row);
    match (operation.effect, call.answer) {
        (Effect::Accepted, _) => {
            for row in accused() {
                sink.violated(row, says());
            }
            if heartbeat {
                sink.violated(BEAT_CLOSED, says());
            }
            true
        }
        (Effect::Closed, Answer::Refused(error)) => {
            if error.code == "TaskDoesNotExist" {
                let text = "A-04: a closed task answers TaskDoesNotExist".to_owned();
                for row in &rows {
                    sink.observed(*row, text.clone());
                }
                if heartbeat {
                    sink.observed(BEAT_CLOSED, text);
                }
            } else {
                for row in &rows {
                    sink.met(*row);
                }
                if heartbeat {
                    sink.met(BEAT_CLOSED);
                }
            }
            false
        }
        // Who wants an error or a cause says so of any token (TOK-11).
        (Effect::Rejected, Answer::Refused(error)) if error.code == "ValidationException" && lacks(call) => {
            true
        }
        (Effect::Rejected, Answer::Refused(_)) if !faulty => {
            for row in accused() {
                sink.violated(row, says());
            }
            if heartbeat {
                sink.violated(BEAT_CLOSED, says());
            }
            true
        }
        (Effect::Unknown, Answer::Broken(error)) if !view.has_faults() && !view.is_answered_later(call) => {
            if let Some(first) = rows.first() {
                sink.inconclusive(
                    *first,
                    format!("{} on a closed token broke: {} ({})", call.operation, error.code, error.status),
                );
            }
            false
        }
        _ => false,
    }
}

/// Whether a failure says nothing of its error or its cause.
fn lacks(call: &Call<'_>) -> bool {
    call.operation == record::Operation::SendTaskFailure && !(call.has("error") && call.has("cause"))
}

/// A call that may have found the token open. Whether a violation was found.
fn maybe_open(
    view: &View<'_>,
    token: &Token,
    operation: &Operation,
    call: &Call<'_>,
    faulty: bool,
    sink: &mut Sink,
) -> bool {
    let row = plain_row(view, token, operation.verb);
    match operation.effect {
        Effect::Accepted => {
            sink.met(row);
            accepted(view, token, operation, sink);
            false
        }
        Effect::Rejected if !faulty => {
            let Answer::Refused(error) = call.answer else { return false };
            let reserved = call.text("error").is_some_and(|name| name.starts_with("States."));
            if error.code == "ValidationException" && reserved {
                return false;
            }
            let content = matches!(error.code.as_str(), "InvalidOutput" | "ValidationException");
            if content && operation.verb != Verb::Heartbeat {
                return true; // judged by what it says of the content
            }
            let text = format!("{} with an issued token answered {}", call.operation, call.answer.says());
            sink.violated(row, text.clone());
            context(view, token, operation, &text, sink);
            true
        }
        Effect::Rejected | Effect::Closed | Effect::Unknown => false,
    }
}

/// What an accepted call shows beside its own rule.
fn accepted(view: &View<'_>, token: &Token, operation: &Operation, sink: &mut Sink) {
    let earlier = |wanted: &dyn Fn(&Operation) -> bool| {
        view.operations_of(token).any(|other| other.ended < operation.begun && wanted(other))
    };
    sink.met(VERBATIM);
    let denied =
        |other: &Operation| view.call_of(other).is_some_and(|call| matches!(call.answer, Answer::Denied(_)));
    if earlier(&|other| {
        other.effect == Effect::Rejected && view.call_of(other).is_some_and(|c| c.answer.refused().is_some())
    }) {
        sink.met(STILL_OPEN);
    }
    if earlier(&denied) {
        sink.met(DENIED);
    }
    if let Some(received) = token.received {
        let age = operation.begun - received;
        if age <= 1_000 {
            sink.met(EARLY);
        }
        if age >= LONG {
            sink.met(LONG_LIVED);
        }
    }
    let beats = view
        .operations_of(token)
        .filter(|op| op.verb == Verb::Heartbeat && op.effect == Effect::Accepted)
        .count();
    if beats >= 3 {
        sink.met(MANY_BEATS);
    }
    if others_completed(view, token, operation) {
        sink.met(OWN_TASK);
    }
}

/// A refusal that nothing explains: the first call that was refused as closed.
fn refused_too_early(view: &View<'_>, token: &Token, sink: &mut Sink) {
    let first = view.operations_of(token).filter(|op| op.effect == Effect::Closed).min_by_key(|op| op.ended);
    let Some(operation) = first else { return };
    let Some(call) = view.call_of(operation) else { return };
    let text = format!(
        "{} answered {} though nothing can have closed the task yet",
        call.operation,
        call.answer.says()
    );
    let row = plain_row(view, token, operation.verb);
    sink.violated(row, text.clone());
    context(view, token, operation, &text, sink);
}

/// The further rules that the circumstances of a wrong refusal point at.
fn context(view: &View<'_>, token: &Token, operation: &Operation, text: &str, sink: &mut Sink) {
    let before = |other: &&Operation| other.ended < operation.begun;
    let refused = view.operations_of(token).filter(before).any(|other| {
        other.effect == Effect::Rejected
            && view.call_of(other).is_some_and(|call| call.answer.refused().is_some())
    });
    if refused && view.operations_of(token).filter(before).all(|other| other.effect != Effect::Accepted) {
        sink.violated(STILL_OPEN, format!("{text}, after an earlier call with the token was refused"));
    }
    open::refused(view, token, operation, text, sink);
    if others_completed(view, token, operation) {
        sink.violated(OWN_TASK, format!("{text}, after another token was completed"));
    }
    if view
        .operations_of(token)
        .any(|later| later.begun >= operation.ended && later.effect == Effect::Accepted)
    {
        sink.violated(EARLY, format!("{text}, though a later call was accepted"));
    }
    let beaten = view
        .operations_of(token)
        .filter(before)
        .any(|other| other.verb == Verb::Heartbeat && other.effect == Effect::Accepted);
    if beaten && operation.verb != Verb::Heartbeat {
        sink.violated(BEAT_RESETS, format!("{text}, within the window of an accepted heartbeat"));
    }
}

/// Concurrent completions: exactly one of them answers 200.
fn concurrent(view: &View<'_>, token: &Token, sink: &mut Sink) {
    let completions: Vec<&Operation> =
        view.operations_of(token).filter(|op| op.verb != Verb::Heartbeat).collect();
    let overlapping = completions.iter().enumerate().any(|(index, one)| {
        completions.iter().skip(index + 1).any(|other| one.begun < other.ended && other.begun < one.ended)
    });
    let accepted = completions.iter().filter(|op| op.effect == Effect::Accepted).count();
    if overlapping && accepted == 1 {
        sink.met(ONE_WINS);
    }
}

/// The rule that an open token's calls of this kind are accepted by.
fn plain_row(view: &View<'_>, token: &Token, verb: Verb) -> Check {
    match verb {
        Verb::Success => ACCEPTED,
        Verb::Failure => FAILURE,
        Verb::Heartbeat if has_window(view, token) == Some(false) => FREE_BEAT,
        Verb::Heartbeat => BEAT_RESETS,
    }
}

/// Whether the token's task has a heartbeat window, if known.
fn has_window(view: &View<'_>, token: &Token) -> Option<bool> {
    if let Some(attempt) = token.attempt.and_then(|attempt| view.attempts.get(attempt)) {
        return Some(attempt.heartbeat.is_some());
    }
    let execution = token.execution.and_then(|execution| view.executions.get(execution));
    let definition = execution.and_then(|execution| execution.definition.as_ref()).or_else(|| match view
        .machines
        .as_slice()
    {
        [only] => only.revisions.last().map(|revision| &revision.definition),
        _ => None,
    })?;
    let windowed =
        |state: &crate::view::StateView| state.json.keys().any(|key| key.starts_with("HeartbeatSeconds"));
    match token.state.as_ref().and_then(|state| definition.states.get(state)) {
        Some(state) => Some(windowed(state)),
        None => (!definition.states.values().any(windowed)).then_some(false),
    }
}

fn others_completed(view: &View<'_>, token: &Token, operation: &Operation) -> bool {
    view.operations.iter().any(|other| {
        other.effect == Effect::Accepted
            && other.verb != Verb::Heartbeat
            && other.ended < operation.begun
            && matches!(other.bearer, Bearer::Issued(index) if view.tokens.get(index).is_some_and(|t| t.text != token.text))
    })
}

fn why(causes: &[Cause]) -> &'static str {
    match causes.first() {
        Some(Cause::Used) => "the token was used",
        Some(Cause::Retried) => "the task was tried again",
        Some(Cause::TimedOut) => "the task timed out",
        Some(Cause::Sibling) => "a sibling failed",
        Some(Cause::Stopped) => "the execution was stopped",
        Some(Cause::Ended) | None => "the execution ended",
    }
}
