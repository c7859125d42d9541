//! Values that the definition or the failure determines (IO, ERR-05 to ERR-07, HIS-29).

use serde_json::{Value, json};

use super::Operator;
use crate::legal::{details, ends, exit_of, is_entered, is_exited, kind, text};

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "other parameters",
        rules: &["IO-01"],
        edit: |legal| {
            let at = legal.of("TaskScheduled");
            if let Some(at) = at {
                details(&mut legal.events[at])["parameters"] = json!("{\"Other\":\"parameters\"}");
            }
            at.is_some()
        },
    },
    Operator {
        name: "another Catcher's state",
        rules: &["ERR-05", "HIS-13"],
        edit: |legal| {
            let at = legal
                .find(|event| ends(event, false))
                .filter(|at| legal.events.get(at + 1).is_some_and(is_exited));
            let Some(at) = at.map(|at| at + 2).filter(|at| legal.events.get(*at).is_some_and(is_entered))
            else {
                return false;
            };
            details(&mut legal.events[at])["name"] = json!("Unforeseen");
            if legal.events.get(at + 1).is_some_and(is_exited) {
                details(&mut legal.events[at + 1])["name"] = json!("Unforeseen");
            }
            true
        },
    },
    Operator {
        name: "another error output",
        rules: &["ERR-07"],
        edit: |legal| {
            let at = legal
                .find(|event| ends(event, false))
                .filter(|at| legal.events.get(at + 1).is_some_and(is_exited));
            if let Some(at) = at {
                legal.hand_on(at + 1, "{\"Error\":\"Other\",\"Cause\":\"other\"}");
            }
            at.is_some()
        },
    },
    Operator {
        name: "the execution fails with another error",
        rules: &["ERR-06"],
        edit: |legal| {
            let at = legal.of("ExecutionFailed").filter(|at| ends(&legal.events[at - 1], false));
            if let Some(at) = at {
                details(&mut legal.events[at])["error"] = json!("Other");
            }
            at.is_some()
        },
    },
    Operator {
        name: "the execution fails with another cause",
        rules: &["ERR-06"],
        edit: |legal| {
            let at = legal.of("ExecutionFailed").filter(|at| {
                ends(&legal.events[at - 1], false) || kind(&legal.events[at - 1]) == "FailStateEntered"
            });
            let at = at.filter(|_| !legal.definition.to_string().contains("CausePath"));
            if let Some(at) = at {
                details(&mut legal.events[at])["cause"] = json!("something else");
            }
            at.is_some()
        },
    },
    Operator {
        name: "a state gives another output",
        rules: &["HIS-29"],
        edit: |legal| {
            let at = exit_of(legal, "Pass")
                .or_else(|| exit_of(legal, "Wait"))
                .or_else(|| exit_of(legal, "Choice"))
                .filter(|_| legal.linear());
            if let Some(at) = at {
                legal.hand_on(at, "{\"another\":\"output\"}");
            }
            at.is_some()
        },
    },
    Operator {
        name: "a task gives another output",
        rules: &["IO-04"],
        edit: |legal| {
            let at = legal
                .find(|event| ends(event, true))
                .filter(|at| legal.events.get(at + 1).is_some_and(is_exited));
            if let Some(at) = at {
                legal.hand_on(at + 1, "{\"another\":\"output\"}");
            }
            at.is_some()
        },
    },
    Operator {
        name: "a result that the output does not show",
        rules: &["IO-04"],
        edit: |legal| {
            let at = legal
                .find(|event| ends(event, true))
                .filter(|at| legal.events.get(at + 1).is_some_and(is_exited));
            let Some(at) = at else { return false };
            let shown = text(&legal.events[at + 1], "output").contains(text(&legal.events[at], "output"));
            let mut other: Value =
                serde_json::from_str(text(&legal.events[at], "output")).unwrap_or_default();
            match &mut other {
                Value::Object(members) => drop(members.insert("another".to_owned(), json!("member"))),
                other => *other = json!("another result"),
            }
            if shown {
                details(&mut legal.events[at])["output"] = json!(other.to_string());
            }
            shown
        },
    },
    Operator {
        name: "another value is assigned",
        rules: &["HIS-29"],
        edit: |legal| {
            let at = legal.find(|event| event["stateExitedEventDetails"].get("assignedVariables").is_some());
            if let Some(at) = at {
                let variables =
                    legal.events[at]["stateExitedEventDetails"]["assignedVariables"].as_object_mut().unwrap();
                for (_, value) in variables {
                    *value = json!("\"another value\"");
                }
            }
            at.is_some()
        },
    },
    Operator {
        name: "a variable that is not assigned",
        rules: &["HIS-29"],
        edit: |legal| {
            let at = legal.find(|event| event["stateExitedEventDetails"].get("assignedVariables").is_some());
            let at = at.filter(|_| legal.of("EvaluationFailed").is_none());
            if let Some(at) = at {
                details(&mut legal.events[at]).as_object_mut().unwrap().remove("assignedVariables");
            }
            at.is_some()
        },
    },
    Operator {
        name: "an input that is cut",
        rules: &["GEH-09"],
        edit: |legal| {
            let at = legal.find(|event| {
                is_entered(event) && event["stateEnteredEventDetails"].get("inputDetails").is_some()
            });
            if let Some(at) = at {
                details(&mut legal.events[at])["inputDetails"] = json!({ "truncated": true });
            }
            at.is_some()
        },
    },
];
