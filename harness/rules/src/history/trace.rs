//! A history as a tree: strands of states, their visits, attempts and rounds, found by following `previousEventId`.
//!
//! A strand is the chain of states of one scope: the execution itself, a branch of a Parallel, an iteration of a Map.
//! Building a trace (`grow` and its siblings) finds what breaks the grammar; the passes after it only read.

use std::collections::{BTreeMap, BTreeSet};

use record::Event;

use super::ledger::Ledger;

/// Where a strand runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    Root,
    Branch { visit: usize, round: usize },
    Iteration { visit: usize, round: usize, index: u64 },
}

impl Home {
    /// The Parallel or Map visit around the strand.
    pub(super) fn around(self) -> Option<(usize, usize)> {
        match self {
            Self::Root => None,
            Self::Branch { visit, round } | Self::Iteration { visit, round, .. } => Some((visit, round)),
        }
    }
}

/// How far a strand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Between states, or before the first.
    Ready,
    Entered,
    /// An attempt is scheduled, started, submitted, or ended.
    Scheduled,
    Started,
    Submitted,
    Succeeded,
    Failed,
    /// A Parallel or Map has started its branches or iterations.
    Running,
    RunStarted,
    RunEnded,
    RunFailed,
    CompositeSucceeded,
    CompositeFailed,
    EvaluationFailed,
    /// A Fail state was entered.
    FailState,
    /// Stopped with its execution and started again by a redrive.
    Redriven,
    /// Closed for good.
    Over,
}

impl Phase {
    /// Whether the strand can fail here: AWS fails a state before its work begins or after it ended (recorded).
    pub(super) fn can_fail(self) -> bool {
        !matches!(
            self,
            Self::Ready | Self::Scheduled | Self::Started | Self::Submitted | Self::RunStarted | Self::Over
        )
    }
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of its own")]
pub(super) struct Strand {
    pub(super) home: Home,
    pub(super) visits: Vec<usize>,
    pub(super) phase: Phase,
    /// Ids that the next event of the chain may point at.
    pub(super) heads: Vec<u64>,
    /// The next link is not judged: the strand goes on after a redrive, where nothing is recorded.
    pub(super) loose: bool,
    /// Whether the iteration ended well.
    pub(super) succeeded: bool,
    pub(super) aborted: bool,
    /// Its closing event (MapIterationSucceeded, Failed, Aborted) was written.
    pub(super) closed: bool,
    /// A redrive touched it.
    pub(super) redriven: bool,
}

/// Which events an attempt is made of (HIS-28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Task,
    Activity,
    Lambda,
}

/// One attempt of a Task state; fields are positions in the history.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) family: Family,
    pub(super) scheduled: usize,
    pub(super) started: Option<usize>,
    pub(super) submitted: Option<usize>,
    pub(super) ended: Option<usize>,
    pub(super) ok: bool,
    /// Attempts after a redrive count anew (RED-03).
    pub(super) segment: usize,
}

/// One try of a Parallel or Map.
#[derive(Clone, Debug)]
pub(super) struct Round {
    pub(super) started: usize,
    pub(super) strands: Vec<usize>,
    pub(super) segment: usize,
    pub(super) run: Option<usize>,
}

/// One stay in a state.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) strand: usize,
    pub(super) name: String,
    /// `Task`, `Parallel`…: the type without `StateEntered`.
    pub(super) kind: String,
    pub(super) entered: usize,
    pub(super) attempts: Vec<Attempt>,
    pub(super) rounds: Vec<Round>,
    /// Where its fields did not evaluate.
    pub(super) evaluations: Vec<usize>,
    /// How many of these a redrive has left behind.
    pub(super) bygone: usize,
    /// `ParallelStateFailed` or `MapStateFailed`.
    pub(super) failed: Option<usize>,
    pub(super) exited: Option<usize>,
    pub(super) aborted: Option<usize>,
    /// It goes on in a later segment than it began, or repeats a visit of an earlier one.
    pub(super) redriven: bool,
}

/// From one position, exclusive, to another, or to the end.
pub(super) type Span = (usize, Option<usize>);

impl Visit {
    /// The failed evaluations in a span; where it is open, those since the last redrive.
    pub(super) fn evaluations_in(&self, (from, until): Span) -> impl Iterator<Item = usize> + '_ {
        let bygone = if until.is_none() { self.bygone } else { 0 };
        let within = move |at: &usize| *at > from && until.is_none_or(|until| *at < until);
        self.evaluations.iter().skip(bygone).copied().filter(within)
    }

    /// The position of the failed evaluation that it ends with so far: nothing was tried after it, and no redrive took it up.
    pub(super) fn failed_evaluation(&self) -> Option<usize> {
        let last = self.evaluations.get(self.bygone..)?.last().copied()?;
        let attempt = self.attempts.last().map(|attempt| attempt.scheduled);
        let round = self.rounds.last().map(|round| round.started);
        attempt.max(round).is_none_or(|tried| tried < last).then_some(last)
    }
}

/// One history as a tree.
#[derive(Debug)]
pub(super) struct Trace<'h> {
    pub(super) events: &'h [Event],
    pub(super) strands: Vec<Strand>,
    pub(super) visits: Vec<Visit>,
    /// The strand to which each event belongs, by id.
    pub(super) owner: BTreeMap<u64, usize>,
    /// Whether a Parallel or Map occurs: HIS-26 holds in place of HIS-04.
    pub(super) branching: bool,
    /// Redrives so far.
    pub(super) segment: usize,
    /// The terminal event of the current segment.
    pub(super) terminal: Option<usize>,
    /// Whether the structure came out without breach: only then data are compared across events.
    pub(super) sound: bool,
    /// Every id that an event points at, with the positions of the events that do.
    pub(super) pointed_at: BTreeMap<u64, Vec<usize>>,
    /// The positions of all redrives.
    redrives: Vec<usize>,
    /// The strand of each iteration: visit, round, index. The first, where one starts twice.
    pub(super) iterations: BTreeMap<(usize, usize, u64), usize>,
    /// Aborts for which no failure was seen: only a stop explains them.
    pub(super) aborts: Vec<usize>,
}

/// A strand for an event, and whether the event points where it should.
pub(super) struct Pick {
    pub(super) strand: usize,
    pub(super) linked: bool,
}

impl<'h> Trace<'h> {
    pub(super) fn new(events: &'h [Event]) -> Self {
        let branching =
            events.iter().any(|event| event.kind.starts_with("Parallel") || event.kind.starts_with("Map"));
        let root = Strand {
            home: Home::Root,
            visits: Vec::new(),
            phase: Phase::Ready,
            heads: vec![0],
            loose: false,
            succeeded: false,
            aborted: false,
            closed: false,
            redriven: false,
        };
        let mut pointed_at: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (position, event) in events.iter().enumerate() {
            pointed_at.entry(event.previous).or_default().push(position);
        }
        let is_redrive =
            |(position, event): (usize, &Event)| (event.kind == "ExecutionRedriven").then_some(position);
        Self {
            events,
            strands: vec![root],
            visits: Vec::new(),
            owner: BTreeMap::new(),
            branching,
            segment: 0,
            terminal: None,
            sound: true,
            pointed_at,
            redrives: events.iter().enumerate().filter_map(is_redrive).collect(),
            iterations: BTreeMap::new(),
            aborts: Vec::new(),
        }
    }

    /// The event at a position.
    pub(super) fn event(&self, position: usize) -> Option<&'h Event> {
        self.events.get(position)
    }

    /// The event with an id.
    pub(super) fn by_id(&self, id: u64) -> Option<&'h Event> {
        self.event(self.position_of(id)?)
    }

    /// The position of the event with an id: ids count from 1, unless the history is broken.
    fn position_of(&self, id: u64) -> Option<usize> {
        let usual = usize::try_from(id).ok()?.checked_sub(1)?;
        if self.event(usual).is_some_and(|event| event.id == id) {
            return Some(usual);
        }
        self.events.iter().position(|event| event.id == id)
    }

    /// The events from one id up to another.
    pub(super) fn between(&self, from: u64, to: u64) -> &'h [Event] {
        let at = |id| self.events.partition_point(|event| event.id < id);
        self.events.get(at(from)..at(to)).unwrap_or_default()
    }

    /// How many redrives are before a position.
    pub(super) fn segment_at(&self, position: usize) -> usize {
        self.redrives.partition_point(|redrive| *redrive < position)
    }

    /// The last redrive before a position.
    pub(super) fn redrive_before(&self, position: usize) -> Option<&'h Event> {
        self.event(*self.redrives.get(self.segment_at(position).checked_sub(1)?)?)
    }

    /// The events up to the last redrive with a smaller id than this event, that redrive last.
    pub(super) fn until_redrive_before(&self, event: &Event) -> Option<&'h [Event]> {
        let is_before = |redrive: &&usize| self.event(**redrive).is_some_and(|redrive| redrive.id < event.id);
        self.events.get(..=*self.redrives.iter().rfind(is_before)?)
    }

    pub(super) fn strand(&self, strand: usize) -> Option<&Strand> {
        self.strands.get(strand)
    }

    /// The visit in which a strand is, or was last.
    pub(super) fn current(&self, strand: usize) -> Option<(usize, &Visit)> {
        let visit = *self.strands.get(strand)?.visits.last()?;
        Some((visit, self.visits.get(visit)?))
    }

    pub(super) fn current_mut(&mut self, strand: usize) -> Option<&mut Visit> {
        let visit = *self.strands.get(strand)?.visits.last()?;
        self.visits.get_mut(visit)
    }

    /// The visit in which a strand is now, if it is in one.
    pub(super) fn open_visit(&self, strand: usize) -> Option<(usize, &Visit)> {
        self.current(strand).filter(|(_, visit)| visit.exited.is_none())
    }

    /// The strand that takes this event. Linked strands that accept come first, then a linked one that does not (None with
    /// its index as the error), then one that accepts in spite of its link.
    pub(super) fn pick(
        &self,
        event: &Event,
        accepts: impl Fn(usize, &Strand) -> bool,
    ) -> Result<Pick, Option<usize>> {
        let is_linked = |strand: &Strand| strand.heads.contains(&event.previous);
        let alive = || self.strands.iter().enumerate().filter(|(_, strand)| strand.phase != Phase::Over);
        if let Some((strand, _)) =
            alive().rev().find(|(at, strand)| is_linked(strand) && accepts(*at, strand))
        {
            return Ok(Pick { strand, linked: true });
        }
        let loose = alive().filter(|(at, strand)| strand.loose && accepts(*at, strand)).map(|(at, _)| at);
        let loose: Vec<usize> = loose.collect();
        if !loose.is_empty() {
            let after = self.iteration_after(event);
            let ends = |at: &usize| after.is_some() && self.iteration_of(*at) == after;
            let asks_again = |at: &usize| self.asks_again(event, *at);
            // The most alike is looked for first: there may be thousands.
            let most = loose.iter().rev().find(|at| ends(at) && asks_again(at)).copied();
            if let Some(strand) =
                most.or_else(|| loose.into_iter().max_by_key(|at| (asks_again(at), ends(at))))
            {
                return Ok(Pick { strand, linked: true });
            }
        }
        if let Some((strand, _)) = alive().rev().find(|(_, strand)| is_linked(strand)) {
            return Err(Some(strand));
        }
        let owner = self.owner.get(&event.previous).copied();
        let fits: Vec<usize> =
            alive().filter(|(at, strand)| accepts(*at, strand)).map(|(at, _)| at).collect();
        match fits.iter().find(|at| Some(**at) == owner).or_else(|| fits.last()) {
            Some(strand) => Ok(Pick { strand: *strand, linked: false }),
            None => {
                Err(owner
                    .filter(|at| self.strands.get(*at).is_some_and(|strand| strand.phase != Phase::Over)))
            }
        }
    }

    /// Whether an event after a redrive asks the same service again as the strand did last.
    fn asks_again(&self, event: &Event, strand: usize) -> bool {
        let last = self.current(strand).and_then(|(_, visit)| visit.attempts.last());
        let last = last.and_then(|attempt| self.event(attempt.scheduled));
        let same = |last: &Event| last.details.get("resource") == event.details.get("resource");
        last.is_some_and(|last| last.kind == event.kind && same(last))
    }

    /// The index of the iteration that a strand is.
    fn iteration_of(&self, strand: usize) -> Option<u64> {
        match self.strand(strand)?.home {
            Home::Iteration { index, .. } => Some(index),
            _ => None,
        }
    }

    /// The iteration that the chain from this event ends: the first that is closed in it.
    fn iteration_after(&self, event: &Event) -> Option<u64> {
        let followers = |id: u64| self.pointed_at.get(&id).into_iter().flatten().copied();
        let mut open: BTreeSet<usize> = followers(event.id).collect();
        while let Some(position) = open.pop_first() {
            let Some(later) = self.event(position).filter(|later| later.id > event.id) else { continue };
            if later.kind.starts_with("MapIteration") && later.kind != "MapIterationStarted" {
                return later.details.get("index").and_then(serde_json::Value::as_u64);
            }
            // Those behind it: a broken history may lead back.
            open.extend(followers(later.id).filter(|follower| *follower > position));
        }
        None
    }

    /// A strand that accepts an event and that nothing goes on with, where what follows from the event leaves its state: the
    /// event is that strand's, linked elsewhere.
    pub(super) fn forsaken(&self, event: &Event, accepts: impl Fn(usize) -> bool) -> Option<usize> {
        let is_forsaken =
            |strand: &Strand| !strand.heads.iter().any(|head| self.pointed_at.contains_key(head));
        let mut fits = (0..self.strands.len())
            .filter(|at| accepts(*at) && self.strand(*at).is_some_and(is_forsaken))
            .peekable();
        fits.peek()?;
        let left = self.left_after(event)?;
        fits.find(|at| self.current(*at).is_some_and(|(_, visit)| visit.name == left))
    }

    /// The name of the state that the chain from this event leaves first, as far as it is near.
    fn left_after(&self, event: &Event) -> Option<&'h str> {
        let at = self.position_of(event.id)?;
        let mut last = event.id;
        for next in self.events.iter().skip(at + 1).take(500) {
            if next.previous == last {
                if next.is_exited() {
                    return next.text("name");
                }
                last = next.id;
            }
        }
        None
    }

    /// The chain of a strand goes on with this event.
    pub(super) fn advance(&mut self, strand: usize, event: &Event, phase: Phase) {
        if let Some(strand) = self.strands.get_mut(strand) {
            strand.phase = phase;
            strand.heads = vec![event.id];
            strand.loose = false;
        }
        self.owner.insert(event.id, strand);
    }

    /// The event points at the wrong one.
    pub(super) fn bad_link(&mut self, event: &Event, strand: usize, ledger: &mut Ledger) {
        let heads = self.strands.get(strand).map(|strand| strand.heads.clone()).unwrap_or_default();
        let expected = heads.iter().map(u64::to_string).collect::<Vec<_>>().join(" or ");
        self.bad_link_to(event, &expected, ledger);
    }

    pub(super) fn bad_link_to(&mut self, event: &Event, expected: &str, ledger: &mut Ledger) {
        let first = event.id == 2 && event.is_entered();
        let rule = match (first, self.branching) {
            (true, _) => "HIS-03",
            (false, true) => "HIS-26",
            (false, false) => "HIS-04",
        };
        self.sound = false;
        let message = format!("{} has previousEventId {}, expected {expected}", event.kind, event.previous);
        ledger.breach(rule, event, message);
    }

    /// The grammar is broken at this event.
    pub(super) fn fault(
        &mut self,
        rule: &'static str,
        event: &Event,
        message: impl Into<String>,
        ledger: &mut Ledger,
    ) {
        self.sound = false;
        ledger.breach(rule, event, message);
    }

    /// Strands inside a strand, at any depth, itself included.
    pub(super) fn within(&self, strand: usize) -> Vec<usize> {
        let mut found = vec![strand];
        let mut next = 0;
        while let Some(at) = found.get(next).copied() {
            next += 1;
            let visits = self.strands.get(at).into_iter().flat_map(|strand| &strand.visits);
            let inner = visits.filter_map(|visit| self.visits.get(*visit)).flat_map(|visit| &visit.rounds);
            found.extend(inner.flat_map(|round| round.strands.iter().copied()).collect::<Vec<_>>());
        }
        found
    }

    /// Strands of the last round of a visit.
    pub(super) fn round_strands(&self, visit: usize) -> Vec<usize> {
        self.last_round(visit).map(|round| round.strands.clone()).unwrap_or_default()
    }

    /// The last round of a visit.
    pub(super) fn last_round(&self, visit: usize) -> Option<&Round> {
        self.visits.get(visit)?.rounds.last()
    }

    /// Words for where a strand is.
    pub(super) fn whereabouts(&self, strand: usize) -> String {
        match (self.strands.get(strand).map(|strand| strand.phase), self.current(strand)) {
            (Some(Phase::Ready), None) => "no state was entered yet".to_owned(),
            (Some(Phase::Ready), Some((_, visit))) => format!("state {:?} was left", visit.name),
            (Some(phase), Some((_, visit))) => format!("state {:?} is at {phase:?}", visit.name),
            (_, None) => "no state was entered".to_owned(),
            (None, _) => String::new(),
        }
    }
}
