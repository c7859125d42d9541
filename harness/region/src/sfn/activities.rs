//! Activities and their workers (ACT).

use std::collections::{BTreeMap, VecDeque};

use record::Call;
use serde_json::{Value, json};

use super::Activity;
use super::names::{check_activity_arn, check_name};
use crate::Region;
use crate::execution::stamp;
use crate::refuse::{Reply, no_activity};
use crate::region::Served;
use crate::request::{Request, tags};

impl Region {
    pub(super) fn create_activity(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let name = request.required("name", 1, 80)?;
        check_name(name)?;
        let tags: BTreeMap<String, String> =
            tags(request.list("tags")?, "key", "value")?.into_iter().collect();
        let arn = self.place.arn("states", &format!("activity:{name}"));
        let now = self.now;
        let activity = self.sfn.activities.entry(arn.clone()).or_insert_with(|| Activity {
            name: name.to_owned(),
            created: now,
            tags,
            waiting: VecDeque::new(),
        });
        Ok(json!({ "activityArn": arn, "creationDate": stamp(activity.created) }))
    }

    pub(super) fn describe_activity(&mut self, call: &Call) -> Reply {
        let arn = Request::of(call).required("activityArn", 1, 256)?;
        check_activity_arn(arn)?;
        let activity = self.sfn.activities.get(arn).ok_or_else(|| no_activity(arn))?;
        Ok(json!({
            "activityArn": arn,
            "name": activity.name,
            "creationDate": stamp(activity.created),
            "encryptionConfiguration": { "type": "AWS_OWNED_KEY" },
        }))
    }

    pub(super) fn delete_activity(&mut self, call: &Call) -> Reply {
        let arn = Request::of(call).required("activityArn", 1, 256)?;
        check_activity_arn(arn)?;
        self.sfn.activities.remove(arn);
        Ok(json!({}))
    }

    pub(super) fn list_activities(&mut self, call: &Call) -> Reply {
        let items: Vec<Value> = self
            .sfn
            .activities
            .iter()
            .map(|(arn, activity)| {
                json!({ "activityArn": arn, "name": activity.name, "creationDate": stamp(activity.created) })
            })
            .collect();
        self.paged("activities", "", &items, "activities", &Request::of(call))
    }

    pub(super) fn get_activity_task(&mut self, call: &Call) -> Served {
        match self.poll_activity(call) {
            Ok(Some(task)) => Served::Reply(Ok(task)),
            Ok(None) => Served::Later,
            Err(error) => Served::Reply(Err(error)),
        }
    }

    /// Hands the oldest waiting task to this poller; its clocks start now (ACT-02, ACT-03).
    fn poll_activity(&mut self, call: &Call) -> Result<Option<Value>, record::ApiError> {
        let request = Request::of(call);
        let arn = request.required("activityArn", 1, 256)?;
        let worker = request.text_within("workerName", 1, 80)?;
        check_activity_arn(arn)?;
        loop {
            let activity = self.sfn.activities.get_mut(arn).ok_or_else(|| no_activity(arn))?;
            let Some((execution, strand, serial)) = activity.waiting.pop_front() else { return Ok(None) };
            let Some(input) = self.waiting_input(execution, strand, serial) else { continue };
            self.start_attempt(execution, strand, serial, worker);
            return Ok(Some(json!({ "taskToken": self.ids.token(serial), "input": input })));
        }
    }
}
