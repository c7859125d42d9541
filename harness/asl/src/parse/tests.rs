use crate::{Next, Pattern, QueryLanguage, StateKind, parse};
use serde_json::json;

#[test]
fn a_machine_knows_its_states_in_every_scope() {
    let inner = |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Pass", "End": true}}});
    let machine = parse(
        &json!({
            "StartAt": "p", "TimeoutSeconds": 9, "Comment": "c", "QueryLanguage": "JSONata",
            "States": {
                "p": {"Type": "Parallel", "Branches": [inner("b0"), inner("b1")], "Next": "m"},
                "m": {"Type": "Map", "ItemProcessor": inner("i"), "End": true},
            },
        })
        .to_string(),
    )
    .unwrap();
    assert_eq!((machine.timeout_seconds, machine.query_language), (Some(9), QueryLanguage::JsonAta));
    assert_eq!(machine.find("b1").unwrap().type_name(), "Pass");
    assert_eq!(machine.find("b1").unwrap().query_language, QueryLanguage::JsonAta);
    assert_eq!(machine.scope_of("i").unwrap().start_at, "i");
    assert_eq!(machine.scope_of("m").unwrap().start_at, "p");
    assert!(machine.find("x").is_none() && machine.scope_of("x").is_none());
    assert_eq!(machine.find("p").unwrap().branches().len(), 2);
    assert_eq!(machine.find("m").unwrap().processor().unwrap().start_at, "i");
    assert_eq!(machine.find("p").unwrap().next, Some(Next::State("m".to_owned())));
    assert!(machine.find("m").unwrap().is_terminal());
}

#[test]
fn next_states_are_listed_once() {
    let machine = parse(&json!({"StartAt": "c", "States": {
        "c": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "t"}, {"Variable": "$", "IsNull": true, "Next": "t"}], "Default": "d"},
        "t": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Next": "d", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "f"}]},
        "d": {"Type": "Succeed"}, "f": {"Type": "Fail"},
    }}).to_string()).unwrap();
    assert_eq!(machine.find("c").unwrap().next_states(), ["t", "d"]);
    assert_eq!(machine.find("t").unwrap().next_states(), ["d", "f"]);
    assert_eq!(machine.find("t").unwrap().resource().unwrap().pattern, Pattern::WaitForTaskToken);
}

#[test]
fn the_states_of_a_jsonata_map_inherit_the_language_of_the_machine() {
    // Recorded: validation-api, valid-query-language-pass has such a Map in a JSONPath machine.
    let machine = parse(
        &json!({"StartAt": "m", "States": {"m": {"Type": "Map", "QueryLanguage": "JSONata", "End": true,
        "ItemProcessor": {"StartAt": "i", "States": {"i": {"Type": "Pass", "End": true}}}}}})
        .to_string(),
    )
    .unwrap();
    assert_eq!(machine.find("m").unwrap().query_language, QueryLanguage::JsonAta);
    assert_eq!(machine.find("i").unwrap().query_language, QueryLanguage::JsonPath);
    assert!(matches!(machine.find("m").unwrap().kind, StateKind::Map(_)));
}

#[test]
fn what_cannot_run_does_not_parse() {
    for definition in [
        "",
        "[]",
        "{}",
        "nope",
        r#"{"StartAt": "a"}"#,
        r#"{"StartAt": "a", "States": {}}"#,
        r#"{"StartAt": "a", "States": {"a": {}}}"#,
        r#"{"StartAt": "a", "States": {"a": {"Type": "Task"}}}"#,
        r#"{"StartAt": "a", "States": {"a": 1}}"#,
        r#"{"StartAt": "a", "States": {"a": {"Type": "Nope"}}}"#,
    ] {
        assert!(parse(definition).is_err_and(|errors| !errors.is_empty()), "{definition}");
    }
}

#[test]
fn a_machine_can_be_shared_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<crate::Machine>();
}
