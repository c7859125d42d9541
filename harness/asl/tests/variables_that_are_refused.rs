//! Variables that the Developer Guide forbids (DG:workflow-variables): their names, and the scopes that assign them.

mod table;

use serde_json::{Value, json};
use table::{errors_of, hold, with};

fn pass(fields: &Value) -> Value {
    with(json!({ "Type": "Pass", "End": true }), fields)
}

#[test]
fn names_are_identifiers_of_80_characters() {
    hold(
        &[
            ("a list", json!({ "Assign": [] }), "SCHEMA at /Assign"),
            ("text", json!({ "Assign": "a" }), "SCHEMA at /Assign"),
            ("a digit first", json!({ "Assign": { "1a": 1 } }), "SCHEMA at /Assign"),
            ("a dot", json!({ "Assign": { "a.b": 1 } }), "SCHEMA at /Assign"),
            ("a dollar", json!({ "Assign": { "$a": 1 } }), "SCHEMA at /Assign"),
            ("no name", json!({ "Assign": { "": 1 } }), "SCHEMA at /Assign"),
            ("no name but a sign", json!({ "Assign": { ".$": "$.a" } }), "SCHEMA at /Assign"),
            ("81 characters", json!({ "Assign": { "a".repeat(81): 1 } }), "SCHEMA at /Assign"),
            ("80 characters", json!({ "Assign": { "a".repeat(80): 1 } }), ""),
            ("the reserved name", json!({ "Assign": { "states": 1 } }), "SCHEMA at /Assign"),
            ("a query that is none", json!({ "Assign": { "a.$": "a" } }), "SCHEMA at /Assign"),
        ],
        pass,
    );
    for kind in ["Succeed", "Fail"] {
        let state = json!({ "Assign": { "a": 1 } });
        hold(&[(kind, state, "SCHEMA at /Assign")], |state| with(json!({ "Type": kind }), state));
    }
}

#[test]
fn an_inner_scope_assigns_no_variable_of_an_outer_one() {
    let assign = |name: &str| json!({ "Type": "Pass", "Assign": { name: 1 }, "End": true });
    let inner = |name: &str, state: &Value| json!({ "StartAt": name, "States": { name: state } });
    let parallel = |branches: Value| json!({ "Type": "Parallel", "Branches": branches, "End": true });
    let map = |config: Value, name: &str| {
        let processor = with(inner("i", &assign(name)), &json!({ "ProcessorConfig": config }));
        json!({ "Type": "Map", "ItemProcessor": processor, "End": true })
    };
    let branch = |state: &Value| parallel(json!([inner("b", state)]));
    let distributed = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
    let place = "SCHEMA at /States/p/Branches[0]/States/b/Assign";
    for (name, state, wanted) in [
        ("one of the outer scope", branch(&assign("x")), place),
        ("another one", branch(&assign("y")), ""),
        (
            "the same in two branches",
            parallel(json!([inner("b", &assign("y")), inner("c", &assign("y"))])),
            "",
        ),
        ("in an item", map(json!(null), "x"), "SCHEMA at /States/p/ItemProcessor/States/i/Assign"),
        ("in a child execution", map(distributed, "x"), ""),
        (
            "two scopes inside",
            branch(&map(json!(null), "x")),
            "SCHEMA at /States/p/Branches[0]/States/b/ItemProcessor/States/i/Assign",
        ),
        ("taken over from inside", with(branch(&assign("y")), &json!({ "Assign": { "y.$": "$[0]" } })), ""),
    ] {
        let first = with(assign("x"), &json!({ "End": null, "Next": "p" }));
        let found = errors_of(&json!({ "StartAt": "a", "States": { "a": first, "p": state } }));
        let wanted: Vec<&str> = Some(wanted).into_iter().filter(|wanted| !wanted.is_empty()).collect();
        assert_eq!(found, wanted, "{name}");
    }
}
