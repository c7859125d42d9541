//! The region reproduces what AWS recorded: every history of a folder of recordings, as a partial order, to the character.
//!
//! One test a recording. The folder's path is in `SFN_CONFORMANCE_RECORDINGS`; without it there is one test, which is ignored. Exceptions are listed with their reason in
//! `fixtures/recordings-exceptions.toml`, at most 3 in 100.

#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

#[path = "../../record/tests/outside/mod.rs"]
mod outside;
mod recordings;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use record::{Call, Operation, Outcome, Time};
use recordings::script::Recorded;
use recordings::{Recording, details, matching, read_folder};
use region::{Answer, Options, Region};
use serde_json::{Value, json};

const START: Time = Time(1_700_000_000_000);
/// Five seconds after the start, for inputs whose timestamp the recorder has replaced.
const SOON: &str = "2023-11-14T22:13:25Z";

fn exceptions() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/recordings-exceptions.toml");
    let listed: toml::Table = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let all = listed.get("exception").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let text = |entry: &toml::Value, name: &str| {
        entry.get(name).and_then(toml::Value::as_str).unwrap_or_default().to_owned()
    };
    all.iter().map(|entry| (text(entry, "source"), text(entry, "reason"))).collect()
}

/// What the recordings came to.
#[derive(Default)]
struct Tally {
    reproduced: AtomicUsize,
    excepted: AtomicUsize,
    differs: AtomicUsize,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let Some(folder) = outside::folder(outside::RECORDINGS) else {
        println!("skipped: no recordings");
        return outside::run(outside::RECORDINGS, &[("recordings", |_| ())]);
    };
    let (tally, exceptions) = (Arc::new(Tally::default()), Arc::new(exceptions()));
    let recordings = read_folder(&folder).into_iter().filter(|recording| !recording.histories.is_empty());
    let trials = recordings.map(|recording| {
        let (tally, exceptions) = (tally.clone(), exceptions.clone());
        Trial::ignorable_test(recording.file.clone(), move || judge(&recording, &exceptions, &tally))
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if arguments.list {
        return ExitCode::SUCCESS;
    }
    let [reproduced, excepted, differs] =
        [&tally.reproduced, &tally.excepted, &tally.differs].map(|count| count.load(Ordering::Relaxed));
    let total = reproduced + excepted + differs;
    let is_whole = arguments.filter.is_none() && !arguments.exact;
    let too_many = is_whole && excepted * 100 > total * 3;
    if too_many {
        println!("{excepted} of {total} are exceptions; at most 3 in 100 may be");
    }
    println!("reproduced {reproduced} of {total}");
    if too_many { ExitCode::FAILURE } else { conclusion.exit_code() }
}

fn judge(
    recording: &Recording,
    exceptions: &BTreeMap<String, String>,
    tally: &Tally,
) -> Result<Completion, Failed> {
    if !recording.has_definition() {
        return Ok(Completion::ignored_with("no definition"));
    }
    let outcome = catch_unwind(AssertUnwindSafe(|| replay(recording)));
    match (
        outcome.unwrap_or_else(|_| Err("the replay panicked".to_owned())),
        exceptions.get(&recording.source),
    ) {
        (Ok(()), _) => {
            tally.reproduced.fetch_add(1, Ordering::Relaxed);
            Ok(Completion::Completed)
        }
        (Err(_), Some(reason)) => {
            tally.excepted.fetch_add(1, Ordering::Relaxed);
            Ok(Completion::ignored_with(format!("an exception: {reason}")))
        }
        (Err(why), None) => {
            tally.differs.fetch_add(1, Ordering::Relaxed);
            Err(why.into())
        }
    }
}

/// Runs each history of a recording and compares it.
fn replay(recording: &Recording) -> Result<(), String> {
    for (name, events) in &recording.histories {
        let definition = recording.definition_of(name, events);
        let (ours, other) = (run(&definition, events, 1)?, run(&definition, events, 2)?);
        let of_the_run = matching::values_of_the_run(&Value::Array(ours.clone()), &Value::Array(other));
        matching::same_history_but(
            events,
            &ours,
            recording.ids_normalized,
            recording.before_redrive,
            of_the_run,
        )
        .map_err(|why| format!("{name}: {why}"))?;
    }
    Ok(())
}

fn run(definition: &Value, events: &[Value], seed: u64) -> Result<Vec<Value>, String> {
    let (definition, mut back) = with_arns(definition, events);
    // For texts that only contain it.
    back.push((SOON.to_owned(), "<timestamp>".to_owned()));
    let text = definition.as_str().map_or_else(|| definition.to_string(), str::to_owned);
    let deleted =
        !events.iter().any(|event| event["type"] == "ActivityScheduled") && text.contains(":activity:");
    let script: Option<Box<dyn region::script::Script>> =
        if deleted { None } else { Some(Box::new(Recorded::of(&definition, events))) };
    let mut region = Region::new(seed, START, Options { script, ..Options::default() });
    let machine = json!({ "name": "m", "definition": text, "roleArn": "arn:aws:iam::123456789012:role/r" });
    let created = ask(&mut region, START, Operation::CreateStateMachine, machine)?;
    let first = events.first().and_then(details).ok_or("no ExecutionStarted")?;
    let input = match first.get("input") {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "{}".to_owned(),
    };
    let input = input.replace("<timestamp>", SOON);
    let mut start = json!({ "stateMachineArn": created["stateMachineArn"], "input": input });
    // An execution of a version says so in its first event.
    if first.contains_key("stateMachineVersionArn") {
        let version = ask(&mut region, START, Operation::PublishStateMachineVersion, start.clone())?;
        start["stateMachineArn"] = version["stateMachineVersionArn"].clone();
    }
    if first.contains_key("stateMachineAliasArn") {
        let route = json!([{ "stateMachineVersionArn": start["stateMachineArn"], "weight": 100 }]);
        let alias = json!({ "name": "a", "routingConfiguration": route });
        start["stateMachineArn"] =
            ask(&mut region, START, Operation::CreateStateMachineAlias, alias)?["stateMachineAliasArn"]
                .clone();
    }
    let execution = ask(&mut region, START, Operation::StartExecution, start)?["executionArn"].clone();
    let mut now = START;
    let redrives = events.iter().filter(|event| event["type"] == "ExecutionRedriven").count();
    for round in 0..=redrives {
        if round > 0 {
            ask(&mut region, now, Operation::RedriveExecution, json!({ "executionArn": execution }))?;
        }
        let rounds_end = end_of_round(events, round);
        let aborted = rounds_end.filter(|(_, end)| end["type"] == "ExecutionAborted");
        loop {
            if let Some((place, end)) = aborted
                && history(&mut region, now, &execution)?.len() >= place
            {
                let mut stop = details(end).cloned().unwrap_or_default();
                stop.insert("executionArn".to_owned(), execution.clone());
                ask(&mut region, now, Operation::StopExecution, Value::Object(stop))?;
            }
            let Some(next) = region.next_event().filter(|next| next.0 < START.0 + 30_000_000_000) else {
                break;
            };
            now = next;
            region.advance(now);
        }
    }
    let mut text = Value::Array(history(&mut region, now, &execution)?).to_string();
    for (arn, shown) in back {
        text = text.replace(&arn, &shown);
    }
    serde_json::from_str(&text).map_err(|why| why.to_string())
}

/// The last event of the n-th round of an execution that was redriven, with the number of events before it.
fn end_of_round(events: &[Value], round: usize) -> Option<(usize, &Value)> {
    let again = |(_, event): &(usize, &Value)| event["type"] == "ExecutionRedriven";
    let next = events.iter().enumerate().filter(again).nth(round).map(|(place, _)| place);
    let end = next.unwrap_or(events.len()).checked_sub(1)?;
    Some((end, events.get(end)?))
}

fn history(region: &mut Region, now: Time, execution: &Value) -> Result<Vec<Value>, String> {
    let (mut events, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut page = json!({ "executionArn": execution, "maxResults": 1000 });
        if !token.is_null() {
            page["nextToken"] = token;
        }
        let mut answer = ask(region, now, Operation::GetExecutionHistory, page)?;
        events.extend(answer["events"].as_array().cloned().unwrap_or_default());
        token = answer["nextToken"].take();
        if token.is_null() {
            return Ok(events);
        }
    }
}

/// The definition with ARNs that can be run for the placeholders of its resources, and what the recording calls them.
fn with_arns(definition: &Value, events: &[Value]) -> (Value, Vec<(String, String)>) {
    let mut text = definition.to_string();
    let mut back = Vec::new();
    for placeholder in placeholders(definition) {
        let states: Vec<&str> = states_with(definition, &placeholder);
        let scheduled = events.iter().find(|event| {
            matches!(event["type"].as_str(), Some("ActivityScheduled" | "LambdaFunctionScheduled"))
                && entered_before(events, event).is_some_and(|state| states.contains(&state))
        });
        let is_activity = match scheduled {
            Some(event) => event["type"] == "ActivityScheduled",
            None => placeholder.contains("activity"),
        };
        let kind = if is_activity { matching::ACTIVITY } else { matching::FUNCTION };
        let arn = format!("{kind}-{}", back.len());
        text = text.replace(&placeholder, &arn);
        let shown = scheduled.and_then(details).and_then(|of| of.get("resource")?.as_str());
        match shown {
            Some(shown) => back.push((arn, shown.to_owned())),
            // Texts of AWS that name an activity which is not there (recorded: activity-task-on-deleted).
            None if is_activity => back.push((arn, "activity_arn".to_owned())),
            None => back.push((arn, placeholder)),
        }
    }
    (serde_json::from_str(&text).unwrap_or_else(|_| definition.clone()), back)
}

/// Every resource of a Task that is a placeholder and no ARN.
fn placeholders(definition: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match definition {
        Value::Object(members) => {
            let resource = members.get("Resource").and_then(Value::as_str);
            let is_task = members.get("Type").is_some_and(|kind| kind == "Task");
            found.extend(resource.filter(|text| is_task && !text.starts_with("arn:")).map(str::to_owned));
            found.extend(members.values().flat_map(placeholders));
        }
        Value::Array(items) => found.extend(items.iter().flat_map(placeholders)),
        _ => {}
    }
    found.sort();
    found.dedup();
    found
}

/// The names of the states with this resource.
fn states_with<'a>(definition: &'a Value, resource: &str) -> Vec<&'a str> {
    match definition {
        Value::Object(members) => {
            let here = members.get("States").and_then(Value::as_object).into_iter().flatten();
            let here = here.filter(|(_, state)| state["Resource"] == resource).map(|(name, _)| name.as_str());
            here.chain(members.values().flat_map(|member| states_with(member, resource))).collect()
        }
        Value::Array(items) => items.iter().flat_map(|item| states_with(item, resource)).collect(),
        _ => Vec::new(),
    }
}

/// The state that an event belongs to.
fn entered_before<'a>(events: &'a [Value], event: &'a Value) -> Option<&'a str> {
    let mut at = event;
    while at["type"] != "TaskStateEntered" {
        at = events.iter().find(|event| event["id"] == at["previousEventId"])?;
    }
    at["stateEnteredEventDetails"]["name"].as_str()
}

fn ask(region: &mut Region, now: Time, operation: Operation, input: Value) -> Result<Value, String> {
    match region.call(now, &Call::new(operation, input)) {
        Answer::Now(Outcome::Done(reply)) => Ok(reply),
        other => Err(format!("{operation}: {other:?}")),
    }
}
