//! The beginning and the end of an execution.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::{TaskFailure, Variables};
use record::Time;
use serde_json::{Value, json};

use super::writer::{error_details, with_data};
use super::{Alarmed, Execution, ExecutionId, Parent, ROOT, Status, Step, Strand, StrandId, read};
use crate::Region;
use crate::conduct::{Alarm, Clock, Closed};
use crate::region::Due;

/// The longest life of an execution: one year (TMO-12).
const YEAR_MS: i64 = 31_536_000_000;
/// How many executions may begin at one moment.
const MOST_AT_ONCE: u64 = 20_000;

/// How an execution ends.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    Succeeded(String),
    Failed { error: Option<String>, cause: Option<String> },
    TimedOut,
    Aborted { error: Option<String>, cause: Option<String> },
}

impl Ending {
    pub(crate) fn failed(error: &str, cause: Option<String>) -> Self {
        Self::Failed { error: Some(error.to_owned()), cause }
    }
}

/// What an execution starts with.
pub(crate) struct Start {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) machine: Arc<crate::sfn::Revision>,
    pub(crate) version_arn: Option<String>,
    pub(crate) alias_arn: Option<String>,
    pub(crate) map_run_arn: Option<String>,
    pub(crate) processor: Option<String>,
    pub(crate) item: Option<(usize, Value)>,
    pub(crate) input: String,
    pub(crate) parent: Option<Parent>,
    pub(crate) variables: Arc<Variables>,
    pub(crate) trace_header: Option<String>,
}

impl Region {
    /// Begins an execution and lets it run as far as it can without time passing, once the current call is done.
    pub(crate) fn begin(&mut self, start: Start) -> ExecutionId {
        self.next_execution += 1;
        let id = self.next_execution;
        let first = match &start.processor {
            Some(state) => {
                start.machine.machine.find(state).and_then(|s| s.processor()).map(|p| p.start_at.clone())
            }
            None => Some(start.machine.machine.start_at.clone()),
        };
        let root =
            Strand { parent: None, previous: 0, variables: start.variables, item: start.item, visit: None };
        let input = read(&start.input);
        let execution = Execution {
            arn: start.arn.clone(),
            name: start.name,
            machine: start.machine,
            version_arn: start.version_arn,
            alias_arn: start.alias_arn,
            map_run_arn: start.map_run_arn,
            processor: start.processor,
            input: start.input,
            status: Status::Running,
            start: self.now,
            stop: None,
            output: None,
            error: None,
            cause: None,
            events: Vec::new(),
            strands: BTreeMap::from([(ROOT, root)]),
            next_strand: 1,
            timers: Vec::new(),
            parent: start.parent,
            redrives: 0,
            redriven: None,
            redrive_tokens: Vec::new(),
            trace_header: start.trace_header,
            relabelled: false,
        };
        let members = [
            ("roleArn", json!(execution.machine.role_arn)),
            ("stateMachineVersionArn", json!(execution.version_arn)),
            ("stateMachineAliasArn", json!(execution.alias_arn)),
        ];
        let members = with_data("input", execution.input.clone(), members);
        self.executions.insert(id, execution);
        self.execution_ids.insert(start.arn, id);
        self.emit(id, ROOT, 0, "ExecutionStarted", members);
        self.set_machine_timers(id);
        self.announce(id);
        if let Some(first) = first {
            self.begun += 1;
            if self.begun > MOST_AT_ONCE {
                // Executions that start each other without end make time pass, or the region would never come to rest.
                let due = Time(self.now.0.saturating_add(1_000));
                let key =
                    self.timers.set(due, Due::Execution(Alarmed::Step(id, ROOT, Step::Enter(first, input))));
                if let Some(known) = self.executions.get_mut(&id) {
                    known.timers.push(key);
                }
            } else {
                self.ready.push_back((id, ROOT, Step::Enter(first, input)));
            }
        }
        id
    }

    /// The clock of the whole machine, and the year.
    pub(super) fn set_machine_timers(&mut self, execution: ExecutionId) {
        let Some(known) = self.executions.get(&execution) else { return };
        let seconds = if known.processor.is_some() { None } else { known.machine.machine.timeout_seconds };
        let year = Time(known.start.0.saturating_add(YEAR_MS)).max(self.now);
        let mut keys = vec![self.timers.set(year, Due::Execution(Alarmed::MachineTimeout(execution)))];
        if let Some(seconds) = seconds {
            let span = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
            let alarm = Alarm {
                clock: Clock::Machine,
                from: self.now,
                due: Time(self.now.0.saturating_add(span)),
                nested: false,
                beats: 0,
            };
            if let Some(due) = self.conduct.fires_at(alarm) {
                keys.push(
                    self.timers.set(due.max(self.now), Due::Execution(Alarmed::MachineTimeout(execution))),
                );
            }
        }
        if let Some(known) = self.executions.get_mut(&execution) {
            known.timers.extend(keys);
        }
    }

    /// Ends a running execution: its last event, its tokens, its parent, its status event.
    pub(crate) fn close(&mut self, execution: ExecutionId, ending: Ending, previous: u64) {
        let Some(known) = self.executions.get_mut(&execution) else { return };
        if !known.is_running() {
            return;
        }
        for key in std::mem::take(&mut known.timers) {
            self.timers.cancel(key);
        }
        let strands: Vec<StrandId> = known.strands.keys().copied().collect();
        for strand in strands {
            self.halt(execution, strand);
        }
        let (status, kind, members, previous) = match &ending {
            Ending::Succeeded(output) => {
                (Status::Succeeded, "ExecutionSucceeded", with_data("output", output.clone(), []), previous)
            }
            Ending::Failed { error, cause } => (
                Status::Failed,
                "ExecutionFailed",
                error_details(error.as_deref(), cause.as_deref()),
                previous,
            ),
            Ending::TimedOut => {
                (Status::TimedOut, "ExecutionTimedOut", error_details(Some("States.Timeout"), None), 0)
            }
            Ending::Aborted { error, cause } => {
                (Status::Aborted, "ExecutionAborted", error_details(error.as_deref(), cause.as_deref()), 0)
            }
        };
        self.append(execution, false, previous, kind, members);
        let now = self.now;
        let Some(known) = self.executions.get_mut(&execution) else { return };
        known.status = status;
        known.stop = Some(now);
        match ending {
            Ending::Succeeded(output) => known.output = Some(output),
            Ending::Failed { error, cause } | Ending::Aborted { error, cause } => {
                known.error = error;
                known.cause = cause;
            }
            Ending::TimedOut => {}
        }
        if status == Status::Succeeded {
            known.strands.clear();
        }
        let parent = known.parent;
        self.announce(execution);
        match parent {
            Some(Parent::Task { execution: above, strand, serial }) => {
                self.sync_done(above, strand, serial, execution);
            }
            Some(Parent::MapRun { execution: above, strand, index }) => {
                self.run_child_done(above, strand, index, execution);
            }
            None => {}
        }
        self.settle_deletion(execution);
    }

    /// The execution that a `.sync` task waits for has ended (recorded).
    fn sync_done(&mut self, above: ExecutionId, strand: StrandId, serial: u64, child: ExecutionId) {
        let Some(attempt) = self.attempt(above, strand, serial) else { return };
        if attempt.child != Some(child) {
            return;
        }
        let parsed = attempt.resource.ends_with(".sync:2");
        let Some(known) = self.executions.get(&child) else { return };
        let succeeded = known.status == Status::Succeeded;
        let about = crate::sfn::capitalised(known, self.now, parsed && succeeded);
        let reply = if succeeded {
            Ok(about)
        } else {
            Err(TaskFailure::new(Some("States.TaskFailed".to_owned()), Some(about.to_string())))
        };
        // What a service does itself ends only after it has answered.
        self.write_submitted(above, strand, serial);
        self.task_replied(above, strand, serial, reply);
    }

    /// Takes what a timer of an execution says.
    pub(crate) fn alarmed(&mut self, what: Alarmed) {
        match what {
            Alarmed::Step(execution, strand, step) => self.step(execution, strand, step),
            Alarmed::TaskTimeout(execution, strand, serial, clock) => {
                self.task_timed_out(execution, strand, serial, clock);
            }
            Alarmed::Scripted(execution, strand, serial, ending) => {
                self.scripted_end(execution, strand, serial, ending);
            }
            Alarmed::MachineTimeout(execution) => {
                self.settle_all(execution);
                self.close(execution, Ending::TimedOut, 0);
            }
        }
    }

    /// Changes the status and nothing else: what some emulators take for a stop.
    pub(crate) fn relabel(&mut self, execution: ExecutionId, error: Option<String>, cause: Option<String>) {
        let now = self.now;
        if let Some(known) = self.executions.get_mut(&execution) {
            known.stop.get_or_insert(now);
            known.error = error;
            known.cause = cause;
            known.relabelled = true;
        }
    }

    /// Whether a token closed this way belongs to an execution that still runs.
    pub(crate) fn runs(&self, execution: ExecutionId) -> bool {
        self.executions.get(&execution).is_some_and(Execution::is_running)
    }
}

/// How a token was closed when nothing better is known.
pub(crate) const UNKNOWN_CLOSED: Closed = Closed::Ended;
