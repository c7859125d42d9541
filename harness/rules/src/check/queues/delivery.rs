//! SQS: deliveries, visibility, receive counts, deletion and dead-letter queues.

use std::collections::BTreeMap;

use record::Operation as Api;
use serde_json::Value;

use crate::check::tokens::issue::submitted_id;
use crate::check::tokens::open::is_surely_open;
use crate::check::{Check, Group, Sink};
use crate::tolerance::{HANG, PATIENCE, seconds};
use crate::view::{Attempt, Effect, Message, Pattern, Queue, View};

const AT_LEAST: Check = Check::of(
    "SQS-01",
    "duplicates-are-one-message",
    "a message delivered again is the same message: same id, same body",
);
const ANY_ORDER: Check = Check::of("SQS-02", "order-is-free", "a standard queue delivers in any order");
const KEPT: Check =
    Check::of("SQS-03", "sent-messages-arrive", "every message that a task submitted is received in the end");
const VISIBLE: Check = Check::of(
    "SQS-04",
    "message-is-hidden-then-comes-back",
    "a received message is hidden for its visibility timeout, then received again unless deleted",
);
const HANDLES: Check = Check::of(
    "SQS-05",
    "each-receive-has-its-handle",
    "each receive gives a receipt handle; deleting with the latest removes the message",
);
const AMOUNT: Check =
    Check::of("SQS-07", "receive-is-bounded", "ReceiveMessage answers at most MaxNumberOfMessages");
const COUNT: Check =
    Check::of("SQS-11", "receive-count-counts", "ApproximateReceiveCount grows with each receive");
const DEAD: Check = Check::of(
    "SQS-12",
    "dead-letter-queue-takes-over",
    "a message received more than maxReceiveCount times is in the dead-letter queue",
);
const FROM_DEAD: Check = Check::of(
    "SQS-14",
    "token-from-dead-letter-works",
    "a token read from the dead-letter queue is valid while its task is open",
);
const DELAY: Check = Check::of("SQS-15", "delay-postpones-delivery", "DelaySeconds postpones the delivery");
pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[AT_LEAST, VISIBLE, HANDLES, COUNT, DEAD], run: messages },
    Group { checks: &[AMOUNT, ANY_ORDER], run: calls },
    Group { checks: &[KEPT], run: kept },
    Group { checks: &[FROM_DEAD], run: from_dead },
    Group { checks: &[VISIBLE, DEAD], run: never_again },
    Group { checks: &[DELAY], run: delay },
];

fn messages(view: &View<'_>, sink: &mut Sink) {
    let (mut grown, mut stuck) = (0, 0);
    for message in &view.messages {
        let Some(queue) = view.queues.get(message.queue) else { continue };
        let receipts = &message.receipts;
        let handled = receipts.iter().all(|receipt| !receipt.handle.is_empty());
        if !handled {
            sink.violated(HANDLES, "a message was received without receipt handle");
        }
        if let Some((most, _)) = &queue.dead_letter
            && queue.made_here
            && !message.visibility_changed
        {
            let over =
                receipts.iter().filter(|receipt| receipt.count.is_some_and(|count| count > *most)).count();
            if over > 0 {
                sink.violated(
                    DEAD,
                    format!("a message was received from the queue with a receive count over {most}"),
                );
            }
        }
        if receipts.len() < 2 {
            continue;
        }
        sink.met(AT_LEAST);
        let mut distinct: Vec<&str> = receipts.iter().map(|receipt| receipt.handle).collect();
        distinct.sort_unstable();
        distinct.dedup();
        sink.expect(HANDLES, distinct.len() == receipts.len(), || {
            "two receives of a message gave one receipt handle".to_owned()
        });
        early(message, queue, sink);
        for pair in receipts.windows(2) {
            let [one, other] = pair else { continue };
            let (Some(hidden), true) = (one.hidden_least, one.ended < other.begun) else { continue };
            let over = other.ended - one.begun >= seconds(hidden);
            if over && !message.visibility_changed {
                sink.met(VISIBLE);
                // What comes after its deletion is a copy, with a count of its own.
                let copy = message.deletions.iter().any(|deletion| deletion.begun < other.ended);
                if let (Some(a), Some(b), false) = (one.count, other.count, copy) {
                    *(if b > a { &mut grown } else { &mut stuck }) += 1;
                }
            }
        }
        old_handles(view, message, queue, sink);
        deleted(message, queue, sink);
    }
    // The copy of a duplicate may be counted by itself, once (SQS-01).
    if stuck > 1 && stuck > grown {
        let text = format!("{stuck} times a message was received again without a higher receive count");
        sink.violated(COUNT, text.clone());
        sink.violated(VISIBLE, text);
    } else if grown > 0 {
        sink.met(COUNT);
    }
    // Moved to the dead-letter queue: the same message there.
    for queue in &view.queues {
        let Some((most, target)) = &queue.dead_letter else { continue };
        let Some(dead) = view.queues.iter().position(|other| other.name == target) else { continue };
        let source = view.queues.iter().position(|other| other.url == queue.url);
        for message in view.messages.iter().filter(|message| message.queue == dead) {
            let before = view
                .messages
                .iter()
                .find(|m| Some(m.queue) == source && (m.id == message.id || m.body == message.body));
            let Some(before) = before else { continue };
            if before.body != message.body {
                sink.violated(DEAD, "a message has another body in the dead-letter queue");
            }
            let receives = before.receipts.len() as u64;
            let counted =
                before.receipts.iter().filter_map(|receipt| receipt.count).max().unwrap_or(receives);
            let early = counted < *most && !before.visibility_changed && !queue.consumed_elsewhere;
            sink.expect(DEAD, !early, || {
                format!("a message is in the dead-letter queue after {counted} of {most} receives")
            });
        }
    }
}

/// So many redeliveries of one message that is hidden or deleted are no accident any more: a queue that delivers every third delivery
/// once more, which is at least once and lawful, comes to them once in 2,000 messages.
const HABIT: usize = 7;

/// Redeliveries before the visibility timeout: a few may be duplicates (SQS-01), a habit is not.
fn early(message: &Message<'_>, queue: &Queue<'_>, sink: &mut Sink) {
    if message.visibility_changed || queue.is_fifo() {
        return;
    }
    let mut early = 0;
    for pair in message.receipts.windows(2) {
        let [one, other] = pair else { continue };
        let counted = matches!((one.count, other.count), (Some(a), Some(b)) if b > a) || one.count.is_none();
        if one.ended < other.begun
            && one.hidden_least.is_some_and(|hidden| other.ended - one.begun < seconds(hidden) - 500)
            && counted
        {
            early += 1;
        }
    }
    if early >= HABIT {
        sink.violated(
            VISIBLE,
            format!("a message was received {early} times again within its visibility timeout"),
        );
    }
}

/// Deleting with the handle of an earlier receive answers success, whatever it does.
fn old_handles(view: &View<'_>, message: &Message<'_>, queue: &Queue<'_>, sink: &mut Sink) {
    if queue.is_fifo() {
        return;
    }
    for call in view.calls.iter().filter(|call| call.operation == Api::DeleteMessage) {
        let handle = call.text("ReceiptHandle").unwrap_or_default();
        let receipts = message.receipts.iter().filter(|receipt| receipt.ended < call.begun);
        let old = receipts.clone().any(|receipt| receipt.handle == handle)
            && receipts.max_by_key(|receipt| receipt.begun).is_some_and(|latest| latest.handle != handle);
        let there = message.deletions.iter().all(|deletion| deletion.begun >= call.begun);
        // Anything else that refuses it, a throttle say, is not about the handle.
        let refused = call.answer.refused().filter(|error| {
            error.code.contains("ReceiptHandle") || error.code.contains("InvalidParameterValue")
        });
        if let (true, true, Some(error)) = (old, there, refused) {
            sink.violated(HANDLES, format!("deleting with an older receipt handle answered {}", error.code));
        }
    }
}

fn deleted(message: &Message<'_>, queue: &Queue<'_>, sink: &mut Sink) {
    for deletion in message.deletions.iter().filter(|deletion| deletion.done) {
        let latest = message
            .receipts
            .iter()
            .filter(|receipt| receipt.ended < deletion.begun)
            .max_by_key(|receipt| receipt.begun);
        let Some(latest) = latest.filter(|latest| latest.handle == deletion.handle) else { continue };
        let in_time = latest.hidden.is_some_and(|hidden| deletion.ended - latest.begun < seconds(hidden));
        let again = message.receipts.iter().filter(|receipt| receipt.begun >= deletion.ended).count();
        if in_time && !queue.is_fifo() {
            // A few more may be duplicates, also after deletion (SQS-01); many messages together are judged in `in_flight`.
            sink.expect(HANDLES, again < HABIT, || {
                format!("a deleted message was received {again} times more")
            });
        }
    }
}

fn calls(view: &View<'_>, sink: &mut Sink) {
    let mut order: BTreeMap<usize, usize> = BTreeMap::new();
    for message in &view.messages {
        *order.entry(message.queue).or_default() += 1;
    }
    if order.values().any(|count| *count > 1) {
        sink.met(ANY_ORDER);
    }
    for call in view.calls_of(Api::ReceiveMessage) {
        if let Some(error) = call.answer.refused().filter(|error| error.status >= 500) {
            sink.violated(AMOUNT, format!("ReceiveMessage answered {error} each time it was asked"));
        }
        let Some(reply) = call.answer.done() else { continue };
        let most = call.input.get("MaxNumberOfMessages").and_then(Value::as_u64).unwrap_or(1);
        let got = reply.get("Messages").and_then(Value::as_array).map_or(0, Vec::len) as u64;
        sink.expect(AMOUNT, got <= most.max(1) || !(1..=10).contains(&most), || {
            format!("ReceiveMessage answered {got} messages with MaxNumberOfMessages {most}")
        });
        let wait = call.input.get("WaitTimeSeconds").and_then(Value::as_u64).unwrap_or(0);
        if !(1..=10).contains(&most) || wait > 20 {
            sink.violated(
                AMOUNT,
                format!("MaxNumberOfMessages {most} with WaitTimeSeconds {wait} answered 200"),
            );
        }
        if got == 0 && call.ended - call.begun > seconds(wait) + PATIENCE {
            sink.violated(
                AMOUNT,
                format!("an empty receive took {} ms with WaitTimeSeconds {wait}", call.ended - call.begun),
            );
        }
    }
}

/// How long a queue was polled after a moment, by long or short polls that were answered.
pub(in crate::check) fn polled(view: &View<'_>, queue: &Queue<'_>, since: i64) -> i64 {
    queue
        .receives
        .iter()
        .filter_map(|call| view.calls.get(*call))
        .filter(|call| call.ended.0 >= since)
        .map(|call| call.ended.0 - since)
        .max()
        .unwrap_or(0)
}

/// Every MessageId of a TaskSubmitted event arrives, if the queue was polled long enough.
fn kept(view: &View<'_>, sink: &mut Sink) {
    for attempt in
        view.attempts.iter().filter(|a| a.pattern == Pattern::Callback && a.resource.starts_with("sqs:"))
    {
        let Some(id) = submitted_id(view, attempt) else { continue };
        if view.messages.iter().any(|message| message.id == id) {
            sink.met(KEPT);
        } else if never_arrived(view, attempt) {
            sink.violated(
                KEPT,
                format!("the message of state {} never arrived", attempt.state.clone().unwrap_or_default()),
            );
        }
    }
}

/// Whether the message that an attempt has submitted was not received, though its queue was polled long enough.
pub(in crate::check) fn never_arrived(view: &View<'_>, attempt: &Attempt) -> bool {
    let Some(id) = submitted_id(view, attempt) else { return false };
    if view.messages.iter().any(|message| message.id == id) {
        return false;
    }
    let parameter = |name: &str| attempt.parameters.as_ref().and_then(|sent| sent.get(name));
    let url = parameter("QueueUrl").and_then(Value::as_str);
    let Some(queue) = view.queues.iter().find(|queue| Some(queue.url) == url) else { return false };
    if !queue.made_here
        || queue.purged
        || queue.consumed_elsewhere
        || queue.is_fifo()
        || queue.unheard
        || queue.dead_letter.is_some()
    {
        return false;
    }
    let delay = parameter("DelaySeconds").and_then(Value::as_u64).unwrap_or(queue.delay);
    let Some(sent) = attempt.submitted.and_then(|index| view.events(attempt).get(index)) else {
        return false;
    };
    let since = view.offset.latest(sent.at).0 + seconds(delay);
    let needed = if view.hung() { HANG } else { PATIENCE };
    polled(view, queue, since) >= needed
}

fn from_dead(view: &View<'_>, sink: &mut Sink) {
    let dead = |queue: usize| {
        view.queues.get(queue).is_some_and(|queue| {
            view.queues
                .iter()
                .any(|other| other.dead_letter.as_ref().is_some_and(|(_, target)| target == queue.name))
        })
    };
    for token in &view.tokens {
        let receipts = token.messages.iter().filter_map(|m| view.messages.get(*m)).filter(|m| dead(m.queue));
        let Some(received) = receipts.flat_map(|m| &m.receipts).map(|receipt| receipt.ended).min() else {
            continue;
        };
        let later = || view.operations_of(token).filter(|op| op.begun >= received);
        if later().any(|op| op.effect == Effect::Accepted) {
            sink.met(FROM_DEAD);
        } else if let Some(code) = later()
            .find(|op| op.effect == Effect::Rejected && is_surely_open(view, token, op))
            .and_then(|op| view.call_of(op)?.answer.code())
            .filter(|code| matches!(*code, "InvalidToken" | "TaskDoesNotExist"))
        {
            let message = format!("a token from the dead-letter queue answered {code}");
            sink.violated(FROM_DEAD, message);
        }
    }
}

/// A message that was not deleted and never came back, though the queue was polled well beyond its timeout.
fn never_again(view: &View<'_>, sink: &mut Sink) {
    if view.has_faults() {
        return;
    }
    for message in &view.messages {
        let Some(queue) = view.queues.get(message.queue) else { continue };
        if !queue.made_here
            || queue.purged
            || queue.is_fifo()
            || queue.consumed_elsewhere
            || message.visibility_changed
            || !message.deletions.is_empty()
        {
            continue;
        }
        let Some(last) = message.receipts.iter().max_by_key(|receipt| receipt.begun) else { continue };
        let Some(hidden) = last.hidden else { continue };
        let due = last.ended.0 + seconds(hidden);
        let needed = if view.hung() { HANG } else { PATIENCE };
        match &queue.dead_letter {
            None => {
                if polled(view, queue, due) >= needed {
                    sink.violated(
                        VISIBLE,
                        format!(
                            "a message that was not deleted never came back, {} ms after its timeout",
                            polled(view, queue, due)
                        ),
                    );
                }
            }
            Some((most, target)) => {
                let receives = last.count.unwrap_or(message.receipts.len() as u64);
                let Some(dead) = view.queues.iter().position(|other| other.name == target) else { continue };
                let there = view
                    .messages
                    .iter()
                    .any(|m| m.queue == dead && (m.id == message.id || m.body == message.body));
                let dead_polled = view.queues.get(dead).map_or(0, |dead| polled(view, dead, due));
                // The move may need one more receive of the source queue after the timeout.
                let asked = polled(view, queue, due) > 0;
                if receives >= *most && !there && asked && dead_polled >= needed {
                    sink.violated(
                        DEAD,
                        format!("a message received {receives} times is not in the dead-letter queue"),
                    );
                } else if receives >= *most && there {
                    sink.met(DEAD);
                } else if receives < *most && !there && polled(view, queue, due) >= needed {
                    sink.violated(VISIBLE, "a message that was not deleted never came back");
                }
            }
        }
    }
}

fn delay(view: &View<'_>, sink: &mut Sink) {
    for attempt in view.attempts.iter().filter(|attempt| attempt.resource.starts_with("sqs:")) {
        let Some(delay) = attempt
            .parameters
            .as_ref()
            .and_then(|p| p.get("DelaySeconds"))
            .and_then(Value::as_u64)
            .filter(|d| *d > 0)
        else {
            continue;
        };
        let Some(message) = crate::check::tokens::issue::message_of(view, attempt) else { continue };
        let (Some(first), Some(scheduled)) = (message.first(), view.events(attempt).get(attempt.scheduled))
        else {
            continue;
        };
        let earliest = view.offset.earliest(scheduled.at).0 + seconds(delay) - 500;
        sink.expect(DELAY, first.ended.0 >= earliest, || {
            format!("a message with DelaySeconds {delay} was received early")
        });
    }
}
