//! TOK-01, 04..07, 11, 16, 21, 25, TMO-09, ERR-17, START-22: what became of calls and tokens, by messages and histories.

use std::collections::BTreeMap;

use record::{CaseEnd, Event};
use serde_json::Value;

use super::life::patience;
use super::{CheckRow, Group, Sink};
use crate::view::definition::{Step, at};
use crate::view::{
    Answer, Attempt, Bearer, Call, Effect, Message, Operation, Pattern, Token, Verb, View, brief,
    same_json_text,
};

const IN_BODY: CheckRow = (
    "TOK-01",
    "message-holds-the-token",
    "the received body has a non-empty token where the definition puts it",
);
const DISTINCT: CheckRow = (
    "TOK-04",
    "every-attempt-has-its-own-token",
    "tokens of different attempts, states and executions differ",
);
const SAME_TOKEN: CheckRow = (
    "TOK-05",
    "message-and-history-show-one-token",
    "the token in the message is the one in TaskScheduled's parameters",
);
const WAITS: CheckRow =
    ("TOK-06", "task-waits-for-its-token", "a callback task does not end before its token comes back");
const COMPLETES: CheckRow = (
    "TOK-07",
    "success-completes-the-task",
    "an accepted SendTaskSuccess ends the task with its output as result",
);
const FAILS: CheckRow = (
    "TOK-11",
    "failure-fails-the-task",
    "an accepted SendTaskFailure fails the task with its error and cause",
);
const NO_EFFECT: CheckRow = ("TOK-10", "refused-call-has-no-effect", "a refused call does not end the task");
const THROTTLED: CheckRow =
    ("WIRE-07", "throttled-call-has-no-effect", "a throttled call does not end the task");
const DENIED: CheckRow =
    ("TOK-27", "denied-call-does-not-end-the-task", "a call without permission does not end the task");
const ONE_EFFECT: CheckRow = (
    "TOK-21",
    "one-completion-takes-effect",
    "a task ends once, with the content of the call that was accepted",
);
const WINNER: CheckRow =
    ("TOK-22", "the-accepted-call-is-in-the-history", "the call that answered 200 is the one in the history");
const DECIDED: CheckRow = (
    "TMO-09",
    "callback-or-timeout-not-both",
    "no call answers 200 for a task that timed out, and none that completed it answers an error",
);
const OWN: CheckRow = (
    "TOK-25",
    "each-task-ends-with-its-own-output",
    "with several tokens open each task ends by its own call",
);
const RETRY_TOKEN: CheckRow = (
    "ERR-17",
    "retry-has-a-new-token",
    "a retry of a callback task sends the request again with a new token",
);
const OLD_TOKEN: CheckRow =
    ("TOK-16", "old-token-cannot-complete-new-attempt", "a token completes no attempt but its own");
const ONCE: CheckRow = ("START-22", "each-attempt-sends-once", "a callback attempt sends one message");
const SENT: CheckRow = ("ERR-17", "each-attempt-sends-a-message", "n attempts send n messages");
const ARRIVES: CheckRow = ("TOK-01", "message-arrives", "a callback task hands its message out");

pub(super) const GROUPS: &[Group] = &[
    Group { checks: &[IN_BODY, SAME_TOKEN], run: bodies },
    Group { checks: &[DISTINCT, RETRY_TOKEN, ONCE], run: distinct },
    Group {
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
    },
    Group { checks: &[SENT, ARRIVES], run: sent },
];

/// The message that an attempt sent, by the MessageId in its submitted event.
pub(super) fn message_of<'v, 'a>(view: &'v View<'a>, attempt: &Attempt) -> Option<&'v Message<'a>> {
    let id = submitted_id(view, attempt)?;
    view.messages
        .iter()
        .find(|m| m.id == id || m.envelope.as_ref().is_some_and(|envelope| envelope.message_id == id))
}

/// The MessageId in an attempt's submitted event.
pub(super) fn submitted_id(view: &View<'_>, attempt: &Attempt) -> Option<String> {
    let event = view.events(attempt).get(attempt.submitted?)?;
    let output: Value = serde_json::from_str(event.text("output")?).ok()?;
    output.get("MessageId").and_then(Value::as_str).map(str::to_owned)
}

fn bodies(view: &View<'_>, sink: &mut Sink) {
    for attempt in view.attempts.iter().filter(|attempt| attempt.pattern == Pattern::Callback) {
        let Some(message) = message_of(view, attempt) else { continue };
        let Some(definition) = view.executions.get(attempt.execution).and_then(|e| e.definition.as_ref())
        else {
            continue;
        };
        let places = definition.places.iter().filter(|place| Some(&place.state) == attempt.state.as_ref());
        let published: Option<Value> =
            message.envelope.as_ref().and_then(|e| serde_json::from_str(&e.message).ok());
        let root = published.as_ref().or(message.json.as_ref());
        for place in places {
            let first = place.path.first();
            let body_member =
                matches!(first, Some(Step::Member(name)) if name == "MessageBody" || name == "Message");
            if !body_member || place.path.len() < 2 {
                continue;
            }
            let seen = root.and_then(|root| at(root, place.path.get(1..)?)).and_then(Value::as_str);
            match seen.filter(|text| !text.is_empty() && !text.starts_with("$$.")) {
                None => sink.violated(
                    IN_BODY,
                    format!("the message of state {} has no token where the definition puts it", place.state),
                ),
                Some(text) => {
                    sink.met(IN_BODY);
                    let shown =
                        attempt.parameters.as_ref().and_then(|p| at(p, &place.path)).and_then(Value::as_str);
                    if let Some(shown) = shown {
                        sink.expect(SAME_TOKEN, shown == text, || {
                            format!(
                                "state {}: the message holds another token than TaskScheduled's parameters",
                                place.state
                            )
                        });
                    }
                }
            }
        }
    }
    // Messages that no history explains: the one machine of the case says where the token must be.
    let [machine] = view.machines.as_slice() else { return };
    let [revision] = machine.revisions.as_slice() else { return };
    for message in &view.messages {
        let Some(json) = message.json.as_ref().filter(|_| message.envelope.is_none()) else { continue };
        for place in &revision.definition.places {
            let in_body = matches!(place.path.first(), Some(Step::Member(name)) if name == "MessageBody");
            let Some(rest) = place.path.get(1..).filter(|rest| in_body && !rest.is_empty()) else { continue };
            match at(json, rest) {
                Some(Value::String(text)) if !text.is_empty() && !text.starts_with("$$.") => {
                    sink.met(IN_BODY);
                }
                Some(_) => sink.violated(
                    IN_BODY,
                    format!(
                        "a message of state {} has no token text where the definition puts it",
                        place.state
                    ),
                ),
                None => {}
            }
        }
    }
}

fn distinct(view: &View<'_>, sink: &mut Sink) {
    let mut by_token: BTreeMap<usize, Vec<&Attempt>> = BTreeMap::new();
    for attempt in &view.attempts {
        if let Some(token) = attempt.token {
            by_token.entry(token).or_default().push(attempt);
        }
    }
    for attempts in by_token.values().filter(|attempts| attempts.len() > 1) {
        let visit = attempts.first().and_then(|attempt| attempt.visit);
        let retried = visit.is_some() && attempts.iter().all(|attempt| attempt.visit == visit);
        sink.violated(DISTINCT, format!("{} attempts were given one token", attempts.len()));
        if retried {
            sink.violated(
                RETRY_TOKEN,
                format!("{} attempts of one state visit were given one token", attempts.len()),
            );
        }
    }
    if view.tokens.len() > 1 {
        sink.met(DISTINCT);
    }
    if view.attempts.iter().any(|attempt| attempt.number > 0 && attempt.token.is_some()) {
        sink.met(RETRY_TOKEN);
    }
    for (index, token) in view.tokens.iter().enumerate() {
        let mut ids: Vec<&str> = token
            .messages
            .iter()
            .filter_map(|message| view.messages.get(*message))
            .map(|message| message.id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        // A topic may fan one message out to several queues.
        let by_topic =
            token.messages.iter().filter_map(|m| view.messages.get(*m)).any(|m| m.envelope.is_some());
        if ids.len() <= 1 || by_topic {
            if ids.len() == 1 {
                sink.met(ONCE);
            }
            continue;
        }
        let tries = by_token.get(&index).map_or(0, Vec::len);
        if tries > 1 {
            continue;
        }
        let may_retry = tries == 0
            && view
                .machines
                .iter()
                .flat_map(|m| &m.revisions)
                .flat_map(|r| r.definition.states.values())
                .any(|state| {
                    state.is_callback() && (!state.retriers().is_empty() || !state.inside.is_empty())
                });
        if may_retry {
            sink.violated(DISTINCT, format!("{} different messages hold one token", ids.len()));
            sink.violated(RETRY_TOKEN, format!("{} different messages hold one token", ids.len()));
        } else {
            sink.violated(ONCE, format!("one attempt sent {} messages", ids.len()));
        }
    }
}

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
            Some(event) if event.kind.ends_with("TimedOut") => timed_out(view, token, event, sink),
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
fn winner<'v>(view: &'v View<'_>, token: &'v Token) -> Option<&'v Operation> {
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
    let latest = view.offset.latest(event.at).0 + super::life::WHOLE_SECONDS;
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
    let calls = candidates(view, token, Verb::Success, event);
    let matches = |call: &Call<'_>| call.text("output").is_some_and(|sent| same_json_text(sent, output));
    let id = Some(event.id);
    if let Some(winner) = winner(view, token) {
        let Some(call) = view.call_of(winner) else { return };
        if winner.verb == Verb::Failure {
            sink.violated_at(ONE_EFFECT, id, "SendTaskFailure answered 200 but the history has a success");
            return;
        }
        if matches(call) {
            sink.met(COMPLETES);
            sink.met(ONE_EFFECT);
            sink.met(WAITS);
            if attempt.timeout.is_some() {
                sink.met(DECIDED);
            }
            if view.operations_of(token).filter(|op| op.verb != Verb::Heartbeat).count() > 1 {
                sink.met(WINNER);
            }
            if completed > 1 {
                sink.met(OWN);
            }
            if attempt.number > 0 {
                sink.met(OLD_TOKEN);
            }
            return;
        }
        if calls.iter().any(|(op, call)| op.call != winner.call && matches(call)) {
            sink.violated_at(
                ONE_EFFECT,
                id,
                "the history has the output of another call than the one that answered 200",
            );
            return;
        }
        let foreign = view.operations.iter().find(|op| {
            op.verb == Verb::Success && op.call != winner.call && view.call_of(op).is_some_and(matches)
        });
        if foreign.is_some() {
            sink.violated_at(OWN, id, "the task ended with the output that was sent with another token");
        }
        sink.violated_at(
            COMPLETES,
            id,
            format!(
                "TaskSucceeded has output {}, sent was {}",
                brief(output),
                brief(call.text("output").unwrap_or_default())
            ),
        );
        return;
    }
    if calls.iter().any(|(op, call)| op.effect == Effect::Unknown && matches(call)) {
        sink.met(WAITS);
        return; // the reply was lost, the call was not
    }
    if view.answered_elsewhere {
        return;
    }
    match calls.iter().find(|(_, call)| matches(call)) {
        Some((op, call)) if op.effect == Effect::Closed => {
            let row = if attempt.timeout.is_some() || attempt.heartbeat.is_some() { DECIDED } else { WINNER };
            sink.violated_at(
                row,
                id,
                format!("the call that completed the task answered {}", call.answer.says()),
            );
        }
        Some((_, call)) => {
            let row = match call.answer {
                Answer::Throttled(_) => THROTTLED,
                Answer::Denied(_) => DENIED,
                _ => NO_EFFECT,
            };
            sink.violated_at(
                row,
                id,
                format!("a call that answered {} completed the task", call.answer.says()),
            );
        }
        None => {
            let other = view.operations.iter().find(|op| {
                op.verb == Verb::Success
                    && view.call_of(op).is_some_and(matches)
                    && !matches!(op.bearer, Bearer::Issued(index) if Some(index) == attempt.token)
            });
            match other.map(|op| (op.bearer, op.effect)) {
                Some((Bearer::Issued(index), Effect::Accepted)) => {
                    let earlier =
                        view.tokens.get(index).and_then(|t| t.attempt).and_then(|a| view.attempts.get(a));
                    let same_visit =
                        earlier.is_some_and(|a| a.execution == attempt.execution && a.visit == attempt.visit);
                    let row = if same_visit { OLD_TOKEN } else { OWN };
                    sink.violated_at(row, id, "a call with another task's token completed the task");
                }
                Some((Bearer::Mutated, _)) => {
                    sink.violated_at(MUTATED_EFFECT, id, "a call with a changed token completed the task");
                }
                _ => sink.violated_at(
                    WAITS,
                    id,
                    "a callback task succeeded although its token had not come back",
                ),
            }
        }
    }
}

const MUTATED_EFFECT: CheckRow =
    ("TOK-18", "mutated-token-has-no-effect", "a call with a changed token ends no task");

fn failed(view: &View<'_>, attempt: &Attempt, token: &Token, event: &Event, sink: &mut Sink) {
    let id = Some(event.id);
    let shown = (event.text("error"), event.text("cause"));
    let calls = candidates(view, token, Verb::Failure, event);
    let sent =
        |call: &Call<'_>| (call.text("error").map(str::to_owned), call.text("cause").map(str::to_owned));
    // An empty text and an absent one are not told apart.
    let blank = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let matches = |call: &Call<'_>| {
        let (error, cause) = sent(call);
        blank(error.as_deref()) == blank(shown.0) && blank(cause.as_deref()) == blank(shown.1)
    };
    if let Some(winner) = winner(view, token) {
        let Some(call) = view.call_of(winner) else { return };
        if winner.verb == Verb::Success {
            // A result that is too large fails the task (facts.md 48).
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

/// An accepted completion must end its task in the end.
fn not_moved(view: &View<'_>, attempt: &Attempt, token: &Token, sink: &mut Sink) {
    let Some(winner) = winner(view, token) else {
        // Nothing came back, and the task still waits.
        if view.operations_of(token).all(|op| op.verb == Verb::Heartbeat || op.effect == Effect::Rejected) {
            sink.met(WAITS);
        }
        return;
    };
    let Some(execution) = view.executions.get(attempt.execution) else { return };
    // A sibling's failure or a stop may have closed the execution in the same moment.
    let closed_early = view.events(attempt).iter().any(|event| {
        event.is_terminal() || matches!(event.kind.as_str(), "ParallelStateFailed" | "MapStateFailed")
    });
    let looked = execution.last_looked(&view.reads).unwrap_or_default();
    if looked - winner.ended < patience(view) && !closed_early {
        return;
    }
    let history_is_late =
        view.history(attempt.execution).is_none_or(|read| read.begun - winner.ended < patience(view));
    if history_is_late && !closed_early {
        return;
    }
    if closed_early
        && view
            .events(attempt)
            .iter()
            .any(|event| matches!(event.kind.as_str(), "ParallelStateFailed" | "MapStateFailed"))
    {
        return;
    }
    let row = if winner.verb == Verb::Success { COMPLETES } else { FAILS };
    let last = view.events(attempt).last().map_or("no event", |event| event.kind.as_str());
    if closed_early {
        sink.violated(
            ONE_EFFECT,
            format!("{} answered 200 but the execution ended with {last} without it", winner.verb.name()),
        );
    } else {
        sink.violated(
            row,
            format!("{} answered 200 but the task did not end; last event {last}", winner.verb.name()),
        );
    }
}

/// No history shows the token's task: what Describe shows of an execution with nothing else to wait for.
fn without_history(view: &View<'_>, index: usize, token: &Token, sink: &mut Sink) {
    let Some(winner) = winner(view, token) else { return };
    let Some(execution) = token.execution.and_then(|execution| view.executions.get(execution)) else {
        return;
    };
    let Some(definition) = &execution.definition else { return };
    let waiting = definition
        .states
        .values()
        .filter(|state| {
            state.is_callback() || state.is_activity() || matches!(state.kind(), "Wait" | "Map" | "Parallel")
        })
        .count();
    let retried =
        definition.states.values().any(|state| !state.retriers().is_empty() && winner.verb == Verb::Failure);
    let issued =
        view.tokens.iter().enumerate().filter(|(i, t)| *i != index && t.execution == token.execution).count();
    let looked = execution.last_looked(&view.reads).unwrap_or_default();
    if waiting == 1
        && issued == 0
        && !retried
        && execution.closed.is_none()
        && looked - winner.ended >= patience(view)
    {
        let row = if winner.verb == Verb::Success { COMPLETES } else { FAILS };
        sink.violated(row, format!("{} answered 200 but the execution is still RUNNING", winner.verb.name()));
    }
}

/// Every submitted message arrives, one for each attempt.
fn sent(view: &View<'_>, sink: &mut Sink) {
    for execution in 0..view.executions.len() {
        let tries =
            view.attempts.iter().filter(|a| a.execution == execution && a.pattern == Pattern::Callback);
        let tries: Vec<&Attempt> = tries.filter(|attempt| attempt.token.is_some()).collect();
        let received = tries.iter().filter(|attempt| message_of(view, attempt).is_some()).count();
        if tries.iter().any(|attempt| attempt.number > 0) && received == tries.len() {
            sink.met(SENT);
        }
    }
    if !view.hung() || view.answered_elsewhere {
        return;
    }
    for (index, execution) in view.executions.iter().enumerate() {
        let Some(definition) = &execution.definition else { continue };
        let Some(first) = definition.start().filter(|state| state.is_callback() && state.sends_to_sqs())
        else {
            continue;
        };
        let Some(url) = queue_of(first, execution) else { continue };
        let Some((place, queue)) = view.queues.iter().enumerate().find(|(_, queue)| queue.url == url) else {
            continue;
        };
        if queue.purged || queue.consumed_elsewhere || queue.is_fifo() {
            continue;
        }
        let has_token =
            view.tokens.iter().any(|token| token.execution == Some(index) && token.received.is_some());
        let any_unowned =
            view.tokens.iter().any(|token| token.execution.is_none() && token.received.is_some());
        let any_message = view.messages.iter().any(|message| message.queue == place);
        let tried: i64 = queue
            .receives
            .iter()
            .filter_map(|call| view.calls.get(*call))
            .filter(|call| call.begun.0 >= execution.started.0)
            .map(|call| call.ended - execution.started)
            .max()
            .unwrap_or(0);
        let delay = super::life::seconds(queue.delay);
        let failed =
            view.attempts.iter().any(|a| a.execution == index && a.submitted.is_none() && a.ended.is_some());
        let delayed = first
            .template()
            .is_some_and(|t| t.get("DelaySeconds").is_some() || t.get("DelaySeconds.$").is_some());
        // Empty receives need not be in the record: what the case awaited when it gave up tells of them.
        let awaited = matches!(&view.record.end, CaseEnd::Hung { awaited, .. } if awaited.starts_with("token ") && awaited.ends_with("in a message"));
        let long = tried >= super::life::HANG + delay || awaited && delay == 0;
        if !has_token
            && !any_unowned
            && !delayed
            && !failed
            && long
            && (!any_message || view.executions.len() == 1)
        {
            let text = if any_message { "messages came, but none with a token" } else { "no message came" };
            sink.violated(ARRIVES, format!("{text} from state {} before the case gave up", first.name));
        }
    }
}

/// The queue that the first state of an execution sends to, where it is fixed or stands in the input.
fn queue_of(state: &crate::view::StateView, execution: &crate::view::Execution<'_>) -> Option<String> {
    let template = state.template()?;
    if let Some(url) = template.get("QueueUrl").and_then(Value::as_str) {
        return Some(url.to_owned());
    }
    let path = template.get("QueueUrl.$")?.as_str()?;
    let path =
        path.strip_prefix("$$.Execution.Input").map_or_else(|| path.to_owned(), |rest| format!("${rest}"));
    super::timeout::plain_path(&path, execution.input.as_ref()?)??.as_str().map(str::to_owned)
}
