//! Real state machines run to their end in the region, with one worker for all of them.
//!
//! The folder comes from `SFN_CONFORMANCE_CORPUS`. The worker knows no service: it gives every task an output that has each
//! path the definition reads, and answers task tokens over the API. A state that asks again and again is told no in the end.

#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

#[path = "../../asl/tests/corpus_files/mod.rs"]
mod corpus_files;
mod desk;
#[path = "../../record/tests/outside/mod.rs"]
mod outside;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use asl::TaskFailure;
use corpus_files::{REFUSED, corpus, fill};
use desk::Desk;
use record::Time;
use region::Options;
use region::script::{Act, Ending, Run, Scene, Script};
use serde_json::{Map, Value, json};

/// How often a state is served before it is told no.
const PATIENCE: usize = 30;

/// Every word that follows `$.`, `$states.input.` or `$states.result.` in the definition, as members of one object.
fn plausible(definition: &Value) -> Value {
    let mut all = Map::new();
    collect(definition, &mut all);
    Value::Object(all)
}

fn collect(value: &Value, all: &mut Map<String, Value>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            if let ("ItemsPath", Value::String(path)) = (name.as_str(), member) {
                put(all, path.trim_start_matches("$."), &json!([{}]));
            }
            collect(member, all);
        }),
        Value::Array(items) => items.iter().for_each(|item| collect(item, all)),
        Value::String(text) => {
            for mark in ["$.", "$states.input.", "$states.result."] {
                for (at, _) in text.match_indices(mark) {
                    let rest = &text[at + mark.len()..];
                    let end = rest.find(|c: char| !(c.is_alphanumeric() || "_-.".contains(c)));
                    put(all, &rest[..end.unwrap_or(rest.len())], &json!("7"));
                }
            }
        }
        _ => {}
    }
}

/// Puts a value at a dotted path, unless something is there.
fn put(all: &mut Map<String, Value>, path: &str, leaf: &Value) {
    let Some((name, rest)) = path.split_once('.') else {
        if !path.is_empty() {
            all.entry(path).or_insert_with(|| leaf.clone());
        }
        return;
    };
    let inner = all.entry(name).or_insert_with(|| json!({}));
    if !inner.is_object() {
        *inner = json!({});
    }
    put(inner.as_object_mut().unwrap(), rest, leaf);
}

/// What the worker has been asked.
#[derive(Default)]
struct Desktop {
    asked: BTreeMap<String, usize>,
    tokens: Vec<String>,
}

struct Worker {
    output: Value,
    seen: Arc<Mutex<Desktop>>,
}

/// The task token among the parameters; no other text is as long and as plain.
fn token(parameters: &Value) -> Option<String> {
    match parameters {
        Value::String(text) if text.len() == 608 => Some(text.clone()),
        Value::Array(items) => items.iter().find_map(token),
        Value::Object(members) => members.values().find_map(token),
        _ => None,
    }
}

impl Script for Worker {
    fn act(&mut self, scene: Scene<'_>) -> Option<Act> {
        let mut seen = self.seen.lock().unwrap();
        let asked = seen.asked.entry(scene.state.to_owned()).or_default();
        *asked += 1;
        let mut act = Act { submitted: None, worker: None, ending: Ending::Hangs, after_ms: 0 };
        if *asked > PATIENCE {
            act.ending = Ending::Fails(TaskFailure::new(Some("Worker.Enough".to_owned()), None));
        } else if scene.resource.ends_with(".waitForTaskToken") {
            act.submitted = Some(json!({}));
            seen.tokens.extend(token(scene.parameters));
        } else {
            act.ending = Ending::Succeeds(self.output.clone());
        }
        Some(act)
    }

    fn map_run(&mut self, _state: &str, _item: Option<usize>) -> Option<Run> {
        None
    }
}

fn main() -> ExitCode {
    outside::run(
        outside::CORPUS,
        &[("every_definition_of_the_corpus_runs_to_its_end", every_definition_of_the_corpus_runs_to_its_end)],
    )
}

fn every_definition_of_the_corpus_runs_to_its_end(folder: &Path) {
    let corpus = corpus(folder);
    let (mut ends, mut answered, mut refused) = (BTreeMap::<String, usize>::new(), 0, 0);
    for (name, mut definition) in corpus {
        fill(&mut definition, "");
        if REFUSED.iter().any(|(refused, _)| *refused == name) {
            refused += 1;
            continue;
        }
        let output = plausible(&definition);
        let seen = Arc::new(Mutex::new(Desktop::default()));
        let worker = Worker { output: output.clone(), seen: Arc::clone(&seen) };
        let mut desk = Desk::with(1, Options { script: Some(Box::new(worker)), ..Options::default() });
        let machine = desk.machine("m", &definition.to_string());
        let execution = desk.start(&machine, &output);
        loop {
            let tokens = std::mem::take(&mut seen.lock().unwrap().tokens);
            if tokens.is_empty() {
                let Some(next) = desk.region.next_event() else { break };
                desk.now = Time(next.0.max(desk.now.0));
                desk.region.advance(desk.now);
            }
            for token in tokens {
                desk.done("SendTaskSuccess", json!({ "taskToken": token, "output": output.to_string() }));
                answered += 1;
            }
            if desk.status(&execution) != "RUNNING" {
                break;
            }
        }
        let told = desk.done("DescribeExecution", json!({ "executionArn": execution }));
        let end = match (told["status"].as_str(), told["error"].as_str()) {
            (Some(status), None) => status.to_owned(),
            (status, error) => format!("{} {}", status.unwrap_or_default(), error.unwrap_or_default()),
        };
        println!("{name}: {end} {}", told["cause"].as_str().unwrap_or_default());
        // A task whose token the definition does not hand out waits for its year.
        assert_ne!(told["status"], "RUNNING", "{name}");
        *ends.entry(end).or_default() += 1;
    }
    println!("{ends:?}, {answered} tokens answered, {refused} refused as listed");
}
