//! AWS's recordings against this crate: parsing, refusals, and what states make of their data.
//!
//! Whole histories are the business of `region`; here each state of a recorded history is entered and left on its own.

#![expect(clippy::unwrap_used, reason = "a broken fixture stops the test")]

#[path = "../../record/tests/outside/mod.rs"]
mod outside;

use asl::{Entered, Failure, Inputs, MachineType, RetryCounts, Severity, State, TaskFailure, Variables};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    outside::run(
        outside::RECORDINGS,
        &[
            (
                "every_state_of_a_recorded_history_reads_and_writes_what_aws_recorded",
                every_state_of_a_recorded_history_reads_and_writes_what_aws_recorded,
            ),
            (
                "every_recorded_definition_parses_and_every_refusal_is_given_with_its_code",
                every_recorded_definition_parses_and_every_refusal_is_given_with_its_code,
            ),
            (
                "the_stages_of_a_tested_state_are_those_that_aws_shows",
                the_stages_of_a_tested_state_are_those_that_aws_shows,
            ),
        ],
    )
}

fn recordings(folder: &Path) -> Vec<(String, Value)> {
    let parsed = |(name, text): (String, String)| (name, serde_json::from_str(&text).unwrap());
    outside::json_files(folder).into_iter().map(parsed).collect()
}

fn text_of(definition: &Value) -> String {
    definition.as_str().map_or_else(|| definition.to_string(), str::to_owned)
}

/// Whether two values agree where the recorder left them readable.
fn alike(ours: &Value, recorded: &Value) -> bool {
    match (ours, recorded) {
        (Value::String(a), Value::String(b)) => a == b || hidden(a) || hidden(b),
        (Value::String(a), _) if hidden(a) => true,
        (Value::String(a), Value::Object(_) | Value::Array(_)) => {
            serde_json::from_str(a).is_ok_and(|parsed: Value| alike(&parsed, recorded))
        }
        (_, Value::String(b)) if hidden(b) => true,
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        // Newer recordings of the context object have a RedriveCount.
        (Value::Object(a), Value::Object(b))
            if b.contains_key("RedriveCount") && b.contains_key("StartTime") =>
        {
            a.iter().all(|(name, a)| b.get(name).is_some_and(|b| alike(a, b)))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| alike(a, b)))
        }
        _ => ours == recorded,
    }
}

fn hidden(text: &str) -> bool {
    text.contains('<')
        || text.contains("arn")
        || ["date", "timestamp", "2024-01-01T", "task_token", "entered-time", "uuid", "resource"]
            .iter()
            .any(|word| text.contains(word))
}

/// The recorder parses JSON objects out of strings; everything else stays a string.
fn wire(value: &Value) -> Value {
    value
        .as_str()
        .map_or_else(|| value.clone(), |text| serde_json::from_str(text).unwrap_or_else(|_| value.clone()))
}

/// The recorder hides timestamps; where one is needed, any will do.
fn timestamped(input: &Value) -> Value {
    serde_json::from_str(&input.to_string().replace("<timestamp>", "2024-01-01T00:00:00Z")).unwrap()
}

struct Walk<'a> {
    in_map: bool,
    /// Recordings of older commits carry a later definition, whose times differ.
    older: bool,
    machine: &'a asl::Machine,
    execution: Value,
    variables: Variables,
    checked: usize,
    faults: Vec<String>,
}

struct Visit<'a> {
    state: &'a State,
    input: Value,
    context: Value,
    event_id: u64,
    counts: RetryCounts,
    result: Option<Value>,
    failure: Option<TaskFailure>,
}

impl<'a> Walk<'a> {
    fn expect(&mut self, what: &str, ours: &Value, recorded: &Value) {
        self.checked += 1;
        if !alike(ours, recorded) {
            self.faults.push(format!("{what}:\n  ours     {ours}\n  recorded {recorded}"));
        }
    }

    fn visit(&self, details: &Value, event_id: u64) -> Option<Visit<'a>> {
        let name = details["name"].as_str()?;
        let state = self.machine.find(name)?;
        let mut context = json!({
            "Execution": self.execution, "State": { "Name": name, "EnteredTime": "2024-01-01T00:00:00Z<>" },
            "StateMachine": { "Id": "<id>", "Name": "<name>" },
        });
        if let Some(resource) = state.resource() {
            context["State"]["RetryCount"] = json!(0);
            if resource.pattern != asl::Pattern::RequestResponse {
                context["Task"] = json!({ "Token": "<task_token>" });
            }
        }
        if self.in_map {
            context["Map"] = json!({ "Item": { "Index": "<index>", "Value": "<value>" } });
        }
        Some(Visit {
            state,
            input: timestamped(&wire(&details["input"])),
            context,
            event_id,
            counts: RetryCounts::default(),
            result: None,
            failure: None,
        })
    }

    fn scheduled(&mut self, visit: &Visit<'a>, details: &Value, parameters: &str) {
        match self.enter(visit) {
            Ok(Entered::Task {
                parameters: ours, timeout_seconds, heartbeat_seconds, credentials, ..
            }) => {
                self.expect("parameters", &ours, &wire(&details[parameters]));
                if !self.older {
                    self.expect("timeout", &json!(timeout_seconds), &details["timeoutInSeconds"]);
                    self.expect("heartbeat", &json!(heartbeat_seconds), &details["heartbeatInSeconds"]);
                }
                if let Some(recorded) = details.get("taskCredentials") {
                    self.expect(
                        "credentials",
                        &credentials.unwrap_or_default()["RoleArn"],
                        &recorded["roleArn"],
                    );
                }
            }
            other => self.faults.push(format!("scheduled, but ours is {other:?}")),
        }
    }

    fn inputs<'b>(&'b self, visit: &'b Visit<'a>) -> Inputs<'b> {
        Inputs {
            input: &visit.input,
            context: &visit.context,
            variables: &self.variables,
            event_id: visit.event_id,
        }
    }

    fn enter(&self, visit: &Visit<'a>) -> Result<Entered, Failure> {
        asl::enter(visit.state, &self.inputs(visit))
    }

    fn failed(&mut self, visit: &Visit<'a>, details: &Value) {
        let Some(cause) = details["cause"].as_str().filter(|cause| {
            cause.starts_with("An error occurred while executing")
                || details["error"] == "States.DataLimitExceeded"
        }) else {
            return;
        };
        if cause.contains("does not exist") {
            return;
        }
        let failure = match (&visit.result, self.enter(visit)) {
            (_, Err(failure)) => failure,
            (Some(result), _) => match asl::complete(visit.state, &self.inputs(visit), result) {
                Err(failure) => failure,
                Ok(exit) => {
                    return self.faults.push(format!("AWS failed with {cause}, ours left with {exit:?}"));
                }
            },
            (None, Ok(entered)) => {
                return self.faults.push(format!("AWS failed with {cause}, ours is {entered:?}"));
            }
        };
        self.expect("error", &json!(failure.error), &details["error"]);
        self.checked += 1;
        if failure.cause.as_deref() != Some(cause) {
            self.faults.push(format!("cause:\n  ours     {:?}\n  recorded {cause}", failure.cause));
        }
    }

    fn exited(&mut self, visit: &mut Visit<'a>, details: &Value) {
        let exit = match (&visit.failure, self.enter(visit)) {
            (Some(failure), _) => {
                match asl::recover(visit.state, &self.inputs(visit), failure, &mut visit.counts.clone()) {
                    Ok(asl::Recovery::Caught { exit, .. }) => Ok(exit),
                    other => return self.faults.push(format!("caught by AWS, ours is {other:?}")),
                }
            }
            (None, Ok(Entered::Exit(exit))) => Ok(exit),
            (None, Ok(Entered::Wait { .. })) => asl::complete(visit.state, &self.inputs(visit), &Value::Null),
            (None, Ok(Entered::Task { .. })) => match &visit.result {
                Some(result) => asl::complete(visit.state, &self.inputs(visit), result),
                None => return,
            },
            (None, Ok(Entered::Parallel(_) | Entered::Map(_))) => return,
            (None, other) => return self.faults.push(format!("exited, but ours is {other:?}")),
        };
        match exit {
            Ok(exit) => {
                self.expect("output", &exit.output, &wire(&details["output"]));
                for (name, value) in &exit.assigned {
                    self.expect("assigned", value, &wire(&details["assignedVariables"][name]));
                }
                let recorded = details["assignedVariables"].as_object().map_or(0, serde_json::Map::len);
                self.expect("number of variables", &json!(exit.assigned.len()), &json!(recorded));
                self.variables.extend(exit.assigned);
            }
            Err(failure) => self.faults.push(format!("exited, but ours is {failure:?}")),
        }
    }

    fn walk(&mut self, events: &[Value]) {
        let mut visits: Vec<Visit<'a>> = Vec::new();
        for event in events {
            let id = event["id"].as_u64().unwrap_or_default();
            let kind = event["type"].as_str().unwrap_or_default();
            if kind == "MapIterationStarted" {
                self.in_map = true;
            } else if kind == "MapStateExited" {
                self.in_map = false;
            }
            if kind == "ExecutionStarted" {
                self.execution = json!({ "Id": "<id>", "Name": "<name>", "RoleArn": "<role>", "StartTime": "<timestamp>",
                    "Input": wire(&event["executionStartedEventDetails"]["input"]) });
            } else if kind.ends_with("StateEntered") {
                visits.extend(self.visit(&event["stateEnteredEventDetails"], id));
            } else if kind.ends_with("StateExited") {
                let name = &event["stateExitedEventDetails"]["name"];
                let Some(at) = visits.iter().rposition(|visit| *name == visit.state.name) else { continue };
                let mut visit = visits.remove(at);
                self.exited(&mut visit, &event["stateExitedEventDetails"]);
            }
            let Some(mut visit) = visits.pop() else { continue };
            match kind {
                "TaskScheduled" => self.scheduled(&visit, &event["taskScheduledEventDetails"], "parameters"),
                "LambdaFunctionScheduled" => {
                    self.scheduled(&visit, &event["lambdaFunctionScheduledEventDetails"], "input");
                }
                "ActivityScheduled" => {
                    self.scheduled(&visit, &event["activityScheduledEventDetails"], "input");
                }
                "TaskSucceeded" => visit.result = Some(wire(&event["taskSucceededEventDetails"]["output"])),
                "LambdaFunctionSucceeded" => {
                    visit.result = Some(wire(&event["lambdaFunctionSucceededEventDetails"]["output"]));
                }
                "ActivitySucceeded" => {
                    visit.result = Some(wire(&event["activitySucceededEventDetails"]["output"]));
                }
                "TaskFailed" | "LambdaFunctionFailed" | "ActivityFailed" => {
                    let details = event
                        .as_object()
                        .unwrap()
                        .iter()
                        .find(|(name, _)| name.ends_with("Details"))
                        .map(|(_, details)| details)
                        .unwrap();
                    let text = |name: &str| {
                        details
                            .get(name)
                            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                    };
                    let failure = TaskFailure::new(text("error"), text("cause"));
                    let inputs = Inputs {
                        input: &visit.input,
                        context: &visit.context,
                        variables: &self.variables,
                        event_id: visit.event_id,
                    };
                    let recovery = asl::recover(visit.state, &inputs, &failure, &mut visit.counts);
                    if matches!(recovery, Ok(asl::Recovery::Retry { .. })) {
                        visit.context["State"]["RetryCount"] = json!(visit.counts.total());
                    } else {
                        visit.failure = Some(failure);
                    }
                }
                "TaskTimedOut" | "LambdaFunctionTimedOut" | "ActivityTimedOut" => {
                    visit.failure = Some(TaskFailure::timeout());
                }
                "ExecutionFailed" => self.failed(&visit, &event["executionFailedEventDetails"]),
                _ => {}
            }
            visits.push(visit);
        }
    }
}

fn every_state_of_a_recorded_history_reads_and_writes_what_aws_recorded(folder: &Path) {
    let recordings = recordings(folder);
    let (mut histories, mut checked, mut faults) = (0, 0, Vec::new());
    for (name, recording) in &recordings {
        if recording["idsNormalized"] == true {
            continue;
        }
        for key in recording["histories"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let per_history = recording.get("definitionPerHistory").and_then(|map| map.get(key));
            let definition = per_history
                .filter(|definition| definition.is_object())
                .unwrap_or_else(|| &recording["definition"]);
            let Ok(machine) = asl::parse(&text_of(definition)) else { continue };
            let Some(events) = recording["snapshot"][key]["events"].as_array() else { continue };
            let mut walk = Walk {
                in_map: false,
                older: name.contains("-older--"),
                machine: &machine,
                execution: Value::Null,
                variables: Variables::new(),
                checked: 0,
                faults: Vec::new(),
            };
            walk.walk(events);
            histories += 1;
            checked += walk.checked;
            faults.extend(walk.faults.into_iter().map(|fault| format!("{name} {key} {fault}")));
        }
    }
    println!("{histories} histories, {checked} values compared, {} differ", faults.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn every_recorded_definition_parses_and_every_refusal_is_given_with_its_code(folder: &Path) {
    let recordings = recordings(folder);
    let (mut parsed, mut refused, mut faults) = (0, 0, Vec::new());
    for (name, recording) in &recordings {
        let definition = text_of(&recording["definition"]);
        let response = &recording["snapshot"]["validation_response"];
        if let Some(recorded) = response.get("diagnostics").and_then(Value::as_array) {
            let kind = if name.contains("express") { MachineType::Express } else { MachineType::Standard };
            let ours: Vec<Value> = asl::validate(definition.trim(), kind).iter().map(|diagnostic| {
                let mut shown = json!({ "code": diagnostic.code, "message": diagnostic.message, "severity": "ERROR" });
                if let Some(location) = &diagnostic.location {
                    shown["location"] = json!(location);
                }
                shown
            }).collect();
            refused += usize::from(!recorded.is_empty());
            if ours != *recorded {
                faults.push(format!("{name}: ours {ours:?}, recorded {recorded:?}"));
            }
            continue;
        }
        let message = find_refusal(&recording["snapshot"]);
        let kind =
            if recording["machineType"] == "EXPRESS" { MachineType::Express } else { MachineType::Standard };
        if let Some(message) = message {
            refused += 1;
            let ours = asl::Diagnostic::refusal(&asl::validate(&filled(&definition), kind));
            if ours.as_deref() != Some(message.as_str()) {
                faults.push(format!("{name}: ours {ours:?}, recorded {message}"));
            }
        } else if matches!(recording["machineType"].as_str(), Some("STANDARD" | "EXPRESS"))
            && !recording["definition"].is_null()
        {
            parsed += 1;
            if let Err(errors) = asl::parse(&definition) {
                faults.push(format!("{name}: does not parse: {errors:?}"));
            }
            let errors: Vec<_> = asl::validate(&filled(&definition), kind)
                .into_iter()
                .filter(|d| d.severity == Severity::Error)
                .collect();
            if !errors.is_empty() {
                faults.push(format!("{name}: accepted by AWS, refused here: {errors:?}"));
            }
        }
    }
    println!(
        "{parsed} definitions parsed and accepted, {refused} refused as recorded, {} differ",
        faults.len()
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn the_stages_of_a_tested_state_are_those_that_aws_shows(folder: &Path) {
    let recordings = recordings(folder);
    let (mut compared, mut faults) = (0, Vec::new());
    for (name, recording) in
        recordings.iter().filter(|(_, recording)| recording["machineType"] == "TEST_STATE")
    {
        let call = &recording["testStateCall"];
        let Some(recorded) = recording["snapshot"]["test_case_response"]["inspectionData"].as_object() else {
            continue;
        };
        let machine = json!({ "StartAt": "s", "States": { "s": recording["definition"] } });
        let machine = asl::parse(&machine.to_string()).unwrap();
        let variables = Variables::new();
        let inputs =
            Inputs { input: &call["input"], context: &call["context"], variables: &variables, event_id: 0 };
        let result =
            call["mock"].get("result").map(wire).filter(|_| recording["definition"]["Type"] == "Task");
        for (stage, value) in asl::inspect(machine.find("s").unwrap(), &inputs, result.as_ref()) {
            compared += 1;
            // The mocked result differs between the fixture and the recording's own, later one.
            if stage != "result" && !alike(&value, &recorded.get(stage).map(wire).unwrap_or_default()) {
                faults.push(format!("{name} {stage}: ours {value}, recorded {:?}", recorded.get(stage)));
            }
        }
    }
    println!("{compared} stages compared, {} differ", faults.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn filled(definition: &str) -> String {
    definition
        .replace("<function-arn>", "arn:aws:lambda:us-east-1:123456789012:function:f")
        .replace("<activity-arn>", "arn:aws:states:us-east-1:123456789012:activity:a")
}

fn find_refusal(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.starts_with("Invalid State Machine Definition").then(|| text.clone()),
        Value::Array(items) => items.iter().find_map(find_refusal),
        Value::Object(members) => members.values().find_map(find_refusal),
        _ => None,
    }
}
