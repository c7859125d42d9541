//! One attempt of a task: scheduled, started, submitted, ended.

use asl::{Entered, Failure, Pattern, TaskFailure};
use serde_json::{Value, json};

use super::writer::{details, error_details, with_data};
use super::{Alarmed, Attempt, ExecutionId, Fault, Issued, Mode, Step, StrandId, TaskKind};
use crate::Region;
use crate::conduct::{Clock, Closed, Completion, Overtaken, Second, Stage};
use crate::connectors::Dispatched;
use crate::script::{Ending as Scripted, Scene};

impl Region {
    /// Evaluates the task anew and schedules it, with a new token (ERR-17, ERR-19).
    pub(super) fn begin_attempt(&mut self, execution: ExecutionId, strand: StrandId) {
        let Some(visit) = self.visit(execution, strand) else { return };
        let before = visit.serial;
        visit.mode = Mode::Idle;
        visit.attempts += 1;
        let fresh = self.ids.next_serial();
        let serial = self.conduct.token(fresh, before);
        if let Some(visit) = self.visit(execution, strand) {
            visit.serial = Some(serial);
        }
        let token = self.ids.token(serial);
        let Some(plain) = self.sight(execution, strand, None) else { return };
        let Some(resource) = plain.state().and_then(asl::State::resource).cloned() else { return };
        let holds_token = resource.pattern != Pattern::RequestResponse;
        let sight = if holds_token { self.sight(execution, strand, Some(&token)) } else { Some(plain) };
        let Some(sight) = sight else { return };
        let Some(state) = sight.state() else { return };
        let previous = self.previous(execution, strand);
        let entered = match asl::enter(state, &sight.inputs()) {
            Ok(Entered::Task { parameters, timeout_seconds, heartbeat_seconds, credentials }) => {
                (parameters, timeout_seconds, heartbeat_seconds, credentials)
            }
            Ok(_) => return,
            Err(failure) => {
                self.interpreter_failed(execution, strand, &failure, previous);
                return;
            }
        };
        let (parameters, timeout, heartbeat, credentials) = entered;
        let kind = match resource.service.as_str() {
            "activity" => TaskKind::Activity,
            "function" => TaskKind::Function,
            _ => TaskKind::Integration,
        };
        if kind == TaskKind::Activity
            && self.script.is_none()
            && !self.sfn.activities.contains_key(&resource.arn)
        {
            let failure = Failure::runtime(
                state,
                sight.entered,
                &format!("The activity {} does not exist.", resource.arn),
            );
            self.interpreter_failed(execution, strand, &failure, previous);
            return;
        }
        let (resource_type, name) = (resource.resource_type().to_owned(), resource.resource());
        let common = [
            ("resource", json!(name)),
            ("timeoutInSeconds", json!(timeout)),
            ("heartbeatInSeconds", json!(heartbeat)),
        ];
        let text = parameters.to_string();
        let (event, mut members) = match kind {
            TaskKind::Integration => (
                "TaskScheduled",
                details(common).map(|mut all| {
                    all.insert("resourceType".to_owned(), json!(resource_type));
                    all.insert("region".to_owned(), json!(self.place.region));
                    all.insert("parameters".to_owned(), json!(text));
                    all
                }),
            ),
            TaskKind::Activity => ("ActivityScheduled", with_data("input", text, common)),
            TaskKind::Function => ("LambdaFunctionScheduled", with_data("input", text, common)),
        };
        if let (Some(members), Some(credentials)) = (&mut members, credentials) {
            let role = credentials.get("RoleArn").cloned().unwrap_or_default();
            members.insert("taskCredentials".to_owned(), json!({ "roleArn": role }));
        }
        let scheduled = self.emit(execution, strand, previous, event, members);
        if holds_token || kind == TaskKind::Activity {
            self.issued.insert(serial, Issued { execution, strand, closed: None });
        }
        let context = sight.context.clone();
        let activity = resource.arn;
        let Some(visit) = self.visit(execution, strand) else { return };
        visit.mode = Mode::Task(Box::new(Attempt {
            serial,
            resource_type,
            resource: name,
            kind,
            last: scheduled,
            parameters,
            context,
            timeout,
            heartbeat,
            timeout_timer: None,
            heartbeat_timer: None,
            beats: 0,
            submitting: None,
            pending: None,
            child: None,
        }));
        if kind == TaskKind::Activity && self.script.is_none() {
            if let Some(activity) = self.sfn.activities.get_mut(&activity) {
                activity.waiting.push_back((execution, strand, serial));
            }
            return;
        }
        match self.conduct.latency(Stage::Start) {
            0 => self.request(execution, strand, serial),
            _ => self.later(execution, strand, Step::Request(serial), Stage::Start),
        }
    }

    pub(super) fn attempt(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        serial: u64,
    ) -> Option<&mut Attempt> {
        match &mut self.visit(execution, strand)?.mode {
            Mode::Task(attempt) if attempt.serial == serial => Some(attempt),
            _ => None,
        }
    }

    /// The pattern of a running attempt.
    pub(crate) fn pattern_of(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        serial: u64,
    ) -> Option<Pattern> {
        self.attempt(execution, strand, serial)?;
        let sight = self.sight(execution, strand, None)?;
        sight.state()?.resource().map(|resource| resource.pattern)
    }

    /// The input of an activity's task that still waits for a worker.
    pub(crate) fn waiting_input(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        serial: u64,
    ) -> Option<String> {
        if !self.runs(execution) {
            return None;
        }
        self.attempt(execution, strand, serial).map(|attempt| attempt.parameters.to_string())
    }

    /// Writes the start event and lets the clocks run from it (TMO-02, ACT-03).
    pub(crate) fn start_attempt(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        serial: u64,
        worker: Option<&str>,
    ) {
        let Some(attempt) = self.attempt(execution, strand, serial) else { return };
        let (last, kind) = (attempt.last, attempt.kind);
        let (resource_type, resource) = (attempt.resource_type.clone(), attempt.resource.clone());
        let (timeout, heartbeat) = (attempt.timeout, attempt.heartbeat);
        let (event, members) = match kind {
            TaskKind::Integration => (
                "TaskStarted",
                details([("resourceType", json!(resource_type)), ("resource", json!(resource))]),
            ),
            TaskKind::Function => ("LambdaFunctionStarted", None),
            TaskKind::Activity => ("ActivityStarted", details([("workerName", json!(worker))])),
        };
        let started = self.emit(execution, strand, last, event, members);
        let alarm = |clock| Alarmed::TaskTimeout(execution, strand, serial, clock);
        let timeout = timeout.or_else(|| self.conduct.default_timeout());
        let timeout = timeout.and_then(|s| {
            self.set_alarm(strand, Clock::Timeout, s.saturating_mul(1000), 0, alarm(Clock::Timeout))
        });
        let heartbeat = heartbeat.and_then(|s| {
            self.set_alarm(strand, Clock::Heartbeat, s.saturating_mul(1000), 0, alarm(Clock::Heartbeat))
        });
        if let Some(attempt) = self.attempt(execution, strand, serial) {
            attempt.last = started;
            attempt.timeout_timer = timeout;
            attempt.heartbeat_timer = heartbeat;
        }
    }

    /// Starts the attempt and asks the service.
    pub(super) fn request(&mut self, execution: ExecutionId, strand: StrandId, serial: u64) {
        let Some(sight) = self.sight(execution, strand, None) else { return };
        let Some(resource) = sight.state().and_then(asl::State::resource).cloned() else { return };
        let item = self.strand(execution, strand).and_then(|s| s.item.as_ref().map(|(index, _)| *index));
        let Some(attempt) = self.attempt(execution, strand, serial) else { return };
        let (parameters, name, kind) = (attempt.parameters.clone(), attempt.resource.clone(), attempt.kind);
        let resource_type = attempt.resource_type.clone();
        let attempts = self.visit(execution, strand).map_or(1, |visit| visit.attempts);
        let act = self.script.as_mut().and_then(|script| {
            let resource_type = if kind == TaskKind::Integration { resource_type.as_str() } else { "" };
            script.act(Scene {
                state: &sight.state,
                resource: &name,
                resource_type,
                parameters: &parameters,
                item,
            })
        });
        let worker = act.as_ref().and_then(|act| act.worker.clone()).flatten();
        self.start_attempt(execution, strand, serial, worker.as_deref());
        if let Some(act) = act {
            if let Some(output) = act.submitted {
                self.submitted(execution, strand, serial, &output);
            }
            match act.ending {
                Scripted::Succeeds(output) => self.task_replied(execution, strand, serial, Ok(output)),
                Scripted::Fails(failure) => self.task_replied(execution, strand, serial, Err(failure)),
                Scripted::Hangs => {}
            }
            return;
        }
        let caller = crate::connectors::Caller { execution, strand, serial };
        let mut parameters = parameters;
        self.conduct.parameters(&resource.service, &resource.action, &mut parameters);
        let mut dispatched = Dispatched::Waits(None);
        for _ in 0..self.conduct.sends(&resource.service, attempts) {
            dispatched = self.dispatch_task(caller, &resource, &parameters);
        }
        match dispatched {
            Dispatched::Replied(mut reply) => {
                self.conduct.service_reply(&resource.service, &mut reply);
                match (reply, resource.pattern) {
                    (Ok(output), Pattern::RequestResponse) => {
                        self.task_replied(execution, strand, serial, Ok(output));
                    }
                    (Ok(output), _) => self.submit(execution, strand, serial, output),
                    (Err(failure), _) => self.task_replied(execution, strand, serial, Err(failure)),
                }
            }
            Dispatched::Waits(Some(child)) => {
                if let Some(attempt) = self.attempt(execution, strand, serial) {
                    attempt.child = Some(child);
                }
            }
            Dispatched::Waits(None) => {}
        }
    }

    /// The request is out; TaskSubmitted follows, at once or late.
    pub(crate) fn submit(&mut self, execution: ExecutionId, strand: StrandId, serial: u64, output: Value) {
        if self.conduct.latency(Stage::Submit) == 0 {
            self.submitted(execution, strand, serial, &output);
            return;
        }
        if let Some(attempt) = self.attempt(execution, strand, serial) {
            attempt.submitting = Some(output);
            self.later(execution, strand, Step::Submitted(serial), Stage::Submit);
        }
    }

    pub(super) fn write_submitted(&mut self, execution: ExecutionId, strand: StrandId, serial: u64) {
        if let Some(output) =
            self.attempt(execution, strand, serial).and_then(|attempt| attempt.submitting.take())
        {
            self.submitted(execution, strand, serial, &output);
        }
    }

    fn submitted(&mut self, execution: ExecutionId, strand: StrandId, serial: u64, output: &Value) {
        let Some(attempt) = self.attempt(execution, strand, serial) else { return };
        let last = attempt.last;
        let names = [("resourceType", json!(attempt.resource_type)), ("resource", json!(attempt.resource))];
        let id = self.emit(
            execution,
            strand,
            last,
            "TaskSubmitted",
            with_data("output", output.to_string(), names),
        );
        if let Some(attempt) = self.attempt(execution, strand, serial) {
            attempt.last = id;
        }
    }

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
        if settling == 0 {
            self.close_token(serial, how);
            self.ready.push_back((execution, strand, Step::Settle(serial)));
        } else {
            let due = self.now + std::time::Duration::from_millis(settling);
            let key = self.timers.set(
                due,
                crate::region::Due::Execution(Alarmed::Step(execution, strand, Step::Settle(serial))),
            );
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
                let Some(sight) = self.sight(execution, strand, None) else { return };
                let too_large = sight.state().and_then(|state| asl::check_result(state, &output).err());
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

    fn task_succeeded(&mut self, execution: ExecutionId, strand: StrandId, serial: u64, text: String) {
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

    fn task_failed(&mut self, execution: ExecutionId, strand: StrandId, serial: u64, failure: TaskFailure) {
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
        self.write_submitted(execution, strand, serial);
        self.close_token(serial, Closed::TimedOut);
        let Some((attempt, _)) = self.end_attempt(execution, strand, serial) else { return };
        if let Some(child) = attempt.child {
            self.close(child, super::Ending::Aborted { error: None, cause: None }, 0);
        }
        let (error, cause) = self.conduct.timeout_error(clock);
        let mut members = error_details(Some(&error), cause.as_deref());
        let kind = attempt.ended("TimedOut", &mut members);
        let leaf = self.emit(execution, strand, attempt.last, kind, members);
        let lawful =
            if clock == Clock::Heartbeat { TaskFailure::missed_heartbeat() } else { TaskFailure::timeout() };
        let failure =
            TaskFailure { error: Some(error), cause: cause.or(lawful.cause), origin: lawful.origin };
        self.fail_state(execution, strand, &Fault { failure, leaf }, false);
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
