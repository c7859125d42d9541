//! ACT: activities hand their tokens out by GetActivityTask.

use std::collections::BTreeMap;

use record::Operation as Api;
use serde_json::Value;

use super::life::PATIENCE;
use super::start::name_flaw;
use super::{CheckRow, Group, Sink};
use crate::view::{Answer, Effect, Pattern, View};

const EMPTY: CheckRow = (
    "ACT-01",
    "idle-poll-answers-empty",
    "a poll of an idle activity answers with a null token after up to 60 s",
);
const ONE_POLLER: CheckRow =
    ("ACT-02", "one-task-to-one-poller", "one scheduled task is handed to one poller");
const NOT_STARTED: CheckRow =
    ("ACT-03", "activity-starts-when-polled", "an activity task does not start before it is polled");
const COMPLETES: CheckRow = ("ACT-04", "activity-tokens-work", "an activity's token completes its task");
const WORKER: CheckRow = ("ACT-05", "worker-name-is-shown", "workerName shows in ActivityStarted");
const CREATE: CheckRow = (
    "ACT-06",
    "create-activity-is-idempotent",
    "creating an activity again answers the same ARN; forbidden names are refused",
);

pub(super) const GROUPS: &[Group] = &[
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
                    .any(|call| call.begun.0 <= view.offset.latest(event.at).0 + super::life::SLACK);
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
