//! SQS: a queue has the URL of its name and the attributes that were set; a queue that does not exist is answered as such.
//!
//! Invariant: a changed attribute may show its old value as long as AWS takes to spread it, and a default that AWS's documents give
//! differently has each of its values.

use record::Operation as Api;
use serde_json::Value;

use crate::check::queues::direct_sends::{asks, text};
use crate::check::{Check, Group, Sink};
use crate::view::{Answer, Call, Queue, View};

const URL: Check = Check::of(
    "SQS-20",
    "queues-have-their-url",
    "a queue is made under a URL that ends in its name, and has an ARN",
);
const UNKNOWN: Check =
    Check::of("SQS-20", "unknown-queues-do-not-exist", "a send to a queue that was never made is refused");
const VISIBILITY: Check =
    Check::of("SQS-04", "visibility-is-as-set", "VisibilityTimeout is what was set, or 30");
const DELAY: Check = Check::of("SQS-15", "delay-is-as-set", "DelaySeconds is what was set, or 0");
const RETENTION: Check =
    Check::of("SQS-03", "retention-is-as-set", "MessageRetentionPeriod is what was set, or four days");
const SIZE: Check =
    Check::of("SQS-08", "maximum-size-is-as-set", "MaximumMessageSize is what was set, or a default (A-19)");
const WAIT: Check =
    Check::of("SQS-07", "wait-is-as-set", "ReceiveMessageWaitTimeSeconds is what was set, or 0");
const REDRIVE: Check = Check::of("SQS-12", "redrive-policy-is-as-set", "RedrivePolicy is what was set");
const FIFO: Check = Check::of("SQS-16", "fifo-is-as-set", "FifoQueue is true where it was set");
const CONTENT: Check =
    Check::of("SQS-17", "content-deduplication-is-as-set", "ContentBasedDeduplication is what was set");
const POLICY: Check = Check::of("SNS-09", "queue-policy-is-as-set", "Policy is there where it was set");
const LIMITS: Check =
    Check::of("SQS-08", "size-is-limited", "a message of no character, or of more than 1 MiB, is refused");

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[URL], run: made },
    Group { checks: &[UNKNOWN], run: unknown },
    Group {
        checks: &[URL, VISIBILITY, DELAY, RETENTION, SIZE, WAIT, REDRIVE, FIFO, CONTENT, POLICY],
        run: shown,
    },
    Group { checks: &[LIMITS], run: limits },
];

/// An attribute that can be set, with its defaults; and how long a change takes (SQS-20; retention: up to 15 minutes).
const SETTINGS: &[(&str, Check, &[&str], i64)] = &[
    ("VisibilityTimeout", VISIBILITY, &["30"], MINUTE),
    ("DelaySeconds", DELAY, &["0"], MINUTE),
    ("MessageRetentionPeriod", RETENTION, &["345600"], 15 * MINUTE),
    ("MaximumMessageSize", SIZE, &["1048576", "262144"], MINUTE),
    ("ReceiveMessageWaitTimeSeconds", WAIT, &["0"], MINUTE),
    ("RedrivePolicy", REDRIVE, &[], MINUTE),
    ("FifoQueue", FIFO, &[], MINUTE),
    ("ContentBasedDeduplication", CONTENT, &[], MINUTE),
    ("Policy", POLICY, &[], MINUTE),
];

const MINUTE: i64 = 60_000;

fn made(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::CreateQueue) {
        let (Some(name), Some(reply)) = (call.text("QueueName"), call.answer.done()) else { continue };
        let url = text(reply, "QueueUrl").unwrap_or_default();
        sink.expect(URL, url.rsplit('/').next() == Some(name), || {
            format!("a queue was made with QueueUrl {:?}", reply.get("QueueUrl"))
        });
    }
}

fn unknown(view: &View<'_>, sink: &mut Sink) {
    let made = || view.calls_of(Api::CreateQueue);
    let beside = made().any(|call| call.answer.done().is_some());
    for call in view.calls_of(Api::SendMessage).filter(|call| beside && call.was_looked_at()) {
        let name = call.text("QueueUrl").and_then(|url| url.rsplit('/').next());
        let Some(name) = name.filter(|name| !made().any(|other| other.text("QueueName") == Some(name)))
        else {
            continue;
        };
        // Two names that differ in their end alone: nobody but this case makes such queues.
        let like = made().any(|other| other.text("QueueName").is_some_and(|own| name.starts_with(own)));
        if like {
            let fits = ["QueueDoesNotExist", "NonExistentQueue", "InvalidAddress"];
            let held = call
                .answer
                .refused()
                .is_some_and(|error| error.status < 500 && fits.iter().any(|fit| error.code.contains(fit)));
            sink.expect(UNKNOWN, held, || {
                format!("a send to a queue that does not exist answered {}", call.answer.says())
            });
        }
    }
}

fn set<'v>(call: &'v Call<'_>, name: &str) -> Option<&'v str> {
    call.input.get("Attributes")?.get(name)?.as_str()
}

/// Whether two values of an attribute are the same; policies as JSON.
fn same(name: &str, one: &str, other: &str) -> bool {
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    match name {
        "RedrivePolicy" => {
            let parts = |text| {
                let policy = json(text)?;
                Some((text_of(&policy, "deadLetterTargetArn")?, number(policy.get("maxReceiveCount")?)?))
            };
            parts(one).is_some() && parts(one) == parts(other)
        }
        "Policy" => json(other).is_some(),
        _ => one == other,
    }
}

fn text_of(value: &Value, member: &str) -> Option<String> {
    text(value, member).map(str::to_owned)
}

fn shown(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::GetQueueAttributes) {
        let url = call.text("QueueUrl");
        let Some(queue) = view.queues.iter().find(|queue| Some(queue.url) == url && queue.made_here) else {
            continue;
        };
        let Some(reply) = call.answer.done() else { continue };
        let shown = |name: &str| reply.get("Attributes").and_then(|all| all.get(name));
        let asked = |name: &str| asks(call, &["AttributeNames"], name);
        if asked("QueueArn") {
            let arn = shown("QueueArn").and_then(Value::as_str).unwrap_or_default();
            let parts: Vec<&str> = arn.split(':').collect();
            let held = matches!(parts.as_slice(), ["arn", _, "sqs", _, _, name] if *name == queue.name);
            sink.expect(URL, held, || format!("queue {} has QueueArn {:?}", queue.name, shown("QueueArn")));
        }
        for (name, row, defaults, spreads) in SETTINGS.iter().filter(|setting| asked(setting.0)) {
            let Some(values) = lawful(view, queue, call, name, defaults, *spreads) else { continue };
            match shown(name) {
                // What was never set need not be shown.
                None if values.iter().any(|value| defaults.contains(value) || value.is_empty()) => {}
                _ if values.is_empty() => {}
                value => {
                    let value = value.and_then(Value::as_str);
                    let held = value.is_some_and(|value| values.iter().any(|known| same(name, known, value)));
                    sink.expect(*row, held, || format!("{name} is {value:?}, though {values:?} was set"));
                }
            }
        }
    }
}

/// The values that an attribute may have when it is read; none where that is not known.
fn lawful<'v>(
    view: &'v View<'_>,
    queue: &Queue<'_>,
    read: &Call<'_>,
    name: &str,
    defaults: &[&'static str],
    spreads: i64,
) -> Option<Vec<&'v str>> {
    let made = view
        .calls_of(Api::CreateQueue)
        .find(|call| call.answer.done().and_then(|reply| text(reply, "QueueUrl")) == Some(queue.url))?;
    let mut values: Vec<&'v str> = match set(made, name) {
        Some(value) => vec![value],
        None => defaults.to_vec(),
    };
    let changes = view
        .calls_of(Api::SetQueueAttributes)
        .filter(|call| call.text("QueueUrl") == Some(queue.url) && call.begun <= read.ended);
    for change in changes.filter(|call| !matches!(call.answer, Answer::Refused(_))) {
        let Some(value) = set(change, name) else { continue };
        if change.answer.done().is_some() && read.begun - change.ended > spreads {
            values.clear();
        }
        values.push(value);
    }
    Some(values)
}

/// Beyond every limit that AWS ever had, and below the least.
fn limits(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::SendMessage) {
        let Some(body) = call.text("MessageBody").filter(|_| call.was_looked_at()) else { continue };
        let queue =
            view.queues.iter().find(|queue| Some(queue.url) == call.text("QueueUrl") && queue.made_here);
        let Some(sizes) =
            queue.and_then(|q| lawful(view, q, call, "MaximumMessageSize", &["1048576"], MINUTE))
        else {
            continue;
        };
        let most = sizes.iter().filter_map(|size| size.parse::<usize>().ok()).max();
        if body.is_empty() || most.is_some_and(|most| body.len() > most) {
            sink.expect(LIMITS, call.answer.refused().is_some_and(|error| error.status < 500), || {
                format!("a message of {} bytes answered {}", body.len(), call.answer.says())
            });
        }
    }
}
