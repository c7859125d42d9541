//! What a caller hands to a state and what it gets back.
//!
//! What it does not do: computing any of it. Invariant: nothing here knows of clocks, tokens or histories; the caller
//! brings the context object and the id of the StateEntered event, and keeps the variables.

use crate::machine::{Next, State};
use crate::resource::Resource;
use indexmap::IndexMap;
use serde_json::{Value, json};

/// The variables in reach of a state; scoping for Parallel and Map is the caller's business.
pub type Variables = IndexMap<String, Value>;

/// What a state can see.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The raw input of the state.
    pub input: &'a Value,
    /// The `$$` object, with `Task.Token` where the task has one and `Map.Item` inside an iteration.
    pub context: &'a Value,
    /// The variables in reach.
    pub variables: &'a Variables,
    /// The id of the StateEntered event; AWS writes it into causes.
    pub event_id: u64,
}

/// What a state does when it is entered.
#[derive(Debug, Clone, PartialEq)]
pub enum Entered {
    /// Ask the resource.
    Task {
        /// `parameters` of TaskScheduled, or `input` of ActivityScheduled and LambdaFunctionScheduled.
        parameters: Value,
        /// `timeoutInSeconds`; none by default (recorded).
        timeout_seconds: Option<u64>,
        /// `heartbeatInSeconds`.
        heartbeat_seconds: Option<u64>,
        /// Credentials, evaluated.
        credentials: Option<Value>,
        /// Whether a document or a recording of AWS decides the parameters.
        sourced: bool,
        /// Whether one decides both windows.
        windows_sourced: bool,
    },
    /// Pass, Choice and Succeed are done at once.
    Exit(Exit),
    /// Wait, then [`crate::complete`].
    Wait {
        /// Until when.
        until: WaitUntil,
        /// Whether a document or a recording of AWS decides it.
        sourced: bool,
    },
    /// The execution, branch or iteration fails.
    Fail {
        /// Absent when the state names none (recorded).
        error: Option<String>,
        /// Absent when the state names none.
        cause: Option<String>,
        /// Whether a document or a recording of AWS decides both.
        sourced: bool,
    },
    /// Run every branch on this input, then [`crate::complete`] with the array of outputs.
    Parallel(Given),
    /// Run the processor for each item, then [`crate::complete`] with the array of outputs.
    Map(MapEntered),
}

/// What a branch or an iteration starts with.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The input of its first state.
    pub input: Value,
    /// Whether a document or a recording of AWS decides it.
    pub sourced: bool,
}

/// How a Map state wants to be run.
#[derive(Debug, Clone, PartialEq)]
pub struct MapEntered {
    /// The items, before ItemSelector and ItemBatcher: see [`crate::item_input`] and [`crate::batches`].
    pub items: Vec<Value>,
    /// 0: no limit.
    pub max_concurrency: u64,
    /// How many failed items a distributed Map bears.
    pub tolerated_count: Option<u64>,
    /// How many per cent of failed items a distributed Map bears.
    pub tolerated_percentage: Option<f64>,
    /// Set when the items come from a service: read them, then use them in place of `items`.
    pub reading: Option<Box<Reading>>,
    /// Set when the results go to a service: the parameters of the ResultWriter, evaluated.
    pub writing: Option<Value>,
    /// The name of the Map Run's part in ARNs.
    pub label: Option<String>,
    /// Whether a document or a recording of AWS decides all of this.
    pub sourced: bool,
}

/// A request of an ItemReader.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The service.
    pub resource: Resource,
    /// Its parameters, evaluated.
    pub arguments: Value,
    /// `ReaderConfig` as written.
    pub config: Value,
    /// The highest number of items; 0 is no limit, a negative one fails the Map Run.
    pub max_items: Option<i64>,
}

/// When a Wait state is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitUntil {
    /// After this many seconds.
    Seconds(u64),
    /// At this time, in milliseconds since 1970 UTC; it may lie in the past.
    Timestamp(i64),
}

/// How a state was left.
#[derive(Debug, Clone, PartialEq)]
pub struct Exit {
    /// `output` of the StateExited event.
    pub output: Value,
    /// Where the execution goes.
    pub next: Next,
    /// `assignedVariables`: what this state assigned, sorted by name as AWS writes it.
    pub assigned: Variables,
    /// Whether a document or a recording of AWS decides all of this. Where none does, nobody is accused for leaving otherwise.
    pub sourced: bool,
    /// Whether one decides at least where the execution goes, if the state is left.
    pub next_sourced: bool,
}

/// An error of the interpreter itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}: {}", cause.as_deref().unwrap_or_default())]
pub struct Failure {
    /// `States.Runtime`, `States.DataLimitExceeded`, `States.QueryEvaluationError`…
    pub error: String,
    /// The text AWS gives.
    pub cause: Option<String>,
    /// Set when the history has an EvaluationFailed event for it (recorded).
    pub evaluation: Option<Evaluation>,
    /// Whether a document or a recording of AWS says that this fails. Where none does, AWS may go on, and nobody is accused for it.
    pub sourced: bool,
}

/// Details of EvaluationFailed beyond error and cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// The field, where AWS names one: `Arguments`, `Output/total`.
    pub location: Option<String>,
    /// The state.
    pub state: String,
}

/// Where a failure comes from; it decides which names match it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The task, its service or its worker, a branch, or an iteration.
    Work,
    /// A missed heartbeat: recorded as `States.Timeout`, matched by that name and by
    /// `States.HeartbeatTimeout`.
    MissedHeartbeat,
    /// A missed heartbeat that Retry and Catch take for `States.HeartbeatTimeout` alone, whatever name is written.
    MissedHeartbeatByName,
    /// The interpreter: a [`Failure`] of [`crate::enter`] or [`crate::complete`].
    Interpreter,
}

/// A failure that Retry and Catch are asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFailure {
    /// The name; absent when SendTaskFailure gave none.
    pub error: Option<String>,
    /// What happened.
    pub cause: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
}

impl TaskFailure {
    /// A failure reported by the worker, the service, a branch or an iteration.
    pub fn new(error: Option<String>, cause: Option<String>) -> Self {
        Self { error, cause, origin: Origin::Work }
    }

    /// The total time limit was reached. The caught cause is an empty string (recorded).
    pub fn timeout() -> Self {
        Self { error: Some("States.Timeout".to_owned()), cause: Some(String::new()), origin: Origin::Work }
    }

    /// No heartbeat came in time.
    pub fn missed_heartbeat() -> Self {
        Self { origin: Origin::MissedHeartbeat, ..Self::timeout() }
    }

    /// The error output that a Catcher hands on: `Error` first, nulls for what is absent (recorded).
    pub fn error_output(&self) -> Value {
        json!({ "Error": self.error, "Cause": self.cause })
    }
}

impl From<&Failure> for TaskFailure {
    fn from(failure: &Failure) -> Self {
        Self { error: Some(failure.error.clone()), cause: failure.cause.clone(), origin: Origin::Interpreter }
    }
}

impl Failure {
    pub(crate) fn new(error: &str, cause: String) -> Self {
        Self { error: error.to_owned(), cause: Some(cause), evaluation: None, sourced: true }
    }

    pub(crate) fn unsourced(self) -> Self {
        Self { sourced: false, ..self }
    }

    /// `States.Runtime` with AWS's preamble. Also for errors that the caller finds, e.g. `The activity … does not exist.`
    pub fn runtime(state: &State, event_id: u64, what: &str) -> Self {
        Self::new("States.Runtime", preamble(&state.name, event_id, what))
    }

    /// The cause without AWS's preamble, as TestState gives it (recorded: test-state, state-map-context-object).
    pub fn plain_cause(&self) -> Option<&str> {
        let cause = self.cause.as_deref()?;
        let after =
            cause.split_once("(entered at the event id #").and_then(|(_, after)| after.split_once("). "));
        Some(after.map_or(cause, |(_, what)| what))
    }

    /// A result or output beyond [`crate::DATA_LIMIT`]; `who` is a state's name, a service, or an ARN (recorded).
    pub fn data_limit(who: &str) -> Self {
        Self::new(
            "States.DataLimitExceeded",
            format!(
                "The state/task '{who}' returned a result with a size exceeding the maximum number of bytes service limit."
            ),
        )
    }
}

/// The most characters of a cause in the API model.
const MAX_CAUSE: usize = 32_768;

pub(crate) fn preamble(state: &str, event_id: u64, what: &str) -> String {
    let mut cause = format!(
        "An error occurred while executing the state '{state}' (entered at the event id #{event_id}). {what}"
    );
    if let Some((end, _)) = cause.char_indices().nth(MAX_CAUSE) {
        cause.truncate(end);
    }
    cause
}

/// How often each retrier was used within one visit of a state (ERR-15); start with `RetryCounts::default()` at StateEntered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetryCounts(pub(crate) Vec<u64>);

impl RetryCounts {
    /// All retries so far: `$$.State.RetryCount`.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The retries of one retrier so far.
    pub fn of(&self, retrier: usize) -> u64 {
        self.0.get(retrier).copied().unwrap_or_default()
    }
}

/// What becomes of a failure.
#[derive(Debug, Clone, PartialEq)]
pub enum Recovery {
    /// Try the state again.
    Retry {
        /// Which retrier.
        retrier: usize,
        /// The wait; with jitter its upper bound.
        after_ms_max: u64,
        /// Whether the wait is drawn between 0 and its bound (ERR-14).
        jitter: bool,
    },
    /// Leave the state by a Catcher.
    Caught {
        /// Which catcher.
        catcher: usize,
        /// Output, next state and assigned variables.
        exit: Exit,
    },
    /// The failure leaves the state.
    Uncaught(TaskFailure),
}

#[cfg(test)]
mod tests {
    use super::{Failure, preamble};

    #[test]
    fn a_cause_has_at_most_32768_characters() {
        assert_eq!(preamble("s", 2, &"é".repeat(40_000)).chars().count(), 32_768);
    }

    #[test]
    fn the_plain_cause_has_no_preamble() {
        let failure = Failure::new("States.Runtime", preamble("a (b). c", 7, "It (x). y"));
        assert_eq!(failure.plain_cause(), Some("It (x). y"));
        assert!(
            Failure::data_limit("s").plain_cause().is_some_and(|cause| cause.starts_with("The state/task"))
        );
    }
}
