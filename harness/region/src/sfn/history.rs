//! GetExecutionHistory: pages of events (GEH).

use record::Call;
use serde_json::{Value, json};

use crate::Region;
use crate::execution::event_to_wire;
use crate::refuse::{Reply, no_execution};
use crate::request::Request;

impl Region {
    pub(super) fn get_execution_history(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let arn = request.required("executionArn", 1, 256)?;
        let size = page_size(request.number("maxResults", 0, 1_000)?, 100);
        let token = request.text_within("nextToken", 1, 1_024)?;
        let reverse = request.flag("reverseOrder")?.unwrap_or(false);
        let with_data = request.flag("includeExecutionData")?.unwrap_or(true);
        let id = self.find_execution(arn)?;
        let start = match token {
            None => 0,
            Some(token) => self.page_start("history", arn, token)?,
        };
        let known = self.executions.get(&id).ok_or_else(|| no_execution(arn))?;
        let total = known.events.len();
        let lawful = (start + size).min(total);
        let (end, next) = self.conduct.page(start, lawful);
        let known = self.executions.get(&id).ok_or_else(|| no_execution(arn))?;
        let wire = |event| event_to_wire(event, with_data);
        let span = end.saturating_sub(start);
        let events: Vec<Value> = if reverse {
            known.events.iter().rev().skip(start).take(span).map(wire).collect()
        } else {
            known.events.iter().skip(start).take(span).map(wire).collect()
        };
        let mut reply = json!({ "events": events });
        if next < total {
            reply["nextToken"] = json!(self.page_token("history", arn, next));
        }
        Ok(reply)
    }
}

/// 0 and nothing mean the default (GEH-02).
pub(super) fn page_size(asked: Option<i64>, default: usize) -> usize {
    asked.filter(|size| *size > 0).and_then(|size| usize::try_from(size).ok()).unwrap_or(default)
}
