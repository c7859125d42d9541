//! How a state was left, compared with how it must be left: Pass, Choice, Succeed, Wait and Fail from their entry on, the others
//! from their result on (IO-02, IO-04, IO-06).

use asl::{Entered, Exit, Failure, Inputs, State, StateKind, TaskFailure, Variables, WaitUntil};
use record::Event;
use serde_json::Value;

use super::super::flow::json;
use super::super::shape::is_cut;
use super::super::times::is_early;
use super::super::trace::{Family, Trace, Visit};
use super::evaluation;
use super::recovery;
use super::ways::{self, Tally};
use super::{Goal, Item, Outcome, Replay, Setting, Twice, VARIABLES, blind, goal_of, possible};

/// Which events a resource writes.
pub(super) fn family_of(resource: &asl::Resource) -> Family {
    match () {
        () if resource.is_activity() => Family::Activity,
        () if resource.is_function() => Family::Lambda,
        () => Family::Task,
    }
}

impl Replay<'_, '_> {
    /// Pass, Choice, Succeed, Wait, Fail.
    pub(super) fn plain(
        &mut self,
        visit: &Visit,
        state: &State,
        input: Value,
        variables: &Variables,
        item: Item<'_>,
    ) -> (Goal, Outcome) {
        // A state that a redrive ran again was evaluated again.
        self.after_redrives(visit.exited.unwrap_or(visit.entered));
        let Some(setting) = self.setting(visit, input, variables, item, None, None) else {
            return (Goal::Any, Outcome::Open);
        };
        let entered = setting.twice(|inputs| asl::enter(state, inputs));
        if visit.failed_evaluation().is_some() {
            let completes = |inputs: &Inputs<'_>| asl::complete(state, inputs, &Value::Null);
            let waits = matches!(state.kind, StateKind::Wait(_));
            let fails = entered.one.is_err() || (waits && setting.twice(completes).one.is_err());
            return self.evaluation(visit, state, &setting, fails, &mut Tally::default(), visit.entered);
        }
        match (entered.one, entered.two) {
            (Ok(Entered::Exit(one)), Ok(Entered::Exit(two))) => {
                let exits = known(visit, state, &setting, &Value::Null, Twice { one, two });
                self.leave(visit, state, &exits, "IO-06")
            }
            (Ok(Entered::Wait { until, sourced }), Ok(Entered::Wait { until: other, .. })) => {
                if until == other && sourced {
                    self.waited(visit, until);
                }
                let exits = setting.twice(|inputs| asl::complete(state, inputs, &Value::Null));
                match (exits.one, exits.two) {
                    (Ok(one), Ok(two)) => {
                        let exits = known(visit, state, &setting, &Value::Null, Twice { one, two });
                        self.leave(visit, state, &exits, "IO-06")
                    }
                    (Err(failure), Err(_)) => self.must_fail(visit, state, &failure),
                    _ => blind(self.trace, visit, state),
                }
            }
            (
                Ok(Entered::Fail { error, cause, sourced }),
                Ok(Entered::Fail { error: two_error, cause: two_cause, .. }),
            ) => {
                if !sourced {
                    return blind(self.trace, visit, state);
                }
                let certain = error == two_error && cause == two_cause;
                if certain {
                    let inside = recovery::end_around(self.trace, visit).filter(|_| visit.strand > 0);
                    if let Some((end, what)) = inside.filter(|(end, _)| end.is_terminal()) {
                        let message = format!("{what} in {:?}, whose fields evaluate", visit.name);
                        self.ledger.breach("ERR-06", end, message.clone());
                        self.ledger.breach("HIS-29", end, message);
                    }
                    return (Goal::Any, Outcome::Failed(ways::views_of(error, cause)));
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

    pub(super) fn waited(&mut self, visit: &Visit, until: WaitUntil) {
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
        if !(exits.one.sourced && exits.two.sourced) {
            self.ledger.unjudged(format!("state {:?}: no source decides how it is left", visit.name));
            if visit.exited.is_some() && exits.one.next_sourced && exits.two.next_sourced {
                return (goal, Outcome::Open);
            }
            return blind(self.trace, visit, state);
        }
        let Some(exited) = visit.exited.and_then(|at| self.trace.event(at)) else {
            self.fails_in_spite(visit, state, exits, rule);
            return (Goal::Any, Outcome::Open);
        };
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
        if is_cut(exited, VARIABLES) {
            return;
        }
        let none = serde_json::Map::new();
        let written = exited.details.get(VARIABLES).and_then(Value::as_object).unwrap_or(&none);
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

    /// The execution, or what is around it, fails in a state that cannot fail by its definition.
    fn fails_in_spite(&mut self, visit: &Visit, state: &State, exits: &Twice<Exit>, rule: &'static str) {
        let Some((end, what)) = recovery::end_around(self.trace, visit) else { return };
        let by_size = visit.strand > 0 || end.text("error") == Some("States.DataLimitExceeded");
        let too_large = by_size && is_large(exits);
        let plain = !matches!(state.kind, StateKind::Fail { .. }) && !too_large;
        let succeeded = plain
            && matches!(state.kind, StateKind::Task(_))
            && visit.attempts.last().is_some_and(|attempt| attempt.ok && attempt.ended.is_some());
        if plain && state.is_elementary() {
            if succeeded {
                let message = format!("{what} in {:?} after its task succeeded", visit.name);
                self.ledger.breach(rule, end, message);
            }
            self.ledger.breach("HIS-29", end, format!("{what} in {:?}, whose fields evaluate", visit.name));
        }
    }

    /// The interpreter itself fails this state: nothing may follow from it.
    pub(super) fn must_fail(&mut self, visit: &Visit, state: &State, failure: &Failure) -> (Goal, Outcome) {
        let Some(exited) = visit.exited.and_then(|at| self.trace.event(at)) else {
            return (Goal::Any, failed(self.trace, visit, failure));
        };
        let seen = visit.failed_evaluation().is_some()
            || visit.failed.is_some()
            || visit.attempts.last().is_some_and(|attempt| !attempt.ok);
        if seen || !evaluation::must_fail(state, failure) {
            self.ledger.unjudged(format!("state {:?}: {} here, not at AWS", visit.name, failure.error));
        } else {
            let message = format!("{:?} is left, but it must fail: {failure}", visit.name);
            self.ledger.breach("IO-02", exited, message.clone());
            self.ledger.breach("HIS-29", exited, message);
        }
        (Goal::Among(possible(state)), Outcome::Open)
    }

    /// Whether the attempts of a visit are of the kind and resource of the definition (HIS-16, HIS-28).
    pub(super) fn resources(&mut self, visit: &Visit, state: &State) {
        let Some(resource) = state.resource() else { return };
        let family = family_of(resource);
        // Recordings put other words in the place of ARNs, that of the role among them.
        let role = self.trace.events.first().and_then(|first| first.text("roleArn"));
        let shows_arns = role.is_some_and(|role| role.starts_with("arn:"));
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
                let comparable =
                    |actual: &&str| family == Family::Task || shows_arns || actual.starts_with("arn:");
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

    pub(super) fn assign(&self, visit: &Visit, variables: &mut Variables) {
        let Some(exited) = visit.exited.and_then(|at| self.trace.event(at)) else { return };
        let Some(written) = exited.details.get(VARIABLES).and_then(Value::as_object) else {
            return;
        };
        for (name, text) in written {
            if let Some(value) = text.as_str().and_then(|text| serde_json::from_str(text).ok()) {
                variables.insert(name.clone(), value);
            }
        }
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
            (Ok(one), Ok(two)) => {
                let exits = known(visit, state, setting, result, Twice { one, two });
                self.filtered(visit, state, setting, result, &exits);
                self.leave(visit, state, &exits, rule)
            }
            (Err(failure), Err(_)) => self.must_fail(visit, state, &failure),
            _ => blind(self.trace, visit, state),
        }
    }

    /// Whether a wrong output is the one that the state has without its OutputPath (IO-06).
    fn filtered(
        &mut self,
        visit: &Visit,
        state: &State,
        setting: &Setting<'_>,
        result: &Value,
        exits: &Twice<Exit>,
    ) {
        let Some(bare) = asl::without_output_path(state) else { return };
        let Some(exited) = visit.exited.and_then(|at| self.trace.event(at)) else { return };
        let Some(output) = json(exited, "output").filter(|_| exits.one.sourced && exits.two.sourced) else {
            return;
        };
        let mut fits = |one: &Exit, two: &Exit| self.holes.fits(&one.output, &two.output, &output);
        if fits(&exits.one, &exits.two) {
            return;
        }
        let whole = setting.twice(|inputs| asl::complete(&bare, inputs, result));
        if let (Ok(one), Ok(two)) = (whole.one, whole.two)
            && fits(&one, &two)
        {
            let message = format!("the output of {:?} is whole, its OutputPath was ignored", visit.name);
            self.ledger.breach("IO-06", exited, message);
        }
    }
}

/// How a state was left, with veils where no source decides a value of its fields.
fn known(
    visit: &Visit,
    state: &State,
    setting: &Setting<'_>,
    result: &Value,
    exits: Twice<Exit>,
) -> Twice<Exit> {
    let open = !(exits.one.sourced && exits.two.sourced);
    if !open || visit.exited.is_none() {
        return exits;
    }
    let known = |inputs: &Inputs<'_>, veil| asl::known_exit(state, inputs, result, &veil);
    let one = setting.twice(|inputs| known(inputs, Value::Null)).one;
    let two = setting.twice(|inputs| known(inputs, Value::Bool(true))).two;
    one.zip(two).map_or(exits, |(one, two)| Twice { one, two })
}

/// Whether what a state leaves comes near the limit (IO-10): there a byte decides, and its spelling is not ours.
fn is_large(exits: &Twice<Exit>) -> bool {
    let near = asl::DATA_LIMIT / 2;
    [&exits.one, &exits.two].iter().any(|exit| {
        let assigned = exit.assigned.values().map(|value| value.to_string().len()).sum::<usize>();
        exit.output.to_string().len().max(assigned) > near
    })
}

/// A failure of the interpreter, as AWS wrote it where it did. Where no source says that it fails, its name and who catches it are
/// open, too.
pub(super) fn failed(trace: &Trace<'_>, visit: &Visit, failure: &Failure) -> Outcome {
    if !failure.sourced {
        return Outcome::Open;
    }
    let mut found = TaskFailure::from(failure);
    if let Some(written) = visit.failed_evaluation().and_then(|at| trace.event(at)) {
        let text = |member: &str| written.text(member).map(str::to_owned);
        (found.error, found.cause) = (text("error"), text("cause"));
    }
    Outcome::Failed(vec![found])
}
