//! What is asked as AWS's model has it is not refused as if it were not: queues, topics, mappings and activities.
//!
//! It looks at refusals for the form of a request, not at those for its case, such as limits or things that are gone. Invariant:
//! only requests are judged whose every part this file knows to be lawful.

use record::{Operation as Api, Service};
use serde_json::{Map, Value};

use crate::check::executions::start::name_flaw;
use crate::check::queues::in_flight::is_in_flight;
use crate::check::{Check, Group, Sink};
use crate::view::{Call, Queue, View};

const WORKS: &str = "a lawful request is not refused for its form";

const QUEUES: Check = Check::of("SQS-20", "lawful-queue-requests-are-served", WORKS);
const SEND: Check = Check::of("SQS-09", "lawful-sends-are-served", WORKS);
const FIFO: Check = Check::of("SQS-16", "lawful-fifo-sends-are-served", WORKS);
const RECEIVE: Check = Check::of("SQS-07", "lawful-receives-are-served", WORKS);
const DELETE: Check = Check::of("SQS-05", "lawful-deletions-are-served", WORKS);
const CHANGE: Check = Check::of("SQS-06", "lawful-changes-are-served", WORKS);
const BATCH: Check = Check::of("SQS-10", "lawful-batches-are-served", WORKS);
const SUBSCRIBE: Check = Check::of("SNS-09", "lawful-subscriptions-are-served", WORKS);
const PUBLISH: Check = Check::of("SNS-01", "lawful-publishes-are-served", WORKS);
const MAPPING: Check = Check::of("ESM-02", "lawful-mappings-are-served", WORKS);
const ACTIVITY: Check = Check::of("ACT-06", "lawful-activity-requests-are-served", WORKS);
const POLL: Check = Check::of("ACT-01", "lawful-polls-are-served", WORKS);

pub(in crate::check) const GROUPS: &[Group] = &[Group {
    checks: &[
        QUEUES, SEND, FIFO, RECEIVE, DELETE, CHANGE, BATCH, SUBSCRIBE, PUBLISH, MAPPING, ACTIVITY, POLL,
    ],
    run: served,
}];

/// Codes that say that a request is malformed, whatever the service calls it. MessageNotInflight is none of them: of a message that
/// is delivered twice the other copy may be visible.
fn is_about_form(code: &str) -> bool {
    code.starts_with("InvalidParameter")
        || code.starts_with("InvalidAttribute")
        || code.starts_with("Missing")
        || matches!(
            code,
            "ValidationException"
                | "ValidationError"
                | "SerializationException"
                | "MalformedQueryString"
                | "ReceiptHandleIsInvalid"
                | "InvalidMessageContents"
                | "InvalidAddress"
                | "InvalidArn"
                | "InvalidName"
                | "BatchEntryIdsNotDistinct"
                | "EmptyBatchRequest"
                | "TooManyEntriesInBatchRequest"
                | "InvalidBatchEntryId"
        )
}

fn served(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls.iter().filter(|call| call.mute) {
        if let Some(row) = row(call.operation) {
            let message =
                format!("{} had no answer that can be read in three tries in a row", call.operation);
            sink.violated(row, message);
        }
    }
    for call in view.calls.iter().filter(|call| !call.garbled && call.was_looked_at()) {
        let Some(row) = lawful(view, call) else { continue };
        let broken = call.answer.refused().filter(|error| error.status >= 500 || is_about_form(&error.code));
        sink.expect(row, broken.is_none(), || {
            format!("a lawful {} answered {}", call.operation, call.answer.says())
        });
    }
}

/// The rule that answers of an operation are held against where they are none at all; those of Step Functions are WIRE's.
fn row(operation: Api) -> Option<Check> {
    Some(match operation {
        Api::SendMessage => SEND,
        Api::ReceiveMessage => RECEIVE,
        Api::DeleteMessage | Api::DeleteMessageBatch => DELETE,
        Api::ChangeMessageVisibility | Api::ChangeMessageVisibilityBatch => CHANGE,
        Api::SendMessageBatch => BATCH,
        Api::Publish => PUBLISH,
        _ => match operation.service() {
            Service::Sqs => QUEUES,
            Service::Sns => SUBSCRIBE,
            Service::Lambda => MAPPING,
            _ => return None,
        },
    })
}

/// The rule that a request is served by, if it is surely lawful.
fn lawful(view: &View<'_>, call: &Call<'_>) -> Option<Check> {
    let queue = || {
        let url = call.text("QueueUrl");
        view.queues.iter().find(|queue| Some(queue.url) == url && queue.made_here && !queue.purged)
    };
    match call.operation {
        _ if call.operation.service() == Service::Sqs && call.operation != Api::CreateQueue => {
            let queue = queue().filter(|queue| queue.made < call.begun)?;
            on_queue(view, call, queue)
        }
        Api::CreateQueue => is_queue(call).then_some(QUEUES),
        Api::CreateTopic => {
            let name = call.text("Name")?;
            let base = name.strip_suffix(".fifo").unwrap_or(name);
            let fifo = call.input.get("Attributes").and_then(|all| all.get("FifoTopic")?.as_str());
            let typed = (base.len() < name.len()) == (fifo == Some("true"));
            let plain = !base.is_empty() && is_plain_name(base, 250);
            let attributes = call.input.get("Attributes").and_then(Value::as_object);
            let known = attributes.is_none_or(|all| only(all, &["FifoTopic"]));
            (plain && typed && known && only(&call.input, &["Name", "Tags", "Attributes"]))
                .then_some(SUBSCRIBE)
        }
        Api::DeleteTopic | Api::ListSubscriptionsByTopic => is_topic(view, call).then_some(SUBSCRIBE),
        Api::Subscribe => {
            let known = ["TopicArn", "Protocol", "Endpoint", "ReturnSubscriptionArn"];
            let sqs = call.text("Protocol") == Some("sqs");
            let endpoint = call.text("Endpoint").and_then(|arn| arn.rsplit(':').next())?;
            let there =
                view.queues.iter().any(|queue| queue.name == endpoint && queue.made_here && !queue.purged);
            let same =
                endpoint.rsplit('.').next() == call.text("TopicArn").and_then(|arn| arn.rsplit('.').next());
            let fifo = endpoint.rsplit('.').next() == Some("fifo");
            (sqs && there && is_topic(view, call) && (same || !fifo) && only(&call.input, &known))
                .then_some(SUBSCRIBE)
        }
        Api::Publish => {
            let plain = call.text("Message").is_some_and(|text| !text.is_empty() && text.len() < 262_144);
            let fifo = call.text("TopicArn").is_some_and(|arn| arn.rsplit('.').next() == Some("fifo"));
            let known: &[&str] = if fifo {
                &["TopicArn", "Message", "MessageGroupId", "MessageDeduplicationId"]
            } else {
                &["TopicArn", "Message"]
            };
            let given = known.iter().all(|member| call.has(member));
            (plain && given && is_topic(view, call) && only(&call.input, known)).then_some(PUBLISH)
        }
        Api::CreateEventSourceMapping => {
            let known = [
                "FunctionName",
                "EventSourceArn",
                "BatchSize",
                "MaximumBatchingWindowInSeconds",
                "FunctionResponseTypes",
            ];
            let number = |member: &str| call.input.get(member).and_then(Value::as_u64);
            let source = call.text("EventSourceArn").and_then(|arn| arn.rsplit(':').next());
            let queue = view.queues.iter().find(|q| Some(q.name) == source && q.made_here && !q.is_fifo())?;
            let function = view.calls_of(Api::CreateFunction).find(|made| {
                made.answer.done().is_some() && made.text("FunctionName") == call.text("FunctionName")
            })?;
            let timeout = function.input.get("Timeout").and_then(Value::as_u64).unwrap_or(3);
            let size = number("BatchSize").is_none_or(|size| (1..=10).contains(&size));
            let window = number("MaximumBatchingWindowInSeconds").is_none_or(|window| window <= 300);
            (size && window && queue.visibility.is_some_and(|v| v >= timeout) && only(&call.input, &known))
                .then_some(MAPPING)
        }
        Api::ListEventSourceMappings => {
            only(&call.input, &["EventSourceArn", "FunctionName"]).then_some(MAPPING)
        }
        Api::GetEventSourceMapping | Api::DeleteEventSourceMapping | Api::UpdateEventSourceMapping => {
            let size = call
                .input
                .get("BatchSize")
                .is_none_or(|size| size.as_u64().is_some_and(|n| (1..=10).contains(&n)));
            let known = ["UUID", "BatchSize", "MaximumBatchingWindowInSeconds"];
            (size && only(&call.input, &known) && is_mapping(view, call)).then_some(MAPPING)
        }
        Api::CreateActivity => {
            let name = call.text("name").filter(|name| name_flaw(name).is_none())?;
            (!name.is_empty() && only(&call.input, &["name", "tags"])).then_some(ACTIVITY)
        }
        Api::DescribeActivity | Api::DeleteActivity => is_activity(view, call).then_some(ACTIVITY),
        Api::GetActivityTask => {
            let worker = call.text("workerName").is_none_or(|name| is_plain_name(name, 80));
            (worker && is_activity(view, call)).then_some(POLL)
        }
        _ => None,
    }
}

fn on_queue(view: &View<'_>, call: &Call<'_>, queue: &Queue<'_>) -> Option<Check> {
    let number = |member: &str| call.input.get(member).map(Value::as_u64);
    let within = |member: &str, most: u64| number(member).is_none_or(|n| n.is_some_and(|n| n <= most));
    match call.operation {
        Api::SendMessage => {
            let body = call.text("MessageBody").is_some_and(|body| {
                (1..1_024).contains(&body.len()) && body.chars().all(|c| matches!(c, ' '..='\u{d7ff}'))
            });
            if queue.is_fifo() {
                let known = ["QueueUrl", "MessageBody", "MessageGroupId", "MessageDeduplicationId"];
                let given = known.iter().all(|member| call.has(member));
                return (body && given && only(&call.input, &known)).then_some(FIFO);
            }
            (body && only(&call.input, &["QueueUrl", "MessageBody"])).then_some(SEND)
        }
        Api::ReceiveMessage => {
            let most = number("MaxNumberOfMessages").is_none_or(|n| n.is_some_and(|n| (1..=10).contains(&n)));
            let known = [
                "QueueUrl",
                "MaxNumberOfMessages",
                "WaitTimeSeconds",
                "VisibilityTimeout",
                "AttributeNames",
                "MessageSystemAttributeNames",
                "MessageAttributeNames",
            ];
            (most
                && within("WaitTimeSeconds", 20)
                && within("VisibilityTimeout", 43_200)
                && only(&call.input, &known))
            .then_some(RECEIVE)
        }
        Api::DeleteMessage => flies(view, call).then_some(DELETE),
        Api::ChangeMessageVisibility => {
            let given = call.input.contains_key("VisibilityTimeout") && within("VisibilityTimeout", 40_000);
            (given && flies(view, call)).then_some(CHANGE)
        }
        Api::SendMessageBatch => {
            let entries = call.input.get("Entries").and_then(Value::as_array)?;
            let mut ids: Vec<&str> = entries.iter().filter_map(|entry| entry.get("Id")?.as_str()).collect();
            let plain = ids.iter().all(|id| !id.is_empty() && is_plain_name(id, 80));
            ids.sort_unstable();
            ids.dedup();
            ((1..=10).contains(&entries.len()) && ids.len() == entries.len() && plain).then_some(BATCH)
        }
        Api::GetQueueAttributes => {
            let names = call.input.get("AttributeNames").and_then(Value::as_array)?;
            let known = |name: &Value| name == "All" || name == "QueueArn" || name == "VisibilityTimeout";
            names.iter().all(known).then_some(QUEUES)
        }
        Api::SetQueueAttributes => {
            are_attributes(call.input.get("Attributes")?.as_object()?).then_some(QUEUES)
        }
        _ => None,
    }
}

fn flies(view: &View<'_>, call: &Call<'_>) -> bool {
    let about = |m: &&crate::view::Message<'_>| {
        view.queues.get(m.queue).is_some_and(|queue| call.text("QueueUrl") == Some(queue.url))
    };
    !view.has_faults() && view.messages.iter().filter(about).any(|message| is_in_flight(view, message, call))
}

fn only(input: &Map<String, Value>, known: &[&str]) -> bool {
    input.keys().all(|member| known.contains(&member.as_str()))
}

fn is_plain_name(name: &str, most: usize) -> bool {
    name.len() <= most && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn is_queue(call: &Call<'_>) -> bool {
    let name = call.text("QueueName").unwrap_or_default();
    let empty = Map::new();
    let attributes = call.input.get("Attributes").and_then(Value::as_object).unwrap_or(&empty);
    !name.is_empty()
        && is_plain_name(name, 80)
        && are_attributes(attributes)
        && only(&call.input, &["QueueName", "Attributes", "tags"])
}

/// Whether these attributes are fit for every standard queue. A redrive policy depends on another queue, so it is not.
fn are_attributes(attributes: &Map<String, Value>) -> bool {
    attributes.iter().all(|(name, value)| {
        let number = value.as_str().and_then(|text| text.parse::<u64>().ok());
        match name.as_str() {
            "VisibilityTimeout" => number.is_some_and(|n| n <= 43_200),
            "DelaySeconds" => number.is_some_and(|n| n <= 900),
            "MessageRetentionPeriod" => number.is_some_and(|n| (60..=1_209_600).contains(&n)),
            "ReceiveMessageWaitTimeSeconds" => number.is_some_and(|n| n <= 20),
            "MaximumMessageSize" => number.is_some_and(|n| (1_024..=262_144).contains(&n)),
            "Policy" => value.as_str().is_some_and(|text| serde_json::from_str::<Value>(text).is_ok()),
            _ => false,
        }
    })
}

fn is_topic(view: &View<'_>, call: &Call<'_>) -> bool {
    let arn = call.text("TopicArn");
    let made = view.calls_of(Api::CreateTopic).any(|made| {
        made.precedes(call) && made.answer.done().and_then(|r| r.get("TopicArn")?.as_str()) == arn
    });
    let gone = view
        .calls_of(Api::DeleteTopic)
        .any(|gone| gone.index != call.index && gone.begun <= call.ended && gone.text("TopicArn") == arn);
    made && !gone
}

fn is_mapping(view: &View<'_>, call: &Call<'_>) -> bool {
    let uuid = call.text("UUID");
    view.calls_of(Api::CreateEventSourceMapping)
        .any(|made| made.precedes(call) && made.answer.done().and_then(|r| r.get("UUID")?.as_str()) == uuid)
}

fn is_activity(view: &View<'_>, call: &Call<'_>) -> bool {
    let arn = call.text("activityArn");
    view.calls_of(Api::CreateActivity).any(|made| {
        made.precedes(call) && made.answer.done().and_then(|r| r.get("activityArn")?.as_str()) == arn
    })
}
