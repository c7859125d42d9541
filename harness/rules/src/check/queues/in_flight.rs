//! SQS: messages in flight: deletions hold, changes of visibility count, receives are counted from one.
//!
//! It complements `delivery`, which looks at one message at a time. Invariant: one message that comes too early or too often may be
//! a duplicate (SQS-01) and accuses nobody; the same of several messages is a habit.

use record::Operation as Api;
use serde_json::Value;

use crate::check::queues::direct_sends::asks;
use crate::check::{Check, Group, Sink};
use crate::tolerance::seconds;
use crate::view::{Call, Message, Queue, Receipt, View};

const DELETED: Check = Check::of(
    "SQS-05",
    "deletions-hold",
    "messages that were deleted with their latest handle in time do not come back",
);
const EXTENDED: Check = Check::of(
    "SQS-06",
    "changed-visibility-counts",
    "messages whose visibility timeout was changed stay hidden that long from the call on",
);
const NOT_THERE: Check = Check::of(
    "SQS-06",
    "visible-messages-cannot-be-changed",
    "changing the visibility of a message that is not in flight is refused",
);
const FIRST: Check =
    Check::of("SQS-11", "first-receive-counts-one", "ApproximateReceiveCount is 1 on the first receive");

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[DELETED], run: deleted },
    Group { checks: &[EXTENDED, NOT_THERE], run: changed },
    Group { checks: &[FIRST], run: first },
];

/// So many messages that misbehave alike are no accident.
const HABIT: usize = 3;

/// The receive that a call with this handle was about, if no later one had come before the call.
fn latest<'m>(message: &'m Message<'_>, call: &Call<'_>) -> Option<&'m Receipt<'m>> {
    let handle = call.text("ReceiptHandle")?;
    let before = message.receipts.iter().filter(|receipt| receipt.begun < call.ended);
    before.max_by_key(|receipt| receipt.begun).filter(|latest| latest.handle == handle)
}

/// Whether a message was surely in flight when a call was made.
pub(in crate::check) fn is_in_flight(view: &View<'_>, message: &Message<'_>, call: &Call<'_>) -> bool {
    let Some(latest) = latest(message, call) else { return false };
    let hidden = latest.hidden_least.is_some_and(|hidden| call.ended - latest.begun < seconds(hidden) - 500);
    let touched = view.calls.iter().any(|other| {
        let gone = matches!(
            other.operation,
            Api::DeleteMessage
                | Api::DeleteMessageBatch
                | Api::ChangeMessageVisibility
                | Api::ChangeMessageVisibilityBatch
                | Api::PurgeQueue
                | Api::DeleteQueue
        );
        let same = view.queues.get(message.queue).is_some_and(|q| other.text("QueueUrl") == Some(q.url));
        let about =
            other.text("ReceiptHandle").is_none_or(|h| message.receipts.iter().any(|r| r.handle == h));
        gone && same && about && other.index != call.index && other.begun <= call.ended
    });
    hidden && latest.ended < call.begun && !touched
}

fn is_plain(queue: &Queue<'_>) -> bool {
    queue.made_here && !queue.purged && !queue.consumed_elsewhere && !queue.is_fifo()
}

fn deleted(view: &View<'_>, sink: &mut Sink) {
    let (mut held, mut back) = (0, 0);
    for message in &view.messages {
        if !view.queues.get(message.queue).is_some_and(is_plain) || message.visibility_changed {
            continue;
        }
        let surely = message.deletions.iter().filter(|deletion| deletion.done).find(|deletion| {
            let before = message.receipts.iter().filter(|receipt| receipt.begun < deletion.ended);
            before.max_by_key(|receipt| receipt.begun).is_some_and(|latest| {
                let in_time =
                    latest.hidden_least.is_some_and(|hidden| deletion.ended - latest.begun < seconds(hidden));
                latest.handle == deletion.handle && in_time
            })
        });
        let Some(deletion) = surely else { continue };
        // Once more may be a duplicate (SQS-01), which is deleted too.
        let again = message.receipts.iter().filter(|receipt| receipt.begun > deletion.ended).count();
        *(if again > 1 { &mut back } else { &mut held }) += 1;
    }
    if back >= HABIT && back > held {
        sink.violated(DELETED, format!("{back} messages that were deleted came back"));
    } else if held > 0 {
        sink.met(DELETED);
    }
}

fn changed(view: &View<'_>, sink: &mut Sink) {
    let (mut early, mut kept, mut denied) = (0, 0, 0);
    for change in view.calls_of(Api::ChangeMessageVisibility) {
        let span = change.input.get("VisibilityTimeout").and_then(Value::as_u64);
        let Some(handle) = change.text("ReceiptHandle") else { continue };
        let about = |message: &&Message<'_>| {
            view.queues
                .get(message.queue)
                .is_some_and(|q| is_plain(q) && change.text("QueueUrl") == Some(q.url))
                && message.receipts.iter().any(|receipt| receipt.handle == handle)
        };
        let Some(message) = view.messages.iter().find(about) else { continue };
        let not_there = change.answer.code().is_some_and(|code| code.contains("MessageNotInflight"));
        // A message that came twice has a copy that goes its own way (SQS-01).
        let came_twice =
            message.receipts.iter().any(|receipt| receipt.handle != handle && receipt.begun < change.begun);
        denied += usize::from(not_there && !came_twice && is_in_flight(view, message, change));
        let others: Vec<&Call<'_>> = view
            .calls_of(Api::ChangeMessageVisibility)
            .filter(|other| other.index != change.index && other.text("ReceiptHandle") == Some(handle))
            .collect();
        let zero = |other: &Call<'_>| other.input.get("VisibilityTimeout").and_then(Value::as_u64) == Some(0);
        let made_visible =
            others.iter().any(|other| zero(other) && other.answer.done().is_some() && other.precedes(change));
        let received_since =
            message.receipts.iter().any(|receipt| receipt.handle != handle && receipt.begun < change.ended);
        let untouched = message.deletions.iter().all(|deletion| deletion.begun > change.ended)
            && others.iter().all(|other| zero(other) || other.answer.done().is_none());
        if made_visible && !received_since && untouched && change.was_looked_at() {
            sink.expect(NOT_THERE, change.answer.refused().is_some_and(|error| error.status < 500), || {
                "the visibility of a message that is not in flight was changed".to_owned()
            });
        }
        let Some(span) = span.filter(|span| *span > 0 && others.is_empty()) else { continue };
        if change.answer.done().is_none() || came_twice || latest(message, change).is_none() {
            continue;
        }
        let next = message.receipts.iter().filter(|receipt| receipt.begun > change.ended);
        match next.map(|receipt| receipt.ended).min() {
            Some(next) if next - change.begun < seconds(span) - 500 => early += 1,
            Some(_) => kept += 1,
            None => {}
        }
    }
    if denied >= HABIT {
        sink.violated(EXTENDED, format!("{denied} messages in flight were answered with MessageNotInflight"));
    }
    if early >= HABIT {
        sink.violated(
            EXTENDED,
            format!("{early} messages came back before their changed visibility timeout"),
        );
    } else if kept > 0 {
        sink.met(EXTENDED);
    }
}

fn first(view: &View<'_>, sink: &mut Sink) {
    for message in &view.messages {
        let Some(queue) = view.queues.get(message.queue) else { continue };
        let is_dead = view
            .queues
            .iter()
            .any(|other| other.dead_letter.as_ref().is_some_and(|(_, target)| target == queue.name));
        let Some(first) = message.receipts.iter().min_by_key(|receipt| receipt.ended) else { continue };
        let Some(call) = view.calls.get(first.call) else { continue };
        let names = ["AttributeNames", "MessageSystemAttributeNames"];
        if !queue.made_here
            || queue.consumed_elsewhere
            || is_dead
            || !asks(call, &names, "ApproximateReceiveCount")
        {
            continue;
        }
        // A receive whose answer was lost has counted all the same, and so has one that overlaps.
        let counted_before = view.calls_of(Api::ReceiveMessage).any(|other| {
            other.text("QueueUrl") == Some(queue.url)
                && other.index != call.index
                && other.begun <= call.ended
                && (other.answer.is_open_ended() || message.receipts.iter().any(|r| r.call == other.index))
        });
        if counted_before {
            continue;
        }
        let shown = message.wire.pointer("/Attributes/ApproximateReceiveCount");
        sink.expect(FIRST, shown.and_then(Value::as_str) == Some("1"), || {
            "a message that was never received before has not ApproximateReceiveCount 1".to_owned()
        });
    }
}
