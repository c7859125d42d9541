use crate::{Entered, Failure, Inputs, Variables, enter, parse};
use serde_json::{Value, json};

fn evaluate(expression: &str, input: &Value) -> Result<Value, Failure> {
    let state = json!({"Type": "Pass", "Output": format!("{{% {expression} %}}"), "End": true});
    let machine =
        parse(&json!({"QueryLanguage": "JSONata", "StartAt": "s", "States": {"s": state}}).to_string())
            .unwrap();
    let context = json!({"State": {"EnteredTime": "2024-05-06T07:08:09.010Z"}, "Execution": {"Id": "x"}});
    let variables: Variables = [("v".to_owned(), json!({"a": [{"b": 1}, {"b": 2}]}))].into_iter().collect();
    match enter(
        machine.find("s").unwrap(),
        &Inputs { input, context: &context, variables: &variables, event_id: 2 },
    )? {
        Entered::Exit(exit) => Ok(exit.output),
        other => panic!("{other:?}"),
    }
}

fn value(expression: &str, input: &Value) -> Value {
    evaluate(expression, input).unwrap()
}

fn cause(expression: &str) -> String {
    evaluate(expression, &json!({})).unwrap_err().cause.unwrap()
}

#[test]
fn plain_paths_keep_numbers_and_arrays_as_they_are() {
    let input = json!({"big": 9_007_199_254_740_993_i64, "one": [1], "none": [], "nil": null, "f": 1.0});
    assert_eq!(value("$states.input", &input), input);
    assert_eq!(value("$states.input.big", &input), json!(9_007_199_254_740_993_i64));
    assert_eq!(value("$states.input.one", &input), json!([1]));
    assert_eq!(value("$states.input.none", &input), json!([]));
    assert_eq!(value("$states.input.nil", &input), Value::Null);
}

#[test]
fn paths_through_arrays_map_over_them() {
    assert_eq!(value("$v.a.b", &json!({})), json!([1, 2]));
    assert_eq!(value("$v.a[b=2].b", &json!({})), json!(2));
    assert_eq!(value("$states.input[0].x", &json!([{"x": "y"}])), json!("y"));
}

#[test]
fn whole_numbers_have_no_fraction() {
    assert_eq!(value("4 / 2", &json!({})).to_string(), "2");
    assert_eq!(value("1 / 4", &json!({})).to_string(), "0.25");
}

#[test]
fn aws_functions_work() {
    let cases = [
        ("$partition([1,2,3,4], 3)", json!([[1, 2, 3], [4]])),
        ("[1,2,3] ~> $partition(2)", json!([[1, 2], [3]])),
        ("$range(0, 10, 5)", json!([0, 5, 10])),
        ("$range(3, 1, -1)", json!([3, 2, 1])),
        ("$hash('input data', 'SHA-1')", json!("aaff4a450a104cd177d28d18d74485e8cae074b7")),
        ("$parse('{\"a\": [1, null]}').a", json!([1, null])),
        ("$now()", json!("2024-05-06T07:08:09.010Z")),
        ("$now('[Y0001]/[M01]')", json!("2024/05")),
        ("$millis()", json!(1_714_979_289_010_i64)),
        ("$length($uuid())", json!(36)),
        ("$count($shuffle([1..9]))", json!(9)),
        ("$random() < 1 and $random(7) = $random(7)", json!(true)),
        ("$merge([{'a': 1}, {'b': 2}])", json!({"a": 1, "b": 2})),
        ("(  $f := function($n){ $n <= 1 ? 1 : $n * $f($n - 1) }; $f(5) )", json!(120)),
        ("{'a': 1, 'b': 2} ~> $sift(function($v, $k){ $k ~> /^a/ })", json!({"a": 1})),
        ("$states.input ~> | $ | {}, ['x'] |", json!({"y": 2})),
    ];
    for (expression, wanted) in cases {
        assert_eq!(value(expression, &json!({"x": 1, "y": 2})), wanted, "{expression}");
    }
}

#[test]
fn the_same_visit_draws_the_same() {
    assert_eq!(
        value("[$uuid(), $string($random())]", &json!({})),
        value("[$uuid(), $string($random())]", &json!({}))
    );
    let two = value("[$uuid(), $uuid()]", &json!({}));
    assert_ne!(two[0], two[1]);
}

#[test]
fn nothing_is_an_error_with_the_recorded_text() {
    assert_eq!(
        cause("$doesNotExist"),
        "An error occurred while executing the state 's' (entered at the event id #2). The JSONata expression '$doesNotExist' specified for the field 'Output' returned nothing (undefined)."
    );
    assert!(cause("$states.input.a[0].b").ends_with("returned nothing (undefined)."));
}

#[test]
fn errors_carry_their_code() {
    assert!(cause("1 + 'a'").contains("threw an error during evaluation. T2002"));
    assert!(cause("$error('mine')").contains("mine"));
    assert!(cause("$eval('1')").contains("$eval is not supported"));
    assert!(cause("function($x){ $x }").contains("unsupported result type"));
    for expression in [
        "$partition([1], 0)",
        "$range(0, 1, 0)",
        "$range(0, 100000)",
        "$hash('a', 'x')",
        "$parse('{')",
        "$parse(1)",
    ] {
        assert!(evaluate(expression, &json!({})).is_err(), "{expression}");
    }
}

#[test]
fn endless_recursion_ends() {
    let deep = "( $f := function($n){ $n = 0 ? 0 : [[$f($n - 1)]] }; $f(4000) )";
    assert!(evaluate(deep, &json!({})).unwrap_err().cause.unwrap().contains("unsupported result type"));
    assert!(evaluate("( $f := function($n){ 1 + $f($n) }; $f(1) )", &json!({})).is_err());
}

#[test]
fn absurd_numbers_end_in_a_value_or_a_failure() {
    // The library's own sums overflow here.
    let beyond = ["$substring('abc', 1e300)", "$substring('abc', 1, 1e300)", "[0..1e300]"];
    let within = [
        "$substring('abc', -1e300, 1e300)",
        "$pad('abc', 1e18)",
        "$formatBase(1e300, 2)",
        "$round(1.5, 1e300)",
        "$fromMillis(1e300)",
        "$split('a', '', 1e300)",
        "$power(1e300, 1e300)",
        "[1,2][1e300]",
        "$range(0, 1e300, 1)",
        "$formatInteger(1e300, 'w')",
        "$replace('abc', 'b', 'c', 1e300)",
        "$formatNumber(1e300, '#,##0.00')",
        "$partition([1], 1e300)",
        "$fromMillis(1, '[Y9999999999]')",
    ];
    for expression in beyond.into_iter().chain(within) {
        let failed = evaluate(expression, &json!({})).err();
        let overflowed = failed.is_some_and(|failure| failure.cause.unwrap().ends_with("broke off."));
        assert_eq!(overflowed, beyond.contains(&expression), "{expression}");
    }
}

#[test]
fn padding_fills_on_the_side_of_its_sign() {
    assert_eq!(value("$pad('foo', 5) & '|' & $pad('foo', -5)", &json!({})), json!("foo  |  foo"));
    assert_eq!(value("$pad('foo', -5, '#') & $pad('foo', 8, 'ab')", &json!({})), json!("##foofooababa"));
    assert!(cause("$pad('abc', 1e18)").contains("at most"));
    assert_eq!(value("$states.input.text.$pad(3) & '|'", &json!({"text": "a"})), json!("a  |"));
}
