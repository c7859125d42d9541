//! Parallel and Map: their branches and iterations, walked one by one, and what came of each round (HIS-26, HIS-29).
//!
//! What a Map Run's child executions did is not in the history: see `distributed`.

use asl::{Entered, Given, Scope, State, StateKind, TaskFailure, Variables};
use record::Event;
use serde_json::Value;

use super::super::flow::json;
use super::super::shape::EVENT_LIMIT;
use super::super::trace::{Home, Phase, Round, Trace, Visit};
use super::distributed;
use super::evaluation;
use super::leave::failed;
use super::recovery::{self, Seen};
use super::ways::Tally;
use super::{Goal, Item, Outcome, Replay, Setting, Twice, blind};
use crate::tolerance::AT_ONCE;

impl Replay<'_, '_> {
    /// Branches and what came of them.
    pub(super) fn parallel(
        &mut self,
        at: usize,
        state: &State,
        input: &Value,
        variables: &Variables,
        item: Item<'_>,
    ) -> (Goal, Outcome) {
        let trace = self.trace;
        let Some(visit) = trace.visits.get(at) else { return (Goal::Any, Outcome::Open) };
        let mut counts = Tally::default();
        let mut kept = Vec::new();
        for (number, round) in visit.rounds.iter().enumerate() {
            counts.segment(round.segment);
            self.after_redrives(round.started);
            let retries = Some(counts.total());
            let Some(setting) = self.setting(visit, input.clone(), variables, item, retries, None) else {
                return (Goal::Any, Outcome::Open);
            };
            let entered = setting.twice(|inputs| asl::enter(state, inputs));
            let inputs = match (entered.one, entered.two) {
                (Ok(Entered::Parallel(one)), Ok(Entered::Parallel(two))) => Twice { one, two },
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
                // After a redrive a branch may go on where it failed.
                let goes_on = round.segment > 0;
                let named = |(_, branch): &(usize, &asl::Branch)| {
                    branch.start_at == first.name || goes_on && branch.states.contains_key(&first.name)
                };
                let Some((index, branch)) = state.branches().iter().enumerate().find(named) else {
                    if goes_on {
                        return blind(trace, visit, state);
                    }
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
                if first.name == branch.start_at {
                    self.given(&inputs, entered);
                }
                let scope = Scope { start_at: &first.name, states: &branch.states };
                let outcome = self.strand(strand, scope, variables.clone(), item);
                if let Outcome::Failed(found) = &outcome {
                    failures.push((strand, found.clone()));
                }
                if let Some(slot) = outputs.get_mut(index) {
                    *slot = Some(outcome);
                }
            }
            let mut branches = state.branches().iter().zip(&outputs);
            if let Some((missing, _)) = branches.find(|(_, output)| output.is_none())
                && let Some(end) = end_of_all(trace, visit, number, self.real)
            {
                self.ledger.breach("HIS-26", end, format!("the branch of {:?} never ran", missing.start_at));
            }
            let done = |outcome| match outcome {
                Some(Outcome::Done(output)) => Some(output),
                _ => None,
            };
            let result = self.kept(visit, number, &mut kept, outputs.into_iter().map(done).collect());
            if let Some(ended) = self.composite(at, number, state, &setting, result, &failures, &mut counts) {
                return ended;
            }
        }
        self.unstarted(visit, state, input, variables, item)
    }

    /// How many iterations MapStateStarted announces: as many as there are items, unless these are read from elsewhere.
    fn length(&mut self, visit: &Visit, started: &Event, items: usize, read: bool) -> usize {
        let length = started.details.get("length").and_then(Value::as_u64);
        if let Some(length) = length.filter(|length| !read && *length != items as u64) {
            let message = format!("length {length}, the Map state {:?} has {items} items", visit.name);
            self.ledger.breach("HIS-29", started, message.clone());
            self.ledger.breach("HIS-26", started, message);
        }
        usize::try_from(length.unwrap_or_default()).unwrap_or_default().min(EVENT_LIMIT)
    }

    /// The first state of an iteration is given what ItemSelector makes of its item.
    fn given_item(
        &mut self,
        state: &State,
        setting: &Setting<'_>,
        (index, item): &(usize, Twice<Value>),
        first: &Visit,
    ) {
        let Some(entered) = self.trace.event(first.entered) else { return };
        let mut inputs = setting.twice(|inputs| asl::item_input(state, inputs, *index, &item.one));
        if item.one != item.two {
            inputs.two = setting.twice(|inputs| asl::item_input(state, inputs, *index, &item.two)).two;
        }
        if let (Ok(one), Ok(two)) = (inputs.one, inputs.two) {
            self.given(&Twice { one, two }, entered);
        }
    }

    /// Iterations and what came of them.
    pub(super) fn map(
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
        let mut counts = Tally::default();
        let mut kept = Vec::new();
        for (number, round) in visit.rounds.iter().enumerate() {
            counts.segment(round.segment);
            self.after_redrives(round.started);
            let retries = Some(counts.total());
            let Some(setting) = self.setting(visit, input.clone(), variables, item, retries, None) else {
                return (Goal::Any, Outcome::Open);
            };
            let Some(started) = trace.event(round.started) else { return (Goal::Any, Outcome::Open) };
            let entered = setting.twice(|inputs| asl::enter(state, inputs));
            let maps = match (entered.one, entered.two) {
                (Ok(Entered::Map(one)), Ok(Entered::Map(two))) => Twice { one, two },
                // Limits like ToleratedFailureCountPath are looked at after MapStateStarted (recorded: parallel-map).
                (Err(failure), Err(_)) => {
                    self.begun_in_spite(visit, round, state, &failure);
                    return self.must_fail(visit, state, &failure);
                }
                _ => return blind(trace, visit, state),
            };
            let read = maps.one.reading.is_some() || maps.one.items.len() != maps.two.items.len();
            if map.distributed {
                let counted = maps.one.sourced && !read && !map.is_batched();
                let items = counted.then_some(maps.one.items.len() as u64);
                match self.distributed(at, number, state, &setting, items, &mut counts) {
                    Some(ended) => return ended,
                    None => continue,
                }
            }
            if let Some(run) = round.run.and_then(|at| trace.event(at)) {
                let message =
                    format!("a Map Run of the Map state {:?}, which is not distributed", visit.name);
                self.ledger.breach("HIS-26", run, message);
                return blind(trace, visit, state);
            }
            if !maps.one.sourced {
                self.ledger.unjudged(format!("the items of {:?} are not known", visit.name));
                return blind(trace, visit, state);
            }
            let length = self.length(visit, started, maps.one.items.len(), read);
            if maps.one.max_concurrency == maps.two.max_concurrency && !visit.redriven {
                self.crowded(visit, round, maps.one.max_concurrency);
            }
            let mut outputs = vec![None; length];
            let mut failures = Vec::new();
            for strand in round.strands.clone() {
                let Some(Home::Iteration { index, .. }) = trace.strand(strand).map(|strand| strand.home)
                else {
                    continue;
                };
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                let items = maps.one.items.get(index).zip(maps.two.items.get(index));
                let item = items.map(|(one, two)| (index, Twice { one: one.clone(), two: two.clone() }));
                let visits = trace.strand(strand).map(|strand| &strand.visits);
                let first = visits.and_then(|visits| trace.visits.get(*visits.first()?));
                if let (Some(first), Some(item), false) = (first, &item, read) {
                    self.given_item(state, &setting, item, first);
                }
                let begins =
                    first.filter(|_| round.segment > 0).map_or(&processor.start_at, |first| &first.name);
                let scope = Scope { start_at: begins, states: &processor.states };
                let outcome = self.strand(strand, scope, variables.clone(), item.as_ref());
                if let Outcome::Failed(found) = &outcome {
                    failures.push((strand, found.clone()));
                }
                if let (Some(slot), Outcome::Done(output)) = (outputs.get_mut(index), outcome) {
                    *slot = Some(output);
                }
            }
            let result = self.kept(visit, number, &mut kept, outputs);
            if let Some(ended) = self.composite(at, number, state, &setting, result, &failures, &mut counts) {
                return ended;
            }
        }
        self.unstarted(visit, state, input, variables, item)
    }

    /// No iteration starts where the interpreter must fail the Map before it.
    fn begun_in_spite(&mut self, visit: &Visit, round: &Round, state: &State, failure: &asl::Failure) {
        let Some(first) = round.strands.first() else { return };
        let begun = self.trace.events.iter().find(|event| self.trace.owner.get(&event.id) == Some(first));
        if let Some(begun) = begun.filter(|_| evaluation::must_fail(state, failure)) {
            let message = format!("{:?} starts an iteration, but it must fail: {failure}", visit.name);
            self.ledger.breach("IO-02", begun, message.clone());
            self.ledger.breach("HIS-29", begun, message);
        }
    }

    /// No more iterations run at a time than MaxConcurrency allows.
    pub(super) fn crowded(&mut self, visit: &Visit, round: &Round, limit: u64) {
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

    /// A Parallel or Map that never started its branches.
    pub(super) fn unstarted(
        &mut self,
        visit: &Visit,
        state: &State,
        input: &Value,
        variables: &Variables,
        item: Item<'_>,
    ) -> (Goal, Outcome) {
        let has_failed = visit.failed_evaluation().is_some();
        if visit.rounds.is_empty()
            && (visit.exited.is_none() || has_failed)
            && let Some(setting) = self.setting(visit, input.clone(), variables, item, Some(0), None)
        {
            let entered = setting.twice(|inputs| asl::enter(state, inputs));
            if has_failed {
                let fails = entered.one.is_err() || entered.two.is_err();
                return self.evaluation(visit, state, &setting, fails, &mut Tally::default(), visit.entered);
            }
            let evaluates = |entered: &Entered| match entered {
                Entered::Parallel(given) => given.sourced,
                Entered::Map(map) => map.sourced && map.reading.is_none(),
                _ => false,
            };
            match (entered.one, entered.two) {
                (Err(failure), Err(_)) => return (Goal::Any, failed(self.trace, visit, &failure)),
                (Ok(one), Ok(two)) if evaluates(&one) && evaluates(&two) => {
                    self.unstarted_in_spite(visit, state);
                }
                _ => {}
            }
        }
        blind(self.trace, visit, state)
    }

    /// The execution, or what is around it, fails in a Parallel or Map that could begin.
    fn unstarted_in_spite(&mut self, visit: &Visit, state: &State) {
        let untouched = !visit.redriven && visit.failed_evaluation().is_none() && state.is_elementary();
        if let Some((end, what)) = recovery::end_around(self.trace, visit).filter(|_| untouched) {
            self.ledger.breach("HIS-29", end, format!("{what} in {:?}, whose fields evaluate", visit.name));
        }
    }

    /// The end of one round; None where another round follows.
    #[expect(clippy::too_many_arguments, reason = "one round is told by all of them")]
    pub(super) fn composite(
        &mut self,
        at: usize,
        number: usize,
        state: &State,
        setting: &Setting<'_>,
        result: Option<Vec<Value>>,
        failures: &[(usize, Vec<TaskFailure>)],
        counts: &mut Tally,
    ) -> Option<(Goal, Outcome)> {
        let trace = self.trace;
        let visit = trace.visits.get(at)?;
        let next = visit.rounds.get(number + 1);
        let segment = visit.rounds.get(number).map_or(0, |round| round.segment);
        if self.is_redriven(visit, number) {
            return None;
        }
        let span = (visit.rounds.get(number)?.started, next.map(|next| next.started));
        if let (Some(result), Some(evaluated)) = (&result, visit.evaluations_in(span).next()) {
            counts.segment(trace.segment_at(evaluated));
            let result = Value::Array(result.clone());
            let exits = setting.twice(|inputs| asl::complete(state, inputs, &result));
            let fails = Some(exits.one.is_err() || exits.two.is_err());
            return self.evaluations(visit, state, setting, fails, counts, span);
        }
        let position = next.map(|round| round.started).or(visit.failed);
        if let Some((position, link)) = position.and_then(|at| Some((at, trace.event(at)?))) {
            counts.segment(trace.segment_at(position));
            let by_failure = trace.owner.get(&link.previous).is_some_and(|owner| *owner != visit.strand);
            if next.is_some() && state.retriers().is_empty() && (segment == 0 || by_failure) {
                let message = format!("{:?} is started again, it has no Retry", visit.name);
                self.ledger.breach("START-22", link, message);
                return Some(blind(trace, visit, state));
            }
            let failed_at = trace.by_id(link.previous);
            let of_run = failed_at.and_then(distributed::failure).map(|failure| vec![failure]);
            let inner = trace.owner.get(&link.previous).copied();
            let of_strand = || {
                let mut failures = failures.iter();
                failures.find(|(strand, _)| inner.is_some_and(|inner| trace.within(*strand).contains(&inner)))
            };
            let Some(failures) = of_run.or_else(|| of_strand().map(|(_, failures)| failures.clone())) else {
                return if next.is_some() { None } else { Some(blind(trace, visit, state)) };
            };
            let seen = match (next, visit.exited) {
                (Some(next), _) => Seen::Retried { failed: failed_at, again: trace.event(next.started) },
                (None, Some(_)) => Seen::Left,
                (None, None) => Seen::Failed,
            };
            return recovery::judge(self, visit, state, setting, &failures, seen, counts);
        }
        let closed = trace.strand(visit.strand).is_some_and(|strand| strand.phase != Phase::Running);
        if let (Some(result), true) = (result, visit.exited.is_some() || closed) {
            return Some(self.finish(visit, state, setting, &Value::Array(result), "IO-04"));
        }
        Some(blind(trace, visit, state))
    }

    /// The first state of a branch or iteration receives what its Parallel or Map hands on.
    pub(super) fn given(&mut self, given: &Twice<Given>, entered: &Event) {
        let Some(actual) = json(entered, "input").filter(|_| given.one.sourced) else { return };
        if let Err(what) = self.holes.fit(&given.one.input, &given.two.input, &actual) {
            self.ledger.breach("HIS-29", entered, format!("input {what}"));
            self.ledger.breach("HIS-12", entered, format!("input {what}"));
        }
    }
}

/// The event by which a round is over that must have started every branch: all of them ended well, or one failed when the others had
/// had time enough to begin.
fn end_of_all<'h>(trace: &Trace<'h>, visit: &Visit, number: usize, real: bool) -> Option<&'h Event> {
    if visit.redriven {
        return None;
    }
    let round = visit.rounds.get(number)?;
    let next = visit.rounds.get(number + 1);
    let Some(failed) = next.map(|next| next.started).or(visit.failed) else {
        return trace.event(visit.exited?);
    };
    let (started, failed) = (trace.event(round.started)?, trace.event(failed)?);
    let cause = trace.by_id(failed.previous)?;
    let same_segment = next.is_none_or(|next| next.segment == round.segment);
    (real && same_segment && cause.at - started.at > AT_ONCE).then_some(failed)
}
