//! Redrive: an unsuccessful execution goes on at what did not succeed (RED-02, RED-05).

use std::sync::Arc;

use asl::RetryCounts;
use serde_json::json;

use super::writer::details;
use super::{ExecutionId, Mode, ROOT, Status, Step, StrandId, read};
use crate::Region;

impl Region {
    /// Opens the execution again and restarts every strand that did not come to its end.
    pub(crate) fn redrive(&mut self, execution: ExecutionId) {
        let now = self.now;
        let Some(known) = self.executions.get_mut(&execution) else { return };
        let last = known.events.last().map_or(0, |event| event.id);
        known.status = Status::Running;
        known.redrives += 1;
        known.redriven = Some(now);
        known.stop = None;
        known.error = None;
        known.cause = None;
        let count = known.redrives;
        let first = known.machine.machine.start_at.clone();
        let input = read(&known.input);
        let redriven = self.append(
            execution,
            false,
            last,
            "ExecutionRedriven",
            details([("redriveCount", json!(count))]),
        );
        self.set_machine_timers(execution);
        self.announce(execution);
        let walked = self.visit(execution, ROOT).is_some();
        if self.conduct.redrive_from_start() || !walked {
            if let Some(known) = self.executions.get_mut(&execution) {
                known.strands.retain(|id, _| *id == ROOT);
            }
            if let Some(root) = self.strand(execution, ROOT) {
                root.previous = redriven;
                root.visit = None;
            }
            self.ready.push_back((execution, ROOT, Step::Enter(first, input)));
            return;
        }
        self.resume(execution, ROOT, redriven);
    }

    fn resume(&mut self, execution: ExecutionId, strand: StrandId, previous: u64) {
        let Some(known) = self.executions.get(&execution) else { return };
        let machine = Arc::clone(&known.machine);
        let Some(walker) = self.strand(execution, strand) else { return };
        walker.previous = previous;
        let Some(visit) = walker.visit.as_mut() else { return };
        visit.counts = RetryCounts::default();
        visit.attempts = 0;
        let Some(kind) = machine.machine.find(&visit.state).map(asl::State::type_name) else { return };
        let step = match (&mut visit.mode, kind) {
            (Mode::Fan(_), _) => {
                self.resume_fan(execution, strand, previous);
                return;
            }
            (Mode::Run(_), _) => {
                self.resume_run(execution, strand, previous);
                return;
            }
            (_, "Task") => Step::Attempt,
            // A Fail state is entered again (DG:redrive-executions); the others are evaluated again where they stand.
            (_, "Fail") => Step::Enter(visit.state.clone(), visit.input.as_ref().clone()),
            _ => Step::Refan,
        };
        visit.mode = Mode::Idle;
        self.ready.push_back((execution, strand, step));
    }

    /// Only branches and iterations that did not succeed go on.
    fn resume_fan(&mut self, execution: ExecutionId, strand: StrandId, previous: u64) {
        let Some(fan) = self.fan(execution, strand) else { return };
        fan.last = previous;
        fan.failed = false;
        let open: Vec<StrandId> = fan.children.iter().flatten().copied().collect();
        for child in open {
            let starts = self.strand(execution, child).is_some_and(|walker| walker.visit.is_none());
            if starts {
                self.restart_child(execution, strand, child, previous);
            } else {
                self.resume(execution, child, previous);
            }
        }
        self.start_iterations(execution, strand);
    }

    /// A branch that ended before it had entered any state begins anew.
    fn restart_child(&mut self, execution: ExecutionId, parent: StrandId, child: StrandId, previous: u64) {
        let Some(current) = self.current(execution, parent) else { return };
        let Some(state) = current.state() else { return };
        let Some(index) =
            self.strand(execution, child).and_then(|walker| walker.parent.map(|(_, index)| index))
        else {
            return;
        };
        let start =
            state.branches().get(index).or_else(|| state.processor()).map(|branch| branch.start_at.clone());
        let input = self.fan(execution, parent).and_then(|fan| fan.inputs.get(index).cloned());
        if let Some(walker) = self.strand(execution, child) {
            walker.previous = previous;
        }
        if let (Some(start), Some(input)) = (start, input) {
            self.ready.push_back((execution, child, Step::Enter(start, input)));
        }
    }

    /// The latest definition, for a conduct that does not keep the one an execution was started with.
    pub(super) fn renew_definition(&mut self, execution: ExecutionId) {
        let Some(known) = self.executions.get_mut(&execution) else { return };
        if let Some(machine) = self.sfn.machines.get(&known.machine.arn) {
            known.machine = Arc::clone(&machine.current);
        }
    }
}
