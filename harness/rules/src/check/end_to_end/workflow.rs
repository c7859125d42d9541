//! E2E and QUO: the callback workflow as a whole: one notification for each outcome, conservation of tasks and messages.

use std::collections::{BTreeMap, BTreeSet};

use record::Operation as Api;
use serde_json::Value;

use crate::check::topics::notifications::result_id;
use crate::check::{Check, Group, Sink};
use crate::tolerance::HANG;
use crate::view::attempt::fails_attempt;
use crate::view::{
    Attempt, Effect, Execution, Message, Pattern, StateView, Verb, View, leaves, same_json, same_json_text,
};

const SUCCESS: Check = Check::of(
    "E2E-01",
    "one-success-notification",
    "a success callback gives exactly one success notification and no other",
);
const FAILURE: Check = Check::of(
    "E2E-02",
    "one-failure-notification",
    "a failure, timeout or failed send gives exactly one failure notification and no other",
);
const NEVER_BOTH: Check = Check::of(
    "E2E-03",
    "never-both-and-none-early",
    "never both notifications, and none before the task closed",
);
const SUCCEEDED: Check =
    Check::of("E2E-04", "failure-path-succeeds", "after the failure notification the execution is SUCCEEDED");
const NO_CATCH: Check = Check::of(
    "E2E-05",
    "failed-publish-fails-the-execution",
    "a publish without Catch that fails ends the execution FAILED with its SNS error",
);
const OUTPUT: Check =
    Check::of("E2E-06", "output-is-the-publish-response", "the execution's output is the publish response");
const INPUTS: Check = Check::of(
    "E2E-07",
    "notify-input-is-the-outcome",
    "Notify Success gets the callback's output, Notify Failure the error output",
);
pub(in crate::check) const MANY: Check = Check::of(
    "E2E-10",
    "each-execution-has-its-own-outcome",
    "of concurrent executions each has its own token, outcome and notification",
);

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[SUCCESS, FAILURE, NEVER_BOTH, SUCCEEDED, MANY], run: notifications },
    Group { checks: &[NO_CATCH, OUTPUT, INPUTS], run: states },
];

/// Whether a published text can come of a state's Message template.
fn fits(state: &StateView, text: &str) -> Option<bool> {
    let template = state.template()?;
    match (template.get("Message"), template.get("Message.$")) {
        (Some(Value::String(fixed)), _) => Some(fixed == text),
        (Some(template), _) => {
            Some(serde_json::from_str::<Value>(text).is_ok_and(|json| covers(template, &json)))
        }
        _ => None,
    }
}

/// Whether a value has every fixed member of a template.
fn covers(template: &Value, value: &Value) -> bool {
    match (template, value) {
        (Value::Object(template), Value::Object(value)) => {
            template.iter().all(|(key, wanted)| match key.strip_suffix(".$") {
                Some(name) => value.contains_key(name),
                None => value.get(key).is_some_and(|value| covers(wanted, value)),
            })
        }
        (template, value) => same_json(template, value),
    }
}

/// Distinct notifications of an execution that come of a state, by SNS's MessageId.
fn heard<'v, 'a>(
    view: &'v View<'a>,
    index: usize,
    execution: &Execution<'_>,
    state: &StateView,
) -> BTreeMap<&'v str, &'v Message<'a>> {
    let own: BTreeSet<String> =
        view.attempts.iter().filter(|a| a.execution == index).filter_map(|a| result_id(view, a)).collect();
    let mut found = BTreeMap::new();
    for message in &view.messages {
        let Some(envelope) = &message.envelope else { continue };
        if fits(state, &envelope.message) != Some(true) {
            continue;
        }
        // A machine that was there before may run executions of others, which notify too.
        let alone = view.executions.len() == 1 && view.machines.iter().all(|machine| machine.made_here);
        let mut named = own.contains(&envelope.message_id) || alone;
        if let Ok(json) = serde_json::from_str::<Value>(&envelope.message) {
            leaves(&json, &mut |leaf| named |= leaf == execution.name || leaf == execution.arn);
        }
        named |= envelope.message.contains(execution.name) && execution.name.len() > 8;
        if named {
            found.insert(envelope.message_id.as_str(), message);
        }
    }
    found
}

/// How a callback came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Success,
    Failure,
}

fn outcome(view: &View<'_>, index: usize, state: &StateView) -> Option<(Outcome, Option<record::Time>)> {
    let mut attempts = view
        .attempts
        .iter()
        .filter(|a| a.execution == index && a.state.as_deref() == Some(state.name.as_str()));
    let last = attempts.next_back();
    if let Some(event) = last.and_then(|attempt| attempt.end(view.events(attempt))) {
        let followed = last.and_then(|attempt| attempt.followed).is_some();
        if event.kind.ends_with("Succeeded") {
            return Some((Outcome::Success, Some(event.at)));
        }
        return (fails_attempt(&event.kind) && followed).then_some((Outcome::Failure, Some(event.at)));
    }
    if last.is_some() || !state.retriers().is_empty() {
        return None;
    }
    let token = view.tokens.iter().find(|token| token.execution == Some(index))?;
    let winner =
        view.operations_of(token).find(|op| op.effect == Effect::Accepted && op.verb != Verb::Heartbeat)?;
    Some((if winner.verb == Verb::Success { Outcome::Success } else { Outcome::Failure }, None))
}

fn notifications(view: &View<'_>, sink: &mut Sink) {
    let mut told = 0;
    for (index, execution) in view.executions.iter().enumerate() {
        let Some(definition) = &execution.definition else { continue };
        // Which state a notification comes of can be told by a fixed part of its text only.
        let tells = |state: &&StateView| state.template().is_some_and(|t| t.get("Message").is_some());
        let publishes = |name: &str| {
            definition.states.get(name).filter(|s| s.publishes_to_sns() && !s.is_callback()).filter(tells)
        };
        for state in definition.states.values().filter(|state| state.is_callback()) {
            let good = state.text("Next").and_then(publishes);
            let bad = state
                .catchers()
                .iter()
                .find_map(|c| c.get("Next").and_then(Value::as_str))
                .and_then(publishes);
            let (Some(good), Some(bad)) = (good, bad) else { continue };
            if good.name == bad.name || !execution.redrives.is_empty() {
                continue;
            }
            let (goods, bads) = (heard(view, index, execution, good), heard(view, index, execution, bad));
            let Some((outcome, at)) = outcome(view, index, state) else {
                let none = goods.is_empty() && bads.is_empty();
                let untouched = view.tokens.iter().filter(|t| t.execution == Some(index)).all(|t| {
                    view.operations_of(t)
                        .all(|op| op.verb == Verb::Heartbeat || op.effect == Effect::Rejected)
                });
                let untimed = !state
                    .json
                    .keys()
                    .any(|k| k.starts_with("TimeoutSeconds") || k.starts_with("HeartbeatSeconds"));
                if !none
                    && untouched
                    && untimed
                    && !view.answered_elsewhere
                    && view.tokens.iter().any(|t| t.execution == Some(index))
                {
                    sink.violated(NEVER_BOTH, "a notification came though nobody answered the token");
                }
                continue;
            };
            if !goods.is_empty() && !bads.is_empty() {
                sink.violated(NEVER_BOTH, "both the success and the failure notification came");
            } else if !(goods.is_empty() && bads.is_empty()) {
                sink.met(NEVER_BOTH);
                early(view, index, goods.values().chain(bads.values()).copied(), sink);
            }
            let (row, right, wrong, notify) = match outcome {
                Outcome::Success => (SUCCESS, &goods, &bads, good),
                Outcome::Failure => (FAILURE, &bads, &goods, bad),
            };
            let told_by: Option<&Attempt> = view
                .attempts
                .iter()
                .find(|a| a.execution == index && a.state.as_deref() == Some(notify.name.as_str()));
            let failed =
                told_by.and_then(|a| a.end(view.events(a))).is_some_and(|event| fails_attempt(&event.kind));
            if right.len() > 1 {
                sink.violated(row, format!("{} notifications came for one outcome", right.len()));
            } else if !wrong.is_empty() {
                sink.violated(row, format!("after a {outcome:?} the other notification came"));
            } else if right.len() == 1 {
                sink.met(row);
                told += 1;
            } else if !failed && lost(view, told_by, at) {
                sink.violated(row, format!("no notification came after a {outcome:?}"));
            }
            if outcome == Outcome::Failure && !failed {
                let status = execution.final_status().map(|status| status.status);
                let last =
                    execution.best.and_then(|best| view.reads.get(best)).and_then(|read| read.terminal());
                let ended = status.or_else(|| last.map(|event| event.kind.as_str()));
                match ended {
                    Some("SUCCEEDED" | "ExecutionSucceeded") => sink.met(SUCCEEDED),
                    Some("ABORTED" | "ExecutionAborted" | "TIMED_OUT" | "ExecutionTimedOut") | None => {}
                    Some(other) => {
                        sink.violated(SUCCEEDED, format!("after a caught failure the execution is {other}"));
                    }
                }
            }
        }
    }
    if told > 1 {
        sink.met(MANY);
    }
}

/// A notification that came before anything can have closed the task.
fn early<'v, 'a: 'v>(
    view: &View<'_>,
    index: usize,
    messages: impl Iterator<Item = &'v Message<'a>>,
    sink: &mut Sink,
) {
    if view.answered_elsewhere {
        return;
    }
    let tokens: Vec<_> = view.tokens.iter().filter(|token| token.execution == Some(index)).collect();
    let timed = view
        .attempts
        .iter()
        .filter(|a| a.execution == index)
        .any(|a| a.timeout.is_some() || a.heartbeat.is_some());
    let first = tokens
        .iter()
        .flat_map(|token| view.operations_of(token))
        .filter(|op| op.verb != Verb::Heartbeat && op.effect != Effect::Rejected)
        .map(|op| op.begun)
        .min();
    let Some(first) = first.filter(|_| !timed && tokens.len() == 1) else { return };
    for message in messages {
        if message.first().is_some_and(|receipt| receipt.ended < first) {
            sink.violated(NEVER_BOTH, "a notification was received before the token was answered");
        }
    }
}

/// Whether a notification that must have been published was polled for long enough.
fn lost(view: &View<'_>, published: Option<&Attempt>, at: Option<record::Time>) -> bool {
    let Some(at) = at else { return false };
    let at = published.and_then(|a| a.end(view.events(a))).map_or(at, |event| event.at);
    let name = |endpoint: &'_ str| endpoint.rsplit(':').next().unwrap_or_default().to_owned();
    let mut heard: BTreeSet<String> = view
        .calls_of(Api::Subscribe)
        .filter(|call| call.text("Protocol") == Some("sqs") && call.answer.done().is_some())
        .filter_map(|call| call.entry_text("Endpoint").map(name))
        .collect();
    heard.extend(
        view.calls_of(Api::ListSubscriptionsByTopic)
            .filter_map(|call| call.answer.done()?.get("Subscriptions")?.as_array())
            .flatten()
            .filter(|listed| listed.get("Protocol").is_some_and(|protocol| protocol == "sqs"))
            .filter_map(|listed| listed.get("Endpoint")?.as_str().map(name)),
    );
    let gone =
        view.calls_of(Api::DeleteTopic).next().is_some() || view.calls_of(Api::Unsubscribe).next().is_some();
    !gone
        && published.is_none_or(|a| a.ended.is_some())
        && view
            .queues
            .iter()
            .filter(|queue| heard.contains(queue.name) && !queue.consumed_elsewhere && !queue.purged)
            .filter(|queue| !queue.unheard)
            .any(|queue| {
                queue
                    .receives
                    .iter()
                    .filter_map(|call| view.calls.get(*call))
                    .any(|call| call.ended.0 - view.offset.latest(at).0 >= HANG)
            })
}

fn states(view: &View<'_>, sink: &mut Sink) {
    for attempt in view
        .attempts
        .iter()
        .filter(|a| a.resource.starts_with("sns:publish") && a.pattern == Pattern::Request)
    {
        let events = view.events(attempt);
        let (Some(state), Some(event)) = (view.state_of(attempt), attempt.end(events)) else { continue };
        let next = attempt.followed.and_then(|index| events.get(index));
        if fails_attempt(&event.kind) {
            let alone = state.inside.is_empty() && state.catchers().is_empty() && state.retriers().is_empty();
            if let Some(next) = next.filter(|_| alone) {
                let held = next.kind == "ExecutionFailed" && next.text("error") == event.text("error");
                sink.expect(NO_CATCH, held, || {
                    format!("a failed publish without Catch was followed by {}", next.kind)
                });
            }
            continue;
        }
        let shaped = ["ResultPath", "ResultSelector", "OutputPath", "Output", "Assign"]
            .iter()
            .any(|m| state.json.contains_key(*m));
        let last = events.last().filter(|last| last.kind == "ExecutionSucceeded");
        let ends = state.json.get("End").and_then(Value::as_bool) == Some(true) && state.inside.is_empty();
        if let (Some(last), false, true) = (last, shaped, ends) {
            let output: Option<Value> = last.text("output").and_then(|text| serde_json::from_str(text).ok());
            let id = output.as_ref().and_then(|output| output.get("MessageId")).and_then(Value::as_str);
            sink.expect(OUTPUT, id.is_some() && id == result_id(view, attempt).as_deref(), || {
                "the execution's output is not the publish response".to_owned()
            });
            let statuses = view.executions.get(attempt.execution).map_or(&[][..], |e| &e.statuses);
            for shown in statuses.iter().filter(|status| status.status == "SUCCEEDED" && !status.listed) {
                let described = shown.body.get("output").and_then(Value::as_str);
                let same = described.zip(last.text("output")).is_none_or(|(a, b)| same_json_text(a, b));
                sink.expect(OUTPUT, same, || {
                    "the execution is described with another output than the publish response".to_owned()
                });
            }
        }
    }
    // What the states after a callback are entered with.
    for attempt in view.attempts.iter().filter(|attempt| attempt.pattern == Pattern::Callback) {
        let events = view.events(attempt);
        let (Some(state), Some(event)) = (view.state_of(attempt), attempt.end(events)) else { continue };
        let shaped = ["ResultPath", "ResultSelector", "OutputPath", "Output", "Assign"]
            .iter()
            .any(|m| state.json.contains_key(*m));
        let Some(exit) = attempt
            .followed
            .and_then(|i| events.get(i))
            .filter(|exit| exit.is_exited() && !shaped && !state.jsonata)
        else {
            continue;
        };
        let Some(entered) = events.iter().find(|e| e.is_entered() && e.previous == exit.id) else { continue };
        let input = entered.text("input").unwrap_or_default();
        if event.kind == "TaskSucceeded" {
            let output = event.text("output").unwrap_or_default();
            sink.expect(INPUTS, same_json_text(output, input), || {
                "the state after the callback has another input than the callback's output".to_owned()
            });
        } else if state
            .catchers()
            .iter()
            .all(|catcher| catcher.get("ResultPath").is_none() && catcher.get("Assign").is_none())
        {
            let json: Option<Value> = serde_json::from_str(input).ok();
            let keys = json.as_ref().and_then(Value::as_object).is_some_and(|members| {
                members.contains_key("Error")
                    && members.keys().all(|key| matches!(key.as_str(), "Error" | "Cause"))
            });
            let nameless = event.text("error").is_none();
            sink.expect(INPUTS, keys || nameless, || {
                "the state after the failure is not entered with the error output".to_owned()
            });
        }
    }
}
