//! The loader takes the format of recordings, not only the files that this project was written beside.

#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

#[path = "../../record/tests/outside/mod.rs"]
mod outside;
mod recordings;

use recordings::matching::{same_history, same_history_but, values_of_the_run};
use recordings::read_folder;
use serde_json::{Value, json};

fn event(id: u64, previous: u64, kind: &str, details: &Value) -> Value {
    let mut event = json!({ "id": id, "previousEventId": previous, "type": kind, "timestamp": "timestamp" });
    if let Some(member) = record::history::detail_member(kind).filter(|_| !details.is_null()) {
        event[member] = details.clone();
    }
    event
}

#[test]
fn texts_lists_reverse_order_and_files_of_other_kinds_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let events = [event(2, 0, "FailStateEntered", &json!({})), event(1, 0, "ExecutionStarted", &json!({}))];
    let file = json!({
        "source": "s", "recorded": "24-10-2023, 15:02:11", "definition": "{\"StartAt\":\"a\"}",
        "definitionPerHistory": { "two": "{\"StartAt\":\"b\"}" }, "histories": ["one", "two", "absent"],
        "snapshot": { "one": { "events": events }, "two": events },
    });
    std::fs::write(folder.path().join("a.json"), file.to_string()).unwrap();
    std::fs::write(folder.path().join("index.json"), "[]").unwrap();
    std::fs::write(folder.path().join("cut.json"), "{\"snapshot\":").unwrap();
    let all = read_folder(folder.path());
    assert_eq!(all.len(), 1);
    let recording = &all[0];
    assert!(recording.before_redrive && recording.has_definition());
    assert_eq!(recording.histories.len(), 2);
    assert_eq!(recording.histories[0].1[0]["id"], 1);
    assert_eq!(recording.definition_of("one", &[]), json!({ "StartAt": "a" }));
    assert_eq!(recording.definition_of("two", &[]), json!({ "StartAt": "b" }));
}

#[test]
fn which_sibling_was_last_does_not_matter_and_a_wrong_link_does() {
    let pass = |id, previous, name: &str| {
        [
            event(id, previous, "PassStateEntered", &json!({ "name": name })),
            event(id + 1, id, "PassStateExited", &json!({ "name": name })),
        ]
    };
    let history = |last: u64, next: u64| {
        let mut events = vec![event(1, 0, "ParallelStateStarted", &Value::Null)];
        events.extend(pass(2, 1, "a"));
        events.extend(pass(4, 1, "b"));
        events.push(event(6, last, "ParallelStateSucceeded", &Value::Null));
        events.push(event(7, next, "ExecutionSucceeded", &json!({ "output": "1" })));
        events
    };
    assert_eq!(same_history(&history(5, 6), &history(3, 6), false, false), Ok(()));
    assert!(same_history(&history(5, 6), &history(4, 6), false, false).is_err());
    assert!(same_history(&history(5, 6), &history(5, 5), false, false).is_err());
}

#[test]
fn an_unknown_word_stands_for_a_value_of_the_run_and_for_nothing_else() {
    let history = |output: Value| vec![event(1, 0, "ExecutionSucceeded", &json!({ "output": output }))];
    let recorded = history(json!({ "drawn": "RandomNumberGenerated", "fixed": 7 }));
    let ours = |drawn: i64| history(json!(json!({ "drawn": drawn, "fixed": 7 }).to_string()));
    let of_the_run = values_of_the_run(&json!(ours(3)), &json!(ours(5)));
    assert_eq!(of_the_run, [json!(3)]);
    assert_eq!(same_history_but(&recorded, &ours(3), false, false, of_the_run), Ok(()));
    assert!(same_history_but(&recorded, &ours(3), false, false, Vec::new()).is_err());
}

#[test]
fn only_recordings_from_before_redrive_lack_its_count() {
    let entered = |input: Value| vec![event(1, 0, "PassStateEntered", &json!({ "input": input }))];
    let old = entered(json!({ "Name": "x" }));
    let ours = entered(json!("{\"Name\":\"x\",\"RedriveCount\":0}"));
    assert_eq!(same_history(&old, &ours, false, true), Ok(()));
    assert!(same_history(&old, &ours, false, false).is_err());
}
