//! One visit of the state under test: what it gives, and what the inspection shows of it.
//!
//! What it does not do: reading the request. Invariant: the stages are those of [`asl::inspect`] and
//! [`asl::inspect_items`], as far as the visit came.

use asl::{
    Entered, Exit, Failure, Inputs, MapEntered, Next, Recovery, RetryCounts, State, StateKind, TaskFailure,
    Variables,
};
use serde_json::{Map, Value, json};

use super::mock::{Configuration, Mock};
use super::source;

/// What a Map fails with when too many items failed.
const THRESHOLD: (&str, &str) =
    ("States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded");

/// What is known of the test.
pub(super) struct Trial<'a> {
    pub(super) state: &'a State,
    pub(super) inputs: Inputs<'a>,
    pub(super) mock: Option<Mock>,
    pub(super) configuration: Configuration<'a>,
    pub(super) inspection: Map<String, Value>,
}

impl Trial<'_> {
    pub(super) fn run(&mut self) -> Map<String, Value> {
        let entered = asl::enter(self.state, &self.inputs);
        let result = match &self.mock {
            Some(Mock::Result(value)) if entered.is_ok() && !self.is_map() => Some(value),
            _ => None,
        };
        let stages = asl::inspect(self.state, &self.inputs, result);
        self.show(stages);
        self.assigned(&Variables::new());
        match entered {
            Err(failure) => self.interpreter_failed(&failure),
            Ok(Entered::Exit(exit)) => self.succeeded(&exit),
            Ok(Entered::Wait { .. }) => self.complete(&self.inputs.input.clone()),
            Ok(Entered::Fail { error, cause, .. }) => failed("FAILED", &TaskFailure::new(error, cause)),
            Ok(Entered::Map(map)) => self.map(map),
            Ok(Entered::Task { .. } | Entered::Parallel(_)) => self.answered(),
        }
    }

    fn show(&mut self, stages: impl IntoIterator<Item = (&'static str, Value)>) {
        let texts = stages.into_iter().map(|(name, value)| (name.to_owned(), json!(value.to_string())));
        self.inspection.extend(texts);
    }

    /// The variables after the state, if there are any.
    fn assigned(&mut self, assigned: &Variables) {
        let mut variables = self.inputs.variables.clone();
        variables.extend(assigned.clone());
        if !variables.is_empty() {
            self.show([("variables", json!(variables))]);
        }
    }

    fn map(&mut self, mut map: MapEntered) -> Map<String, Value> {
        self.inspection.insert("maxConcurrency".to_owned(), json!(map.max_concurrency));
        if let Some(count) = map.tolerated_count {
            self.inspection.insert("toleratedFailureCount".to_owned(), json!(count));
        }
        if let Some(percentage) = map.tolerated_percentage {
            self.inspection.insert("toleratedFailurePercentage".to_owned(), json!(percentage));
        }
        if let (Some(reading), Some(data)) = (&map.reading, self.configuration.data) {
            match source::items(reading, data) {
                Ok(items) => map.items = items,
                Err(failure) => return self.task_failed(&failure),
            }
        }
        let mut stages = indexmap::IndexMap::new();
        let iterations = asl::inspect_items(&mut stages, self.state, &self.inputs, &map);
        self.show(stages);
        match iterations {
            Err(failure) => self.interpreter_failed(&failure),
            Ok(iterations) if self.too_many_failed(&map, iterations) => {
                let (error, cause) = THRESHOLD;
                self.task_failed(&TaskFailure::new(Some(error.to_owned()), Some(cause.to_owned())))
            }
            Ok(_) => self.answered(),
        }
    }

    /// As in a Map Run: what is not tolerated by either of its thresholds.
    fn too_many_failed(&self, map: &MapEntered, iterations: usize) -> bool {
        let failed = self.configuration.failed_items;
        let percentage = failed as f64 * 100.0 / iterations.max(1) as f64;
        let above_count = map.tolerated_count.map(|most| failed > most);
        let above_percentage = map.tolerated_percentage.map(|most| percentage > most);
        let exceeded = match (above_count, above_percentage) {
            (None, None) => true,
            (count, percentage) => count == Some(true) || percentage == Some(true),
        };
        failed > 0 && exceeded && matches!(self.mock, Some(Mock::Result(_)))
    }

    fn answered(&mut self) -> Map<String, Value> {
        match self.mock.take() {
            Some(Mock::Fails(failure)) => self.task_failed(&failure),
            Some(Mock::Result(value)) => self.complete(&value),
            None => failed("FAILED", &TaskFailure::new(Some("States.Runtime".to_owned()), None)),
        }
    }

    fn is_map(&self) -> bool {
        matches!(self.state.kind, StateKind::Map(_))
    }

    fn complete(&mut self, result: &Value) -> Map<String, Value> {
        match asl::complete(self.state, &self.inputs, result) {
            Ok(exit) => self.succeeded(&exit),
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
        for _ in 0..=self.configuration.retries.min(100_000) {
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
                self.assigned(&exit.assigned);
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

    fn succeeded(&mut self, exit: &Exit) -> Map<String, Value> {
        self.assigned(&exit.assigned);
        let mut reply = Map::from_iter([
            ("output".to_owned(), json!(exit.output.to_string())),
            ("status".to_owned(), json!("SUCCEEDED")),
        ]);
        if let Next::State(next) = &exit.next {
            reply.insert("nextState".to_owned(), json!(next));
        }
        reply
    }
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
