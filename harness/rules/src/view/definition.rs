//! A machine's definition as the checks read it: its states by name with their scope, and where its callback tasks put
//! the token.
//!
//! It works on the JSON text, so that definitions which no parser accepts can be judged too; `asl` gives the parsed form.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// One step into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A member of an object.
    Member(String),
    /// An item of an array.
    Item(usize),
}

/// A state of a definition with the scopes around it.
#[derive(Clone, Debug)]
pub struct StateView {
    /// Its name.
    pub name: String,
    /// Its members.
    pub json: Map<String, Value>,
    /// Names of the Parallel and Map states around it, outermost first.
    pub inside: Vec<String>,
    /// Whether it speaks JSONata.
    pub jsonata: bool,
}

impl StateView {
    /// A string member.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.json.get(member).and_then(Value::as_str)
    }

    /// Its `Type`.
    pub fn kind(&self) -> &str {
        self.text("Type").unwrap_or_default()
    }

    /// Its `Resource`.
    pub fn resource(&self) -> &str {
        self.text("Resource").unwrap_or_default()
    }

    /// Whether it waits for a token.
    pub fn is_callback(&self) -> bool {
        self.kind() == "Task" && self.resource().ends_with(".waitForTaskToken")
    }

    /// Whether it is a task of an activity.
    pub fn is_activity(&self) -> bool {
        self.kind() == "Task" && self.resource().contains(":activity:")
    }

    /// Whether it sends to SQS.
    pub fn sends_to_sqs(&self) -> bool {
        self.resource().contains(":sqs:sendMessage") || self.resource().contains(":aws-sdk:sqs:sendMessage")
    }

    /// Whether it publishes to SNS.
    pub fn publishes_to_sns(&self) -> bool {
        self.resource().contains(":sns:publish")
    }

    /// The arguments of a task, in either query language.
    pub fn template(&self) -> Option<&Value> {
        self.json
            .get(if self.jsonata { "Arguments" } else { "Parameters" })
            .or_else(|| self.json.get("Parameters"))
    }

    /// Its retriers.
    pub fn retriers(&self) -> &[Value] {
        self.json.get("Retry").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Its catchers.
    pub fn catchers(&self) -> &[Value] {
        self.json.get("Catch").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

/// Where a callback task puts its token.
#[derive(Clone, Debug)]
pub struct TokenPlace {
    /// The state.
    pub state: String,
    /// The way from the parameters to the string that is the token.
    pub path: Vec<Step>,
}

/// A definition, read once.
#[derive(Debug)]
pub struct Definition {
    /// As it was sent.
    pub text: String,
    /// As JSON, if it is JSON.
    pub json: Option<Value>,
    /// As the States Language, if it is that.
    pub machine: Option<asl::Machine>,
    /// Its states in every scope.
    pub states: BTreeMap<String, StateView>,
    /// Where its callback tasks put their tokens as a whole string.
    pub places: Vec<TokenPlace>,
}

impl Definition {
    /// Reads a definition.
    pub fn read(text: &str) -> Self {
        let json: Option<Value> = serde_json::from_str(text).ok();
        let machine = json.as_ref().and_then(|_| asl::parse(text).ok());
        let mut states = BTreeMap::new();
        if let Some(top) = json.as_ref().and_then(Value::as_object) {
            let jsonata = top.get("QueryLanguage").and_then(Value::as_str) == Some("JSONata");
            collect(top, jsonata, &mut Vec::new(), &mut states);
        }
        let mut places = Vec::new();
        for state in states.values() {
            if let Some(template) = state.template()
                && state.kind() == "Task"
            {
                find_places(template, &mut Vec::new(), &mut |path| {
                    places.push(TokenPlace { state: state.name.clone(), path: path.to_vec() });
                });
            }
        }
        Self { text: text.to_owned(), json, machine, states, places }
    }

    /// The machine's own time limit.
    pub fn timeout(&self) -> Option<u64> {
        self.json.as_ref()?.get("TimeoutSeconds")?.as_u64()
    }

    /// The first state.
    pub fn start(&self) -> Option<&StateView> {
        self.states.get(self.json.as_ref()?.get("StartAt")?.as_str()?)
    }

    /// Whether a task of the machine itself answers tokens (`aws-sdk:sfn:sendTaskSuccess`), or a `.sync` task may end early.
    pub fn answers_tokens(&self) -> bool {
        self.states.values().any(|state| {
            let resource = state.resource();
            resource.contains(":sendTask") || resource.contains(":lambda:") || resource.contains(".sync")
        })
    }
}

/// The value at the end of a way.
pub fn at<'v>(value: &'v Value, path: &[Step]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Member(name) => value.get(name),
        Step::Item(index) => value.get(index),
    })
}

/// Whether a template mentions the token anywhere, in either query language.
pub fn mentions_token(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            text.contains("Task.Token")
                || text == "$$"
                || text.contains("$$.Task")
                || text.contains("$states.context")
        }
        Value::Array(items) => items.iter().any(mentions_token),
        Value::Object(members) => members.values().any(mentions_token),
        _ => false,
    }
}

fn collect(
    scope: &Map<String, Value>,
    jsonata: bool,
    inside: &mut Vec<String>,
    into: &mut BTreeMap<String, StateView>,
) {
    let Some(states) = scope.get("States").and_then(Value::as_object) else { return };
    for (name, state) in states {
        let Some(members) = state.as_object() else { continue };
        let jsonata = match members.get("QueryLanguage").and_then(Value::as_str) {
            Some(language) => language == "JSONata",
            None => jsonata,
        };
        inside.push(name.clone());
        for branch in members.get("Branches").and_then(Value::as_array).into_iter().flatten() {
            if let Some(branch) = branch.as_object() {
                collect(branch, jsonata, inside, into);
            }
        }
        for processor in ["ItemProcessor", "Iterator"] {
            if let Some(processor) = members.get(processor).and_then(Value::as_object) {
                collect(processor, jsonata, inside, into);
            }
        }
        inside.pop();
        let view = StateView { name: name.clone(), json: members.clone(), inside: inside.clone(), jsonata };
        into.insert(name.clone(), view);
    }
}

fn find_places(value: &Value, path: &mut Vec<Step>, found: &mut dyn FnMut(&[Step])) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let (name, dynamic) =
                    name.strip_suffix(".$").map_or((name.as_str(), false), |name| (name, true));
                path.push(Step::Member(name.to_owned()));
                match member {
                    Value::String(text) if dynamic && text.trim() == "$$.Task.Token" => found(path),
                    _ => find_places(member, path, found),
                }
                path.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(Step::Item(index));
                find_places(item, path, found);
                path.pop();
            }
        }
        Value::String(text) => {
            let inner = text.trim().strip_prefix("{%").and_then(|text| text.strip_suffix("%}"));
            if inner.is_some_and(|inner| inner.trim() == "$states.context.Task.Token") {
                found(path);
            }
        }
        _ => {}
    }
}
