//! Every branch again, as `asl` runs it: what each event must hold, and where each strand must go (HIS-13, HIS-29).
//!
//! The walk takes each recorded value as given once it was compared, so that one wrong value is one breach. What `asl` cannot
//! know (service answers, callback outcomes, child executions) comes from the history.

use std::collections::BTreeMap;

use asl::{Inputs, Machine, Next, QueryLanguage, Scope, State, StateKind, TaskFailure, Variables};
use record::Event;
use serde_json::Value;

use super::Known;
use super::flow::json;
use super::holes::{Holes, Scene, World};
use super::ledger::Ledger;
use super::shape::is_cut;
use super::trace::{Home, Trace, Visit};
use crate::json::brief_json;

mod caught;
mod distributed;
mod end;
mod evaluation;
mod leave;
mod recovery;
mod redriven;
mod rounds;
mod task;
mod ways;

const VARIABLES: &str = "assignedVariables";

/// Where a strand must go next.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Goal {
    Start,
    State(String),
    End,
    /// One of these, or the end: the data that decide are not known.
    Among(Vec<String>),
    Any,
}

/// How a strand ended.
#[derive(Clone, Debug)]
enum Outcome {
    Done(Value),
    /// With every failure it can have been.
    Failed(Vec<TaskFailure>),
    /// It still runs, was stopped, or cannot be followed.
    Open,
}

/// The walk over one history.
struct Replay<'a, 'h> {
    trace: &'a Trace<'h>,
    scene: Scene<'a>,
    ledger: &'a mut Ledger,
    holes: Holes,
    /// The event that scheduled the attempt with each token.
    tokens: BTreeMap<String, u64>,
    /// Whether timestamps say anything.
    real: bool,
}

/// Values of an evaluation in both worlds.
struct Twice<T> {
    one: T,
    two: T,
}

/// What a state is evaluated with, in both worlds.
struct Setting<'v> {
    input: Value,
    contexts: Twice<Value>,
    variables: &'v Variables,
    event_id: u64,
}

impl Setting<'_> {
    fn twice<T>(&self, evaluate: impl Fn(&Inputs<'_>) -> T) -> Twice<T> {
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
type Item<'i> = Option<&'i (usize, Twice<Value>)>;

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
    if is_cut(first, "input") && known.input.is_none() {
        return ledger.unjudged("the input of the execution is cut: the definition is not run again");
    }
    let scene = Scene {
        known: *known,
        input: &input,
        role_arn: first.text("roleArn"),
        started: first.at,
        redrives: 0,
    };
    ledger.met("HIS-13");
    ledger.met("HIS-29");
    let mut replay = Replay { trace, scene, ledger, holes: Holes::new(real), tokens: BTreeMap::new(), real };
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
        // Whether the state before was left: what is entered inside of it is no transition.
        let mut left = true;
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
                let other = self.scene.known.definition.and_then(|machine| machine.find(&visit.name));
                if left && other.is_some() {
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
            left = visit.exited.is_some();
            (goal, outcome) = self.visit(at, state, &variables, item);
            self.assign(visit, &mut variables);
            if visit
                .exited
                .and_then(|at| self.trace.event(at))
                .is_some_and(|exited| is_cut(exited, VARIABLES))
            {
                self.ledger.unjudged(format!("the variables of {:?} are cut", visit.name));
                return Outcome::Open;
            }
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

    fn setting<'v>(
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
            match (item, world) {
                (Some((index, Twice { one: item, .. })), World::One)
                | (Some((index, Twice { two: item, .. })), World::Two) => {
                    asl::item_context(&context, *index, item)
                }
                (None, _) => context,
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
        self.after_redrives(visit.entered);
        self.resources(visit, state);
        if let (Some(failed), QueryLanguage::JsonPath) =
            (visit.failed_evaluation().and_then(|at| trace.event(at)), state.query_language)
        {
            let message = format!("EvaluationFailed of {:?}, whose fields are in JSONPath", visit.name);
            self.ledger.breach("HIS-29", failed, message);
        }
        let Some(input) = json(entered, "input") else { return blind(trace, visit, state) };
        match &state.kind {
            StateKind::Task(_) => self.task(at, state, input, variables, item),
            StateKind::Parallel { .. } => self.parallel(at, state, &input, variables, item),
            StateKind::Map(_) => self.map(at, state, &input, variables, item),
            _ => self.plain(visit, state, input, variables, item),
        }
    }

    /// The context object at a position tells of the redrives before it.
    fn after_redrives(&mut self, position: usize) {
        self.scene.redrives = self.trace.segment_at(position);
    }

    /// Compares a value that was written with what must be written.
    fn expect(&mut self, rules: &[&'static str], event: &Event, what: &str, expected: Option<u64>) {
        let actual = event.details.get(what).filter(|value| !value.is_null());
        // What is no number from 1 is told as such (HIS-17).
        if actual.is_some_and(|actual| actual.as_u64().is_none_or(|seconds| seconds == 0)) {
            return;
        }
        if actual.and_then(Value::as_u64) != expected {
            let written = actual.map_or_else(|| "absent".to_owned(), brief_json);
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
fn possible(state: &State) -> Vec<String> {
    state.next_states().into_iter().map(str::to_owned).collect()
}

/// What is known of a visit whose data are not.
fn blind(trace: &Trace<'_>, visit: &Visit, state: &State) -> (Goal, Outcome) {
    let failed = visit.failed.is_some()
        || visit.failed_evaluation().is_some()
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
