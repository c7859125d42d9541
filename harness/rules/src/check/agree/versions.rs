//! Executions started by the ARN of a version: they run the definition that was published (START-19).
//!
//! It looks at versions alone; where an alias leads is drawn. Invariant: nothing is said of a version of which the case
//! does not know what was published.

use std::collections::BTreeSet;

use record::Operation as Api;

use super::text;
use crate::check::{Check, Group, Sink};
use crate::view::{Definition, Execution, View, unqualified};

const RUNS: Check = Check::of(
    "START-19",
    "version-runs-what-was-published",
    "an execution started by a version's ARN enters the states of the definition that was published",
);

pub(super) const GROUPS: &[Group] = &[Group { checks: &[RUNS], run: versions }];

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
