//! A Pass state that evaluates one query, on one input that has something of everything.

use asl::{Entered, Failure, Inputs, Variables, enter, parse};
use serde_json::{Value, json};

/// What the queries of these tests look at.
pub(crate) fn input() -> Value {
    json!({
        "n": 5, "f": 1.5, "s": "hello world", "t": true, "nothing": null, "blank": "", "empty": [], "arr": [1, 2, 3, 4, 5],
        "orders": [
            { "id": "a", "price": 10, "qty": 2, "tags": ["x", "y"] },
            { "id": "b", "price": 5, "qty": 1, "tags": ["x"] },
            { "id": "c", "price": 20, "qty": 3, "tags": [] },
        ],
        "obj": { "k1": 1, "k2": "two" }, "date": "2024-01-02T03:04:05.678Z", "detail-type": "dt",
        "nested": { "a": { "b": [{ "c": 1 }, { "c": 2 }] } }, "dashed": [{ "a-b": 1 }, { "a-b": 2 }],
    })
}

/// The output of a Pass state with these fields, in this language.
pub(crate) fn output(language: &str, fields: &Value) -> Result<Value, Failure> {
    let mut state = json!({ "Type": "Pass", "End": true });
    if let (Some(state), Some(fields)) = (state.as_object_mut(), fields.as_object()) {
        state.extend(fields.clone());
    }
    let definition = json!({ "QueryLanguage": language, "StartAt": "s", "States": { "s": state } });
    let machine = parse(&definition.to_string()).expect("the definition parses");
    let context =
        json!({ "State": { "EnteredTime": "2024-05-06T07:08:09.010Z" }, "Execution": { "Id": "x" } });
    let variables: Variables =
        [("v".to_owned(), json!({ "a": [{ "b": 1 }, { "b": 2 }] }))].into_iter().collect();
    let input = input();
    let inputs = Inputs { input: &input, context: &context, variables: &variables, event_id: 2 };
    match enter(machine.find("s").expect("the state is there"), &inputs)? {
        Entered::Exit(exit) => Ok(exit.output),
        other => panic!("a Pass state does not do this: {other:?}"),
    }
}

/// The rows of a table, `query ==> value`.
pub(crate) fn table(rows: &str) -> impl Iterator<Item = (&str, Value)> {
    rows.lines().filter(|row| !row.is_empty()).map(|row| {
        let (query, wanted) = row.rsplit_once(" ==> ").expect("a row has two sides");
        (query, serde_json::from_str(wanted).expect("the right side is JSON"))
    })
}
