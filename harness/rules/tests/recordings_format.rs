//! The loader of recordings reads their format, not only the files that this project was written beside.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

#[path = "../../record/tests/outside/mod.rs"]
mod outside;
mod recordings_loader;

use recordings_loader::read;
use rules::audit::audit;
use serde_json::json;

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
    assert!(found.iter().all(|one| one.definition.is_none()
        && audit(&one.text(), None).is_ok_and(|report| report.violations.is_empty())));
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
