use crate::{Entered, Exit, Failure, Inputs, Next, Variables, WaitUntil, batches, enter, item_input, parse};
use serde_json::{Value, json};

fn run(state: &Value, input: &Value) -> Result<Entered, Failure> {
    run_with(state, input, &Variables::new())
}

fn run_with(state: &Value, input: &Value, variables: &Variables) -> Result<Entered, Failure> {
    let machine = parse(&json!({"StartAt": "s", "States": {"s": state}}).to_string()).unwrap();
    let context = json!({"Execution": {"Name": "run", "Input": [1]}, "State": {"EnteredTime": "2024-05-06T07:08:09.010Z"}, "Task": {"Token": "tok"}});
    enter(machine.find("s").unwrap(), &Inputs { input, context: &context, variables, event_id: 2 })
}

fn exit(state: &Value, input: &Value) -> Exit {
    match run(state, input).unwrap() {
        Entered::Exit(exit) => exit,
        other => panic!("{other:?}"),
    }
}

fn cause(state: &Value, input: &Value) -> String {
    let failure = run(state, input).unwrap_err();
    assert_eq!(failure.error, "States.Runtime");
    failure
        .cause
        .unwrap()
        .strip_prefix("An error occurred while executing the state 's' (entered at the event id #2). ")
        .unwrap()
        .to_owned()
}

fn task(fields: &Value) -> Value {
    let mut task =
        json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true});
    task.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    task
}

#[test]
fn a_task_gets_its_parameters_and_times() {
    let state = task(&json!({
        "InputPath": "$.in", "HeartbeatSecondsPath": "$.beat", "TimeoutSeconds": 60,
        "Parameters": {"QueueUrl": "q", "MessageBody": {"Token.$": "$$.Task.Token", "n.$": "$.n", "list": [{"deep.$": "$.n"}]}},
        "Credentials": {"RoleArn.$": "States.Format('role/{}', $.n)"},
    }));
    let entered = run(&state, &json!({"in": {"n": 5, "beat": 9}})).unwrap();
    let parameters = json!({"QueueUrl": "q", "MessageBody": {"Token": "tok", "n": 5, "list": [{"deep": 5}]}});
    let credentials = Some(json!({"RoleArn": "role/5"}));
    assert_eq!(
        entered,
        Entered::Task {
            parameters,
            timeout_seconds: Some(60),
            heartbeat_seconds: Some(9),
            credentials,
            sourced: true,
            windows_sourced: true
        }
    );
}

#[test]
fn a_jsonata_task_evaluates_its_arguments() {
    let state = task(&json!({
        "QueryLanguage": "JSONata", "TimeoutSeconds": "{% $limit * 2 %}",
        "Arguments": {"MessageBody": {"t": "{% $states.context.Task.Token %}", "sum": "{% $sum($states.input.list) %}", "plain": "x {% no %}"}},
    }));
    let variables: Variables = [("limit".to_owned(), json!(30))].into_iter().collect();
    let Entered::Task { parameters, timeout_seconds, .. } =
        run_with(&state, &json!({"list": [1, 2.5]}), &variables).unwrap()
    else {
        panic!()
    };
    assert_eq!(parameters, json!({"MessageBody": {"t": "tok", "sum": 3.5, "plain": "x {% no %}"}}));
    assert_eq!(timeout_seconds, Some(60));
}

#[test]
fn a_missing_path_is_told_as_aws_recorded() {
    let state = task(&json!({"TimeoutSecondsPath": "$.NoSuchTimeoutSecondsPath"}));
    assert_eq!(
        cause(&state, &json!({})),
        "Invalid path '$.NoSuchTimeoutSecondsPath' : No results for path: $['NoSuchTimeoutSecondsPath']"
    );
    let state = task(&json!({"Parameters": {"a": {"b.$": "$.x"}}}));
    assert_eq!(
        cause(&state, &json!({"y": 1})),
        "The JSONPath '$.x' specified for the field 'b.$' could not be found in the input '{\"y\":1}'"
    );
    assert_eq!(
        cause(&task(&json!({"InputPath": "$.x"})), &json!({})),
        "Invalid path '$.x' : No results for path: $['x']"
    );
    assert_eq!(cause(&task(&json!({"Parameters": {"b.$": "$.x["}})), &json!({})), "Invalid path '$.x['");
}

#[test]
fn a_query_with_bad_syntax_fails_when_it_is_reached() {
    let state = task(&json!({"QueryLanguage": "JSONata", "Arguments": {"a": "{% ( %}"}}));
    let failure = run(&state, &json!({})).unwrap_err();
    assert_eq!(failure.error, "States.QueryEvaluationError");
    assert_eq!(failure.evaluation.unwrap().location.as_deref(), Some("Arguments/a"));
}

#[test]
fn wrong_types_in_jsonata_are_evaluation_errors() {
    let state = task(&json!({"QueryLanguage": "JSONata", "TimeoutSeconds": "{% $states.input %}"}));
    let failure = run(&state, &json!("x")).unwrap_err();
    assert_eq!(failure.error, "States.QueryEvaluationError");
    assert!(failure.cause.unwrap().ends_with("The JSONata expression '$states.input' specified for the field 'TimeoutSeconds' returned an unexpected result type. Expected 'number', but was 'string' for value: \"x\""));
    assert_eq!(failure.evaluation.unwrap().location.as_deref(), Some("TimeoutSeconds"));
    assert!(
        run(&state, &json!(0)).is_err()
            && run(&state, &json!(-3)).is_err()
            && run(&state, &json!(1.5)).is_err()
    );
}

#[test]
fn parameters_over_the_limit_are_refused() {
    let state = task(&json!({"Parameters": {"a.$": "$", "b.$": "$"}}));
    assert_eq!(run(&state, &json!("x".repeat(140_000))).unwrap_err().error, "States.DataLimitExceeded");
}

#[test]
fn a_pass_state_moves_data() {
    let pass = |fields: Value| {
        let mut pass = json!({"Type": "Pass", "Next": "n"});
        pass.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        pass
    };
    let input = json!({"a": {"b": 1}, "c": 2});
    assert_eq!(
        exit(&pass(json!({})), &input),
        Exit {
            output: input.clone(),
            next: Next::State("n".to_owned()),
            assigned: Variables::new(),
            sourced: true,
            next_sourced: true
        }
    );
    assert_eq!(exit(&pass(json!({"InputPath": "$.a"})), &input).output, json!({"b": 1}));
    assert_eq!(exit(&pass(json!({"InputPath": null})), &input).output, json!({}));
    assert_eq!(exit(&pass(json!({"OutputPath": null})), &input).output, json!({}));
    assert_eq!(
        exit(&pass(json!({"Result": 7, "ResultPath": "$.r"})), &input).output,
        json!({"a": {"b": 1}, "c": 2, "r": 7})
    );
    assert_eq!(exit(&pass(json!({"Result": 7, "ResultPath": null})), &input).output, input);
    assert_eq!(
        exit(&pass(json!({"InputPath": "$.a", "ResultPath": "$.r", "OutputPath": "$.r"})), &input).output,
        json!({"b": 1})
    );
    let assigned =
        exit(&pass(json!({"Parameters": {"x.$": "$.c"}, "Assign": {"z.$": "$.x", "y": 1}})), &input).assigned;
    assert_eq!(
        assigned.into_iter().collect::<Vec<_>>(),
        [("y".to_owned(), json!(1)), ("z".to_owned(), json!(2))]
    );
    assert_eq!(
        cause(&pass(json!({"Result": 1, "ResultPath": "$.x"})), &json!("foo")),
        "Unable to apply ReferencePath $.x to input \"foo\""
    );
}

#[test]
fn a_pass_output_over_the_limit_names_the_state() {
    let failure =
        run(&json!({"Type": "Pass", "Parameters": {"a.$": "$"}, "End": true}), &json!("€".repeat(87_380)))
            .unwrap_err();
    assert_eq!(
        failure.cause.unwrap(),
        "The state/task 's' returned a result with a size exceeding the maximum number of bytes service limit."
    );
}

#[test]
fn a_jsonata_pass_assigns_from_the_old_variables() {
    let state = json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $n %}", "Assign": {"n": "{% $n + 1 %}", "m": "{% $n %}"}, "End": true});
    let variables: Variables = [("n".to_owned(), json!(1))].into_iter().collect();
    let Entered::Exit(exit) = run_with(&state, &json!({}), &variables).unwrap() else { panic!() };
    assert_eq!((exit.output, &exit.assigned["n"], &exit.assigned["m"]), (json!(1), &json!(2), &json!(1)));
}

#[test]
fn a_wait_state_says_until_when() {
    let wait = |field: &str, value: Value, input: Value| {
        run(&json!({"Type": "Wait", field: value, "End": true}), &input)
    };
    assert_eq!(
        wait("Seconds", json!(3), json!({})).unwrap(),
        Entered::Wait { until: WaitUntil::Seconds(3), sourced: true }
    );
    assert_eq!(
        wait("SecondsPath", json!("$.s"), json!({"s": 0})).unwrap(),
        Entered::Wait { until: WaitUntil::Seconds(0), sourced: true }
    );
    let timestamp = json!("1970-01-01T00:00:02Z");
    assert_eq!(
        wait("Timestamp", timestamp.clone(), json!({})).unwrap(),
        Entered::Wait { until: WaitUntil::Timestamp(2000), sourced: true }
    );
    assert_eq!(
        wait("TimestampPath", json!("$.t"), json!({"t": timestamp})).unwrap(),
        Entered::Wait { until: WaitUntil::Timestamp(2000), sourced: true }
    );
    let failed = |value: Value| {
        cause(&json!({"Type": "Wait", "SecondsPath": "$.s", "End": true}), &json!({"s": value}))
    };
    assert_eq!(failed(json!(-1)), "The SecondsPath parameter references a negative value: $.s == -1");
    assert_eq!(
        failed(json!(-1.5)),
        "The SecondsPath parameter cannot be parsed as a long value: $.s == -1.5"
    );
}

#[test]
fn a_fail_state_may_be_silent_or_read_its_words() {
    assert_eq!(
        run(&json!({"Type": "Fail"}), &json!({})).unwrap(),
        Entered::Fail { error: None, cause: None, sourced: true }
    );
    let state = json!({"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('c {}', $.e)"});
    let wanted = Entered::Fail { error: Some("E".to_owned()), cause: Some("c E".to_owned()), sourced: true };
    assert_eq!(run(&state, &json!({"e": "E"})).unwrap(), wanted);
}

fn map(fields: &Value) -> Value {
    let mut map = json!({"Type": "Map", "ItemProcessor": {"StartAt": "i", "States": {"i": {"Type": "Pass", "End": true}}}, "End": true});
    map.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    map
}

#[test]
fn a_map_finds_its_items_and_limits() {
    let state = map(
        &json!({"ItemsPath": "$.l", "MaxConcurrencyPath": "$.m", "ToleratedFailureCount": 2, "ToleratedFailurePercentagePath": "$.p"}),
    );
    let Entered::Map(entered) = run(&state, &json!({"l": [1, 2], "m": 3, "p": 1.5})).unwrap() else {
        panic!()
    };
    assert_eq!((entered.items, entered.max_concurrency), (vec![json!(1), json!(2)], 3));
    assert_eq!((entered.tolerated_count, entered.tolerated_percentage), (Some(2), Some(1.5)));
    assert_eq!(
        cause(&state, &json!({"l": [], "m": {}})),
        "The MaxConcurrencyPath field refers to value \"{}\" which is not a valid integer: $.m"
    );
    assert_eq!(
        cause(&state, &json!({"l": [], "m": 1, "p": 101})),
        "ToleratedFailurePercentage must be between 0 and 100."
    );
    assert_eq!(
        cause(&map(&json!({"ItemsPath": "$$.Execution"})), &json!([])),
        "Reference path \"$.Execution\" must point to array."
    );
    let failure = run(&map(&json!({"QueryLanguage": "JSONata"})), &json!(null)).unwrap_err();
    assert!(failure.cause.unwrap().ends_with("Map state input must be an array but was: null"));
    assert_eq!(failure.evaluation.unwrap().location, None);
}

#[test]
fn item_selectors_see_the_item_and_the_input_of_the_map() {
    for field in ["ItemSelector", "Parameters"] {
        let state =
            map(&json!({field: {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "all.$": "$"}}));
        let machine = parse(&json!({"StartAt": "s", "States": {"s": state}}).to_string()).unwrap();
        let (input, context, variables) = (json!(["a", "b"]), json!({}), Variables::new());
        let inputs = Inputs { input: &input, context: &context, variables: &variables, event_id: 2 };
        let item = item_input(machine.find("s").unwrap(), &inputs, 1, &json!("b")).unwrap();
        assert_eq!(item.input, json!({"v": "b", "i": 1, "all": ["a", "b"]}));
    }
}

#[test]
fn batches_respect_items_and_bytes() {
    let group = |batcher: Value, items: Vec<Value>| {
        let machine = parse(
            &json!({"StartAt": "s", "States": {"s": map(&json!({"ItemBatcher": batcher}))}}).to_string(),
        )
        .unwrap();
        let (input, context, variables) = (json!([]), json!({}), Variables::new());
        let inputs = Inputs { input: &input, context: &context, variables: &variables, event_id: 2 };
        {
            let Entered::Map(map) = enter(machine.find("s").unwrap(), &inputs).unwrap() else { panic!() };
            batches(machine.find("s").unwrap(), &inputs, &map, items).unwrap()
        }
    };
    let wanted =
        vec![json!({"BatchInput": {"k": 1}, "Items": [1, 2]}), json!({"BatchInput": {"k": 1}, "Items": [3]})];
    assert_eq!(
        group(json!({"MaxItemsPerBatch": 2, "BatchInput": {"k": 1}}), vec![json!(1), json!(2), json!(3)]),
        wanted
    );
    assert_eq!(
        group(json!({"MaxInputBytesPerBatch": 30}), vec![json!("12345678"), json!("12345678"), json!("1")])
            .len(),
        2
    );
}
