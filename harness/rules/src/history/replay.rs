//! Every branch again, as `asl` runs it: what each event must hold, and where each strand must go (HIS-13, HIS-29).
//!
//! The walk takes each recorded value as given once it was compared, so that one wrong value is one breach. What `asl` cannot
//! know (service answers, callback outcomes, child executions) comes from the history.

use std::collections::BTreeMap;

use asl::{
    Entered, Exit, Failure, Inputs, Machine, Next, QueryLanguage, Scope, State, StateKind, TaskFailure,
    Variables, WaitUntil,
};
use record::{Event, Time};
use serde_json::Value;

use super::Known;
use super::flow::{brief, json, same_text};
use super::holes::{Holes, Scene, World};
use super::ledger::Ledger;
use super::recovery::{self, Seen};
use super::times::is_early;
use super::trace::{Family, Home, Phase, Round, Trace, Visit};

/// Where a strand must go next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    Start,
    State(String),
    End,
    /// One of these, or the end: the data that decide are not known.
    Among(Vec<String>),
    Any,
}

/// How a strand ended.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Done(Value),
    /// With every failure it can have been.
    Failed(Vec<TaskFailure>),
    /// It still runs, was stopped, or cannot be followed.
    Open,
}

/// The walk over one history.
pub(super) struct Replay<'a, 'h> {
    pub(super) trace: &'a Trace<'h>,
    pub(super) scene: Scene<'a>,
    pub(super) ledger: &'a mut Ledger,
    pub(super) holes: Holes,
    /// The event that scheduled the attempt with each token.
    pub(super) tokens: BTreeMap<String, u64>,
    /// Whether timestamps say anything.
    pub(super) real: bool,
}

/// Values of an evaluation in both worlds.
pub(super) struct Twice<T> {
    pub(super) one: T,
    pub(super) two: T,
}

/// What a state is evaluated with, in both worlds.
pub(super) struct Setting<'v> {
    pub(super) input: Value,
    pub(super) contexts: Twice<Value>,
    pub(super) variables: &'v Variables,
    pub(super) event_id: u64,
}

impl Setting<'_> {
    pub(super) fn twice<T>(&self, evaluate: impl Fn(&Inputs<'_>) -> T) -> Twice<T> {
        let inputs = |context| Inputs {
            input: &self.input,
            context,
            variables: self.variables,
            event_id: self.event_id,
        };
        Twice { one: evaluate(&inputs(&self.contexts.one)), two: evaluate(&inputs(&self.contexts.two)) }
    }
}

/// The item that an iteration works on, if the strand is inside one.
type Item<'i> = Option<&'i (usize, Value)>;

/// Replays a history against its definition.
pub(super) fn check(
    trace: &Trace<'_>,
    machine: &Machine,
    known: &Known<'_>,
    real: bool,
    ledger: &mut Ledger,
) {
    let Some(first) = trace.event(0) else { return };
    let input = json(first, "input").or_else(|| known.input.cloned()).unwrap_or(Value::Null);
    let scene = Scene {
        known: *known,
        input: &input,
        role_arn: first.text("roleArn"),
        started: first.at,
        redrives: 0,
    };
    ledger.met("HIS-13");
    ledger.met("HIS-29");
    let mut replay = Replay { trace, scene, ledger, holes: Holes::default(), tokens: BTreeMap::new(), real };
    let outcome = replay.strand(0, machine.top(), Variables::default(), None);
    replay.end(machine, &outcome);
}

impl Replay<'_, '_> {
    fn strand(
        &mut self,
        strand: usize,
        scope: Scope<'_>,
        mut variables: Variables,
        item: Item<'_>,
    ) -> Outcome {
        let Some(found) = self.trace.strand(strand) else { return Outcome::Open };
        let visits = found.visits.clone();
        let mut goal = Goal::Start;
        let mut outcome = Outcome::Open;
        let mut before: Option<&str> = None;
        for at in visits {
            let Some(visit) = self.trace.visits.get(at) else { return Outcome::Open };
            let Some(entered) = self.trace.event(visit.entered) else { return Outcome::Open };
            let again = visit.redriven && before == Some(visit.name.as_str());
            if !again {
                self.arrive(&goal, visit, entered, scope);
            }
            before = Some(&visit.name);
            let Some(state) = scope.states.get(&visit.name) else {
                let elsewhere = format!("{:?} is no state of this scope of the definition", visit.name);
                if self.scene.known.definition.is_some_and(|machine| machine.find(&visit.name).is_some()) {
                    self.ledger.breach("DEF-06", entered, elsewhere.clone());
                }
                self.ledger.breach("HIS-13", entered, elsewhere);
                return Outcome::Open;
            };
            if visit.kind != state.type_name() {
                self.ledger.breach(
                    "HIS-13",
                    entered,
                    format!("{:?} is a {} state, not {}", visit.name, state.type_name(), visit.kind),
                );
                return Outcome::Open;
            }
            (goal, outcome) = self.visit(at, state, &variables, item);
            self.assign(visit, &mut variables);
        }
        if let (Outcome::Done(_), Goal::State(next)) = (&outcome, &goal) {
            self.stops_short(strand, next);
        }
        outcome
    }

    /// Whether the strand may enter this state now.
    fn arrive(&mut self, goal: &Goal, visit: &Visit, entered: &Event, scope: Scope<'_>) {
        let name = visit.name.as_str();
        let wrong = match goal {
            Goal::Start if name != scope.start_at => {
                Some(format!("{name:?} is entered first, StartAt is {:?}", scope.start_at))
            }
            Goal::State(next) if next != name => {
                Some(format!("{name:?} is entered, the definition goes to {next:?}"))
            }
            Goal::End => Some(format!("{name:?} is entered after the scope ended")),
            Goal::Among(names) if !names.iter().any(|next| next == name) => {
                Some(format!("{name:?} is entered, the definition goes to {}", names.join(" or ")))
            }
            _ => None,
        };
        if let Some(wrong) = wrong {
            self.ledger.breach("HIS-13", entered, wrong);
        }
    }

    /// A strand that is over although the definition goes on.
    fn stops_short(&mut self, strand: usize, next: &str) {
        let closing = match self.trace.strand(strand).map(|strand| (strand.home, strand.succeeded)) {
            Some((Home::Root, _)) => self
                .trace
                .terminal
                .and_then(|at| self.trace.event(at))
                .filter(|event| event.kind == "ExecutionSucceeded"),
            Some((_, true)) => self
                .trace
                .current(strand)
                .and_then(|(_, visit)| visit.exited)
                .and_then(|at| self.trace.event(at)),
            _ => None,
        };
        if let Some(closing) = closing {
            self.ledger.breach(
                "HIS-13",
                closing,
                format!("the scope ends here, the definition goes on to {next:?}"),
            );
        }
    }

    pub(super) fn setting<'v>(
        &self,
        visit: &Visit,
        input: Value,
        variables: &'v Variables,
        item: Item<'_>,
        retries: Option<u64>,
        token: Option<&str>,
    ) -> Option<Setting<'v>> {
        let entered = self.trace.event(visit.entered)?;
        let context = |world| {
            let context = self.scene.context(world, &visit.name, entered.at, retries, token);
            match item {
                Some((index, item)) => asl::item_context(&context, *index, item),
                None => context,
            }
        };
        Some(Setting {
            input,
            contexts: Twice { one: context(World::One), two: context(World::Two) },
            variables,
            event_id: entered.id,
        })
    }

    fn visit(&mut self, at: usize, state: &State, variables: &Variables, item: Item<'_>) -> (Goal, Outcome) {
        let trace = self.trace;
        let Some(visit) = trace.visits.get(at) else { return (Goal::Any, Outcome::Open) };
        let Some(entered) = trace.event(visit.entered) else { return (Goal::Any, Outcome::Open) };
        self.scene.redrives =
            trace.events.iter().take(visit.entered).filter(|event| event.kind == "ExecutionRedriven").count();
        self.resources(visit, state);
        let Some(input) = json(entered, "input") else { return blind(trace, visit, state) };
        match &state.kind {
            StateKind::Task(_) => self.task(at, state, input, variables, item),
            StateKind::Parallel { .. } => self.parallel(at, state, &input, variables, item),
            StateKind::Map(_) => self.map(at, state, &input, variables, item),
            _ => self.plain(visit, state, input, variables, item),
        }
    }

    /// Pass, Choice, Succeed, Wait, Fail.
    fn plain(
        &mut self,
        visit: &Visit,
        state: &State,
        input: Value,
        variables: &Variables,
        item: Item<'_>,
    ) -> (Goal, Outcome) {
        let Some(setting) = self.setting(visit, input, variables, item, None, None) else {
            return (Goal::Any, Outcome::Open);
        };
        let entered = setting.twice(|inputs| asl::enter(state, inputs));
        match (entered.one, entered.two) {
            (Ok(Entered::Exit(one)), Ok(Entered::Exit(two))) => {
                self.leave(visit, state, &Twice { one, two }, "IO-06")
            }
            (Ok(Entered::Wait { until }), Ok(Entered::Wait { until: other })) => {
                if until == other {
                    self.waited(visit, until);
                }
                let exits = setting.twice(|inputs| asl::complete(state, inputs, &Value::Null));
                match (exits.one, exits.two) {
                    (Ok(one), Ok(two)) => self.leave(visit, state, &Twice { one, two }, "IO-06"),
                    (Err(failure), Err(_)) => self.must_fail(visit, state, &failure),
                    _ => blind(self.trace, visit, state),
                }
            }
            (
                Ok(Entered::Fail { error, cause }),
                Ok(Entered::Fail { error: two_error, cause: two_cause }),
            ) => {
                let certain = error == two_error && cause == two_cause;
                if certain {
                    return (Goal::Any, Outcome::Failed(vec![TaskFailure::new(error, cause)]));
                }
                let last =
                    self.trace.terminal.and_then(|at| self.trace.event(at)).filter(|_| visit.strand == 0);
                if let Some(last) = last.filter(|event| event.kind == "ExecutionFailed") {
                    let written = serde_json::json!([last.text("error"), last.text("cause")]);
                    let (one, two) =
                        (serde_json::json!([error, cause]), serde_json::json!([two_error, two_cause]));
                    if let Err(what) = self.holes.fit(&one, &two, &written) {
                        self.ledger.breach("ERR-06", last, format!("error and cause {what}"));
                    }
                }
                (Goal::Any, Outcome::Open)
            }
            (Err(failure), Err(_)) => self.must_fail(visit, state, &failure),
            _ => blind(self.trace, visit, state),
        }
    }

    fn waited(&mut self, visit: &Visit, until: WaitUntil) {
        let (Some(entered), Some(exited)) =
            (self.trace.event(visit.entered), visit.exited.and_then(|at| self.trace.event(at)))
        else {
            return;
        };
        let bound = match until {
            WaitUntil::Seconds(seconds) => {
                i64::try_from(seconds).unwrap_or(i64::MAX / 1000).saturating_mul(1000)
            }
            WaitUntil::Timestamp(at) => at - entered.at.0,
        };
        if self.real && bound > 0 && is_early(entered.at, exited.at, bound) {
            let after = exited.at - entered.at;
            self.ledger.breach(
                "HIS-29",
                exited,
                format!("the Wait state {:?} is left after {after} ms, it waits {bound} ms", visit.name),
            );
        }
    }

    /// Compares how a state was left with how it must be left.
    pub(super) fn leave(
        &mut self,
        visit: &Visit,
        state: &State,
        exits: &Twice<Exit>,
        rule: &'static str,
    ) -> (Goal, Outcome) {
        let goal = if exits.one.next == exits.two.next {
            goal_of(&exits.one.next)
        } else {
            Goal::Among(possible(state))
        };
        let Some(exited) = visit.exited.and_then(|at| self.trace.event(at)) else {
            self.fails_in_spite(visit, state, rule);
            return (Goal::Any, Outcome::Open);
        };
        if visit.evaluation.is_some() {
            self.ledger
                .unjudged(format!("state {:?}: an evaluation failed at AWS that succeeds here", visit.name));
            return (Goal::Among(possible(state)), Outcome::Open);
        }
        self.ledger.met(rule);
        let Some(output) = json(exited, "output") else {
            return (goal, Outcome::Open);
        };
        if let Err(what) = self.holes.fit(&exits.one.output, &exits.two.output, &output) {
            let message = format!("output of {:?} {what}", visit.name);
            self.ledger.breach(rule, exited, message.clone());
            self.ledger.breach("HIS-29", exited, message);
        }
        self.assigned(visit, exited, exits);
        (goal, Outcome::Done(output))
    }

    pub(super) fn assigned(&mut self, visit: &Visit, exited: &Event, exits: &Twice<Exit>) {
        let none = serde_json::Map::new();
        let written = exited.details.get("assignedVariables").and_then(Value::as_object).unwrap_or(&none);
        let mut wrong = written
            .keys()
            .find(|name| !exits.one.assigned.contains_key(*name))
            .map(|name| format!("assigns {name:?}"));
        for (name, one) in &exits.one.assigned {
            let Some(two) = exits.two.assigned.get(name) else { continue };
            let value = written
                .get(name)
                .and_then(Value::as_str)
                .and_then(|text| serde_json::from_str::<Value>(text).ok());
            match value.map(|value| self.holes.fit(one, two, &value)) {
                Some(Ok(())) => {}
                Some(Err(what)) => wrong = Some(format!("variable {name:?} {what}")),
                None => wrong = Some(format!("variable {name:?} is not assigned")),
            }
        }
        if let Some(wrong) = wrong {
            self.ledger.breach("HIS-29", exited, format!("state {:?}: {wrong}", visit.name));
        }
    }

    /// The execution fails in a state that cannot fail by its definition.
    fn fails_in_spite(&mut self, visit: &Visit, state: &State, rule: &'static str) {
        let Some(last) = self.trace.terminal.and_then(|at| self.trace.event(at)) else { return };
        let at_limit = self.trace.events.len() >= super::shape::EVENT_LIMIT;
        let here = visit.strand == 0
            && self.trace.current(0).is_some_and(|(_, current)| current.entered == visit.entered);
        // What a state leaves may still be too large (IO-10); a byte decides, and its spelling is not ours.
        let too_large = last.text("error") == Some("States.DataLimitExceeded");
        let plain = !matches!(state.kind, StateKind::Fail { .. }) && !too_large;
        let succeeded = plain
            && matches!(state.kind, StateKind::Task(_))
            && visit.attempts.last().is_some_and(|attempt| attempt.ok && attempt.ended.is_some());
        let evaluated = visit.evaluation.is_some() || state.query_language == QueryLanguage::JsonAta;
        if last.kind == "ExecutionFailed" && here && plain && !evaluated && !at_limit {
            if succeeded {
                self.ledger.breach(
                    rule,
                    last,
                    format!("the execution fails in {:?} after its task succeeded", visit.name),
                );
            }
            self.ledger.breach(
                "HIS-29",
                last,
                format!("the execution fails in {:?}, whose fields evaluate", visit.name),
            );
        }
    }

    /// The interpreter itself fails this state: nothing may follow from it.
    pub(super) fn must_fail(&mut self, visit: &Visit, state: &State, failure: &Failure) -> (Goal, Outcome) {
        let Some(exited) = visit.exited.and_then(|at| self.trace.event(at)) else {
            return (Goal::Any, Outcome::Failed(vec![TaskFailure::from(failure)]));
        };
        let seen = visit.evaluation.is_some()
            || visit.failed.is_some()
            || visit.attempts.last().is_some_and(|attempt| !attempt.ok);
        if state.query_language == QueryLanguage::JsonAta || seen {
            self.ledger.unjudged(format!("state {:?}: {} here, not at AWS", visit.name, failure.error));
        } else {
            let message = format!("{:?} is left, but it must fail: {failure}", visit.name);
            self.ledger.breach("IO-02", exited, message.clone());
            self.ledger.breach("HIS-29", exited, message);
        }
        (Goal::Among(possible(state)), Outcome::Open)
    }

    /// Whether the attempts of a visit are of the kind and resource of the definition (HIS-16, HIS-28).
    fn resources(&mut self, visit: &Visit, state: &State) {
        let Some(resource) = state.resource() else { return };
        let family = match () {
            () if resource.is_activity() => Family::Activity,
            () if resource.is_function() => Family::Lambda,
            () => Family::Task,
        };
        for attempt in &visit.attempts {
            let Some(scheduled) = self.trace.event(attempt.scheduled) else { continue };
            if attempt.family != family {
                self.ledger.breach(
                    "HIS-28",
                    scheduled,
                    format!("{} for the resource {}", scheduled.kind, resource.arn),
                );
                continue;
            }
            let own = resource.resource();
            let pairs = [("resourceType", resource.resource_type()), ("resource", own.as_str())];
            let checked =
                if family == Family::Task { pairs.as_slice() } else { pairs.get(1..).unwrap_or_default() };
            for (member, expected) in checked {
                let comparable = |actual: &&str| family == Family::Task || actual.starts_with("arn:");
                if let Some(actual) = scheduled.text(member).filter(comparable)
                    && actual != *expected
                {
                    self.ledger.breach(
                        "HIS-16",
                        scheduled,
                        format!("{member} is {actual:?}, the definition says {expected:?}"),
                    );
                }
            }
        }
    }

    fn assign(&self, visit: &Visit, variables: &mut Variables) {
        let Some(exited) = visit.exited.and_then(|at| self.trace.event(at)) else { return };
        let Some(written) = exited.details.get("assignedVariables").and_then(Value::as_object) else {
            return;
        };
        for (name, text) in written {
            if let Some(value) = text.as_str().and_then(|text| serde_json::from_str(text).ok()) {
                variables.insert(name.clone(), value);
            }
        }
    }

    /// Branches and what came of them.
    fn parallel(
        &mut self,
        at: usize,
        state: &State,
        input: &Value,
        variables: &Variables,
        item: Item<'_>,
    ) -> (Goal, Outcome) {
        let trace = self.trace;
        let Some(visit) = trace.visits.get(at) else { return (Goal::Any, Outcome::Open) };
        let mut counts = recovery::Tally::default();
        for (number, round) in visit.rounds.iter().enumerate() {
            counts.segment(round.segment);
            let retries = Some(counts.total());
            let Some(setting) = self.setting(visit, input.clone(), variables, item, retries, None) else {
                return (Goal::Any, Outcome::Open);
            };
            let entered = setting.twice(|inputs| asl::enter(state, inputs));
            let inputs = match (entered.one, entered.two) {
                (Ok(Entered::Parallel { input: one }), Ok(Entered::Parallel { input: two })) => {
                    Twice { one, two }
                }
                (Err(failure), Err(_)) => return self.must_fail(visit, state, &failure),
                _ => return blind(trace, visit, state),
            };
            let mut outputs = vec![None; state.branches().len()];
            let mut failures = Vec::new();
            for strand in round.strands.clone() {
                let first = trace
                    .strand(strand)
                    .and_then(|strand| strand.visits.first())
                    .and_then(|at| trace.visits.get(*at));
                let Some(first) = first else { continue };
                let Some(entered) = trace.event(first.entered) else { continue };
                let named = |(_, branch): &(usize, &asl::Branch)| branch.start_at == first.name;
                let Some((index, branch)) = state.branches().iter().enumerate().find(named) else {
                    self.ledger.breach(
                        "HIS-13",
                        entered,
                        format!("no branch of {:?} starts with {:?}", visit.name, first.name),
                    );
                    continue;
                };
                if outputs.get(index).is_some_and(Option::is_some) {
                    self.ledger.breach(
                        "HIS-26",
                        entered,
                        format!("the branch of {:?} starts twice", first.name),
                    );
                }
                self.given(&inputs, entered);
                let scope = Scope { start_at: &branch.start_at, states: &branch.states };
                let outcome = self.strand(strand, scope, variables.clone(), item);
                if let Outcome::Failed(found) = &outcome {
                    failures.push((strand, found.clone()));
                }
                if let Some(slot) = outputs.get_mut(index) {
                    *slot = Some(outcome);
                }
            }
            if let Some(missing) = state
                .branches()
                .iter()
                .zip(&outputs)
                .find(|(_, output)| output.is_none())
                .map(|(branch, _)| branch)
                && !visit.redriven
                && visit.exited.is_some()
                && visit.failed.is_none()
                && number + 1 == visit.rounds.len()
            {
                self.ledger.breach_at(
                    "HIS-26",
                    self.trace.event(round.started).map(|event| event.id),
                    format!("the branch of {:?} never ran", missing.start_at),
                );
            }
            let result = outputs.into_iter().map(|outcome| match outcome {
                Some(Outcome::Done(output)) => Some(output),
                _ => None,
            });
            let result = result.collect::<Option<Vec<Value>>>();
            if let Some(ended) = self.composite(at, number, state, &setting, result, &failures, &mut counts) {
                return ended;
            }
        }
        self.unstarted(visit, state, input, variables, item)
    }

    /// Iterations and what came of them.
    fn map(
        &mut self,
        at: usize,
        state: &State,
        input: &Value,
        variables: &Variables,
        item: Item<'_>,
    ) -> (Goal, Outcome) {
        let trace = self.trace;
        let Some(visit) = trace.visits.get(at) else { return (Goal::Any, Outcome::Open) };
        let (Some(processor), StateKind::Map(map)) = (state.processor(), &state.kind) else {
            return (Goal::Any, Outcome::Open);
        };
        let mut counts = recovery::Tally::default();
        for (number, round) in visit.rounds.iter().enumerate() {
            counts.segment(round.segment);
            let retries = Some(counts.total());
            let Some(setting) = self.setting(visit, input.clone(), variables, item, retries, None) else {
                return (Goal::Any, Outcome::Open);
            };
            let Some(started) = trace.event(round.started) else { return (Goal::Any, Outcome::Open) };
            let entered = setting.twice(|inputs| asl::enter(state, inputs));
            let maps = match (entered.one, entered.two) {
                (Ok(Entered::Map(one)), Ok(Entered::Map(two))) => Twice { one, two },
                // Limits like ToleratedFailureCountPath are looked at after MapStateStarted (recorded: parallel-map).
                (Err(failure), Err(_)) => return self.must_fail(visit, state, &failure),
                _ => return blind(trace, visit, state),
            };
            let read = maps.one.reading.is_some() || maps.one.items.len() != maps.two.items.len();
            let length = started.details.get("length").and_then(Value::as_u64);
            if let (Some(length), false, false) = (length, read, map.distributed)
                && length != maps.one.items.len() as u64
            {
                let message = format!(
                    "length {length}, the Map state {:?} has {} items",
                    visit.name,
                    maps.one.items.len()
                );
                self.ledger.breach("HIS-29", started, message.clone());
                self.ledger.breach("HIS-26", started, message);
            }
            if let (false, Some(run)) = (map.distributed, round.run.and_then(|at| trace.event(at))) {
                let message =
                    format!("a Map Run of the Map state {:?}, which is not distributed", visit.name);
                self.ledger.breach("HIS-26", run, message);
            }
            if map.distributed || round.run.is_some() {
                return self.distributed(visit, state);
            }
            if maps.one.max_concurrency == maps.two.max_concurrency && !visit.redriven {
                self.crowded(visit, round, maps.one.max_concurrency);
            }
            let mut outputs = vec![
                None;
                usize::try_from(length.unwrap_or_default())
                    .unwrap_or_default()
                    .min(super::shape::EVENT_LIMIT)
            ];
            let mut failures = Vec::new();
            for strand in round.strands.clone() {
                let Some(Home::Iteration { index, .. }) = trace.strand(strand).map(|strand| strand.home)
                else {
                    continue;
                };
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                let items = (maps.one.items.get(index), maps.two.items.get(index));
                let item = items.0.map(|item| (index, item.clone()));
                let first = trace
                    .strand(strand)
                    .and_then(|strand| strand.visits.first())
                    .and_then(|at| trace.visits.get(*at));
                if let (Some(first), (Some(one), Some(two)), false) =
                    (first.and_then(|visit| trace.event(visit.entered)), items, read)
                {
                    let mut inputs = setting.twice(|inputs| asl::item_input(state, inputs, index, one));
                    if one != two {
                        inputs.two = setting.twice(|inputs| asl::item_input(state, inputs, index, two)).two;
                    }
                    if let (Ok(one), Ok(two)) = (inputs.one, inputs.two) {
                        self.given(&Twice { one, two }, first);
                    }
                }
                let scope = Scope { start_at: &processor.start_at, states: &processor.states };
                let outcome = self.strand(strand, scope, variables.clone(), item.as_ref());
                if let Outcome::Failed(found) = &outcome {
                    failures.push((strand, found.clone()));
                }
                if let (Some(slot), Outcome::Done(output)) = (outputs.get_mut(index), outcome) {
                    *slot = Some(output);
                }
            }
            let result = outputs.into_iter().collect::<Option<Vec<Value>>>();
            if let Some(ended) = self.composite(at, number, state, &setting, result, &failures, &mut counts) {
                return ended;
            }
        }
        self.unstarted(visit, state, input, variables, item)
    }

    /// No more iterations run at a time than MaxConcurrency allows.
    fn crowded(&mut self, visit: &Visit, round: &Round, limit: u64) {
        let mut open = 0;
        for event in self.trace.events.iter().skip(round.started) {
            if !self.trace.owner.get(&event.id).is_some_and(|owner| round.strands.contains(owner)) {
                continue;
            }
            match event.kind.as_str() {
                "MapIterationStarted" => open += 1,
                "MapIterationSucceeded" | "MapIterationFailed" | "MapIterationAborted" => open -= 1,
                _ => {}
            }
            if limit > 0 && open > i64::try_from(limit).unwrap_or(i64::MAX) {
                let message =
                    format!("{open} iterations of {:?} run at a time, MaxConcurrency is {limit}", visit.name);
                self.ledger.breach("HIS-26", event, message);
                return;
            }
        }
    }

    /// The results of child executions are not in this history.
    fn distributed(&mut self, visit: &Visit, state: &State) -> (Goal, Outcome) {
        self.ledger
            .unjudged(format!("the results of the Map Run of {:?} are not in this history", visit.name));
        let (_, outcome) = blind(self.trace, visit, state);
        let goal = if visit.failed.is_some() {
            Goal::Among(possible(state))
        } else {
            state.next.as_ref().map_or(Goal::Any, goal_of)
        };
        (goal, outcome)
    }

    /// A Parallel or Map that never started its branches.
    fn unstarted(
        &mut self,
        visit: &Visit,
        state: &State,
        input: &Value,
        variables: &Variables,
        item: Item<'_>,
    ) -> (Goal, Outcome) {
        if visit.rounds.is_empty()
            && let Some(setting) = self.setting(visit, input.clone(), variables, item, Some(0), None)
            && let Twice { one: Err(failure), two: Err(_) } =
                setting.twice(|inputs| asl::enter(state, inputs))
            && visit.exited.is_none()
        {
            return (Goal::Any, Outcome::Failed(vec![TaskFailure::from(&failure)]));
        }
        blind(self.trace, visit, state)
    }

    /// The end of one round; None where another round follows.
    #[expect(clippy::too_many_arguments, reason = "one round is told by all of them")]
    fn composite(
        &mut self,
        at: usize,
        number: usize,
        state: &State,
        setting: &Setting<'_>,
        result: Option<Vec<Value>>,
        failures: &[(usize, Vec<TaskFailure>)],
        counts: &mut recovery::Tally,
    ) -> Option<(Goal, Outcome)> {
        let trace = self.trace;
        let visit = trace.visits.get(at)?;
        let next = visit.rounds.get(number + 1);
        if next.is_some_and(|next| next.segment != visit.rounds.get(number).map_or(0, |round| round.segment))
        {
            return None;
        }
        let link = next.map(|round| round.started).or(visit.failed).and_then(|at| trace.event(at));
        if let Some(link) = link {
            if next.is_some() && state.retriers().is_empty() {
                let message = format!("{:?} is started again, it has no Retry", visit.name);
                self.ledger.breach("START-22", link, message);
                return Some(blind(trace, visit, state));
            }
            let inner = trace.owner.get(&link.previous).copied();
            let failing = failures
                .iter()
                .find(|(strand, _)| inner.is_some_and(|inner| trace.within(*strand).contains(&inner)));
            let Some((_, failures)) = failing else {
                return if next.is_some() { None } else { Some(blind(trace, visit, state)) };
            };
            let failed_at = trace.events.iter().find(|event| event.id == link.previous);
            let seen = match (next, visit.exited) {
                (Some(next), _) => Seen::Retried { failed: failed_at, again: trace.event(next.started) },
                (None, Some(_)) => Seen::Left,
                (None, None) => Seen::Failed,
            };
            return recovery::judge(self, visit, state, setting, failures, seen, counts);
        }
        let closed = trace.strand(visit.strand).is_some_and(|strand| strand.phase != Phase::Running);
        if let (Some(result), true) = (result, visit.exited.is_some() || closed) {
            return Some(self.finish(visit, state, setting, &Value::Array(result), "IO-04"));
        }
        Some(blind(trace, visit, state))
    }

    /// A state whose work gave this result.
    pub(super) fn finish(
        &mut self,
        visit: &Visit,
        state: &State,
        setting: &Setting<'_>,
        result: &Value,
        rule: &'static str,
    ) -> (Goal, Outcome) {
        let exits = setting.twice(|inputs| asl::complete(state, inputs, result));
        match (exits.one, exits.two) {
            (Ok(one), Ok(two)) => self.leave(visit, state, &Twice { one, two }, rule),
            (Err(failure), Err(_)) => self.must_fail(visit, state, &failure),
            _ => blind(self.trace, visit, state),
        }
    }

    /// The first state of a branch or iteration receives what its Parallel or Map hands on.
    fn given(&mut self, inputs: &Twice<Value>, entered: &Event) {
        let Some(actual) = json(entered, "input") else { return };
        if let Err(what) = self.holes.fit(&inputs.one, &inputs.two, &actual) {
            self.ledger.breach("HIS-29", entered, format!("input {what}"));
            self.ledger.breach("HIS-12", entered, format!("input {what}"));
        }
    }

    /// The end of the execution: the last state's failure, or the machine's own timeout.
    fn end(&mut self, machine: &Machine, outcome: &Outcome) {
        let Some(last) = self.trace.terminal.and_then(|at| self.trace.event(at)) else { return };
        match (last.kind.as_str(), outcome) {
            ("ExecutionFailed", Outcome::Failed(failures))
                if self.trace.events.len() < super::shape::EVENT_LIMIT =>
            {
                self.ledger.met("ERR-06");
                let equal = |a: Option<&str>, b: Option<&str>| {
                    same_text(a.unwrap_or_default(), b.unwrap_or_default())
                };
                let own = |error: Option<&str>| error.is_some_and(|error| error.starts_with("States."));
                let fits = failures.iter().any(|failure| {
                    let named = equal(failure.error.as_deref(), last.text("error"));
                    let by_interpreter = failure.origin == asl::Origin::Interpreter;
                    // Texts of the interpreter's own errors are no contract (WIRE-10), their names are open.
                    let open = by_interpreter && own(last.text("error"));
                    open || (named && (by_interpreter || equal(failure.cause.as_deref(), last.text("cause"))))
                });
                let shown = self.trace.strand(0).is_some_and(|strand| {
                    strand.phase == Phase::FailState || strand.phase == Phase::CompositeFailed
                });
                if !fits && shown {
                    let expected = failures
                        .first()
                        .map(|failure| format!("{:?} and {:?}", failure.error, failure.cause))
                        .unwrap_or_default();
                    let message = format!(
                        "error {:?} and cause {:?}, expected {expected}",
                        last.text("error"),
                        last.text("cause")
                    );
                    self.ledger.breach("ERR-06", last, message.clone());
                    self.ledger.breach("HIS-29", last, message);
                }
            }
            ("ExecutionTimedOut", _) => self.timed_out(machine, last),
            _ => {}
        }
    }

    fn timed_out(&mut self, machine: &Machine, last: &Event) {
        self.ledger.met("TMO-06");
        let year = 366 * 24 * 3600;
        let seconds = machine.timeout_seconds.unwrap_or(year).min(year);
        let from: Option<Time> = self
            .trace
            .events
            .iter()
            .rev()
            .find(|event| event.kind == "ExecutionRedriven")
            .or_else(|| self.trace.event(0))
            .map(|event| event.at);
        let bound = i64::try_from(seconds).unwrap_or_default() * 1000;
        if self.real && from.is_some_and(|from| is_early(from, last.at, bound)) {
            let after = from.map(|from| last.at - from).unwrap_or_default();
            self.ledger.breach(
                "TMO-06",
                last,
                format!("the execution timed out after {after} ms, its limit is {seconds} s"),
            );
        }
    }

    /// Compares a value that was written with what must be written.
    pub(super) fn expect(
        &mut self,
        rules: &[&'static str],
        event: &Event,
        what: &str,
        expected: Option<u64>,
    ) {
        let actual = event.details.get(what).filter(|value| !value.is_null());
        if actual.and_then(Value::as_u64) != expected {
            let written = actual.map_or_else(|| "absent".to_owned(), brief);
            let expected = expected.map_or_else(|| "absent".to_owned(), |expected| expected.to_string());
            for rule in rules {
                self.ledger.breach(rule, event, format!("{what} is {written}, expected {expected}"));
            }
        }
    }
}

fn goal_of(next: &Next) -> Goal {
    match next {
        Next::State(name) => Goal::State(name.clone()),
        Next::End => Goal::End,
    }
}

/// Every state that can follow, by the definition alone.
pub(super) fn possible(state: &State) -> Vec<String> {
    state.next_states().into_iter().map(str::to_owned).collect()
}

/// What is known of a visit whose data are not.
pub(super) fn blind(trace: &Trace<'_>, visit: &Visit, state: &State) -> (Goal, Outcome) {
    let failed = visit.failed.is_some()
        || visit.evaluation.is_some()
        || visit.attempts.last().is_some_and(|attempt| !attempt.ok);
    let catchers = || state.catchers().iter().map(|catcher| catcher.next.clone()).collect::<Vec<_>>();
    let goal = match &state.next {
        _ if visit.exited.is_none() => Goal::Any,
        _ if failed => Goal::Among(catchers()),
        Some(next) => goal_of(next),
        None => Goal::Among(possible(state)),
    };
    let output = visit.exited.and_then(|at| trace.event(at)).and_then(|event| json(event, "output"));
    (goal, output.map_or(Outcome::Open, Outcome::Done))
}
