//! What the rules say of executions started by the ARN of a version, and of those that were not.

mod case;

use case::{Case, EXEC, History, MACHINE, T0, done, one};
use record::Operation;
use serde_json::{Value, json};

fn version() -> String {
    format!("{MACHINE}:1")
}

/// A machine, published and then updated, and an execution of the version that entered this state.
fn of_the_version(entered: &str, described: Value) -> Case {
    let mut case = Case::new();
    case.create(&one(json!({})));
    case.call(
        Operation::PublishStateMachineVersion,
        json!({"stateMachineArn": MACHINE}),
        done(json!({"stateMachineVersionArn": version(), "creationDate": T0 / 1000})),
    );
    let updated = json!({"StartAt": "Updated", "States": {"Updated": {"Type": "Pass", "End": true}}});
    case.call(
        Operation::UpdateStateMachine,
        json!({"stateMachineArn": MACHINE, "definition": updated.to_string()}),
        done(json!({"updateDate": T0 / 1000})),
    );
    case.call(
        Operation::StartExecution,
        json!({"stateMachineArn": version(), "name": "exec-0001", "input": "{}"}),
        done(json!({"executionArn": EXEC, "startDate": (T0 + 25) as f64 / 1000.0})),
    );
    let mut events = History::started();
    events.entered(30, entered, "{}");
    case.history(&events);
    case.describe("RUNNING", described);
    case
}

#[test]
fn an_execution_of_a_version_runs_what_was_published_and_tells_so() {
    let told = json!({ "stateMachineVersionArn": version() });
    let first = one(json!({}));
    let first = first["StartAt"].as_str().unwrap_or_default();
    of_the_version(first, told.clone()).meets("START-19");
    of_the_version("Updated", told).breaks("START-19");
    of_the_version(first, json!({})).breaks("START-19");
}

#[test]
fn where_no_version_was_started_nothing_is_known_of_versions() {
    let mut case = Case::parked(&one(json!({})));
    case.describe("RUNNING", json!({}));
    assert!(case.judge().iter().all(|finding| finding.rule != "START-19"));
}

#[test]
fn an_alias_is_named_after_its_machine_and_leads_to_its_versions() {
    let alias = format!("{MACHINE}:live");
    let started = |made: &str, described: Value| {
        let mut case = Case::new();
        case.create(&one(json!({})));
        case.call(
            Operation::PublishStateMachineVersion,
            json!({"stateMachineArn": MACHINE}),
            done(json!({"stateMachineVersionArn": version(), "creationDate": T0 / 1000})),
        );
        case.call(
            Operation::CreateStateMachineAlias,
            json!({"name": "live", "routingConfiguration": [{"stateMachineVersionArn": version(), "weight": 100}]}),
            done(json!({"stateMachineAliasArn": made, "creationDate": T0 / 1000})),
        );
        case.call(
            Operation::StartExecution,
            json!({"stateMachineArn": made, "name": "exec-0001", "input": "{\"a\":1}"}),
            done(json!({"executionArn": EXEC, "startDate": (T0 + 35) as f64 / 1000.0})),
        );
        case.describe("RUNNING", described);
        case
    };
    let told = json!({"stateMachineAliasArn": alias, "stateMachineVersionArn": version()});
    started(&alias, told.clone()).meets("START-19");
    started(&format!("{MACHINE}:lives"), told).breaks("START-19");
    let elsewhere = json!({"stateMachineAliasArn": alias, "stateMachineVersionArn": format!("{MACHINE}:2")});
    started(&alias, elsewhere).breaks("START-19");
}
