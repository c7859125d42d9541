//! What chance draws and when AWS evaluates is not known: no value of the right type is refused for it.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod tale;

use serde_json::{Value, json};
use tale::{Tale, machine};

/// A Pass state of JSONPath with this template, left with each of these values.
fn any_is_legal(template: &str, values: &[Value]) {
    let machine = machine("JSONPath", &[json!({ "Type": "Pass", "Parameters": { "a.$": template } })]);
    for value in values {
        Tale::started(&json!({})).passed("s1", &json!({ "a": value })).succeeded().is_legal(&machine);
    }
}

fn outputs(expression: &str) -> (Value, impl Fn(&Value) -> Tale) {
    let pass = json!({ "Type": "Pass", "Output": { "a": format!("{{% {expression} %}}") } });
    let told = |value: &Value| Tale::started(&json!({})).passed("s1", &json!({ "a": value })).succeeded();
    (machine("JSONata", &[pass]), told)
}

#[test]
fn a_random_number_may_be_any_even_of_a_seed() {
    let numbers = [json!(1), json!(2)];
    any_is_legal("States.MathRandom(1, 3)", &numbers);
    any_is_legal("States.MathRandom(1, 999, 7)", &numbers);
    for expression in ["$random()", "$random(7)", "$random() > 0.5 ? 1 : 2", "1 + $floor($random() * 2)"] {
        let (machine, told) = outputs(expression);
        for number in &numbers {
            told(number).is_legal(&machine);
        }
    }
    let (machine, told) = outputs("$shuffle([1, 2])");
    for list in [json!([1, 2]), json!([2, 1])] {
        told(&list).is_legal(&machine);
    }
}

#[test]
fn what_stands_beside_chance_is_judged() {
    let template =
        json!({ "n.$": "States.MathRandom(1, 3)", "m.$": "States.ArrayRange(5, 1, 1)", "k.$": "$.k" });
    let pass = json!({ "Type": "Pass", "Parameters": template, "ResultPath": "$.r" });
    let machine = machine("JSONPath", &[pass]);
    let told = |kept: &str| {
        let output = json!({ "k": "kept", "r": { "n": 2, "m": [], "k": kept } });
        Tale::started(&json!({ "k": "kept" })).passed("s1", &output).succeeded()
    };
    told("kept").is_legal(&machine);
    told("other").is_illegal(&machine, "IO-06");
}

#[test]
fn what_is_computed_of_chance_may_be_anything() {
    let pass = json!({
        "Type": "Pass", "Parameters": { "n.$": "States.MathRandom(1, 9)" },
        "Assign": { "has.$": "States.ArrayContains(States.Array(1, 2), $.n)" }, "OutputPath": "$.n",
    });
    let machine = machine("JSONPath", &[pass]);
    let exited = json!({ "name": "s1", "output": "2", "assignedVariables": { "has": "true" } });
    let tale = Tale::started(&json!({})).entered("Pass", "s1", &json!({})).then("PassStateExited", exited);
    tale.succeeded().is_legal(&machine);
}

#[test]
fn a_random_number_handed_on_whole_is_a_number() {
    let (machine, told) = outputs("$random()");
    told(&json!("x")).is_illegal(&machine, "IO-06");
}

#[test]
fn the_time_of_an_evaluation_may_be_any() {
    for (expression, values) in [
        ("$millis() - $toMillis($states.context.Execution.StartTime)", [json!(0), json!(1003)]),
        ("$now('[Y0001]-[M01]-[D01]')", [json!("2024-01-01"), json!("2023-11-15")]),
        ("$now()", [json!("2024-01-01T00:00:00.000Z"), json!("2023-11-15T00:00:00.000Z")]),
        ("$millis()", [json!(1_700_000_000_000_u64), json!(1_800_000_000_000_u64)]),
    ] {
        let (machine, told) = outputs(expression);
        for value in &values {
            told(value).is_legal(&machine);
        }
    }
    let (machine, told) = outputs("$now()");
    told(&json!(1)).is_illegal(&machine, "IO-06");
}

#[test]
fn a_choice_that_chance_decides_goes_either_way() {
    for output in [json!({}), json!({ "drawn": true })] {
        let choice = json!({
            "Type": "Choice", "Default": "s2",
            "Choices": [{ "Condition": "{% $random() > 0.5 %}", "Output": { "drawn": true }, "Next": "s2" }],
        });
        let mut machine = machine("JSONata", &[choice, json!({ "Type": "Succeed" })]);
        machine["States"]["s1"].as_object_mut().unwrap().remove("Next");
        Tale::started(&json!({}))
            .entered("Choice", "s1", &json!({}))
            .exited("Choice", "s1", &output)
            .entered("Succeed", "s2", &output)
            .exited("Succeed", "s2", &output)
            .succeeded()
            .is_legal(&machine);
    }
}

#[test]
fn branches_and_iterations_may_be_given_any_random_number() {
    let pass = json!({ "StartAt": "p", "States": { "p": { "Type": "Pass", "End": true } } });
    let random = json!({ "n.$": "States.MathRandom(1, 3)" });
    let states = [
        ("Parallel", json!({ "Type": "Parallel", "Branches": [pass], "Parameters": random })),
        ("Map", json!({ "Type": "Map", "ItemProcessor": pass, "ItemSelector": random })),
    ];
    for (kind, state) in states {
        let machine = machine("JSONPath", &[state]);
        for number in [1, 2] {
            let (input, given) = (json!([0]), json!({ "n": number }));
            let iteration = || json!({ "name": "s1", "index": 0 });
            let mut tale = Tale::started(&input).entered(kind, "s1", &input);
            tale = match kind {
                "Map" => tale
                    .then("MapStateStarted", json!({ "length": 1 }))
                    .then("MapIterationStarted", iteration()),
                _ => tale.then("ParallelStateStarted", json!(null)),
            };
            tale = tale.entered("Pass", "p", &given).exited("Pass", "p", &given);
            if kind == "Map" {
                tale = tale.then("MapIterationSucceeded", iteration());
            }
            tale.then(&format!("{kind}StateSucceeded"), json!(null))
                .exited(kind, "s1", &json!([given]))
                .succeeded()
                .is_legal(&machine);
        }
    }
}

#[test]
fn a_wait_of_a_random_span_may_be_short() {
    let machine =
        machine("JSONata", &[json!({ "Type": "Wait", "Seconds": "{% 5 + $floor($random() * 2) * 5 %}" })]);
    for ms in [5000, 10_000] {
        Tale::started(&json!({}))
            .entered("Wait", "s1", &json!({}))
            .after(ms, "WaitStateExited", json!({ "name": "s1", "output": "{}" }))
            .succeeded()
            .is_legal(&machine);
    }
}
