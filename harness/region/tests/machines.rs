//! Machines without tasks, run to their end: what the States Language and the Developer Guide say of variables and their
//! scopes, Retry and Catch, Parallel and Map, Wait, in both query languages.

#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

mod desk;

use desk::Desk;
use serde_json::{Value, json};

struct Run {
    desk: Desk,
    execution: String,
    end: Value,
}

/// Runs a machine of these states, the first of which is the first of the list, until it ends.
fn run(language: &str, states: &Value, input: &Value) -> Run {
    let start = states.as_object().unwrap().keys().next().unwrap();
    let definition = json!({ "QueryLanguage": language, "StartAt": start, "States": states });
    let mut desk = Desk::new(1);
    let machine = desk.machine("m", &definition.to_string());
    let execution = desk.start(&machine, input);
    for _ in 0..1000 {
        if desk.status(&execution) != "RUNNING" {
            break;
        }
        desk.pass(1000);
    }
    let end = desk.done("DescribeExecution", json!({ "executionArn": execution }));
    Run { desk, execution, end }
}

impl Run {
    fn output(&self) -> Value {
        let text = self.end["output"].as_str();
        serde_json::from_str(text.unwrap_or_else(|| panic!("no output: {}", self.end))).unwrap()
    }

    fn error(&self) -> &str {
        assert_eq!(self.end["status"], "FAILED", "{}", self.end);
        self.end["error"].as_str().unwrap_or_default()
    }

    fn count(&mut self, kind: &str) -> usize {
        self.desk.history(&self.execution).iter().filter(|event| event["type"] == kind).count()
    }

    /// The times of the events of a kind, in seconds after the first of them.
    fn times(&mut self, kind: &str) -> Vec<f64> {
        let events = self.desk.history(&self.execution);
        let times: Vec<f64> =
            events.iter().filter(|e| e["type"] == kind).map(|e| e["timestamp"].as_f64().unwrap()).collect();
        times.iter().map(|time| (time - times[0]).round()).collect()
    }
}

fn output(language: &str, states: &Value, input: &Value) -> Value {
    run(language, states, input).output()
}

/// A Parallel whose only branch fails.
fn failing(error: &str, fields: &Value) -> Value {
    let mut state = json!({ "Type": "Parallel", "Branches": [{ "StartAt": "boom", "States": {
        "boom": { "Type": "Fail", "Error": error, "Cause": "why" } } }] });
    state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    if state["Next"].is_null() {
        state["End"] = json!(true);
    }
    state
}

#[test]
fn a_state_assigns_what_it_saw_when_it_was_entered() {
    let states = json!({
        "a": { "Type": "Pass", "Assign": { "x": 1, "y.$": "$.in" }, "Next": "b" },
        "b": { "Type": "Pass", "Parameters": { "o.$": "$x" }, "Assign": { "x": 2, "z.$": "$x" }, "Next": "c" },
        "c": { "Type": "Pass", "Parameters": { "o.$": "$.o", "x.$": "$x", "y.$": "$y", "z.$": "$z" }, "End": true },
    });
    assert_eq!(
        output("JSONPath", &states, &json!({ "in": "I" })),
        json!({ "o": 1, "x": 2, "y": "I", "z": 1 })
    );
    let states = json!({
        "a": { "Type": "Pass", "Assign": { "x": 1 }, "Next": "b" },
        "b": { "Type": "Pass", "Output": { "o": "{% $x %}" }, "Assign": { "x": 2, "z": "{% $x + 10 %}" }, "Next": "c" },
        "c": { "Type": "Pass", "Output": "{% { 'o': $states.input.o, 'x': $x, 'z': $z } %}", "End": true },
    });
    assert_eq!(output("JSONata", &states, &json!({})), json!({ "o": 1, "x": 2, "z": 11 }));
}

#[test]
fn assign_sees_the_result_after_its_selector_in_jsonpath() {
    let states = json!({
        "p": { "Type": "Parallel", "Branches": [{ "StartAt": "i", "States": { "i": { "Type": "Pass", "Result": { "r": 5 }, "End": true } } }],
            "ResultSelector": { "s.$": "$[0].r" }, "ResultPath": "$.out", "Assign": { "v.$": "$.s" }, "Next": "z" },
        "z": { "Type": "Pass", "Parameters": { "v.$": "$v", "in.$": "$" }, "End": true },
    });
    let wanted = json!({ "v": 5, "in": { "a": 1, "out": { "s": 5 } } });
    assert_eq!(output("JSONPath", &states, &json!({ "a": 1 })), wanted);
}

#[test]
fn inner_scopes_read_outer_variables_and_keep_their_own() {
    let branch = |name: &str, own: u64| {
        json!({ "StartAt": name, "States": {
            name: { "Type": "Pass", "Assign": { "own": own }, "Next": format!("{name}2") },
            format!("{name}2"): { "Type": "Pass", "Parameters": { "x.$": "$x", "own.$": "$own" }, "End": true },
        } })
    };
    let states = json!({
        "a": { "Type": "Pass", "Assign": { "x": 1 }, "Next": "p" },
        "p": { "Type": "Parallel", "Branches": [branch("b", 2), branch("c", 3)], "Next": "z" },
        "z": { "Type": "Pass", "End": true },
    });
    assert_eq!(output("JSONPath", &states, &json!({})), json!([{ "x": 1, "own": 2 }, { "x": 1, "own": 3 }]));
    let mut lost = states;
    lost["z"]["Parameters"] = json!({ "own.$": "$own" });
    assert_eq!(run("JSONPath", &lost, &json!({})).error(), "States.Runtime");
}

#[test]
fn iterations_read_outer_variables_and_those_of_a_map_run_do_not() {
    let processor = |config: Value| {
        json!({ "ProcessorConfig": config, "StartAt": "i", "States": {
            "i": { "Type": "Pass", "Parameters": { "s.$": "States.MathAdd($x, $)" }, "End": true } } })
    };
    let states = |config: Value| {
        json!({
            "a": { "Type": "Pass", "Assign": { "x": 10 }, "Next": "m" },
            "m": { "Type": "Map", "ItemProcessor": processor(config), "End": true },
        })
    };
    let inline = states(json!({ "Mode": "INLINE" }));
    assert_eq!(output("JSONPath", &inline, &json!([1, 2])), json!([{ "s": 11 }, { "s": 12 }]));
    let distributed = states(json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" }));
    let failed = run("JSONPath", &distributed, &json!([1]));
    assert_eq!(failed.error(), "States.ExceedToleratedFailureThreshold");
}

#[test]
fn a_choice_assigns_by_its_rule_or_by_itself_where_none_matches() {
    let states = json!({
        "c": { "Type": "Choice", "Default": "z", "Assign": { "v": "default" }, "Choices": [
            { "Variable": "$.n", "NumericEquals": 1, "Next": "z", "Assign": { "v": "one" } },
            { "Variable": "$.n", "NumericEquals": 2, "Next": "plain" } ] },
        "z": { "Type": "Pass", "Parameters": { "v.$": "$v" }, "End": true },
        "plain": { "Type": "Pass", "End": true },
    });
    assert_eq!(output("JSONPath", &states, &json!({ "n": 1 })), json!({ "v": "one" }));
    assert_eq!(output("JSONPath", &states, &json!({ "n": 3 })), json!({ "v": "default" }));
    assert_eq!(run("JSONPath", &states, &json!({ "n": 2 })).count("ChoiceStateExited"), 1);
}

#[test]
fn a_choice_in_jsonata_takes_booleans_only() {
    let states = |condition: &str| {
        json!({
            "c": { "Type": "Choice", "Choices": [{ "Condition": condition, "Next": "y", "Output": { "rule": true } }], "Default": "n" },
            "y": { "Type": "Pass", "End": true }, "n": { "Type": "Pass", "End": true },
        })
    };
    let input = json!({ "a": 1, "l": [] });
    assert_eq!(output("JSONata", &states("{% $states.input.a = 1 %}"), &input), json!({ "rule": true }));
    assert_eq!(output("JSONata", &states("{% $states.input.a > 1 %}"), &input), input);
    assert_eq!(output("JSONata", &states("{% $exists($states.input.b) %}"), &input), input);
    for condition in [
        "{% $states.input.a %}",
        "{% 'true' %}",
        "{% $states.input.l %}",
        "{% $states.input.none %}",
        "{% null %}",
    ] {
        assert_eq!(
            run("JSONata", &states(condition), &input).error(),
            "States.QueryEvaluationError",
            "{condition}"
        );
    }
}

#[test]
fn no_rule_and_no_default_is_an_error_of_its_own() {
    let states = json!({
        "c": { "Type": "Choice", "Choices": [{ "Variable": "$.n", "NumericEquals": 1, "Next": "z" }] },
        "z": { "Type": "Succeed" },
    });
    assert_eq!(run("JSONPath", &states, &json!({ "n": 2 })).error(), "States.NoChoiceMatched");
}

#[test]
fn retries_wait_longer_each_time_up_to_a_limit() {
    // ERR-11 to ERR-13: 1, 2, 4 seconds by default.
    for (retrier, waits) in [
        (json!({ "ErrorEquals": ["E"] }), vec![0.0, 1.0, 3.0, 7.0]),
        (
            json!({ "ErrorEquals": ["States.ALL"], "MaxAttempts": 2, "BackoffRate": 1.0, "IntervalSeconds": 5 }),
            vec![0.0, 5.0, 10.0],
        ),
        (
            json!({ "ErrorEquals": ["X", "E"], "MaxAttempts": 4, "IntervalSeconds": 2, "MaxDelaySeconds": 5 }),
            vec![0.0, 2.0, 6.0, 11.0, 16.0],
        ),
        (
            json!({ "ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 2, "IntervalSeconds": 1, "BackoffRate": 10 }),
            vec![0.0, 1.0, 11.0],
        ),
        (json!({ "ErrorEquals": ["E"], "MaxAttempts": 0 }), vec![0.0]),
        (json!({ "ErrorEquals": ["e"], "MaxAttempts": 9 }), vec![0.0]),
        (
            json!({ "ErrorEquals": ["States.Timeout", "States.HeartbeatTimeout"], "MaxAttempts": 9 }),
            vec![0.0],
        ),
    ] {
        let mut run =
            run("JSONPath", &json!({ "s": failing("E", &json!({ "Retry": [retrier] })) }), &json!({}));
        assert_eq!(run.error(), "E");
        assert_eq!(run.times("ParallelStateStarted"), waits, "{retrier}");
    }
}

#[test]
fn the_first_retrier_that_matches_decides_and_counts_begin_anew_with_each_visit() {
    let retry = json!([
        { "ErrorEquals": ["E"], "MaxAttempts": 1, "IntervalSeconds": 1 },
        { "ErrorEquals": ["States.ALL"], "MaxAttempts": 5, "IntervalSeconds": 1 },
    ]);
    let mut once = run("JSONPath", &json!({ "s": failing("E", &json!({ "Retry": retry })) }), &json!({}));
    assert_eq!(once.count("ParallelStateStarted"), 2);
    let states = json!({
        "s": failing("E", &json!({ "Retry": retry, "Catch": [{ "ErrorEquals": ["E"], "ResultPath": null, "Next": "more" }], "Next": "end" })),
        "more": { "Type": "Choice", "Choices": [{ "Variable": "$.n", "NumericLessThan": 2, "Next": "count" }], "Default": "end" },
        "count": { "Type": "Pass", "Parameters": { "n.$": "States.MathAdd($.n, 1)" }, "Next": "s" },
        "end": { "Type": "Succeed" },
    });
    let mut visits = run("JSONPath", &states, &json!({ "n": 0 }));
    assert_eq!((visits.count("ParallelStateEntered"), visits.count("ParallelStateStarted")), (3, 6));
}

#[test]
fn an_error_is_caught_by_its_name_or_a_name_that_stands_for_it() {
    let caught = |error: &str, names: Value| {
        let states = json!({
            "s": failing(error, &json!({ "Catch": [{ "ErrorEquals": names, "Next": "z" }], "Next": "z" })),
            "z": { "Type": "Succeed" },
        });
        run("JSONPath", &states, &json!({})).end["status"] == "SUCCEEDED"
    };
    for (error, names, wanted) in [
        ("E", json!(["E"]), true),
        ("E", json!(["e"]), false),
        ("E", json!(["X", "E"]), true),
        ("E", json!(["States.ALL"]), true),
        ("E", json!(["States.TaskFailed"]), true),
        ("E", json!(["States.Timeout"]), false),
        ("E", json!(["E*"]), false),
        ("States.Timeout", json!(["States.TaskFailed"]), false),
        ("States.Timeout", json!(["States.ALL"]), true),
        ("States.Timeout", json!(["States.Timeout"]), true),
        ("States.HeartbeatTimeout", json!(["States.Timeout"]), true),
        ("States.TaskFailed", json!(["States.TaskFailed"]), true),
        ("States.Runtime", json!(["States.ALL"]), false),
        ("States.Runtime", json!(["States.TaskFailed"]), false),
    ] {
        assert_eq!(caught(error, names.clone()), wanted, "{error} {names}");
    }
}

#[test]
fn the_error_output_goes_where_the_catcher_says() {
    let error = json!({ "Error": "E", "Cause": "why" });
    for (path, wanted) in [
        (json!("$"), error.clone()),
        (json!("$.e"), json!({ "x": 1, "e": error })),
        (json!("$.x"), json!({ "x": error })),
        (json!("$.a.b"), json!({ "x": 1, "a": { "b": error } })),
        (Value::Null, json!({ "x": 1 })),
    ] {
        let catch = json!([{ "ErrorEquals": ["E"], "ResultPath": path, "Next": "z" }]);
        let fields = json!({ "Catch": catch, "InputPath": "$.x", "OutputPath": "$.nowhere", "Next": "z" });
        let states = json!({ "s": failing("E", &fields), "z": { "Type": "Succeed" } });
        assert_eq!(output("JSONPath", &states, &json!({ "x": 1 })), wanted, "{path}");
    }
    let catch = json!([{ "ErrorEquals": ["E"], "Assign": { "name": "{% $states.errorOutput.Error %}" },
        "Output": { "why": "{% $states.errorOutput.Cause %}", "in": "{% $states.input %}" }, "Next": "z" }]);
    let states = json!({
        "s": failing("E", &json!({ "Catch": catch, "Next": "z" })),
        "z": { "Type": "Succeed", "Output": "{% $merge([$states.input, { 'name': $name }]) %}" },
    });
    assert_eq!(output("JSONata", &states, &json!(5)), json!({ "why": "why", "in": 5, "name": "E" }));
}

#[test]
fn outputs_of_branches_and_iterations_keep_the_order_of_the_definition() {
    let late = json!({ "StartAt": "w", "States": { "w": { "Type": "Wait", "Seconds": 9, "Next": "a" }, "a": { "Type": "Pass", "Result": "late", "End": true } } });
    let nested = json!({ "StartAt": "n", "States": { "n": { "Type": "Parallel", "Branches": [
        { "StartAt": "b", "States": { "b": { "Type": "Pass", "Result": 1, "End": true } } },
        { "StartAt": "c", "States": { "c": { "Type": "Pass", "Result": 2, "End": true } } } ], "End": true } } });
    let states = json!({ "p": { "Type": "Parallel", "Branches": [late, nested], "End": true } });
    assert_eq!(output("JSONPath", &states, &json!({})), json!(["late", [1, 2]]));
    let processor =
        json!({ "StartAt": "w", "States": { "w": { "Type": "Wait", "SecondsPath": "$", "End": true } } });
    let states = json!({ "m": { "Type": "Map", "ItemProcessor": processor, "End": true } });
    assert_eq!(output("JSONPath", &states, &json!([5, 1, 3])), json!([5, 1, 3]));
}

#[test]
fn a_map_takes_its_items_and_makes_their_inputs() {
    let processor = json!({ "StartAt": "i", "States": { "i": { "Type": "Pass", "End": true } } });
    let map = |fields: Value| {
        let mut state = json!({ "Type": "Map", "ItemProcessor": processor, "End": true });
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({ "m": state })
    };
    let input = json!({ "l": ["a", "b"], "k": 7, "e": [], "deep": { "l": [[1], [2]] } });
    let select = json!({ "i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "k.$": "$.k" });
    for (fields, wanted) in [
        (json!({ "ItemsPath": "$.l" }), json!(["a", "b"])),
        (json!({ "ItemsPath": "$.e" }), json!([])),
        (json!({ "ItemsPath": "$.e", "ItemSelector": { "x.$": "$.nowhere" } }), json!([])),
        (json!({ "ItemsPath": "$.deep.l[1]" }), json!([2])),
        (json!({ "ItemsPath": "$$.Execution.Input.l" }), json!(["a", "b"])),
        (json!({ "InputPath": "$.deep", "ItemsPath": "$.l" }), json!([[1], [2]])),
        (
            json!({ "ItemsPath": "$.l", "ItemSelector": select }),
            json!([{ "i": 0, "v": "a", "k": 7 }, { "i": 1, "v": "b", "k": 7 }]),
        ),
        (
            json!({ "ItemsPath": "$.l", "ResultSelector": { "all.$": "$" }, "ResultPath": "$.r", "OutputPath": "$.r.all[0]" }),
            json!("a"),
        ),
        (json!({ "ItemsPath": "$.l", "ResultPath": null, "OutputPath": "$.k" }), json!(7)),
        (json!({ "ItemsPath": "$.l", "MaxConcurrency": 1 }), json!(["a", "b"])),
    ] {
        assert_eq!(output("JSONPath", &map(fields.clone()), &input), wanted, "{fields}");
    }
    for path in ["$.k", "$.deep", "$.nowhere"] {
        assert_eq!(
            run("JSONPath", &map(json!({ "ItemsPath": path })), &input).error(),
            "States.Runtime",
            "{path}"
        );
    }
    for (fields, wanted) in [
        (json!({ "Items": "{% $states.input.l %}" }), json!(["a", "b"])),
        (json!({ "Items": [1, "{% $states.input.k %}"] }), json!([1, 7])),
        (
            json!({ "Items": "{% $states.input.l %}", "ItemSelector": { "i": "{% $states.context.Map.Item.Index %}", "v": "{% $states.context.Map.Item.Value %}" } }),
            json!([{ "i": 0, "v": "a" }, { "i": 1, "v": "b" }]),
        ),
        (json!({ "Items": "{% $states.input.l %}", "Output": "{% $count($states.result) %}" }), json!(2)),
    ] {
        assert_eq!(output("JSONata", &map(fields.clone()), &input), wanted, "{fields}");
    }
}

#[test]
fn a_map_run_bears_as_many_failures_as_it_is_told() {
    let processor = json!({ "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" }, "StartAt": "c", "States": {
        "c": { "Type": "Choice", "Choices": [{ "Variable": "$", "NumericEquals": 0, "Next": "boom" }], "Default": "ok" },
        "ok": { "Type": "Pass", "End": true }, "boom": { "Type": "Fail", "Error": "E" } } });
    for (fields, bears) in [
        (json!({}), false),
        (json!({ "ToleratedFailureCount": 0 }), false),
        (json!({ "ToleratedFailureCount": 1 }), true),
        (json!({ "ToleratedFailurePercentage": 25 }), true),
        (json!({ "ToleratedFailurePercentage": 24.9 }), false),
        (json!({ "ToleratedFailureCount": 1, "ToleratedFailurePercentage": 10 }), false),
        (json!({ "ToleratedFailureCount": 0, "ToleratedFailurePercentage": 100 }), false),
        (json!({ "ToleratedFailureCountPath": "$$.Execution.Input[1]" }), true),
    ] {
        let mut state = json!({ "Type": "Map", "ItemProcessor": processor, "End": true });
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let run = run("JSONPath", &json!({ "m": state }), &json!([0, 1, 2, 3]));
        if bears {
            assert_eq!(run.end["status"], "SUCCEEDED", "{fields}");
        } else {
            assert_eq!(run.error(), "States.ExceedToleratedFailureThreshold", "{fields}");
        }
    }
}

#[test]
fn a_wait_waits_until_its_time_and_not_at_all_when_that_is_past() {
    for (language, fields, seconds) in [
        ("JSONPath", json!({ "Seconds": 5 }), 5.0),
        ("JSONPath", json!({ "Seconds": 0 }), 0.0),
        ("JSONPath", json!({ "SecondsPath": "$.n" }), 3.0),
        ("JSONPath", json!({ "Timestamp": "2001-01-01T00:00:00Z" }), 0.0),
        ("JSONPath", json!({ "Timestamp": "2023-11-14T22:13:30Z" }), 10.0),
        ("JSONPath", json!({ "TimestampPath": "$.t" }), 10.0),
        ("JSONata", json!({ "Seconds": "{% $states.input.n + 1 %}" }), 4.0),
        ("JSONata", json!({ "Timestamp": "{% $states.input.t %}" }), 10.0),
    ] {
        let mut state = json!({ "Type": "Wait", "End": true });
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let input = json!({ "n": 3, "t": "2023-11-14T23:13:30+01:00" });
        let run = run(language, &json!({ "w": state }), &input);
        let span = run.end["stopDate"].as_f64().unwrap() - run.end["startDate"].as_f64().unwrap();
        assert_eq!((run.output(), span.round()), (input, seconds), "{fields}");
    }
    for (language, fields) in [
        ("JSONPath", json!({ "SecondsPath": "$.t" })),
        ("JSONPath", json!({ "SecondsPath": "$.less" })),
        ("JSONPath", json!({ "SecondsPath": "$.half" })),
        ("JSONPath", json!({ "TimestampPath": "$.n" })),
        ("JSONPath", json!({ "TimestampPath": "$.day" })),
        ("JSONata", json!({ "Seconds": "{% $states.input.less %}" })),
        ("JSONata", json!({ "Seconds": "{% $states.input.day %}" })),
        ("JSONata", json!({ "Timestamp": "{% $states.input.day %}" })),
    ] {
        let mut state = json!({ "Type": "Wait", "End": true });
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let input =
            json!({ "n": 3, "t": "2023-11-14T23:13:30+01:00", "less": -1, "half": 1.5, "day": "2023-11-14" });
        let failed = run(language, &json!({ "w": state }), &input);
        let wanted = if language == "JSONata" { "States.QueryEvaluationError" } else { "States.Runtime" };
        assert_eq!(failed.error(), wanted, "{fields}");
    }
}

#[test]
fn a_fail_state_names_what_it_is_told_or_nothing() {
    for (language, fields, error, cause) in [
        ("JSONPath", json!({}), None, None),
        ("JSONPath", json!({ "Error": "E" }), Some("E"), None),
        ("JSONPath", json!({ "Cause": "$.c" }), None, Some("$.c")),
        (
            "JSONPath",
            json!({ "ErrorPath": "$.e", "CausePath": "States.Format('{}!', $.e)" }),
            Some("Err"),
            Some("Err!"),
        ),
        ("JSONPath", json!({ "ErrorPath": "$$.State.Name" }), Some("f"), None),
        ("JSONPath", json!({ "CausePath": "States.JsonToString($.o)" }), None, Some("{\"a\":1}")),
        (
            "JSONata",
            json!({ "Error": "{% $states.input.e %}", "Cause": "{% 'c' & $states.input.n %}" }),
            Some("Err"),
            Some("c1"),
        ),
    ] {
        let mut state = json!({ "Type": "Fail" });
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let run = run(language, &json!({ "f": state }), &json!({ "e": "Err", "n": 1, "o": { "a": 1 } }));
        assert_eq!(run.end["status"], "FAILED");
        assert_eq!((run.end["error"].as_str(), run.end["cause"].as_str()), (error, cause), "{fields}");
    }
}
