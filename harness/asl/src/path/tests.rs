use super::{Path, Roots};
use crate::outcome::Variables;
use serde_json::{Value, json};

fn find(path: &str, input: &Value) -> Result<Value, String> {
    let variables: Variables = [("v".to_owned(), json!({"a": [1, 2]}))].into_iter().collect();
    let context = json!({"Execution": {"Name": "run"}});
    Path::parse(path)
        .ok_or("syntax")?
        .find(Roots { input, context: &context, variables: &variables })
        .map(std::borrow::Cow::into_owned)
}

#[test]
fn a_definite_path_gives_the_value() {
    let input = json!({"a": {"b-c": [1, {"d": 2}]}, "é x": 3});
    assert_eq!(find("$", &input).unwrap(), input);
    assert_eq!(find("$.a.b-c[1].d", &input).unwrap(), json!(2));
    assert_eq!(find("$['a'][\"b-c\"][-1]['d']", &input).unwrap(), json!(2));
    assert_eq!(find("$['é x']", &input).unwrap(), json!(3));
    assert_eq!(find("$$.Execution.Name", &input).unwrap(), json!("run"));
    assert_eq!(find("$v.a[0]", &input).unwrap(), json!(1));
}

#[test]
fn any_other_path_gives_an_array() {
    let input = json!({"list": [{"id": 1, "x-y": 5}, {"id": 2, "x-y": 6}, {"id": 3}], "n": 2});
    assert_eq!(find("$.list[*].id", &input).unwrap(), json!([1, 2, 3]));
    assert_eq!(find("$.list[0:2].x-y", &input).unwrap(), json!([5, 6]));
    assert_eq!(find("$..id", &input).unwrap(), json!([1, 2, 3]));
    assert_eq!(find("$.list[?(@.id == $.list[1].id)].id", &input).unwrap(), json!([2]));
    assert_eq!(find("$.list[?(@.id > 1 && @.id < 3)]", &input).unwrap(), json!([{"id": 2, "x-y": 6}]));
    assert_eq!(find("$.list[7:].id", &input).unwrap(), json!([]));
    assert_eq!(find("$.list[0,2].id", &input).unwrap(), json!([1, 3]));
}

#[test]
fn a_list_of_names_picks_members() {
    let input = json!([{"bucket": 1, "key": 2, "z": 3}]);
    assert_eq!(find("$.[*].['bucket', 'key']", &input).unwrap(), json!([{"bucket": 1, "key": 2}]));
    assert_eq!(find("$[0]['z','key']", &input).unwrap(), json!({"z": 3, "key": 2}));
}

#[test]
fn missing_parts_are_told_in_jayways_words() {
    let input = json!({"a": {"s": "text", "l": [0], "n": null}});
    assert_eq!(find("$.x", &input).unwrap_err(), "No results for path: $['x']");
    assert_eq!(find("$.a.x", &input).unwrap_err(), "No results for path: $['a']['x']");
    assert_eq!(find("$.a.x.y", &input).unwrap_err(), "Missing property in path $['a']['x']");
    assert_eq!(find("$.a.l[4]", &input).unwrap_err(), "No results for path: $['a']['l'][4]");
    assert!(
        find("$.a.s.t", &input)
            .unwrap_err()
            .starts_with("Expected to find an object with property ['t'] in path $['a']['s']")
    );
    assert_eq!(find("$.a.n[0]", &input).unwrap_err(), "The path $['a']['n'] is null");
}

#[test]
fn bad_syntax_is_no_path() {
    for text in [
        "",
        "a",
        "$.",
        "$[",
        "$['a'",
        "$[?(]",
        "$.a b",
        "$..",
        "$.a.length().b",
        "$.a[*].length()",
        "$.list[?(@.a ~ /x/)]",
        "$.p[1:$.q]",
    ] {
        assert!(Path::parse(text).is_none(), "{text}");
    }
}
