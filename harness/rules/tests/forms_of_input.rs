//! A history is read in whatever form a client of AWS printed it, and what is none is refused with a word on what was expected.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

use std::path::Path;

use rules::audit::audit;
use serde_json::{Map, Value, json};

/// A legal history and its definition.
fn sample() -> (Vec<Value>, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/histories/good/variables.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    (file["events"].as_array().unwrap().clone(), file["definition"].to_string())
}

/// The same history with the output of its last event changed.
fn broken(mut events: Vec<Value>) -> Vec<Value> {
    events.last_mut().unwrap()["executionSucceededEventDetails"]["output"] = json!("\"other\"");
    events
}

/// Asserts that this form of a legal history is accepted, and that the same form of the broken one is refused for HIS-12.
fn is_read(form: impl Fn(&[Value]) -> String) {
    let (events, definition) = sample();
    for definition in [None, Some(definition.as_str())] {
        let report = audit(&form(&events), definition).unwrap();
        assert_eq!(report.violations, Vec::new());
        let report = audit(&form(&broken(events.clone())), definition).unwrap();
        assert_eq!(report.violations[0].rule, "HIS-12", "{report:?}");
    }
}

fn refused(text: &str) -> String {
    audit(text, None).unwrap_err().to_string()
}

fn with_times(events: &[Value], write: impl Fn(f64) -> Value) -> Vec<Value> {
    let mut events = events.to_vec();
    for event in &mut events {
        event["timestamp"] = write(event["timestamp"].as_f64().unwrap());
    }
    events
}

/// Every name spelled otherwise, but for what is inside the execution's own data.
fn spelled(value: &Value, spell: fn(&str) -> String) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let inner = if name == "assignedVariables" { value.clone() } else { spelled(value, spell) };
                (spell(name), inner)
            });
            Value::Object(members.collect::<Map<String, Value>>())
        }
        Value::Array(items) => items.iter().map(|item| spelled(item, spell)).collect(),
        other => other.clone(),
    }
}

fn pascal(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}

fn snake(name: &str) -> String {
    let letters = name.chars().map(|letter| {
        if letter.is_uppercase() { format!("_{}", letter.to_lowercase()) } else { letter.to_string() }
    });
    letters.collect()
}

#[test]
fn times_may_be_seconds_milliseconds_or_iso() {
    let iso = |at: f64| record::Time::from_epoch_seconds(at).iso();
    is_read(|events| json!({ "events": with_times(events, |at| json!(at)) }).to_string());
    is_read(|events| {
        json!({ "events": with_times(events, |at| json!((at * 1000.0).round() as i64)) }).to_string()
    });
    is_read(|events| json!({ "events": with_times(events, |at| json!(iso(at))) }).to_string());
    let local = |at: f64| json!(iso(at + 3600.0).replace('Z', "000+01:00"));
    is_read(|events| json!({ "events": with_times(events, local) }).to_string());
    let boto = |at: f64| json!(iso(at).replace('T', " ").replace('Z', "000+00:00"));
    is_read(|events| json!({ "events": with_times(events, boto) }).to_string());
}

#[test]
fn names_may_be_spelled_as_any_sdk_prints_them() {
    is_read(|events| spelled(&json!({ "events": events }), pascal).to_string());
    is_read(|events| spelled(&json!({ "events": events }), snake).to_string());
}

#[test]
fn absent_members_may_be_printed_as_null() {
    is_read(|events| {
        let mut events = events.to_vec();
        for event in &mut events {
            for member in record::history::DETAIL_MEMBERS {
                event.as_object_mut().unwrap().entry(*member).or_insert(Value::Null);
            }
        }
        json!({ "events": events, "nextToken": null }).to_string()
    });
}

#[test]
fn the_events_may_stand_alone_or_an_event_a_line() {
    is_read(|events| json!(events).to_string());
    is_read(|events| events.iter().map(Value::to_string).collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_order_may_be_reversed() {
    let reversed = |events: &[Value]| events.iter().rev().cloned().collect::<Vec<_>>();
    is_read(|events| json!({ "events": reversed(events) }).to_string());
    is_read(|events| json!(reversed(events)).to_string());
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    is_read(|events| format!("\u{feff}{}", json!({ "events": events })));
}

fn pages(events: &[Value], size: usize) -> Vec<Value> {
    let count = events.len().div_ceil(size);
    let token = |number: usize| (number + 1 < count).then(|| format!("page {}", number + 1));
    let pages = events.chunks(size).enumerate();
    pages.map(|(number, events)| json!({ "events": events, "nextToken": token(number) })).collect()
}

#[test]
fn pages_are_joined_whatever_their_order() {
    for size in [1, 2, 3, 100] {
        is_read(|events| json!(pages(events, size)).to_string());
        is_read(|events| pages(events, size).iter().map(Value::to_string).collect());
        is_read(|events| {
            pages(events, size).iter().rev().map(Value::to_string).collect::<Vec<_>>().join("\n")
        });
        is_read(|events| {
            let reversed: Vec<Value> = events.iter().rev().cloned().collect();
            json!(pages(&reversed, size)).to_string()
        });
    }
}

#[test]
fn a_page_that_another_one_follows_is_judged_with_advice() {
    let (events, _) = sample();
    let report = audit(&json!(pages(&events, 4)[..2]).to_string(), None).unwrap();
    assert_eq!(report.violations, Vec::new());
    assert!(report.advice.iter().any(|advice| advice.rule == Some("GEH-03")), "{report:?}");
    let whole = audit(&json!(pages(&events, 4)).to_string(), None).unwrap();
    assert!(whole.advice.iter().all(|advice| advice.rule != Some("GEH-03")), "{whole:?}");
}

#[test]
fn a_page_that_another_one_follows_may_be_of_an_execution_that_has_ended() {
    let (events, _) = sample();
    let mut page = pages(&events, 4)[0].clone();
    page["execution"] = json!({ "status": "SUCCEEDED" });
    assert_eq!(audit(&page.to_string(), None).unwrap().violations, Vec::new());
    page["nextToken"] = Value::Null;
    assert_eq!(audit(&page.to_string(), None).unwrap().violations[0].rule, "HIS-06");
}

/// The same events further on in a history.
fn moved(events: &[Value], by: u64) -> Vec<Value> {
    let mut events = events.to_vec();
    for event in &mut events {
        for link in ["id", "previousEventId"] {
            event[link] = json!(event[link].as_u64().unwrap() + by);
        }
    }
    events
}

#[test]
fn a_page_from_the_middle_or_the_end_is_judged_event_by_event() {
    let (events, definition) = sample();
    let reversed: Vec<Value> = events.iter().rev().cloned().collect();
    let last = json!({ "events": moved(&events[2..], 98) });
    for page in [&pages(&events, 3)[1], &pages(&reversed, 4)[0], &last] {
        let report = audit(&page.to_string(), Some(&definition)).unwrap();
        assert_eq!(report.violations, Vec::new(), "{page}");
        assert!(report.advice.iter().any(|advice| advice.message.contains("are not here")), "{report:?}");
    }
    let mut page = pages(&reversed, 4).remove(0);
    page["events"][0]["taskFailedEventDetails"] = json!({ "error": "E" });
    assert_eq!(audit(&page.to_string(), None).unwrap().violations[0].rule, "HIS-10");
}

#[test]
fn a_history_without_its_first_events_is_no_page() {
    let (events, _) = sample();
    for first in 1..events.len() {
        let report = audit(&json!({ "events": events[first..] }).to_string(), None).unwrap();
        assert_eq!(report.violations[0].rule, "HIS-01", "{first}");
    }
}

#[test]
fn a_missing_page_is_a_gap_in_the_ids() {
    let (events, _) = sample();
    let mut pages = pages(&events, 3);
    pages.remove(1);
    assert_eq!(audit(&json!(pages).to_string(), None).unwrap().violations[0].rule, "HIS-01");
}

#[test]
fn entries_of_an_express_workflow_are_no_history_and_the_message_says_so() {
    let entry = json!({
        "id": "1", "type": "ExecutionStarted", "details": {}, "previous_event_id": "0", "event_timestamp": "1700000000000",
        "execution_arn": "arn:aws:states:us-east-1:111111111111:express:m:e:1", "redrive_count": "0",
    });
    let logged = json!({ "events": [{ "timestamp": 1_700_000_000_000_u64, "message": entry.to_string(), "eventId": "3" }] });
    for text in
        [entry.to_string(), json!([entry]).to_string(), format!("{entry}\n{entry}"), logged.to_string()]
    {
        let said = refused(&text);
        assert!(said.contains("CloudWatch log") && said.contains("Express"), "{said}");
    }
}

/// The entries that Step Functions logs for a history, numbers as text.
fn entries(events: &[Value]) -> Vec<Value> {
    let entry = |event: &Value| {
        let members = event.as_object().unwrap();
        let details = members.iter().find(|(name, _)| name.ends_with("EventDetails"));
        let mut details = details.map_or(json!({}), |(_, details)| details.clone());
        for (_, value) in details.as_object_mut().unwrap() {
            match value {
                Value::Number(number) => *value = json!(number.to_string()),
                Value::Object(flags) if flags.contains_key("truncated") => {
                    *value = json!({ "truncated": "false" });
                }
                _ => {}
            }
        }
        json!({
            "id": event["id"].to_string(), "previous_event_id": event["previousEventId"].to_string(),
            "event_timestamp": ((event["timestamp"].as_f64().unwrap() * 1000.0).round() as u64).to_string(),
            "type": event["type"], "details": details, "redrive_count": "0",
            "execution_arn": "arn:aws:states:us-east-1:111111111111:execution:m:e",
        })
    };
    events.iter().map(entry).collect()
}

fn lines(entries: &[Value]) -> String {
    entries.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn entries_of_a_standard_workflow_are_read_in_any_answer_and_order() {
    is_read(|events| lines(&entries(events)));
    is_read(|events| {
        let logged =
            |entry: &Value| json!({ "timestamp": 1_u64, "message": entry.to_string(), "eventId": "3" });
        json!({ "events": entries(events).iter().rev().map(logged).collect::<Vec<_>>() }).to_string()
    });
    is_read(|events| {
        let row = |entry: &Value| json!([{ "field": "@ptr", "value": "x" }, { "field": "@message", "value": entry.to_string() }]);
        json!({ "results": entries(events).iter().map(row).collect::<Vec<_>>() }).to_string()
    });
    is_read(|events| lines(&[entries(events), entries(events)].concat()));
}

/// A member of an entry as a log cuts it.
fn cut(entries: &mut [Value], kind: &str, data: &str) {
    for entry in entries.iter_mut().filter(|entry| entry["type"] == kind) {
        if entry["details"].get(data).is_some() {
            entry["details"][data] = json!("{\"a\": \"cut he");
            entry["details"][format!("{data}Details")] = json!({ "truncated": "true" });
        }
    }
}

#[test]
fn what_a_log_cut_for_its_size_is_not_judged() {
    let (events, definition) = sample();
    for (kind, data) in [
        ("ExecutionStarted", "input"),
        ("PassStateEntered", "input"),
        ("PassStateExited", "output"),
        ("PassStateExited", "assignedVariables"),
        ("ExecutionSucceeded", "output"),
    ] {
        let mut entries = entries(&events);
        cut(&mut entries, kind, data);
        for definition in [None, Some(definition.as_str())] {
            let report = audit(&lines(&entries), definition).unwrap();
            assert_eq!(report.violations, Vec::new(), "{kind} {data}");
        }
    }
    let mut answered = events;
    let entered = answered.iter().position(|event| event["type"] == "PassStateEntered").unwrap();
    answered[entered]["stateEnteredEventDetails"]["inputDetails"] = json!({ "truncated": true });
    let report = audit(&json!({ "events": answered }).to_string(), None).unwrap();
    assert_eq!(report.violations[0].rule, "GEH-09", "no answer of the API is cut");
}

#[test]
fn what_the_level_of_a_log_leaves_out_is_not_called_missing() {
    let (events, _) = sample();
    let mut partial = entries(&events);
    partial.remove(1);
    assert!(refused(&lines(&partial)).contains("level ALL"));
    let mut two = entries(&events);
    two[1]["execution_arn"] = json!("arn:aws:states:us-east-1:111111111111:execution:m:other");
    assert!(refused(&lines(&two)).contains("several executions"));
}

#[test]
fn times_and_types_are_read_as_dotnet_ruby_and_python_print_them() {
    let at =
        |seconds: f64| record::Time::from_epoch_seconds(seconds).iso().replace('T', " ").replace('Z', "");
    for zone in ["", " UTC", " +0000", "+00:00"] {
        is_read(|events| {
            json!({ "events": with_times(events, |time| json!(format!("{}{zone}", at(time)))) }).to_string()
        });
    }
    is_read(|events| {
        let times = with_times(events, |time| json!(format!("/Date({})/", (time * 1000.0).round())));
        json!({ "events": times }).to_string()
    });
    is_read(|events| {
        let times = with_times(events, |time| json!((time * 1000.0).round().to_string()));
        json!({ "events": times }).to_string()
    });
    is_read(|events| {
        let mut events = events.to_vec();
        for event in &mut events {
            event["type"] = json!({ "Value": event["type"] });
            for unset in ["taskScheduledEventDetails", "lambdaFunctionScheduledEventDetails"] {
                if let Some(details) = event.get_mut(unset) {
                    details["TimeoutInSeconds"] = json!(0);
                }
            }
        }
        json!({ "events": events }).to_string()
    });
}

#[test]
fn what_is_no_json_is_refused_with_the_way_to_json() {
    let python =
        "{'events': [{'timestamp': datetime.datetime(2024, 2, 1, 12, 0, tzinfo=tzlocal()), 'id': 1}]}";
    assert!(refused(python).contains("json.dumps"), "{}", refused(python));
    let yaml = "events:\n- id: 1\n  type: ExecutionStarted\n";
    assert!(refused(yaml).contains("--output json"), "{}", refused(yaml));
    let java = "GetExecutionHistoryResponse(Events=[HistoryEvent(Timestamp=2024-02-01T12:00:00Z)])";
    assert!(refused(java).contains("Java"), "{}", refused(java));
}

#[test]
fn other_json_is_refused_with_what_was_expected() {
    let described =
        json!({ "executionArn": "arn:aws:states:us-east-1:1:execution:m:e", "status": "SUCCEEDED" });
    for text in
        [described.to_string(), "7".to_owned(), "\"text\"".to_owned(), "[7]".to_owned(), "{}".to_owned()]
    {
        let said = refused(&text);
        let fits =
            ["get-execution-history", "no events", "event 1: "].iter().any(|words| said.contains(words));
        assert!(fits, "{said}");
    }
}
