//! What a run makes, written down before it is made: so that a killed run can be swept.
//!
//! One JSON object a line: `{"making": "queue", "name": …}` before, `{"gone": "queue", "name": …}` after it was removed.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use record::{Call, Operation, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{EngineError, Target};

/// The ledger of one run.
pub(crate) struct Ledger {
    run: String,
    file: Option<Mutex<std::fs::File>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Making { kind: String, name: String },
    Gone { kind: String, name: String },
}

impl Ledger {
    /// Opens the ledger for writing; `None` keeps none.
    pub(crate) fn open(run: &str, path: Option<&Path>) -> Result<Self, EngineError> {
        let file = match path {
            None => None,
            Some(path) => {
                let file = std::fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)
                    .map_err(|why| unusable(path, &why))?;
                Some(Mutex::new(file))
            }
        };
        Ok(Self { run: run.to_owned(), file })
    }

    /// The run's id.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// To be called before a resource is made.
    pub(crate) fn about_to_make(&self, kind: &str, name: &str) {
        self.write(&Line::Making { kind: kind.to_owned(), name: name.to_owned() });
    }

    /// To be called after a resource was removed; `name` may be its URL or ARN.
    pub(crate) fn gone(&self, kind: &str, name: &str, outcome: &Outcome) {
        if outcome.is_done() {
            let name = name.rsplit(['/', ':']).next().unwrap_or(name);
            self.write(&Line::Gone { kind: kind.to_owned(), name: name.to_owned() });
        }
    }

    /// To be called when a making call was answered: what was refused is not there, unless it already was.
    pub(crate) fn answered(&self, kind: &str, name: &str, outcome: &Outcome) {
        let refused = outcome.refusal().is_some_and(|error| !error.code.contains("Exist"));
        if refused {
            self.write(&Line::Gone { kind: kind.to_owned(), name: name.to_owned() });
        }
    }

    fn write(&self, line: &Line) {
        if let (Some(file), Ok(mut text)) = (&self.file, serde_json::to_string(line)) {
            text.push('\n');
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            // A ledger that cannot be written any more is found by the sweep by prefix.
            let _ = file.write_all(text.as_bytes()).and_then(|()| file.flush());
        }
    }
}

/// What a ledger says was made and not removed: kind and name.
pub fn open_entries(path: &Path) -> Result<Vec<(String, String)>, EngineError> {
    let text = std::fs::read_to_string(path).map_err(|why| unusable(path, &why))?;
    let mut open = BTreeSet::new();
    for line in text.lines() {
        match serde_json::from_str::<Line>(line) {
            Ok(Line::Making { kind, name }) => drop(open.insert((kind, name))),
            Ok(Line::Gone { kind, name }) => drop(open.remove(&(kind, name))),
            // The last line of a killed run may be cut.
            Err(_) => {}
        }
    }
    Ok(open.into_iter().collect())
}

/// Removes everything of this suite's runs that the target still has: by the prefix of its names. Returns what was
/// removed and what resisted. `only` limits it to one run.
pub async fn sweep(target: &dyn Target, only: Option<&str>) -> (Vec<String>, Vec<String>) {
    let prefix = only.map_or_else(|| "sfnconf-".to_owned(), |run| format!("sfnconf-{run}"));
    let mut removed = Vec::new();
    let mut resisted = Vec::new();
    let mut note = |name: String, outcome: &Outcome| {
        if outcome.is_done() { removed.push(name) } else { resisted.push(name) }
    };
    for machine in listed(target, Operation::ListStateMachines, json!({}), "stateMachines").await {
        let (Some(name), Some(arn)) = (text(&machine, "name"), text(&machine, "stateMachineArn")) else {
            continue;
        };
        if !name.starts_with(&prefix) {
            continue;
        }
        let running = json!({"stateMachineArn": arn, "statusFilter": "RUNNING"});
        for execution in listed(target, Operation::ListExecutions, running, "executions").await {
            if let Some(arn) = text(&execution, "executionArn") {
                target.call(Call::new(Operation::StopExecution, json!({"executionArn": arn}))).await;
            }
        }
        let outcome =
            target.call(Call::new(Operation::DeleteStateMachine, json!({"stateMachineArn": arn}))).await;
        note(format!("machine {name}"), &outcome);
    }
    for activity in listed(target, Operation::ListActivities, json!({}), "activities").await {
        let (Some(name), Some(arn)) = (text(&activity, "name"), text(&activity, "activityArn")) else {
            continue;
        };
        if name.starts_with(&prefix) {
            let outcome =
                target.call(Call::new(Operation::DeleteActivity, json!({"activityArn": arn}))).await;
            note(format!("activity {name}"), &outcome);
        }
    }
    for mapping in listed(target, Operation::ListEventSourceMappings, json!({}), "EventSourceMappings").await
    {
        let name = text(&mapping, "FunctionArn").as_deref().and_then(function_of).map(str::to_owned);
        if let (Some(name), Some(uuid)) =
            (name.filter(|name| name.starts_with(&prefix)), text(&mapping, "UUID"))
        {
            let outcome =
                target.call(Call::new(Operation::DeleteEventSourceMapping, json!({"UUID": uuid}))).await;
            note(format!("mapping {uuid}"), &outcome);
            let outcome =
                target.call(Call::new(Operation::DeleteFunction, json!({"FunctionName": name}))).await;
            note(format!("function {name}"), &outcome);
        }
    }
    for queue in listed(target, Operation::ListQueues, json!({"QueueNamePrefix": prefix}), "QueueUrls").await
    {
        if let Some(url) = queue.as_str()
            && url.rsplit('/').next().is_some_and(|name| name.starts_with(&prefix))
        {
            let outcome = target.call(Call::new(Operation::DeleteQueue, json!({"QueueUrl": url}))).await;
            note(format!("queue {url}"), &outcome);
        }
    }
    for topic in listed(target, Operation::ListTopics, json!({}), "Topics").await {
        if let Some(arn) = text(&topic, "TopicArn")
            && arn.rsplit(':').next().is_some_and(|name| name.starts_with(&prefix))
        {
            let outcome = target.call(Call::new(Operation::DeleteTopic, json!({"TopicArn": arn}))).await;
            note(format!("topic {arn}"), &outcome);
        }
    }
    (removed, resisted)
}

/// The name in a function's ARN.
fn function_of(arn: &str) -> Option<&str> {
    arn.split_once(":function:")?.1.split(':').next()
}

fn text(value: &Value, member: &str) -> Option<String> {
    value.get(member)?.as_str().map(str::to_owned)
}

/// All pages of a list, as far as they can be read.
async fn listed(target: &dyn Target, operation: Operation, input: Value, member: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut input = input;
    for _ in 0..1000 {
        let Outcome::Done(reply) = target.call(Call::new(operation, input.clone())).await else { break };
        items.extend(reply.get(member).and_then(Value::as_array).cloned().unwrap_or_default());
        let next = ["nextToken", "NextToken"]
            .into_iter()
            .find_map(|name| Some((name, reply.get(name)?.as_str()?.to_owned())));
        let Some((name, token)) = next.filter(|(_, token)| !token.is_empty()) else { break };
        if let Some(members) = input.as_object_mut() {
            members.insert(name.to_owned(), json!(token));
        }
    }
    items
}

fn unusable(path: &Path, why: &std::io::Error) -> EngineError {
    EngineError::Ledger { path: path.display().to_string(), why: why.to_string() }
}
