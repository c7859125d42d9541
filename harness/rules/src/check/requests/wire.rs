//! WIRE: codes, statuses, timestamps and empty replies, for every call of Step Functions in a case.

use record::{Operation as Api, Service, Time};
use serde_json::Value;

use crate::check::requests::model::{Kind, requests};
use crate::check::{Check, Group, Sink};
use crate::view::{Answer, COMMON_CODES, Call, View};

const PROTOCOL: Check = Check::of(
    "WIRE-01",
    "answers-are-of-the-protocol",
    "a request is answered with a JSON reply or an error of AWS, not each time with silence or a page",
);
pub(in crate::check) const TIMES: Check = Check::of(
    "WIRE-02",
    "timestamps-are-epoch-seconds",
    "timestamps in replies are JSON numbers of epoch seconds, near the client's clock",
);
const STATUS: Check = Check::of(
    "WIRE-03",
    "errors-have-their-status",
    "modelled errors answer HTTP 400, ConflictException 409, ServiceQuotaExceededException 402",
);
const EMPTY: Check =
    Check::of("WIRE-04", "send-task-replies-are-empty", "a successful SendTask* call answers with no data");
const BOUNDS: Check = Check::of(
    "WIRE-05",
    "values-out-of-bounds-are-refused",
    "a member outside its modelled length, range or enum, or missing though required, is refused with ValidationException",
);
const ROW: Check = Check::of(
    "WIRE-06",
    "codes-belong-to-the-operation",
    "an operation answers only with its own modelled errors or the common ones",
);
const THROTTLE: Check =
    Check::of("WIRE-07", "throttling-has-its-code", "throttling answers HTTP 400 ThrottlingException");
const KMS: Check = Check::of(
    "WIRE-08",
    "no-kms-errors-without-a-key",
    "KMS errors appear only where a customer-managed key is used",
);
const SIZE: Check =
    Check::of("WIRE-09", "requests-over-a-megabyte-are-refused", "a request over 1 MB is refused");
const OPACITY: Check = Check::of(
    "WIRE-10",
    "messages-are-no-contract",
    "errors are told apart by code and status; their text is not judged",
);

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[PROTOCOL], run: protocol },
    Group { checks: &[TIMES], run: timestamps },
    Group { checks: &[STATUS, ROW, KMS, OPACITY], run: errors },
    Group { checks: &[EMPTY], run: empty_replies },
    Group { checks: &[BOUNDS], run: bounds },
    Group { checks: &[THROTTLE], run: throttling },
    Group { checks: &[SIZE], run: size },
];

const K: &[&str] = &["KmsAccessDeniedException", "KmsInvalidStateException", "KmsThrottlingException"];

/// The modelled errors of an operation, KMS errors apart (the API model's `errors`).
pub(in crate::check) fn modelled(operation: Api) -> Option<&'static [&'static str]> {
    Some(match operation {
        Api::StartExecution => &[
            "ExecutionLimitExceeded",
            "ExecutionAlreadyExists",
            "InvalidArn",
            "InvalidExecutionInput",
            "InvalidName",
            "StateMachineDoesNotExist",
            "StateMachineDeleting",
        ],
        Api::SendTaskSuccess => &["TaskDoesNotExist", "InvalidOutput", "InvalidToken", "TaskTimedOut"],
        Api::SendTaskFailure | Api::SendTaskHeartbeat => {
            &["TaskDoesNotExist", "InvalidToken", "TaskTimedOut"]
        }
        Api::GetExecutionHistory => &["ExecutionDoesNotExist", "InvalidArn", "InvalidToken"],
        Api::DescribeExecution | Api::DescribeStateMachineForExecution | Api::StopExecution => {
            &["ExecutionDoesNotExist", "InvalidArn"]
        }
        Api::ListExecutions => &[
            "InvalidArn",
            "InvalidToken",
            "StateMachineDoesNotExist",
            "StateMachineTypeNotSupported",
            "ResourceNotFound",
        ],
        Api::RedriveExecution => {
            &["ExecutionDoesNotExist", "ExecutionNotRedrivable", "ExecutionLimitExceeded", "InvalidArn"]
        }
        Api::GetActivityTask => &["ActivityDoesNotExist", "ActivityWorkerLimitExceeded", "InvalidArn"],
        Api::CreateStateMachine => &[
            "InvalidArn",
            "InvalidDefinition",
            "InvalidName",
            "InvalidLoggingConfiguration",
            "InvalidTracingConfiguration",
            "StateMachineAlreadyExists",
            "StateMachineDeleting",
            "StateMachineLimitExceeded",
            "StateMachineTypeNotSupported",
            "TooManyTags",
            "ConflictException",
            "InvalidEncryptionConfiguration",
        ],
        Api::UpdateStateMachine => &[
            "InvalidArn",
            "InvalidDefinition",
            "InvalidLoggingConfiguration",
            "InvalidTracingConfiguration",
            "MissingRequiredParameter",
            "StateMachineDeleting",
            "StateMachineDoesNotExist",
            "ServiceQuotaExceededException",
            "ConflictException",
            "InvalidEncryptionConfiguration",
        ],
        Api::DeleteStateMachine | Api::DeleteActivity => &["InvalidArn"],
        Api::DescribeStateMachine => &["InvalidArn", "StateMachineDoesNotExist"],
        Api::TestState => &["InvalidArn", "InvalidDefinition", "InvalidExecutionInput"],
        Api::ValidateStateMachineDefinition => &[],
        Api::ListStateMachines | Api::ListActivities => &["InvalidToken"],
        Api::CreateActivity => &[
            "ActivityAlreadyExists",
            "ActivityLimitExceeded",
            "InvalidName",
            "TooManyTags",
            "InvalidEncryptionConfiguration",
        ],
        Api::DescribeActivity => &["ActivityDoesNotExist", "InvalidArn"],
        _ => return None,
    })
}

fn protocol(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls.iter().filter(|call| call.operation.service() == Service::States) {
        if call.mute && !is_oversize(call) {
            sink.violated(
                PROTOCOL,
                format!("{} had no answer that can be read in three tries in a row", call.operation),
            );
        } else if call.was_looked_at() {
            sink.met(PROTOCOL);
        }
    }
}

fn errors(view: &View<'_>, sink: &mut Sink) {
    let keyed = view.calls.iter().any(|call| call.has("encryptionConfiguration"));
    for call in view.calls.iter().filter(|call| call.operation.service() == Service::States) {
        let Some(own) = modelled(call.operation) else { continue };
        let Some(error) = call.answer.error() else {
            continue;
        };
        if matches!(call.answer, Answer::Unsupported(_)) || is_oversize(call) {
            continue;
        }
        let code = error.code.as_str();
        sink.met(OPACITY);
        let common = COMMON_CODES.contains(&code);
        let kms = K.contains(&code);
        if kms && !keyed {
            sink.violated(KMS, format!("{} answered {code} though no key is configured", call.operation));
            continue;
        }
        sink.met(KMS);
        sink.expect(ROW, own.contains(&code) || common || kms || error.is_passing(), || {
            format!(
                "{} answered {code} ({}); it has only {own:?} and the common errors",
                call.operation, error.status
            )
        });
        if let (Answer::Refused(_), true) = (call.answer, error.status >= 500) {
            sink.violated(STATUS, format!("{} answered {error} each time it was asked", call.operation));
        } else if own.contains(&code) {
            let expected = match code {
                "ConflictException" => 409,
                "ServiceQuotaExceededException" => 402,
                _ => 400,
            };
            sink.expect(STATUS, error.status == expected, || {
                format!("{} answered {code} with HTTP {}, not {expected}", call.operation, error.status)
            });
        } else if code == "ValidationException" {
            sink.expect(STATUS, error.status == 400, || {
                format!("{} answered {code} with HTTP {}, not 400", call.operation, error.status)
            });
        }
    }
}

fn timestamps(view: &View<'_>, sink: &mut Sink) {
    const MEMBERS: &[&str] = &["startDate", "stopDate", "creationDate", "updateDate", "redriveDate"];
    let start = view.calls.first().map_or(Time(0), |call| call.begun);
    let mut look = |call: &Call<'_>, name: &str, value: &Value, earliest: Option<Time>| {
        let Some(stamp) = value.as_f64().filter(|stamp| (0.0..1e11).contains(stamp)) else {
            sink.violated(
                TIMES,
                format!("{} answered {name} as {value}, not as epoch seconds", call.operation),
            );
            return;
        };
        let stamp = Time::from_epoch_seconds(stamp);
        let late = stamp - call.ended > NEAR;
        let early = earliest.is_some_and(|earliest| earliest - stamp > NEAR);
        sink.expect(TIMES, !late && !early, || {
            format!(
                "{} answered {name} {stamp}, more than a minute from the client's {}",
                call.operation, call.ended
            )
        });
    };
    for call in view.calls.iter().filter(|call| call.operation.service() == Service::States) {
        let Some(reply) = call.answer.done() else { continue };
        // Only what this case made can be dated from below.
        let own = match call.operation {
            Api::StartExecution | Api::StopExecution => Some(start),
            _ => call.text("executionArn").filter(|arn| view.by_arn.contains_key(arn)).map(|_| start),
        };
        for name in MEMBERS {
            if let Some(value) = reply.get(name).filter(|value| !value.is_null()) {
                look(call, name, value, own);
            }
        }
        for event in reply.get("events").and_then(Value::as_array).into_iter().flatten() {
            if let Some(value) = event.get("timestamp") {
                look(call, "timestamp", value, own);
            }
        }
        for body in reply.get("executions").and_then(Value::as_array).into_iter().flatten() {
            if let Some(value) = body.get("startDate") {
                look(call, "startDate", value, None);
            }
        }
    }
}

const NEAR: i64 = 60_000;

fn empty_replies(view: &View<'_>, sink: &mut Sink) {
    for operation in &view.operations {
        let Some(call) = view.call_of(operation) else { continue };
        let Some(reply) = call.answer.done() else { continue };
        let empty = match reply {
            Value::Null => true,
            Value::Object(members) => members.is_empty(),
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        sink.expect(EMPTY, empty, || format!("{} answered 200 with data", call.operation));
    }
}

fn bounds(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls.iter().filter(|call| call.operation.service() == Service::States) {
        let Some(what) = out_of_bounds(call).filter(|_| !is_oversize(call)) else { continue };
        match call.answer {
            Answer::Done(_) => sink.violated(BOUNDS, format!("{} with {what} answered 200", call.operation)),
            Answer::Refused(error) => {
                let fits = matches!(
                    error.code.as_str(),
                    "ValidationException" | "SerializationException" | "MissingRequiredParameter"
                ) || error.code.starts_with("Invalid");
                sink.expect(BOUNDS, fits && error.status == 400, || {
                    format!(
                        "{} with {what} answered {} ({}), not ValidationException",
                        call.operation, error.code, error.status
                    )
                });
            }
            _ => {}
        }
    }
}

/// The first member that the API model's constraints forbid, if any. Members of another JSON type are not judged: no source
/// says what the service makes of them.
pub(in crate::check) fn out_of_bounds(call: &Call<'_>) -> Option<String> {
    let members = requests::members(call.operation);
    if call.garbled {
        return (!members.is_empty()).then(|| "a body that is no JSON object".to_owned());
    }
    if let Some(missing) = members.iter().find(|member| member.required && !call.has(member.name)) {
        return Some(format!("no {}", missing.name));
    }
    members.iter().find_map(|member| {
        let value = call.input.get(member.name).filter(|value| match member.kind {
            Kind::Whole(..) => value.is_number(),
            _ => value.is_string(),
        })?;
        member.kind.flaw(value).map(|flaw| format!("a {} that is {flaw}", member.name))
    })
}

fn throttling(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls.iter().filter(|call| call.operation.service() == Service::States) {
        let Answer::Throttled(error) = call.answer else { continue };
        if error.status == 503
            || error.code.starts_with("ServiceUnavailable")
            || error.code.starts_with("Kms")
        {
            continue;
        }
        sink.expect(THROTTLE, error.code == "ThrottlingException" && error.status == 400, || {
            format!("{} answered throttling as {} ({})", call.operation, error.code, error.status)
        });
    }
}

fn size(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls.iter().filter(|call| call.operation.service() == Service::States) {
        if !is_oversize(call) {
            continue;
        }
        match call.answer {
            Answer::Done(_) => {
                sink.violated(SIZE, format!("{} of more than 1,048,576 bytes answered 200", call.operation));
            }
            Answer::Refused(_) => sink.met(SIZE),
            _ => {}
        }
    }
}

/// Whether a request is beyond the limit in all: then any refusal is lawful, whatever else is wrong with it (WIRE-09).
pub(in crate::check) fn is_oversize(call: &Call<'_>) -> bool {
    let texts: usize = call.input.values().filter_map(Value::as_str).map(str::len).sum();
    let raw = call.entry.call.raw_body.as_ref().map_or(0, String::len);
    texts.max(raw) > 1_048_576
}
