//! SNS and SQSI: notifications that workflows publish, and sends that fail.

use std::collections::BTreeMap;

use record::{Operation as Api, Time};
use serde_json::Value;

use crate::check::{Check, Group, Sink};
use crate::view::attempt::fails_attempt;
use crate::view::{Attempt, Call, Message, Pattern, View, same_json};

const PUBLISHES: Check = Check::of(
    "SNS-01",
    "publish-answers-the-delivered-id",
    "the MessageId of the publish is that of the delivered notification",
);
const ENVELOPE: Check = Check::of(
    "SNS-02",
    "envelope-has-its-members",
    "a queue gets a JSON envelope with Type, MessageId, TopicArn, Message, Timestamp and signature",
);
const DISTINCT: Check = Check::of(
    "SNS-03",
    "duplicates-are-one-notification",
    "a notification delivered again has the same MessageId and text",
);
const NO_TOPIC: Check = Check::of(
    "SNS-05",
    "unknown-topic-fails",
    "publishing to an unknown topic fails with SNS.NotFoundException",
);
const TEXT: Check = Check::of(
    "SNS-06",
    "message-is-the-text",
    "a Message that is a string arrives as it is, an object as its JSON text",
);
const FAILED_SEND: Check =
    Check::of("SQSI-02", "failed-send-fails-the-task", "a send that fails fails the task at once");
const PARAMETERS: Check =
    Check::of("SQSI-01", "send-parameters-arrive", "message attributes and the like arrive with the message");

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[PUBLISHES, TEXT], run: published },
    Group { checks: &[ENVELOPE, DISTINCT], run: envelopes },
    Group { checks: &[ENVELOPE], run: bare },
    Group { checks: &[NO_TOPIC], run: topics },
    Group { checks: &[FAILED_SEND, PARAMETERS], run: sends },
];

/// The MessageId in an attempt's result.
pub(in crate::check) fn result_id(view: &View<'_>, attempt: &Attempt) -> Option<String> {
    let event = attempt.end(view.events(attempt)).filter(|event| event.kind == "TaskSucceeded")?;
    let output: Value = serde_json::from_str(event.text("output")?).ok()?;
    output.get("MessageId").and_then(Value::as_str).map(str::to_owned)
}

/// The notifications of a publishing attempt, by SNS's MessageId.
fn notifications<'v, 'a>(view: &'v View<'a>, id: &str) -> Vec<&'v Message<'a>> {
    view.messages
        .iter()
        .filter(|m| m.envelope.as_ref().is_some_and(|envelope| envelope.message_id == id))
        .collect()
}

fn published(view: &View<'_>, sink: &mut Sink) {
    for attempt in view
        .attempts
        .iter()
        .filter(|a| a.resource.starts_with("sns:publish") && a.pattern == Pattern::Request)
    {
        let Some(event) = attempt.end(view.events(attempt)).filter(|event| event.kind == "TaskSucceeded")
        else {
            continue;
        };
        let id = result_id(view, attempt);
        if !id.as_ref().is_some_and(|id| !id.is_empty() && id.len() <= 100) {
            sink.violated_at(PUBLISHES, Some(event.id), "the result of a publish has no MessageId");
            continue;
        }
        let Some(id) = id else { continue };
        let topic = attempt.parameters.as_ref().and_then(|p| p.get("TopicArn")).and_then(Value::as_str);
        let found = notifications(view, &id);
        let Some(sent) = attempt.parameters.as_ref().and_then(|p| p.get("Message")) else { continue };
        if let Some(message) = found.first() {
            sink.met(PUBLISHES);
            let held = match sent {
                Value::String(text) => message.text() == text,
                other => {
                    serde_json::from_str::<Value>(message.text()).is_ok_and(|json| same_json(&json, other))
                }
            };
            sink.expect(TEXT, held, || "a notification has another text than was published".to_owned());
            if !held {
                sink.violated(PUBLISHES, "a notification has another text than was published");
            }
            let arrived_at = message.envelope.as_ref().map(|envelope| envelope.topic.as_str());
            if let (Some(topic), Some(arrived_at)) = (topic, arrived_at)
                && topic != arrived_at
            {
                sink.violated(PUBLISHES, "a notification names another topic than it was published to");
            }
            continue;
        }
        // The same text came with another id: the publish answered a made-up one.
        let text = match sent {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let others = view.messages.iter().filter(|m| {
            m.envelope
                .as_ref()
                .is_some_and(|envelope| Some(envelope.topic.as_str()) == topic && envelope.message == text)
        });
        let unclaimed = others.filter(|m| {
            let id = m.envelope.as_ref().map(|envelope| envelope.message_id.as_str());
            !view.attempts.iter().any(|other| result_id(view, other).as_deref() == id)
        });
        if unclaimed.count() > 0 && text.len() > 8 {
            sink.violated_at(
                PUBLISHES,
                Some(event.id),
                "the result of a publish has another MessageId than the notification",
            );
        }
    }
}

/// What every envelope has (recorded).
const MEMBERS: &[&str] = &[
    "Type",
    "MessageId",
    "TopicArn",
    "Message",
    "Timestamp",
    "SignatureVersion",
    "Signature",
    "SigningCertURL",
    "UnsubscribeURL",
];

fn envelopes(view: &View<'_>, sink: &mut Sink) {
    let mut by_id: BTreeMap<(&str, usize), &str> = BTreeMap::new();
    for message in &view.messages {
        let is_envelope = |json: &&Value| {
            message.envelope.is_some() || json.get("Type").is_some_and(|kind| kind == "Notification")
        };
        let Some(json) = message.json.as_ref().filter(is_envelope) else { continue };
        let has = |member: &str| json.get(member).is_some_and(Value::is_string);
        // FIFO topics number their notifications and do not sign them.
        let unsigned = |member: &str| member.starts_with("Sign") && has("SequenceNumber");
        let missing = MEMBERS.iter().find(|member| !has(member) && !unsigned(member));
        match missing {
            // A case variant that AWS uses for Lambda subscribers.
            Some(member) => sink.violated(ENVELOPE, format!("an envelope has no {member}")),
            None => match empty_part(json) {
                Some(what) => sink.violated(ENVELOPE, format!("an envelope has {what}")),
                None => sink.met(ENVELOPE),
            },
        }
        let Some(envelope) = &message.envelope else { continue };
        let known =
            by_id.entry((envelope.message_id.as_str(), message.queue)).or_insert(envelope.message.as_str());
        sink.expect(DISTINCT, *known == envelope.message, || {
            "two notifications with one MessageId have different texts".to_owned()
        });
    }
}

/// What is there in an envelope and says nothing.
fn empty_part(json: &Value) -> Option<&'static str> {
    let text = |member: &str| json.get(member).and_then(Value::as_str);
    match () {
        () if text("Timestamp").and_then(Time::from_iso).is_none() => {
            Some("a Timestamp that is no date of ISO 8601")
        }
        () if json.get("Subject").is_some_and(|subject| !subject.is_string()) => {
            Some("a Subject that is no text")
        }
        () if ["Signature", "SigningCertURL", "UnsubscribeURL"].iter().any(|name| text(name) == Some("")) => {
            Some("an empty signature or address")
        }
        () if text("SignatureVersion").is_some_and(|version| !matches!(version, "1" | "2")) => {
            Some("a SignatureVersion that is neither 1 nor 2")
        }
        () => None,
    }
}

/// A queue that hears a topic, and nothing else, got a published text without envelope.
fn bare(view: &View<'_>, sink: &mut Sink) {
    let raw = |call: &Call<'_>| {
        call.entry.call.input.values().any(|value| value.to_string().contains("RawMessageDelivery"))
    };
    let subscriptions = [Api::Subscribe, Api::SetSubscriptionAttributes];
    if view.calls.iter().any(|call| subscriptions.contains(&call.operation) && raw(call)) {
        return;
    }
    for call in view.calls_of(Api::Subscribe).filter(|call| call.text("Protocol") == Some("sqs")) {
        let Some(queue) = call.entry_text("Endpoint").and_then(|arn| arn.rsplit(':').next()) else {
            continue;
        };
        let Some(place) = view.queues.iter().position(|known| known.name == queue && known.made_here) else {
            continue;
        };
        let topic = call.entry_text("TopicArn");
        let published: Vec<&Value> = view
            .attempts
            .iter()
            .filter(|attempt| attempt.resource.starts_with("sns:publish"))
            .filter_map(|attempt| attempt.parameters.as_ref())
            .filter(|sent| topic.is_some() && sent.get("TopicArn").and_then(Value::as_str) == topic)
            .filter_map(|sent| sent.get("Message"))
            .collect();
        for message in view.messages.iter().filter(|m| m.queue == place && m.envelope.is_none()) {
            let bare = published.iter().any(|sent| match sent {
                Value::String(text) => message.body == text,
                other => message.json.as_ref().is_some_and(|json| same_json(json, other)),
            });
            if bare && !is_sent_to(view, queue) {
                sink.violated(ENVELOPE, "a published text arrived without its envelope");
            }
        }
    }
}

/// Whether anything but a topic may have sent to the queue.
fn is_sent_to(view: &View<'_>, queue: &str) -> bool {
    let names = |url: &Value| url.as_str().is_some_and(|url| url.rsplit('/').next() == Some(queue));
    view.calls.iter().any(|call| {
        matches!(call.operation, Api::SendMessage | Api::SendMessageBatch)
            && call.input.get("QueueUrl").is_some_and(names)
    }) || view
        .attempts
        .iter()
        .any(|attempt| attempt.parameters.as_ref().and_then(|sent| sent.get("QueueUrl")).is_some_and(names))
}

fn topics(view: &View<'_>, sink: &mut Sink) {
    let made: Vec<&str> = view
        .calls_of(Api::CreateTopic)
        .filter_map(|call| call.answer.done()?.get("TopicArn")?.as_str())
        .collect();
    let deleted: Vec<(&str, i64)> = view
        .calls_of(Api::DeleteTopic)
        .filter(|call| call.answer.done().is_some())
        .filter_map(|call| Some((call.entry_text("TopicArn")?, call.ended.0)))
        .collect();
    for attempt in view.attempts.iter().filter(|a| a.resource.starts_with("sns:publish")) {
        let Some(topic) = attempt.parameters.as_ref().and_then(|p| p.get("TopicArn")).and_then(Value::as_str)
        else {
            continue;
        };
        let Some(event) = attempt.end(view.events(attempt)) else { continue };
        let Some(scheduled) = view.events(attempt).get(attempt.scheduled) else { continue };
        let gone =
            deleted.iter().any(|(arn, at)| *arn == topic && view.offset.earliest(scheduled.at).0 > *at);
        // Never made here, though others were in this very case.
        let unknown = !made.contains(&topic)
            && !view.calls_of(Api::CreateTopic).any(|call| call.answer.is_open_ended())
            && !made.is_empty();
        if !(gone || unknown) {
            continue;
        }
        let name = event.text("error").unwrap_or_default();
        let lawful = fails_attempt(&event.kind) && name.starts_with("SNS.");
        sink.expect(NO_TOPIC, lawful, || {
            format!("publishing to an unknown topic ended with {} {name:?}", event.kind)
        });
    }
    for call in view.calls_of(Api::Publish) {
        if let Some(topic) = call.text("TopicArn")
            && !made.is_empty()
            && !made.contains(&topic)
            && call.was_looked_at()
        {
            // Of the same account and region it is well-formed; any other may be refused as such.
            let place = |arn: &str| arn.rsplit_once(':').map(|(place, _)| place.to_owned());
            let well_formed = made.iter().any(|made| place(made) == place(topic));
            let fits = call.answer.error().is_some_and(|error| {
                error.code.starts_with("NotFound") && error.status == 404
                    || !well_formed && error.code.starts_with("InvalidParameter")
            });
            sink.expect(NO_TOPIC, fits, || {
                format!("Publish to an unknown topic answered {}", call.answer.says())
            });
        }
    }
}

fn sends(view: &View<'_>, sink: &mut Sink) {
    let made: Vec<&str> = view
        .calls_of(Api::CreateQueue)
        .filter_map(|call| call.answer.done()?.get("QueueUrl")?.as_str())
        .collect();
    for attempt in view.attempts.iter().filter(|attempt| attempt.resource.starts_with("sqs:sendMessage")) {
        let Some(parameters) = &attempt.parameters else { continue };
        let Some(url) = parameters.get("QueueUrl").and_then(Value::as_str) else { continue };
        let unknown = !made.is_empty()
            && !made.contains(&url)
            && !view.calls_of(Api::CreateQueue).any(|call| call.answer.is_open_ended());
        let no_body = parameters.get("MessageBody").is_none_or(Value::is_null);
        if unknown || no_body {
            if let Some(event) = attempt.end(view.events(attempt)) {
                let failed = fails_attempt(&event.kind) && !event.is_timeout();
                sink.expect(FAILED_SEND, failed, || {
                    format!("a send that cannot succeed ended with {}", event.kind)
                });
            } else {
                let waited = crate::check::timers::task_timeout::looked(view, attempt).unwrap_or_default()
                    - view
                        .events(attempt)
                        .get(attempt.scheduled)
                        .map_or(0, |event| view.offset.latest(event.at).0);
                if waited >= crate::tolerance::patience(view)
                    && !crate::check::timers::task_timeout::cut_short(view, attempt)
                {
                    sink.violated(
                        FAILED_SEND,
                        format!("a send that cannot succeed did not fail its task within {waited} ms"),
                    );
                }
            }
            continue;
        }
        let Some(message) = crate::check::tokens::issue::message_of(view, attempt) else { continue };
        let Some(wanted) = parameters.get("MessageAttributes").and_then(Value::as_object) else { continue };
        let asked = message
            .receipts
            .first()
            .and_then(|receipt| view.calls.get(receipt.call))
            .and_then(|call| call.input.get("MessageAttributeNames"))
            .is_some_and(|names| names.to_string().contains("All"));
        if asked {
            let got = message.wire.get("MessageAttributes");
            let held = wanted.iter().all(|(name, value)| {
                got.and_then(|got| got.get(name)).is_some_and(|got| {
                    ["StringValue", "DataType"]
                        .iter()
                        .all(|member| value.get(*member).is_none_or(|v| got.get(*member) == Some(v)))
                })
            });
            sink.expect(PARAMETERS, held, || "message attributes did not arrive".to_owned());
        }
    }
}
