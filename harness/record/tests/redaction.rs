//! Task tokens leave a record: those of messages, of activities and of calls, wherever they stand.

use record::{Call, CaseEnd, CaseRecord, Entry, Operation, Outcome, Redaction, Symbol, Time, mentions};
use serde_json::{Value, json};

fn entry(operation: Operation, input: Value, reply: Value) -> Entry {
    Entry {
        actor: "main".to_owned(),
        begun: Time(0),
        ended: Time(1),
        call: Call::new(operation, input),
        outcome: Outcome::Done(reply),
        note: None,
    }
}

fn record(entries: Vec<Entry>, end: CaseEnd) -> CaseRecord {
    CaseRecord { plan: "p".to_owned(), family: "f".to_owned(), entries, end, faults: Vec::new() }
}

#[test]
fn every_token_is_replaced_wherever_it_stands() {
    let [heard, polled, sent] = ["heard", "polled", "sent"].map(|word| word.repeat(20));
    let mut noted = entry(Operation::SendTaskHeartbeat, json!({ "taskToken": heard }), json!({}));
    noted.note = Some(format!("made of {heard}"));
    let entries = vec![
        entry(Operation::GetActivityTask, json!({}), json!({"taskToken": polled, "input": "{}"})),
        entry(Operation::SendTaskSuccess, json!({"taskToken": sent, "output": "{}"}), json!({})),
        noted,
    ];
    let record = record(entries, CaseEnd::Cut(format!("no answer for {polled}")));
    let redaction = Redaction::of(&record, std::slice::from_ref(&heard), |_, _| false);
    let written = serde_json::to_string(&redaction.record(&record)).unwrap();
    let mut message = format!("{sent} after {heard}");
    redaction.text(&mut message);
    for token in [&heard, &polled, &sent] {
        assert!(!written.contains(token.as_str()), "{written}");
        assert!(!message.contains(token.as_str()), "{message}");
    }
}

#[test]
fn a_symbolic_name_is_not_found_in_another_that_it_begins() {
    assert_eq!(Symbol::of("token#1"), Some(Symbol::Token));
    assert!(mentions("a token#1 here", "token#1"));
    assert!(mentions("token#12 and token#1", "token#1"));
    assert!(!mentions("a token#12 here", "token#1"));
    assert!(mentions("AQC12", "AQC1"), "of real tokens anything may follow");
}
