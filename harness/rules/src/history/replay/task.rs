//! A Task: its attempts in order, what was asked of the service, and which failures each end can have been.

use asl::{Entered, Inputs, Origin, Pattern, QueryLanguage, State, TaskFailure, Variables};
use record::Event;
use serde_json::Value;

use super::super::flow::json;
use super::super::times::is_early;
use super::super::trace::{Attempt, Family, Visit};
use super::evaluation;
use super::leave::family_of;
use super::recovery::{self, Seen};
use super::ways::{self, Tally};
use super::{Goal, Item, Outcome, Replay, Setting, Twice, blind};

/// Every failure that a recorded end of an attempt can have been, for Retry and Catch.
fn candidates(scheduled: &Event, ended: &Event, real: bool) -> Vec<TaskFailure> {
    let error = ended.text("error").map(str::to_owned);
    let cause = ended.text("cause").map(str::to_owned);
    if !ended.is_timeout() {
        return ways::views_of(error, cause);
    }
    let has = |member: &str| scheduled.details.get(member).is_some_and(|value| !value.is_null());
    let mut found = Vec::new();
    // A timer is not early (TMO-02): before the total time is over it was the heartbeat.
    let bound = scheduled.details.get("timeoutInSeconds").and_then(Value::as_i64);
    let early = bound.is_some_and(|bound| is_early(scheduled.at, ended.at, bound.saturating_mul(1000)));
    let missed = real && early && has("heartbeatInSeconds");
    if (has("timeoutInSeconds") || !has("heartbeatInSeconds")) && !missed {
        found.push(TaskFailure { error: error.clone(), ..TaskFailure::timeout() });
    }
    if has("heartbeatInSeconds") {
        found.push(TaskFailure { error: error.clone(), ..TaskFailure::missed_heartbeat() });
        found.push(TaskFailure {
            error,
            origin: Origin::MissedHeartbeatByName,
            ..TaskFailure::missed_heartbeat()
        });
        // Whether States.TaskFailed matches a missed heartbeat is open, by whichever name it is recorded.
        found.push(TaskFailure::missed_heartbeat());
        found.push(TaskFailure::new(Some("States.HeartbeatTimeout".to_owned()), Some(String::new())));
    }
    found
}

impl Replay<'_, '_> {
    /// A Task: its attempts in order, then how it was left.
    pub(super) fn task(
        &mut self,
        at: usize,
        state: &State,
        input: Value,
        variables: &Variables,
        item: Item<'_>,
    ) -> (Goal, Outcome) {
        let trace = self.trace;
        let Some(visit) = trace.visits.get(at) else { return (Goal::Any, Outcome::Open) };
        let mut tally = Tally::default();
        let before = (visit.entered, visit.attempts.first().map(|first| first.scheduled));
        if before.1.is_some()
            && visit.evaluations_in(before).next().is_some()
            && let Some(setting) = self.setting(visit, input.clone(), variables, item, Some(0), Some("token"))
            && let Some(ended) = self.evaluations(visit, state, &setting, None, &mut tally, before)
        {
            return ended;
        }
        for (number, attempt) in visit.attempts.iter().enumerate() {
            tally.segment(attempt.segment);
            let token = format!("token-{}", attempt.scheduled);
            let has_token =
                state.resource().is_some_and(|resource| resource.pattern != Pattern::RequestResponse);
            let retries = Some(tally.total());
            let given = has_token.then_some(token.as_str());
            self.after_redrives(attempt.scheduled);
            let Some(setting) = self.setting(visit, input.clone(), variables, item, retries, given) else {
                return (Goal::Any, Outcome::Open);
            };
            self.scheduled(visit, state, attempt, &setting);
            self.own_token(attempt, &token);
            let next = visit.attempts.get(number + 1);
            let (ended, scheduled) =
                (attempt.ended.and_then(|at| trace.event(at)), trace.event(attempt.scheduled));
            if next.is_some_and(|next| next.segment != attempt.segment) {
                if let (Some(ended), Some(scheduled), false) = (ended, scheduled, attempt.ok) {
                    let failures = candidates(scheduled, ended, self.real);
                    recovery::ended(self, visit, state, &setting, &failures, ended, &tally);
                }
                continue;
            }
            let (Some(ended), Some(scheduled)) = (ended, scheduled) else {
                return (Goal::Any, Outcome::Open);
            };
            let span = (attempt.ended.unwrap_or_default(), next.map(|next| next.scheduled));
            if attempt.ok {
                let Some(result) = json(ended, "output") else { return blind(trace, visit, state) };
                if visit.evaluations_in(span).next().is_some() {
                    let exits = setting.twice(|inputs| asl::complete(state, inputs, &result));
                    let fails = Some(exits.one.is_err() || exits.two.is_err());
                    match self.evaluations(visit, state, &setting, fails, &mut tally, span) {
                        Some(ended) => return ended,
                        None => continue,
                    }
                }
                let Some(next) = next else {
                    return self.finish(visit, state, &setting, &result, "IO-04");
                };
                let again = trace.event(next.scheduled).unwrap_or(ended);
                let message = format!("{:?} is scheduled again after it succeeded", visit.name);
                self.ledger.breach("START-22", again, message);
                return blind(trace, visit, state);
            }
            let failures = candidates(scheduled, ended, self.real);
            // Its fields are evaluated again, and may fail before it is scheduled.
            let evaluated = visit.evaluations_in(span).next();
            let seen = match (next, visit.exited) {
                (Some(next), _) => {
                    let again = evaluated.unwrap_or(next.scheduled);
                    Seen::Retried { failed: Some(ended), again: trace.event(again) }
                }
                (None, Some(_)) => Seen::Left,
                (None, None) => Seen::Failed,
            };
            if evaluated.is_some() && next.is_none() {
                return blind(trace, visit, state);
            }
            if let Some(ended) = recovery::judge(self, visit, state, &setting, &failures, seen, &mut tally)
                .or_else(|| self.evaluations(visit, state, &setting, None, &mut tally, span))
            {
                return ended;
            }
        }
        if visit.attempts.is_empty()
            && let Some(setting) = self.setting(visit, input, variables, item, Some(0), Some("token"))
        {
            let entered = setting.twice(|inputs| asl::enter(state, inputs));
            if visit.failed_evaluation().is_some() {
                let fails = entered.one.is_err() || entered.two.is_err();
                return self.evaluation(visit, state, &setting, fails, &mut tally, visit.entered);
            }
            match (entered.one, entered.two) {
                (Err(failure), Err(_)) => return self.must_fail(visit, state, &failure),
                (Ok(Entered::Task { sourced: true, .. }), Ok(Entered::Task { sourced: true, .. })) => {
                    self.paths_lead_somewhere(visit, state);
                }
                _ => {}
            }
        }
        blind(trace, visit, state)
    }

    /// The execution fails for a path in a task that was never scheduled, although all its paths lead somewhere. Other reasons to
    /// fail there are not known here.
    fn paths_lead_somewhere(&mut self, visit: &Visit, state: &State) {
        let open = visit.exited.is_none() && visit.failed_evaluation().is_none() && !visit.redriven;
        let Some((end, what)) = recovery::end_around(self.trace, visit).filter(|_| open) else { return };
        // Whether a task without a token has `$$.Task` is open (TOK-28, A-06).
        let of_a_path = end
            .text("cause")
            .is_some_and(|cause| cause.contains("Invalid path") && !cause.contains("$.Task"));
        if of_a_path && state.query_language == QueryLanguage::JsonPath {
            self.ledger.breach("HIS-29", end, format!("{what} in {:?}, whose fields evaluate", visit.name));
        }
    }

    /// Whether wrong parameters are those that the state has without its InputPath.
    fn ignores_input_path(&mut self, state: &State, setting: &Setting<'_>, written: &Value) -> bool {
        let Some(bare) = asl::without_input_path(state) else { return false };
        let entered = setting.twice(|inputs| asl::enter(&bare, inputs));
        match (entered.one, entered.two) {
            (Ok(Entered::Task { parameters: one, .. }), Ok(Entered::Task { parameters: two, .. })) => {
                self.holes.fits(&one, &two, written)
            }
            _ => false,
        }
    }

    /// What was asked of the service, and within which windows (IO-01, TMO-11, HB-12).
    pub(super) fn scheduled(
        &mut self,
        visit: &Visit,
        state: &State,
        attempt: &Attempt,
        setting: &Setting<'_>,
    ) {
        let Some(scheduled) = self.trace.event(attempt.scheduled) else { return };
        // Events of another kind (HIS-28) hold other members.
        let foreign = state.resource().is_some_and(|resource| family_of(resource) != attempt.family);
        if foreign || scheduled.kind.ends_with("Failed") {
            return;
        }
        let entered = setting.twice(|inputs| asl::enter(state, inputs));
        let (one, two) = match (entered.one, entered.two) {
            (Ok(one), Ok(two)) => (one, two),
            (Err(failure), Err(_)) => {
                // Whether a task without a token has `$$.Task` is open (TOK-28, A-06).
                let of_token = failure.cause.as_deref().is_some_and(|cause| cause.contains("Task"));
                if evaluation::must_fail(state, &failure) && !of_token {
                    let message = format!("{:?} is scheduled, but it must fail: {failure}", visit.name);
                    self.ledger.breach("IO-02", scheduled, message.clone());
                    self.ledger.breach("HIS-29", scheduled, message);
                } else {
                    self.ledger
                        .unjudged(format!("state {:?}: {} here, not at AWS", visit.name, failure.error));
                }
                return;
            }
            _ => return,
        };
        let (
            Entered::Task {
                parameters: one,
                timeout_seconds: timeout,
                heartbeat_seconds: heartbeat,
                credentials,
                sourced,
                windows_sourced,
            },
            Entered::Task {
                parameters: two,
                timeout_seconds: two_timeout,
                heartbeat_seconds: two_heartbeat,
                credentials: two_credentials,
                sourced: two_sourced,
                ..
            },
        ) = (one, two)
        else {
            return;
        };
        let member = if attempt.family == Family::Task { "parameters" } else { "input" };
        // What no source decides may be anything, what is beside it not.
        let known = if sourced && two_sourced {
            Some(Twice { one, two })
        } else {
            let known = |inputs: &Inputs<'_>, veil| asl::known_parameters(state, inputs, &veil);
            let one = setting.twice(|inputs| known(inputs, Value::Null)).one;
            let two = setting.twice(|inputs| known(inputs, Value::Bool(true))).two;
            one.zip(two).map(|(one, two)| Twice { one, two })
        };
        if let Some((known, written)) = known.zip(json(scheduled, member)) {
            self.ledger.met("IO-01");
            if let Err(what) = self.holes.fit(&known.one, &known.two, &written) {
                let message = format!("{member} of {:?} {what}", visit.name);
                self.ledger.breach("IO-01", scheduled, message.clone());
                if self.ignores_input_path(state, setting, &written) {
                    self.ledger.breach("IO-06", scheduled, message.clone());
                }
                self.ledger.breach("HIS-29", scheduled, message);
            }
        }
        if timeout == two_timeout && windows_sourced {
            self.ledger.met("TMO-11");
            self.expect(&["TMO-11", "HIS-17"], scheduled, "timeoutInSeconds", timeout);
        }
        if heartbeat == two_heartbeat && windows_sourced && attempt.family != Family::Lambda {
            self.ledger.met("HB-12");
            self.expect(&["HB-12", "HIS-17"], scheduled, "heartbeatInSeconds", heartbeat);
        }
        let role = |credentials: &Option<Value>| {
            credentials.as_ref().and_then(|value| value.get("RoleArn")).cloned()
        };
        // Activities are asked with no role of their own: their events have no member for one.
        let has_role = attempt.family != Family::Activity;
        if let (true, Some(one), Some(two)) = (has_role, role(&credentials), role(&two_credentials)) {
            let written = scheduled
                .details
                .get("taskCredentials")
                .and_then(|value| value.get("roleArn"))
                .cloned()
                .unwrap_or_default();
            if let Err(what) = self.holes.fit(&one, &two, &written) {
                self.ledger.breach("IO-01", scheduled, format!("taskCredentials.roleArn {what}"));
            }
        }
        let unasked = credentials.is_none() && two_credentials.is_none();
        if unasked && scheduled.details.get("taskCredentials").is_some_and(|shown| !shown.is_null()) {
            let message = format!("taskCredentials, though {:?} has no Credentials", visit.name);
            self.ledger.breach("HIS-17", scheduled, message);
        }
    }

    /// The token of an attempt is that of no other (TOK-04, HIS-21).
    pub(super) fn own_token(&mut self, attempt: &Attempt, token: &str) {
        let Some(text) = self.holes.text(token).map(str::to_owned) else { return };
        let Some(scheduled) = self.trace.event(attempt.scheduled) else { return };
        self.ledger.met("HIS-21");
        self.ledger.met("TOK-04");
        if let Some(earlier) = self.tokens.insert(text, scheduled.id) {
            let message = format!("the task token is that of the attempt scheduled at event {earlier}");
            self.ledger.breach("HIS-21", scheduled, message.clone());
            self.ledger.breach("TOK-04", scheduled, message);
        }
    }
}
