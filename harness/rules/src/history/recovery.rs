//! Task attempts against the definition, and what became of failures: Retry, Catch, or the end (ERR-05 to ERR-18).

use asl::{
    Entered, Exit, Origin, Pattern, QueryLanguage, Recovery, RetryCounts, State, TaskFailure, Variables,
};
use record::Event;
use serde_json::Value;

use super::flow::json;
use super::replay::{Goal, Outcome, Replay, Setting, Twice, blind, possible};
use super::times::is_early;
use super::trace::{Attempt, Family, Visit};

/// What the history shows after a failure.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen<'h> {
    /// Another attempt.
    Retried { failed: Option<&'h Event>, again: Option<&'h Event> },
    /// The state was left.
    Left,
    /// The failure left the state; or nothing yet, in a running execution.
    Failed,
}

/// The retries of one visit; a redrive starts anew (RED-03).
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    counts: RetryCounts,
    segment: usize,
}

impl Tally {
    pub(super) fn segment(&mut self, segment: usize) {
        if segment != self.segment {
            *self = Self { counts: RetryCounts::default(), segment };
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.counts.total()
    }
}

/// Every failure that a recorded end of an attempt can have been, for Retry and Catch.
fn candidates(scheduled: &Event, ended: &Event) -> Vec<TaskFailure> {
    let error = ended.text("error").map(str::to_owned);
    let cause = ended.text("cause").map(str::to_owned);
    if !ended.kind.ends_with("TimedOut") {
        // Of a failure without a name it is only recorded that States.ALL takes it; States.TaskFailed may, too.
        let unnamed = error.is_none().then(|| TaskFailure::new(Some(String::new()), cause.clone()));
        return std::iter::once(TaskFailure::new(error, cause)).chain(unnamed).collect();
    }
    let has = |member: &str| scheduled.details.get(member).is_some_and(|value| !value.is_null());
    let mut found = Vec::new();
    if has("timeoutInSeconds") || !has("heartbeatInSeconds") {
        found.push(TaskFailure { error: error.clone(), ..TaskFailure::timeout() });
    }
    if has("heartbeatInSeconds") {
        found.push(TaskFailure { error, ..TaskFailure::missed_heartbeat() });
        // Whether States.TaskFailed matches a missed heartbeat is open, by whichever name it is recorded.
        found.push(TaskFailure::missed_heartbeat());
        found.push(TaskFailure::new(Some("States.HeartbeatTimeout".to_owned()), Some(String::new())));
    }
    found
}

/// Names that AWS gives to its own errors; whether wildcards match one that a worker sent is open (A-11, A-20, ERR-20).
fn is_reserved(failure: &TaskFailure) -> bool {
    let settled = ["States.Timeout", "States.HeartbeatTimeout", "States.TaskFailed", "States.Permissions"];
    let error = failure.error.as_deref().unwrap_or_default();
    error.starts_with("States.") && !settled.contains(&error)
}

impl Replay<'_, '_> {
    /// A Task: its attempts in order, then how it was left.
    pub(super) fn task(
        &mut self,
        at: usize,
        state: &State,
        input: Value,
        variables: &Variables,
        item: Option<&(usize, Value)>,
    ) -> (Goal, Outcome) {
        let trace = self.trace;
        let Some(visit) = trace.visits.get(at) else { return (Goal::Any, Outcome::Open) };
        let mut tally = Tally::default();
        for (number, attempt) in visit.attempts.iter().enumerate() {
            tally.segment(attempt.segment);
            let token = format!("token-{}", attempt.scheduled);
            let has_token =
                state.resource().is_some_and(|resource| resource.pattern != Pattern::RequestResponse);
            let retries = Some(tally.total());
            let given = has_token.then_some(token.as_str());
            let Some(setting) = self.setting(visit, input.clone(), variables, item, retries, given) else {
                return (Goal::Any, Outcome::Open);
            };
            self.scheduled(visit, state, attempt, &setting);
            self.own_token(attempt, &token);
            let next = visit.attempts.get(number + 1);
            if next.is_some_and(|next| next.segment != attempt.segment) {
                continue;
            }
            let (Some(ended), Some(scheduled)) =
                (attempt.ended.and_then(|at| trace.event(at)), trace.event(attempt.scheduled))
            else {
                return (Goal::Any, Outcome::Open);
            };
            if attempt.ok {
                let Some(result) = json(ended, "output") else { return blind(trace, visit, state) };
                if next.is_none() && visit.evaluation.is_none() {
                    return self.finish(visit, state, &setting, &result, "IO-04");
                }
                if next.is_some() && visit.evaluation.is_none() {
                    let again = next.and_then(|next| trace.event(next.scheduled)).unwrap_or(ended);
                    self.ledger.breach(
                        "START-22",
                        again,
                        format!("{:?} is scheduled again after it succeeded", visit.name),
                    );
                }
                return blind(trace, visit, state);
            }
            let failures = candidates(scheduled, ended);
            let seen = match (next, visit.exited) {
                (Some(next), _) => Seen::Retried { failed: Some(ended), again: trace.event(next.scheduled) },
                (None, Some(_)) => Seen::Left,
                (None, None) => Seen::Failed,
            };
            if visit.evaluation.is_some() && next.is_none() {
                return blind(trace, visit, state);
            }
            if let Some(ended) = judge(self, visit, state, &setting, &failures, seen, &mut tally) {
                return ended;
            }
        }
        if visit.attempts.is_empty()
            && let Some(setting) = self.setting(visit, input, variables, item, Some(0), Some("token"))
            && let Twice { one: Err(failure), two: Err(_) } =
                setting.twice(|inputs| asl::enter(state, inputs))
        {
            return self.must_fail(visit, state, &failure);
        }
        blind(trace, visit, state)
    }

    /// What was asked of the service, and within which windows (IO-01, TMO-11, HB-12).
    fn scheduled(&mut self, visit: &Visit, state: &State, attempt: &Attempt, setting: &Setting<'_>) {
        let Some(scheduled) = self.trace.event(attempt.scheduled) else { return };
        if scheduled.kind.ends_with("Failed") {
            return;
        }
        let entered = setting.twice(|inputs| asl::enter(state, inputs));
        let (one, two) = match (entered.one, entered.two) {
            (Ok(one), Ok(two)) => (one, two),
            (Err(failure), Err(_)) => {
                // Whether a task without a token has `$$.Task` is open (TOK-28, A-06).
                let of_token = failure.cause.as_deref().is_some_and(|cause| cause.contains("Task"));
                if state.query_language == QueryLanguage::JsonPath && !of_token {
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
            },
            Entered::Task {
                parameters: two,
                timeout_seconds: two_timeout,
                heartbeat_seconds: two_heartbeat,
                credentials: two_credentials,
            },
        ) = (one, two)
        else {
            return;
        };
        let member = if attempt.family == Family::Task { "parameters" } else { "input" };
        if let Some(written) = json(scheduled, member) {
            self.ledger.met("IO-01");
            if let Err(what) = self.holes.fit(&one, &two, &written) {
                let message = format!("{member} of {:?} {what}", visit.name);
                self.ledger.breach("IO-01", scheduled, message.clone());
                self.ledger.breach("HIS-29", scheduled, message);
            }
        }
        if timeout == two_timeout {
            self.ledger.met("TMO-11");
            self.expect(&["TMO-11", "HIS-17"], scheduled, "timeoutInSeconds", timeout);
        }
        if heartbeat == two_heartbeat && attempt.family != Family::Lambda {
            self.ledger.met("HB-12");
            self.expect(&["HB-12", "HIS-17"], scheduled, "heartbeatInSeconds", heartbeat);
        }
        let role = |credentials: &Option<Value>| {
            credentials.as_ref().and_then(|value| value.get("RoleArn")).cloned()
        };
        if let (Some(one), Some(two)) = (role(&credentials), role(&two_credentials)) {
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
    }

    /// The token of an attempt is that of no other (TOK-04, HIS-21).
    fn own_token(&mut self, attempt: &Attempt, token: &str) {
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

/// One thing that may become of a failure.
struct Way {
    one: Recovery,
    two: Recovery,
    tally: Tally,
    failure: TaskFailure,
}

/// Compares what became of a failure with what must become of it. None where another attempt follows.
pub(super) fn judge(
    replay: &mut Replay<'_, '_>,
    visit: &Visit,
    state: &State,
    setting: &Setting<'_>,
    failures: &[TaskFailure],
    seen: Seen<'_>,
    tally: &mut Tally,
) -> Option<(Goal, Outcome)> {
    let exited = visit.exited.and_then(|at| replay.trace.event(at));
    let mut ways = Vec::new();
    let mut unevaluated = false;
    for failure in failures {
        for cause in [failure.cause.clone(), failure.cause.is_none().then(String::new)] {
            let failure = TaskFailure { cause, ..failure.clone() };
            let both = setting.twice(|inputs| {
                let mut counts = tally.counts.clone();
                asl::recover(state, inputs, &failure, &mut counts).map(|recovery| (recovery, counts))
            });
            match (both.one, both.two) {
                (Ok((one, counts)), Ok((two, _))) => {
                    ways.push(Way { one, two, tally: Tally { counts, segment: tally.segment }, failure });
                }
                _ => unevaluated = true,
            }
        }
    }
    let open_end =
        failures.iter().any(|failure| is_reserved(failure) && failure.origin != Origin::Interpreter);
    match seen {
        Seen::Retried { failed, again } => {
            let again = again?;
            let way = ways.iter().find(|way| matches!(way.one, Recovery::Retry { .. }));
            let Some(way) = way else {
                if !unevaluated {
                    let message = format!(
                        "{:?} is tried again; its Retry allows no more attempts for this error",
                        visit.name
                    );
                    for rule in ["ERR-16", "ERR-15"] {
                        replay.ledger.breach(rule, again, message.clone());
                    }
                    if state.retriers().iter().any(|retrier| retrier.max_attempts == 0) {
                        replay.ledger.breach("ERR-12", again, message.clone());
                    }
                    if state.retriers().is_empty() {
                        replay.ledger.breach("START-22", again, message);
                    }
                }
                return None;
            };
            for rule in ["ERR-10", "ERR-15", "ERR-16", "ERR-18"] {
                replay.ledger.met(rule);
            }
            waited(replay, failed, again, &way.one);
            *tally = way.tally.clone();
            None
        }
        Seen::Left => {
            let Some(exited) = exited else { return Some((Goal::Any, Outcome::Open)) };
            if unevaluated {
                replay.ledger.unjudged(format!("the catcher of {:?} does not evaluate here", visit.name));
                return Some(blind(replay.trace, visit, state));
            }
            let caught: Vec<(Twice<Exit>, &TaskFailure)> =
                ways.iter().filter_map(|way| caught_of(way)).collect();
            if caught.is_empty() {
                not_caught(replay, visit, &ways, exited);
                return Some(blind(replay.trace, visit, state));
            }
            Some(left(replay, visit, state, &caught, exited))
        }
        Seen::Failed => {
            let ended = replay.trace.terminal.and_then(|at| replay.trace.event(at));
            let fails = ways.is_empty()
                || unevaluated
                || open_end
                || ways.iter().any(|way| matches!(way.one, Recovery::Uncaught(_)));
            let here = replay
                .trace
                .current(visit.strand)
                .is_some_and(|(_, current)| current.entered == visit.entered);
            // A branch that failed shows it by its Parallel or Map; the root shows it by the end of the execution.
            let at_end = here && visit.strand == 0 && !visit.redriven;
            if let (Some(last), false, true) =
                (ended.filter(|event| event.kind == "ExecutionFailed"), fails, at_end)
                && replay.trace.events.len() < super::shape::EVENT_LIMIT
                && same_error(last, failures)
            {
                let (rules, what): (&[&'static str], _) = match ways.first().map(|way| &way.one) {
                    Some(Recovery::Retry { .. }) => {
                        (&["ERR-10", "ERR-11", "ERR-16"], "Retry has attempts left")
                    }
                    _ => (&["ERR-05", "ERR-06", "HIS-13"], "a Catcher matches"),
                };
                for rule in rules {
                    replay.ledger.breach(
                        rule,
                        last,
                        format!("the execution fails with the error of {:?}, but {what}", visit.name),
                    );
                }
            }
            Some((Goal::Any, Outcome::Failed(failures.to_vec())))
        }
    }
}

fn same_error(last: &Event, failures: &[TaskFailure]) -> bool {
    failures
        .iter()
        .any(|failure| failure.error.as_deref().unwrap_or_default() == last.text("error").unwrap_or_default())
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
            for rule in ["ERR-06", "ERR-05", "HIS-13", "HIS-22"] {
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

/// The wait before a retry (ERR-13); with jitter it may be anything up to that (ERR-14).
fn waited(replay: &mut Replay<'_, '_>, failed: Option<&Event>, again: &Event, recovery: &Recovery) {
    let (Some(failed), Recovery::Retry { after_ms_max, jitter, .. }) = (failed, recovery) else { return };
    replay.ledger.met(if *jitter { "ERR-14" } else { "ERR-13" });
    let bound = i64::try_from(*after_ms_max).unwrap_or(i64::MAX / 4);
    if replay.real && !jitter && is_early(failed.at, again.at, bound) {
        let after = again.at - failed.at;
        replay.ledger.breach(
            "ERR-13",
            again,
            format!("tried again after {after} ms, the wait is {bound} ms"),
        );
    }
}

/// A caught failure: the catcher's output and its next state (ERR-05, ERR-07).
fn left(
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
    let goals: Vec<String> = caught
        .iter()
        .filter_map(|(exits, _)| match &exits.one.next {
            asl::Next::State(name) => Some(name.clone()),
            asl::Next::End => None,
        })
        .collect();
    let followed = following(replay, visit);
    let mut reason = None;
    for (exits, failure) in caught {
        let nameless = failure.error.is_none() || failure.cause.as_deref().unwrap_or_default().is_empty();
        let fits = replay.holes.fit(&exits.one.output, &exits.two.output, &output).or_else(|what| {
            let bare = |value: &Value| if nameless { without_empty(value) } else { value.clone() };
            replay
                .holes
                .fit(&bare(&exits.one.output), &bare(&exits.two.output), &bare(&output))
                .map_err(|_| what)
        });
        let leads = |name: &String| exits.one.next == asl::Next::State(name.clone());
        match fits {
            Ok(()) if followed.as_ref().is_none_or(leads) => {
                return replay.leave_caught(visit, exits, output);
            }
            Ok(()) => {}
            Err(what) => reason = reason.or(Some(what)),
        }
    }
    if let Some(what) = reason {
        for rule in ["ERR-07", "HIS-29"] {
            replay.ledger.breach(rule, exited, format!("output of the Catcher of {:?} {what}", visit.name));
        }
    }
    if let Some(next) = followed.filter(|next| !goals.contains(next)) {
        replay.ledger.breach(
            "ERR-05",
            exited,
            format!(
                "the failure of {:?} leads to {next:?}, its Catcher to {}",
                visit.name,
                goals.join(" or ")
            ),
        );
    }
    (Goal::Among(goals), Outcome::Done(output))
}

/// The name of the state that the strand entered after this visit.
fn following(replay: &Replay<'_, '_>, visit: &Visit) -> Option<String> {
    let strand = replay.trace.strand(visit.strand)?;
    let mut visits = strand.visits.iter().filter_map(|at| replay.trace.visits.get(*at));
    visits.find(|other| other.entered > visit.entered).map(|other| other.name.clone())
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
