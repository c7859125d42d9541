//! The hand-made histories of `fixtures/histories`: each bad one is refused by the rule it is named after, each good one is not.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rules::audit::audit;
use serde_json::Value;

fn fixtures(folder: &str) -> Vec<(String, Value)> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/histories").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
        })
        .collect()
}

#[test]
fn each_bad_history_is_refused_by_the_rule_it_is_named_after() {
    let bad = fixtures("bad");
    let rules: Vec<String> = (1..=29).map(|number| format!("HIS-{number:02}")).collect();
    for rule in &rules {
        assert!(bad.iter().any(|(name, _)| name == rule), "no example of {rule}");
    }
    for (name, history) in bad {
        let report = audit(&history.to_string(), None).unwrap();
        let broken: Vec<&str> = report.violations.iter().map(|violation| violation.rule).collect();
        if name == "HIS-25" {
            assert_eq!(broken, [""; 0], "an unknown type is no violation");
            assert!(report.advice.iter().any(|advice| advice.rule == Some("HIS-25")), "{:?}", report.advice);
        } else {
            assert!(
                broken.contains(&name.as_str()),
                "{name} is refused by {broken:?}: {:?}",
                report.violations
            );
        }
    }
}

#[test]
fn good_histories_are_accepted_with_and_without_definition_and_by_every_prefix() {
    for (name, history) in fixtures("good") {
        let mut bare = history.clone();
        bare.as_object_mut().unwrap().remove("definition");
        for document in [&history, &bare] {
            let report = audit(&document.to_string(), None).unwrap();
            assert!(report.violations.is_empty(), "{name}: {:?}", report.violations);
        }
        for length in 1..history["events"].as_array().unwrap().len() {
            for document in [&history, &bare] {
                let mut prefix = document.clone();
                prefix["events"].as_array_mut().unwrap().truncate(length);
                let report = audit(&prefix.to_string(), None).unwrap();
                assert!(
                    report.violations.is_empty(),
                    "{name}, first {length} events: {:?}",
                    report.violations
                );
            }
        }
    }
}

#[test]
fn pages_reverse_order_iso_times_and_bare_arrays_are_read_alike() {
    for (name, history) in fixtures("good") {
        let definition = history["definition"].to_string();
        let events = history["events"].as_array().unwrap();
        let page = |events: &[Value]| serde_json::json!({ "events": events, "nextToken": "x" });
        let reversed: Vec<Value> = events.iter().rev().cloned().collect();
        let (first, rest) = events.split_at(events.len() / 2);
        let iso: Vec<Value> = events
            .iter()
            .cloned()
            .map(|mut event| {
                event["timestamp"] =
                    record::Time::from_epoch_seconds(event["timestamp"].as_f64().unwrap()).iso().into();
                event
            })
            .collect();
        let forms = [
            Value::from(events.clone()).to_string(),
            page(&reversed).to_string(),
            format!("{}\n{}", page(first), page(rest)),
            format!("{}{}", page(rest), page(first)),
            Value::from(vec![page(first), page(rest)]).to_string(),
            page(&iso).to_string(),
        ];
        for form in forms {
            let report = audit(&form, Some(&definition)).unwrap();
            assert!(report.violations.is_empty(), "{name}: {:?} in {form}", report.violations);
        }
    }
}

#[test]
fn hidden_execution_data_break_no_rule() {
    for (name, mut history) in fixtures("good") {
        for event in history["events"].as_array_mut().unwrap() {
            for (_, details) in event.as_object_mut().unwrap() {
                if let Some(details) = details.as_object_mut() {
                    details.retain(|member, _| !matches!(member.as_str(), "input" | "output" | "parameters"));
                }
            }
        }
        let report = audit(&history.to_string(), None).unwrap();
        assert!(report.violations.is_empty(), "{name}: {:?}", report.violations);
    }
}

#[test]
fn advice_names_what_will_bite() {
    let rules = |name: &str| -> Vec<&'static str> {
        let (_, history) = fixtures("good").into_iter().find(|(fixture, _)| fixture == name).unwrap();
        audit(&history.to_string(), None).unwrap().advice.iter().filter_map(|advice| advice.rule).collect()
    };
    assert!(rules("execution-timeout").contains(&"E2E-09"), "a callback without limits");
    assert!(rules("heartbeat").contains(&"E2E-04"), "a caught failure that ends well");
    assert!(!rules("failure").contains(&"E2E-04"), "the Catcher leads to a Fail state");
}

fn json() -> impl Strategy<Value = Value> {
    let kinds = record::history::EVENT_TYPES.iter().map(|(kind, _)| Value::from(*kind)).collect::<Vec<_>>();
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0_i64..40).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z{}\\[\\]\":,0-9]{0,12}".prop_map(Value::from),
        proptest::sample::select(kinds),
    ];
    let name = prop_oneof![
        proptest::sample::select(
            &[
                "events",
                "id",
                "previousEventId",
                "type",
                "timestamp",
                "name",
                "input",
                "output",
                "index",
                "length"
            ][..]
        ),
        proptest::sample::select(record::history::DETAIL_MEMBERS),
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::vec((name.clone(), inner), 0..8).prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<serde_json::Map<_, _>>()
                .into()),
        ]
    })
}

fn events() -> impl Strategy<Value = Value> {
    let kinds = record::history::EVENT_TYPES
        .iter()
        .map(|(kind, member)| (*kind, member.unwrap_or("x")))
        .collect::<Vec<_>>();
    let event = (proptest::sample::select(kinds), 0_u64..30, 0_u64..30, json(), "[ab]").prop_map(
        |((kind, member), id, previous, details, name)| {
            let mut event =
                serde_json::json!({ "type": kind, "id": id, "previousEventId": previous, "timestamp": id });
            event[member] = details;
            if let Some(details) = event[member].as_object_mut() {
                details.insert("name".to_owned(), name.into());
            }
            event
        },
    );
    proptest::collection::vec(event, 0..30).prop_map(|events| serde_json::json!({ "events": events }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_makes_the_audit_panic(text in "\\PC{0,80}", value in json()) {
        let _ = audit(&text, Some(&text));
        let _ = audit(&value.to_string(), None);
    }

    #[test]
    fn no_list_of_events_makes_the_audit_panic(history in events(), definition in 0_usize..19) {
        let good = fixtures("good");
        let (_, with) = good.get(definition % good.len()).unwrap();
        let _ = audit(&history.to_string(), Some(&with["definition"].to_string()));
    }

    #[test]
    fn shuffled_good_histories_make_no_panic(which in 0_usize..19, picks in proptest::collection::vec((0_usize..40, 0_usize..40, 0_u64..30), 1..6)) {
        let good = fixtures("good");
        let (_, mut history) = good.get(which % good.len()).cloned().unwrap();
        let events = history["events"].as_array_mut().unwrap();
        for (a, b, link) in picks {
            let (a, b) = (a % events.len(), b % events.len());
            events.swap(a, b);
            let kind = events[b]["type"].clone();
            events[a]["type"] = kind;
            events[a]["previousEventId"] = link.into();
        }
        let _ = audit(&history.to_string(), None);
    }
}
