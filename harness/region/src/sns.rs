//! SNS: topics, subscriptions of queues, publish (SNS-01 to SNS-08; recorded in `sns-api`).

use std::collections::BTreeMap;

use record::{ApiError, Call, Operation, Time};
use serde_json::{Map, Value, json};

use crate::Region;
use crate::place::Arn;
use crate::refuse::Reply;
use crate::request::{Request, tags};
use crate::sqs::{Outgoing, is_fifo, queue_name};

/// The largest message, attributes included, without a topic attribute that raises it (SNS-04).
const MESSAGE_LIMIT: usize = 262_144;

/// All topics by ARN.
#[derive(Debug, Default)]
pub(crate) struct Sns {
    topics: BTreeMap<String, Topic>,
}

impl Sns {
    /// Every topic with its tags.
    pub(crate) fn tagged(&self) -> impl Iterator<Item = (String, &BTreeMap<String, String>)> {
        self.topics.iter().map(|(arn, topic)| (arn.clone(), &topic.tags))
    }
}

#[derive(Debug)]
struct Topic {
    fifo: bool,
    attributes: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
    subscriptions: Vec<Subscription>,
    /// Deduplication ids of a FIFO topic with the message id each got, for five minutes (SNS-08).
    remembered: BTreeMap<String, (Time, String)>,
    sequence: u64,
}

#[derive(Clone, Debug)]
struct Subscription {
    arn: String,
    protocol: String,
    endpoint: String,
    attributes: BTreeMap<String, String>,
}

impl Subscription {
    fn raw(&self) -> bool {
        self.attributes.get("RawMessageDelivery").is_some_and(|flag| flag == "true")
    }
}

fn invalid(what: &str) -> ApiError {
    ApiError::new("InvalidParameter", format!("Invalid parameter: {what}"))
}

fn not_found(what: &str) -> ApiError {
    ApiError::new("NotFound", format!("{what} does not exist")).with_status(404)
}

fn texts(members: Option<&Map<String, Value>>) -> BTreeMap<String, String> {
    members
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), crate::connectors::text_of(value)))
        .collect()
}

impl Region {
    pub(crate) fn serve_sns(&mut self, call: &Call) -> Reply {
        use Operation as O;
        let request = Request::of(call);
        match call.operation {
            O::CreateTopic => self.create_topic(&request),
            O::DeleteTopic => {
                self.sns.topics.remove(topic_arn(&request)?);
                Ok(json!({}))
            }
            O::ListTopics => {
                let topics: Vec<Value> =
                    self.sns.topics.keys().map(|arn| json!({ "TopicArn": arn })).collect();
                Ok(json!({ "Topics": topics }))
            }
            O::GetTopicAttributes => self.topic_attributes(&request),
            O::Subscribe => self.subscribe(&request),
            O::Unsubscribe => self.unsubscribe(&request),
            O::SetSubscriptionAttributes => self.set_subscription(&request),
            O::ListSubscriptionsByTopic => self.list_subscriptions(&request),
            O::Publish => self.publish_message(&request),
            O::SnsTagResource => {
                let arn = request.text("ResourceArn")?.unwrap_or_default();
                let new = tags(request.list("Tags")?, "Key", "Value")?;
                let topic = self.sns.topics.get_mut(arn).ok_or_else(|| resource_not_found(arn))?;
                topic.tags.extend(new);
                Ok(json!({}))
            }
            O::SnsListTagsForResource => {
                let arn = request.text("ResourceArn")?.unwrap_or_default();
                let topic = self.sns.topics.get(arn).ok_or_else(|| resource_not_found(arn))?;
                let all: Vec<Value> =
                    topic.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
                Ok(json!({ "Tags": all }))
            }
            _ => Err(ApiError::new("InvalidAction", "")),
        }
    }

    fn create_topic(&mut self, request: &Request<'_>) -> Reply {
        let name = request.text("Name")?.unwrap_or_default();
        let base = name.strip_suffix(".fifo").unwrap_or(name);
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if base.is_empty() || name.len() > 256 || !base.chars().all(allowed) {
            return Err(invalid("Topic Name"));
        }
        let attributes = texts(request.object("Attributes")?);
        let fifo = attributes.get("FifoTopic").is_some_and(|flag| flag == "true");
        if fifo != is_fifo(name) {
            return Err(invalid(
                "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
            ));
        }
        let tags = tags(request.list("Tags")?, "Key", "Value")?;
        let arn = self.place.arn("sns", name);
        self.sns.topics.entry(arn.clone()).or_insert_with(|| Topic {
            fifo,
            attributes,
            tags: tags.into_iter().collect(),
            subscriptions: Vec::new(),
            remembered: BTreeMap::new(),
            sequence: 0,
        });
        Ok(json!({ "TopicArn": arn }))
    }

    fn topic(&mut self, arn: &str) -> Result<&mut Topic, ApiError> {
        if Arn::parse(arn).is_none_or(|parsed| parsed.service != "sns") {
            return Err(invalid("TopicArn"));
        }
        self.sns.topics.get_mut(arn).ok_or_else(|| not_found("Topic"))
    }

    fn topic_attributes(&mut self, request: &Request<'_>) -> Reply {
        let owner = self.place.account.clone();
        let arn = topic_arn(request)?;
        let topic = self.topic(arn)?;
        let mut all = topic.attributes.clone();
        all.insert("TopicArn".to_owned(), arn.to_owned());
        all.insert("Owner".to_owned(), owner);
        all.insert("SubscriptionsConfirmed".to_owned(), topic.subscriptions.len().to_string());
        all.insert("SubscriptionsPending".to_owned(), "0".to_owned());
        all.insert("SubscriptionsDeleted".to_owned(), "0".to_owned());
        Ok(json!({ "Attributes": all }))
    }

    fn subscribe(&mut self, request: &Request<'_>) -> Reply {
        let arn = topic_arn(request)?;
        let protocol = request.text("Protocol")?.unwrap_or_default().to_owned();
        let endpoint = request.text("Endpoint")?.unwrap_or_default().to_owned();
        let attributes = texts(request.object("Attributes")?);
        self.topic(arn)?;
        if protocol != "sqs" {
            return Err(invalid(&format!("Does not support this protocol string: {protocol}")));
        }
        if Arn::parse(&endpoint).is_none_or(|parsed| parsed.service != "sqs") {
            return Err(invalid("SQS endpoint ARN"));
        }
        let id = self.ids.uuid();
        let topic = self.topic(arn)?;
        if let Some(known) = topic.subscriptions.iter().find(|s| s.endpoint == endpoint) {
            return Ok(json!({ "SubscriptionArn": known.arn }));
        }
        let subscription = Subscription { arn: format!("{arn}:{id}"), protocol, endpoint, attributes };
        let reply = json!({ "SubscriptionArn": subscription.arn });
        topic.subscriptions.push(subscription);
        Ok(reply)
    }

    fn unsubscribe(&mut self, request: &Request<'_>) -> Reply {
        let arn = request.text("SubscriptionArn")?.unwrap_or_default();
        for topic in self.sns.topics.values_mut() {
            topic.subscriptions.retain(|subscription| subscription.arn != arn);
        }
        Ok(json!({}))
    }

    fn set_subscription(&mut self, request: &Request<'_>) -> Reply {
        let arn = request.text("SubscriptionArn")?.unwrap_or_default();
        let name = request.text("AttributeName")?.unwrap_or_default();
        let value = request.text("AttributeValue")?.unwrap_or_default();
        let known =
            ["RawMessageDelivery", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy", "DeliveryPolicy"];
        if !known.contains(&name) {
            return Err(invalid("AttributeName"));
        }
        let found =
            self.sns.topics.values_mut().flat_map(|topic| &mut topic.subscriptions).find(|s| s.arn == arn);
        let subscription = found.ok_or_else(|| not_found("Subscription"))?;
        subscription.attributes.insert(name.to_owned(), value.to_owned());
        Ok(json!({}))
    }

    fn list_subscriptions(&mut self, request: &Request<'_>) -> Reply {
        let owner = self.place.account.clone();
        let arn = topic_arn(request)?;
        let all: Vec<Value> = self
            .topic(arn)?
            .subscriptions
            .iter()
            .map(|s| json!({ "SubscriptionArn": s.arn, "Owner": owner, "Protocol": s.protocol, "Endpoint": s.endpoint, "TopicArn": arn }))
            .collect();
        Ok(json!({ "Subscriptions": all }))
    }

    fn publish_message(&mut self, request: &Request<'_>) -> Reply {
        let now = self.now;
        let arn = request
            .text("TopicArn")?
            .or(request.text("TargetArn")?)
            .ok_or_else(|| invalid("TopicArn or TargetArn Reason: no value for required parameter"))?;
        let message = request
            .text("Message")?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| invalid("Empty message"))?;
        let subject = request.text("Subject")?;
        if subject.is_some_and(|s| s.is_empty() || s.chars().count() > 100 || s.chars().any(char::is_control))
        {
            return Err(invalid("Subject"));
        }
        let attributes = request.object("MessageAttributes")?.cloned().unwrap_or_default();
        let size = self.conduct.measure(message)
            + attributes
                .iter()
                .map(|(name, value)| name.len() + value.to_string().len().saturating_sub(40))
                .sum::<usize>();
        let topic = self.topic(arn)?;
        let limit = topic
            .attributes
            .get("MaximumMessageSize")
            .and_then(|text| text.parse().ok())
            .unwrap_or(MESSAGE_LIMIT);
        if size > limit {
            return Err(invalid("Message too long"));
        }
        let text = match request.text("MessageStructure")? {
            Some("json") => structured(message)?,
            _ => message.to_owned(),
        };
        let group = request.text("MessageGroupId")?.map(str::to_owned);
        let mut sequence = None;
        let mut deduplication = None;
        let id = self.ids.uuid();
        let topic = self.topic(arn)?;
        if topic.fifo {
            if group.is_none() {
                return Err(invalid("The MessageGroupId parameter is required for FIFO topics"));
            }
            let content =
                topic.attributes.get("ContentBasedDeduplication").is_some_and(|flag| flag == "true");
            let key = match (request.text("MessageDeduplicationId")?, content) {
                (Some(key), _) => key.to_owned(),
                (None, true) => {
                    use sha2::Digest as _;
                    format!("{:x}", sha2::Sha256::digest(text.as_bytes()))
                }
                (None, false) => {
                    return Err(invalid(
                        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
                    ));
                }
            };
            topic.remembered.retain(|_, (at, _)| now.since(*at).as_secs() < 300);
            topic.sequence += 1;
            let number = format!("{:020}", 10_000_000_000_000_000_000_u64 + topic.sequence);
            if let Some((_, known)) = topic.remembered.get(&key) {
                return Ok(json!({ "MessageId": known, "SequenceNumber": number }));
            }
            topic.remembered.insert(key.clone(), (now, id.clone()));
            sequence = Some(number);
            deduplication = Some(key);
        }
        let subscribers = topic.subscriptions.clone();
        let mut text = text;
        self.conduct.notification(&mut text);
        for subscriber in subscribers {
            let Some(queue) = queue_name(&subscriber.endpoint).map(str::to_owned) else { continue };
            let (body, attributes) = if subscriber.raw() {
                (text.clone(), attributes.clone())
            } else {
                let envelope = self.envelope(
                    arn,
                    &id,
                    &subscriber.arn,
                    &text,
                    subject,
                    &attributes,
                    sequence.as_deref(),
                );
                (envelope, Map::new())
            };
            for _ in 0..self.conduct.notifications() {
                let outgoing = Outgoing {
                    body: body.clone(),
                    attributes: attributes.clone(),
                    group: group.clone().filter(|_| is_fifo(&queue)),
                    deduplication: deduplication.clone().filter(|_| is_fifo(&queue)),
                    ..Outgoing::default()
                };
                let delivered = self.put_message(&queue, outgoing.clone());
                if delivered.is_err() {
                    self.bury_notification(&subscriber, outgoing);
                }
            }
        }
        let mut reply = json!({ "MessageId": id });
        if let Some(sequence) = sequence {
            reply["SequenceNumber"] = json!(sequence);
        }
        Ok(reply)
    }

    fn bury_notification(&mut self, subscriber: &Subscription, outgoing: Outgoing) {
        let policy = subscriber
            .attributes
            .get("RedrivePolicy")
            .and_then(|text| serde_json::from_str::<Value>(text).ok());
        let target =
            policy.as_ref().and_then(|policy| policy.get("deadLetterTargetArn")).and_then(Value::as_str);
        if let Some(queue) = target.and_then(queue_name).map(str::to_owned) {
            // SNS drops what even its dead-letter queue does not take.
            drop(self.put_message(&queue, outgoing));
        }
    }

    /// The envelope of a notification (facts.md 62).
    #[expect(clippy::too_many_arguments, reason = "an envelope has that many parts")]
    fn envelope(
        &mut self,
        topic: &str,
        id: &str,
        subscription: &str,
        text: &str,
        subject: Option<&str>,
        attributes: &Map<String, Value>,
        sequence: Option<&str>,
    ) -> String {
        let mut envelope = Map::new();
        let mut put = |name: &str, value: Value| envelope.insert(name.to_owned(), value);
        let host = format!("https://sns.{}.amazonaws.com", self.place.region);
        put("Type", json!("Notification"));
        put("MessageId", json!(id));
        if let Some(sequence) = sequence {
            put("SequenceNumber", json!(sequence));
        }
        put("TopicArn", json!(topic));
        if let Some(subject) = subject {
            put("Subject", json!(subject));
        }
        put("Message", json!(text));
        put("Timestamp", json!(self.now.iso()));
        if sequence.is_none() {
            put("SignatureVersion", json!("1"));
            put("Signature", json!(self.ids.base64(256)));
            put(
                "SigningCertURL",
                json!(format!("{host}/SimpleNotificationService-{}.pem", self.ids.hex(32))),
            );
        }
        put("UnsubscribeURL", json!(format!("{host}/?Action=Unsubscribe&SubscriptionArn={subscription}")));
        if !attributes.is_empty() {
            let shown: Map<String, Value> = attributes
                .iter()
                .map(|(name, value)| {
                    let text = value
                        .get("StringValue")
                        .or_else(|| value.get("BinaryValue"))
                        .cloned()
                        .unwrap_or_default();
                    (name.clone(), json!({ "Type": value.get("DataType"), "Value": text }))
                })
                .collect();
            put("MessageAttributes", Value::Object(shown));
        }
        Value::Object(envelope).to_string()
    }
}

fn topic_arn<'a>(request: &Request<'a>) -> Result<&'a str, ApiError> {
    request.text("TopicArn")?.ok_or_else(|| invalid("TopicArn"))
}

fn resource_not_found(arn: &str) -> ApiError {
    ApiError::new("ResourceNotFound", format!("Resource does not exist: {arn}")).with_status(404)
}

/// `MessageStructure: json`: the text for queues, or the default one.
fn structured(message: &str) -> Result<String, ApiError> {
    let parsed: Value = serde_json::from_str(message)
        .map_err(|_| invalid("Message Structure - JSON message body failed to parse"))?;
    let default = parsed
        .get("default")
        .and_then(Value::as_str)
        .ok_or_else(|| invalid("Message Structure - No default entry in JSON message body"))?;
    Ok(parsed.get("sqs").and_then(Value::as_str).unwrap_or(default).to_owned())
}
