//! The steps of a plan, done. What waits is in [`messages`] and [`reading`].

mod lists;
mod messages;
mod pages;
mod reading;
mod telling;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use plan::{Fault, Step};
use record::{Call, CaseEnd, Operation, Outcome};
use serde_json::{Value, json};

use crate::ends::Ends;
use crate::faults;
use crate::insist::insist;
use crate::ledger::Ledger;
use crate::patience::{Pauses, allowance, is_not_found};
use crate::recorder::Recorder;
use crate::slots::Slots;
use crate::world::{Execution, World};
use crate::{BoxFuture, Cancel, ResourceKind, Target};

/// Everything that the actors of one case share.
pub(crate) struct Stage<'a> {
    pub(crate) target: &'a dyn Target,
    pub(crate) recorder: &'a Recorder,
    pub(crate) world: &'a Mutex<World>,
    pub(crate) cancel: &'a Cancel,
    pub(crate) ledger: &'a Ledger,
    /// Who hears of ends, on targets that are not polled.
    pub(crate) ends: Option<&'a Ends>,
    /// The room that a wait gives back.
    pub(crate) slots: Option<&'a Slots>,
    /// Fifteen characters that are unique to the plan and the run.
    pub(crate) run: String,
}

impl Stage<'_> {
    /// Waits for something, leaving room for other plans.
    async fn idle<T>(&self, wait: impl Future<Output = T>) -> T {
        match self.slots {
            Some(slots) => slots.idle(wait).await,
            None => wait.await,
        }
    }

    /// Lets time pass, leaving room for other plans.
    async fn pause(&self, span: Duration) {
        self.idle(self.target.clock().sleep(span)).await;
    }
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
                let outcome = self.call(call.clone(), None).await;
                match (bind, &outcome) {
                    (Some(name), Outcome::Done(reply)) => {
                        self.world(|world| world.bound.insert(name.clone(), reply.clone()));
                    }
                    // A page that the plan keeps is the plan's to follow.
                    (None, Outcome::Done(reply)) if pages::begins_a_list(&call) => {
                        self.read_list(&call, reply).await;
                    }
                    _ => {}
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
            Step::Beats { token, times, every_ms } => {
                self.beats(token, *times, Duration::from_millis(*every_ms)).await;
                Ok(())
            }
            Step::Settle { exec, after_ms } => {
                if let Some(ends) = self.stage.ends {
                    let clock = self.stage.target.clock();
                    let deadline = clock.now() + Duration::from_millis(*after_ms) + allowance(clock);
                    self.stage.idle(ends.wait(&self.arn(*exec), self.stage.target, deadline)).await;
                }
                let over = self.over(*exec);
                let settled = self.await_history(*exec, *after_ms, "its end", over).await;
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
                let over = self.over(*exec);
                self.await_history(*exec, *after_ms, &awaited, move |events| {
                    over(events) || events.iter().filter(|one| reading::is_of(one, &event)).count() >= count
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
                self.stage.pause(Duration::from_millis(*ms)).await;
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
        let acts = cast.iter_mut().zip(actors).map(|(actor, steps)| actor.act(steps));
        if let Some(slots) = self.stage.slots {
            slots.press(actors.len());
            slots.leave(1);
        }
        let acted = join_all(acts).await;
        if let Some(slots) = self.stage.slots {
            slots.press(1);
            slots.leave(actors.len());
        }
        acted.into_iter().find(Result::is_err).unwrap_or(Ok(()))
    }

    /// Makes a call; what it makes is written down before and removed in the end, if the plan does not remove it.
    async fn call(&mut self, call: Call, note: Option<&str>) -> Outcome {
        let mut call = call;
        let made = ResourceKind::made_by(call.operation);
        if let Some(made) = made {
            if self.stage.target.traits().is_metered {
                made.tag(&mut call, self.stage.ledger.run());
            }
            if let Some(name) = made.name(&call)
                && let Err(why) = self.stage.ledger.about_to_make(made, name)
            {
                return Outcome::Unknown(why);
            }
        }
        let outcome = self.found(call.clone(), note).await;
        if let Some((made, name)) = made.and_then(|made| Some((made, made.name(&call)?))) {
            self.stage.ledger.answered(made, name, &outcome);
        }
        let now = self.stage.target.clock().now();
        self.world(|world| world.book(&call, &outcome, now));
        if let Some(gone) = ResourceKind::removed_by(call.operation)
            && let Some(name) = call.text(gone.member())
        {
            self.stage.ledger.gone(gone, name, &outcome);
        }
        outcome
    }

    /// Makes a call, again while what was just made is not found yet: those tries tell nothing and leave the record.
    async fn found(&mut self, call: Call, note: Option<&str>) -> Outcome {
        let Stage { target, recorder, .. } = *self.stage;
        let known_from = self.world(|world| world.known_from(&call));
        let mut pauses = Pauses::new(target);
        loop {
            if let Some(fault) = self.fault.take() {
                self.crashed = !faults::survives(fault);
                let told = faults::faulted(fault, call.clone(), &self.name, target, recorder).await;
                if self.crashed || !told.refusal().is_some_and(record::ApiError::is_passing) {
                    return told;
                }
                self.stage.pause(pauses.next()).await;
            }
            let early = known_from.is_some_and(|moment| target.clock().now() < moment);
            let (place, outcome) = insist(recorder, target, &self.name, call.clone(), note).await;
            if !early || !outcome.refusal().is_some_and(is_not_found) {
                return outcome;
            }
            recorder.forget(&place);
            self.stage.pause(pauses.next()).await;
        }
    }

    async fn start(
        &mut self,
        exec: u32,
        machine: &str,
        name: Option<&str>,
        input: &Value,
    ) -> Result<(), CaseEnd> {
        let run = self.stage.run.clone();
        let own = name.is_none();
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
            let arn = world.machines.get(machine).cloned().unwrap_or_else(|| world.fill_text(machine));
            (arn, name, input.to_string())
        });
        let call = Call::new(
            Operation::StartExecution,
            json!({"stateMachineArn": arn, "name": name, "input": input}),
        );
        let mut pauses = Pauses::new(self.stage.target);
        for _ in 0..12 {
            match self.call(call.clone(), None).await {
                Outcome::Done(reply) => {
                    let arn = reply.get("executionArn").and_then(Value::as_str).unwrap_or_default();
                    self.world(|world| world.started(exec, arn));
                    return Ok(());
                }
                Outcome::Unknown(_) => {}
                // Its name is nobody else's: a start whose answer was lost has started it, and it has ended since (START-12).
                Outcome::Refused(error) if error.code == "ExecutionAlreadyExists" && own => {
                    let arn = format!("{}:{name}", arn.replacen(":stateMachine:", ":execution:", 1));
                    self.world(|world| world.started(exec, &arn));
                    return Ok(());
                }
                Outcome::Refused(error) => {
                    return Err(CaseEnd::Cut(format!("StartExecution was refused: {error}")));
                }
            }
            if self.crashed {
                return Ok(());
            }
            self.stage.pause(pauses.next()).await;
        }
        Err(CaseEnd::Cut("no execution could be started in 12 tries".to_owned()))
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
