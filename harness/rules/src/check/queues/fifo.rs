//! SQS: FIFO queues: groups and their order, deduplication, and dead-letter queues of the same type.
//!
//! Invariant: a send counts as a duplicate only of one that surely came before it, within the five minutes that a queue remembers.

use std::collections::BTreeMap;

use record::{Operation as Api, Time};
use serde_json::Value;

use crate::check::queues::direct_sends::text;
use crate::check::tokens::issue::message_of;
use crate::check::{Check, Group, Sink};
use crate::tolerance::seconds;
use crate::view::{Call, Fate, Message, Post, Queue, View};

const GROUP: Check = Check::of(
    "SQS-16",
    "fifo-sends-have-a-group",
    "a send to a FIFO queue without MessageGroupId is refused",
);
const ONCE: Check = Check::of(
    "SQS-16",
    "duplicates-are-taken-and-not-delivered",
    "a second send with a deduplication id within five minutes is accepted and not delivered",
);
const TASKS_ONCE: Check = Check::of(
    "SQS-16",
    "duplicates-of-tasks-are-not-delivered",
    "of tasks that send with one deduplication id within five minutes only the first has its message delivered",
);
const CONTENT: Check = Check::of(
    "SQS-17",
    "content-deduplicates-by-body",
    "with content-based deduplication equal bodies are delivered once, different ones each",
);
const BLOCKED: Check = Check::of(
    "SQS-18",
    "group-waits-for-its-message",
    "while a message of a group is in flight no other of the group is received",
);
const ORDER: Check = Check::of(
    "SQS-18",
    "groups-come-in-order",
    "the messages of a group are received in the order of their sends",
);
const SAME_TYPE: Check = Check::of(
    "SQS-13",
    "dead-letter-queue-has-the-type",
    "a redrive policy that names a queue of the other type is refused",
);

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[GROUP, ONCE, CONTENT], run: deduplicated },
    Group { checks: &[TASKS_ONCE], run: tasks_once },
    Group { checks: &[BLOCKED, ORDER], run: in_order },
    Group { checks: &[SAME_TYPE], run: same_type },
];

/// How long a queue remembers a deduplication id.
const MEMORY: i64 = 300_000;

fn attribute<'v>(view: &'v View<'_>, queue: &Queue<'_>, name: &str) -> Option<&'v str> {
    let made = view
        .calls_of(Api::CreateQueue)
        .find(|call| call.answer.done().and_then(|reply| text(reply, "QueueUrl")) == Some(queue.url))?;
    made.input.get("Attributes")?.get(name)?.as_str()
}

/// By what a send is told from its duplicates; none where that is not known.
fn key<'v>(view: &View<'_>, post: &Post<'v>) -> Option<(&'v str, bool)> {
    let queue = post.queue.and_then(|queue| view.queues.get(queue)).filter(|queue| queue.is_fifo())?;
    match post.text("MessageDeduplicationId") {
        Some(id) => Some((id, false)),
        None if attribute(view, queue, "ContentBasedDeduplication") == Some("true") => {
            Some((post.text("MessageBody")?, true))
        }
        None => None,
    }
}

/// Whether the second send is a duplicate of the first: surely after it, and soon enough.
pub(in crate::check) fn is_duplicate(view: &View<'_>, first: &Post<'_>, second: &Post<'_>) -> bool {
    let queue = second.queue.and_then(|queue| view.queues.get(queue));
    // In a high-throughput queue each group remembers for itself.
    let one_group = first.text("MessageGroupId") == second.text("MessageGroupId");
    let scope = queue.and_then(|queue| attribute(view, queue, "DeduplicationScope"));
    let follows = first.call.index == second.call.index || first.call.precedes(second.call);
    !std::ptr::eq(first.members, second.members)
        && follows
        && first.queue == second.queue
        && (one_group || scope != Some("messageGroup"))
        && !matches!(first.fate, Fate::Refused(_))
        && second.call.ended - first.call.begun < MEMORY
        && key(view, second).is_some_and(|own| key(view, first) == Some(own))
}

fn deduplicated(view: &View<'_>, sink: &mut Sink) {
    let posts = view.posts();
    for post in &posts {
        let Some(queue) = post.queue.and_then(|queue| view.queues.get(queue)).filter(|q| q.is_fifo()) else {
            continue;
        };
        if !post.members.contains_key("MessageGroupId") {
            if !matches!(post.fate, Fate::Open) {
                sink.expect(GROUP, matches!(post.fate, Fate::Refused(_)), || {
                    "a send to a FIFO queue without MessageGroupId was taken".to_owned()
                });
            }
            continue;
        }
        let Some((_, by_content)) = key(view, post) else { continue };
        let row = if by_content { CONTENT } else { ONCE };
        let Some(first) = posts.iter().find(|first| is_duplicate(view, first, post)) else { continue };
        if let Fate::Refused(code) = post.fate {
            sink.violated(row, format!("a duplicate was refused with {code}, not taken"));
            continue;
        }
        let delivered = view
            .messages
            .iter()
            .filter(|message| Some(message.queue) == post.queue)
            .filter(|message| {
                let ids = [first.id(), post.id()];
                let same = message.wire.pointer("/Attributes/MessageDeduplicationId").and_then(Value::as_str);
                ids.contains(&Some(message.id))
                    || same.is_some_and(|same| Some(same) == post.text("MessageDeduplicationId"))
                    || by_content && Some(message.body) == post.text("MessageBody")
            })
            .count();
        if delivered > 1 {
            sink.violated(row, "a duplicate was delivered besides the first");
        } else if delivered == 1 && queue.made_here {
            sink.met(row);
        }
    }
}

/// The tasks that sent to a FIFO queue under ids of their own: by queue, id and group, who was submitted when.
fn tasks_once(view: &View<'_>, sink: &mut Sink) {
    let mut sends: BTreeMap<_, Vec<(Time, Option<&str>)>> = BTreeMap::new();
    for attempt in &view.attempts {
        let Some(submitted) = attempt.submitted.and_then(|index| view.events(attempt).get(index)) else {
            continue;
        };
        let Some(sent) = attempt.parameters.as_ref().filter(|_| attempt.resource.starts_with("sqs:")) else {
            continue;
        };
        let place =
            view.queues.iter().position(|queue| Some(queue.url) == text(sent, "QueueUrl") && queue.is_fifo());
        let (Some(place), Some(id)) = (place, text(sent, "MessageDeduplicationId")) else { continue };
        // In a high-throughput queue each group remembers for itself.
        let by_group = view
            .queues
            .get(place)
            .is_some_and(|queue| attribute(view, queue, "DeduplicationScope").is_some());
        let group = text(sent, "MessageGroupId").filter(|_| by_group);
        let message = message_of(view, attempt).filter(|message| message.queue == place);
        sends.entry((place, id, group)).or_default().push((submitted.at, message.map(|message| message.id)));
    }
    for tasks in sends.values().filter(|tasks| tasks.len() > 1) {
        let times = || tasks.iter().map(|(at, _)| *at);
        let (Some(first), Some(last)) = (times().min(), times().max()) else { continue };
        let mut delivered: Vec<&str> = tasks.iter().filter_map(|(_, message)| *message).collect();
        delivered.sort_unstable();
        delivered.dedup();
        if last - first < MEMORY && !delivered.is_empty() {
            sink.expect(TASKS_ONCE, delivered.len() == 1, || {
                format!(
                    "{} tasks sent with one deduplication id, {} messages came",
                    tasks.len(),
                    delivered.len()
                )
            });
        }
    }
}

/// The group of a message: of its attributes where they were asked for, else of its send.
fn group<'v>(posts: &[Post<'v>], message: &Message<'v>) -> Option<&'v str> {
    let shown = message.wire.pointer("/Attributes/MessageGroupId").and_then(Value::as_str);
    let sent = posts.iter().find(|post| post.id() == Some(message.id));
    sent.and_then(|post| post.text("MessageGroupId")).or(shown)
}

fn in_order(view: &View<'_>, sink: &mut Sink) {
    let posts = view.posts();
    let sent = |id: &str| posts.iter().find(|post| post.id() == Some(id)).map(|post| post.call);
    for (place, message) in view.messages.iter().enumerate() {
        let Some(queue) = view.queues.get(message.queue).filter(|queue| queue.is_fifo()) else { continue };
        let Some(own) = group(&posts, message).filter(|_| queue.made_here && !queue.purged) else { continue };
        let Some(first) = message.receipts.iter().min_by_key(|receipt| receipt.begun) else { continue };
        again(message, sink);
        let others = view.messages.iter().enumerate().filter(|(index, other)| {
            *index != place && other.queue == message.queue && group(&posts, other) == Some(own)
        });
        for (index, other) in others {
            let Some(before) = other.receipts.iter().min_by_key(|receipt| receipt.begun) else { continue };
            if let (Some(one), Some(two)) = (sent(other.id), sent(message.id))
                && one.precedes(two)
            {
                // Messages of one answer are known in the order in which they stand there.
                let in_order =
                    if before.call == first.call { index < place } else { before.begun <= first.begun };
                sink.expect(ORDER, in_order, || {
                    "a message of a group came before one that was sent earlier".to_owned()
                });
            }
            let hides = other.receipts.iter().filter(|receipt| receipt.ended < first.begun).any(|receipt| {
                receipt.hidden_least.is_some_and(|hidden| first.ended - receipt.begun < seconds(hidden) - 500)
                    && other.deletions.iter().all(|deletion| deletion.begun > first.ended)
                    && !other.visibility_changed
            });
            if hides {
                sink.violated(BLOCKED, "a message came while another of its group was in flight");
            } else {
                sink.met(BLOCKED);
            }
        }
    }
}

/// Unlike a standard queue, a FIFO queue gives no message again while it is in flight.
fn again(message: &Message<'_>, sink: &mut Sink) {
    for pair in message.receipts.windows(2) {
        let [one, other] = pair else { continue };
        let hidden = one.hidden_least.is_some_and(|hidden| other.ended - one.begun < seconds(hidden) - 500);
        if hidden && one.ended < other.begun && !message.visibility_changed {
            sink.violated(BLOCKED, "a message came again while it was in flight");
        }
    }
}

fn same_type(view: &View<'_>, sink: &mut Sink) {
    let is_fifo = |name: &str| name.rsplit('.').next() == Some("fifo");
    let mut judge = |name: Option<&str>, call: &Call<'_>| {
        let policy = call.input.get("Attributes").and_then(|all| text(all, "RedrivePolicy"));
        let policy = policy.and_then(|policy| serde_json::from_str::<Value>(policy).ok());
        let target = policy.as_ref().and_then(|policy| text(policy, "deadLetterTargetArn"));
        let target = target.and_then(|arn| arn.rsplit(':').next());
        let (Some(name), Some(target), true) = (name, target, call.was_looked_at()) else { return };
        if is_fifo(name) != is_fifo(target) {
            sink.expect(SAME_TYPE, call.answer.refused().is_some_and(|error| error.status < 500), || {
                "a dead-letter queue of the other type was taken".to_owned()
            });
        }
    };
    for call in view.calls_of(Api::CreateQueue) {
        judge(call.text("QueueName"), call);
    }
    for call in view.calls_of(Api::SetQueueAttributes) {
        judge(call.text("QueueUrl").and_then(|url| url.rsplit('/').next()), call);
    }
}
