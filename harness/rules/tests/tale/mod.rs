//! A history told event by event, each linked to the one before, and what `audit` says of it.

#![allow(dead_code, reason = "every test file uses a part of it")]

use rules::audit::audit;
use serde_json::{Value, json};

pub(crate) const RESOURCE: &str = "arn:aws:states:::lambda:invoke.waitForTaskToken";

pub(crate) struct Tale {
    events: Vec<Value>,
}

impl Tale {
    pub(crate) fn started(input: &Value) -> Self {
        let details = json!({ "input": input.to_string(), "roleArn": "arn:aws:iam::123456789012:role/r" });
        Self { events: Vec::new() }.then("ExecutionStarted", details)
    }

    /// An event a second after the one before.
    pub(crate) fn then(self, kind: &str, details: Value) -> Self {
        self.after(1000, kind, details)
    }

    pub(crate) fn after(mut self, ms: u64, kind: &str, mut details: Value) -> Self {
        for (data, flags) in [
            ("input", "inputDetails"),
            ("output", "outputDetails"),
            ("assignedVariables", "assignedVariablesDetails"),
        ] {
            if details.get(data).is_some() {
                details[flags] = json!({ "truncated": false });
            }
        }
        let at = self.events.len();
        let before =
            self.events.last().map_or(1_700_000_000_000, |event| event["timestamp"].as_u64().unwrap());
        // The exit of a Parallel or Map follows the last of its strands, its failure what failed a Task.
        let beyond = |kind: &Value| {
            let kind = kind.as_str().unwrap();
            kind.ends_with("StateSucceeded") || kind == "TaskStateAborted"
        };
        let previous = match self.events.last() {
            Some(last) if beyond(&last["type"]) => at - 1,
            _ if at < 2 => 0,
            _ => at,
        };
        let mut event =
            json!({ "id": at + 1, "previousEventId": previous, "type": kind, "timestamp": before + ms });
        if let Some(member) = record::history::detail_member(kind) {
            event[member] = details;
        }
        self.events.push(event);
        self
    }

    pub(crate) fn entered(self, kind: &str, name: &str, input: &Value) -> Self {
        let details = json!({ "name": name, "input": input.to_string() });
        self.then(&format!("{kind}StateEntered"), details)
    }

    pub(crate) fn exited(self, kind: &str, name: &str, output: &Value) -> Self {
        let details = json!({ "name": name, "output": output.to_string() });
        self.then(&format!("{kind}StateExited"), details)
    }

    /// A callback of [`RESOURCE`] up to its answer.
    pub(crate) fn waits(self, parameters: &Value) -> Self {
        let of = |more: Value| {
            let mut details = json!({ "resourceType": "lambda", "resource": "invoke.waitForTaskToken" });
            details.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            details
        };
        let scheduled = json!({ "region": "eu-west-1", "parameters": parameters.to_string() });
        self.then("TaskScheduled", of(scheduled))
            .then("TaskStarted", of(json!({})))
            .then("TaskSubmitted", of(json!({ "output": "{\"StatusCode\":200}" })))
    }

    pub(crate) fn answered(self, output: &Value) -> Self {
        let details = json!({
            "resourceType": "lambda", "resource": "invoke.waitForTaskToken", "output": output.to_string(),
        });
        self.then("TaskSucceeded", details)
    }

    pub(crate) fn refused(self, error: &str) -> Self {
        let details = json!({
            "resourceType": "lambda", "resource": "invoke.waitForTaskToken", "error": error, "cause": "why",
        });
        self.then("TaskFailed", details)
    }

    /// A whole visit of a callback of [`RESOURCE`].
    pub(crate) fn called(self, name: &str, parameters: &Value, result: &Value) -> Self {
        let input = self.data();
        self.entered("Task", name, &input).waits(parameters).answered(result).exited("Task", name, result)
    }

    /// A whole visit of a Pass state.
    pub(crate) fn passed(self, name: &str, output: &Value) -> Self {
        let input = self.data();
        self.entered("Pass", name, &input).exited("Pass", name, output)
    }

    pub(crate) fn succeeded(self) -> Self {
        let output = self.data();
        self.then("ExecutionSucceeded", json!({ "output": output.to_string() }))
    }

    /// What the last event hands on.
    fn data(&self) -> Value {
        let details =
            self.events.last().unwrap().as_object().unwrap().values().find(|value| value.is_object());
        let text = ["output", "input"].iter().find_map(|name| details?.get(name)?.as_str());
        serde_json::from_str(text.unwrap()).unwrap()
    }

    pub(crate) fn events(&self) -> &[Value] {
        &self.events
    }

    /// The rules that it breaks, with a definition or without.
    pub(crate) fn breaks(&self, definition: Option<&Value>) -> Vec<&'static str> {
        let definition = definition.map(Value::to_string);
        let report = audit(&json!({ "events": self.events }).to_string(), definition.as_deref()).unwrap();
        report.violations.into_iter().chain(report.consequences).map(|found| found.rule).collect()
    }

    #[track_caller]
    pub(crate) fn is_legal(&self, definition: &Value) {
        assert_eq!(self.breaks(None), Vec::<&str>::new(), "without a definition");
        assert_eq!(self.breaks(Some(definition)), Vec::<&str>::new(), "{definition}");
    }

    #[track_caller]
    pub(crate) fn is_illegal(&self, definition: &Value, rule: &str) {
        let broken = self.breaks(Some(definition));
        assert!(broken.contains(&rule), "{broken:?} {definition}");
    }
}

/// A machine that runs these states one after another; their names are `s1`, `s2`, …
pub(crate) fn machine(language: &str, states: &[Value]) -> Value {
    let mut named = serde_json::Map::new();
    for (at, state) in states.iter().enumerate() {
        let mut state = state.clone();
        if at + 1 < states.len() {
            state["Next"] = json!(format!("s{}", at + 2));
        } else if !matches!(state["Type"].as_str(), Some("Succeed" | "Fail" | "Choice")) {
            state["End"] = json!(true);
        }
        named.insert(format!("s{}", at + 1), state);
    }
    json!({ "QueryLanguage": language, "StartAt": "s1", "States": named })
}
