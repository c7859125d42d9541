//! SNS: what the harness published itself, and the subscriptions that hear it.
//!
//! What workflows publish is `integration`. Invariant: only subscriptions of queues without filter count, and a
//! notification is lost only after an empty long poll beyond every patience.

use record::Operation as Api;
use serde_json::Value;

use crate::check::queues::direct_sends::{list, ran_dry, text};
use crate::check::{Check, Group, Sink};
use crate::view::{Call, Message, View};

const SAME: Check = Check::of(
    "SNS-01",
    "published-id-is-the-delivered-one",
    "a publish answers the MessageId under which its text is delivered, one for each",
);
const WHOLE: Check = Check::of(
    "SNS-02",
    "envelope-tells-the-publish",
    "an envelope has topic, subject and attributes of its publish; with raw delivery the text comes bare",
);
const ARRIVES: Check = Check::of(
    "SNS-03",
    "published-texts-arrive",
    "what was published reaches every queue that is subscribed",
);
const SIZE: Check = Check::of("SNS-04", "size-is-limited", "a message of more than 1 MiB is refused");
const SUBJECT: Check = Check::of(
    "SNS-07",
    "subjects-are-validated",
    "a Subject of more than 100 characters or with a line break is refused",
);
const GROUP: Check = Check::of(
    "SNS-08",
    "fifo-publishes-have-a-group",
    "a publish to a FIFO topic without MessageGroupId is refused",
);
const ONCE: Check = Check::of(
    "SNS-08",
    "duplicates-are-taken-and-not-delivered",
    "a second publish with a deduplication id within five minutes is accepted and not delivered",
);
const MADE: Check =
    Check::of("SNS-09", "topics-have-their-arn", "a topic is made under an ARN that ends in its name");
const CONFIRMED: Check = Check::of(
    "SNS-09",
    "subscriptions-are-listed",
    "a subscription has an ARN below its topic's and is listed with queue and topic",
);

const NOBODY: Check = Check::of(
    "SNS-01",
    "only-published-texts-come",
    "a topic gives no notification whose id no publish was answered with",
);

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[NOBODY], run: nobody },
    Group { checks: &[SAME, WHOLE, ARRIVES], run: delivered },
    Group { checks: &[SIZE, SUBJECT, GROUP], run: refused },
    Group { checks: &[ONCE], run: once },
    Group { checks: &[MADE, CONFIRMED], run: subscribed },
];

/// A subscription of a queue.
struct Subscription {
    queue: usize,
    raw: bool,
}

/// The subscriptions of queues made here that stood before a publish.
fn subscriptions(view: &View<'_>, publish: &Call<'_>) -> Vec<Subscription> {
    let topic = publish.text("TopicArn");
    let changed = view.calls.iter().any(|call| {
        matches!(call.operation, Api::Unsubscribe | Api::SetSubscriptionAttributes | Api::DeleteTopic)
    });
    if changed {
        return Vec::new();
    }
    let calls = view.calls_of(Api::Subscribe).filter(|call| {
        call.text("TopicArn") == topic
            && call.text("Protocol") == Some("sqs")
            && call.answer.done().is_some()
            && call.precedes(publish)
    });
    calls
        .filter_map(|call| {
            let attributes = call.input.get("Attributes");
            let has = |name: &str| attributes.and_then(|all| text(all, name));
            let name = call.text("Endpoint")?.rsplit(':').next()?;
            let queue = view.queues.iter().position(|queue| queue.name == name && queue.made_here)?;
            let raw = has("RawMessageDelivery") == Some("true");
            has("FilterPolicy").is_none().then_some(Subscription { queue, raw })
        })
        .collect()
}

fn delivered(view: &View<'_>, sink: &mut Sink) {
    let publishes: Vec<&Call<'_>> = view.calls_of(Api::Publish).collect();
    for call in &publishes {
        let Some(reply) = call.answer.done() else { continue };
        let Some(id) = text(reply, "MessageId").filter(|id| (1..=100).contains(&id.len())) else {
            sink.violated(SAME, "a publish was answered without MessageId");
            continue;
        };
        let is_fifo = call.has("MessageGroupId");
        let answered =
            |other: &&&Call<'_>| other.answer.done().and_then(|r| text(r, "MessageId")) == Some(id);
        let alone = publishes.iter().filter(answered).count() == 1;
        if !is_fifo {
            sink.expect(SAME, alone, || "two publishes were answered with one MessageId".to_owned());
        }
        let Some(body) = call.text("Message").filter(|_| !call.has("MessageStructure")) else {
            continue;
        };
        let same_text = |other: &&&Call<'_>| other.text("Message") == Some(body);
        let only_one = publishes.iter().filter(same_text).count() == 1;
        for Subscription { queue, raw } in subscriptions(view, call) {
            let mut here = view.messages.iter().filter(|message| message.queue == queue);
            if raw {
                let bare = here.clone().find(|message| message.body == body);
                if let Some(message) = bare {
                    sink.met(ARRIVES);
                    attributes(call, message, sink);
                } else if here.clone().any(|m| m.envelope.as_ref().is_some_and(|e| e.message == body)) {
                    sink.violated(WHOLE, "a subscription with raw delivery got an envelope");
                } else if here.any(|m| m.json.as_ref().and_then(Value::as_str) == Some(body)) {
                    sink.violated(WHOLE, "a subscription with raw delivery got the text as JSON");
                } else if let Some(queue) = view.queues.get(queue)
                    && !is_fifo
                    && ran_dry(view, queue, call.ended.0)
                {
                    sink.violated(ARRIVES, "a published text never came to a queue that is subscribed");
                }
                continue;
            }
            let enveloped =
                |message: &&Message<'_>| message.envelope.as_ref().is_some_and(|e| e.message_id == id);
            if let Some(message) = here.clone().find(enveloped) {
                sink.met(ARRIVES);
                let held = message.text() == body || !alone;
                sink.expect(SAME, held, || "a notification has another text than was published".to_owned());
                envelope(call, message, sink);
            } else if only_one && here.clone().any(|m| m.envelope.as_ref().is_some_and(|e| e.message == body))
            {
                sink.violated(SAME, "a notification has another MessageId than its publish answered");
            } else if only_one && here.any(|m| m.envelope.is_none() && m.body == body) {
                sink.violated(WHOLE, "a published text arrived without its envelope");
            } else if let Some(queue) = view.queues.get(queue)
                && !is_fifo
                && ran_dry(view, queue, call.ended.0)
            {
                sink.violated(ARRIVES, "a published text never came to a queue that is subscribed");
            }
        }
    }
}

/// Where nobody but the harness can have published, every notification is of a publish.
fn nobody(view: &View<'_>, sink: &mut Sink) {
    let published = || view.calls_of(Api::Publish);
    let by_others = view.calls.iter().any(|call| {
        matches!(call.operation, Api::CreateStateMachine | Api::StartExecution | Api::TestState | Api::Invoke)
    });
    if by_others || !view.machines.is_empty() || published().any(|call| !call.was_looked_at()) {
        return;
    }
    let answered =
        |id: &str| published().any(|call| call.answer.done().and_then(|r| text(r, "MessageId")) == Some(id));
    let made = |topic: &str| {
        view.calls_of(Api::CreateTopic)
            .any(|call| call.answer.done().and_then(|r| text(r, "TopicArn")) == Some(topic))
    };
    for envelope in view.messages.iter().filter_map(|message| message.envelope.as_ref()) {
        if made(&envelope.topic) {
            sink.expect(NOBODY, answered(&envelope.message_id), || {
                "a notification came whose id no publish was answered with".to_owned()
            });
        }
    }
}

/// What an envelope says of its publish.
fn envelope(call: &Call<'_>, message: &Message<'_>, sink: &mut Sink) {
    let Some(json) = &message.json else { return };
    let shown = |member: &str| json.get(member).and_then(Value::as_str);
    sink.expect(WHOLE, shown("TopicArn") == call.text("TopicArn"), || {
        "an envelope names another topic than was published to".to_owned()
    });
    let subject = shown("Subject") == call.text("Subject");
    sink.expect(WHOLE, subject, || "an envelope has another Subject than was published".to_owned());
    for (name, value) in call.input.get("MessageAttributes").and_then(Value::as_object).into_iter().flatten()
    {
        let got = json.get("MessageAttributes").and_then(|all| all.get(name));
        let held = got.is_some_and(|got| {
            got.get("Type") == value.get("DataType")
                && value.get("StringValue").is_none_or(|text| got.get("Value") == Some(text))
        });
        sink.expect(WHOLE, held, || {
            format!("the attribute {name} is not in the envelope as it was published")
        });
    }
}

/// With raw delivery the attributes of a publish are those of the message.
fn attributes(call: &Call<'_>, message: &Message<'_>, sink: &mut Sink) {
    for (name, value) in call.input.get("MessageAttributes").and_then(Value::as_object).into_iter().flatten()
    {
        let Some(all) = message.wire.get("MessageAttributes") else { continue };
        let got = all.get(name).and_then(|got| got.get("StringValue"));
        sink.expect(WHOLE, got == value.get("StringValue"), || {
            format!("the attribute {name} did not come with the bare text as it was published")
        });
    }
}

fn refused(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::Publish).filter(|call| call.was_looked_at()) {
        let refused = call.answer.refused().is_some_and(|error| {
            let named = error.code.starts_with("InvalidParameter") || error.code.starts_with("Validation");
            error.status == 413 || error.status == 400 && named
        });
        if call.text("Message").is_some_and(|text| text.len() > 1_048_576) {
            sink.expect(SIZE, refused, || "a message of more than 1 MiB was published".to_owned());
        }
        if let Some(subject) = call.text("Subject") {
            if subject.chars().count() > 100 || subject.contains(['\n', '\r']) {
                sink.expect(SUBJECT, refused, || "a Subject that is none was published".to_owned());
            } else if (1..100).contains(&subject.len()) && subject.chars().all(|c| c.is_ascii_alphanumeric())
            {
                let about = call.answer.code().is_some_and(|code| code.starts_with("InvalidParameter"));
                sink.expect(SUBJECT, !about, || "a lawful Subject was refused".to_owned());
            }
        }
        let topic = call.text("TopicArn").unwrap_or_default();
        if topic.rsplit('.').next() == Some("fifo") && !call.has("MessageGroupId") {
            sink.expect(GROUP, refused, || {
                "a publish to a FIFO topic without MessageGroupId was taken".to_owned()
            });
        }
    }
}

fn once(view: &View<'_>, sink: &mut Sink) {
    let keyed = |call: &&Call<'_>| call.has("MessageDeduplicationId");
    for second in view.calls_of(Api::Publish).filter(keyed) {
        let first = view.calls_of(Api::Publish).filter(keyed).find(|first| {
            ["TopicArn", "MessageDeduplicationId", "MessageGroupId"]
                .iter()
                .all(|member| first.text(member) == second.text(member))
                && first.answer.done().is_some()
                && first.precedes(second)
                && second.ended - first.begun < 300_000
        });
        let Some(first) = first.filter(|_| second.was_looked_at()) else { continue };
        if second.answer.refused().is_some() {
            sink.violated(ONCE, format!("a duplicate answered {}, it was not taken", second.answer.says()));
            continue;
        }
        for Subscription { queue, .. } in subscriptions(view, second) {
            let texts = [first.text("Message"), second.text("Message")];
            let come =
                view.messages.iter().filter(|m| m.queue == queue && texts.contains(&Some(m.text()))).count();
            if come > 1 {
                sink.violated(ONCE, "a duplicate was delivered besides the first");
            } else if come == 1 {
                sink.met(ONCE);
            }
        }
    }
}

fn subscribed(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::CreateTopic) {
        let (Some(name), Some(reply)) = (call.text("Name"), call.answer.done()) else { continue };
        let arn = text(reply, "TopicArn").unwrap_or_default();
        let held = arn.starts_with("arn:") && arn.rsplit(':').next() == Some(name);
        sink.expect(MADE, held, || format!("a topic was made with TopicArn {:?}", reply.get("TopicArn")));
    }
    for call in view.calls_of(Api::Subscribe) {
        let Some(reply) = call.answer.done().filter(|_| call.text("Protocol") == Some("sqs")) else {
            continue;
        };
        let Some(topic) = call.text("TopicArn") else { continue };
        let arn = text(reply, "SubscriptionArn").unwrap_or_default();
        if call.flag("ReturnSubscriptionArn") == Some(true) {
            let below = arn.strip_prefix(topic).is_some_and(|rest| rest.len() > 1 && rest.starts_with(':'));
            sink.expect(CONFIRMED, below, || {
                format!("a queue was subscribed with SubscriptionArn {:?}", reply.get("SubscriptionArn"))
            });
        }
        let gone = view.calls_of(Api::Unsubscribe).next().is_some();
        let mut pages: Vec<&Value> = Vec::new();
        for page in view.calls_of(Api::ListSubscriptionsByTopic) {
            let Some(reply) = page.answer.done().filter(|_| page.text("TopicArn") == Some(topic)) else {
                continue;
            };
            if !page.has("NextToken") {
                pages.clear();
            }
            pages.extend(Some(reply).filter(|_| page.begun - call.ended >= SOON));
        }
        let Some(last) = pages.last().filter(|_| !gone) else { continue };
        let mut found = pages
            .iter()
            .flat_map(|page| list(page, "Subscriptions"))
            .filter(|entry| text(entry, "SubscriptionArn") == Some(arn));
        let held = found.next().is_some_and(|entry| {
            ["TopicArn", "Protocol", "Endpoint"].iter().all(|member| text(entry, member) == call.text(member))
        });
        let once = found.next().is_none();
        sink.expect(CONFIRMED, held && once || last.get("NextToken").is_some(), || {
            "a subscription is not listed as it was made".to_owned()
        });
    }
}

/// So long after it was made a subscription is expected in the list.
const SOON: i64 = 1_000;
