//! ACT: activities hand their tokens out by GetActivityTask.

use std::collections::BTreeMap;

use record::Operation as Api;
use serde_json::Value;

use super::{Check, Group, Sink};
use crate::check::executions::start::name_flaw;
use crate::tolerance::PATIENCE;
use crate::view::{Answer, Effect, Pattern, View, same_date, same_json_text};

const EMPTY: Check = Check::of(
    "ACT-01",
    "idle-poll-answers-empty",
    "a poll of an idle activity answers with a null token after up to 60 s",
);
const ONE_POLLER: Check =
    Check::of("ACT-02", "one-task-to-one-poller", "one scheduled task is handed to one poller");
const NOT_STARTED: Check =
    Check::of("ACT-03", "activity-starts-when-polled", "an activity task does not start before it is polled");
const COMPLETES: Check =
    Check::of("ACT-04", "activity-tokens-work", "an activity's token completes its task");
const WORKER: Check = Check::of("ACT-05", "worker-name-is-shown", "workerName shows in ActivityStarted");
const CREATE: Check = Check::of(
    "ACT-06",
    "create-activity-is-idempotent",
    "creating an activity again answers the same ARN; forbidden names are refused",
);

const WAITS: Check = Check::of(
    "ACT-01",
    "empty-poll-waits-a-minute",
    "a poll is answered without a task only after 60 s; a task that waits is handed out before",
);
const WHOLE: Check = Check::of(
    "ACT-02",
    "poller-gets-the-task",
    "a poller gets a token together with the input of a scheduled task",
);
const HANDED: Check = Check::of(
    "ACT-02",
    "started-tasks-are-handed-out",
    "an activity task that started was handed to a poller",
);
const DESCRIBED: Check = Check::of(
    "ACT-06",
    "activity-is-described-as-made",
    "an activity is described with the ARN, the name and the date of its creation",
);

pub(super) const GROUPS: &[Group] = &[
    Group { checks: &[WAITS, WHOLE], run: answers },
    Group { checks: &[HANDED], run: handed_out },
    Group { checks: &[DESCRIBED], run: described },
    Group { checks: &[EMPTY, ONE_POLLER, COMPLETES], run: polls },
    Group { checks: &[NOT_STARTED, WORKER], run: started },
    Group { checks: &[CREATE], run: created },
];

fn polls(view: &View<'_>, sink: &mut Sink) {
    let mut by_token: BTreeMap<&str, usize> = BTreeMap::new();
    for call in view.calls_of(Api::GetActivityTask) {
        let Some(reply) = call.answer.done() else { continue };
        if let Some(token) = reply.get("taskToken").and_then(Value::as_str).filter(|token| !token.is_empty())
        {
            *by_token.entry(token).or_default() += 1;
        } else {
            let took = call.ended - call.begun;
            sink.expect(EMPTY, took <= 65_000 + PATIENCE, || format!("an idle poll took {took} ms"));
        }
    }
    for count in by_token.values() {
        sink.expect(ONE_POLLER, *count == 1, || format!("one task was handed to {count} pollers"));
    }
    for token in view.tokens.iter().filter(|token| token.activity) {
        if view.operations_of(token).any(|op| op.effect == Effect::Accepted) {
            sink.met(COMPLETES);
        } else if view
            .operations_of(token)
            .any(|op| view.call_of(op).is_some_and(|call| call.answer.code() == Some("InvalidToken")))
        {
            // Open or closed, it was issued (TOK-07, TOK-14).
            sink.violated(COMPLETES, "the token of an activity's task answered InvalidToken");
        }
    }
}

fn started(view: &View<'_>, sink: &mut Sink) {
    for attempt in view.attempts.iter().filter(|attempt| attempt.pattern == Pattern::Activity) {
        let events = view.events(attempt);
        let Some(state) = view.state_of(attempt) else { continue };
        let polls: Vec<_> = view
            .calls_of(Api::GetActivityTask)
            .filter(|call| call.text("activityArn") == Some(state.resource()))
            .filter(|call| !matches!(call.answer, Answer::Refused(_)))
            .collect();
        match attempt.started.and_then(|index| events.get(index)) {
            Some(event) => {
                let before = polls
                    .iter()
                    .any(|call| call.begun.0 <= view.offset.latest(event.at).0 + crate::tolerance::APART);
                sink.expect(NOT_STARTED, before, || {
                    "an activity task started though nobody had polled for it".to_owned()
                });
                let names: Vec<Option<&str>> = polls.iter().map(|call| call.text("workerName")).collect();
                if names.iter().any(Option::is_some) {
                    let shown = event.text("workerName");
                    sink.expect(WORKER, names.contains(&shown), || {
                        format!("ActivityStarted has workerName {shown:?}")
                    });
                }
            }
            None if attempt.ended.is_none() => sink.met(NOT_STARTED),
            None => {}
        }
    }
}

fn created(view: &View<'_>, sink: &mut Sink) {
    let mut by_name: BTreeMap<&str, &Value> = BTreeMap::new();
    let deleted = view.calls_of(Api::DeleteActivity).next().is_some();
    for call in view.calls_of(Api::CreateActivity) {
        let Some(name) = call.text("name") else { continue };
        if let Some(what) = name_flaw(name) {
            if call.was_looked_at() {
                let fits = matches!(call.answer.code(), Some("InvalidName" | "ValidationException"));
                sink.expect(CREATE, fits, || {
                    format!("an activity name with {what} answered {}", call.answer.says())
                });
            }
            continue;
        }
        let Some(reply) = call.answer.done() else { continue };
        let Some(arn) = reply
            .get("activityArn")
            .filter(|arn| arn.as_str().is_some_and(|arn| arn.rsplit(':').next() == Some(name)))
        else {
            sink.violated(
                CREATE,
                format!("an activity was made with activityArn {:?}", reply.get("activityArn")),
            );
            continue;
        };
        if reply.get("creationDate").is_none_or(Value::is_null) {
            sink.violated(CREATE, "an activity was made without creationDate");
        }
        if let Some(known) = by_name.insert(name, arn)
            && !deleted
        {
            sink.expect(CREATE, known == arn, || {
                "creating an activity again answered another ARN".to_owned()
            });
        }
    }
}

/// The longest that a poll is held, less what clocks may be apart.
const HELD: i64 = 59_000;

fn answers(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::GetActivityTask) {
        let Some(reply) = call.answer.done() else { continue };
        let token = reply.get("taskToken").filter(|token| !token.is_null() && *token != "");
        let Some(token) = token else {
            let took = call.ended - call.begun;
            sink.expect(WAITS, took >= HELD, || {
                format!("a poll was answered without a task after {took} ms")
            });
            continue;
        };
        let input = reply.get("input").and_then(Value::as_str);
        let json = input.is_some_and(|input| serde_json::from_str::<Value>(input).is_ok());
        if !token.is_string() || !json {
            sink.violated(
                WHOLE,
                "a poll was answered with a task that has no token or no input as JSON text",
            );
            continue;
        }
        // A truncated input is only told apart from the scheduled ones where a history shows these.
        let scheduled: Vec<Value> = view
            .attempts
            .iter()
            .filter(|attempt| attempt.pattern == Pattern::Activity)
            .filter(|attempt| {
                view.state_of(attempt).is_none_or(|s| Some(s.resource()) == call.text("activityArn"))
            })
            .filter_map(|attempt| view.events(attempt).get(attempt.scheduled)?.text("input"))
            .filter_map(|input| serde_json::from_str(input).ok())
            .collect();
        // Where an execution was not read, its task may have been the one.
        let all_read = (0..view.executions.len()).all(|index| view.history(index).is_some());
        if !scheduled.is_empty() && all_read {
            let held = input
                .is_some_and(|input| scheduled.iter().any(|known| same_json_text(input, &known.to_string())));
            sink.expect(WHOLE, held, || {
                "a poller got another input than any task was scheduled with".to_owned()
            });
        }
    }
}

/// As many polls brought a task as tasks started, unless a poll's answer was lost.
fn handed_out(view: &View<'_>, sink: &mut Sink) {
    let polls = || view.calls_of(Api::GetActivityTask);
    if view.has_faults() || polls().any(|call| call.answer.is_open_ended()) || polls().next().is_none() {
        return;
    }
    let brought = polls()
        .filter_map(|call| call.answer.done()?.get("taskToken")?.as_str())
        .filter(|token| !token.is_empty())
        .count();
    let started = view
        .attempts
        .iter()
        .filter(|attempt| attempt.pattern == Pattern::Activity && attempt.started.is_some())
        .count();
    if started > 0 {
        sink.expect(HANDED, started <= brought, || {
            format!("{started} activity tasks started, but only {brought} were handed to pollers")
        });
    }
}

fn described(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::DescribeActivity) {
        let (Some(arn), Some(reply)) = (call.text("activityArn"), call.answer.done()) else { continue };
        let made = view
            .calls_of(Api::CreateActivity)
            .filter_map(|made| made.answer.done())
            .find(|made| made.get("activityArn").and_then(Value::as_str) == Some(arn));
        let Some(made) = made else { continue };
        let arn_held = reply.get("activityArn") == made.get("activityArn");
        let dated = same_date(reply.get("creationDate"), made.get("creationDate"));
        let named = reply.get("name").and_then(Value::as_str) == arn.rsplit(':').next();
        sink.expect(DESCRIBED, arn_held && dated && named, || {
            "an activity is not described as it was made".to_owned()
        });
    }
}
