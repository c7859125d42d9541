//! HB: the heartbeat window, never early but eventually, by histories and calls.

use record::Event;
use serde_json::Value;

use crate::check::timers::task_timeout::{Limit, cut_short, last_beat, limit, looked};
use crate::check::timers::timeout_path::{input_of, plain_path};
use crate::check::wording::or_none;
use crate::check::{Check, Group, Sink};
use crate::tolerance::{APART, PATIENCE, patience, seconds, slack};
use crate::view::{Attempt, Effect, Pattern, Token, Verb, View};

const FIRES: Check = Check::of(
    "HB-01",
    "missed-beat-fails-the-task",
    "a task without heartbeat or completion for longer than its window fails",
);
const NAME: Check = Check::of(
    "HB-02",
    "missed-beat-has-a-lawful-name",
    "a missed heartbeat is named States.Timeout or States.HeartbeatTimeout",
);
const RESETS: Check = Check::of(
    "HB-03",
    "beat-restarts-the-window",
    "a missed heartbeat is counted from the last heartbeat that was accepted",
);
const NO_EVENT: Check = Check::of("HB-04", "beats-leave-no-event", "heartbeats add no event to the history");
const NOT_EARLY: Check = Check::of(
    "HB-05",
    "first-window-is-not-short",
    "a task fails no earlier than one window after its start",
);
const NO_WINDOW: Check = Check::of(
    "HB-06",
    "beat-without-window-changes-nothing",
    "a heartbeat on a task without HeartbeatSeconds lets it wait on",
);
const SHOWN: Check = Check::of(
    "HB-12",
    "scheduled-event-shows-the-window",
    "heartbeatInSeconds is the effective value, absent where none is set",
);
const WIDE: Check = Check::of(
    "HB-13",
    "odd-window-is-undefined",
    "a dynamic window not below the timeout fails the task or times out (A-10)",
);

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[FIRES, NAME, RESETS, NOT_EARLY], run: windows },
    Group { checks: &[FIRES, RESETS], run: gaps },
    Group { checks: &[NO_EVENT, NO_WINDOW], run: events },
    Group { checks: &[SHOWN, WIDE], run: values },
];

fn windows(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let Some(window) = attempt.heartbeat else { continue };
        // A window on a task that hands out no token is copied and not watched (recorded).
        if attempt.pattern == Pattern::Request {
            continue;
        }
        let events = view.events(attempt);
        let window_ms = seconds(window);
        let slack = slack(events, window_ms);
        let Some(began) = attempt.clock_began(events) else { continue };
        let state = attempt.state.clone().unwrap_or_default();
        let beat = last_beat(view, attempt);
        let token = attempt.token.and_then(|token| view.tokens.get(token));
        let last = last_possible(view, token).unwrap_or(i64::MIN).max(view.offset.latest(began).0);
        let over = |moment: i64| moment.saturating_sub(last).saturating_sub(window_ms);
        if let Some(event) = attempt.end(events)
            && over(view.offset.earliest(event.at).0) >= PATIENCE
        {
            let since = view.offset.earliest(event.at).0 - last;
            sink.violated_at(
                FIRES,
                Some(event.id),
                format!(
                    "state {state} ended {since} ms after the last sign of life, with a window of {window} s"
                ),
            );
        }
        match attempt.end(events) {
            Some(event) if event.is_timeout() => {
                let kind = limit(view, attempt, event);
                let elapsed = event.at - began;
                match event.text("error") {
                    Some(error @ ("States.Timeout" | "States.HeartbeatTimeout"))
                        if kind == Limit::Heartbeat =>
                    {
                        sink.observed(NAME, format!("A-01: a missed heartbeat is named {error}"));
                    }
                    Some("States.Timeout" | "States.HeartbeatTimeout") => {}
                    other => sink.violated_at(
                        NAME,
                        Some(event.id),
                        format!("a timeout with a heartbeat window has error {}", or_none(other)),
                    ),
                }
                let short = elapsed < window_ms - slack
                    && attempt.timeout.is_none_or(|t| elapsed < seconds(t) - slack);
                if short {
                    sink.violated_at(
                        NOT_EARLY,
                        Some(event.id),
                        format!(
                            "state {state} failed {elapsed} ms after its start, with a window of {window} s"
                        ),
                    );
                } else if kind == Limit::Heartbeat {
                    sink.met(NOT_EARLY);
                    sink.met(FIRES);
                }
                if kind == Limit::Heartbeat
                    && let Some(beat) = beat
                {
                    let since = event.at.0 - (beat + view.offset.least);
                    // Counted across two clocks.
                    if since < window_ms - APART {
                        sink.violated_at(RESETS, Some(event.id), format!("state {state} missed a heartbeat at most {since} ms after one was accepted, with a window of {window} s"));
                    } else {
                        sink.met(RESETS);
                    }
                }
            }
            Some(event) => {
                if beat.is_some() && event.at - began > window_ms {
                    sink.met(RESETS);
                }
            }
            None => {
                let Some(looked) = looked(view, attempt) else { continue };
                let done = token.is_some_and(|token| {
                    view.operations_of(token)
                        .any(|op| op.verb != Verb::Heartbeat && op.effect == Effect::Accepted)
                });
                if over(looked) >= patience(view) && !done && !cut_short(view, attempt) {
                    sink.violated(FIRES, format!("state {state} was still waiting {} ms after the last sign of life, with a window of {window} s", looked - last));
                }
            }
        }
    }
}

/// By when the last heartbeat that may have counted was answered.
fn last_possible(view: &View<'_>, token: Option<&Token>) -> Option<i64> {
    view.operations_of(token?)
        .filter(|op| op.verb == Verb::Heartbeat && matches!(op.effect, Effect::Accepted | Effect::Unknown))
        .map(|op| if op.effect == Effect::Unknown { op.ended.0 + PATIENCE } else { op.ended.0 })
        .max()
}

/// Calls that were accepted although the window before them was long over.
fn gaps(view: &View<'_>, sink: &mut Sink) {
    for token in &view.tokens {
        let attempt = token.attempt.and_then(|attempt| view.attempts.get(attempt));
        let window = match attempt {
            Some(attempt) => attempt.heartbeat,
            None => token
                .execution
                .and_then(|execution| view.executions.get(execution)?.definition.as_ref())
                .and_then(|definition| {
                    definition.states.get(token.state.as_ref()?)?.json.get("HeartbeatSeconds")?.as_u64()
                }),
        };
        let (Some(window), Some(received)) = (window, token.received) else { continue };
        if token.activity && attempt.is_none() {
            continue;
        }
        let mut last = received.0;
        for operation in view.operations_of(token) {
            if operation.effect == Effect::Accepted && operation.begun.0 - last > seconds(window) + PATIENCE {
                sink.violated(
                    FIRES,
                    format!(
                        "{} answered 200 {} ms after the last sign of life, with a window of {window} s",
                        operation.verb.name(),
                        operation.begun.0 - last
                    ),
                );
            }
            if operation.verb == Verb::Heartbeat
                && matches!(operation.effect, Effect::Accepted | Effect::Unknown)
            {
                last = last.max(operation.ended.0);
            }
        }
        // Beats that carried the task over more than a window, and then an accepted completion.
        let first =
            view.operations_of(token).find(|op| op.verb == Verb::Heartbeat && op.effect == Effect::Accepted);
        let done =
            view.operations_of(token).find(|op| op.verb != Verb::Heartbeat && op.effect == Effect::Accepted);
        if let (Some(_), Some(done)) = (first, done)
            && done.begun - received > seconds(window)
        {
            sink.met(RESETS);
        }
    }
}

fn events(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let Some(token) = attempt.token.and_then(|token| view.tokens.get(token)) else { continue };
        let beats: Vec<_> = view
            .operations_of(token)
            .filter(|op| op.verb == Verb::Heartbeat && op.effect == Effect::Accepted)
            .collect();
        let Some(first) = beats.first() else { continue };
        let events = view.events(attempt);
        let strange = events.iter().find(|event| event.kind.to_ascii_lowercase().contains("heartbeat"));
        let repeated = repeated(attempt, events);
        match strange.or(repeated) {
            Some(event) => sink.violated_at(
                NO_EVENT,
                Some(event.id),
                format!("after heartbeats the history has {}", event.kind),
            ),
            None => sink.met(NO_EVENT),
        }
        if attempt.heartbeat.is_some() {
            continue;
        }
        match attempt.end(events) {
            Some(event) if event.is_timeout() && attempt.timeout.is_none() => {
                sink.violated_at(
                    NO_WINDOW,
                    Some(event.id),
                    "a task without HeartbeatSeconds timed out after a heartbeat",
                );
            }
            Some(_) => sink.met(NO_WINDOW),
            None if view.end.0 > first.ended.0 => sink.met(NO_WINDOW),
            None => {}
        }
    }
}

/// An event of the attempt that stands in its chain without belonging there.
fn repeated<'e>(attempt: &Attempt, events: &'e [Event]) -> Option<&'e Event> {
    let submitted = events.get(attempt.submitted?)?;
    let ended = attempt.ended.map_or(events.len(), |ended| ended);
    events.iter().take(ended).skip(attempt.submitted? + 1).find(|event| {
        event.previous == submitted.id
            && matches!(event.kind.as_str(), "TaskSubmitted" | "TaskStarted" | "TaskScheduled")
    })
}

fn values(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let Some(state) = view.state_of(attempt).filter(|state| !state.jsonata) else { continue };
        let expected = if let Some(path) = state.text("HeartbeatSecondsPath") {
            if state.json.contains_key("InputPath") {
                continue;
            }
            let input = attempt.visit.and_then(|visit| input_of(view, attempt.execution, visit));
            let Some(Some(value)) =
                input.as_ref().and_then(|input| plain_path(path, input).map(Option::<&Value>::cloned))
            else {
                continue;
            };
            let number = value.as_u64().filter(|n| *n >= 1);
            if number.is_none() || attempt.timeout.is_some_and(|t| number.is_some_and(|n| n >= t)) {
                wide(view, attempt, sink);
                continue;
            }
            number
        } else {
            state.json.get("HeartbeatSeconds").and_then(Value::as_u64)
        };
        sink.expect(SHOWN, expected == attempt.heartbeat, || {
            format!(
                "state {}: TaskScheduled shows heartbeat {}, expected {}",
                state.name,
                or_none(attempt.heartbeat),
                or_none(expected)
            )
        });
    }
}

/// A window out of range was taken: the task may end by its plain timeout or be answered, but not wait for ever.
fn wide(view: &View<'_>, attempt: &Attempt, sink: &mut Sink) {
    let events = view.events(attempt);
    if attempt.end(events).is_some() || cut_short(view, attempt) {
        sink.observed(WIDE, "A-10: a window out of range was taken");
        return;
    }
    let (Some(timeout), Some(began), Some(looked)) =
        (attempt.timeout, attempt.clock_began(events), looked(view, attempt))
    else {
        return;
    };
    let waited = looked - view.offset.latest(began).0;
    if waited - seconds(timeout) >= patience(view) {
        sink.violated(
            WIDE,
            format!("with a window out of range the task was still waiting {waited} ms after its start, with a timeout of {timeout} s"),
        );
    }
}
