//! A state machine in the answers of Create-, Update-, Describe-, List- and DeleteStateMachine, and of its executions.

use record::Operation as Api;
use serde_json::Value;

use super::lists::listings;
use super::{same_moment, text};
use crate::check::{Check, Group, Sink};
use crate::tolerance::PATIENCE;
use crate::view::{Arn, Call, Machine, Revision, UPDATE_SPREADS, View, same_json_text, unqualified};

const MADE: Check = Check::of(
    "DEF-01",
    "machine-is-described-as-made",
    "DescribeStateMachine and ListStateMachines show the ARN, name, definition, role and date of the creation",
);
const TAKEN: Check = Check::of(
    "DEF-29",
    "description-takes-the-update",
    "some seconds after an update DescribeStateMachine shows the new definition, role and revision, and nothing older",
);
const ROLE: Check = Check::of(
    "DEF-23",
    "role-of-another-creation-is-not-stored",
    "a repeated creation with another role leaves the stored role alone",
);
const LISTED: Check = Check::of(
    "DEF-26",
    "machine-is-listed",
    "after creation ListStateMachines shows a machine, at the latest after a while",
);
const LISTED_ONCE: Check =
    Check::of("DEF-21", "machine-is-listed-once", "however often it was created, a machine is listed once");
const KEPT: Check = Check::of(
    "DEF-28",
    "machine-of-an-execution-is-kept",
    "DescribeStateMachineForExecution shows the machine, name and role that the execution started with",
);
const GONE: Check = Check::of(
    "DEF-30",
    "deletion-is-seen",
    "DeleteStateMachine is accepted; after a while the machine is deleting or unknown, and once unknown it stays so",
);

pub(super) const GROUPS: &[Group] = &[
    Group { checks: &[MADE], run: created },
    Group { checks: &[MADE, TAKEN, ROLE], run: described },
    Group { checks: &[LISTED, LISTED_ONCE, MADE], run: listed },
    Group { checks: &[KEPT], run: kept },
    Group { checks: &[GONE], run: deleted },
];

fn machine_of<'v>(view: &'v View<'_>, arn: Option<&str>) -> Option<&'v Machine> {
    view.by_machine.get(unqualified(arn?)).and_then(|index| view.machines.get(*index))
}

/// The creation that made the machine.
fn creation<'v, 'a>(view: &'v View<'a>, machine: &Machine) -> Option<&'v Call<'a>> {
    view.calls_of(Api::CreateStateMachine).find(|call| {
        call.ended == machine.created
            && call.answer.done().and_then(|reply| text(reply, "stateMachineArn")).map(unqualified)
                == Some(machine.arn.as_str())
    })
}

/// The revisions that an answer may show: none that was replaced long before it, and none that came after it.
fn shown<'m>(machine: &'m Machine, call: &Call<'_>) -> &'m [Revision] {
    let settled = |revision: &Revision| revision.certain && revision.ended.0 + UPDATE_SPREADS <= call.begun.0;
    let from = machine.revisions.iter().rposition(settled).unwrap_or(0);
    let to = machine.revisions.iter().rposition(|revision| revision.begun <= call.ended).unwrap_or(0);
    machine.revisions.get(from..=to.max(from)).unwrap_or(&machine.revisions)
}

/// A machine's ARN ends in its name.
fn created(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::CreateStateMachine) {
        let arn = call.answer.done().and_then(|reply| text(reply, "stateMachineArn")).and_then(Arn::read);
        if let (Some(arn), Some(name)) = (arn, call.text("name")) {
            sink.expect(MADE, arn.machine() == Some(name), || {
                "CreateStateMachine answers the ARN of another name".to_owned()
            });
        }
    }
}

fn described(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::DescribeStateMachine) {
        let (asked, Some(reply)) = (call.text("stateMachineArn"), call.answer.done()) else { continue };
        let Some(machine) = machine_of(view, asked) else { continue };
        if text(reply, "stateMachineArn").is_some_and(|arn| Some(arn) != asked) {
            sink.violated(MADE, "DescribeStateMachine shows another stateMachineArn than it was asked for");
        }
        if text(reply, "name").is_some_and(|name| name != machine.name) {
            sink.violated(MADE, "DescribeStateMachine shows another name than that of the creation");
        }
        let whole = call.text("includedData") != Some("METADATA_ONLY");
        if asked != Some(machine.arn.as_str()) || machine.deleted.is_some() || !whole || !machine.made_here {
            continue;
        }
        let made = creation(view, machine).and_then(|call| call.answer.done());
        if !same_moment(reply.get("creationDate"), made.and_then(|made| made.get("creationDate"))) {
            sink.violated(
                MADE,
                "DescribeStateMachine shows another creationDate than CreateStateMachine answered",
            );
        }
        let revisions = shown(machine, call);
        let row = if machine.revisions.len() > 1 { TAKEN } else { MADE };
        if let Some(definition) = text(reply, "definition") {
            let fits = revisions.iter().any(|one| same_json_text(&one.definition.text, definition));
            sink.expect(row, fits, || {
                "DescribeStateMachine shows a definition that is not in force".to_owned()
            });
        }
        if let Some(role) = text(reply, "roleArn") {
            let fits = revisions.iter().any(|one| one.role.as_deref().is_none_or(|stored| stored == role));
            let others = view.calls_of(Api::CreateStateMachine).any(|other| {
                other.text("name") == Some(machine.name.as_str()) && other.text("roleArn") == Some(role)
            });
            if others && !fits {
                sink.violated(ROLE, "DescribeStateMachine shows the role of a later creation");
            } else {
                sink.expect(row, fits, || {
                    "DescribeStateMachine shows a role that is not in force".to_owned()
                });
            }
        }
        unasked(view, machine, reply, sink);
        revision(view, call, machine, reply, sink);
    }
}

/// Without logging, tracing or a key of its own asked for, a machine has none.
fn unasked(view: &View<'_>, machine: &Machine, reply: &Value, sink: &mut Sink) {
    let asked = |member: &str| {
        view.calls.iter().any(|call| {
            let creates =
                call.operation == Api::CreateStateMachine && call.text("name") == Some(machine.name.as_str());
            let updates = call.operation == Api::UpdateStateMachine
                && call.text("stateMachineArn").map(unqualified) == Some(machine.arn.as_str());
            (creates || updates) && call.has(member)
        })
    };
    let defaults = [
        ("loggingConfiguration", "level", Value::from("OFF")),
        ("loggingConfiguration", "includeExecutionData", Value::from(false)),
        ("tracingConfiguration", "enabled", Value::from(false)),
        ("encryptionConfiguration", "type", Value::from("AWS_OWNED_KEY")),
    ];
    for (member, part, default) in defaults {
        let shown = reply.get(member).and_then(|shown| shown.get(part)).filter(|shown| !shown.is_null());
        if let Some(shown) = shown.filter(|_| !asked(member)) {
            sink.expect(MADE, *shown == default, || {
                format!("DescribeStateMachine shows {member}.{part} {shown} that nobody asked for")
            });
        }
    }
}

/// The revision that the last update answered is the one that is described.
fn revision(view: &View<'_>, call: &Call<'_>, machine: &Machine, reply: &Value, sink: &mut Sink) {
    let [last] = shown(machine, call) else { return };
    let update = view.calls_of(Api::UpdateStateMachine).find(|update| {
        update.begun == last.begun
            && update.ended == last.ended
            && update.text("stateMachineArn").map(unqualified) == Some(machine.arn.as_str())
    });
    let answered = update.and_then(|update| update.answer.done()).and_then(|reply| text(reply, "revisionId"));
    if let (Some(answered), Some(described)) = (answered, text(reply, "revisionId")) {
        sink.expect(TAKEN, answered == described, || {
            "DescribeStateMachine shows another revisionId than UpdateStateMachine answered".to_owned()
        });
    }
}

fn listed(view: &View<'_>, sink: &mut Sink) {
    for listing in listings(view, Api::ListStateMachines, "stateMachines") {
        for machine in &view.machines {
            if machine.deleted.is_some() {
                continue;
            }
            let mut bodies = listing
                .items
                .iter()
                .filter(|body| text(body, "stateMachineArn") == Some(machine.arn.as_str()));
            let Some(body) = bodies.next() else {
                let late = listing.first.begun - machine.created;
                if listing.whole && late >= PATIENCE {
                    sink.violated(LISTED, format!("a machine is not listed {late} ms after its creation"));
                }
                continue;
            };
            sink.met(LISTED);
            if listing.pages == 1 {
                sink.expect(LISTED_ONCE, bodies.next().is_none(), || "a machine is listed twice".to_owned());
            }
            let made = creation(view, machine).and_then(|call| call.answer.done());
            let kind = if machine.express { "EXPRESS" } else { "STANDARD" };
            let held = text(body, "name").is_none_or(|name| name == machine.name)
                && text(body, "type").is_none_or(|shown| shown == kind)
                && same_moment(body.get("creationDate"), made.and_then(|made| made.get("creationDate")));
            sink.expect(MADE, held, || {
                "ListStateMachines shows another name, type or creationDate than that of the creation"
                    .to_owned()
            });
        }
    }
}

fn kept(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::DescribeStateMachineForExecution) {
        let Some(reply) = call.answer.done() else { continue };
        let execution = call.text("executionArn").and_then(|arn| view.by_arn.get(arn));
        let Some(execution) = execution.and_then(|index| view.executions.get(*index)) else { continue };
        let Some(machine) = execution.machine.and_then(|machine| view.machines.get(machine)) else {
            continue;
        };
        let started = execution.starts.iter().filter_map(|call| view.calls.get(*call));
        let plain =
            started.into_iter().all(|start| start.text("stateMachineArn") == Some(machine.arn.as_str()));
        let same_machine = text(reply, "stateMachineArn")
            .is_none_or(|arn| if plain { arn == machine.arn } else { unqualified(arn) == machine.arn });
        let held = same_machine
            && text(reply, "name").is_none_or(|name| name == machine.name)
            && execution
                .role
                .as_deref()
                .is_none_or(|role| text(reply, "roleArn").is_none_or(|shown| shown == role));
        // "For a newly created state machine, this is the creation date" (API model, updateDate).
        let made = creation(view, machine).and_then(|call| call.answer.done());
        let dated = machine.revisions.len() > 1
            || !plain
            || same_moment(reply.get("updateDate"), made.and_then(|made| made.get("creationDate")));
        sink.expect(KEPT, dated, || {
            "DescribeStateMachineForExecution shows an updateDate though nobody updated the machine"
                .to_owned()
        });
        sink.expect(KEPT, held, || {
            "DescribeStateMachineForExecution shows another machine, name or role than the execution started with"
                .to_owned()
        });
    }
}

fn deleted(view: &View<'_>, sink: &mut Sink) {
    for machine in &view.machines {
        let created_again = view
            .calls_of(Api::CreateStateMachine)
            .any(|call| call.begun > machine.created && call.text("name") == Some(machine.name.as_str()));
        let asks = |call: &&Call<'_>| call.text("stateMachineArn") == Some(machine.arn.as_str());
        // What a second deletion answers is DEF-31's.
        let first =
            |call: &&Call<'_>| machine.deleted.and_then(|(_, by)| by).is_none_or(|by| call.begun <= by);
        for call in view.calls_of(Api::DeleteStateMachine).filter(asks).filter(first) {
            if let Some(error) = call.answer.refused() {
                sink.violated(GONE, format!("deleting a machine answered {} ({})", error.code, error.status));
            }
        }
        let Some((_, Some(by))) = machine.deleted.filter(|_| !created_again) else { continue };
        let mut unknown = false;
        for call in view.calls_of(Api::DescribeStateMachine).filter(asks).filter(|call| call.begun > by) {
            if call.answer.code() == Some("StateMachineDoesNotExist") {
                unknown = true;
                sink.met(GONE);
            }
            let Some(reply) = call.answer.done() else { continue };
            if unknown {
                sink.violated(GONE, "a machine that was deleted and unknown is described again");
            } else if text(reply, "status") == Some("DELETING") {
                sink.met(GONE);
            } else if call.begun - by >= PATIENCE {
                sink.violated(
                    GONE,
                    format!("a machine is described as in force {} ms after its deletion", call.begun - by),
                );
            }
        }
    }
}
