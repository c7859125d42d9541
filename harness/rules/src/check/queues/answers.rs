//! SQS: what sends, receives and changes of visibility answer, whoever asked.
//!
//! It does not follow messages through their life (see `delivery`). Invariant: a request that AWS's model refuses may be refused
//! with any code of the client's fault, unless the model names the code.

use std::collections::BTreeMap;

use record::Operation as Api;
use serde_json::Value;

use crate::check::queues::direct_sends::{list, text};
use crate::check::{Check, Group, Sink};
use crate::view::{Answer, Call, View};

const CHANGED: Check = Check::of(
    "SQS-06",
    "zero-makes-it-visible",
    "a message whose visibility timeout was changed to 0 is there for the next receive that waits",
);
const CHARACTERS: Check = Check::of(
    "SQS-09",
    "forbidden-characters-are-refused",
    "a body with a character that XML 1.0 does not allow is refused with InvalidMessageContents, any other is taken",
);
const BATCH: Check =
    Check::of("SQS-10", "batches-are-validated", "a batch has 1 to 10 entries with distinct ids");
const ONE_BY_ONE: Check = Check::of(
    "SQS-10",
    "batch-answers-each-entry",
    "the answer of a batch lists each of its ids once, each success with a MessageId",
);

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[CHANGED], run: changed },
    Group { checks: &[CHARACTERS], run: characters },
    Group { checks: &[BATCH, ONE_BY_ONE], run: batches },
];

/// After a change to zero a receive that waits finds something.
fn changed(view: &View<'_>, sink: &mut Sink) {
    for change in view.calls_of(Api::ChangeMessageVisibility) {
        let zero = change.input.get("VisibilityTimeout").and_then(Value::as_u64) == Some(0);
        let url = change.entry_text("QueueUrl");
        let Some(queue) = view.queues.iter().find(|queue| Some(queue.url) == url) else { continue };
        let alone = queue.made_here && !queue.purged && !queue.consumed_elsewhere && !queue.is_fifo();
        if !zero || change.answer.done().is_none() || !alone || view.has_faults() {
            continue;
        }
        let own = |call: &&Call<'_>| call.entry_text("QueueUrl") == url && change.precedes(call);
        let next = view.calls_of(Api::ReceiveMessage).filter(own).min_by_key(|call| call.begun);
        let Some(next) = next.filter(|call| waits(call)) else { continue };
        // Deleted, or hidden again where that is wrongly taken: that is another check's.
        let touched = [Api::DeleteMessage, Api::ChangeMessageVisibility].into_iter().any(|api| {
            view.calls_of(api).any(|call| {
                call.index != change.index
                    && call.text("ReceiptHandle") == change.text("ReceiptHandle")
                    && change.begun <= call.ended
                    && call.begun < next.ended
                    && call.answer.refused().is_none()
            })
        });
        let Some(reply) = next.answer.done().filter(|_| !touched) else { continue };
        let others = view.calls_of(Api::ReceiveMessage).any(|call| {
            call.index != next.index
                && call.entry_text("QueueUrl") == url
                && call.begun <= next.ended
                && change.ended <= call.ended
        });
        if others {
            continue;
        }
        sink.expect(CHANGED, list(reply, "Messages").next().is_some(), || {
            "a message made visible at once was not there for a receive that waited".to_owned()
        });
    }
}

fn waits(call: &Call<'_>) -> bool {
    call.input.get("WaitTimeSeconds").and_then(Value::as_u64).is_some_and(|seconds| seconds >= 1)
}

fn characters(view: &View<'_>, sink: &mut Sink) {
    const ALLOWED: fn(char) -> bool =
        |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    for call in view.calls_of(Api::SendMessage) {
        let Some(body) = call.text("MessageBody").filter(|body| !body.is_empty()) else { continue };
        let code = match call.answer {
            Answer::Done(_) => None,
            Answer::Refused(error) => Some(error.code.as_str()),
            _ => continue,
        };
        let invalid = code.is_some_and(|code| code.ends_with("InvalidMessageContents"));
        if body.chars().all(ALLOWED) {
            sink.expect(CHARACTERS, !invalid, || "a body of allowed characters was refused".to_owned());
        } else {
            sink.expect(CHARACTERS, invalid, || {
                format!("a body with a forbidden character answered {}", call.answer.says())
            });
        }
    }
}

fn batches(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::SendMessageBatch) {
        batch(call, sink);
        let Some(reply) = call.answer.done() else { continue };
        let mut due: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in call.input.get("Entries").and_then(Value::as_array).into_iter().flatten() {
            *due.entry(text(entry, "Id").unwrap_or_default()).or_default() += 1;
        }
        if due.is_empty() || due.values().any(|count| *count > 1) {
            continue; // it should have been refused
        }
        for answered in list(reply, "Successful").chain(list(reply, "Failed")) {
            *due.entry(text(answered, "Id").unwrap_or_default()).or_default() += 1;
        }
        sink.expect(ONE_BY_ONE, due.values().all(|count| *count == 2), || {
            "a batch was answered without one result for each of its ids".to_owned()
        });
        let nameless =
            list(reply, "Successful").any(|entry| text(entry, "MessageId").is_none_or(str::is_empty));
        if nameless {
            sink.violated(ONE_BY_ONE, "a success of a batch has no MessageId");
        }
    }
}

/// A batch that is none is refused by name.
fn batch(call: &Call<'_>, sink: &mut Sink) {
    let entries = call.input.get("Entries").and_then(Value::as_array);
    let count = entries.map_or(0, Vec::len);
    let mut ids: Vec<&str> = entries.into_iter().flatten().filter_map(|entry| text(entry, "Id")).collect();
    ids.sort_unstable();
    ids.dedup();
    let flaws = [
        (count == 0, "EmptyBatchRequest"),
        (count > 10, "TooManyEntriesInBatchRequest"),
        (ids.len() < count, "BatchEntryIdsNotDistinct"),
    ];
    if flaws.iter().any(|(is, _)| *is) && call.was_looked_at() {
        let named = |code: &str| flaws.iter().any(|(is, name)| *is && code.ends_with(name));
        let fits = call.answer.refused().is_some_and(|error| error.status < 500 && named(&error.code));
        sink.expect(BATCH, fits, || {
            format!("a batch of {count} entries, {} ids, answered {}", ids.len(), call.answer.says())
        });
    }
}
