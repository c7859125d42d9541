//! Lawful requests about things that are known to exist are not refused, whichever the code.
//!
//! It looks at reads and changes of machines, their versions, executions and activities; starts and answers to tokens have
//! rules of their own. What may be unknown yet or no more (DEF-26, DEF-30, DESC-05) may be refused as such.

use record::Operation as Api;

use crate::check::machines::invalid_definition::flaws;
use crate::check::requests::wire::out_of_bounds;
use crate::check::{Check, Group, Sink};
use crate::view::{Answer, Call, View, unqualified};

const fn row(rule: &'static str) -> Check {
    Check::of(
        rule,
        "lawful-request-is-granted",
        "a request within the model's bounds about a thing that exists is not refused",
    )
}

const ROWS: &[Check] = &[
    row("ACT-06"),
    row("DEF-01"),
    row("DEF-26"),
    row("DEF-28"),
    row("DEF-32"),
    row("DEF-34"),
    row("GEH-07"),
    row("LIST-06"),
    row("START-19"),
];

pub(in crate::check) const GROUPS: &[Group] = &[Group { checks: ROWS, run: granted }];

fn granted(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls.iter().filter(|call| !call.garbled && out_of_bounds(call).is_none()) {
        let Some(rule) = lawful(view, call) else { continue };
        match call.answer {
            Answer::Done(_) => sink.met(row(rule)),
            Answer::Refused(error) if !is_of_the_moment(&error.code) => {
                sink.violated(
                    row(rule),
                    format!("{} of what exists answered {}", call.operation, call.answer.says()),
                );
            }
            _ => {}
        }
    }
}

/// Whether a code may pass with time: things that do not exist yet, are still being deleted, or are too many (QUO-04, QUO-05).
fn is_of_the_moment(code: &str) -> bool {
    code.ends_with("LimitExceeded")
        || code == "ServiceQuotaExceededException"
        || code.ends_with("DoesNotExist")
        || code.ends_with("Deleting")
        || code.ends_with("AlreadyExists")
        || code == "ConflictException"
}

/// The rule by which a request is lawful, where it surely is.
fn lawful(view: &View<'_>, call: &Call<'_>) -> Option<&'static str> {
    let execution = || call.text("executionArn").is_some_and(|arn| view.by_arn.contains_key(arn));
    let machine = || {
        let index = call.text("stateMachineArn").and_then(|arn| view.by_machine.get(arn))?;
        view.machines.get(*index).filter(|machine| machine.deleted.is_none() && !machine.express)
    };
    let activity = || {
        let made = |other: &Call<'_>| {
            let arn =
                other.answer.done().and_then(|reply| reply.get("activityArn")).and_then(|arn| arn.as_str());
            arn.is_some() && arn == call.text("activityArn")
        };
        view.calls_of(Api::CreateActivity).any(made)
            && view.calls_of(Api::DeleteActivity).all(|other| other.begun > call.ended)
    };
    // Near its longest the size of the request may be what is refused.
    let short = |text: &str| (1..500_000).contains(&text.len());
    let sound = |text: &str| {
        short(text)
            && flaws(text, false).is_empty()
            && asl::validate(text, asl::MachineType::Standard).is_empty()
            && !text.contains("JSONata")
    };
    let first_page = !call.has("nextToken");
    let holds = |condition: bool, rule: &'static str| condition.then_some(rule);
    match call.operation {
        Api::GetExecutionHistory => holds(first_page && execution(), "GEH-07"),
        Api::DescribeStateMachineForExecution => holds(execution(), "DEF-28"),
        Api::DescribeStateMachine => holds(machine().is_some(), "DEF-26"),
        Api::ListStateMachines => holds(first_page, "DEF-26"),
        Api::ListExecutions => {
            let plain = first_page
                && !call.has("mapRunArn")
                && !call.has("redriveFilter")
                && call.text("statusFilter") != Some("PENDING_REDRIVE");
            holds(plain && machine().is_some(), "LIST-06")
        }
        Api::UpdateStateMachine => {
            let plain =
                call.input.keys().all(|member| matches!(member.as_str(), "stateMachineArn" | "definition"));
            holds(plain && call.text("definition").is_some_and(sound) && machine().is_some(), "DEF-34")
        }
        Api::CreateStateMachine => {
            let plain =
                call.input.keys().all(|member| matches!(member.as_str(), "name" | "definition" | "roleArn"));
            let named = call
                .text("name")
                .is_some_and(|name| crate::check::executions::start::name_flaw(name).is_none());
            let role = call.text("roleArn").is_some_and(|role| role.starts_with("arn:"));
            holds(plain && named && role && call.text("definition").is_some_and(sound), "DEF-01")
        }
        Api::PublishStateMachineVersion => {
            let plain = call.input.keys().all(|member| member == "stateMachineArn");
            holds(plain && machine().is_some(), "START-19")
        }
        Api::CreateStateMachineAlias => {
            let published = |other: &Call<'_>| {
                let made =
                    other.answer.done().and_then(|reply| reply.get("stateMachineVersionArn")?.as_str());
                made.is_some_and(|made| only_route(call) == Some(made))
            };
            let plain =
                call.input.keys().all(|member| matches!(member.as_str(), "name" | "routingConfiguration"));
            let known = view.calls_of(Api::PublishStateMachineVersion).any(published);
            holds(plain && known && call.text("name").is_some_and(is_alias), "START-19")
        }
        Api::ValidateStateMachineDefinition => holds(call.text("definition").is_some_and(short), "DEF-32"),
        Api::DescribeActivity => holds(activity(), "ACT-06"),
        Api::ListActivities => holds(first_page, "ACT-06"),
        _ => None,
    }
    .filter(|_| call.text("stateMachineArn").is_none_or(|arn| unqualified(arn) == arn))
}

/// The version that an alias is to lead to, if it is to lead to one alone.
fn only_route<'v>(call: &'v Call<'_>) -> Option<&'v str> {
    match call.input.get("routingConfiguration")?.as_array()?.as_slice() {
        [route] if route.get("weight")?.as_u64() == Some(100) => {
            route.get("stateMachineVersionArn")?.as_str()
        }
        _ => None,
    }
}

/// Whether a text surely is a name for an alias.
fn is_alias(name: &str) -> bool {
    (1..=80).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase())
}
