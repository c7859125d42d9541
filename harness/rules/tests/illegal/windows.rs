//! Timeouts, heartbeats, waits, retries (TMO, HB, ERR-10 to ERR-16).

use serde_json::{Value, json};

use super::Operator;
use crate::legal::{attempt, details, ends, exit_of, kind, member};

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "another timeout",
        rules: &["TMO-11"],
        edit: |legal| {
            let at = legal.find(|event| event[member(kind(event))].get("timeoutInSeconds").is_some());
            if let Some(at) = at {
                details(&mut legal.events[at])["timeoutInSeconds"] = json!(3);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a timeout that the definition does not set",
        rules: &["TMO-11"],
        edit: |legal| {
            let at = legal.find(|event| {
                kind(event) == "TaskScheduled" && event[member(kind(event))].get("timeoutInSeconds").is_none()
            });
            if let Some(at) = at {
                details(&mut legal.events[at])["timeoutInSeconds"] = json!(99);
            }
            at.is_some()
        },
    },
    Operator {
        name: "another heartbeat",
        rules: &["HB-12"],
        edit: |legal| {
            let at = legal.find(|event| event[member(kind(event))].get("heartbeatInSeconds").is_some());
            if let Some(at) = at {
                details(&mut legal.events[at])["heartbeatInSeconds"] = json!(77);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a timeout at once",
        rules: &["TMO-02", "HB-05"],
        edit: |legal| {
            let at = legal.find(|event| {
                matches!(kind(event), "TaskTimedOut" | "ActivityTimedOut" | "LambdaFunctionTimedOut")
            });
            if let Some(at) = at {
                let started =
                    legal.events[..at].iter().rposition(|event| kind(event).ends_with("Started")).unwrap();
                let then = legal.events[started]["timestamp"].clone();
                for event in &mut legal.events[started..=at] {
                    event["timestamp"] = then.clone();
                }
            }
            at.is_some()
        },
    },
    Operator {
        name: "a timeout that was not set",
        rules: &["TMO-03"],
        edit: |legal| {
            let fits = legal
                .find(|event| kind(event).ends_with("TimedOut") && !kind(event).starts_with("Execution"))
                .is_some();
            for event in legal.events.iter_mut().filter(|event| kind(event).ends_with("Scheduled")) {
                let details = details(event).as_object_mut().unwrap();
                details.remove("timeoutInSeconds");
                details.remove("heartbeatInSeconds");
            }
            fits
        },
    },
    Operator {
        name: "a timeout under another name",
        rules: &["TMO-01", "HB-02"],
        edit: |legal| {
            let at = legal
                .find(|event| kind(event).ends_with("TimedOut") && !kind(event).starts_with("Execution"));
            if let Some(at) = at {
                details(&mut legal.events[at])["error"] = json!("Timeout");
            }
            at.is_some()
        },
    },
    Operator {
        name: "a retry without its wait",
        rules: &["ERR-13"],
        edit: |legal| {
            if legal.definition.to_string().contains("JitterStrategy") {
                return false;
            }
            let at = (1..legal.events.len()).find(|at| {
                kind(&legal.events[*at]).ends_with("Scheduled") && ends(&legal.events[at - 1], false)
            });
            if let Some(at) = at {
                legal.events[at]["timestamp"] = legal.events[at - 1]["timestamp"].clone();
            }
            at.is_some()
        },
    },
    Operator {
        name: "one attempt too many",
        rules: &["ERR-16"],
        edit: |legal| {
            let last = legal
                .events
                .iter()
                .rposition(|event| kind(event).ends_with("Scheduled"))
                .filter(|_| legal.linear());
            let Some(range) = last.and_then(|at| attempt(legal, at)) else { return false };
            let end = *range.end();
            if !ends(&legal.events[end], false) {
                return false;
            }
            let again: Vec<Value> = legal.events[range].to_vec();
            for (at, event) in (end..).zip(again) {
                let name = kind(&event).to_owned();
                let same = event.get(member(&name)).cloned().unwrap_or_default();
                legal.insert_after(at, &name, same);
            }
            for later in &mut legal.events[end + 1..] {
                later["timestamp"] = json!(1_900_000_000.25);
            }
            true
        },
    },
    Operator {
        name: "Retry is not used",
        rules: &["ERR-10"],
        edit: |legal| {
            let again = (1..legal.events.len()).find(|at| {
                kind(&legal.events[*at]).ends_with("Scheduled") && ends(&legal.events[at - 1], false)
            });
            let Some(again) = again.filter(|_| legal.linear()) else { return false };
            let (error, cause) = (
                legal.events[again - 1][member(kind(&legal.events[again - 1]))]["error"].clone(),
                legal.events[again - 1][member(kind(&legal.events[again - 1]))]["cause"].clone(),
            );
            legal.events.truncate(again);
            legal.insert_after(again - 1, "ExecutionFailed", json!({ "error": error, "cause": cause }));
            true
        },
    },
    Operator {
        name: "a Wait that does not wait",
        rules: &["HIS-29"],
        edit: |legal| {
            let at =
                exit_of(legal, "Wait").filter(|_| legal.definition.to_string().contains("\"Seconds\":8"));
            if let Some(at) = at {
                legal.events[at]["timestamp"] = legal.events[at - 1]["timestamp"].clone();
            }
            at.is_some()
        },
    },
    Operator {
        name: "the machine times out at once",
        rules: &["TMO-06"],
        edit: |legal| {
            let at = legal.of("ExecutionTimedOut");
            if let Some(at) = at {
                legal.events[at]["timestamp"] = legal.events[at - 1]["timestamp"].clone();
            }
            at.is_some()
        },
    },
];
