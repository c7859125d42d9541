//! Answers that AWS was recorded to give outside of histories: TestState, validation, refused definitions, refused calls.

#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

#[path = "../../record/tests/outside/mod.rs"]
mod outside;
mod recordings;

use std::path::Path;
use std::process::ExitCode;

use record::{Call, Operation, Outcome, Time};
use recordings::matching::Bindings;
use recordings::{Recording, as_recorded, read_folder};
use region::{Answer, Options, Region};
use serde_json::{Value, json};

fn main() -> ExitCode {
    outside::run(
        outside::RECORDINGS,
        &[
            (
                "validation_and_refused_definitions_are_as_recorded",
                validation_and_refused_definitions_are_as_recorded,
            ),
            ("test_state_answers_as_recorded", test_state_answers_as_recorded),
        ],
    )
}

fn ask(operation: Operation, input: Value) -> Value {
    let mut region = Region::new(1, Time(1_700_000_000_000), Options::default());
    match region.call(region.now(), &Call::new(operation, input)) {
        Answer::Now(Outcome::Done(reply)) => reply,
        Answer::Now(Outcome::Refused(error)) => {
            json!({ "Error": { "Code": error.code, "Message": error.message } })
        }
        other => panic!("{other:?}"),
    }
}

fn text_of(definition: &Value) -> String {
    definition.as_str().map_or_else(|| definition.to_string(), str::to_owned)
}

/// Compares the members that both sides can have.
fn compare(recorded: &Value, ours: &Value) -> Result<(), String> {
    let mut recorded = recorded.clone();
    if let Some(members) = recorded.as_object_mut() {
        members.shift_remove("ResponseMetadata");
        members.shift_remove("message");
    }
    Bindings::default().same(&recorded, &as_recorded(ours))
}

fn validation_and_refused_definitions_are_as_recorded(folder: &Path) {
    let (mut total, mut failures) = (0, Vec::new());
    for recording in &read_folder(folder) {
        let snapshot = &recording.whole["snapshot"];
        let outcome = if recording.machine_type == "VALIDATE" {
            let kind = if recording.file.contains("express") { "EXPRESS" } else { "STANDARD" };
            let input = json!({ "definition": text_of(&recording.definition), "type": kind });
            compare(&snapshot["validation_response"], &ask(Operation::ValidateStateMachineDefinition, input))
        } else if snapshot["creation_error"].is_object() {
            let mut definition = text_of(&recording.definition);
            {
                let (placeholder, arn) =
                    ("<activity-arn>", "arn:aws:states:us-east-1:123456789012:activity:a");
                definition = definition.replace(placeholder, arn);
            }
            let input = json!({ "name": "m", "roleArn": "arn:aws:iam::123456789012:role/r", "type": "EXPRESS", "definition": definition });
            let mut recorded = snapshot["creation_error"].clone();
            recorded.as_object_mut().unwrap().retain(|name, _| name == "Error");
            compare(&recorded, &ask(Operation::CreateStateMachine, input))
        } else {
            continue;
        };
        total += 1;
        failures.extend(outcome.err().map(|why| format!("{}: {why}", recording.file)));
    }
    report(total, &failures);
}

fn test_state_answers_as_recorded(folder: &Path) {
    let (mut total, mut failures) = (0, Vec::new());
    for recording in read_folder(folder).iter().filter(|recording| recording.machine_type == "TEST_STATE") {
        for (name, recorded) in recording.whole["snapshot"].as_object().unwrap() {
            total += 1;
            let why = test_state(recording, name, recorded).err();
            failures.extend(why.map(|why| format!("{} {name}: {why}", recording.file)));
        }
    }
    report(total, &failures);
}

fn test_state(recording: &Recording, name: &str, recorded: &Value) -> Result<(), String> {
    let mut input = recording.whole["testStateCall"].clone();
    input["definition"] = json!(text_of(&recording.definition));
    for member in ["input", "context"] {
        if let Some(value) = input.get(member).filter(|value| !value.is_string()).cloned() {
            input[member] = json!(value.to_string());
        }
    }
    // The recording holds the call of one of its two cases: the other one stays below the limit.
    if name.starts_with("below") {
        for (member, below) in [("mapIterationFailureCount", 1), ("retrierRetryCount", 4)] {
            if input["stateConfiguration"].get(member).is_some() {
                input["stateConfiguration"][member] = json!(below);
            }
        }
    }
    if recorded["output"] == "[1, 1, 1]" {
        input["mock"]["result"] = json!("[1, 1, 1]");
    }
    if recording.file.contains("sfn-start-execution-success") {
        input["mock"]["result"] = json!(recorded["output"]["targetExecutionResult"].to_string());
    }
    let mut recorded = recorded.clone();
    if let Some(text) = recorded["exception_value"].as_str() {
        let message = text.split_once("operation: ").map_or(text, |(_, message)| message).to_owned();
        recorded = json!({ "Error": { "Code": recorded["exception_typename"], "Message": message } });
    }
    let mut ours = ask(Operation::TestState, input);
    if let Some(inspection) = ours.get("inspectionData").map(as_recorded) {
        ours["inspectionData"] = inspection;
    }
    compare(&recorded, &ours)
}

fn report(total: usize, failures: &[String]) {
    for failure in failures {
        println!("{failure}");
    }
    assert!(failures.is_empty(), "{} of {total} answers differ", failures.len());
}
