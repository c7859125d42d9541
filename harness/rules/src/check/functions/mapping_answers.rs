//! ESM: what is told of a mapping and its function is what was asked for.
//!
//! What a mapping does is `mapping`. Invariant: a change may take its time, so only what stands in the answers since the
//! last change is held against it.

use record::Operation as Api;
use serde_json::Value;

use crate::check::queues::direct_sends::{list, text};
use crate::check::{Check, Group, Sink};
use crate::view::{Call, View};

const NAMED: Check = Check::of(
    "ESM-01",
    "mapping-names-queue-and-function",
    "a mapping has its UUID, its queue and its function",
);
const SETTINGS: Check = Check::of(
    "ESM-02",
    "batch-settings-are-as-set",
    "a mapping shows the batch size and the window that were set, 10 and 0 unless set",
);
const REPORTS: Check = Check::of(
    "ESM-04",
    "response-types-are-as-set",
    "a mapping shows ReportBatchItemFailures where it was set",
);
const TIMEOUT: Check =
    Check::of("ESM-06", "function-timeout-is-as-set", "a function has the timeout it was made with");
const STATE: Check =
    Check::of("ESM-12", "mapping-leaves-creating", "a mapping has a state and is Enabled within a minute");

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[NAMED, SETTINGS, REPORTS, STATE], run: mappings },
    Group { checks: &[TIMEOUT, NAMED], run: functions },
];

/// A mapping that is not Enabled after so long will not be.
const SETTLES: i64 = 60_000;

/// What was set, by the last accepted request that set it.
fn set<'v>(changes: &[&'v Call<'_>], member: &str) -> Option<&'v Value> {
    changes.iter().rev().find_map(|call| call.input.get(member))
}

fn mappings(view: &View<'_>, sink: &mut Sink) {
    for made in view.calls_of(Api::CreateEventSourceMapping) {
        let Some(reply) = made.answer.done() else { continue };
        let Some(uuid) = text(reply, "UUID").filter(|uuid| !uuid.is_empty()) else {
            sink.violated(NAMED, "a mapping was made without UUID");
            continue;
        };
        let mut changes = vec![made];
        told(made, &changes, reply, sink);
        for call in view.calls.iter().filter(|call| made.precedes(call)) {
            let own = call.text("UUID") == Some(uuid);
            let Some(reply) = call.answer.done() else { continue };
            match call.operation {
                Api::UpdateEventSourceMapping if own => {
                    changes.push(call);
                    identity(made, reply, uuid, sink);
                    told(call, &changes, reply, sink);
                }
                Api::GetEventSourceMapping if own => {
                    identity(made, reply, uuid, sink);
                    told(call, &changes, reply, sink);
                }
                Api::ListEventSourceMappings => {
                    let gone =
                        view.calls_of(Api::DeleteEventSourceMapping).any(|gone| gone.begun <= call.ended);
                    let mut own =
                        list(reply, "EventSourceMappings").filter(|entry| text(entry, "UUID") == Some(uuid));
                    let found = own.next();
                    if own.next().is_some() {
                        sink.violated(NAMED, "a mapping is listed twice");
                    }
                    let asked = ["EventSourceArn", "FunctionName"]
                        .iter()
                        .all(|member| call.text(member).is_none_or(|asked| made.text(member) == Some(asked)));
                    if let Some(entry) = found {
                        identity(made, entry, uuid, sink);
                        told(call, &changes, entry, sink);
                    } else if asked && !gone && reply.get("NextMarker").is_none() {
                        sink.violated(NAMED, "a mapping is not listed");
                    }
                }
                _ => {}
            }
        }
    }
}

fn identity(made: &Call<'_>, shown: &Value, uuid: &str, sink: &mut Sink) {
    let held =
        text(shown, "UUID") == Some(uuid) && text(shown, "EventSourceArn") == made.text("EventSourceArn");
    sink.expect(NAMED, held, || "a mapping is told of as another".to_owned());
}

/// One description of a mapping against what was set so far.
fn told(call: &Call<'_>, changes: &[&Call<'_>], shown: &Value, sink: &mut Sink) {
    let Some(made) = changes.first() else { return };
    let queue = text(shown, "EventSourceArn") == made.text("EventSourceArn");
    let function =
        set(changes, "FunctionName").and_then(Value::as_str).and_then(|name| name.rsplit(':').next());
    let arn = text(shown, "FunctionArn").unwrap_or_default();
    let named = function.is_some_and(|name| arn.split(':').any(|part| part == name));
    sink.expect(NAMED, queue && named, || {
        format!("a mapping of function {function:?} shows FunctionArn {arn:?}")
    });
    for (member, default) in [("BatchSize", 10), ("MaximumBatchingWindowInSeconds", 0)] {
        let wanted = set(changes, member).and_then(Value::as_u64).unwrap_or(default);
        let told = shown.get(member).filter(|value| !value.is_null());
        let fits = told.map_or(wanted == default, |value| value.as_u64() == Some(wanted));
        sink.expect(SETTINGS, fits, || {
            format!("{} shows {member} {:?}, not {wanted}", call.operation, shown.get(member))
        });
    }
    let reports = |value: Option<&Value>| {
        value
            .and_then(Value::as_array)
            .is_some_and(|types| types.iter().any(|t| t == "ReportBatchItemFailures"))
    };
    if let Some(types) = set(changes, "FunctionResponseTypes") {
        sink.expect(REPORTS, reports(shown.get("FunctionResponseTypes")) == reports(Some(types)), || {
            "a mapping shows other FunctionResponseTypes than were set".to_owned()
        });
    } else {
        sink.expect(REPORTS, !reports(shown.get("FunctionResponseTypes")), || {
            "a mapping reports failures though nobody asked for it".to_owned()
        });
    }
    state(call, changes, shown, sink);
}

fn state(call: &Call<'_>, changes: &[&Call<'_>], shown: &Value, sink: &mut Sink) {
    let enabled = set(changes, "Enabled") != Some(&Value::Bool(false));
    let since = changes.last().map_or(0, |last| call.begun - last.ended);
    let lawful: &[&str] = match (enabled, since >= SETTLES) {
        (true, true) => &["Enabled"],
        (true, false) => &["Creating", "Enabling", "Enabled", "Updating"],
        (false, true) => &["Disabled"],
        (false, false) => &["Creating", "Disabling", "Disabled", "Updating"],
    };
    let state = text(shown, "State");
    sink.expect(STATE, state.is_some_and(|state| lawful.contains(&state)), || {
        format!("a mapping has State {state:?} {} s after its last change", since.div_euclid(1000).max(0))
    });
}

fn functions(view: &View<'_>, sink: &mut Sink) {
    for made in view.calls_of(Api::CreateFunction) {
        let Some(reply) = made.answer.done() else { continue };
        let wanted = made.input.get("Timeout").and_then(Value::as_u64).unwrap_or(3);
        let shown = reply.get("Timeout").and_then(Value::as_u64);
        sink.expect(TIMEOUT, shown == Some(wanted), || {
            format!("a function made with timeout {wanted} shows {shown:?}")
        });
        let name = made.text("FunctionName");
        let named = text(reply, "FunctionName") == name
            && text(reply, "FunctionArn").is_some_and(|arn| arn.split(':').any(|part| Some(part) == name));
        sink.expect(NAMED, named, || "a function was made under another name".to_owned());
    }
}
