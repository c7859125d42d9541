//! DescribeExecution and what shows the same: `.sync` results and status events (DESC; recorded).

use record::{Call, Time};
use serde_json::{Map, Value, json};

use super::executions::not_redrivable;
use crate::Region;
use crate::execution::{Execution, Status, read, stamp};
use crate::refuse::{Reply, no_execution};
use crate::request::Request;

/// The members of DescribeExecution in its own order; absent ones are missing.
pub(crate) fn described(known: &Execution, now: Time) -> Map<String, Value> {
    let status = if known.relabelled && known.is_running() { Status::Aborted } else { known.status };
    let redrivable = not_redrivable(status, known.start, known.stop, known.events.len(), now);
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            members.insert(name.to_owned(), value);
        }
    };
    put("executionArn", json!(known.arn));
    put("stateMachineArn", json!(known.machine.arn));
    put("name", json!(known.name));
    put("status", json!(status.name()));
    put("startDate", stamp(known.start));
    put("stopDate", known.stop.map_or(Value::Null, stamp));
    put("input", json!(known.input));
    put("inputDetails", json!({ "included": true }));
    if status == Status::Succeeded {
        put("output", json!(known.output));
        put("outputDetails", json!({ "included": true }));
    }
    put("mapRunArn", json!(known.map_run_arn));
    put("traceHeader", json!(known.trace_header));
    put("error", json!(known.error));
    put("cause", json!(known.cause));
    put("stateMachineVersionArn", json!(known.version_arn));
    put("stateMachineAliasArn", json!(known.alias_arn));
    put("redriveCount", json!(known.redrives));
    put("redriveDate", known.redriven.map_or(Value::Null, stamp));
    put("redriveStatus", json!(if redrivable.is_some() { "NOT_REDRIVABLE" } else { "REDRIVABLE" }));
    put("redriveStatusReason", json!(redrivable));
    members
}

/// DescribeExecution with capital members, as the result of a `.sync` task; input and output as JSON text, or as values.
pub(crate) fn capitalised(known: &Execution, now: Time, parsed: bool) -> Value {
    let mut about = Map::new();
    for (name, value) in described(known, now) {
        let value = match (name.as_str(), &value) {
            ("input" | "output", Value::String(text)) if parsed => read(text),
            ("inputDetails" | "outputDetails", _) => json!({ "Included": true }),
            ("startDate" | "stopDate" | "redriveDate", Value::Number(seconds)) => {
                json!((seconds.as_f64().unwrap_or(0.0) * 1000.0).round() as i64)
            }
            _ => value,
        };
        about.insert(crate::connectors::capital(&name), value);
    }
    // Recorded: a child that did not succeed shows no redrive members in the cause, a successful one does since 2025.
    if known.status != Status::Succeeded {
        about.retain(|name, _| !name.starts_with("Redrive"));
    }
    about.sort_keys();
    Value::Object(about)
}

impl Region {
    pub(super) fn describe_execution(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let arn = request.required("executionArn", 1, 256)?;
        request.word("includedData", &["ALL_DATA", "METADATA_ONLY"])?;
        let id = self.find_execution(arn)?;
        let known = self.executions.get(&id).ok_or_else(|| no_execution(arn))?;
        Ok(Value::Object(described(known, self.now)))
    }

    pub(super) fn describe_state_machine_for_execution(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let arn = request.required("executionArn", 1, 256)?;
        let id = self.find_execution(arn)?;
        let known = self.executions.get(&id).ok_or_else(|| no_execution(arn))?;
        let machine = &known.machine;
        let mut reply = json!({
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "definition": machine.definition,
            "roleArn": machine.role_arn,
            "updateDate": stamp(machine.at),
            "loggingConfiguration": machine.logging,
            "tracingConfiguration": machine.tracing,
        });
        if let Some(revision) = &machine.revision_id {
            reply["revisionId"] = json!(revision);
        }
        if let Some(run) = &known.map_run_arn {
            reply["mapRunArn"] = json!(run);
        }
        Ok(reply)
    }
}
