//! Failures: Retry, Catch, the abort of siblings, and the way up.

use asl::{Failure, Recovery, TaskFailure};
use serde_json::json;

use super::writer::details;
use super::{Alarmed, Ending, ExecutionId, Fault, Mode, Parent, Step, StrandId};
use crate::Region;
use crate::conduct::{Clock, Closed};

impl Region {
    /// An error of the language itself: with EvaluationFailed where AWS writes that (recorded).
    pub(super) fn interpreter_failed(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        failure: &Failure,
        previous: u64,
    ) {
        let mut leaf = previous;
        if let Some(evaluation) = &failure.evaluation {
            let Some(visit) = self.visit(execution, strand) else { return };
            let waits = matches!(visit.mode, Mode::Waiting);
            let (before, entered) = (visit.before, visit.entered);
            let is_wait = self
                .current(execution, strand)
                .and_then(|current| current.state().map(|state| state.type_name() == "Wait"))
                .unwrap_or(false);
            let follows = if is_wait || waits { entered } else { before };
            leaf = self.emit(
                execution,
                strand,
                follows,
                "EvaluationFailed",
                details([
                    ("error", json!(failure.error)),
                    ("cause", json!(failure.cause)),
                    ("location", json!(evaluation.location)),
                    ("state", json!(evaluation.state)),
                ]),
            );
        }
        let fault = Fault { failure: TaskFailure::from(failure), leaf };
        self.fail_state(execution, strand, &fault, failure.evaluation.is_some());
    }

    /// Asks Retry and Catch of the state the strand is in. `shows` says that Map or Parallel writes its own failure although
    /// nothing of it has started.
    pub(super) fn fail_state(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        fault: &Fault,
        shows: bool,
    ) {
        let Some(sight) = self.sight(execution, strand, None) else { return };
        let Some(state) = sight.state() else { return };
        let kind = state.type_name();
        let Some(visit) = self.visit(execution, strand) else { return };
        let mut counts = visit.counts.clone();
        let fanned = matches!(visit.mode, Mode::Fan(_) | Mode::Run(_));
        let mut seen = fault.failure.clone();
        self.conduct.seen(&mut seen);
        let recovered = asl::recover(state, &sight.inputs(), &seen, &mut counts);
        let (mut recovery, broke) = match recovered {
            Ok(recovery) => (recovery, None),
            Err(failure) => (Recovery::Uncaught(TaskFailure::from(&failure)), Some(failure)),
        };
        self.conduct.recovery(&fault.failure, counts.total(), &mut recovery);
        let Some(visit) = self.visit(execution, strand) else { return };
        visit.counts = counts;
        let shows = (fanned || shows) && matches!(kind, "Parallel" | "Map");
        match recovery {
            Recovery::Retry { after_ms_max, jitter, .. } => {
                let span = if jitter { self.ids.below(after_ms_max.saturating_add(1)) } else { after_ms_max };
                if let Some(walker) = self.strand(execution, strand) {
                    walker.previous = fault.leaf;
                }
                if let Some(visit) = self.visit(execution, strand)
                    && !fanned
                {
                    visit.mode = Mode::Waiting;
                }
                let step = if matches!(kind, "Parallel" | "Map") { Step::Refan } else { Step::Attempt };
                let key =
                    self.set_alarm(strand, Clock::Retry, span, 0, Alarmed::Step(execution, strand, step));
                if let (Some(visit), Some(key)) = (self.visit(execution, strand), key) {
                    visit.timers.push(key);
                }
            }
            Recovery::Caught { exit, .. } => {
                let previous = if shows {
                    self.emit(execution, strand, fault.leaf, &format!("{kind}StateFailed"), None)
                } else {
                    fault.leaf
                };
                self.drop_children(execution, strand);
                self.leave(execution, strand, exit, previous);
            }
            Recovery::Uncaught(failure) => {
                let mut leaf = fault.leaf;
                if let Some(evaluation) = broke.as_ref().and_then(|failure| failure.evaluation.as_ref()) {
                    let before = self.visit(execution, strand).map_or(leaf, |visit| visit.before);
                    let (error, cause) = (json!(failure.error), json!(failure.cause));
                    let members = [
                        ("error", error),
                        ("cause", cause),
                        ("location", json!(evaluation.location)),
                        ("state", json!(evaluation.state)),
                    ];
                    leaf = self.emit(execution, strand, before, "EvaluationFailed", details(members));
                }
                if shows {
                    leaf = self.emit(execution, strand, leaf, &format!("{kind}StateFailed"), None);
                }
                if let Some(visit) = self.visit(execution, strand)
                    && !fanned
                {
                    visit.mode = Mode::Halted;
                }
                self.strand_failed(execution, strand, Fault { failure, leaf });
            }
        }
    }

    /// The failure leaves the strand: the execution fails, or the Parallel or Map above.
    pub(super) fn strand_failed(&mut self, execution: ExecutionId, strand: StrandId, fault: Fault) {
        let Some(walker) = self.strand(execution, strand) else { return };
        match walker.parent {
            None => {
                let TaskFailure { error, cause, .. } = fault.failure;
                // A timeout has an empty cause for a Catcher and none in the history (recorded).
                let cause = cause.filter(|cause| {
                    !(cause.is_empty()
                        && matches!(error.as_deref(), Some("States.Timeout" | "States.HeartbeatTimeout")))
                });
                self.close(execution, Ending::Failed { error, cause }, fault.leaf);
            }
            Some((parent, index)) => self.child_failed(execution, parent, index, &fault),
        }
    }

    /// A branch or iteration failed: its siblings end, then Parallel or Map fails (recorded).
    fn child_failed(&mut self, execution: ExecutionId, parent: StrandId, failed: usize, fault: &Fault) {
        match self.fan(execution, parent) {
            Some(fan) if !fan.failed => fan.failed = true,
            _ => return,
        }
        self.settle_all(execution);
        let Some(visit) = self.visit(execution, parent) else { return };
        let state = visit.state.clone();
        let Mode::Fan(fan) = &visit.mode else { return };
        let (is_map, children) = (fan.is_map, fan.children.clone());
        let open: Vec<(usize, StrandId)> =
            children.iter().enumerate().filter_map(|(i, c)| Some((i, (*c)?))).collect();
        for (_, child) in &open {
            self.show_timeout(execution, *child);
        }
        for (index, child) in open {
            if is_map {
                let outcome = if index == failed { "MapIterationFailed" } else { "MapIterationAborted" };
                let members = details([("name", json!(state)), ("index", json!(index))]);
                self.emit(execution, child, fault.leaf, outcome, members);
            }
            self.abort_strand(execution, child, fault.leaf);
        }
        self.fail_state(execution, parent, fault, true);
    }

    /// A sibling whose time is over at this very moment shows it before it is aborted (recorded).
    fn show_timeout(&mut self, execution: ExecutionId, strand: StrandId) {
        let now = self.now;
        let Some(visit) = self.visit(execution, strand) else { return };
        let Mode::Task(attempt) = &visit.mode else { return };
        let (serial, timer) = (attempt.serial, attempt.timeout_timer);
        if timer.is_some_and(|key| self.timers.is_due_at(key, now)) {
            self.close_token(serial, Closed::TimedOut);
            self.write_timed_out(execution, strand, serial, Clock::Timeout);
        }
    }

    /// Ends a strand and all below it, with the events AWS writes for open states.
    pub(super) fn abort_strand(&mut self, execution: ExecutionId, strand: StrandId, leaf: u64) {
        let kind =
            self.current(execution, strand).and_then(|current| current.state().map(asl::State::type_name));
        let Some(visit) = self.visit(execution, strand) else { return };
        let state = visit.state.clone();
        let below: Vec<(usize, StrandId)> = match &visit.mode {
            Mode::Fan(fan) => fan.children.iter().enumerate().filter_map(|(i, c)| Some((i, (*c)?))).collect(),
            _ => Vec::new(),
        };
        let shown = match &visit.mode {
            Mode::Task(_) => true,
            Mode::Waiting | Mode::Halted | Mode::Idle => matches!(kind, Some("Task" | "Wait")),
            Mode::Fan(_) | Mode::Run(_) => !self.has_failed_event(execution, leaf),
        };
        self.halt(execution, strand);
        for (index, child) in below {
            if kind == Some("Map") && shown {
                let members = details([("name", json!(state)), ("index", json!(index))]);
                self.emit(execution, child, leaf, "MapIterationAborted", members);
            }
            if shown {
                self.abort_strand(execution, child, leaf);
            }
        }
        if let (true, Some(kind)) = (shown, kind) {
            self.emit(execution, strand, leaf, &format!("{kind}StateAborted"), None);
        }
    }

    /// Whether the event is the failure of a Parallel or Map: what is below it has ended already.
    fn has_failed_event(&self, execution: ExecutionId, id: u64) -> bool {
        let event = self
            .executions
            .get(&execution)
            .and_then(|known| known.events.iter().rev().find(|event| event.id == id));
        event.is_some_and(|event| matches!(event.kind.as_str(), "ParallelStateFailed" | "MapStateFailed"))
    }

    /// Stops timers, tokens and children of a strand; writes nothing. Parallel and Map keep what they know, for a redrive.
    pub(super) fn halt(&mut self, execution: ExecutionId, strand: StrandId) {
        let keep_token = !self.conduct.failure_aborts_siblings();
        let Some(visit) = self.visit(execution, strand) else { return };
        let timers = std::mem::take(&mut visit.timers);
        let (mut serial, mut child, mut run) = (None, None, Vec::new());
        match &mut visit.mode {
            Mode::Task(attempt) => {
                serial = Some(attempt.serial);
                child = attempt.child;
                let mut timers = Vec::new();
                timers.extend(attempt.timeout_timer.take());
                timers.extend(attempt.heartbeat_timer.take());
                for key in timers {
                    self.timers.cancel(key);
                }
            }
            Mode::Run(map_run) => run = map_run.open_children(),
            _ => {}
        }
        for key in timers {
            self.timers.cancel(key);
        }
        if let (Some(serial), false) = (serial, keep_token) {
            self.close_token(serial, Closed::Ended);
        }
        if let Some(visit) = self.visit(execution, strand)
            && !matches!(visit.mode, Mode::Fan(_) | Mode::Run(_))
        {
            visit.mode = Mode::Halted;
        }
        for child in child.into_iter().chain(run) {
            self.forget_parent(child);
            self.close(child, Ending::Aborted { error: None, cause: None }, 0);
        }
    }

    fn forget_parent(&mut self, child: ExecutionId) {
        if let Some(known) = self.executions.get_mut(&child)
            && matches!(known.parent, Some(Parent::Task { .. }))
        {
            known.parent = None;
        }
    }

    /// Forgets everything below a Parallel or Map: it was caught, or it runs again.
    pub(super) fn drop_children(&mut self, execution: ExecutionId, strand: StrandId) {
        let Some(visit) = self.visit(execution, strand) else { return };
        let children: Vec<StrandId> = match &visit.mode {
            Mode::Fan(fan) => fan.children.iter().flatten().copied().collect(),
            _ => Vec::new(),
        };
        if matches!(visit.mode, Mode::Fan(_) | Mode::Run(_)) {
            visit.mode = Mode::Idle;
        }
        for child in children {
            self.halt(execution, child);
            self.drop_children(execution, child);
            if let Some(known) = self.executions.get_mut(&execution) {
                known.strands.remove(&child);
            }
        }
    }
}
