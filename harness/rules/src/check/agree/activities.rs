//! An activity in the answers of CreateActivity, DescribeActivity, ListActivities and GetActivityTask.

use record::Operation as Api;
use serde_json::Value;

use super::lists::listings;
use super::{same_moment, text};
use crate::check::{Check, Group, Sink};
use crate::tolerance::PATIENCE;
use crate::view::{Call, View, same_json_text};

const MADE: Check = Check::of(
    "ACT-06",
    "activity-is-shown-as-made",
    "DescribeActivity and ListActivities show an activity with the ARN, name and date of its creation, after a while at the latest",
);
const INPUT: Check = Check::of(
    "ACT-02",
    "poller-gets-the-input",
    "GetActivityTask hands out the input that ActivityScheduled shows",
);

pub(super) const GROUPS: &[Group] =
    &[Group { checks: &[MADE], run: made }, Group { checks: &[INPUT], run: inputs }];

fn made(view: &View<'_>, sink: &mut Sink) {
    let deleted = |arn: &str, call: &Call<'_>| {
        view.calls_of(Api::DeleteActivity)
            .any(|deletion| deletion.text("activityArn") == Some(arn) && deletion.begun < call.ended)
    };
    let lists = listings(view, Api::ListActivities, "activities");
    let mut seen: Vec<(&str, &Value)> = Vec::new();
    for creation in view.calls_of(Api::CreateActivity) {
        let Some(reply) = creation.answer.done() else { continue };
        let (Some(arn), Some(name)) = (text(reply, "activityArn"), creation.text("name")) else { continue };
        if let Some((_, first)) = seen.iter().find(|(made, _)| *made == arn) {
            let date = "creationDate";
            sink.expect(
                MADE,
                deleted(arn, creation) || same_moment(first.get(date), reply.get(date)),
                || "creating an activity again answered another creationDate".to_owned(),
            );
            continue;
        }
        seen.push((arn, reply));
        let same = |body: &Value| {
            text(body, "activityArn").is_none_or(|shown| shown == arn)
                && text(body, "name").is_none_or(|shown| shown == name)
                && same_moment(body.get("creationDate"), reply.get("creationDate"))
        };
        let late = |call: &Call<'_>| call.begun - creation.ended >= PATIENCE && !deleted(arn, call);
        let says =
            || "an activity is shown with another ARN, name or creationDate than it was made with".to_owned();
        for call in view.calls_of(Api::DescribeActivity).filter(|call| call.text("activityArn") == Some(arn))
        {
            if let Some(body) = call.answer.done() {
                sink.expect(MADE, same(body), says);
            } else if let Some(error) = call.answer.refused().filter(|_| late(call)) {
                sink.violated(
                    MADE,
                    format!("describing an activity answered {} ({})", error.code, error.status),
                );
            }
        }
        for list in &lists {
            match list.items.iter().find(|body| text(body, "activityArn") == Some(arn)) {
                Some(body) => sink.expect(MADE, same(body), says),
                None if list.whole && late(list.first) => {
                    sink.violated(MADE, "ListActivities leaves out an activity long after its creation");
                }
                None => {}
            }
        }
    }
}

fn inputs(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::GetActivityTask) {
        let Some(reply) = call.answer.done() else { continue };
        let given = text(reply, "taskToken").is_some_and(|token| !token.is_empty());
        if !given && text(reply, "input").is_some_and(|input| !input.is_empty()) {
            sink.violated(INPUT, "GetActivityTask hands out an input without a taskToken");
        }
        let (Some(arn), true) = (call.text("activityArn"), given) else { continue };
        // Every execution must have shown its history, or the task may be another's.
        let mut scheduled = Vec::new();
        let mut known = true;
        for execution in &view.executions {
            let read = execution.best.and_then(|best| view.reads.get(best));
            known &= read.is_some_and(|read| read.ended >= call.ended);
            let events = read.into_iter().flat_map(|read| &read.history.events);
            scheduled
                .extend(events.filter(|event| {
                    event.kind == "ActivityScheduled" && event.text("resource") == Some(arn)
                }));
        }
        if !known || scheduled.is_empty() {
            continue;
        }
        let input = text(reply, "input");
        let held = scheduled.iter().any(|event| {
            matches!((event.text("input"), input), (Some(shown), Some(given)) if same_json_text(shown, given))
        });
        sink.expect(INPUT, held, || {
            "GetActivityTask hands out an input that no ActivityScheduled shows".to_owned()
        });
    }
}
