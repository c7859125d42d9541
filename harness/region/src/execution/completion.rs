//! What comes back by token: completions, when they take effect, and heartbeats (TOK, HB).

use std::time::Duration;

use asl::TaskFailure;

use super::{Alarmed, ExecutionId, Mode, Step, StrandId};
use crate::Region;
use crate::conduct::{Clock, Closed, Completion, Overtaken, Second};
use crate::region::Due;

impl Region {
    /// Takes a completion by token: now, or when it has settled.
    pub(crate) fn accept(&mut self, serial: u64, completion: Completion) -> bool {
        let Some(issued) = self.issued.get(&serial) else { return false };
        let (execution, strand, nested) = (issued.execution, issued.strand, issued.strand != super::ROOT);
        let how = match completion {
            Completion::Success(_) => Closed::Succeeded,
            Completion::Failure(..) => Closed::Failed,
        };
        let Some(attempt) = self.attempt(execution, strand, serial) else { return true };
        if attempt.pending.is_some() {
            return match self.conduct.second_completion() {
                Second::Refused => false,
                Second::Lost => true,
                Second::Replaces => {
                    if let Some(attempt) = self.attempt(execution, strand, serial) {
                        attempt.pending = Some(completion);
                    }
                    true
                }
            };
        }
        let Some(completion) = self.conduct.completion(completion, nested) else { return true };
        let settling = self.conduct.settling();
        if let Some(attempt) = self.attempt(execution, strand, serial) {
            attempt.pending = Some(completion);
        }
        // From its acceptance on a token is used, unless the conduct lets a second completion in.
        if settling == 0 || self.conduct.second_completion() == Second::Refused {
            self.close_token(serial, how);
        }
        if settling == 0 {
            self.ready.push_back((execution, strand, Step::Settle(serial)));
        } else {
            let due = self.now + Duration::from_millis(settling);
            let key =
                self.timers.set(due, Due::Execution(Alarmed::Step(execution, strand, Step::Settle(serial))));
            if let Some(visit) = self.visit(execution, strand) {
                visit.timers.push(key);
            }
        }
        true
    }

    /// Lets every accepted completion of an execution take effect now: something is about to end its tasks, and what was
    /// answered with 200 must count.
    pub(crate) fn settle_all(&mut self, execution: ExecutionId) {
        let Some(known) = self.executions.get(&execution) else { return };
        let pending = |strand: &super::Strand| match &strand.visit.as_ref()?.mode {
            Mode::Task(attempt) if attempt.pending.is_some() => Some(attempt.serial),
            _ => None,
        };
        let all: Vec<(StrandId, u64)> =
            known.strands.iter().filter_map(|(id, s)| Some((*id, pending(s)?))).collect();
        for (strand, serial) in all {
            self.settle(execution, strand, serial);
        }
    }

    /// Lets an accepted completion take effect.
    pub(super) fn settle(&mut self, execution: ExecutionId, strand: StrandId, serial: u64) {
        let Some(completion) =
            self.attempt(execution, strand, serial).and_then(|attempt| attempt.pending.take())
        else {
            return;
        };
        if self.attempt(execution, strand, serial).is_some_and(|attempt| attempt.submitting.is_some()) {
            match self.conduct.overtaken() {
                Overtaken::Before => self.write_submitted(execution, strand, serial),
                Overtaken::Never => {
                    if let Some(attempt) = self.attempt(execution, strand, serial) {
                        attempt.submitting = None;
                    }
                }
            }
        }
        match completion {
            Completion::Success(text) => {
                self.close_token(serial, Closed::Succeeded);
                self.task_succeeded(execution, strand, serial, text);
            }
            Completion::Failure(error, cause) => {
                self.close_token(serial, Closed::Failed);
                self.task_failed(execution, strand, serial, TaskFailure::new(error, cause));
            }
        }
    }

    /// Marks a token as closed; the first reason stays.
    pub(crate) fn close_token(&mut self, serial: u64, how: Closed) {
        if let Some(issued) = self.issued.get_mut(&serial) {
            issued.closed.get_or_insert(how);
        }
    }

    /// Starts the heartbeat window anew (HB-03).
    pub(crate) fn beat(&mut self, serial: u64) {
        let Some(issued) = self.issued.get(&serial) else { return };
        let (execution, strand) = (issued.execution, issued.strand);
        let Some(attempt) = self.attempt(execution, strand, serial) else { return };
        attempt.beats += 1;
        let (beats, window, timeout, last) =
            (attempt.beats, attempt.heartbeat, attempt.timeout, attempt.last);
        if let Some(kind) = self.conduct.heartbeat_event() {
            let id = self.emit(execution, strand, last, kind, None);
            if let Some(attempt) = self.attempt(execution, strand, serial) {
                attempt.last = id;
            }
        }
        if self.conduct.heartbeat_extends_timeout() {
            self.renew(execution, strand, serial, Clock::Timeout, timeout, beats);
        }
        if self.conduct.heartbeat_counts(beats) {
            self.renew(execution, strand, serial, Clock::Heartbeat, window, beats);
        }
    }

    fn renew(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        serial: u64,
        clock: Clock,
        seconds: Option<u64>,
        beats: u64,
    ) {
        let Some(seconds) = seconds else { return };
        let Some(attempt) = self.attempt(execution, strand, serial) else { return };
        let timer =
            if clock == Clock::Heartbeat { &mut attempt.heartbeat_timer } else { &mut attempt.timeout_timer };
        if let Some(key) = timer.take() {
            self.timers.cancel(key);
        }
        let what = Alarmed::TaskTimeout(execution, strand, serial, clock);
        let key = self.set_alarm(strand, clock, seconds.saturating_mul(1000), beats, what);
        if let Some(attempt) = self.attempt(execution, strand, serial) {
            match clock {
                Clock::Heartbeat => attempt.heartbeat_timer = key,
                _ => attempt.timeout_timer = key,
            }
        }
    }
}
