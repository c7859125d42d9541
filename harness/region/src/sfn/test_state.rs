//! TestState: one state on one input, with a mock in place of what it would call (TST; recorded in `test-state`).
//!
//! What it does not do: calling services. A state that would call one needs a mock.

use asl::{
    Entered, Exit, Failure, Inputs, Next, Pattern, Recovery, RetryCounts, State, StateKind, TaskFailure,
    Variables,
};
use record::{ApiError, Call};
use serde_json::{Map, Value, json};

use crate::Region;
use crate::refuse::{Reply, validation};
use crate::request::Request;

/// The name of a state that is given without a machine (recorded in the context object).
const NAME: &str = "StateName";
/// What a Map fails with when too many items failed.
const THRESHOLD: (&str, &str) =
    ("States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded");

/// What stands in place of the service.
enum Mock {
    Result(Value),
    Fails(TaskFailure),
}

/// What is known of the test.
struct Trial<'a> {
    state: &'a State,
    inputs: Inputs<'a>,
    mock: Option<Mock>,
    retries: u64,
    failed_items: u64,
    inspection: Map<String, Value>,
}

impl Region {
    pub(super) fn test_state(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let definition = request.required("definition", 1, 1_048_576)?;
        let level = request.word("inspectionLevel", &["INFO", "DEBUG", "TRACE"])?.unwrap_or("INFO");
        let secrets = request.flag("revealSecrets")?.unwrap_or(false);
        let (machine, name) = read_definition(definition, request.text_within("stateName", 1, 80)?)?;
        let state = machine
            .find(&name)
            .ok_or_else(|| validation(format!("State '{name}' not found in definition")))?;
        let input = request.text("input")?.unwrap_or("{}");
        let input: Value = serde_json::from_str(input).map_err(|why| {
            let why = crate::json_fault::describe(input, &why);
            ApiError::new("InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{why}'"))
        })?;
        let variables: Variables = match request.text("variables")? {
            None => Variables::new(),
            Some(text) => {
                serde_json::from_str(text).map_err(|_| validation("Variables must be a valid JSON object"))?
            }
        };
        let mock = read_mock(&request, state, secrets)?;
        let context = self.test_context(&request, state, mock.is_some(), &input)?;
        let configuration = request.object("stateConfiguration")?.cloned().unwrap_or_default();
        let count = |member: &str| configuration.get(member).and_then(Value::as_u64).unwrap_or(0);
        let mut trial = Trial {
            state,
            inputs: Inputs { input: &input, context: &context, variables: &variables, event_id: 2 },
            mock,
            retries: count("retrierRetryCount").min(100_000),
            failed_items: count("mapIterationFailureCount"),
            inspection: Map::new(),
        };
        let mut reply = trial.run();
        if level != "INFO" {
            reply.insert("inspectionData".to_owned(), Value::Object(trial.inspection));
        }
        Ok(Value::Object(reply))
    }

    /// The context object of the test: the given one, or one as an execution would have it.
    fn test_context(
        &mut self,
        request: &Request<'_>,
        state: &State,
        mocked: bool,
        input: &Value,
    ) -> Result<Value, ApiError> {
        let Some(text) = request.text("context")? else {
            let id = self.ids.uuid();
            return Ok(json!({
                "Execution": {
                    "Id": self.place.arn("states", &format!("express:{NAME}:{id}")),
                    "Input": input,
                    "Name": id,
                    "RoleArn": request.text("roleArn")?,
                    "StartTime": self.now.iso(),
                },
                "StateMachine": { "Id": self.place.arn("states", &format!("stateMachine:{NAME}")), "Name": NAME },
                "State": { "Name": state.name, "EnteredTime": self.now.iso(), "RetryCount": 0 },
            }));
        };
        if !mocked {
            return Err(validation("A Context object can only be specified when a mock is specified"));
        }
        let invalid = |why: &str| validation(format!("Invalid Context object provided: {why}"));
        let context: Value = serde_json::from_str(text)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| invalid("not a JSON object"))?;
        if context.get("Map").is_some() {
            return Err(invalid("'Map' field is not supported when mocking a Context object"));
        }
        let holds_token =
            state.resource().is_some_and(|resource| resource.pattern != Pattern::RequestResponse);
        if context.get("Task").is_some() && !holds_token {
            return Err(invalid(
                "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern",
            ));
        }
        Ok(context)
    }
}

/// A machine, and the state of it that is tested; a state alone makes a machine of one.
fn read_definition(definition: &str, name: Option<&str>) -> Result<(asl::Machine, String), ApiError> {
    let refused = |why: String| {
        ApiError::new("InvalidDefinition", format!("Invalid State Machine Definition: '{why}'"))
    };
    let parsed: Value = serde_json::from_str(definition).map_err(|why| {
        refused(format!("INVALID_JSON_DESCRIPTION: {}", crate::json_fault::describe(definition, &why)))
    })?;
    let (whole, name) = match (parsed.get("States"), name) {
        (Some(_), Some(name)) => (parsed, name.to_owned()),
        (Some(_), None) => {
            return Err(validation("A stateName is required when the definition is a state machine"));
        }
        (None, name) => {
            let name = name.unwrap_or(NAME).to_owned();
            (json!({ "StartAt": name, "States": { name.clone(): parsed } }), name)
        }
    };
    let machine = asl::parse(&whole.to_string()).map_err(|errors| {
        ApiError::new("InvalidDefinition", asl::Diagnostic::refusal(&errors).unwrap_or_default())
    })?;
    Ok((machine, name))
}

/// TST-01, TST-02.
fn read_mock(request: &Request<'_>, state: &State, secrets: bool) -> Result<Option<Mock>, ApiError> {
    let kind = state.type_name();
    let Some(mock) = request.object("mock")? else {
        return match &state.kind {
            StateKind::Task(_) | StateKind::Parallel { .. } | StateKind::Map(_) => {
                Err(validation(format!("State type '{kind}' requires a mock in this region")))
            }
            _ => Ok(None),
        };
    };
    if !matches!(kind, "Task" | "Parallel" | "Map") {
        return Err(validation(format!("State type '{kind}' is not supported when a mock is specified")));
    }
    if secrets {
        return Err(validation("revealSecrets is not supported when a mock is specified"));
    }
    match (mock.get("result"), mock.get("errorOutput")) {
        (Some(_), Some(_)) => Err(validation(
            "A test mock should have only one of the following fields: [result, errorOutput].",
        )),
        (Some(result), None) => {
            let text = result.as_str().unwrap_or_default();
            let value =
                serde_json::from_str(text).map_err(|_| validation("Mocked result must be valid JSON"))?;
            Ok(Some(Mock::Result(value)))
        }
        (None, Some(error)) => {
            let text = |member: &str| error.get(member).and_then(Value::as_str).map(str::to_owned);
            Ok(Some(Mock::Fails(TaskFailure::new(text("error"), text("cause")))))
        }
        (None, None) => {
            Err(validation("A test mock should have one of the following fields: [result, errorOutput]."))
        }
    }
}

impl Trial<'_> {
    fn run(&mut self) -> Map<String, Value> {
        let entered = asl::enter(self.state, &self.inputs);
        let mut tolerated = None;
        if let Ok(Entered::Map(map)) = &entered {
            self.inspection.insert("maxConcurrency".to_owned(), json!(map.max_concurrency));
            tolerated = map.tolerated_count;
            if let Some(count) = tolerated {
                self.inspection.insert("toleratedFailureCount".to_owned(), json!(count));
            }
        }
        let result = match &self.mock {
            Some(Mock::Result(value)) => Some(value.clone()),
            _ => None,
        };
        let stages = asl::inspect(
            self.state,
            &self.inputs,
            result.as_ref().filter(|_| entered.is_ok() && !self.is_map()),
        );
        for (name, value) in stages {
            self.inspection.insert(name.to_owned(), json!(value.to_string()));
        }
        match entered {
            Err(failure) => self.interpreter_failed(&failure),
            Ok(Entered::Exit(exit)) => succeeded(&exit),
            Ok(Entered::Wait { .. }) => self.complete(&self.inputs.input.clone()),
            Ok(Entered::Fail { error, cause, .. }) => failed("FAILED", &TaskFailure::new(error, cause)),
            Ok(_) => match self.mock.take() {
                Some(Mock::Fails(failure)) => self.task_failed(&failure),
                Some(Mock::Result(_)) if self.is_map() && self.failed_items > tolerated.unwrap_or(0) => self
                    .task_failed(&TaskFailure::new(
                        Some(THRESHOLD.0.to_owned()),
                        Some(THRESHOLD.1.to_owned()),
                    )),
                Some(Mock::Result(value)) => self.complete(&value),
                None => failed("FAILED", &TaskFailure::new(Some("States.Runtime".to_owned()), None)),
            },
        }
    }

    fn is_map(&self) -> bool {
        matches!(self.state.kind, StateKind::Map(_))
    }

    fn complete(&mut self, result: &Value) -> Map<String, Value> {
        match asl::complete(self.state, &self.inputs, result) {
            Ok(exit) => succeeded(&exit),
            Err(failure) => self.interpreter_failed(&failure),
        }
    }

    /// A cause without AWS's preamble about events: a test has none (recorded: `state_map_context_object`).
    fn interpreter_failed(&mut self, failure: &Failure) -> Map<String, Value> {
        let mut failure = TaskFailure::from(failure);
        if let Some((_, plain)) =
            failure.cause.as_deref().and_then(|cause| cause.split_once("(entered at the event id #2). "))
        {
            failure.cause = Some(plain.to_owned());
        }
        self.task_failed(&failure)
    }

    /// Asks Retry and Catch, as if the matching retrier had been used as often as the test says (TST-04, TST-05).
    fn task_failed(&mut self, failure: &TaskFailure) -> Map<String, Value> {
        let mut counts = RetryCounts::default();
        let mut recovery = Ok(Recovery::Uncaught(failure.clone()));
        for _ in 0..=self.retries {
            recovery = asl::recover(self.state, &self.inputs, failure, &mut counts);
            if !matches!(recovery, Ok(Recovery::Retry { .. })) {
                break;
            }
        }
        let matching = |names: &Vec<String>| {
            names.iter().any(|name| {
                name == "States.ALL" || name == "States.TaskFailed" || failure.error.as_ref() == Some(name)
            })
        };
        let retrier = self.state.retriers().iter().position(|retrier| matching(&retrier.error_equals));
        let mut about = Map::new();
        if let Some(index) = retrier {
            about.insert("retryIndex".to_owned(), json!(index));
        }
        let reply = match recovery {
            Ok(Recovery::Retry { after_ms_max, retrier, .. }) => {
                about.insert("retryIndex".to_owned(), json!(retrier));
                about.insert("retryBackoffIntervalSeconds".to_owned(), json!(after_ms_max / 1000));
                failed("RETRIABLE", failure)
            }
            Ok(Recovery::Caught { catcher, exit }) => {
                about.insert("catchIndex".to_owned(), json!(catcher));
                let mut reply = failed("CAUGHT_ERROR", failure);
                reply.insert("output".to_owned(), json!(exit.output.to_string()));
                if let Next::State(next) = exit.next {
                    reply.insert("nextState".to_owned(), json!(next));
                }
                reply
            }
            Ok(Recovery::Uncaught(failure)) => failed("FAILED", &failure),
            Err(broken) => failed("FAILED", &TaskFailure::from(&broken)),
        };
        if !about.is_empty() {
            self.inspection.insert("errorDetails".to_owned(), Value::Object(about));
        }
        reply
    }
}

fn succeeded(exit: &Exit) -> Map<String, Value> {
    let mut reply = Map::from_iter([
        ("output".to_owned(), json!(exit.output.to_string())),
        ("status".to_owned(), json!("SUCCEEDED")),
    ]);
    if let Next::State(next) = &exit.next {
        reply.insert("nextState".to_owned(), json!(next));
    }
    reply
}

fn failed(status: &str, failure: &TaskFailure) -> Map<String, Value> {
    let mut reply = Map::from_iter([("status".to_owned(), json!(status))]);
    for (name, text) in [("error", &failure.error), ("cause", &failure.cause)] {
        if let Some(text) = text {
            reply.insert(name.to_owned(), json!(text));
        }
    }
    reply
}
