//! TOK-06, 07, 10, 11, 16, 21, 25, TMO-09: what became of calls and tokens, by histories.

use record::Event;

use crate::check::tokens::no_effect::{not_moved, without_history};
use crate::check::{Check, Group, Sink};
use crate::view::{
    Answer, Attempt, Bearer, Call, Effect, Operation, Pattern, Token, Verb, View, brief, same_json_text,
};

pub(in crate::check) const WAITS: Check = Check::of(
    "TOK-06",
    "task-waits-for-its-token",
    "a callback task does not end before its token comes back",
);
pub(in crate::check) const COMPLETES: Check = Check::of(
    "TOK-07",
    "success-completes-the-task",
    "an accepted SendTaskSuccess ends the task with its output as result",
);
pub(in crate::check) const FAILS: Check = Check::of(
    "TOK-11",
    "failure-fails-the-task",
    "an accepted SendTaskFailure fails the task with its error and cause",
);
const NO_EFFECT: Check =
    Check::of("TOK-10", "refused-call-has-no-effect", "a refused call does not end the task");
const THROTTLED: Check =
    Check::of("WIRE-07", "throttled-call-has-no-effect", "a throttled call does not end the task");
const DENIED: Check = Check::of(
    "TOK-27",
    "denied-call-does-not-end-the-task",
    "a call without permission does not end the task",
);
pub(in crate::check) const ONE_EFFECT: Check = Check::of(
    "TOK-21",
    "one-completion-takes-effect",
    "a task ends once, with the content of the call that was accepted",
);
const WINNER: Check = Check::of(
    "TOK-22",
    "the-accepted-call-is-in-the-history",
    "the call that answered 200 is the one in the history",
);
const DECIDED: Check = Check::of(
    "TMO-09",
    "callback-or-timeout-not-both",
    "no call answers 200 for a task that timed out, and none that completed it answers an error",
);
const OWN: Check = Check::of(
    "TOK-25",
    "each-task-ends-with-its-own-output",
    "with several tokens open each task ends by its own call",
);
const OLD_TOKEN: Check =
    Check::of("TOK-16", "old-token-cannot-complete-new-attempt", "a token completes no attempt but its own");

pub(in crate::check) const GROUPS: &[Group] = &[Group {
    checks: &[
        WAITS,
        COMPLETES,
        FAILS,
        NO_EFFECT,
        THROTTLED,
        DENIED,
        ONE_EFFECT,
        WINNER,
        DECIDED,
        OWN,
        OLD_TOKEN,
        MUTATED_EFFECT,
    ],
    run: effects,
}];

fn effects(view: &View<'_>, sink: &mut Sink) {
    let completed = view.tokens.iter().filter(|token| winner(view, token).is_some()).count();
    for attempt in &view.attempts {
        if !matches!(attempt.pattern, Pattern::Callback | Pattern::Activity) {
            continue;
        }
        if !attempt.ended_again.is_empty() {
            let event = attempt.ended_again.first().and_then(|index| view.events(attempt).get(*index));
            sink.violated_at(
                ONE_EFFECT,
                event.map(|event| event.id),
                "one attempt of a task ended more than once",
            );
        }
        let Some(token) = attempt.token.and_then(|token| view.tokens.get(token)) else {
            unanswered(view, attempt, sink);
            continue;
        };
        match attempt.end(view.events(attempt)) {
            None => not_moved(view, attempt, token, sink),
            Some(event) if event.kind.ends_with("Succeeded") => {
                succeeded(view, attempt, token, event, completed, sink);
            }
            Some(event) if event.is_timeout() => timed_out(view, token, event, sink),
            Some(event) => failed(view, attempt, token, event, sink),
        }
    }
    for (index, token) in view.tokens.iter().enumerate() {
        if token.attempt.is_none() {
            without_history(view, index, token, sink);
        }
    }
}

/// The completion that was accepted, if one was.
pub(in crate::check) fn winner<'v>(view: &'v View<'_>, token: &'v Token) -> Option<&'v Operation> {
    view.operations_of(token).find(|op| op.effect == Effect::Accepted && op.verb != Verb::Heartbeat)
}

/// An attempt without known token: it must not end well before anybody can have answered.
fn unanswered(view: &View<'_>, attempt: &Attempt, sink: &mut Sink) {
    let Some(event) = attempt.end(view.events(attempt)) else { return };
    if view.answered_elsewhere || !event.kind.ends_with("Succeeded") || attempt.pattern != Pattern::Callback {
        return;
    }
    let hidden =
        view.operations.iter().any(|op| op.effect != Effect::Rejected && may_be_of_any_attempt(view, op));
    if !hidden {
        sink.violated_at(WAITS, Some(event.id), "a callback task succeeded although nobody had its token");
    }
}

/// Whether it is not known for which attempt the token of a call was issued: the history may not show it.
fn may_be_of_any_attempt(view: &View<'_>, op: &Operation) -> bool {
    match op.bearer {
        Bearer::Malformed => true,
        Bearer::Issued(token) => view.tokens.get(token).is_some_and(|token| token.attempt.is_none()),
        _ => false,
    }
}

/// Operations of a kind that began before an event.
fn candidates<'v>(
    view: &'v View<'_>,
    token: &'v Token,
    verb: Verb,
    event: &Event,
) -> Vec<(&'v Operation, &'v Call<'v>)> {
    let latest = view.offset.latest(event.at).0 + crate::tolerance::APART;
    view.operations_of(token)
        .filter(|op| op.verb == verb && op.begun.0 <= latest)
        .filter_map(|op| Some((op, view.call_of(op)?)))
        .collect()
}

fn succeeded(
    view: &View<'_>,
    attempt: &Attempt,
    token: &Token,
    event: &Event,
    completed: usize,
    sink: &mut Sink,
) {
    let Some(output) = event.text("output") else { return };
    let success = Success { view, attempt, token, output, id: Some(event.id) };
    let calls = candidates(view, token, Verb::Success, event);
    match winner(view, token) {
        Some(winner) => success.by_winner(winner, &calls, completed, sink),
        None => success.by_no_winner(&calls, sink),
    }
}

/// A callback task that succeeded, and what it succeeded with.
struct Success<'v> {
    view: &'v View<'v>,
    attempt: &'v Attempt,
    token: &'v Token,
    output: &'v str,
    id: Option<u64>,
}

impl<'v> Success<'v> {
    fn is_from(&self, call: &Call<'_>) -> bool {
        call.text("output").is_some_and(|sent| same_json_text(sent, self.output))
    }

    /// One call was taken: the output is its.
    fn by_winner(
        &self,
        winner: &Operation,
        calls: &[(&'v Operation, &'v Call<'v>)],
        completed: usize,
        sink: &mut Sink,
    ) {
        let Some(call) = self.view.call_of(winner) else { return };
        if winner.verb == Verb::Failure {
            let message = "SendTaskFailure answered 200 but the history has a success";
            sink.violated_at(FAILS, self.id, message);
            return sink.violated_at(ONE_EFFECT, self.id, message);
        }
        if self.is_from(call) {
            return self.is_won(completed, sink);
        }
        if calls.iter().any(|(op, call)| op.call != winner.call && self.is_from(call)) {
            let message = "the history has the output of another call than the one that answered 200";
            return sink.violated_at(ONE_EFFECT, self.id, message);
        }
        let is_foreign = |op: &Operation| {
            op.verb == Verb::Success
                && op.call != winner.call
                && self.view.call_of(op).is_some_and(|call| self.is_from(call))
        };
        if self.view.operations.iter().any(is_foreign) {
            let message = "the task ended with the output that was sent with another token";
            sink.violated_at(OWN, self.id, message);
        }
        let sent = call.text("output").unwrap_or_default();
        let message = format!("TaskSucceeded has output {}, sent was {}", brief(self.output), brief(sent));
        sink.violated_at(COMPLETES, self.id, message);
    }

    fn is_won(&self, completed: usize, sink: &mut Sink) {
        let ends = self.view.operations_of(self.token).filter(|op| op.verb != Verb::Heartbeat).count();
        let met = [
            (COMPLETES, true),
            (ONE_EFFECT, true),
            (WAITS, true),
            (DECIDED, self.attempt.timeout.is_some()),
            (WINNER, ends > 1),
            (OWN, completed > 1),
            (OLD_TOKEN, self.attempt.number > 0),
        ];
        for (check, _) in met.into_iter().filter(|(_, is_met)| *is_met) {
            sink.met(check);
        }
    }

    /// No call with its token was taken, as far as answers tell.
    fn by_no_winner(&self, calls: &[(&'v Operation, &'v Call<'v>)], sink: &mut Sink) {
        if calls.iter().any(|(op, call)| op.effect == Effect::Unknown && self.is_from(call)) {
            return sink.met(WAITS); // the reply was lost, the call was not
        }
        if self.view.answered_elsewhere {
            return;
        }
        let Some((operation, call)) = calls.iter().find(|(_, call)| self.is_from(call)) else {
            return self.by_another(sink);
        };
        let says = call.answer.says();
        let is_timed = self.attempt.timeout.is_some() || self.attempt.heartbeat.is_some();
        let (check, message) = match (operation.effect, &call.answer) {
            (Effect::Closed, _) => (
                if is_timed { DECIDED } else { WINNER },
                format!("the call that completed the task answered {says}"),
            ),
            (_, Answer::Throttled(_)) => {
                (THROTTLED, format!("a call that answered {says} completed the task"))
            }
            (_, Answer::Denied(_)) => (DENIED, format!("a call that answered {says} completed the task")),
            _ => (NO_EFFECT, format!("a call that answered {says} completed the task")),
        };
        sink.violated_at(check, self.id, message);
    }

    /// None of its calls has this output; one with another token may.
    fn by_another(&self, sink: &mut Sink) {
        let (view, attempt) = (self.view, self.attempt);
        let other = view.operations.iter().find(|op| {
            op.verb == Verb::Success
                && view.call_of(op).is_some_and(|call| self.is_from(call))
                && !matches!(op.bearer, Bearer::Issued(index) if Some(index) == attempt.token)
        });
        let (check, message) = match other.map(|op| (op.bearer, op.effect)) {
            Some((Bearer::Issued(index), Effect::Accepted)) => {
                let earlier = view
                    .tokens
                    .get(index)
                    .and_then(|token| token.attempt)
                    .and_then(|at| view.attempts.get(at));
                let same_visit =
                    earlier.is_some_and(|a| a.execution == attempt.execution && a.visit == attempt.visit);
                let check = if same_visit { OLD_TOKEN } else { OWN };
                (check, "a call with another task's token completed the task")
            }
            Some((Bearer::Mutated, _)) => (MUTATED_EFFECT, "a call with a changed token completed the task"),
            _ => (WAITS, "a callback task succeeded although its token had not come back"),
        };
        sink.violated_at(check, self.id, message);
    }
}

const MUTATED_EFFECT: Check =
    Check::of("TOK-18", "mutated-token-has-no-effect", "a call with a changed token ends no task");

fn failed(view: &View<'_>, attempt: &Attempt, token: &Token, event: &Event, sink: &mut Sink) {
    let id = Some(event.id);
    let shown = (event.text("error"), event.text("cause"));
    let calls = candidates(view, token, Verb::Failure, event);
    let sent =
        |call: &Call<'_>| (call.text("error").map(str::to_owned), call.text("cause").map(str::to_owned));
    // Nothing says what becomes of an empty text; what was not sent, though, is not there.
    let same = |sent: Option<&str>, shown: Option<&str>| match sent {
        Some(sent) => sent == shown.unwrap_or_default(),
        None => shown.is_none(),
    };
    let matches = |call: &Call<'_>| {
        let (error, cause) = sent(call);
        same(error.as_deref(), shown.0) && same(cause.as_deref(), shown.1)
    };
    if let Some(winner) = winner(view, token) {
        let Some(call) = view.call_of(winner) else { return };
        if winner.verb == Verb::Success {
            // A result that is too large fails the task (recorded).
            if shown.0.is_some_and(|error| error.starts_with("States.")) {
                return;
            }
            sink.violated_at(ONE_EFFECT, id, "SendTaskSuccess answered 200 but the history has a failure");
            return;
        }
        if matches(call) {
            sink.met(FAILS);
            sink.met(ONE_EFFECT);
            sink.met(WAITS);
        } else if calls.iter().any(|(op, call)| op.call != winner.call && matches(call)) {
            sink.violated_at(
                ONE_EFFECT,
                id,
                "the history has the error of another call than the one that answered 200",
            );
        } else {
            let (error, cause) = sent(call);
            sink.violated_at(
                FAILS,
                id,
                format!(
                    "{} has error {:?} and cause {:?}, sent were {error:?} and {:?}",
                    event.kind,
                    shown.0.map(brief),
                    shown.1.map(brief),
                    cause.as_deref().map(brief)
                ),
            );
        }
        return;
    }
    if view.answered_elsewhere || attempt.submitted.is_none() || event.kind.ends_with("SubmitFailed") {
        return; // the request itself failed
    }
    match calls.iter().find(|(_, call)| matches(call)) {
        Some((op, _)) if op.effect == Effect::Unknown => {}
        Some((op, call)) if op.effect == Effect::Closed => {
            let row = if attempt.timeout.is_some() || attempt.heartbeat.is_some() { DECIDED } else { WINNER };
            sink.violated_at(
                row,
                id,
                format!("the call that failed the task answered {}", call.answer.says()),
            );
        }
        Some((_, call)) => {
            let row = match call.answer {
                Answer::Throttled(_) => THROTTLED,
                Answer::Denied(_) => DENIED,
                _ => NO_EFFECT,
            };
            sink.violated_at(row, id, format!("a call that answered {} failed the task", call.answer.says()));
        }
        None => {
            let rejected = view
                .operations_of(token)
                .find(|op| op.effect == Effect::Rejected && op.verb != Verb::Heartbeat);
            let unknown =
                view.operations_of(token).any(|op| op.effect == Effect::Unknown && op.verb == Verb::Success);
            let error = shown.0.unwrap_or_default();
            if let Some(rejected) = rejected {
                let says = view.call_of(rejected).map(|call| call.answer.says()).unwrap_or_default();
                sink.violated_at(
                    NO_EFFECT,
                    id,
                    format!("the task failed with {error} after a call that answered {says}"),
                );
            } else if !(unknown && error.starts_with("States.")) {
                sink.violated_at(
                    WAITS,
                    id,
                    format!("a callback task failed with {error} although its token had not come back"),
                );
            }
        }
    }
}

fn timed_out(view: &View<'_>, token: &Token, event: &Event, sink: &mut Sink) {
    match winner(view, token) {
        Some(winner) => sink.violated_at(
            DECIDED,
            Some(event.id),
            format!("{} answered 200 but the history has {}", winner.verb.name(), event.kind),
        ),
        None if view
            .operations_of(token)
            .any(|op| op.verb != Verb::Heartbeat && op.effect == Effect::Closed) =>
        {
            sink.met(DECIDED);
        }
        None => {}
    }
}
