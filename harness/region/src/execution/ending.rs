//! The end of an attempt: succeeded, failed, or out of time.

use asl::TaskFailure;
use serde_json::{Value, json};

use super::writer::{error_details, with_data};
use super::{Attempt, ExecutionId, Fault, Mode, StrandId, TaskKind};
use crate::Region;
use crate::conduct::{Clock, Closed};

impl Region {
    /// What a service gave as the result of the task.
    pub(crate) fn task_replied(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        serial: u64,
        reply: Result<Value, TaskFailure>,
    ) {
        self.close_token(serial, Closed::Ended);
        match reply {
            Ok(output) => {
                let Some(current) = self.current(execution, strand) else { return };
                let too_large = current.state().and_then(|state| asl::check_result(state, &output).err());
                match too_large {
                    None => self.task_succeeded(execution, strand, serial, output.to_string()),
                    Some(failure) => {
                        let failure = TaskFailure::new(Some(failure.error), failure.cause);
                        self.task_failed(execution, strand, serial, failure);
                    }
                }
            }
            Err(failure) => self.task_failed(execution, strand, serial, failure),
        }
    }

    pub(super) fn task_succeeded(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        serial: u64,
        text: String,
    ) {
        let Some((attempt, sight)) = self.end_attempt(execution, strand, serial) else { return };
        let output = super::read(&text);
        let (kind, members) = match attempt.kind {
            TaskKind::Integration => {
                let names =
                    [("resourceType", json!(attempt.resource_type)), ("resource", json!(attempt.resource))];
                ("TaskSucceeded", with_data("output", text, names))
            }
            TaskKind::Function => ("LambdaFunctionSucceeded", with_data("output", text, [])),
            TaskKind::Activity => ("ActivitySucceeded", with_data("output", text, [])),
        };
        let id = self.emit(execution, strand, attempt.last, kind, members);
        if let Some(walker) = self.strand(execution, strand) {
            walker.previous = id;
        }
        let Some(state) = sight.state() else { return };
        let outcome = asl::complete(state, &sight.inputs(), &output);
        self.finish(execution, strand, outcome, id);
    }

    pub(super) fn task_failed(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        serial: u64,
        failure: TaskFailure,
    ) {
        let Some((attempt, _)) = self.end_attempt(execution, strand, serial) else { return };
        let mut members = error_details(failure.error.as_deref(), failure.cause.as_deref());
        let kind = attempt.ended("Failed", &mut members);
        let leaf = self.emit(execution, strand, attempt.last, kind, members);
        self.fail_state(execution, strand, &Fault { failure, leaf }, false);
    }

    /// A clock of the task ran out.
    pub(crate) fn task_timed_out(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        serial: u64,
        clock: Clock,
    ) {
        match self.attempt(execution, strand, serial) {
            None => return,
            Some(attempt) if attempt.pending.is_some() => return self.settle(execution, strand, serial),
            Some(_) => {}
        }
        self.close_token(serial, Closed::TimedOut);
        let Some(fault) = self.write_timed_out(execution, strand, serial, clock) else { return };
        self.fail_state(execution, strand, &fault, false);
    }

    /// Writes the event of a clock that ran out; the failure that it is.
    pub(super) fn write_timed_out(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        serial: u64,
        clock: Clock,
    ) -> Option<Fault> {
        self.write_submitted(execution, strand, serial);
        let (attempt, _) = self.end_attempt(execution, strand, serial)?;
        if let Some(child) = attempt.child {
            self.close(child, super::Ending::Aborted { error: None, cause: None }, 0);
        }
        let (error, cause) = self.conduct.timeout_error(clock);
        let mut members = error_details(Some(&error), cause.as_deref());
        let kind = attempt.ended("TimedOut", &mut members);
        let leaf = self.emit(execution, strand, attempt.last, kind, members);
        let lawful =
            if clock == Clock::Heartbeat { TaskFailure::missed_heartbeat() } else { TaskFailure::timeout() };
        // Retry and Catch know a missed heartbeat by both of its names, whichever the history shows.
        let known = clock == Clock::Heartbeat && error == "States.HeartbeatTimeout";
        let error = if known { lawful.error } else { Some(error) };
        let failure = TaskFailure { error, cause: cause.or(lawful.cause), origin: lawful.origin };
        Some(Fault { failure, leaf })
    }

    /// Takes the attempt out of its state and stops its clocks.
    fn end_attempt(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        serial: u64,
    ) -> Option<(Attempt, super::walk::Sight)> {
        self.attempt(execution, strand, serial)?;
        let sight = self.sight(execution, strand, None)?;
        let visit = self.visit(execution, strand)?;
        let Mode::Task(attempt) = std::mem::replace(&mut visit.mode, Mode::Halted) else { return None };
        for key in attempt
            .timeout_timer
            .into_iter()
            .chain(attempt.heartbeat_timer)
            .chain(std::mem::take(&mut visit.timers))
        {
            self.timers.cancel(key);
        }
        Some((*attempt, sight))
    }
}

impl Attempt {
    /// The type of the closing event, with the names of the resource where it has them.
    fn ended(&self, how: &'static str, members: &mut Option<serde_json::Map<String, Value>>) -> &'static str {
        if let (TaskKind::Integration, Some(members)) = (self.kind, members) {
            members.insert("resourceType".to_owned(), json!(self.resource_type));
            members.insert("resource".to_owned(), json!(self.resource));
        }
        match (self.kind, how) {
            (TaskKind::Integration, "Failed") => "TaskFailed",
            (TaskKind::Integration, _) => "TaskTimedOut",
            (TaskKind::Function, "Failed") => "LambdaFunctionFailed",
            (TaskKind::Function, _) => "LambdaFunctionTimedOut",
            (TaskKind::Activity, "Failed") => "ActivityFailed",
            (TaskKind::Activity, _) => "ActivityTimedOut",
        }
    }
}
