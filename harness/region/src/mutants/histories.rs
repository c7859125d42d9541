//! Events that are lost, renumbered, relinked, or hold something else.

use record::Time;
use serde_json::{Value, json};

use super::Variant;
use crate::conduct::Draft;

/// Changes one member of the details.
fn put(draft: &mut Draft, member: &str, value: Value) {
    if let Some(details) = draft.details.as_mut() {
        details.insert(member.to_owned(), value);
    }
}

fn is_end(kind: &str) -> bool {
    matches!(kind, "ExecutionSucceeded" | "ExecutionFailed" | "ExecutionAborted" | "ExecutionTimedOut")
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!("previous-flattened", "previousEventId is always id - 1", ["HIS-03"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            draft.previous = draft.id - 1;
            true
        }
    }),
    variant!(
        "previous-flattened-in-branches",
        "inside Parallel and Map previousEventId is id - 1",
        ["HIS-26", "HIS-27"],
        {
            fn event(&mut self, draft: &mut Draft) -> bool {
                if draft.nested {
                    draft.previous = draft.id - 1;
                }
                true
            }
        }
    ),
    variant!("previous-always-zero", "previousEventId is always 0", ["HIS-04"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            draft.previous = 0;
            true
        }
    }),
    variant!("previous-is-itself", "TaskStarted follows itself", ["HIS-02"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if draft.kind == "TaskStarted" {
                draft.previous = draft.id;
            }
            true
        }
    }),
    variant!("ids-with-a-gap", "an id is left out after the first event", ["HIS-01"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if draft.kind == "TaskScheduled" {
                draft.id += 1;
            }
            true
        }
    }),
    variant!("no-task-started", "TaskStarted is never written", ["HIS-14"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            draft.kind != "TaskStarted"
        }
    }),
    variant!("no-task-scheduled", "TaskScheduled is never written", ["HIS-14"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            draft.kind != "TaskScheduled"
        }
    }),
    variant!("no-state-exited", "TaskStateExited is never written", ["HIS-11"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            draft.kind != "TaskStateExited"
        }
    }),
    variant!("no-end", "the last event of an execution is never written", ["ERR-06", "GEH-12"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            !is_end(&draft.kind)
        }
    }),
    variant!("end-disagrees", "an execution that failed ends with ExecutionAborted", ["HIS-07"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if draft.kind == "ExecutionFailed" {
                "ExecutionAborted".clone_into(&mut draft.kind);
            }
            true
        }
    }),
    variant!("caught-failure-is-timed-out", "a failed task is written as TaskTimedOut", ["HIS-20"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if draft.kind == "TaskFailed" {
                "TaskTimedOut".clone_into(&mut draft.kind);
            }
            true
        }
    }),
    variant!(
        "request-response-is-submitted",
        "a publish leaves TaskSubmitted instead of TaskSucceeded",
        ["HIS-15"],
        {
            fn event(&mut self, draft: &mut Draft) -> bool {
                let publish = draft
                    .details
                    .as_ref()
                    .is_some_and(|details| details.get("resource") == Some(&json!("publish")));
                if draft.kind == "TaskSucceeded" && publish {
                    "TaskSubmitted".clone_into(&mut draft.kind);
                }
                true
            }
        }
    ),
    variant!(
        "resource-without-pattern",
        "TaskSucceeded names the resource without .waitForTaskToken",
        ["HIS-16"],
        {
            fn event(&mut self, draft: &mut Draft) -> bool {
                let resource = draft
                    .details
                    .as_ref()
                    .and_then(|details| details.get("resource"))
                    .and_then(Value::as_str);
                let bare = resource
                    .and_then(|resource| resource.strip_suffix(".waitForTaskToken"))
                    .map(str::to_owned);
                if let (true, Some(bare)) = (draft.kind == "TaskSucceeded", bare) {
                    put(draft, "resource", json!(bare));
                }
                true
            }
        }
    ),
    variant!("resource-type-missing", "TaskStarted has no resourceType", ["HIS-16"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if let (true, Some(details)) = (draft.kind == "TaskStarted", draft.details.as_mut()) {
                details.shift_remove("resourceType");
            }
            true
        }
    }),
    variant!("scheduled-without-region", "TaskScheduled names no region", ["HIS-17"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if let (true, Some(details)) = (draft.kind == "TaskScheduled", draft.details.as_mut()) {
                details.shift_remove("region");
            }
            true
        }
    }),
    variant!("parameters-are-no-json", "the parameters of TaskScheduled are no JSON text", ["HIS-17"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if draft.kind == "TaskScheduled" {
                put(draft, "parameters", json!("{MessageBody=[object Object]}"));
            }
            true
        }
    }),
    variant!(
        "default-timeout-shown",
        "TaskScheduled shows a timeout that nobody set",
        ["HIS-17", "TMO-11"],
        {
            fn event(&mut self, draft: &mut Draft) -> bool {
                let absent =
                    draft.details.as_ref().is_some_and(|details| !details.contains_key("timeoutInSeconds"));
                if draft.kind == "TaskScheduled" && absent {
                    put(draft, "timeoutInSeconds", json!(99_999_999));
                }
                true
            }
        }
    ),
    variant!("succeeded-output-rewritten", "TaskSucceeded shows another output than was sent", ["HIS-19"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if draft.kind == "TaskSucceeded"
                && draft.details.as_ref().is_some_and(|d| d.get("resourceType") == Some(&json!("sqs")))
            {
                put(draft, "output", json!("{\"Payload\":true}"));
            }
            true
        }
    }),
    variant!("failed-cause-rewritten", "TaskFailed shows another cause than was sent", ["HIS-20"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if draft.kind == "TaskFailed" {
                put(draft, "cause", json!("The task failed."));
            }
            true
        }
    }),
    variant!("end-loses-the-error", "ExecutionFailed shows no error", ["ERR-06", "E2E-05", "HIS-22"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if let (true, Some(details)) = (draft.kind == "ExecutionFailed", draft.details.as_mut()) {
                details.shift_remove("error");
            }
            true
        }
    }),
    variant!("exited-output-lost", "TaskStateExited shows an empty output", ["HIS-12"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if draft.kind == "TaskStateExited" {
                put(draft, "output", json!("{}"));
            }
            true
        }
    }),
    variant!("entered-input-lost", "TaskStateEntered shows an empty input", ["HIS-12"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if draft.kind == "TaskStateEntered" {
                put(draft, "input", json!("{}"));
            }
            true
        }
    }),
    variant!("state-renamed-on-exit", "TaskStateExited names a state that was never entered", ["HIS-11"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if draft.kind == "TaskStateExited" {
                put(draft, "name", json!("Task"));
            }
            true
        }
    }),
    variant!("started-without-role", "ExecutionStarted names no role", ["HIS-05"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if let (true, Some(details)) = (draft.kind == "ExecutionStarted", draft.details.as_mut()) {
                details.shift_remove("roleArn");
            }
            true
        }
    }),
    variant!("started-without-input", "ExecutionStarted shows an empty input", ["HIS-05"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if draft.kind == "ExecutionStarted" {
                put(draft, "input", json!("{\"lost\":true}"));
            }
            true
        }
    }),
    variant!("foreign-details", "TaskStarted also holds an output", ["HIS-10"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if draft.kind == "TaskStarted" {
                put(draft, "output", json!("{}"));
            }
            true
        }
    }),
    variant!("truncated-data", "inputs and outputs are marked as truncated", ["GEH-09"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            for member in ["inputDetails", "outputDetails"] {
                if draft.details.as_ref().is_some_and(|details| details.contains_key(member)) {
                    put(draft, member, json!({ "truncated": true }));
                }
            }
            true
        }
    }),
    variant!("end-is-late", "the last event carries a time half a minute after the end", ["HIS-09"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if is_end(&draft.kind) {
                draft.at = Time(draft.at.0 + 30_000);
            }
            true
        }
    }),
    variant!("fail-state-exits", "a Fail state is left by an event of its own", ["HIS-13"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if draft.kind == "FailStateEntered" {
                "SucceedStateEntered".clone_into(&mut draft.kind);
            }
            true
        }
    }),
    variant!("fail-state-is-entered-twice", "FailStateEntered is written twice", ["HIS-23"], {
        fn writes(&mut self, kind: &str) -> u64 {
            if kind == "FailStateEntered" { 2 } else { 1 }
        }
    }),
    variant!("tasks-end-twice", "TaskSucceeded is written twice", ["E2E-08", "ESM-08"], {
        fn writes(&mut self, kind: &str) -> u64 {
            if kind == "TaskSucceeded" { 2 } else { 1 }
        }
    }),
];
