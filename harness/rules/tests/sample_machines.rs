//! The machines of `fixtures/sample` are what their comments say: lawful definitions that wait for a callback.

#![expect(clippy::unwrap_used, reason = "a test stops at what it cannot read")]

use std::collections::BTreeMap;
use std::path::Path;

use asl::{MachineType, Severity};
use serde_json::Value;

fn machines() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/sample/machines");
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().trim_end_matches(".asl.json").to_owned();
        (name, std::fs::read_to_string(path).unwrap())
    };
    folder.read_dir().unwrap().map(|entry| read(entry.unwrap().path())).collect()
}

#[test]
fn every_machine_is_a_lawful_standard_workflow() {
    for (name, definition) in machines() {
        let errors: Vec<_> = asl::validate(&definition, MachineType::Standard)
            .into_iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

#[test]
fn every_machine_waits_for_a_token_and_says_what_it_is_for() {
    for (name, definition) in machines() {
        assert!(definition.contains("sqs:sendMessage.waitForTaskToken"), "{name}");
        let machine: Value = serde_json::from_str(&definition).unwrap();
        assert!(machine["Comment"].as_str().is_some_and(|comment| comment.len() > 40), "{name}");
    }
}

#[test]
fn the_sample_has_the_states_and_texts_of_aws() {
    let sample: Value = serde_json::from_str(&machines()["callback"]).unwrap();
    let states = &sample["States"];
    let names: Vec<_> = states.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["Start Task And Wait For Callback", "Notify Success", "Notify Failure"]);
    let body = &states["Start Task And Wait For Callback"]["Parameters"]["MessageBody"];
    assert_eq!(body["MessageTitle"], "Task started by Step Functions. Waiting for callback with task token.");
    assert_eq!(body["TaskToken.$"], "$$.Task.Token");
    let texts =
        ["Notify Success", "Notify Failure"].map(|name| states[name]["Parameters"]["Message"].clone());
    assert_eq!(
        texts,
        [
            "Callback received. Task started by Step Functions succeeded.",
            "Task started by Step Functions failed."
        ]
    );
}
