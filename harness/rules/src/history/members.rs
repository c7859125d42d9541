//! What the detail object of each event type may hold: after the API model and the recordings.

/// What a member's value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A string of at most this many characters.
    Text(usize),
    /// One that is not empty.
    Name(usize),
    /// A string that holds JSON of at most 262,144 bytes (IO-10).
    Json,
    /// A whole number from 0.
    Count,
    /// A whole number from 1.
    Positive,
    /// `{"truncated": false}` (GEH-09).
    Truncation,
    /// `{"roleArn": "…"}`.
    Credentials,
    /// An object whose values are strings that hold JSON.
    Variables,
}

/// One member of a detail object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// The rule that a missing member breaks; none where the member is optional.
    pub(super) required: Option<&'static str>,
    /// Whether the API model requires it too; AWS shows the others always.
    pub(super) modelled: bool,
    /// Whether `includeExecutionData: false` removes it (GEH-08, A-17).
    pub(super) data: bool,
}

const fn optional(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, required: None, modelled: false, data: false }
}

const fn required(name: &'static str, shape: Shape, rule: &'static str) -> Member {
    Member { name, shape, required: Some(rule), modelled: true, data: false }
}

const fn recorded(name: &'static str, shape: Shape, rule: &'static str) -> Member {
    Member { name, shape, required: Some(rule), modelled: false, data: false }
}

const fn data(name: &'static str, rule: &'static str) -> Member {
    Member { name, shape: Shape::Json, required: Some(rule), modelled: false, data: true }
}

const ARN: Shape = Shape::Name(2048);
const ERROR: Member = optional("error", Shape::Text(256));
const CAUSE: Member = optional("cause", Shape::Text(32_768));
const INPUT_DETAILS: Member = optional("inputDetails", Shape::Truncation);
const OUTPUT_DETAILS: Member = optional("outputDetails", Shape::Truncation);
const TIMEOUT: Member = optional("timeoutInSeconds", Shape::Positive);
const HEARTBEAT: Member = optional("heartbeatInSeconds", Shape::Positive);
const CREDENTIALS: Member = optional("taskCredentials", Shape::Credentials);
const RESOURCE_TYPE: Member = required("resourceType", Shape::Name(2048), "HIS-16");
const RESOURCE: Member = required("resource", Shape::Name(2048), "HIS-16");

const FAILURE: &[Member] = &[ERROR, CAUSE];
const TASK_FAILURE: &[Member] = &[RESOURCE_TYPE, RESOURCE, ERROR, CAUSE];
const ITERATION: &[Member] =
    &[recorded("name", Shape::Name(80), "HIS-26"), recorded("index", Shape::Count, "HIS-26")];

macro_rules! table {
    ($($member:expr),* $(,)?) => { const { &[$($member),*] } };
}

/// The members of a type's detail object; empty where the type has none, `None` for types that are not modelled.
pub(super) fn members(kind: &str) -> Option<&'static [Member]> {
    let table: &[Member] = match kind {
        "ExecutionStarted" => table![
            data("input", "HIS-05"),
            INPUT_DETAILS,
            recorded("roleArn", ARN, "HIS-05"),
            optional("stateMachineAliasArn", ARN),
            optional("stateMachineVersionArn", ARN),
        ],
        "ExecutionSucceeded" => table![data("output", "HIS-12"), OUTPUT_DETAILS],
        "ExecutionRedriven" => table![optional("redriveCount", Shape::Count)],
        "TaskStateEntered"
        | "PassStateEntered"
        | "ChoiceStateEntered"
        | "WaitStateEntered"
        | "SucceedStateEntered"
        | "FailStateEntered"
        | "ParallelStateEntered"
        | "MapStateEntered" => {
            table![required("name", Shape::Name(80), "HIS-10"), data("input", "HIS-12"), INPUT_DETAILS]
        }
        "TaskStateExited"
        | "PassStateExited"
        | "ChoiceStateExited"
        | "WaitStateExited"
        | "SucceedStateExited"
        | "ParallelStateExited"
        | "MapStateExited" => table![
            required("name", Shape::Name(80), "HIS-10"),
            data("output", "HIS-12"),
            OUTPUT_DETAILS,
            optional("assignedVariables", Shape::Variables),
            optional("assignedVariablesDetails", Shape::Truncation),
        ],
        "TaskScheduled" => table![
            RESOURCE_TYPE,
            RESOURCE,
            required("region", Shape::Name(80), "HIS-17"),
            data("parameters", "HIS-17"),
            TIMEOUT,
            HEARTBEAT,
            CREDENTIALS,
        ],
        "TaskStarted" => table![RESOURCE_TYPE, RESOURCE],
        "TaskSubmitted" => table![RESOURCE_TYPE, RESOURCE, data("output", "HIS-18"), OUTPUT_DETAILS],
        "TaskSucceeded" => table![RESOURCE_TYPE, RESOURCE, data("output", "HIS-19"), OUTPUT_DETAILS],
        "TaskStartFailed" | "TaskSubmitFailed" | "TaskFailed" | "TaskTimedOut" => TASK_FAILURE,
        "ActivityScheduled" => table![
            required("resource", ARN, "HIS-28"),
            data("input", "HIS-28"),
            INPUT_DETAILS,
            TIMEOUT,
            HEARTBEAT,
        ],
        "ActivityStarted" => table![optional("workerName", Shape::Text(256))],
        "ActivitySucceeded" | "LambdaFunctionSucceeded" => table![data("output", "HIS-19"), OUTPUT_DETAILS],
        "ExecutionFailed"
        | "ExecutionAborted"
        | "ExecutionTimedOut"
        | "ActivityScheduleFailed"
        | "ActivityFailed"
        | "ActivityTimedOut"
        | "LambdaFunctionScheduleFailed"
        | "LambdaFunctionStartFailed"
        | "LambdaFunctionFailed"
        | "LambdaFunctionTimedOut"
        | "MapRunFailed" => FAILURE,
        "LambdaFunctionScheduled" => table![
            required("resource", ARN, "HIS-28"),
            data("input", "HIS-28"),
            INPUT_DETAILS,
            TIMEOUT,
            CREDENTIALS,
        ],
        // Absent, it is missed where iterations begin: a Map Run counts its items itself.
        "MapStateStarted" => table![optional("length", Shape::Count)],
        "MapIterationStarted" | "MapIterationSucceeded" | "MapIterationFailed" | "MapIterationAborted" => {
            ITERATION
        }
        "MapRunStarted" => table![recorded("mapRunArn", ARN, "HIS-26")],
        "MapRunRedriven" => table![optional("mapRunArn", ARN), optional("redriveCount", Shape::Count)],
        "EvaluationFailed" => {
            table![
                required("state", Shape::Name(80), "HIS-10"),
                optional("location", Shape::Text(2048)),
                ERROR,
                CAUSE
            ]
        }
        _ if record::history::is_modelled(kind) => &[],
        _ => return None,
    };
    Some(table)
}

/// Whether any event type has a detail of this name.
pub(super) fn is_member_of_some(name: &str) -> bool {
    let mut of_all = record::history::EVENT_TYPES.iter().filter_map(|(kind, _)| members(kind)).flatten();
    of_all.any(|member| member.name == name)
}

#[cfg(test)]
mod tests {
    use super::members;
    use record::history::EVENT_TYPES;

    #[test]
    fn every_modelled_type_with_a_detail_member_has_a_table() {
        for (kind, member) in EVENT_TYPES {
            let table = members(kind).unwrap();
            assert_eq!(table.is_empty(), member.is_none(), "{kind}");
        }
        assert!(members("PassStateAborted").is_none());
    }
}
