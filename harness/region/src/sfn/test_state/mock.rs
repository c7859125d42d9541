//! What stands in place of the service (TST-01, TST-02, M:MockInput).
//!
//! What it does not do: knowing the answers of all services. Invariant: a result that is refused is refused in `STRICT`
//! mode, and with `NONE` no result is that is JSON.

use asl::{Pattern, State, StateKind, TaskFailure};
use record::ApiError;
use serde_json::Value;

use crate::refuse::{constraint, validation};
use crate::request::Request;

/// What stands in place of the service.
pub(super) enum Mock {
    Result(Value),
    Fails(TaskFailure),
}

/// A member of an answer: its name, whether it is of its type, whether every answer has it.
type Member = (&'static str, fn(&Value) -> bool, bool);

/// Answers of the integrations that a callback workflow uses, by the models of their APIs.
const ANSWERS: [(&str, &str, &[Member]); 4] = [
    (
        "lambda",
        "invoke",
        &[
            ("StatusCode", Value::is_i64, false),
            ("FunctionError", Value::is_string, false),
            ("LogResult", Value::is_string, false),
            ("ExecutedVersion", Value::is_string, false),
        ],
    ),
    (
        "sqs",
        "sendMessage",
        &[
            ("MessageId", Value::is_string, false),
            ("MD5OfMessageBody", Value::is_string, false),
            ("MD5OfMessageAttributes", Value::is_string, false),
            ("SequenceNumber", Value::is_string, false),
        ],
    ),
    (
        "sns",
        "publish",
        &[("MessageId", Value::is_string, false), ("SequenceNumber", Value::is_string, false)],
    ),
    ("states", "startExecution", &[("ExecutionArn", Value::is_string, true), ("StartDate", is_time, true)]),
];

fn is_time(value: &Value) -> bool {
    value.is_string() || value.is_number()
}

pub(super) fn read(request: &Request<'_>, state: &State) -> Result<Option<Mock>, ApiError> {
    let kind = state.type_name();
    let mocked = matches!(kind, "Task" | "Parallel" | "Map");
    let Some(mock) = request.object("mock")? else {
        if mocked {
            return Err(validation(format!("State type '{kind}' requires a mock in this region")));
        }
        return Ok(None);
    };
    if !mocked {
        return Err(validation(format!("State type '{kind}' is not supported when a mock is specified")));
    }
    if request.flag("revealSecrets")?.unwrap_or(false) {
        return Err(validation("revealSecrets is not supported when a mock is specified"));
    }
    let mock = Request(mock);
    let mode = mock.word("fieldValidationMode", &["STRICT", "PRESENT", "NONE"])?.unwrap_or("STRICT");
    match (mock.text("result")?, mock.object("errorOutput")?) {
        (Some(_), Some(_)) => Err(validation(
            "A test mock should have only one of the following fields: [result, errorOutput].",
        )),
        (Some(text), None) => {
            let value =
                serde_json::from_str(text).map_err(|_| validation("Mocked result must be valid JSON"))?;
            if mode != "NONE" {
                check(&value, state, mode == "STRICT")?;
            }
            Ok(Some(Mock::Result(value)))
        }
        (None, Some(output)) => {
            let output = Request(output);
            let error = output.required("error", 0, 256)?.to_owned();
            let cause = output.text_within("cause", 0, 32_768)?.map(str::to_owned);
            Ok(Some(Mock::Fails(TaskFailure::new(Some(error), cause))))
        }
        (None, None) => {
            Err(validation("A test mock should have one of the following fields: [result, errorOutput]."))
        }
    }
}

/// A Parallel gives as many outputs as it has branches and a Map a list (ASL), an API what its model says.
fn check(result: &Value, state: &State, strict: bool) -> Result<(), ApiError> {
    match &state.kind {
        StateKind::Parallel { branches, .. }
            if result.as_array().is_none_or(|outputs| outputs.len() != branches.len()) =>
        {
            Err(validation(format!("Mocked result must be an array of size {}.", branches.len())))
        }
        StateKind::Map(map) if !map.writes() && !result.is_array() => {
            Err(validation("Mocked result must be an array."))
        }
        StateKind::Task(task) if task.resource.pattern == Pattern::RequestResponse => {
            let answer = ANSWERS.iter().find(|(service, action, _)| {
                task.resource.service == *service && task.resource.action.eq_ignore_ascii_case(action)
            });
            answer.map_or(Ok(()), |(_, _, members)| check_answer(result, members, strict))
        }
        _ => Ok(()),
    }
}

fn check_answer(result: &Value, members: &[Member], strict: bool) -> Result<(), ApiError> {
    let wrong = |what: String| Err(validation(format!("Mock result schema validation error: {what}")));
    let Value::Object(given) = result else { return wrong("the result must be an object".to_owned()) };
    for (name, fits, required) in members {
        match given.get(*name) {
            Some(value) if !fits(value) => return wrong(format!("field '{name}' is not of its type")),
            None if *required && strict => return wrong(format!("required field '{name}' is missing")),
            _ => {}
        }
    }
    Ok(())
}

/// What the configuration says of the state under test (M:TestStateConfiguration).
#[derive(Default)]
pub(super) struct Configuration<'a> {
    /// How often the retrier of the mocked error was used.
    pub(super) retries: u64,
    /// How many iterations of a Map failed.
    pub(super) failed_items: u64,
    /// What an ItemReader would read.
    pub(super) data: Option<&'a str>,
}

pub(super) fn configuration<'a>(
    request: &Request<'a>,
    state: &State,
    mock: Option<&Mock>,
) -> Result<Configuration<'a>, ApiError> {
    let Some(given) = request.object("stateConfiguration")? else { return Ok(Configuration::default()) };
    let given = Request(given);
    let count = |member: &str| -> Result<u64, ApiError> {
        let number = given.number(member, 0, i64::from(i32::MAX))?.unwrap_or(0);
        Ok(u64::try_from(number).unwrap_or(0))
    };
    if let Some(origin) = given.text_within("errorCausedByState", 1, 80)? {
        let inside =
            state.branches().iter().chain(state.processor()).any(|branch| branch.find(origin).is_some());
        if !inside || !matches!(mock, Some(Mock::Fails(_))) {
            return Err(constraint(
                "stateConfiguration.errorCausedByState",
                origin,
                "Member must name a state inside of a Map or Parallel state whose error is mocked",
            ));
        }
    }
    Ok(Configuration {
        retries: count("retrierRetryCount")?,
        failed_items: count("mapIterationFailureCount")?,
        data: given.text_within("mapItemReaderData", 0, 262_144)?,
    })
}
