//! The list itself: ids, order, links, first and last events, time (HIS-01 to HIS-09).

use serde_json::{Value, json};

use super::Operator;
use crate::legal::{details, is_entered, kind};

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "drop an event",
        rules: &["HIS-01"],
        edit: |legal| {
            let fits = legal.events.len() > 3;
            if fits {
                legal.events.remove(legal.events.len() / 2);
            }
            fits
        },
    },
    Operator {
        name: "duplicate an event",
        rules: &["HIS-01"],
        edit: |legal| {
            let at = legal.events.len() / 2;
            legal.events.insert(at, legal.events[at].clone());
            true
        },
    },
    Operator {
        name: "swap two neighbours",
        rules: &["GEH-01", "HIS-01"],
        edit: |legal| {
            let fits = legal.events.len() > 3;
            if fits {
                legal.events.swap(1, 2);
            }
            fits
        },
    },
    Operator {
        name: "number from zero",
        rules: &["HIS-01"],
        edit: |legal| {
            for event in &mut legal.events {
                event["id"] = json!(event["id"].as_u64().unwrap() - 1);
            }
            true
        },
    },
    Operator {
        name: "leave a gap in the ids",
        rules: &["HIS-01"],
        edit: |legal| {
            let last = legal.events.last_mut().unwrap();
            last["id"] = json!(last["id"].as_u64().unwrap() + 1);
            true
        },
    },
    Operator {
        name: "point at itself",
        rules: &["HIS-02"],
        edit: |legal| {
            let last = legal.events.last_mut().unwrap();
            last["previousEventId"] = last["id"].clone();
            true
        },
    },
    Operator {
        name: "point at a later event",
        rules: &["HIS-02"],
        edit: |legal| {
            let fits = legal.events.len() > 3;
            if fits {
                legal.events[2]["previousEventId"] = json!(4);
            }
            fits
        },
    },
    Operator {
        name: "the first event points at something",
        rules: &["HIS-03"],
        edit: |legal| {
            legal.events[0]["previousEventId"] = json!(1);
            true
        },
    },
    Operator {
        name: "the first state points at ExecutionStarted",
        rules: &["HIS-03"],
        edit: |legal| {
            let fits = legal.events.get(1).is_some_and(is_entered);
            if fits {
                legal.events[1]["previousEventId"] = json!(1);
            }
            fits
        },
    },
    Operator {
        name: "retarget a link in a linear machine",
        rules: &["HIS-04"],
        edit: |legal| {
            let late = |event: &Value| {
                event["id"].as_u64().is_some_and(|id| id > 3)
                    && kind(event) != "TaskSubmitted"
                    && event["previousEventId"] != 0
            };
            let at = legal.find(late).filter(|_| legal.linear());
            if let Some(at) = at {
                legal.events[at]["previousEventId"] = json!(legal.events[at]["id"].as_u64().unwrap() - 2);
            }
            at.is_some()
        },
    },
    Operator {
        name: "all links are zero",
        rules: &["HIS-04", "HIS-26"],
        edit: |legal| {
            let fits = legal.events.len() > 4 && legal.of("ExecutionRedriven").is_none();
            for event in &mut legal.events {
                event["previousEventId"] = json!(0);
            }
            fits
        },
    },
    Operator {
        name: "a stop points at the event before it",
        rules: &["HIS-04"],
        edit: |legal| {
            let at = legal.find(|event| matches!(kind(event), "ExecutionAborted" | "ExecutionTimedOut"));
            if let Some(at) = at {
                legal.events[at]["previousEventId"] = json!(at);
            }
            at.is_some()
        },
    },
    Operator {
        name: "no ExecutionStarted",
        rules: &["HIS-05"],
        edit: |legal| {
            let fits = legal.events.len() > 1;
            legal.drop(0);
            fits
        },
    },
    Operator {
        name: "no role",
        rules: &["HIS-05"],
        edit: |legal| details(&mut legal.events[0]).as_object_mut().unwrap().remove("roleArn").is_some(),
    },
    Operator {
        name: "no input",
        rules: &["HIS-05"],
        edit: |legal| {
            let fits = legal.events.len() > 1;
            details(&mut legal.events[0]).as_object_mut().unwrap().remove("input");
            fits
        },
    },
    Operator {
        name: "ExecutionStarted again",
        rules: &["HIS-05"],
        edit: |legal| {
            let again = details(&mut legal.events[0]).clone();
            let fits = legal.events.len() > 2;
            if fits {
                legal.insert_after(1, "ExecutionStarted", again);
            }
            fits
        },
    },
    Operator {
        name: "two ends",
        rules: &["HIS-06"],
        edit: |legal| {
            let at = legal.of("ExecutionSucceeded");
            if let Some(at) = at {
                let same = details(&mut legal.events[at]).clone();
                legal.insert_after(at, "ExecutionSucceeded", same);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a state after the end",
        rules: &["HIS-06"],
        edit: |legal| {
            let at = legal.of("ExecutionFailed").filter(|_| legal.of("ExecutionRedriven").is_none());
            if let Some(at) = at {
                legal.insert_after(at, "PassStateEntered", json!({ "name": "More", "input": "{}" }));
            }
            at.is_some()
        },
    },
    Operator {
        name: "a success that is called a failure",
        rules: &["HIS-06"],
        edit: |legal| {
            let at = legal.of("ExecutionSucceeded");
            if let Some(at) = at {
                let event = &mut legal.events[at];
                event.as_object_mut().unwrap().remove("executionSucceededEventDetails");
                event["type"] = json!("ExecutionFailed");
                event["executionFailedEventDetails"] = json!({ "error": "E" });
            }
            at.is_some()
        },
    },
    Operator {
        name: "a failure that is called a success",
        rules: &["HIS-06", "HIS-11"],
        edit: |legal| {
            let at = legal.of("ExecutionFailed").filter(|_| legal.events.len() > 2);
            if let Some(at) = at {
                let event = &mut legal.events[at];
                event.as_object_mut().unwrap().remove("executionFailedEventDetails");
                event["type"] = json!("ExecutionSucceeded");
                event["executionSucceededEventDetails"] =
                    json!({ "output": "{}", "outputDetails": { "truncated": false } });
            }
            at.is_some()
        },
    },
    Operator {
        name: "time runs backwards",
        rules: &["HIS-08"],
        edit: |legal| {
            let at = legal.events.len() - 1;
            legal.events[at]["timestamp"] = json!(1_000_000_000.5);
            at > 0
        },
    },
];
