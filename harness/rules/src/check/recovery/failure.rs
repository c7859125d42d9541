//! ERR: what a failure carries and where it ends: names, causes, error outputs, siblings, DescribeExecution.
//!
//! Who takes a failure is judged in `rescue`.

use record::Event;
use serde_json::{Map, Value};

use super::error_equals::RUNTIME;
use super::rescue::{Then, seen};
use crate::check::timers::timeout_path::plain_path;
use crate::check::wording::or_none;
use crate::check::{Check, Group, Sink};
use crate::view::attempt::fails_attempt;
use crate::view::{Attempt, Bearer, Call, Effect, Operation, Pattern, Verb, View, brief_json, same_json};

const RESERVED: Check = Check::of(
    "ERR-04",
    "reserved-names-pass-or-are-refused",
    "a failure with a reserved name passes as given or is refused (A-11)",
);
pub(super) const UNCAUGHT: Check = Check::of(
    "ERR-06",
    "uncaught-error-fails-the-execution",
    "without a match the task's error and cause fail the execution",
);
const PLACED: Check = Check::of(
    "ERR-07",
    "error-output-is-placed",
    "the error output has Error and Cause and stands where ResultPath says",
);
const NAMELESS: Check = Check::of(
    "ERR-08",
    "nameless-failure-passes-blank",
    "a failure without error passes null, absent or empty (A-09)",
);
const TOO_LARGE: Check = Check::of(
    "ERR-21",
    "data-limit-is-terminal-or-caught",
    "States.DataLimitExceeded fails the execution; of a task result it may be caught (A-20)",
);
const DENIED: Check = Check::of(
    "ERR-22",
    "missing-permission-fails-the-task",
    "a task without permission fails with States.Permissions or a service error (A-15)",
);
const SERVICE: Check = Check::of(
    "ERR-23",
    "service-errors-carry-their-service",
    "errors of optimized integrations are named Service.Exception",
);
const DESCRIBED: Check = Check::of(
    "ERR-24",
    "describe-repeats-the-error",
    "DescribeExecution's error and cause are those of ExecutionFailed",
);
const SIBLINGS: Check = Check::of(
    "ERR-26",
    "failed-branch-aborts-its-siblings",
    "after a branch failed no sibling task of it ends with success",
);

pub(super) const GROUPS: &[Group] = &[
    Group { checks: &[UNCAUGHT, SERVICE, DENIED, TOO_LARGE], run: failures },
    Group { checks: &[TOO_LARGE], run: too_large },
    Group { checks: &[PLACED, NAMELESS], run: outputs },
    Group { checks: &[RUNTIME], run: runtime },
    Group { checks: &[RESERVED], run: reserved },
    Group { checks: &[DESCRIBED], run: described },
    Group { checks: &[SIBLINGS], run: siblings },
];

fn failures(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let events = view.events(attempt);
        let Some(event) = attempt.end(events).filter(|event| fails_attempt(&event.kind)) else { continue };
        let error = event.text("error");
        if let Some(next) =
            attempt.followed.and_then(|index| events.get(index)).filter(|e| e.kind == "ExecutionFailed")
        {
            let same = blank(next.text("error")) == blank(error)
                && blank(next.text("cause")) == blank(event.text("cause"));
            if same {
                sink.met(UNCAUGHT);
            } else {
                sink.violated_at(
                    UNCAUGHT,
                    Some(next.id),
                    format!(
                        "{} has error {}, ExecutionFailed has {} or another cause",
                        event.kind,
                        or_none(error),
                        or_none(next.text("error"))
                    ),
                );
            }
        }
        // A request that its service refused: no token was answered.
        let answered = attempt.token.and_then(|token| view.tokens.get(token)).is_some_and(|token| {
            view.operations_of(token).any(|op| op.verb != Verb::Heartbeat && op.effect != Effect::Rejected)
        });
        let answered = answered || view.answered_elsewhere && attempt.pattern == Pattern::Callback;
        let service =
            ["sqs", "sns"].into_iter().find(|service| attempt.resource.starts_with(&format!("{service}:")));
        if let Some(service) = service
            && !answered
            && attempt.submitted.is_none()
            && !event.is_timeout()
        {
            let name = error.unwrap_or_default();
            let prefix = format!("{}.", service.to_ascii_uppercase());
            let lawful =
                name.starts_with(&prefix) && name.len() > prefix.len() || name == "States.Permissions";
            if name == "States.Permissions"
                || name.contains("AccessDenied")
                || name.contains("AuthorizationError")
            {
                if lawful {
                    sink.observed(DENIED, format!("A-15: a missing permission is named {name}"));
                } else {
                    let message = format!(
                        "a missing permission is named {name}, neither States.Permissions nor {prefix}…"
                    );
                    sink.violated_at(DENIED, Some(event.id), message);
                }
            }
            if name == "States.DataLimitExceeded" {
                sink.met(TOO_LARGE);
            } else {
                sink.expect(SERVICE, lawful || name == "States.Runtime", || {
                    format!("a failed {} is named {name:?}, not {prefix}…", attempt.resource)
                });
            }
        }
        if error == Some("States.DataLimitExceeded") {
            let next = attempt.followed.and_then(|index| events.get(index));
            match next.map(|next| next.kind.as_str()) {
                Some("ExecutionFailed") => {
                    sink.observed(TOO_LARGE, "A-20: a result that is too large fails the execution");
                }
                Some(kind) if kind.ends_with("StateExited") => {
                    sink.observed(TOO_LARGE, "A-20: a result that is too large is caught");
                }
                _ => {}
            }
        }
    }
    for last in view.reads.iter().filter_map(|read| read.terminal()) {
        if last.kind == "ExecutionFailed" && last.text("error") == Some("States.DataLimitExceeded") {
            sink.observed(TOO_LARGE, "A-20: data beyond the limit fail the execution");
        }
    }
}

/// A task whose result was within the limit, and which a Catcher left all the same: what it took is the output of the state.
fn too_large(view: &View<'_>, sink: &mut Sink) {
    const NAME: &str = "\"States.DataLimitExceeded\"";
    for attempt in &view.attempts {
        let events = view.events(attempt);
        let entered = attempt.visit.and_then(|visit| events.iter().find(|event| event.id == visit));
        let ended = attempt.end(events).filter(|event| event.kind.ends_with("Succeeded"));
        let exit = attempt.followed.and_then(|index| events.get(index)).filter(|event| event.is_exited());
        let (Some(state), Some(entered), Some(ended), Some(exit)) =
            (view.state_of(attempt), entered, ended, exit)
        else {
            continue;
        };
        let brought = [(entered, "input"), (ended, "output")]
            .iter()
            .any(|(event, member)| event.text(member).is_none_or(|text| text.contains(NAME)));
        let named = exit.text("output").is_some_and(|text| text.contains(NAME));
        // Only of wildcards it is said that they leave it alone.
        let catchers = state.catchers();
        let by_name = catchers.iter().any(|catcher| catcher.to_string().contains(NAME));
        if named && !brought && !catchers.is_empty() && !by_name && !state.jsonata {
            let message = format!("an output of state {} beyond the limit was caught", state.name);
            sink.violated_at(TOO_LARGE, Some(exit.id), message);
        }
    }
}

fn outputs(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        if let Some(caught) = Caught::of(view, attempt) {
            caught.is_placed(sink);
        }
    }
}

/// A caught failure, and what its Catcher passed on.
struct Caught<'v> {
    state: &'v str,
    failed: &'v Event,
    exit: &'v Event,
    /// ResultPath; None where it is null.
    path: Option<String>,
    input: Option<Value>,
    output: Value,
}

impl Caught<'_> {
    /// None where it is not known which Catcher took it, or how it places the error output.
    fn of<'v>(view: &'v View<'v>, attempt: &'v Attempt) -> Option<Caught<'v>> {
        let events = view.events(attempt);
        let failed = attempt.end(events).filter(|event| fails_attempt(&event.kind))?;
        let exit = attempt.followed.and_then(|index| events.get(index)).filter(|event| event.is_exited())?;
        let state = view
            .state_of(attempt)
            .filter(|state| !state.jsonata && !state.json.contains_key("OutputPath"))?;
        let Some((Then::Catch(Some(target)), _)) = seen(attempt, events) else { return None };
        let leads = |catcher: &&Value| catcher.get("Next").and_then(Value::as_str) == Some(&target);
        let mut catchers = state.catchers().iter().filter(leads);
        let catcher = catchers.next()?;
        if catchers.any(|other| other.get("ResultPath") != catcher.get("ResultPath"))
            || catcher.get("Assign").is_some()
        {
            return None;
        }
        let path = match catcher.get("ResultPath") {
            None => Some("$".to_owned()),
            Some(path) => path.as_str().map(str::to_owned),
        };
        let read = |text: Option<&str>| text.and_then(|text| serde_json::from_str::<Value>(text).ok());
        let entered = attempt.visit.and_then(|visit| events.iter().find(|event| event.id == visit));
        let input = entered.and_then(|entered| read(entered.text("input")));
        Some(Caught { state: &state.name, failed, exit, path, input, output: read(exit.text("output"))? })
    }

    fn is_placed(&self, sink: &mut Sink) {
        let Some(path) = &self.path else {
            if let Some(input) = &self.input {
                sink.expect(PLACED, same_json(input, &self.output), || {
                    "a catcher with ResultPath null changed the input".to_owned()
                });
            }
            return;
        };
        let Some(found) = plain_path(path, &self.output) else { return };
        let Some(Value::Object(members)) = found else {
            let message = format!("no error output at {path} of what state {} passed on", self.state);
            return sink.violated_at(PLACED, Some(self.exit.id), message);
        };
        if self.names_the_failure(members, sink) {
            self.keeps_the_input(path, sink);
        }
    }

    /// Whether an error output has the failure's Error and Cause, and nothing else.
    fn names_the_failure(&self, members: &Map<String, Value>, sink: &mut Sink) -> bool {
        let id = Some(self.exit.id);
        if let Some(extra) = members.keys().find(|key| !matches!(key.as_str(), "Error" | "Cause")) {
            sink.violated_at(PLACED, id, format!("the error output has a member {extra}"));
            return false;
        }
        let blank =
            |value: Option<&Value>| value.is_none_or(|value| value.is_null() || value.as_str() == Some(""));
        let (error, cause) = (members.get("Error"), members.get("Cause"));
        let either_name = |name: Option<&str>| {
            self.failed.is_timeout() && matches!(name, Some("States.Timeout" | "States.HeartbeatTimeout"))
        };
        let fits = match self.failed.text("error").filter(|name| !name.is_empty()) {
            Some(name) => {
                let shown = error.and_then(Value::as_str);
                shown == Some(name) || either_name(shown)
            }
            None => blank(error),
        };
        let cause_fits = match self.failed.text("cause").filter(|cause| !cause.is_empty()) {
            Some(text) => cause.and_then(Value::as_str) == Some(text),
            None => blank(cause),
        };
        if self.failed.text("error").is_none() && self.failed.text("cause").is_none() {
            if fits && cause_fits {
                let how = match error {
                    None => "absent",
                    Some(Value::Null) => "null",
                    Some(_) => "empty",
                };
                sink.observed(NAMELESS, format!("A-09: the Error of a nameless failure is {how}"));
            } else {
                sink.violated_at(
                    NAMELESS,
                    id,
                    format!(
                        "a nameless failure passed the Error {}",
                        error.map_or_else(|| "none".to_owned(), brief_json)
                    ),
                );
            }
        }
        if !(fits && cause_fits) {
            let (member, shown) = if fits { ("Cause", cause) } else { ("Error", error) };
            let shown = shown.map_or_else(|| "none".to_owned(), brief_json);
            let failed = self.failed.text(if fits { "cause" } else { "error" });
            let failed = failed.map_or_else(|| "none".to_owned(), |text| brief_json(&text.into()));
            let message = format!("{member} of the error output is {shown}, that of the failure {failed}");
            sink.violated_at(PLACED, id, message);
        }
        fits && cause_fits
    }

    /// What stands beside the error output is the input.
    fn keeps_the_input(&self, path: &str, sink: &mut Sink) {
        let (Some(Value::Object(input)), Value::Object(output), false) =
            (&self.input, &self.output, path == "$")
        else {
            return sink.met(PLACED);
        };
        let place = path.trim_start_matches("$.").split('.').next().unwrap_or_default();
        let mut beside = input.iter().filter(|(key, _)| *key != place);
        let kept = beside.all(|(key, value)| output.get(key).is_some_and(|other| same_json(other, value)));
        let grown = output.keys().any(|key| key != place && !input.contains_key(key));
        sink.expect(PLACED, kept && !grown, || {
            format!("a catcher with ResultPath {path} did not keep the input beside it")
        });
    }
}

/// Errors that come of the state itself, before any task is scheduled.
fn runtime(view: &View<'_>, sink: &mut Sink) {
    for execution in &view.executions {
        let Some(read) = execution.best.and_then(|read| view.reads.get(read)) else { continue };
        let Some(definition) = &execution.definition else { continue };
        let events = &read.history.events;
        for event in events
            .iter()
            .filter(|event| event.kind == "ExecutionFailed" && event.text("error") == Some("States.Runtime"))
        {
            let entered = events.iter().find(|other| other.id == event.previous && other.is_entered());
            let state =
                entered.and_then(|entered| entered.text("name")).and_then(|name| definition.states.get(name));
            if state.is_some_and(|state| !state.catchers().is_empty() || !state.retriers().is_empty()) {
                sink.met(RUNTIME);
            }
        }
        for exit in events.iter().filter(|event| event.kind == "TaskStateExited") {
            let from = events.iter().find(|other| other.id == exit.previous);
            if from.is_some_and(|from| from.kind == "TaskStateEntered")
                && exit.text("output").is_some_and(|output| output.contains("\"States.Runtime\""))
            {
                sink.violated_at(RUNTIME, Some(exit.id), "States.Runtime was caught");
            }
        }
    }
}

fn reserved(view: &View<'_>, sink: &mut Sink) {
    for operation in view.operations.iter().filter(|op| op.verb == Verb::Failure) {
        let Some(call) = view.call_of(operation) else { continue };
        if !call.text("error").is_some_and(|error| error.starts_with("States.")) {
            continue;
        }
        match (operation.effect, call.answer.code()) {
            (Effect::Accepted, _) if renames(view, operation, call) => {
                sink.violated(RESERVED, "a reserved name was accepted and is another one in the history");
            }
            (Effect::Accepted, _) => sink.observed(RESERVED, "A-11: a reserved name is taken as given"),
            (_, Some("ValidationException")) => sink.observed(RESERVED, "A-11: a reserved name is refused"),
            _ => {}
        }
    }
}

/// Whether the attempt that an accepted failure ended shows another name than was sent.
fn renames(view: &View<'_>, operation: &Operation, call: &Call<'_>) -> bool {
    let Bearer::Issued(token) = operation.bearer else { return false };
    let attempt = view.tokens.get(token).and_then(|token| view.attempts.get(token.attempt?));
    let ended = attempt.and_then(|attempt| attempt.end(view.events(attempt)));
    ended.is_some_and(|event| {
        fails_attempt(&event.kind) && !event.is_timeout() && event.text("error") != call.text("error")
    })
}

/// An empty text and none are the same here.
fn blank(text: Option<&str>) -> &str {
    text.unwrap_or_default()
}

fn described(view: &View<'_>, sink: &mut Sink) {
    for execution in &view.executions {
        let best = execution.best.and_then(|read| view.reads.get(read));
        let Some(read) = best.filter(|read| read.terminal().is_some()) else { continue };
        // One that was redriven may have failed several times, and a description may be of any of them.
        let failures: Vec<_> =
            read.history.events.iter().filter(|event| event.kind == "ExecutionFailed").collect();
        let Some(last) = failures.last() else { continue };
        let heard = read.history.events.iter().filter(|event| event.kind == "ExecutionRedriven").count();
        for status in execution.statuses.iter().filter(|status| status.status == "FAILED" && !status.listed) {
            // Histories are consistent in the end only: this one may not have heard of the redrive that failed so.
            let counted = status.body.get("redriveCount").and_then(Value::as_u64);
            let redrives = counted.unwrap_or(execution.redrives.len() as u64);
            if (heard as u64) < redrives {
                continue;
            }
            for member in ["error", "cause"] {
                let shown = status.body.get(member).and_then(Value::as_str);
                let held = failures.iter().any(|event| blank(shown) == blank(event.text(member)));
                sink.expect(DESCRIBED, held, || {
                    format!(
                        "DescribeExecution has {member} {}, ExecutionFailed has {}",
                        or_none(shown),
                        or_none(last.text(member))
                    )
                });
            }
        }
    }
}

fn siblings(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let Some(state) = view.state_of(attempt).filter(|state| state.inside.len() == 1) else { continue };
        let around = state.inside.first();
        let events = view.events(attempt);
        let failed =
            events.iter().enumerate().skip(attempt.scheduled).find(|(_, event)| event.is_composite_failure());
        let Some((failed, event)) = failed else { continue };
        let _ = around;
        match attempt.ended {
            Some(ended)
                if ended > failed && events.get(ended).is_some_and(|end| end.kind.ends_with("Succeeded")) =>
            {
                sink.violated_at(
                    SIBLINGS,
                    Some(event.id),
                    format!("state {} succeeded after its Parallel or Map had failed", state.name),
                );
            }
            None => sink.met(SIBLINGS),
            Some(_) => {}
        }
    }
}
