//! What AWS wrote breaks no rule: every recorded history, with and without its definition.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod recordings_loader;

use recordings_loader::{Recording, read, recordings};
use rules::audit::audit;
use serde_json::json;

fn complaints(recording: &Recording, definition: Option<&str>) -> Vec<String> {
    let how = if definition.is_some() { "with" } else { "without" };
    let report = match audit(&recording.text(), definition) {
        Ok(report) => report,
        Err(error) => return vec![format!("{} {how} definition: {error}", recording.name)],
    };
    report
        .violations
        .into_iter()
        .map(|found| {
            format!(
                "{} {how} definition: {} at {:?}: {}",
                recording.name, found.rule, found.event, found.message
            )
        })
        .collect()
}

#[test]
fn every_recorded_history_is_accepted_with_and_without_its_definition() {
    let Some(recordings) = recordings() else {
        println!("skipped: SFN_CONFORMANCE_RECORDINGS names no folder");
        return;
    };
    let mut wrong = Vec::new();
    let mut judged = 0;
    for recording in &recordings {
        wrong.extend(complaints(recording, None));
        if let Some(definition) = &recording.definition {
            wrong.extend(complaints(recording, Some(definition)));
        }
        judged += 1;
    }
    println!("{judged} histories");
    assert!(judged > 100, "only {judged} histories found");
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn most_recorded_histories_are_replayed_whole() {
    let Some(recordings) = recordings() else {
        println!("skipped: SFN_CONFORMANCE_RECORDINGS names no folder");
        return;
    };
    let unjudged: Vec<String> = recordings
        .iter()
        .filter_map(|recording| {
            let report = audit(&recording.text(), recording.definition.as_deref()).ok()?;
            let open = report.advice.iter().find(|advice| advice.rule.is_none())?;
            Some(format!("{}: {}", recording.name, open.message))
        })
        .collect();
    println!("{} of {} not replayed whole:\n{}", unjudged.len(), recordings.len(), unjudged.join("\n"));
    assert!(unjudged.len() * 10 < recordings.len());
}

#[test]
fn the_format_is_read_and_not_only_the_files() {
    let started = json!({ "id": 1, "previousEventId": 0, "type": "ExecutionStarted", "timestamp": "timestamp",
        "executionStartedEventDetails": { "input": { "a": "<name:7>" }, "inputDetails": { "truncated": false },
            "roleArn": "<<role>:1>" } });
    let aborted = json!({ "id": 2, "previousEventId": 0, "type": "ExecutionAborted", "timestamp": "<when:1>",
        "executionAbortedEventDetails": {} });
    let file = json!({
        "validated": null, "histories": ["one", "backwards", "absent", "empty"],
        "snapshot": { "one": { "events": [started, aborted] }, "backwards": [aborted, started], "empty": { "events": [] } },
    });
    let (found, skipped) = read("file", &file.to_string());
    assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["file/one", "file/backwards"]);
    assert!(found.iter().all(|one| one.definition.is_none() && complaints(one, None).is_empty()));
    assert_eq!(skipped, ["/absent: no events", "/empty: no events"]);
    for (text, why) in [
        ("{", ": no JSON"),
        ("[]", ": no recording: no snapshot"),
        (r#"{"snapshot": {}, "machineType": "EXPRESS"}"#, ": not a Standard workflow: EXPRESS"),
    ] {
        let (found, skipped) = read("file", text);
        assert!(found.is_empty());
        assert_eq!(skipped, [why]);
    }
}
