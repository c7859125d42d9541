//! The region reproduces what AWS recorded: every history of a folder of recordings, as a partial order, to the character.
//!
//! The folder's path is in `SFN_CONFORMANCE_RECORDINGS`. Exceptions are listed with their reason in
//! `fixtures/recordings-exceptions.toml`, at most 3 in 100.

#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

mod recordings;

use std::collections::BTreeMap;
use std::path::Path;

use record::{Call, Operation, Outcome, Time};
use recordings::script::Recorded;
use recordings::{Recording, details, folder, matching, read_folder};
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

#[test]
fn the_region_reproduces_every_recorded_history() {
    let Some(folder) = folder() else {
        println!("skipped: no recordings");
        return;
    };
    let exceptions = exceptions();
    let (mut reproduced, mut total, mut excepted, mut failures) = (0, 0, 0, Vec::new());
    for recording in read_folder(&folder)
        .iter()
        .filter(|recording| !recording.histories.is_empty() && recording.definition.is_object())
    {
        total += 1;
        match replay(recording) {
            Ok(()) => reproduced += 1,
            Err(_) if exceptions.contains_key(&recording.source) => excepted += 1,
            Err(why) => failures.push(format!("{}: {why}", recording.file)),
        }
    }
    for failure in &failures {
        println!("{failure}");
    }
    println!("excepted: {excepted}");
    println!("reproduced {reproduced} of {total}");
    assert!(failures.is_empty(), "{} recordings differ", failures.len());
    assert!(excepted * 100 <= total * 3, "at most 3 in 100 may be exceptions");
}

/// Runs each history of a recording and compares it.
fn replay(recording: &Recording) -> Result<(), String> {
    for (name, events) in &recording.histories {
        let definition = recording.definition_of(name, events);
        let ours = run(&definition, events).map_err(|why| format!("{name}: {why}"))?;
        matching::same_history(events, &ours, recording.ids_normalized)
            .map_err(|why| format!("{name}: {why}"))?;
    }
    Ok(())
}

fn run(definition: &Value, events: &[Value]) -> Result<Vec<Value>, String> {
    let mut definition = definition.to_string();
    let resources = resources(events);
    // What ours is called in the recording, for texts that only contain it.
    let mut back: Vec<(&str, String)> = vec![(SOON, "<timestamp>".to_owned())];
    for (placeholder, arn) in [("<activity-arn>", matching::ACTIVITY), ("<function-arn>", matching::FUNCTION)]
    {
        if definition.contains(placeholder) {
            definition = definition.replace(placeholder, arn);
            match resources.first() {
                Some(shown) => back.push((arn, shown.clone())),
                None if arn == matching::ACTIVITY => back.push((arn, "activity_arn".to_owned())),
                None => {}
            }
        }
    }
    let deleted =
        !events.iter().any(|event| event["type"] == "ActivityScheduled") && definition.contains(":activity:");
    let script: Option<Box<dyn region::script::Script>> =
        if deleted { None } else { Some(Box::new(Recorded::of(events))) };
    let mut region = Region::new(1, START, Options { script, ..Options::default() });
    let machine =
        json!({ "name": "m", "definition": definition, "roleArn": "arn:aws:iam::123456789012:role/r" });
    let created = ask(&mut region, START, Operation::CreateStateMachine, machine)?;
    let first = events.first().and_then(details).ok_or("no ExecutionStarted")?;
    let input = match first.get("input") {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "{}".to_owned(),
    };
    let input = input.replace("<timestamp>", SOON);
    let start = json!({ "stateMachineArn": created["stateMachineArn"], "input": input });
    let execution = ask(&mut region, START, Operation::StartExecution, start)?["executionArn"].clone();
    let mut now = START;
    if events.iter().any(|event| event["type"] == "ExecutionAborted") {
        ask(&mut region, now, Operation::StopExecution, json!({ "executionArn": execution }))?;
    }
    while let Some(next) = region.next_event().filter(|next| next.0 < START.0 + 30_000_000_000) {
        now = next;
        region.advance(now);
    }
    let page = json!({ "executionArn": execution, "maxResults": 1000 });
    let ours = ask(&mut region, now, Operation::GetExecutionHistory, page)?;
    let mut text = ours["events"].to_string();
    for (arn, shown) in back {
        text = text.replace(arn, &shown);
    }
    serde_json::from_str(&text).map_err(|why| why.to_string())
}

/// What the history calls the activities and functions of the definition.
fn resources(events: &[Value]) -> Vec<String> {
    let members = ["activityScheduledEventDetails", "lambdaFunctionScheduledEventDetails"];
    events
        .iter()
        .filter_map(|event| members.iter().find_map(|member| event[*member]["resource"].as_str()))
        .map(str::to_owned)
        .collect()
}

fn ask(region: &mut Region, now: Time, operation: Operation, input: Value) -> Result<Value, String> {
    match region.call(now, &Call::new(operation, input)) {
        Answer::Now(Outcome::Done(reply)) => Ok(reply),
        other => Err(format!("{operation}: {other:?}")),
    }
}
