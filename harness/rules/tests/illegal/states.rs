//! States and the data between them (HIS-11 to HIS-13, HIS-22, HIS-23).

use serde_json::json;

use super::Operator;
use crate::legal::{details, ends, exit_of, is_entered, is_exited, kind, text};

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "an exit is missing",
        rules: &["HIS-11"],
        edit: |legal| {
            let at = legal
                .find(|event| is_exited(event) && !kind(event).starts_with("Fail"))
                .filter(|_| legal.linear());
            let at = at.filter(|at| legal.events.get(at + 1).is_some_and(is_entered));
            if let Some(at) = at {
                legal.drop(at);
            }
            at.is_some()
        },
    },
    Operator {
        name: "an exit without entering",
        rules: &["HIS-11"],
        edit: |legal| {
            let at = legal.find(|event| is_entered(event) && event["id"] != 2).filter(|_| legal.linear());
            let at = at.filter(|at| legal.events.get(at + 1).is_some_and(is_exited));
            if let Some(at) = at {
                legal.drop(at);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a state is left under another name",
        rules: &["HIS-11"],
        edit: |legal| {
            let at = legal.find(is_exited);
            if let Some(at) = at {
                details(&mut legal.events[at])["name"] = json!("Nobody");
            }
            at.is_some()
        },
    },
    Operator {
        name: "a state is left as another type",
        rules: &["HIS-11"],
        edit: |legal| {
            let at = exit_of(legal, "Task").or_else(|| exit_of(legal, "Pass"));
            if let Some(at) = at {
                legal.events[at]["type"] = json!("SucceedStateExited");
            }
            at.is_some()
        },
    },
    Operator {
        name: "a state is left twice",
        rules: &["HIS-11"],
        edit: |legal| {
            let at = legal.find(is_exited);
            if let Some(at) = at {
                let (name, same) =
                    (kind(&legal.events[at]).to_owned(), details(&mut legal.events[at]).clone());
                legal.insert_after(at, &name, same);
            }
            at.is_some()
        },
    },
    Operator {
        name: "an input that nobody gave",
        rules: &["HIS-12"],
        edit: |legal| {
            let at = legal
                .find(|event| is_entered(event) && event["id"].as_u64().is_some_and(|id| id > 2))
                .filter(|_| legal.linear());
            if let Some(at) = at {
                details(&mut legal.events[at])["input"] = json!("{\"never\":\"given\"}");
            }
            at.is_some()
        },
    },
    Operator {
        name: "the first input is another",
        rules: &["HIS-12"],
        edit: |legal| {
            let fits = legal.events.get(1).is_some_and(is_entered);
            if fits {
                details(&mut legal.events[1])["input"] = json!("{\"never\":\"given\"}");
            }
            fits
        },
    },
    Operator {
        name: "the execution gives another output",
        rules: &["HIS-12"],
        edit: |legal| {
            let at = legal.of("ExecutionSucceeded");
            if let Some(at) = at {
                details(&mut legal.events[at])["output"] = json!("[\"another\"]");
            }
            at.is_some()
        },
    },
    Operator {
        name: "an output is missing",
        rules: &["HIS-12"],
        edit: |legal| {
            let at = legal.find(is_exited);
            if let Some(at) = at {
                details(&mut legal.events[at]).as_object_mut().unwrap().remove("output");
            }
            at.is_some()
        },
    },
    Operator {
        name: "a state that the definition does not have",
        rules: &["HIS-13"],
        edit: |legal| {
            let at = legal.events.iter().rposition(is_entered);
            if let Some(at) = at {
                let name = text(&legal.events[at], "name").to_owned();
                for event in legal
                    .events
                    .iter_mut()
                    .filter(|event| (is_entered(event) || is_exited(event)) && text(event, "name") == name)
                {
                    details(event)["name"] = json!("Elsewhere");
                }
            }
            at.is_some()
        },
    },
    Operator {
        name: "another state of the definition",
        rules: &["HIS-13"],
        edit: |legal| {
            let names: Vec<String> =
                legal.definition["States"].as_object().unwrap().keys().cloned().collect();
            let at = legal
                .events
                .iter()
                .rposition(|event| is_entered(event) && event["id"].as_u64().is_some_and(|id| id > 2))
                .filter(|_| legal.linear());
            let Some(at) = at else { return false };
            let name = text(&legal.events[at], "name").to_owned();
            let Some(other) = names.into_iter().find(|other| *other != name) else { return false };
            for event in &mut legal.events[at..] {
                if is_entered(event) || is_exited(event) {
                    details(event)["name"] = json!(other);
                }
            }
            true
        },
    },
    Operator {
        name: "a transition is skipped",
        rules: &["HIS-13"],
        edit: |legal| {
            let at = legal
                .find(|event| {
                    kind(event) == "PassStateEntered" && event["id"].as_u64().is_some_and(|id| id > 2)
                })
                .filter(|_| legal.linear());
            let at = at
                .filter(|at| legal.events.get(at + 1).is_some_and(is_exited) && at + 2 < legal.events.len());
            if let Some(at) = at {
                legal.drop(at + 1);
                legal.drop(at);
            }
            at.is_some()
        },
    },
    Operator {
        name: "an uncaught failure leaves its state",
        rules: &["HIS-22"],
        edit: |legal| {
            let at = legal
                .find(|event| ends(event, false))
                .filter(|at| legal.events.get(at + 1).is_some_and(|event| kind(event) == "ExecutionFailed"));
            let Some(at) = at else { return false };
            let entered = legal.events[..at].iter().rposition(is_entered).unwrap();
            let name = text(&legal.events[entered], "name").to_owned();
            legal.insert_after(at, "TaskStateExited", json!({ "name": name, "output": "{}" }));
            true
        },
    },
    Operator {
        name: "a Fail state is left",
        rules: &["HIS-23"],
        edit: |legal| {
            let at = legal.of("FailStateEntered");
            if let Some(at) = at {
                let name = text(&legal.events[at], "name").to_owned();
                legal.insert_after(at, "PassStateExited", json!({ "name": name, "output": "{}" }));
            }
            at.is_some()
        },
    },
    Operator {
        name: "a state follows a Fail state",
        rules: &["HIS-23"],
        edit: |legal| {
            let at = legal.of("FailStateEntered").filter(|_| legal.linear());
            if let Some(at) = at {
                legal.insert_after(at, "PassStateEntered", json!({ "name": "After", "input": "{}" }));
            }
            at.is_some()
        },
    },
];
