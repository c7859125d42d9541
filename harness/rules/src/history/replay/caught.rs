//! A failure that a Catcher took: whether it may, what it hands on, and where it leads (ERR-05, ERR-07).

use asl::{Exit, QueryLanguage, Recovery, State, TaskFailure};
use record::Event;
use serde_json::Value;

use super::super::flow::json;
use super::super::trace::Visit;
use super::ways::{Way, Ways};
use super::{Goal, Outcome, Replay, Twice, blind, possible};

/// The state was left after its failure: a Catcher must match.
pub(super) fn left(
    replay: &mut Replay<'_, '_>,
    visit: &Visit,
    state: &State,
    ways: &Ways,
) -> (Goal, Outcome) {
    let Some(exited) = visit.exited.and_then(|at| replay.trace.event(at)) else {
        return (Goal::Any, Outcome::Open);
    };
    if ways.open_match {
        return blind(replay.trace, visit, state);
    }
    if ways.unevaluated {
        replay.ledger.unjudged(format!("the catcher of {:?} does not evaluate here", visit.name));
        return blind(replay.trace, visit, state);
    }
    let caught: Vec<(Twice<Exit>, &TaskFailure)> = ways.known.iter().filter_map(caught_of).collect();
    if caught.is_empty() {
        not_caught(replay, visit, &ways.known, exited);
        return blind(replay.trace, visit, state);
    }
    if !caught.iter().all(|(exits, _)| exits.one.sourced) {
        replay.ledger.unjudged(format!("no source decides the Catcher of {:?}", visit.name));
        return blind(replay.trace, visit, state);
    }
    caught_by(replay, visit, state, &caught, exited)
}

fn caught_of(way: &Way) -> Option<(Twice<Exit>, &TaskFailure)> {
    match (&way.one, &way.two) {
        (Recovery::Caught { exit: one, .. }, Recovery::Caught { exit: two, .. }) => {
            Some((Twice { one: one.clone(), two: two.clone() }, &way.failure))
        }
        _ => None,
    }
}

fn not_caught(replay: &mut Replay<'_, '_>, visit: &Visit, ways: &[Way], exited: &Event) {
    match ways.first().map(|way| &way.one) {
        Some(Recovery::Retry { .. }) => {
            for rule in ["ERR-10", "ERR-16"] {
                replay.ledger.breach(
                    rule,
                    exited,
                    format!("{:?} is left after a failure, but Retry has attempts left", visit.name),
                );
            }
        }
        Some(Recovery::Uncaught(_)) => {
            // An exit before the end is one event too many (HIS-22); an exit to another state is a caught failure.
            let goes_on = following(replay, visit).is_some();
            for rule in ["ERR-06", "ERR-05", "HIS-13", "HIS-22"] {
                if rule == "HIS-22" && goes_on {
                    continue;
                }
                replay.ledger.breach(
                    rule,
                    exited,
                    format!("{:?} is left after a failure, but no Catcher matches it", visit.name),
                );
            }
        }
        _ => {}
    }
}

/// A caught failure: the catcher's output and its next state (ERR-05, ERR-07).
fn caught_by(
    replay: &mut Replay<'_, '_>,
    visit: &Visit,
    state: &State,
    caught: &[(Twice<Exit>, &TaskFailure)],
    exited: &Event,
) -> (Goal, Outcome) {
    for rule in ["ERR-05", "ERR-07", "ERR-09"] {
        replay.ledger.met(rule);
    }
    let Some(output) = json(exited, "output") else { return (Goal::Among(possible(state)), Outcome::Open) };
    let mut goals: Vec<String> = caught
        .iter()
        .filter_map(|(exits, _)| match &exits.one.next {
            asl::Next::State(name) => Some(name.clone()),
            asl::Next::End => None,
        })
        .collect();
    goals.dedup();
    let follower = following(replay, visit);
    let next_state = follower.as_ref().map(|(name, _)| name.clone());
    let (mut reason, mut fitted) = (None, false);
    for (exits, failure) in caught {
        let is_empty = |text: &Option<String>| text.as_deref().unwrap_or_default().is_empty();
        let nameless = is_empty(&failure.error) || is_empty(&failure.cause);
        let fits = replay.holes.fit(&exits.one.output, &exits.two.output, &output).or_else(|what| {
            let bare = |value: &Value| match state.query_language {
                _ if !nameless => value.clone(),
                QueryLanguage::JsonPath => without_empty(value),
                QueryLanguage::JsonAta => blanked(&without_empty(value)),
            };
            replay
                .holes
                .fit(&bare(&exits.one.output), &bare(&exits.two.output), &bare(&output))
                .map_err(|_| what)
        });
        let leads = |name: &String| exits.one.next == asl::Next::State(name.clone());
        match fits {
            Ok(()) if next_state.as_ref().is_none_or(leads) => {
                return replay.leave_caught(visit, exits, output);
            }
            Ok(()) => fitted = true,
            Err(what) => reason = reason.or(Some(what)),
        }
    }
    if let Some(what) = reason.filter(|_| !fitted) {
        for rule in ["ERR-07", "HIS-29"] {
            replay.ledger.breach(rule, exited, format!("output of the Catcher of {:?} {what}", visit.name));
        }
    }
    let other_catcher = |next: &String| state.catchers().iter().any(|catcher| catcher.next == *next);
    if let Some((next, entered)) = follower.filter(|(next, _)| !goals.contains(next) && other_catcher(next)) {
        replay.ledger.breach(
            "ERR-05",
            entered,
            format!(
                "the failure of {:?} leads to {next:?}, its Catcher to {}",
                visit.name,
                goals.join(" or ")
            ),
        );
    }
    (Goal::Among(goals), Outcome::Done(output))
}

/// The state that the strand entered after this visit.
fn following<'h>(replay: &Replay<'_, 'h>, visit: &Visit) -> Option<(String, &'h Event)> {
    let strand = replay.trace.strand(visit.strand)?;
    let mut visits = strand.visits.iter().filter_map(|at| replay.trace.visits.get(*at));
    let next = visits.find(|other| other.entered > visit.entered)?;
    Some((next.name.clone(), replay.trace.event(next.entered)?))
}

impl Replay<'_, '_> {
    fn leave_caught(&mut self, visit: &Visit, exits: &Twice<Exit>, output: Value) -> (Goal, Outcome) {
        if let Some(exited) = visit.exited.and_then(|at| self.trace.event(at)) {
            self.assigned(visit, exited, exits);
        }
        let goal = match &exits.one.next {
            asl::Next::State(name) => Goal::State(name.clone()),
            asl::Next::End => Goal::End,
        };
        (goal, Outcome::Done(output))
    }
}

/// An empty text and null are the same where an expression reads them.
fn blanked(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), blanked(value))).collect()
        }
        Value::Array(items) => items.iter().map(blanked).collect(),
        other => other.clone(),
    }
}

/// An error output without members that say nothing: null, absent and empty are the same (A-09, TMO-10).
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let says_nothing = |name: &str, value: &Value| {
                matches!(name, "Error" | "Cause") && (value.is_null() || value == "")
            };
            members
                .iter()
                .filter(|(name, value)| !says_nothing(name, value))
                .map(|(name, value)| (name.clone(), without_empty(value)))
                .collect()
        }
        Value::Array(items) => items.iter().map(without_empty).collect(),
        other => other.clone(),
    }
}
