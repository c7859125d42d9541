//! The steps of a plan, done.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use plan::{Answer, Fault, Filter, Placeholder, Step};
use record::{Call, CaseEnd, Operation, Outcome};
use serde_json::{Value, json};

use crate::ends::Ends;
use crate::faults;
use crate::ledger::Ledger;
use crate::making::Making;
use crate::patience::{Pauses, allowance};
use crate::recorder::Recorder;
use crate::world::{Execution, World};
use crate::{BoxFuture, Cancel, Target};

/// Everything that the actors of one case share.
pub(crate) struct Stage<'a> {
    pub(crate) target: &'a dyn Target,
    pub(crate) recorder: &'a Recorder,
    pub(crate) world: &'a Mutex<World>,
    pub(crate) cancel: &'a Cancel,
    pub(crate) ledger: &'a Ledger,
    /// Who hears of ends, on targets that are not polled.
    pub(crate) ends: Option<&'a Ends>,
    /// Ten characters that are unique to the plan and the run.
    pub(crate) run: String,
}

/// One actor: does its steps one after another.
pub(crate) struct Actor<'a> {
    stage: &'a Stage<'a>,
    name: String,
    fault: Option<Fault>,
    /// A planned fault killed it: it does nothing more.
    crashed: bool,
    /// Queue and receipt handle of what it received and did not delete yet.
    held: Vec<(String, String)>,
    /// The last receive that brought nothing, and from which queue: of those in a row only the last is kept.
    empty: Option<(String, crate::recorder::Place)>,
}

impl<'a> Actor<'a> {
    pub(crate) fn new(stage: &'a Stage<'a>, name: String) -> Self {
        Self { stage, name, fault: None, crashed: false, held: Vec::new(), empty: None }
    }

    /// Does the steps. The first wait that passed its deadline ends them.
    pub(crate) fn act<'s>(&'s mut self, steps: &'s [Step]) -> BoxFuture<'s, Result<(), CaseEnd>> {
        Box::pin(async move {
            for step in steps {
                if self.stage.cancel.is_set() {
                    return Err(CaseEnd::Cut("the run was stopped".to_owned()));
                }
                self.step(step).await?;
                if self.crashed {
                    return Ok(());
                }
            }
            if let Some(fault) = self.fault.take() {
                self.stage.recorder.fault(fault.name(), false);
            }
            Ok(())
        })
    }

    /// Looks once more at every execution: after a wait that was given up, so that the record shows what it came to.
    pub(crate) async fn look_again(&mut self) {
        let executions: Vec<u32> = self.world(|world| {
            world
                .executions
                .iter()
                .filter(|(_, execution)| !execution.arn.is_empty())
                .map(|(number, _)| *number)
                .collect()
        });
        for exec in executions {
            let arn = self.arn(exec);
            self.read_pages(json!({"executionArn": arn, "maxResults": 1000}), None).await;
            self.describe(exec).await;
        }
    }

    async fn step(&mut self, step: &Step) -> Result<(), CaseEnd> {
        match step {
            Step::Call { op, input, raw, bind } => {
                let mut call = Call::new(*op, self.world(|world| world.fill(input)));
                call.raw_body = raw.as_ref().map(|body| self.world(|world| world.fill_text(body)));
                let outcome = self.call(call, None).await;
                if let (Some(name), Outcome::Done(reply)) = (bind, &outcome) {
                    self.world(|world| world.bound.insert(name.clone(), reply.clone()));
                }
                if *op == Operation::ReceiveMessage {
                    self.hear(&outcome);
                }
                Ok(())
            }
            Step::Start { exec, machine, name, input } => {
                self.start(*exec, machine, name.as_deref(), input).await
            }
            Step::Take { exec, tokens, delete } => self.take(*exec, *tokens, *delete).await,
            Step::Drain { queue, messages, wait_ms } => {
                self.drain(queue, *messages, *wait_ms).await;
                Ok(())
            }
            Step::Tell { token, answer } => {
                self.tell(token, answer).await;
                Ok(())
            }
            Step::Settle { exec, after_ms } => {
                if let Some(ends) = self.stage.ends {
                    let clock = self.stage.target.clock();
                    let deadline = clock.now() + Duration::from_millis(*after_ms) + allowance(clock);
                    ends.wait(&self.arn(*exec), self.stage.target, deadline).await;
                }
                let settled = self.await_history(*exec, *after_ms, "its end", ended).await;
                self.world(|world| {
                    if let Some(execution) = world.executions.get_mut(exec) {
                        execution.ended |= settled.is_ok();
                    }
                });
                self.describe(*exec).await;
                settled
            }
            Step::Until { exec, event, count, after_ms } => {
                let (event, count) = (event.clone(), *count as usize);
                let awaited = format!("{count} x {event}");
                self.await_history(*exec, *after_ms, &awaited, move |events| {
                    ended(events)
                        || events
                            .iter()
                            .filter(|e| e.get("type").and_then(Value::as_str) == Some(&event))
                            .count()
                            >= count
                })
                .await
            }
            Step::Pages { exec, size, reverse } => {
                let arn = self.arn(*exec);
                let mut input = json!({"executionArn": arn, "maxResults": size});
                if *reverse {
                    input["reverseOrder"] = json!(true);
                }
                self.read_pages(input, None).await;
                Ok(())
            }
            Step::Sleep { ms } => {
                self.stage.target.clock().sleep(Duration::from_millis(*ms)).await;
                Ok(())
            }
            Step::Together(actors) => self.together(actors).await,
            Step::Fault(fault) => {
                self.fault = Some(*fault);
                Ok(())
            }
            Step::Delete => {
                for (queue, handle) in std::mem::take(&mut self.held) {
                    self.delete(&queue, &handle).await;
                }
                Ok(())
            }
        }
    }

    async fn together(&self, actors: &[Vec<Step>]) -> Result<(), CaseEnd> {
        let mut cast: Vec<Actor<'_>> = (1..=actors.len())
            .map(|number| Actor::new(self.stage, format!("{}.{number}", self.name)))
            .collect();
        let acts = cast.iter_mut().zip(actors).map(|(actor, steps)| actor.act(steps)).collect();
        crate::join::all(acts).await.into_iter().find(Result::is_err).unwrap_or(Ok(()))
    }

    /// Makes a call; what it makes is written down before and removed in the end, if the plan does not remove it.
    async fn call(&mut self, call: Call, note: Option<&str>) -> Outcome {
        let mut call = call;
        if let Some(made) = Making::of(call.operation)
            && let Some(word) = made.word()
        {
            if self.stage.target.traits().is_metered {
                made.tag(&mut call, self.stage.ledger.run());
            }
            if let Some(name) = made.name(&call) {
                self.stage.ledger.about_to_make(word, name);
            }
        }
        let outcome = self.faulted(call.clone(), note).await;
        if let Some(made) = Making::of(call.operation)
            && let (Some(word), Some(name)) = (made.word(), made.name(&call))
        {
            self.stage.ledger.answered(word, name, &outcome);
        }
        self.world(|world| world.book(&call, &outcome));
        let gone = Making::ALL.into_iter().find(|made| made.removal() == call.operation);
        if let Some((made, word)) = gone.and_then(|made| Some((made, made.word()?)))
            && let Some(name) = call.text(made.member())
        {
            self.stage.ledger.gone(word, name, &outcome);
        }
        outcome
    }

    /// Makes a call, with the fault that was asked for.
    async fn faulted(&mut self, call: Call, note: Option<&str>) -> Outcome {
        let Stage { target, recorder, .. } = *self.stage;
        let Some(fault) = self.fault.take() else {
            return recorder.call(target, &self.name, call, note).await.1;
        };
        self.crashed = !faults::survives(fault);
        faults::faulted(fault, call, &self.name, target, recorder).await
    }

    async fn start(
        &mut self,
        exec: u32,
        machine: &str,
        name: Option<&str>,
        input: &Value,
    ) -> Result<(), CaseEnd> {
        let run = self.stage.run.clone();
        let (arn, name, input) = self.world(|world| {
            let name = name.map_or_else(|| format!("e{exec}-{run}"), |name| world.fill_text(name));
            world.executions.insert(exec, Execution { name: name.clone(), ..Execution::default() });
            let mut input = world.fill(input);
            // Machines with a topic find it in the input.
            if let (Some(members), Some(topic)) = (input.as_object_mut(), world.places.get("topic"))
                && members.contains_key("queue")
            {
                members.entry("topic").or_insert_with(|| json!(topic));
            }
            (world.machines.get(machine).cloned().unwrap_or_default(), name, input.to_string())
        });
        let call = Call::new(
            Operation::StartExecution,
            json!({"stateMachineArn": arn, "name": name, "input": input}),
        );
        let mut pauses = Pauses::new(self.stage.target);
        for _ in 0..12 {
            match self.call(call.clone(), None).await {
                Outcome::Done(reply) => {
                    let arn =
                        reply.get("executionArn").and_then(Value::as_str).unwrap_or_default().to_owned();
                    self.world(|world| {
                        if let Some(execution) = world.executions.get_mut(&exec) {
                            execution.arn = arn;
                        }
                    });
                    return Ok(());
                }
                // A machine just made may not be there yet (DEF-26).
                Outcome::Refused(error)
                    if error.code == "StateMachineDoesNotExist" || crate::patience::is_passing(&error) => {}
                Outcome::Unknown(_) => {}
                Outcome::Refused(error) => {
                    return Err(CaseEnd::Cut(format!("StartExecution was refused: {error}")));
                }
            }
            if self.crashed {
                return Ok(());
            }
            self.stage.target.clock().sleep(pauses.next()).await;
        }
        Err(CaseEnd::Cut("no execution could be started in 12 tries".to_owned()))
    }

    async fn take(&mut self, exec: u32, tokens: u32, delete: bool) -> Result<(), CaseEnd> {
        let clock = self.stage.target.clock();
        let deadline = clock.now() + allowance(clock) + Duration::from_secs(4 * u64::from(tokens));
        loop {
            let (known, queue) = self.world(|world| {
                let known = world.executions.get(&exec).map_or(0, |execution| execution.tokens.len());
                (known, world.places.get("queue").cloned().unwrap_or_default())
            });
            if known >= tokens as usize || self.crashed {
                return Ok(());
            }
            if clock.now() >= deadline {
                let awaited = format!("token {tokens} of execution {exec} in a message");
                return Err(CaseEnd::Hung { awaited, saw: format!("{known} tokens") });
            }
            if self.stage.cancel.is_set() {
                return Err(CaseEnd::Cut("the run was stopped".to_owned()));
            }
            self.receive(&queue, 10, 1, delete).await;
        }
    }

    async fn drain(&mut self, queue: &str, messages: u32, wait_ms: u64) {
        let clock = self.stage.target.clock();
        let deadline = clock.now() + Duration::from_millis(wait_ms);
        let url = self.world(|world| world.places.get(queue).cloned().unwrap_or_default());
        let mut seen = 0;
        loop {
            // Short waits do not round up to a whole second of long polling.
            let wait = u64::from(wait_ms >= 1000);
            seen += self.receive(&url, 10, wait, true).await;
            if seen >= messages || clock.now() >= deadline || self.stage.cancel.is_set() {
                return;
            }
            if wait == 0 {
                clock.sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// Receives once, hears what came, deletes it if asked to. How many messages came.
    async fn receive(&mut self, queue: &str, most: u32, wait_s: u64, delete: bool) -> u32 {
        let input = json!({
            "QueueUrl": queue, "MaxNumberOfMessages": most, "WaitTimeSeconds": wait_s,
            "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]
        });
        let place_and = self
            .stage
            .recorder
            .call(self.stage.target, &self.name, Call::new(Operation::ReceiveMessage, input), None)
            .await;
        let (place, outcome) = place_and;
        if let Some((_, before)) = self.empty.take_if(|(of, _)| of == queue) {
            self.stage.recorder.forget(&before);
        }
        let messages = outcome
            .reply()
            .and_then(|reply| reply.get("Messages"))
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        if messages.is_empty() {
            if outcome.is_done() {
                self.empty = Some((queue.to_owned(), place));
            }
            if wait_s == 0 || !outcome.is_done() {
                self.stage.target.clock().sleep(Duration::from_millis(30)).await;
            }
            return 0;
        }
        self.hear(&outcome);
        for handle in
            messages.iter().filter_map(|message| message.get("ReceiptHandle").and_then(Value::as_str))
        {
            if delete {
                self.delete(queue, handle).await;
            } else {
                self.held.push((queue.to_owned(), handle.to_owned()));
            }
        }
        u32::try_from(messages.len()).unwrap_or(u32::MAX)
    }

    async fn delete(&mut self, queue: &str, handle: &str) {
        if self.crashed {
            return;
        }
        let input = json!({"QueueUrl": queue, "ReceiptHandle": handle});
        self.call(Call::new(Operation::DeleteMessage, input), None).await;
    }

    fn hear(&self, outcome: &Outcome) {
        let messages = outcome.reply().and_then(|reply| reply.get("Messages")).and_then(Value::as_array);
        for body in
            messages.into_iter().flatten().filter_map(|message| message.get("Body").and_then(Value::as_str))
        {
            self.world(|world| world.heard(body));
        }
    }

    async fn tell(&mut self, token: &str, answer: &Answer) {
        let written = format!("${{token:{token}}}");
        let Some(Placeholder::Token(exec, number, filters)) = plan::whole(&written) else { return };
        let (secret, fill) = self.world(|world| {
            let fill = |text: &Option<String>| text.as_ref().map(|text| world.fill_text(text));
            let answer = match answer {
                Answer::Failure { error, cause } => (fill(error), fill(cause)),
                Answer::Success(_) | Answer::Heartbeat => (None, None),
            };
            (world.token(exec, number, &filters), answer)
        });
        // A token that never came cannot be told: the wait for it has said so.
        let Some(secret) = secret else { return };
        let note = filters.iter().map(|filter| name_of(*filter)).reduce(|a, b| if a == b { a } else { b });
        let note = note.map(|name| format!("wrong-token:{name}"));
        let call = match answer {
            Answer::Success(output) => {
                Call::new(Operation::SendTaskSuccess, json!({"taskToken": secret, "output": output}))
            }
            Answer::Heartbeat => Call::new(Operation::SendTaskHeartbeat, json!({"taskToken": secret})),
            Answer::Failure { .. } => {
                let mut input = json!({"taskToken": secret});
                for (member, text) in [("error", fill.0), ("cause", fill.1)] {
                    if let Some(text) = text {
                        input[member] = json!(text);
                    }
                }
                Call::new(Operation::SendTaskFailure, input)
            }
        };
        let mut pauses = Pauses::new(self.stage.target);
        for _ in 0..10 {
            let outcome = self.call(call.clone(), note.as_deref()).await;
            match outcome.refusal() {
                Some(error) if crate::patience::is_passing(error) => {
                    self.stage.target.clock().sleep(pauses.next()).await;
                }
                _ => return,
            }
        }
    }

    /// Polls the history until it shows what is awaited. Of the polls that did not, the first is kept.
    async fn await_history(
        &mut self,
        exec: u32,
        after_ms: u64,
        what: &str,
        shown: impl Fn(&[Value]) -> bool,
    ) -> Result<(), CaseEnd> {
        let clock = self.stage.target.clock();
        let deadline = clock.now() + Duration::from_millis(after_ms) + allowance(clock);
        let arn = self.arn(exec);
        let mut pauses = Pauses::new(self.stage.target);
        let mut polls = 0u32;
        loop {
            let last = clock.now() >= deadline;
            let mut places = Vec::new();
            let events =
                self.read_pages(json!({"executionArn": arn, "maxResults": 1000}), Some(&mut places)).await;
            if shown(&events) {
                return Ok(());
            }
            if !last && self.stage.cancel.is_set() {
                return Err(CaseEnd::Cut("the run was stopped".to_owned()));
            }
            if last {
                let kind = events
                    .last()
                    .and_then(|event| event.get("type"))
                    .and_then(Value::as_str)
                    .unwrap_or("no event");
                let saw = format!("{} events, the last {kind}", events.len());
                return Err(CaseEnd::Hung { awaited: format!("{what} of execution {exec}"), saw });
            }
            if polls > 0 {
                for place in &places {
                    self.stage.recorder.forget(place);
                }
            }
            polls += 1;
            clock.sleep(pauses.next()).await;
        }
    }

    /// Reads a history to its last page.
    async fn read_pages(
        &mut self,
        input: Value,
        mut places: Option<&mut Vec<crate::recorder::Place>>,
    ) -> Vec<Value> {
        let mut events = Vec::new();
        let mut input = input;
        for _ in 0..30_000 {
            let call = Call::new(Operation::GetExecutionHistory, input.clone());
            let (place, outcome) = self.stage.recorder.call(self.stage.target, &self.name, call, None).await;
            if let Some(places) = &mut places {
                places.push(place);
            }
            let Outcome::Done(reply) = outcome else { break };
            events.extend(reply.get("events").and_then(Value::as_array).cloned().unwrap_or_default());
            let Some(next) = reply.get("nextToken").and_then(Value::as_str).filter(|token| !token.is_empty())
            else {
                break;
            };
            input["nextToken"] = json!(next);
        }
        events
    }

    /// Describes an execution that has ended, until the description says so too or the allowance is over (GEH-12).
    async fn describe(&mut self, exec: u32) {
        let clock = self.stage.target.clock();
        let deadline = clock.now() + allowance(clock);
        let arn = self.arn(exec);
        let mut pauses = Pauses::new(self.stage.target);
        loop {
            let call = Call::new(Operation::DescribeExecution, json!({"executionArn": arn}));
            let (place, outcome) = self.stage.recorder.call(self.stage.target, &self.name, call, None).await;
            let status = outcome.reply().and_then(|reply| reply.get("status")).and_then(Value::as_str);
            let passing = outcome.refusal().is_some_and(crate::patience::is_passing)
                || matches!(outcome, Outcome::Unknown(_));
            let ended =
                self.world(|world| world.executions.get(&exec).is_some_and(|execution| execution.ended));
            if !(status == Some("RUNNING") && ended || passing) || clock.now() >= deadline {
                return;
            }
            self.stage.recorder.forget(&place);
            clock.sleep(pauses.next()).await;
        }
    }

    fn arn(&self, exec: u32) -> String {
        self.world(|world| {
            world.executions.get(&exec).map(|execution| execution.arn.clone()).unwrap_or_default()
        })
    }

    fn world<T>(&self, see: impl FnOnce(&mut World) -> T) -> T {
        see(&mut self.stage.world.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn ended(events: &[Value]) -> bool {
    events.last().and_then(|event| event.get("type")).and_then(Value::as_str).is_some_and(|kind| {
        matches!(kind, "ExecutionSucceeded" | "ExecutionFailed" | "ExecutionAborted" | "ExecutionTimedOut")
    })
}

fn name_of(filter: Filter) -> &'static str {
    Filter::ALL.iter().find(|(_, known)| *known == filter).map_or("changed", |(name, _)| name)
}
