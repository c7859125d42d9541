//! Tags of state machines and activities.

use std::collections::BTreeMap;

use record::{ApiError, Call};
use serde_json::{Value, json};

use super::names::states_arn;
use crate::Region;
use crate::refuse::{Reply, validation};
use crate::request::{Request, tags};

impl Region {
    fn tags_of(&mut self, arn: &str) -> Result<&mut BTreeMap<String, String>, ApiError> {
        states_arn(arn)?;
        if let Some(machine) = self.sfn.machines.get_mut(arn) {
            return Ok(&mut machine.tags);
        }
        match self.sfn.activities.get_mut(arn) {
            Some(activity) => Ok(&mut activity.tags),
            None => Err(ApiError::new("ResourceNotFound", format!("Resource not found: '{arn}'"))),
        }
    }

    pub(super) fn tag_states(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let arn = request.required("resourceArn", 1, 256)?;
        let new = tags(request.list("tags")?, "key", "value")?;
        let all = self.tags_of(arn)?;
        let fresh = new.iter().filter(|(key, _)| !all.contains_key(key)).count();
        if all.len() + fresh > 50 {
            return Err(ApiError::new("TooManyTags", "A resource can have up to 50 tags"));
        }
        all.extend(new);
        Ok(json!({}))
    }

    pub(super) fn untag_states(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let arn = request.required("resourceArn", 1, 256)?;
        let keys = request.list("tagKeys")?.ok_or_else(|| validation("Member must not be null: tagKeys"))?;
        let all = self.tags_of(arn)?;
        for key in keys.iter().filter_map(Value::as_str) {
            all.remove(key);
        }
        Ok(json!({}))
    }

    pub(super) fn list_tags_of_states(&mut self, call: &Call) -> Reply {
        let arn = Request::of(call).required("resourceArn", 1, 256)?;
        let all: Vec<Value> =
            self.tags_of(arn)?.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        Ok(json!({ "tags": all }))
    }
}
