//! Versions and aliases: their ARNs, the versions that an alias leads to, and what runs that was started by them (START-19).
//!
//! An alias picks one of its versions at random, so which one is not judged. Invariant: nothing is said about a version unless the
//! case knows what was published, nor about an alias that the case did not make.

use std::collections::BTreeSet;

use record::Operation as Api;

use super::text;
use crate::check::{Check, Group, Sink};
use crate::view::{Call, Definition, Execution, View, unqualified};

const RUNS: Check = Check::of(
    "START-19",
    "version-runs-what-was-published",
    "an execution started by a version's ARN enters the states of the definition that was published",
);

const NAMED: Check = Check::of(
    "START-19",
    "qualified-arns-are-the-machines",
    "the ARN of a version is its machine's with a number, that of an alias its machine's with its name",
);
const LEADS: Check = Check::of(
    "START-19",
    "alias-leads-to-its-versions",
    "an execution started by an alias is described with a version that the alias leads to, and its first event names no other",
);

pub(super) const GROUPS: &[Group] = &[
    Group { checks: &[RUNS], run: versions },
    Group { checks: &[NAMED], run: named },
    Group { checks: &[LEADS], run: aliases },
];

fn named(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::PublishStateMachineVersion) {
        let made = call.answer.done().and_then(|reply| text(reply, "stateMachineVersionArn"));
        let (Some(made), Some(machine)) = (made, call.text("stateMachineArn")) else { continue };
        let number = made.strip_prefix(machine).and_then(|rest| rest.strip_prefix(':')?.parse::<u64>().ok());
        sink.expect(NAMED, number.is_some(), || format!("a version of {machine} was published as {made}"));
    }
    for call in view.calls_of(Api::CreateStateMachineAlias) {
        let made = call.answer.done().and_then(|reply| text(reply, "stateMachineAliasArn"));
        let (Some(made), Some(name), Some(version)) = (made, call.text("name"), routes(call).next()) else {
            continue;
        };
        sink.expect(NAMED, made == format!("{}:{name}", unqualified(version)), || {
            format!("an alias {name} of {version} was made as {made}")
        });
    }
}

fn aliases(view: &View<'_>, sink: &mut Sink) {
    for execution in &view.executions {
        let asked = execution.starts.first().and_then(|call| view.calls.get(*call)?.text("stateMachineArn"));
        let Some(asked) = asked.filter(|asked| unqualified(asked) != *asked) else { continue };
        let made = view.calls_of(Api::CreateStateMachineAlias).find(|call| {
            call.answer.done().and_then(|reply| text(reply, "stateMachineAliasArn")) == Some(asked)
        });
        let versions: Vec<&str> = made.map_or_else(|| vec![asked], |made| routes(made).collect());
        if made.is_none() && published(view, execution).is_none() {
            continue;
        }
        let reads =
            execution.histories.iter().filter_map(|read| view.reads.get(*read)?.history.events.first());
        let first = reads.flat_map(|event| {
            let member = |name| event.details.get(name).and_then(serde_json::Value::as_str);
            [(member("stateMachineVersionArn"), true), (member("stateMachineAliasArn"), false)]
        });
        let described = execution.statuses.iter().filter(|status| !status.listed);
        let shown = described.map(|status| (text(status.body, "stateMachineVersionArn"), true)).chain(first);
        for (arn, is_version) in shown.filter_map(|(arn, is_version)| Some((arn?, is_version))) {
            let held = if is_version { versions.contains(&arn) } else { arn == asked };
            sink.expect(LEADS, held, || format!("an execution started by {asked} shows {arn}"));
        }
    }
}

/// The versions that an alias was made for.
fn routes<'v>(call: &'v Call<'_>) -> impl Iterator<Item = &'v str> {
    let routes = call.input.get("routingConfiguration").and_then(serde_json::Value::as_array);
    routes.into_iter().flatten().filter_map(|route| text(route, "stateMachineVersionArn"))
}

fn versions(view: &View<'_>, sink: &mut Sink) {
    for execution in &view.executions {
        let Some(definition) = published(view, execution) else { continue };
        let Some(read) = execution.best.and_then(|best| view.reads.get(best)) else { continue };
        let entered: BTreeSet<&str> = read
            .history
            .events
            .iter()
            .filter(|event| event.is_entered())
            .filter_map(|event| event.text("name"))
            .collect();
        if entered.is_empty() {
            continue;
        }
        let foreign = entered.iter().find(|name| !definition.states.contains_key(**name));
        sink.expect(RUNS, foreign.is_none(), || {
            format!("an execution of a version enters {foreign:?}, which was not published")
        });
    }
}

/// The definition of the version that an execution was started by, if it is known.
fn published<'v>(view: &'v View<'_>, execution: &Execution<'_>) -> Option<&'v Definition> {
    let asked = execution.starts.first().and_then(|call| view.calls.get(*call))?.text("stateMachineArn")?;
    let machine = view.by_machine.get(unqualified(asked)).and_then(|index| view.machines.get(*index))?;
    let mut publishing = view.calls_of(Api::PublishStateMachineVersion).filter(|call| {
        call.answer.done().and_then(|reply| text(reply, "stateMachineVersionArn")) == Some(asked)
    });
    let first = publishing.next()?;
    machine.revision(first.begun, first.ended).map(|revision| &*revision.definition)
}
