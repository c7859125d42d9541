//! TMO: timeouts that paths give, and what a catcher of a timeout gets to see.

use serde_json::Value;

use crate::check::timers::task_timeout::NO_DEFAULT;
use crate::check::wording::or_none;
use crate::check::{Check, Group, Sink};
use crate::json::brief_json;
use crate::view::View;

const PATH: Check = Check::of(
    "TMO-08",
    "timeout-path-is-resolved",
    "TimeoutSecondsPath gives the timeout; an unresolved path fails the execution",
);
const CAUGHT: Check = Check::of(
    "TMO-10",
    "caught-timeout-has-its-name",
    "a caught timeout passes Error States.Timeout and no or an empty Cause",
);
const SHOWN: Check = Check::of(
    "TMO-11",
    "scheduled-event-shows-the-timeout",
    "timeoutInSeconds is the effective value, absent where none is set",
);

pub(in crate::check) const GROUPS: &[Group] =
    &[Group { checks: &[PATH, SHOWN], run: values }, Group { checks: &[CAUGHT], run: caught }];

/// The whole number at a plain path such as `$.a.b`: `None` if the path is not plain, `Some(None)` if it leads nowhere.
#[expect(clippy::option_option, reason = "a path that is not plain and one that leads nowhere differ")]
pub(in crate::check) fn plain_path<'v>(path: &str, input: &'v Value) -> Option<Option<&'v Value>> {
    let rest = path.strip_prefix('$')?;
    if rest.is_empty() {
        return Some(Some(input));
    }
    let names: Vec<&str> = rest.strip_prefix('.')?.split('.').collect();
    let plain = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !names.iter().all(plain) {
        return None;
    }
    Some(names.iter().try_fold(input, |value, name| value.get(name)))
}

/// The effective input of a state whose input is not filtered, by its entered event.
pub(in crate::check) fn input_of(view: &View<'_>, execution: usize, visit: u64) -> Option<Value> {
    let event = view.history(execution)?.history.get(visit)?;
    serde_json::from_str(event.text("input")?).ok()
}

/// How an unresolved path may be named.
const NAMES: &[&str] = &["States.Runtime", "States.ParameterPathFailure"];

fn values(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let Some(state) = view.state_of(attempt) else { continue };
        if state.jsonata
            || state.json.contains_key("TimeoutSecondsPath") && state.json.contains_key("InputPath")
        {
            continue;
        }
        let expected = if let Some(path) = state.text("TimeoutSecondsPath") {
            let input = attempt.visit.and_then(|visit| input_of(view, attempt.execution, visit));
            let Some(value) =
                input.as_ref().and_then(|input| plain_path(path, input).map(Option::<&Value>::cloned))
            else {
                continue;
            };
            match value {
                None => {
                    sink.violated(
                        PATH,
                        format!(
                            "state {} was scheduled though its TimeoutSecondsPath leads nowhere",
                            state.name
                        ),
                    );
                    continue;
                }
                Some(value) => match value.as_u64().filter(|n| (1..=99_999_999).contains(n)) {
                    Some(number) => Some(number),
                    None => continue,
                },
            }
        } else {
            state.json.get("TimeoutSeconds").and_then(Value::as_u64)
        };
        let row = if state.json.contains_key("TimeoutSecondsPath") { PATH } else { SHOWN };
        if expected == attempt.timeout {
            sink.met(row);
            if expected.is_none() {
                sink.met(NO_DEFAULT);
            }
        } else if expected.is_none() {
            sink.violated(
                NO_DEFAULT,
                format!(
                    "state {} has no timeout but TaskScheduled shows {}",
                    state.name,
                    or_none(attempt.timeout)
                ),
            );
        } else {
            sink.violated(
                row,
                format!(
                    "state {}: TaskScheduled shows timeout {}, expected {}",
                    state.name,
                    or_none(attempt.timeout),
                    or_none(expected)
                ),
            );
        }
    }
    for (index, execution) in view.executions.iter().enumerate() {
        let (Some(definition), Some(read)) =
            (&execution.definition, execution.best.and_then(|read| view.reads.get(read)))
        else {
            continue;
        };
        for event in read.history.events.iter().filter(|event| event.kind == "TaskStateEntered") {
            let Some(state) = event.text("name").and_then(|name| definition.states.get(name)) else {
                continue;
            };
            let Some(path) = state.text("TimeoutSecondsPath") else { continue };
            let Some(input) = input_of(view, index, event.id) else { continue };
            let missing = plain_path(path, &input) == Some(None) && !state.json.contains_key("InputPath");
            let Some(last) = read.terminal().filter(|_| missing) else { continue };
            let failed = last.kind == "ExecutionFailed"
                && last.text("error").is_some_and(|error| NAMES.contains(&error));
            sink.expect(PATH, failed, || {
                format!(
                    "an unresolved TimeoutSecondsPath ended with {} {}",
                    last.kind,
                    or_none(last.text("error"))
                )
            });
        }
    }
}

fn caught(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let events = view.events(attempt);
        let Some(event) = attempt.end(events).filter(|event| event.is_timeout()) else {
            continue;
        };
        let Some(exit) = attempt.followed.and_then(|index| events.get(index)).filter(|next| next.is_exited())
        else {
            continue;
        };
        let Some(state) = view.state_of(attempt).filter(|state| !state.jsonata) else { continue };
        let Some(output) = exit.text("output").and_then(|text| serde_json::from_str::<Value>(text).ok())
        else {
            continue;
        };
        // All catchers put the error output in the same place, or the place is not known.
        let mut paths: Vec<Option<&Value>> =
            state.catchers().iter().map(|catcher| catcher.get("ResultPath")).collect();
        paths.dedup();
        let [path] = paths.as_slice() else { continue };
        if state.json.contains_key("OutputPath") {
            continue;
        }
        let path = match path {
            None => "$",
            Some(Value::String(path)) => path.as_str(),
            Some(_) => continue,
        };
        let Some(error) = plain_path(path, &output) else { continue };
        let name = error.and_then(|error| error.get("Error")).and_then(Value::as_str);
        let cause = error.and_then(|error| error.get("Cause"));
        // A missed heartbeat has either name, in the history and for its catcher.
        let missed = attempt.heartbeat.is_some() && name == Some("States.HeartbeatTimeout");
        let lawful = missed || name == event.text("error") || name == Some("States.Timeout");
        let bare = cause.is_none_or(|cause| cause.as_str() == Some("") || cause.is_null());
        sink.expect(CAUGHT, lawful && bare, || {
            format!(
                "a caught timeout passed Error {} and Cause {}",
                or_none(name),
                cause.map_or_else(|| "none".to_owned(), brief_json)
            )
        });
    }
}
