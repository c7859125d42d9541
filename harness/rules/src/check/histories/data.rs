//! IO and the message side of data flow: bodies, context values, limits.

use record::Event;
use serde_json::Value;

use crate::check::tokens::issue::message_of;
use crate::check::{Check, Group, Sink};
use crate::view::{
    Attempt, Definition, Effect, Pattern, Verb, View, brief_json, plain_length, same_json, same_json_text,
};

const TEMPLATE: Check = Check::of(
    "IO-01",
    "template-keys-lose-their-suffix",
    "in the parameters no key keeps its .$ and fixed values pass as they are",
);
const UNRESOLVED: Check =
    Check::of("IO-02", "unresolved-path-fails", "an unresolved path fails the execution");
const BODY: Check = Check::of(
    "IO-03",
    "body-is-the-parameters",
    "an object given as MessageBody arrives as its JSON text, a string as it is",
);
const ROUND: Check = Check::of(
    "IO-08",
    "values-survive-the-round-trip",
    "JSON values survive from callback to result and from parameters to message",
);
const LIMIT: Check =
    Check::of("IO-10", "data-is-bounded", "no input or output of a state or execution is over 262,144 bytes");
const PARAMETERS: Check = Check::of(
    "IO-11",
    "parameters-are-bounded",
    "the parameters of a task are at most 262,144 bytes; more fails before anything is sent",
);
const CONTEXT: Check =
    Check::of("IO-12", "context-object-is-true", "context values agree with the API's answers");
const RETRIES: Check = Check::of("ERR-19", "retry-count-counts", "State.RetryCount counts retries from 0");
const SELECTED: Check = Check::of(
    "IO-05",
    "selector-sees-the-callback-output",
    "ResultSelector sees the callback output, before ResultPath",
);
const SCHEDULED: Check = Check::of(
    "HIS-17",
    "scheduled-event-has-region-and-parameters",
    "TaskScheduled has a region and parameters that are JSON text",
);
const JSONATA: Check =
    Check::of("IO-13", "jsonata-token", "in JSONata machines the token is in states.context.Task.Token");

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[TEMPLATE, CONTEXT, RETRIES, JSONATA], run: parameters },
    Group { checks: &[BODY, ROUND], run: messages },
    Group { checks: &[LIMIT, PARAMETERS], run: limits },
    Group { checks: &[UNRESOLVED], run: unresolved },
    Group { checks: &[SELECTED, SCHEDULED], run: attempts },
];

const BYTES: usize = 262_144;

fn parameters(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let (Some(parameters), Some(state)) = (&attempt.parameters, view.state_of(attempt)) else { continue };
        let Some(template) = state.template() else { continue };
        if state.jsonata {
            if attempt.pattern == Pattern::Callback {
                if lacks_token(template, parameters) {
                    sink.violated(JSONATA, "the parameters hold no token where the Arguments name it");
                } else if attempt.token.is_some() {
                    sink.met(JSONATA);
                }
            }
            continue;
        }
        compare(view, attempt, template, parameters, &mut String::new(), sink);
    }
}

/// Whether a place that JSONata Arguments give to the token, and to nothing else, holds none.
fn lacks_token(template: &Value, seen: &Value) -> bool {
    match (template, seen) {
        (Value::String(text), seen) => {
            let code = text.trim().strip_prefix("{%").and_then(|text| text.strip_suffix("%}"));
            code.is_some_and(|code| code.trim() == "$states.context.Task.Token")
                && seen.as_str().is_none_or(str::is_empty)
        }
        (Value::Object(template), Value::Object(seen)) => {
            template.iter().any(|(name, wanted)| lacks_token(wanted, seen.get(name).unwrap_or(&Value::Null)))
        }
        (Value::Array(template), Value::Array(seen)) => {
            template.iter().zip(seen).any(|(wanted, seen)| lacks_token(wanted, seen))
        }
        _ => false,
    }
}

/// Compares what a template says with what the parameters have, where that is known without evaluating paths.
fn compare(
    view: &View<'_>,
    attempt: &Attempt,
    template: &Value,
    seen: &Value,
    at: &mut String,
    sink: &mut Sink,
) {
    match (template, seen) {
        (Value::Object(template), Value::Object(seen)) => {
            for (key, wanted) in template {
                let dynamic = key.strip_suffix(".$");
                let name = dynamic.unwrap_or(key);
                let Some(value) = seen.get(name) else {
                    sink.violated(
                        TEMPLATE,
                        format!(
                            "state {}: no {at}/{name} in the parameters",
                            attempt.state.clone().unwrap_or_default()
                        ),
                    );
                    continue;
                };
                let length = at.len();
                at.push('/');
                at.push_str(name);
                match (dynamic, wanted) {
                    (Some(_), Value::String(path)) => {
                        sink.met(TEMPLATE);
                        context(view, attempt, path.trim(), value, sink);
                    }
                    (Some(_), _) => {}
                    (None, wanted) => compare(view, attempt, wanted, value, at, sink),
                }
                at.truncate(length);
            }
            if let Some(extra) = seen.keys().find(|key| key.ends_with(".$") && template.contains_key(*key)) {
                sink.violated(TEMPLATE, format!("the parameters keep the key {extra}"));
            }
        }
        (Value::Array(template), Value::Array(seen)) if template.len() == seen.len() => {
            for (wanted, value) in template.iter().zip(seen) {
                compare(view, attempt, wanted, value, at, sink);
            }
        }
        (template, seen) => sink.expect(TEMPLATE, same_json(template, seen), || {
            format!(
                "{at} is {} in the parameters, the definition says {}",
                brief_json(seen),
                brief_json(template)
            )
        }),
    }
}

/// The whole context object, member by member (IO-12).
fn whole_context(view: &View<'_>, attempt: &Attempt, value: &Value, sink: &mut Sink) {
    const PATHS: [&str; 10] = [
        "$$.Execution.Id",
        "$$.Execution.Input",
        "$$.Execution.Name",
        "$$.Execution.RoleArn",
        "$$.Execution.StartTime",
        "$$.State.EnteredTime",
        "$$.State.Name",
        "$$.State.RetryCount",
        "$$.StateMachine.Id",
        "$$.StateMachine.Name",
    ];
    for path in PATHS {
        let pointer = path.trim_start_matches("$$").replace('.', "/");
        match value.pointer(&pointer) {
            Some(member) => context(view, attempt, path, member, sink),
            None => sink.violated(CONTEXT, format!("the context object has no {path}")),
        }
    }
}

/// So far, in milliseconds, a time of the context object and the event that it is the time of may lie apart.
const SAME_MOMENT: i64 = 2_000;

fn is_utc(text: &str) -> bool {
    text.ends_with('Z') || text.ends_with("+00:00")
}

fn context(view: &View<'_>, attempt: &Attempt, path: &str, value: &Value, sink: &mut Sink) {
    if path == "$$" {
        return whole_context(view, attempt, value, sink);
    }
    let Some(execution) = view.executions.get(attempt.execution) else { return };
    let machine = execution.machine.and_then(|machine| view.machines.get(machine));
    let text = |wanted: Option<&str>| wanted.map(|wanted| value.as_str() == Some(wanted));
    // The moment of an event, where the history shows it; one of both may be cut to whole seconds, and a service that is slow
    // takes its time between the moment and the event.
    let near = |shown: record::Time, moment: record::Time| (shown - moment).abs() <= SAME_MOMENT;
    let time = |event: Option<&Event>, answered: Option<record::Time>| {
        let shown = value.as_str().filter(|text| is_utc(text)).and_then(record::Time::from_iso);
        Some(shown.is_some_and(|shown| {
            event.is_none_or(|event| near(shown, event.at)) || answered.is_some_and(|date| near(shown, date))
        }))
    };
    let events = || view.events(attempt).iter();
    // After a redrive no source says which of the moments it is.
    let once = execution.redrives.is_empty();
    let held = match path {
        "$$.Execution.Id" => text(Some(execution.arn)),
        "$$.Execution.Name" => text(Some(execution.name)),
        "$$.Execution.RoleArn" => text(execution.role.as_deref()),
        "$$.Execution.Input" => execution.input.as_ref().map(|input| same_json(input, value)),
        "$$.Execution.StartTime" => {
            time(events().find(|event| once && event.kind == "ExecutionStarted"), execution.start_date)
        }
        "$$.State.EnteredTime" => time(events().find(|event| once && Some(event.id) == attempt.visit), None),
        "$$.State.Name" => text(attempt.state.as_deref()),
        "$$.StateMachine.Id" => text(machine.map(|machine| machine.arn.as_str())),
        "$$.StateMachine.Name" => text(machine.map(|machine| machine.name.as_str())),
        "$$.State.RetryCount" => {
            let redriven = !execution.redrives.is_empty();
            let inside = view.state_of(attempt).is_some_and(|state| !state.inside.is_empty());
            if !redriven && !inside {
                let seen = value.as_u64();
                sink.expect(RETRIES, seen == Some(attempt.number as u64), || {
                    format!("State.RetryCount is {value} in attempt {} (from 0)", attempt.number)
                });
            }
            None
        }
        _ => None,
    };
    if let Some(held) = held {
        sink.expect(CONTEXT, held, || format!("{path} is {} in the parameters", brief_json(value)));
    }
}

fn messages(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        if !attempt.resource.starts_with("sqs:") {
            continue;
        }
        let (Some(message), Some(parameters)) = (message_of(view, attempt), &attempt.parameters) else {
            continue;
        };
        let Some(sent) = parameters.get("MessageBody") else { continue };
        let held = match sent {
            Value::String(text) => {
                message.body == text || message.json.as_ref().is_some_and(|json| same_json(json, sent))
            }
            other => message.json.as_ref().is_some_and(|json| same_json(json, other)),
        };
        sink.expect(BODY, held, || {
            format!(
                "the message of state {} is not its MessageBody",
                attempt.state.clone().unwrap_or_default()
            )
        });
        sink.expect(ROUND, held, || "what the parameters say is not what the message says".to_owned());
    }
    for attempt in &view.attempts {
        let Some(token) = attempt.token.and_then(|token| view.tokens.get(token)) else { continue };
        let ended = attempt.end(view.events(attempt)).filter(|event| event.kind.ends_with("Succeeded"));
        let Some(output) = ended.and_then(|event| event.text("output")) else { continue };
        let mut sent = view
            .operations_of(token)
            .filter(|op| op.verb == Verb::Success && op.effect != Effect::Rejected)
            .filter_map(|op| Some((op.effect, view.call_of(op)?.text("output")?.to_owned())))
            .peekable();
        if sent.peek().is_none() {
            continue;
        }
        let (mut accepted, mut held) = (false, false);
        for (effect, sent) in sent {
            accepted |= effect == Effect::Accepted;
            held |= same_json_text(&sent, output);
        }
        if accepted {
            sink.expect(ROUND, held, || "a task ended with another output than any call sent".to_owned());
        }
    }
}

fn limits(view: &View<'_>, sink: &mut Sink) {
    for read in view.reads.iter().filter(|read| read.data && read.unreadable.is_none()) {
        for event in &read.history.events {
            for member in ["input", "output"] {
                if let Some(text) = event.text(member)
                    && (event.is_entered() || event.is_exited() || event.kind.starts_with("Execution"))
                    && text.len() > BYTES / 2
                {
                    if plain_length(text) > BYTES {
                        sink.violated_at(
                            LIMIT,
                            Some(event.id),
                            format!("{} has {member} of {} bytes", event.kind, text.len()),
                        );
                    } else {
                        sink.met(LIMIT);
                    }
                }
            }
            if let Some(parameters) = event.text("parameters")
                && parameters.len() > BYTES / 2
            {
                sink.expect(PARAMETERS, plain_length(parameters) <= BYTES, || {
                    format!("parameters of {} bytes were sent", parameters.len())
                });
            }
            if event.kind == "ExecutionFailed" && event.text("error") == Some("States.DataLimitExceeded") {
                let from = read.history.get(event.previous);
                let after_entry = from.is_some_and(Event::is_entered);
                sink.met(if after_entry { PARAMETERS } else { LIMIT });
            }
        }
    }
}

fn unresolved(view: &View<'_>, sink: &mut Sink) {
    const NAMES: &[&str] = &["States.Runtime", "States.ParameterPathFailure", "States.QueryEvaluationError"];
    for (index, execution) in view.executions.iter().enumerate() {
        let (Some(definition), Some(read)) =
            (&execution.definition, execution.best.and_then(|read| view.reads.get(read)))
        else {
            continue;
        };
        for event in read.history.events.iter().filter(|event| event.is_entered()) {
            if broken_path(view, index, definition, event)
                && let Some(last) = read.terminal()
            {
                let named = last.text("error").is_some_and(|error| NAMES.contains(&error));
                sink.expect(UNRESOLVED, last.kind == "ExecutionFailed" && named, || {
                    format!("an unresolved path ended with {} {:?}", last.kind, last.text("error"))
                });
            }
        }
    }
}

/// Whether the state's parameters name a plain path that the input does not have.
fn broken_path(view: &View<'_>, index: usize, definition: &Definition, event: &Event) -> bool {
    let Some(state) = event.text("name").and_then(|name| definition.states.get(name)) else { return false };
    if state.jsonata || state.json.contains_key("InputPath") {
        return false;
    }
    let Some(input) = crate::check::timers::timeout_path::input_of(view, index, event.id) else {
        return false;
    };
    state.template().is_some_and(|template| any_missing(template, &input))
}

fn any_missing(template: &Value, input: &Value) -> bool {
    match template {
        Value::Object(members) => members.iter().any(|(key, value)| match value {
            Value::String(path) if key.ends_with(".$") => {
                crate::check::timers::timeout_path::plain_path(path, input)
                    .is_some_and(|found| found.is_none())
            }
            other => any_missing(other, input),
        }),
        Value::Array(items) => items.iter().any(|item| any_missing(item, input)),
        _ => false,
    }
}

fn attempts(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let events = view.events(attempt);
        if let Some(event) = events.get(attempt.scheduled).filter(|event| event.kind == "TaskScheduled") {
            let whole =
                event.text("region").is_some_and(|region| !region.is_empty()) && attempt.parameters.is_some();
            sink.expect(SCHEDULED, whole, || {
                "TaskScheduled lacks its region or parameters that are JSON".to_owned()
            });
        }
        selected(view, attempt, events, sink);
    }
}

/// The selected result, where selector and place are plain paths.
fn selected(view: &View<'_>, attempt: &Attempt, events: &[Event], sink: &mut Sink) {
    let Some(state) =
        view.state_of(attempt).filter(|state| !state.jsonata && !state.json.contains_key("OutputPath"))
    else {
        return;
    };
    let Some(selector) = state.json.get("ResultSelector").and_then(Value::as_object) else { return };
    let Some(ended) = attempt.end(events).filter(|event| event.kind == "TaskSucceeded") else { return };
    let Some(exit) = attempt.followed.and_then(|index| events.get(index)).filter(|event| event.is_exited())
    else {
        return;
    };
    let read = |text: Option<&str>| text.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let (Some(result), Some(output)) = (read(ended.text("output")), read(exit.text("output"))) else {
        return;
    };
    let place = match state.json.get("ResultPath") {
        None => "$",
        Some(Value::String(path)) => path.as_str(),
        Some(_) => return,
    };
    let Some(seen) = crate::check::timers::timeout_path::plain_path(place, &output) else { return };
    for (key, wanted) in selector {
        let (name, expected) = match (key.strip_suffix(".$"), wanted) {
            (Some(name), Value::String(path)) => {
                match crate::check::timers::timeout_path::plain_path(path, &result) {
                    Some(Some(value)) => (name, value),
                    _ => continue,
                }
            }
            (Some(_), _) | (None, Value::Object(_) | Value::Array(_)) => continue,
            (None, fixed) => (key.as_str(), fixed),
        };
        let held = seen.and_then(|seen| seen.get(name)).is_some_and(|value| same_json(value, expected));
        sink.expect(SELECTED, held, || {
            format!("{name} of the selected result is not what the callback sent")
        });
    }
}
