//! Walking states: entering, waiting, leaving.

use std::sync::Arc;

use asl::{Entered, Exit, Failure, Inputs, Next, State, StateKind, Variables, WaitUntil};
use record::Time;
use serde_json::{Value, json};

use super::writer::with_data;
use super::{Alarmed, Ending, ExecutionId, Fault, Mode, ROOT, Step, StrandId, Visit};
use crate::Region;
use crate::conduct::{Alarm, Clock, Stage};
use crate::region::Due;
use crate::sfn::{MachineStatus, Revision};

/// The state that a strand is in.
pub(super) struct Current {
    machine: Arc<Revision>,
    pub(super) name: String,
}

impl Current {
    pub(super) fn state(&self) -> Option<&State> {
        self.machine.machine.find(&self.name)
    }
}

/// What a state sees.
pub(super) struct Sight {
    pub(super) machine: Arc<Revision>,
    pub(super) state: String,
    pub(super) input: Arc<Value>,
    pub(super) context: Arc<Value>,
    pub(super) variables: Arc<Variables>,
    pub(super) entered: u64,
}

impl Sight {
    pub(super) fn state(&self) -> Option<&State> {
        self.machine.machine.find(&self.state)
    }

    pub(super) fn inputs(&self) -> Inputs<'_> {
        Inputs {
            input: &self.input,
            context: &self.context,
            variables: &self.variables,
            event_id: self.entered,
        }
    }
}

impl Region {
    /// Lets every strand go on that can.
    pub(crate) fn run_ready(&mut self) {
        while let Some((execution, strand, step)) = self.ready.pop_front() {
            self.step(execution, strand, step);
        }
    }

    pub(crate) fn step(&mut self, execution: ExecutionId, strand: StrandId, step: Step) {
        if !self
            .executions
            .get(&execution)
            .is_some_and(|known| known.is_running() && known.strands.contains_key(&strand))
        {
            return;
        }
        if self.is_cut_off(execution, strand) {
            return;
        }
        match step {
            Step::Enter(name, input) => self.enter_state(execution, strand, name, input),
            Step::Attempt => self.begin_attempt(execution, strand),
            Step::Request(serial) => self.request(execution, strand, serial),
            Step::Submitted(serial) => self.write_submitted(execution, strand, serial),
            Step::Settle(serial) => self.settle(execution, strand, serial),
            Step::Waited => self.leave_wait(execution, strand),
            Step::Refan => {
                self.drop_children(execution, strand);
                self.evaluate(execution, strand);
            }
        }
    }

    /// Whether a Parallel or Map around the strand has failed: what was between two states goes no further (recorded).
    fn is_cut_off(&mut self, execution: ExecutionId, strand: StrandId) -> bool {
        if !self.conduct.failure_aborts_siblings() {
            return false;
        }
        let Some(known) = self.executions.get(&execution) else { return true };
        let above = |strand: StrandId| known.strands.get(&strand)?.parent.map(|(above, _)| above);
        let failed = |strand: &StrandId| {
            let visit = known.strands.get(strand).and_then(|walker| walker.visit.as_ref());
            visit.is_some_and(|visit| matches!(&visit.mode, Mode::Fan(fan) if fan.failed))
        };
        std::iter::successors(above(strand), |strand| above(*strand)).any(|strand| failed(&strand))
    }

    /// Sees to it that a step is taken, at once or after a delay.
    pub(super) fn later(&mut self, execution: ExecutionId, strand: StrandId, step: Step, stage: Stage) {
        match self.conduct.latency(stage) {
            0 => self.ready.push_back((execution, strand, step)),
            ms => {
                let due = Time(self.now.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)));
                let key = self.timers.set(due, Due::Execution(Alarmed::Step(execution, strand, step)));
                if let Some(known) = self.executions.get_mut(&execution) {
                    known.timers.push(key);
                }
            }
        }
    }

    /// Sets a timer of a state; the conduct may move it.
    pub(super) fn set_alarm(
        &mut self,
        strand: StrandId,
        clock: Clock,
        span_ms: u64,
        beats: u64,
        what: Alarmed,
    ) -> Option<crate::timers::TimerKey> {
        let due = Time(self.now.0.saturating_add(i64::try_from(span_ms).unwrap_or(i64::MAX)));
        let due =
            self.conduct.fires_at(Alarm { clock, from: self.now, due, nested: strand != ROOT, beats })?;
        Some(self.timers.set(due.max(self.now), Due::Execution(what)))
    }

    fn enter_state(&mut self, execution: ExecutionId, strand: StrandId, name: String, input: Value) {
        let Some(known) = self.executions.get(&execution) else { return };
        let deleting =
            self.sfn.machines.get(&known.machine.arn).is_some_and(|m| m.status == MachineStatus::Deleting);
        if deleting && known.events.len() > 1 {
            // DEF-30: executions of a deleted machine end at their next transition.
            self.close(execution, Ending::Aborted { error: None, cause: None }, 0);
            return;
        }
        if !self.conduct.keeps_definition() {
            self.renew_definition(execution);
        }
        let Some(known) = self.executions.get(&execution) else { return };
        let machine = Arc::clone(&known.machine);
        let Some(state) = machine.machine.find(&name) else {
            let cause = format!("The state '{name}' does not exist.");
            self.close(execution, Ending::failed("States.Runtime", Some(cause)), 0);
            return;
        };
        let before = known.strands.get(&strand).map_or(0, |s| s.previous);
        // The first state shows the execution's input as it was sent, white space included (recorded in `other-map`).
        let first = strand == ROOT && known.events.len() == 1;
        let shown = if first { known.input.clone() } else { input.to_string() };
        let entered = self.emit(
            execution,
            strand,
            before,
            &format!("{}StateEntered", state.type_name()),
            with_data("input", shown, [("name", json!(name))]),
        );
        let now = self.now;
        let Some(walker) = self.strand(execution, strand) else { return };
        walker.previous = entered;
        walker.visit = Some(Visit {
            state: name,
            input: Arc::new(input),
            entered,
            before,
            at: now,
            counts: asl::RetryCounts::default(),
            attempts: 0,
            serial: None,
            mode: Mode::Idle,
            timers: Vec::new(),
        });
        match state.kind {
            StateKind::Task(_) => self.begin_attempt(execution, strand),
            _ => self.evaluate(execution, strand),
        }
    }

    /// Does what a state other than a Task does.
    pub(super) fn evaluate(&mut self, execution: ExecutionId, strand: StrandId) {
        let Some(sight) = self.sight(execution, strand, None) else { return };
        let Some(state) = sight.state() else { return };
        match asl::enter(state, &sight.inputs()) {
            Err(failure) => {
                let previous = self.shown_start(execution, strand, &failure);
                self.interpreter_failed(execution, strand, &failure, previous);
            }
            Ok(Entered::Exit(exit)) => {
                let previous = self.previous(execution, strand);
                self.leave(execution, strand, exit, previous);
            }
            Ok(Entered::Wait { until, .. }) => self.wait(execution, strand, until),
            Ok(Entered::Fail { error, cause, .. }) => {
                let leaf = self.previous(execution, strand);
                if let Some(visit) = self.visit(execution, strand) {
                    visit.mode = Mode::Halted;
                }
                let fault = Fault { failure: asl::TaskFailure::new(error, cause), leaf };
                self.strand_failed(execution, strand, fault);
            }
            Ok(Entered::Parallel(given)) => self.start_parallel(execution, strand, &given.input),
            Ok(Entered::Map(map)) => self.start_map(execution, strand, map),
            Ok(Entered::Task { .. }) => self.begin_attempt(execution, strand),
        }
    }

    fn wait(&mut self, execution: ExecutionId, strand: StrandId, until: WaitUntil) {
        let span = match until {
            WaitUntil::Seconds(seconds) => seconds.saturating_mul(1000),
            WaitUntil::Timestamp(ms) => u64::try_from(ms.saturating_sub(self.now.0)).unwrap_or(0),
        };
        if let Some(visit) = self.visit(execution, strand) {
            visit.mode = Mode::Waiting;
        }
        let key =
            self.set_alarm(strand, Clock::Wait, span, 0, Alarmed::Step(execution, strand, Step::Waited));
        if let (Some(visit), Some(key)) = (self.visit(execution, strand), key) {
            visit.timers.push(key);
        }
    }

    fn leave_wait(&mut self, execution: ExecutionId, strand: StrandId) {
        let Some(sight) = self.sight(execution, strand, None) else { return };
        let Some(state) = sight.state() else { return };
        let outcome = asl::complete(state, &sight.inputs(), &sight.input);
        self.finish(execution, strand, outcome, self.previous(execution, strand));
    }

    /// Leaves the state as its result says, or fails it.
    pub(super) fn finish(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        outcome: Result<Exit, Failure>,
        previous: u64,
    ) {
        match outcome {
            Ok(exit) => self.leave(execution, strand, exit, previous),
            Err(failure) => self.interpreter_failed(execution, strand, &failure, previous),
        }
    }

    /// Writes StateExited and moves on.
    pub(super) fn leave(&mut self, execution: ExecutionId, strand: StrandId, exit: Exit, previous: u64) {
        let Some(current) = self.current(execution, strand) else { return };
        let Some(state) = current.state() else { return };
        let Exit { mut output, next, assigned, .. } = exit;
        self.conduct.state_output(state.type_name(), &mut output);
        let mut details = with_data("output", output.to_string(), [("name", json!(current.name))]);
        if let (Some(details), false) = (&mut details, assigned.is_empty()) {
            let texts: serde_json::Map<String, Value> =
                assigned.iter().map(|(name, value)| (name.clone(), json!(value.to_string()))).collect();
            details.insert("assignedVariables".to_owned(), Value::Object(texts));
            details.insert("assignedVariablesDetails".to_owned(), json!({ "truncated": false }));
        }
        let exited =
            self.emit(execution, strand, previous, &format!("{}StateExited", state.type_name()), details);
        let Some(walker) = self.strand(execution, strand) else { return };
        walker.previous = exited;
        if !assigned.is_empty() {
            Arc::make_mut(&mut walker.variables).extend(assigned);
        }
        walker.visit = None;
        match next {
            Next::State(name) => self.later(execution, strand, Step::Enter(name, output), Stage::Transition),
            Next::End => self.strand_done(execution, strand, output),
        }
    }

    fn strand_done(&mut self, execution: ExecutionId, strand: StrandId, output: Value) {
        let Some(walker) = self.strand(execution, strand) else { return };
        let (parent, last) = (walker.parent, walker.previous);
        match parent {
            None => self.close(execution, Ending::Succeeded(output.to_string()), last),
            Some((parent, index)) => {
                if let Some(known) = self.executions.get_mut(&execution) {
                    known.strands.remove(&strand);
                }
                self.child_done(execution, parent, index, output, last);
            }
        }
    }

    pub(super) fn strand(&mut self, execution: ExecutionId, strand: StrandId) -> Option<&mut super::Strand> {
        self.executions.get_mut(&execution)?.strands.get_mut(&strand)
    }

    pub(super) fn visit(&mut self, execution: ExecutionId, strand: StrandId) -> Option<&mut Visit> {
        self.strand(execution, strand)?.visit.as_mut()
    }

    pub(super) fn previous(&self, execution: ExecutionId, strand: StrandId) -> u64 {
        self.executions.get(&execution).and_then(|known| known.strands.get(&strand)).map_or(0, |s| s.previous)
    }

    /// The state that the strand is in.
    pub(super) fn current(&self, execution: ExecutionId, strand: StrandId) -> Option<Current> {
        let known = self.executions.get(&execution)?;
        let name = known.strands.get(&strand)?.visit.as_ref()?.state.clone();
        Some(Current { machine: Arc::clone(&known.machine), name })
    }

    /// What the strand's state sees; with the token where it has one.
    pub(super) fn sight(
        &self,
        execution: ExecutionId,
        strand: StrandId,
        token: Option<&str>,
    ) -> Option<Sight> {
        let known = self.executions.get(&execution)?;
        let walker = known.strands.get(&strand)?;
        let visit = walker.visit.as_ref()?;
        let context = match &visit.mode {
            Mode::Task(attempt) => Arc::clone(&attempt.context),
            _ => Arc::new(self.context(execution, strand, token)),
        };
        Some(Sight {
            machine: Arc::clone(&known.machine),
            state: visit.state.clone(),
            input: Arc::clone(&visit.input),
            context,
            variables: Arc::clone(&walker.variables),
            entered: visit.entered,
        })
    }
}
