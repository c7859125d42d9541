//! EventBridge: rules that forward events to queues, and the status events of executions (E2E-12; recorded).

use std::collections::BTreeMap;

use record::{ApiError, Call, Operation};
use serde_json::{Value, json};

use crate::Region;
use crate::execution::ExecutionId;
use crate::refuse::Reply;
use crate::request::{Request, tags};
use crate::sqs::{Outgoing, queue_name};

/// The rules of the default bus, by name.
#[derive(Debug, Default)]
pub(crate) struct Events {
    rules: BTreeMap<String, Rule>,
}

#[derive(Debug)]
struct Rule {
    pattern: Value,
    enabled: bool,
    tags: BTreeMap<String, String>,
    /// Targets by id.
    targets: BTreeMap<String, Value>,
}

impl Events {
    /// Every rule with its tags.
    pub(crate) fn tagged(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, String>)> {
        self.rules.iter().map(|(name, rule)| (name.as_str(), &rule.tags))
    }
}

fn not_found(rule: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", format!("Rule {rule} does not exist on EventBus default."))
}

impl Region {
    pub(crate) fn serve_events(&mut self, call: &Call) -> Reply {
        use Operation as O;
        let request = Request::of(call);
        match call.operation {
            O::PutEvents => self.put_events(&request),
            O::PutRule => {
                let name = request.required("Name", 1, 64)?;
                let text = request.text("EventPattern")?.unwrap_or("{}");
                let pattern: Value =
                    serde_json::from_str(text).ok().filter(Value::is_object).ok_or_else(|| {
                        ApiError::new(
                            "InvalidEventPatternException",
                            "Event pattern is not valid. Reason: Filter is not an object",
                        )
                    })?;
                let new_tags = tags(request.list("Tags")?, "Key", "Value")?;
                let enabled = request.text("State")?.unwrap_or("ENABLED") == "ENABLED";
                let rule = self.events.rules.entry(name.to_owned()).or_insert_with(|| Rule {
                    pattern: Value::Null,
                    enabled,
                    tags: BTreeMap::new(),
                    targets: BTreeMap::new(),
                });
                rule.pattern = pattern;
                rule.enabled = enabled;
                rule.tags.extend(new_tags);
                Ok(json!({ "RuleArn": self.place.arn("events", &format!("rule/{name}")) }))
            }
            O::ListRules => {
                let prefix = request.text("NamePrefix")?.unwrap_or_default();
                let rules: Vec<Value> = self
                    .events
                    .rules
                    .keys()
                    .filter(|name| name.starts_with(prefix))
                    .map(|name| json!({ "Name": name, "Arn": self.place.arn("events", &format!("rule/{name}")) }))
                    .collect();
                Ok(json!({ "Rules": rules }))
            }
            O::PutTargets => {
                let name = request.required("Rule", 1, 64)?;
                let targets = request.list("Targets")?.map(Vec::as_slice).unwrap_or_default();
                let rule = self.events.rules.get_mut(name).ok_or_else(|| not_found(name))?;
                for target in targets {
                    let id = target.get("Id").and_then(Value::as_str).unwrap_or_default();
                    rule.targets.insert(id.to_owned(), target.clone());
                }
                Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
            }
            O::RemoveTargets => {
                let name = request.required("Rule", 1, 64)?;
                let ids = request.list("Ids")?.map(Vec::as_slice).unwrap_or_default();
                let rule = self.events.rules.get_mut(name).ok_or_else(|| not_found(name))?;
                for id in ids.iter().filter_map(Value::as_str) {
                    rule.targets.remove(id);
                }
                Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
            }
            O::DeleteRule => {
                let name = request.required("Name", 1, 64)?;
                if self.events.rules.get(name).is_some_and(|rule| !rule.targets.is_empty()) {
                    return Err(ApiError::new(
                        "ValidationException",
                        "Rule can't be deleted since it has targets.",
                    ));
                }
                self.events.rules.remove(name);
                Ok(json!({}))
            }
            _ => Err(ApiError::new("UnknownOperationException", "")),
        }
    }

    fn put_events(&mut self, request: &Request<'_>) -> Reply {
        let entries = request.list("Entries")?.map(Vec::as_slice).unwrap_or_default();
        if entries.is_empty() || entries.len() > 10 {
            return Err(ApiError::new(
                "ValidationException",
                "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and 10",
            ));
        }
        let mut failed = 0;
        let mut results = Vec::new();
        for entry in entries {
            let text = |name: &str| entry.get(name).and_then(Value::as_str);
            let detail = text("Detail")
                .and_then(|detail| serde_json::from_str::<Value>(detail).ok())
                .filter(Value::is_object);
            let (Some(source), Some(kind)) = (text("Source"), text("DetailType")) else {
                failed += 1;
                results.push(json!({ "ErrorCode": "InvalidArgument", "ErrorMessage": "Parameter Source and DetailType are required." }));
                continue;
            };
            let Some(detail) = detail else {
                failed += 1;
                results
                    .push(json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed." }));
                continue;
            };
            let resources = entry.get("Resources").cloned().unwrap_or_else(|| json!([]));
            let id = self.route(source, kind, &resources, &detail);
            results.push(json!({ "EventId": id }));
        }
        Ok(json!({ "Entries": results, "FailedEntryCount": failed }))
    }

    /// Tells EventBridge about the status of an execution.
    pub(crate) fn announce(&mut self, execution: ExecutionId) {
        let Some(known) = self.executions.get(&execution) else { return };
        if self.events.rules.is_empty() || known.map_run_arn.is_some() || known.arn.contains(":express:") {
            return;
        }
        let shown = crate::sfn::described(known, self.now);
        let millis = |name: &str| {
            shown.get(name).and_then(Value::as_f64).map(|seconds| (seconds * 1000.0).round() as i64)
        };
        let plain = |name: &str| shown.get(name).cloned().unwrap_or_default();
        let detail = json!({
            "executionArn": plain("executionArn"),
            "stateMachineArn": plain("stateMachineArn"),
            "name": plain("name"),
            "status": plain("status"),
            "startDate": millis("startDate"),
            "stopDate": millis("stopDate"),
            "input": plain("input"),
            "output": plain("output"),
            "stateMachineVersionArn": plain("stateMachineVersionArn"),
            "stateMachineAliasArn": plain("stateMachineAliasArn"),
            "redriveCount": plain("redriveCount"),
            "redriveDate": millis("redriveDate"),
            "redriveStatus": plain("redriveStatus"),
            "redriveStatusReason": plain("redriveStatusReason"),
            "inputDetails": plain("inputDetails"),
            "outputDetails": plain("outputDetails"),
            "error": plain("error"),
            "cause": plain("cause"),
        });
        let resources = json!([known.arn]);
        self.route("aws.states", "Step Functions Execution Status Change", &resources, &detail);
    }

    /// Hands an event to every queue whose rule matches it; gives the event's id.
    fn route(&mut self, source: &str, kind: &str, resources: &Value, detail: &Value) -> String {
        let id = self.ids.uuid();
        let time = self.now.iso();
        let event = json!({
            "version": "0",
            "id": id,
            "detail-type": kind,
            "source": source,
            "account": self.place.account,
            "time": format!("{}Z", time.split('.').next().unwrap_or_default()),
            "region": self.place.region,
            "resources": resources,
            "detail": detail,
        });
        let matching =
            self.events.rules.values().filter(|rule| rule.enabled && matches(&rule.pattern, &event));
        let targets: Vec<Value> = matching.flat_map(|rule| rule.targets.values().cloned()).collect();
        for target in targets {
            let queue = target
                .get("Arn")
                .and_then(Value::as_str)
                .filter(|arn| arn.contains(":sqs:"))
                .and_then(queue_name);
            let Some(queue) = queue.map(str::to_owned) else { continue };
            let body =
                target.get("Input").and_then(Value::as_str).map_or_else(|| event.to_string(), str::to_owned);
            let group =
                target.pointer("/SqsParameters/MessageGroupId").and_then(Value::as_str).map(str::to_owned);
            let deduplication = group.as_ref().map(|_| id.clone());
            // An event that a queue does not take is lost after EventBridge's retries.
            drop(self.put_message(&queue, Outgoing { body, group, deduplication, ..Outgoing::default() }));
        }
        id
    }
}

/// Whether an event matches a pattern: every member of the pattern, each by one of its alternatives.
fn matches(pattern: &Value, event: &Value) -> bool {
    let Value::Object(members) = pattern else { return false };
    members.iter().all(|(name, wanted)| {
        let found = event.get(name);
        match wanted {
            Value::Object(_) => found.is_some_and(|found| matches(wanted, found)),
            Value::Array(alternatives) => alternatives.iter().any(|alternative| match found {
                Some(Value::Array(items)) => items.iter().any(|item| matches_one(alternative, Some(item))),
                other => matches_one(alternative, other),
            }),
            _ => false,
        }
    })
}

fn matches_one(wanted: &Value, found: Option<&Value>) -> bool {
    let Value::Object(tests) = wanted else { return found == Some(wanted) };
    let text = found.and_then(Value::as_str);
    let one = |(name, value): (&String, &Value)| match (name.as_str(), value) {
        ("exists", Value::Bool(wanted)) => found.is_some() == *wanted,
        ("prefix", Value::String(prefix)) => text.is_some_and(|text| text.starts_with(prefix.as_str())),
        ("suffix", Value::String(suffix)) => text.is_some_and(|text| text.ends_with(suffix.as_str())),
        ("wildcard", Value::String(pattern)) => text.is_some_and(|text| is_like(text, pattern)),
        ("equals-ignore-case", Value::String(other)) => {
            text.is_some_and(|text| text.eq_ignore_ascii_case(other))
        }
        ("anything-but", Value::Array(others)) => found.is_some_and(|found| !others.contains(found)),
        ("anything-but", other) => found.is_some_and(|found| found != other),
        _ => false,
    };
    tests.iter().all(one)
}

/// Whether a text is as a pattern says, in which `*` stands for any characters.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = text.get(at + part.len()..).unwrap_or_default();
    }
    text.ends_with(last)
}
