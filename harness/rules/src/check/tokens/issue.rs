//! TOK-01, 04, 05, ERR-17, START-22: every attempt of a callback task hands out one message, with its own token in it.
//!
//! Nothing here looks at what is answered; that is `token_effect`. Invariant: a message counts as missing only where its
//! queue was polled beyond every patience and nobody else can have taken it.

use std::collections::BTreeMap;

use record::{Awaited, CaseEnd, Operation as Api};
use serde_json::Value;

use crate::check::queues::delivery::polled;
use crate::check::{Check, Group, Sink};
use crate::tolerance::{patience, seconds};
use crate::view::definition::{Step, at};
use crate::view::{Attempt, Execution, Message, Pattern, Queue, StateView, View};

const IN_BODY: Check = Check::of(
    "TOK-01",
    "message-holds-the-token",
    "the received body has a non-empty token where the definition puts it",
);
const DISTINCT: Check = Check::of(
    "TOK-04",
    "every-attempt-has-its-own-token",
    "tokens of different attempts, states and executions differ",
);
const SAME_TOKEN: Check = Check::of(
    "TOK-05",
    "message-and-history-show-one-token",
    "the token in the message is the one in TaskScheduled's parameters",
);
const RETRY_TOKEN: Check = Check::of(
    "ERR-17",
    "retry-has-a-new-token",
    "a retry of a callback task sends the request again with a new token",
);
const ONCE: Check = Check::of("START-22", "each-attempt-sends-once", "a callback attempt sends one message");
const SENT: Check = Check::of("ERR-17", "each-attempt-sends-a-message", "n attempts send n messages");
const SUBMITTED: Check = Check::of(
    "HIS-14",
    "handed-out-is-submitted",
    "a task that waits for the token it handed out shows TaskSubmitted",
);
const ARRIVES: Check = Check::of("TOK-01", "message-arrives", "a callback task hands its message out");

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[IN_BODY, SAME_TOKEN], run: bodies },
    Group { checks: &[DISTINCT, RETRY_TOKEN, ONCE], run: distinct },
    Group { checks: &[SENT, ARRIVES], run: sent },
    Group { checks: &[SENT, ARRIVES], run: unsent },
    Group { checks: &[SUBMITTED], run: submitted },
];

/// The message that an attempt sent, by the MessageId in its submitted event.
pub(in crate::check) fn message_of<'v, 'a>(view: &'v View<'a>, attempt: &Attempt) -> Option<&'v Message<'a>> {
    let id = submitted_id(view, attempt)?;
    let (index, message) =
        view.messages.iter().enumerate().find(|(_, m)| {
            m.id == id || m.envelope.as_ref().is_some_and(|envelope| envelope.message_id == id)
        })?;
    // A FIFO queue may answer a duplicate with the id of the first (SQS-16): that message is another attempt's.
    let is_fifo = view.queues.get(message.queue).is_some_and(Queue::is_fifo);
    let holds = |token: usize| view.tokens.get(token).is_some_and(|token| token.messages.contains(&index));
    let of_another =
        is_fifo && attempt.token.is_some_and(|own| !holds(own)) && (0..view.tokens.len()).any(holds);
    (!of_another).then_some(message)
}

/// The MessageId in an attempt's submitted event.
pub(in crate::check) fn submitted_id(view: &View<'_>, attempt: &Attempt) -> Option<String> {
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
        if queue.purged || queue.consumed_elsewhere || queue.is_fifo() || queue.unheard {
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
        let delay = seconds(queue.delay);
        let failed =
            view.attempts.iter().any(|a| a.execution == index && a.submitted.is_none() && a.ended.is_some());
        let delayed = first
            .template()
            .is_some_and(|t| t.get("DelaySeconds").is_some() || t.get("DelaySeconds.$").is_some());
        // Empty receives need not be in the record: what the case awaited when it gave up tells of them.
        let awaited = matches!(&view.record.end, CaseEnd::Hung { awaited: Awaited::Tokens { .. }, .. });
        let long = tried >= crate::tolerance::HANG + delay || awaited && delay == 0;
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

/// A task that was started and still waits, whose message never came although its queue was polled for long.
fn unsent(view: &View<'_>, sink: &mut Sink) {
    if view.answered_elsewhere || view.has_faults() {
        return;
    }
    for attempt in view.attempts.iter().filter(|attempt| attempt.pattern == Pattern::Callback) {
        let Some(started) = attempt.started.and_then(|index| view.events(attempt).get(index)) else {
            continue;
        };
        let Some(parameters) = attempt.parameters.as_ref().filter(|_| attempt.ended.is_none()) else {
            continue;
        };
        let url = parameters.get("QueueUrl").and_then(Value::as_str);
        let Some((place, queue)) = view.queues.iter().enumerate().find(|(_, queue)| Some(queue.url) == url)
        else {
            continue;
        };
        if !queue.made_here || queue.purged || queue.consumed_elsewhere || queue.is_fifo() {
            continue;
        }
        // A receive whose answer was lost may have taken it.
        let taken = view
            .calls_of(Api::ReceiveMessage)
            .any(|call| call.entry_text("QueueUrl") == url && call.answer.is_open_ended());
        if taken || has_stray(view, place, attempt) {
            continue;
        }
        let delay = parameters.get("DelaySeconds").and_then(Value::as_u64).unwrap_or(queue.delay);
        let waited = polled(view, queue, view.offset.latest(started.at).0 + seconds(delay));
        if waited >= patience(view) {
            let row = if attempt.number > 0 { SENT } else { ARRIVES };
            let state = attempt.state.as_deref().unwrap_or_default();
            let number = attempt.number + 1;
            sink.violated_at(
                row,
                Some(started.id),
                format!("no message of attempt {number} of state {state} came within {waited} ms"),
            );
        }
    }
}

/// Nothing says how soon the event is written, nor that it is where a callback came first.
fn submitted(view: &View<'_>, sink: &mut Sink) {
    let waiting = |attempt: &&Attempt| {
        attempt.pattern == Pattern::Callback && attempt.started.is_some() && attempt.ended.is_none()
    };
    for attempt in view.attempts.iter().filter(waiting) {
        let received = attempt.token.and_then(|token| view.tokens.get(token)?.received);
        let (Some(received), Some(read)) = (received, view.history(attempt.execution)) else { continue };
        let waited = read.begun - received;
        if attempt.submitted.is_some() {
            sink.met(SUBMITTED);
        } else if waited >= patience(view) && read.terminal().is_none() {
            sink.violated(SUBMITTED, format!("no TaskSubmitted {waited} ms after its message was received"));
        }
    }
}

/// Whether a message of the queue belongs to this attempt, or to none that is known.
fn has_stray(view: &View<'_>, queue: usize, attempt: &Attempt) -> bool {
    view.messages.iter().enumerate().filter(|(_, message)| message.queue == queue).any(|(index, _)| {
        let token = view.tokens.iter().position(|token| token.messages.contains(&index));
        token.is_none_or(|token| {
            Some(token) == attempt.token || view.tokens.get(token).is_none_or(|token| token.attempt.is_none())
        })
    })
}

/// The queue that the first state of an execution sends to, where it is fixed or stands in the input.
fn queue_of(state: &StateView, execution: &Execution<'_>) -> Option<String> {
    let template = state.template()?;
    if let Some(url) = template.get("QueueUrl").and_then(Value::as_str) {
        return Some(url.to_owned());
    }
    let path = template.get("QueueUrl.$")?.as_str()?;
    let path =
        path.strip_prefix("$$.Execution.Input").map_or_else(|| path.to_owned(), |rest| format!("${rest}"));
    crate::check::timers::timeout_path::plain_path(&path, execution.input.as_ref()?)??
        .as_str()
        .map(str::to_owned)
}
