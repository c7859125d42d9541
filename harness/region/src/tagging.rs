//! The Resource Groups Tagging API: which tagged resources there are.

use std::collections::BTreeMap;

use record::{ApiError, Call, Operation};
use serde_json::{Value, json};

use crate::Region;
use crate::refuse::Reply;
use crate::request::Request;

impl Region {
    pub(crate) fn serve_tagging(&self, call: &Call) -> Reply {
        if call.operation != Operation::GetResources {
            return Err(ApiError::new("UnknownOperationException", ""));
        }
        let request = Request::of(call);
        let filters = request.list("TagFilters")?.map(Vec::as_slice).unwrap_or_default();
        let found: Vec<Value> = self
            .tagged()
            .filter(|(_, tags)| !tags.is_empty() && filters.iter().all(|filter| passes(filter, tags)))
            .map(|(arn, tags)| {
                let tags: Vec<Value> =
                    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
                json!({ "ResourceARN": arn, "Tags": tags })
            })
            .collect();
        Ok(json!({ "ResourceTagMappingList": found, "PaginationToken": "" }))
    }

    fn tagged(&self) -> impl Iterator<Item = (String, &BTreeMap<String, String>)> {
        let machines = self.sfn.machines.values().map(|machine| (machine.arn.clone(), &machine.tags));
        let activities = self.sfn.activities.iter().map(|(arn, activity)| (arn.clone(), &activity.tags));
        let queues = self.sqs.queues.values().map(|queue| (queue.arn.clone(), &queue.tags));
        let rules = self
            .events
            .tagged()
            .map(|(name, tags)| (self.place.arn("events", &format!("rule/{name}")), tags));
        machines.chain(activities).chain(queues).chain(self.sns.tagged()).chain(rules)
    }
}

/// A filter names a key and, if it wants to, values of which one must be there.
fn passes(filter: &Value, tags: &BTreeMap<String, String>) -> bool {
    let Some(value) = filter.get("Key").and_then(Value::as_str).and_then(|key| tags.get(key)) else {
        return false;
    };
    let wanted = filter.get("Values").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    wanted.is_empty() || wanted.iter().any(|one| one == value)
}
