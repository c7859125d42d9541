//! Arbitrary records: the oracle says something or nothing, but it never falls over.

mod case;

use case::{Case, History, TOKEN, done, one, refused, unknown};
use proptest::prelude::*;
use record::{CaseRecord, FindingKind, Operation, Time};
use serde_json::{Value, json};

fn seed() -> CaseRecord {
    let mut definition = one(
        json!({"TimeoutSeconds": 5, "HeartbeatSeconds": 2, "Next": "A", "Retry": [{"ErrorEquals": ["E"]}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "A"}]}),
    );
    definition["States"]["A"] = json!({"Type": "Pass", "End": true});
    let mut case = Case::parked(&definition);
    case.beat(TOKEN, done(json!({}))).failure(TOKEN, "E", unknown()).success(
        TOKEN,
        "1",
        refused("TaskTimedOut"),
    );
    let mut history = History::parked(json!({"timeoutInSeconds": 5, "heartbeatInSeconds": 2}));
    history.failed(45, "E").scheduled(1_100, "second", json!({})).submitted(1_101, "m-2").timed_out(3_200);
    history.execution_failed(3_200, json!({"error": "States.Timeout"}));
    case.wait(4_000).history(&history);
    case.describe("FAILED", json!({"stopDate": 1_790_000_003.2, "error": "States.Timeout"}));
    case.call(
        Operation::StopExecution,
        json!({"executionArn": case::EXEC}),
        done(json!({"stopDate": 1_790_000_003.2})),
    );
    case.call(
        Operation::ListExecutions,
        json!({"stateMachineArn": case::MACHINE}),
        done(json!({"executions": []})),
    );
    case.record
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!("{\"")),
    ]
}

/// Replaces the n-th value inside, counting every member and item.
fn mutate(value: &mut Value, n: &mut usize, with: &Value) {
    if *n == 0 {
        *value = with.clone();
        *n = usize::MAX;
        return;
    }
    *n -= 1;
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| {
            if *n != usize::MAX {
                mutate(item, n, with);
            }
        }),
        Value::Object(members) => members.values_mut().for_each(|member| {
            if *n != usize::MAX {
                mutate(member, n, with);
            }
        }),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn arbitrary_records_never_panic(
        changes in proptest::collection::vec((0usize..12, 0usize..60, any::<bool>(), leaf()), 1..6),
        times in proptest::collection::vec((0usize..12, -1_000_000_000_000_000i64..1_000_000_000_000_000), 0..3),
        operations in proptest::collection::vec((0usize..12, 0usize..Operation::ALL.len()), 0..3),
    ) {
        let mut record = seed();
        let count = record.entries.len();
        for (entry, place, in_reply, with) in changes {
            let Some(entry) = record.entries.get_mut(entry % count) else { continue };
            let mut place = place;
            match &mut entry.outcome {
                record::Outcome::Done(reply) if in_reply => mutate(reply, &mut place, &with),
                _ => {
                    let mut input = Value::Object(entry.call.input.clone());
                    place += 1;
                    mutate(&mut input, &mut place, &with);
                    if let Value::Object(members) = input {
                        entry.call.input = members;
                    }
                }
            }
        }
        for (entry, time) in times {
            if let Some(entry) = record.entries.get_mut(entry % count) {
                entry.begun = Time(time);
            }
        }
        for (entry, operation) in operations {
            if let Some(entry) = record.entries.get_mut(entry % count) {
                entry.call.operation = Operation::ALL[operation];
            }
        }
        let findings = rules::judge(&record);
        let fell = findings.iter().find(|f| f.kind == FindingKind::Inconclusive && f.message.contains("fault of the suite"));
        prop_assert!(fell.is_none(), "{fell:?}");
    }
}

#[test]
fn the_same_record_gives_the_same_findings() {
    let record = seed();
    assert_eq!(rules::judge(&record), rules::judge(&record));
}

#[test]
fn every_finding_names_a_listed_check() {
    let listed: std::collections::BTreeSet<(&str, &str)> =
        rules::checks().iter().map(|row| (row.rule, row.name)).collect();
    for finding in rules::judge(&seed()) {
        assert!(listed.contains(&(finding.rule.as_str(), finding.check.as_str())), "{finding:?}");
    }
}
