//! Lists over all their pages: ListExecutions shows that machine's executions, all of them eventually, by pages and by status.

use std::collections::BTreeSet;

use record::Operation as Api;
use serde_json::Value;

use super::text;
use crate::check::{Check, Group, Sink};
use crate::tolerance::PATIENCE;
use crate::view::{Arn, Call, Execution, View, unqualified};

const THAT_MACHINE: Check = Check::of(
    "LIST-05",
    "lists-that-machine-only",
    "ListExecutions shows executions of the machine that was asked for",
);
const MAP_RUN_ONLY: Check = Check::of(
    "LIST-05",
    "map-run-filters-need-a-map-run",
    "PENDING_REDRIVE or a redriveFilter with a machine's ARN is refused with ValidationException",
);
const WHOLE: Check =
    Check::of("LIST-03", "pages-make-the-whole", "the pages of ListExecutions together show every execution");
const ONE: Check = Check::of(
    "START-01",
    "a-start-starts-one-execution",
    "a machine that was made here has no executions but those that were started",
);
const ALL_OF_STATUS: Check = Check::of(
    "LIST-02",
    "filter-lists-all-of-that-status",
    "a statusFilter lists every execution with that status",
);

pub(super) const GROUPS: &[Group] = &[
    Group { checks: &[THAT_MACHINE, MAP_RUN_ONLY], run: asked },
    Group { checks: &[WHOLE, ALL_OF_STATUS], run: whole },
    Group { checks: &[ONE], run: asked_for },
];

/// A list with all its pages.
pub(super) struct Listing<'v, 'a> {
    /// The call of the first page.
    pub(super) first: &'v Call<'a>,
    /// The pages' entries.
    pub(super) items: Vec<&'a Value>,
    /// How many pages it took.
    pub(super) pages: usize,
    /// Whether the last page said that there is no more.
    pub(super) whole: bool,
}

/// The lists of an operation: a page belongs to the list whose last page gave the token that it was asked with.
pub(super) fn listings<'v, 'a>(view: &'v View<'a>, operation: Api, member: &str) -> Vec<Listing<'v, 'a>> {
    let mut listings: Vec<Listing<'v, 'a>> = Vec::new();
    let mut waiting: Vec<(usize, &'a str)> = Vec::new();
    for call in view.calls_of(operation).filter(|call| !call.garbled) {
        let Some(reply) = call.answer.done() else { continue };
        let Some(items) = reply.get(member).and_then(Value::as_array) else { continue };
        let index = match call.text("nextToken") {
            None => {
                listings.push(Listing { first: call, items: Vec::new(), pages: 0, whole: false });
                listings.len() - 1
            }
            Some(token) => {
                let place = waiting.iter().position(|(list, given)| {
                    *given == token && listings.get(*list).is_some_and(|list| list.first.asks_as(call))
                });
                let Some(place) = place else { continue };
                waiting.swap_remove(place).0
            }
        };
        let Some(listing) = listings.get_mut(index) else { continue };
        listing.items.extend(items);
        listing.pages += 1;
        let next = reply.get("nextToken").and_then(Value::as_str).filter(|token| !token.is_empty());
        listing.whole = next.is_none();
        waiting.extend(next.map(|token| (index, token)));
    }
    listings
}

fn asked(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::ListExecutions).filter(|call| !call.garbled && !call.has("mapRunArn")) {
        let Some(arn) = call.text("stateMachineArn") else { continue };
        let Some(machine) = Arn::read(arn).filter(|arn| !arn.rest.contains('/')).and_then(Arn::machine)
        else {
            continue;
        };
        if (call.text("statusFilter") == Some("PENDING_REDRIVE") || call.has("redriveFilter"))
            && call.was_looked_at()
            && !call.has("nextToken")
            && view.by_machine.contains_key(unqualified(arn))
        {
            sink.expect(MAP_RUN_ONLY, call.answer.code() == Some("ValidationException"), || {
                format!(
                    "a filter of map runs with a machine's ARN: expected ValidationException, saw {}",
                    call.answer.says()
                )
            });
        }
        let listed = call.answer.done().and_then(|reply| reply.get("executions")).and_then(Value::as_array);
        for body in listed.into_iter().flatten() {
            let of = text(body, "executionArn").and_then(Arn::read).and_then(Arn::execution);
            let held = text(body, "stateMachineArn")
                .is_none_or(|shown| unqualified(shown) == unqualified(arn))
                && of.is_none_or(|(of, _)| of == machine);
            sink.expect(THAT_MACHINE, held, || {
                format!(
                    "ListExecutions of {machine} shows an execution of {}",
                    of.map_or("another", |of| of.0)
                )
            });
        }
    }
}

fn whole(view: &View<'_>, sink: &mut Sink) {
    for listing in listings(view, Api::ListExecutions, "executions").iter().filter(|listing| listing.whole) {
        let call = listing.first;
        let filter = call.text("statusFilter");
        // One page that is not full is judged by `list-catches-up`.
        let full = call.input.get("maxResults").and_then(Value::as_u64) == Some(listing.items.len() as u64);
        if listing.pages == 1 && filter.is_none() && !full || call.has("redriveFilter") {
            continue;
        }
        let Some(machine) = call.text("stateMachineArn").and_then(|arn| view.by_machine.get(arn)) else {
            continue;
        };
        repeated(view, listing, sink);
        let row = if filter.is_some() { ALL_OF_STATUS } else { WHOLE };
        let expected = view.executions.iter().filter(|execution| execution.machine == Some(*machine));
        for execution in expected.filter(|execution| settled(execution, call, filter)) {
            let shown = listing.items.iter().any(|body| text(body, "executionArn") == Some(execution.arn));
            sink.expect(row, shown, || {
                let of = filter
                    .map_or_else(|| format!("{} pages", listing.pages), |f| format!("statusFilter {f}"));
                format!("ListExecutions with {of} leaves out an execution that it must show")
            });
        }
    }
}

/// No execution stands on two pages, unless one that began or ended meanwhile may have moved it there.
fn repeated(view: &View<'_>, listing: &Listing<'_, '_>, sink: &mut Sink) {
    let meanwhile = |call: &Call<'_>| {
        let moves = matches!(
            call.operation,
            Api::StartExecution
                | Api::StopExecution
                | Api::RedriveExecution
                | Api::SendTaskSuccess
                | Api::SendTaskFailure
        );
        moves && listing.first.begun - call.ended < PATIENCE
    };
    let mut seen = BTreeSet::new();
    let again =
        listing.items.iter().filter_map(|body| text(body, "executionArn")).any(|arn| !seen.insert(arn));
    if again && !view.calls.iter().any(meanwhile) {
        sink.violated(WHOLE, "an execution stands on two pages of a list");
    }
}

/// Whether the list must show the execution: long started, or long ended in the status that is asked for.
fn settled(execution: &Execution<'_>, call: &Call<'_>, filter: Option<&str>) -> bool {
    let Some(filter) = filter else { return call.begun - execution.started >= PATIENCE };
    execution.redrives.is_empty()
        && execution.final_status().is_some_and(|status| status.status == filter)
        && execution.closed.is_some_and(|closed| call.begun - closed >= PATIENCE)
}

/// Only where every start has its answer and no workflow starts others.
fn asked_for(view: &View<'_>, sink: &mut Sink) {
    let open = view.calls_of(Api::StartExecution).any(|call| call.answer.is_open_ended());
    let nested = view.machines.iter().flat_map(|machine| &machine.revisions);
    if open || nested.into_iter().any(|revision| revision.definition.text.contains("startExecution")) {
        return;
    }
    for call in view.calls_of(Api::ListExecutions) {
        let arn = call.text("stateMachineArn").unwrap_or_default();
        let made = |other: &&Call<'_>| {
            other.answer.done().and_then(|made| text(made, "stateMachineArn")) == Some(arn)
        };
        if view.calls_of(Api::CreateStateMachine).filter(made).count() != 1 {
            continue;
        }
        let listed = call.answer.done().and_then(|reply| reply.get("executions")).and_then(Value::as_array);
        for body in listed.into_iter().flatten() {
            let known = text(body, "executionArn").is_some_and(|arn| view.by_arn.contains_key(arn));
            sink.expect(ONE, known, || "an execution is listed that nobody has started".to_owned());
        }
    }
}
