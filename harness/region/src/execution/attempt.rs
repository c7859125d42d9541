//! One attempt of a task: scheduled, started, submitted, ended.

use std::sync::Arc;
use std::time::Duration;

use asl::{Entered, Failure, Pattern, Resource};
use serde_json::{Map, Value, json};

use super::writer::{details, with_data};
use super::{Alarmed, Attempt, ExecutionId, Issued, Mode, Step, StrandId, TaskKind};
use crate::Region;
use crate::conduct::{Clock, Stage};
use crate::connectors::Dispatched;
use crate::region::Due;
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
        let Some(current) = self.current(execution, strand) else { return };
        let Some(resource) = current.state().and_then(asl::State::resource).cloned() else { return };
        let holds_token = resource.pattern != Pattern::RequestResponse;
        let token = holds_token.then(|| self.ids.token(serial));
        let Some(sight) = self.sight(execution, strand, token.as_deref()) else { return };
        let Some(state) = sight.state() else { return };
        let mut previous = self.previous(execution, strand);
        if before.is_some() && self.conduct.retry_enters_again() {
            let members = with_data("input", sight.input.to_string(), [("name", json!(sight.state))]);
            previous = self.emit(execution, strand, previous, "TaskStateEntered", members);
        }
        let entered = match asl::enter(state, &sight.inputs()) {
            Ok(entered) => entered,
            Err(failure) => {
                self.interpreter_failed(execution, strand, &failure, previous);
                return;
            }
        };
        let kind = TaskKind::of(&resource);
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
        let (event, members) = scheduled(&self.place.region, &resource, &entered);
        let Entered::Task { parameters, timeout_seconds, heartbeat_seconds, .. } = entered else { return };
        let scheduled = self.emit(execution, strand, previous, event, members);
        if holds_token || kind == TaskKind::Activity {
            self.issued.insert(serial, Issued { execution, strand, closed: None });
        }
        let context = Arc::clone(&sight.context);
        let Some(visit) = self.visit(execution, strand) else { return };
        visit.mode = Mode::Task(Box::new(Attempt {
            serial,
            resource_type: resource.resource_type().to_owned(),
            resource: resource.resource(),
            kind,
            last: scheduled,
            parameters,
            context,
            timeout: timeout_seconds,
            heartbeat: heartbeat_seconds,
            timeout_timer: None,
            heartbeat_timer: None,
            beats: 0,
            submitting: None,
            pending: None,
            child: None,
        }));
        if kind == TaskKind::Activity && self.script.is_none() {
            if let Some(activity) = self.sfn.activities.get_mut(&resource.arn) {
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
        self.current(execution, strand)?.state()?.resource().map(|resource| resource.pattern)
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
        let Some(current) = self.current(execution, strand) else { return };
        let Some(resource) = current.state().and_then(asl::State::resource).cloned() else { return };
        let item = self.strand(execution, strand).and_then(|s| s.item.as_ref().map(|(index, _)| *index));
        let Some(attempt) = self.attempt(execution, strand, serial) else { return };
        let (parameters, name, kind) = (attempt.parameters.clone(), attempt.resource.clone(), attempt.kind);
        let resource_type = attempt.resource_type.clone();
        let attempts = self.visit(execution, strand).map_or(1, |visit| visit.attempts);
        let now = self.now;
        let act = self.script.as_mut().and_then(|script| {
            let resource_type = if kind == TaskKind::Integration { resource_type.as_str() } else { "" };
            script.act(Scene {
                state: &current.name,
                resource: &name,
                resource_type,
                parameters: &parameters,
                item,
                now,
            })
        });
        let worker = act.as_ref().and_then(|act| act.worker.clone()).flatten();
        self.start_attempt(execution, strand, serial, worker.as_deref());
        if let Some(act) = act {
            if let Some(output) = act.submitted {
                self.submitted(execution, strand, serial, &output);
            }
            if act.after_ms == 0 {
                self.scripted_end(execution, strand, serial, act.ending);
            } else {
                let due = now + Duration::from_millis(act.after_ms);
                let what = Alarmed::Scripted(execution, strand, serial, act.ending);
                self.timers.set(due, Due::Execution(what));
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

    /// A scripted task ends as it is told to.
    pub(crate) fn scripted_end(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        serial: u64,
        ending: Scripted,
    ) {
        match ending {
            Scripted::Succeeds(output) => self.task_replied(execution, strand, serial, Ok(output)),
            Scripted::Fails(failure) => self.task_replied(execution, strand, serial, Err(failure)),
            Scripted::Hangs => {}
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
}

/// The event that schedules a task, with its details.
fn scheduled(
    region: &str,
    resource: &Resource,
    entered: &Entered,
) -> (&'static str, Option<Map<String, Value>>) {
    let Entered::Task { parameters, timeout_seconds, heartbeat_seconds, credentials, .. } = entered else {
        return ("TaskScheduled", None);
    };
    let common = [
        ("resource", json!(resource.resource())),
        ("timeoutInSeconds", json!(timeout_seconds)),
        ("heartbeatInSeconds", json!(heartbeat_seconds)),
    ];
    let text = parameters.to_string();
    let (event, mut members) = match TaskKind::of(resource) {
        TaskKind::Integration => {
            let [name, timeout, heartbeat] = common;
            let kind = ("resourceType", json!(resource.resource_type()));
            let (region, parameters) = (("region", json!(region)), ("parameters", json!(text)));
            ("TaskScheduled", details([name, timeout, heartbeat, kind, region, parameters]))
        }
        TaskKind::Activity => ("ActivityScheduled", with_data("input", text, common)),
        TaskKind::Function => ("LambdaFunctionScheduled", with_data("input", text, common)),
    };
    if let (Some(members), Some(credentials)) = (&mut members, credentials) {
        let role = credentials.get("RoleArn").cloned().unwrap_or_default();
        members.insert("taskCredentials".to_owned(), json!({ "roleArn": role }));
    }
    (event, members)
}
