//! SNS: topics and subscriptions of queues (SNS-01 to SNS-08; recorded in `sns-api`). Publishing is in `publish`.

mod publish;

use std::collections::BTreeMap;

use record::{ApiError, Call, Operation, Time};
use serde_json::{Map, Value, json};

use crate::Region;
use crate::place::Arn;
use crate::refuse::Reply;
use crate::request::{Request, tags};
use crate::sqs::is_fifo;

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
}

fn topic_arn<'a>(request: &Request<'a>) -> Result<&'a str, ApiError> {
    request.text("TopicArn")?.ok_or_else(|| invalid("TopicArn"))
}

fn resource_not_found(arn: &str) -> ApiError {
    ApiError::new("ResourceNotFound", format!("Resource does not exist: {arn}")).with_status(404)
}
