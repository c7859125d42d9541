//! WIRE-06: an operation refuses what is no ARN, what nobody made and what is no page token with the error that its model
//! has for it.
//!
//! It looks at the operations that no rule of its own covers; START-17, DESC-07, GEH-07, STOP-07, LIST-06 and DEF-31 judge
//! the others. Invariant: what may exist without the case knowing it is not called unknown.

use record::Operation as Api;
use serde_json::Value;

use crate::check::executions::start::{made_maybe, name_flaw};
use crate::check::histories::api::arn_flaw;
use crate::check::machines::invalid_definition::flaws;
use crate::check::requests::wire::out_of_bounds;
use crate::check::{Check, Group, Sink};
use crate::view::{Arn, Call, View, unqualified};

const NAMED: Check = Check::of(
    "WIRE-06",
    "refused-by-its-name",
    "a text that is no ARN is InvalidArn, what nobody made the operation's DoesNotExist, a page token nobody gave InvalidToken",
);
const LISTED: Check = Check::of(
    "LIST-06",
    "malformed-arn-is-refused",
    "listing the executions of what is no machine's ARN is InvalidArn",
);
const PAGE: Check = Check::of(
    "LIST-03",
    "page-tokens-are-its-own",
    "a page token that ListExecutions gave is taken; one that it never gave is InvalidToken",
);

pub(in crate::check) const GROUPS: &[Group] =
    &[Group { checks: &[NAMED, LISTED], run: arns }, Group { checks: &[NAMED, PAGE], run: page_tokens }];

fn arns(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls.iter().filter(|call| !call.garbled && call.was_looked_at()) {
        if out_of_bounds(call).is_some() {
            continue;
        }
        let row = if call.operation == Api::ListExecutions { LISTED } else { NAMED };
        if let Some((what, code)) = flaw(view, call) {
            sink.expect(row, call.answer.code() == Some(code), || {
                format!("{} of {what}: expected {code}, saw {}", call.operation, call.answer.says())
            });
        }
    }
}

/// What is wrong with the ARN of a call, and the error that names it.
fn flaw(view: &View<'_>, call: &Call<'_>) -> Option<(&'static str, &'static str)> {
    match call.operation {
        Api::DescribeStateMachine | Api::UpdateStateMachine | Api::PublishStateMachineVersion => {
            machine_flaw(view, call, Some("StateMachineDoesNotExist"))
        }
        Api::DeleteStateMachine => machine_flaw(view, call, None),
        Api::CreateStateMachine => {
            let sound = name_flaw(call.text("name")?).is_none()
                && call
                    .text("definition")
                    .is_some_and(|text| flaws(text, call.text("type") == Some("EXPRESS")).is_empty())
                && !call.has("versionDescription")
                && view
                    .calls_of(Api::CreateStateMachine)
                    .filter(|other| other.text("name") == call.text("name"))
                    .count()
                    == 1;
            let role = call.text("roleArn")?;
            (sound && !role.starts_with("arn:")).then_some(("a role that is no ARN", "InvalidArn"))
        }
        Api::ListExecutions if !call.has("mapRunArn") => machine_flaw(view, call, None),
        Api::DescribeStateMachineForExecution | Api::RedriveExecution => {
            // What an express execution answers here, no source says.
            let express =
                call.text("executionArn").and_then(Arn::read).is_some_and(|arn| arn.kind == "express");
            arn_flaw(view, call).filter(|_| !express)
        }
        Api::DescribeActivity | Api::GetActivityTask => {
            activity_flaw(view, call, Some("ActivityDoesNotExist"))
        }
        Api::DeleteActivity => activity_flaw(view, call, None),
        _ => None,
    }
}

const MALFORMED: (&str, &str) = ("what is no ARN of its kind", "InvalidArn");

fn machine_flaw(
    view: &View<'_>,
    call: &Call<'_>,
    unknown: Option<&'static str>,
) -> Option<(&'static str, &'static str)> {
    let arn = call.text("stateMachineArn")?;
    // With two things wrong at once, which is refused first is not said.
    let definition = call.text("definition");
    let changes = call.operation != Api::UpdateStateMachine || definition.is_some() || call.has("roleArn");
    if !changes || definition.is_some_and(|text| !flaws(text, false).is_empty()) {
        return None;
    }
    let Some(read) = Arn::read(arn).filter(|arn| arn.kind == "stateMachine") else { return Some(MALFORMED) };
    let known = view.by_machine.contains_key(unqualified(arn)) || made_maybe(view, unqualified(arn));
    let code = unknown.filter(|_| !known && !read.rest.contains('/'))?;
    Some(("a machine that nobody made", code))
}

fn activity_flaw(
    view: &View<'_>,
    call: &Call<'_>,
    unknown: Option<&'static str>,
) -> Option<(&'static str, &'static str)> {
    let arn = call.text("activityArn")?;
    if Arn::read(arn).is_none_or(|arn| arn.kind != "activity") {
        return Some(MALFORMED);
    }
    let mut creations = view.calls_of(Api::CreateActivity).peekable();
    let code = unknown.filter(|_| creations.peek().is_some())?;
    // Whatever any answer names may exist, and so may what a creation without an answer made.
    let known = creations.any(|call| call.answer.is_open_ended())
        || view.calls.iter().any(|other| {
            other.index != call.index
                && other.answer.done().is_some_and(|reply| reply.to_string().contains(&format!("\"{arn}\"")))
        });
    (!known).then_some(("an activity that nobody made", code))
}

fn page_tokens(view: &View<'_>, sink: &mut Sink) {
    let given: Vec<&str> =
        view.calls.iter().filter_map(|call| call.answer.done()?.get("nextToken")?.as_str()).collect();
    for call in view.calls.iter().filter(|call| !call.garbled && call.was_looked_at()) {
        let row = match call.operation {
            Api::ListExecutions
                if call.text("stateMachineArn").is_some_and(|arn| view.by_machine.contains_key(arn)) =>
            {
                PAGE
            }
            Api::ListStateMachines | Api::ListActivities => NAMED,
            _ => continue,
        };
        let Some(token) = call.input.get("nextToken").and_then(Value::as_str) else { continue };
        if out_of_bounds(call).is_some() {
            continue;
        }
        if given.contains(&token) {
            // Taken back with the arguments that it was given for, it is good.
            let gave = |other: &Call<'_>| {
                let next = other.answer.done().and_then(|reply| reply.get("nextToken"));
                next.and_then(Value::as_str) == Some(token)
            };
            let own =
                view.calls.iter().any(|other| other.precedes(call) && gave(other) && other.asks_as(call));
            let refused = call.answer.refused().filter(|_| own).map(|error| error.code.as_str());
            if let Some(code @ ("InvalidToken" | "ValidationException")) = refused {
                sink.violated(row, format!("{} refused its own page token with {code}", call.operation));
            }
        } else {
            sink.expect(row, call.answer.code() == Some("InvalidToken"), || {
                format!(
                    "{} with a page token never given: expected InvalidToken, saw {}",
                    call.operation,
                    call.answer.says()
                )
            });
        }
    }
}
