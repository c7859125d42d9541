//! Parallel, Map, limits and redrives (HIS-24, HIS-26, HIS-27, RED).

use serde_json::{Value, json};

use super::Operator;
use crate::legal::{details, exit_of, is_entered, is_exited, kind};

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "event 25,001",
        rules: &["HIS-24"],
        edit: |legal| {
            let last = legal.events.last_mut().unwrap();
            last["id"] = json!(25_001);
            true
        },
    },
    Operator {
        name: "an iteration starts twice",
        rules: &["HIS-26"],
        edit: |legal| {
            let at = legal.find(|event| {
                kind(event) == "MapIterationStarted" && event["mapIterationStartedEventDetails"]["index"] == 1
            });
            if let Some(at) = at {
                details(&mut legal.events[at])["index"] = json!(0);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a Map with another length",
        rules: &["HIS-26"],
        edit: |legal| {
            let at = legal.of("MapStateStarted").filter(|_| {
                legal.of("MapIterationStarted").is_some() && legal.of("MapStateSucceeded").is_some()
            });
            if let Some(at) = at {
                let length = details(&mut legal.events[at])["length"].as_u64().unwrap();
                details(&mut legal.events[at])["length"] = json!(length + 1);
            }
            at.is_some()
        },
    },
    Operator {
        name: "an iteration of another Map",
        rules: &["HIS-26"],
        edit: |legal| {
            let at = legal.of("MapIterationStarted");
            if let Some(at) = at {
                details(&mut legal.events[at])["name"] = json!("OtherMap");
            }
            at.is_some()
        },
    },
    Operator {
        name: "a Map succeeds before its iterations",
        rules: &["HIS-26"],
        edit: |legal| {
            let at = legal.events.iter().rposition(|event| kind(event) == "MapIterationSucceeded");
            let at = at.filter(|at| {
                legal.events.get(at + 1).is_some_and(|event| kind(event) == "MapStateSucceeded")
                    && legal.of("ExecutionRedriven").is_none()
            });
            if let Some(at) = at {
                legal.drop(at);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a link into another branch",
        rules: &["HIS-26"],
        edit: |legal| {
            let started =
                legal.find(|event| matches!(kind(event), "ParallelStateStarted" | "MapStateStarted"));
            let Some(started) = started.map(|at| legal.events[at]["id"].clone()) else { return false };
            let firsts: Vec<usize> = (0..legal.events.len())
                .filter(|at| legal.events[*at]["previousEventId"] == started)
                .collect();
            let [first, second, ..] = firsts.as_slice() else { return false };
            if is_exited(&legal.events[*second]) || kind(&legal.events[*second]) == "MapStateSucceeded" {
                return false;
            }
            legal.events[*second]["previousEventId"] = legal.events[*first]["id"].clone();
            true
        },
    },
    Operator {
        name: "a Map fails without its iteration",
        rules: &["HIS-26"],
        edit: |legal| {
            let at = legal.of("MapIterationFailed").filter(|_| legal.of("MapStateFailed").is_some());
            if let Some(at) = at {
                legal.drop(at);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a branch fails without its Parallel or Map",
        rules: &["HIS-27"],
        edit: |legal| {
            let at = legal.find(|event| matches!(kind(event), "MapStateFailed" | "ParallelStateFailed"));
            let at = at
                .filter(|at| legal.events.get(at + 1).is_some_and(|event| kind(event) == "ExecutionFailed"));
            let at = at.filter(|_| {
                legal.of("EvaluationFailed").is_none() && legal.of("ExecutionRedriven").is_none()
            });
            if let Some(at) = at {
                legal.drop(at);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a Parallel points at its closing event",
        rules: &["HIS-26"],
        edit: |legal| {
            let at = legal.of("ParallelStateExited").filter(|_| legal.of("ParallelStateSucceeded").is_some());
            if let Some(at) = at {
                legal.events[at]["previousEventId"] = json!(1);
            }
            at.is_some()
        },
    },
    Operator {
        name: "the failing Task is not aborted",
        rules: &["HIS-27"],
        edit: |legal| {
            let fits = legal.of("ParallelStateFailed").is_some()
                && legal.of("TaskStateAborted").is_some()
                && legal.of("FailStateEntered").is_none();
            while let (true, Some(at)) = (fits, legal.of("TaskStateAborted")) {
                legal.drop(at);
            }
            fits
        },
    },
    Operator {
        name: "a state is aborted although none is open",
        rules: &["HIS-27"],
        edit: |legal| {
            let at = exit_of(legal, "Task").filter(|_| legal.linear());
            if let Some(at) = at {
                legal.insert_after(at, "TaskStateAborted", Value::Null);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a redrive in the middle",
        rules: &["RED-05"],
        edit: |legal| {
            let at = legal.find(is_entered);
            if let Some(at) = at {
                legal.insert_after(at, "ExecutionRedriven", json!({ "redriveCount": 1 }));
            }
            at.is_some()
        },
    },
    Operator {
        name: "redrives are miscounted",
        rules: &["RED-05"],
        edit: |legal| {
            let at = legal.of("ExecutionRedriven");
            if let Some(at) = at {
                details(&mut legal.events[at])["redriveCount"] = json!(4);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a success is redriven",
        rules: &["RED-01"],
        edit: |legal| {
            let at = legal.of("ExecutionSucceeded");
            if let Some(at) = at {
                legal.insert_after(at, "ExecutionRedriven", json!({ "redriveCount": 1 }));
            }
            at.is_some()
        },
    },
];
