//! SQS: messages that the harness sent itself come once under the id of their send, whole, and nothing else comes.
//!
//! What tasks send is `handed_out` and `delivery`; FIFO deduplication is `fifo`. Invariant: a message counts as lost only after an
//! empty long poll beyond every patience, and as nobody's only in a queue that nobody but the harness can have sent to.

use record::Operation as Api;
use serde_json::Value;

use crate::check::queues::fifo::is_duplicate;
use crate::check::{Check, Group, Sink};
use crate::digest::{md5, md5_of_attributes};
use crate::tolerance::{patience, seconds};
use crate::view::{Call, Fate, Message, Post, Queue, View};

const NAMED: Check = Check::of(
    "SQS-01",
    "messages-have-their-id",
    "a message is received under the MessageId that its send answered",
);
const DISTINCT: Check = Check::of("SQS-01", "ids-are-unique", "two messages never have one MessageId");
const NOBODY: Check =
    Check::of("SQS-01", "only-sent-messages-come", "a queue gives no message that nobody sent");
const BODY: Check = Check::of(
    "SQS-03",
    "bodies-are-what-was-sent",
    "a message is received with the body and the attributes that were sent under its id",
);
const DIGEST: Check = Check::of(
    "SQS-03",
    "digests-fit",
    "the MD5 digests of sends and receives are those of body and attributes",
);
const ARRIVES: Check = Check::of(
    "SQS-03",
    "accepted-sends-arrive",
    "every message whose send was accepted is received in the end",
);

const DELAYED: Check = Check::of(
    "SQS-15",
    "delays-of-sends-count",
    "a message that was sent with a delay, or to a queue with one, comes after it",
);

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[DELAYED], run: delayed },
    Group { checks: &[NAMED, BODY, DISTINCT], run: named },
    Group { checks: &[DIGEST], run: digests },
    Group { checks: &[ARRIVES], run: arrives },
    Group { checks: &[NOBODY], run: nobody },
];

pub(in crate::check) fn text<'v>(value: &'v Value, member: &str) -> Option<&'v str> {
    value.get(member).and_then(Value::as_str)
}

pub(in crate::check) fn list<'v>(value: &'v Value, member: &str) -> impl Iterator<Item = &'v Value> {
    value.get(member).and_then(Value::as_array).into_iter().flatten()
}

/// Every message as every receive gave it.
pub(in crate::check) fn received<'v>(view: &'v View<'_>) -> impl Iterator<Item = (&'v Call<'v>, &'v Value)> {
    view.calls_of(Api::ReceiveMessage).flat_map(|call| {
        call.answer.done().into_iter().flat_map(|reply| list(reply, "Messages")).map(move |wire| (call, wire))
    })
}

/// Whether one of the lists of names in a request asks for this one.
pub(in crate::check) fn asks(call: &Call<'_>, members: &[&str], name: &str) -> bool {
    members
        .iter()
        .filter_map(|member| call.input.get(*member))
        .filter_map(Value::as_array)
        .flatten()
        .any(|asked| asked.as_str().is_some_and(|asked| asked == "All" || asked == ".*" || asked == name))
}

fn named(view: &View<'_>, sink: &mut Sink) {
    for (_, wire) in received(view) {
        if text(wire, "MessageId").is_none_or(str::is_empty) {
            sink.violated(NAMED, "a message was received without MessageId");
        }
        if !wire.get("Body").is_some_and(Value::is_string) {
            sink.violated(BODY, "a message was received without Body");
        }
    }
    let posts = view.posts();
    for post in &posts {
        let Fate::Taken(_) = post.fate else { continue };
        let Some(id) = post.id().filter(|id| !id.is_empty()) else {
            sink.violated(NAMED, "a message was taken without MessageId");
            continue;
        };
        // A FIFO queue may answer a duplicate as it answered the first.
        let duplicate = posts.iter().any(|other| is_duplicate(view, other, post));
        if !duplicate && !posts.iter().any(|other| is_duplicate(view, post, other)) {
            let alone = posts.iter().filter(|other| other.id() == Some(id)).count() == 1;
            sink.expect(DISTINCT, alone, || "two sends were answered with one MessageId".to_owned());
        }
        let body = post.text("MessageBody");
        let mut here = view.messages.iter().filter(|message| Some(message.queue) == post.queue);
        if let Some(message) = here.clone().find(|message| message.id == id) {
            sink.met(NAMED);
            sink.expect(BODY, body == Some(message.body) || duplicate, || {
                format!("a message of {} characters came back as another", body.map_or(0, str::len))
            });
            if !duplicate {
                attributes(view, post, message, sink);
            }
        } else {
            let alike = posts.iter().filter(|other| other.text("MessageBody") == body).count();
            if alike == 1 && here.any(|message| Some(message.body) == body) {
                sink.violated(NAMED, "a message came under another MessageId than its send answered");
            }
        }
    }
}

/// The attributes that were sent are there where all were asked for.
fn attributes(view: &View<'_>, post: &Post<'_>, message: &Message<'_>, sink: &mut Sink) {
    let Some(sent) = post.members.get("MessageAttributes").and_then(Value::as_object) else { return };
    let first = message.receipts.first().and_then(|receipt| view.calls.get(receipt.call));
    let got = message.wire.get("MessageAttributes");
    for (name, value) in sent {
        if !first.is_some_and(|call| asks(call, &["MessageAttributeNames"], name)) {
            continue;
        }
        let same = |member: &&str| {
            value
                .get(*member)
                .is_none_or(|sent| got.and_then(|got| got.get(name)?.get(*member)) == Some(sent))
        };
        let held = ["DataType", "StringValue", "BinaryValue"].iter().all(same);
        sink.expect(BODY, held, || {
            format!("the attribute {name} of a message did not arrive as it was sent")
        });
    }
}

fn digests(view: &View<'_>, sink: &mut Sink) {
    // The model requires digests of the entries of a batch alone.
    let mut look = |name: &str, shown: Option<&Value>, right: Option<String>, required: bool| {
        let (Some(right), true) = (right, required || shown.is_some_and(|shown| !shown.is_null())) else {
            return;
        };
        let held = shown.and_then(Value::as_str).is_some_and(|shown| shown.eq_ignore_ascii_case(&right));
        sink.expect(DIGEST, held, || format!("{name} is not the digest of what it stands for"));
    };
    // Tokens are replaced in stored records: such a body has no digest any more.
    let body = |body: Option<&str>| body.filter(|body| !body.contains("token#")).map(md5);
    let attributes = |of: Option<&Value>| of.and_then(Value::as_object).and_then(md5_of_attributes);
    let of_attributes = "MD5OfMessageAttributes";
    for (_, wire) in received(view) {
        look("MD5OfBody", wire.get("MD5OfBody"), body(text(wire, "Body")), false);
        look(of_attributes, wire.get(of_attributes), attributes(wire.get("MessageAttributes")), false);
    }
    for post in view.posts() {
        let Fate::Taken(answer) = post.fate else { continue };
        let in_batch = post.call.operation == Api::SendMessageBatch;
        let digest = body(post.text("MessageBody"));
        look("MD5OfMessageBody", answer.get("MD5OfMessageBody"), digest, in_batch);
        look(
            of_attributes,
            answer.get(of_attributes),
            attributes(post.members.get("MessageAttributes")),
            false,
        );
    }
}

/// Whether a queue was surely empty so long after a moment: a long poll said so, and nothing else can have taken messages.
pub(in crate::check) fn ran_dry(view: &View<'_>, queue: &Queue<'_>, since: i64) -> bool {
    let receives =
        || view.calls_of(Api::ReceiveMessage).filter(|call| call.text("QueueUrl") == Some(queue.url));
    let waits = |call: &Call<'_>| call.input.get("WaitTimeSeconds").and_then(Value::as_u64).unwrap_or(0) >= 1;
    receives().all(|call| !call.answer.is_open_ended())
        && receives().any(|call| {
            let empty = call.answer.done().is_some_and(|reply| list(reply, "Messages").next().is_none());
            empty && waits(call) && call.ended.0 - since >= patience(view)
        })
}

fn arrives(view: &View<'_>, sink: &mut Sink) {
    if view.has_faults() {
        return;
    }
    let posts = view.posts();
    for post in &posts {
        let (Some(id), Some(place)) = (post.id(), post.queue) else { continue };
        let Some(queue) = view.queues.get(place) else { continue };
        if view.messages.iter().any(|message| message.id == id) {
            sink.met(ARRIVES);
            continue;
        }
        let leaves_otherwise =
            queue.purged || queue.consumed_elsewhere || queue.dead_letter.is_some() || !queue.made_here;
        let held_back = queue.is_fifo()
            && (posts.iter().any(|other| is_duplicate(view, other, post))
                || view.messages.iter().any(|m| m.queue == place && m.deletions.is_empty()));
        if leaves_otherwise || held_back {
            continue;
        }
        if ran_dry(view, queue, post.call.ended.0 + delay(post, queue)) {
            sink.violated(ARRIVES, "a message whose send was accepted never came");
        }
    }
}

/// The delay of its own, or that of its queue, in milliseconds.
fn delay(post: &Post<'_>, queue: &Queue<'_>) -> i64 {
    let own = post.members.get("DelaySeconds").and_then(Value::as_u64);
    seconds(own.unwrap_or(queue.delay))
}

fn delayed(view: &View<'_>, sink: &mut Sink) {
    for post in view.posts() {
        let Some(queue) = post.queue.and_then(|queue| view.queues.get(queue)) else { continue };
        let message = view.messages.iter().find(|m| post.id() == Some(m.id) && Some(m.queue) == post.queue);
        let (delay, Some(first)) = (delay(&post, queue), message.and_then(Message::first)) else { continue };
        if delay > 0 && queue.made_here {
            sink.expect(DELAYED, first.ended.0 >= post.call.begun.0 + delay - 500, || {
                format!("a message with a delay of {} s was received early", delay / 1000)
            });
        }
    }
}

/// Whether nobody but the harness can have sent to a queue.
fn is_own(view: &View<'_>, queue: &Queue<'_>) -> bool {
    let listens = view.calls_of(Api::Subscribe).any(|call| {
        call.text("Endpoint").and_then(|endpoint| endpoint.rsplit(':').next()) == Some(queue.name)
    });
    let buries = view
        .queues
        .iter()
        .any(|other| other.dead_letter.as_ref().is_some_and(|(_, target)| target == queue.name));
    let worked = view.calls.iter().any(|call| {
        matches!(
            call.operation,
            Api::CreateStateMachine | Api::StartExecution | Api::TestState | Api::Invoke | Api::PutEvents
        )
    });
    queue.made_here && !listens && !buries && !worked && view.machines.is_empty()
}

fn nobody(view: &View<'_>, sink: &mut Sink) {
    let posts = view.posts();
    let sends = [Api::SendMessage, Api::SendMessageBatch];
    for message in &view.messages {
        let Some(queue) = view.queues.get(message.queue).filter(|queue| is_own(view, queue)) else {
            continue;
        };
        // A send that failed half-way may have sent something.
        let open = view.calls.iter().any(|call| {
            sends.contains(&call.operation)
                && call.text("QueueUrl") == Some(queue.url)
                && !call.was_looked_at()
        });
        if open {
            continue;
        }
        let mut own = posts.iter().filter(|post| post.queue == Some(message.queue));
        sink.expect(NOBODY, own.any(|post| post.id() == Some(message.id)), || {
            "a message came whose id no send was answered with".to_owned()
        });
    }
}
