//! Attempts of Task states (HIS-14 to HIS-21, HIS-28).

use serde_json::{Value, json};

use super::Operator;
use crate::legal::{details, ends, kind, member, text};

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "an attempt does not start",
        rules: &["HIS-14", "HIS-15"],
        edit: |legal| {
            let at = legal.find(|event| {
                matches!(kind(event), "TaskStarted" | "ActivityStarted" | "LambdaFunctionStarted")
            });
            let at = at.filter(|at| {
                legal.events.get(at + 1).is_some_and(|next| {
                    kind(next) == "TaskSubmitted" || ends(next, true) || kind(next).ends_with("Failed")
                })
            });
            if let Some(at) = at {
                legal.drop(at);
            }
            at.is_some()
        },
    },
    Operator {
        name: "an attempt ends twice",
        rules: &["HIS-14", "HIS-15"],
        edit: |legal| {
            let at = legal.find(|event| ends(event, true) || ends(event, false));
            if let Some(at) = at {
                let (name, same) =
                    (kind(&legal.events[at]).to_owned(), details(&mut legal.events[at]).clone());
                legal.insert_after(at, &name, same);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a task is left without an end",
        rules: &["HIS-14", "HIS-15"],
        edit: |legal| {
            let at = legal.find(|event| ends(event, true));
            if let Some(at) = at {
                legal.drop(at);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a job ends before it was submitted",
        rules: &["HIS-14"],
        edit: |legal| {
            let at = legal
                .find(|event| kind(event) == "TaskSubmitted" && text(event, "resource").contains(".sync"));
            let at = at.filter(|at| kind(&legal.events[at + 1]) == "TaskSucceeded");
            if let Some(at) = at {
                legal.drop(at);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a request is submitted",
        rules: &["HIS-15"],
        edit: |legal| {
            let at =
                legal.find(|event| kind(event) == "TaskStarted" && !text(event, "resource").contains('.'));
            if let Some(at) = at {
                let mut same = details(&mut legal.events[at]).clone();
                same["output"] = json!("{}");
                legal.insert_after(at, "TaskSubmitted", same);
            }
            at.is_some()
        },
    },
    Operator {
        name: "one event names another resource",
        rules: &["HIS-16"],
        edit: |legal| {
            let at = legal.of("TaskStarted");
            if let Some(at) = at {
                details(&mut legal.events[at])["resource"] = json!("receiveMessage");
            }
            at.is_some()
        },
    },
    Operator {
        name: "the task asks another service",
        rules: &["HIS-16"],
        edit: |legal| {
            let fits = legal.of("TaskScheduled").is_some();
            for event in legal
                .events
                .iter_mut()
                .filter(|event| event[member(kind(event))].get("resourceType").is_some())
            {
                details(event)["resourceType"] = json!("elsewhere");
            }
            fits
        },
    },
    Operator {
        name: "no region",
        rules: &["HIS-17"],
        edit: |legal| {
            let at = legal.of("TaskScheduled");
            if let Some(at) = at {
                details(&mut legal.events[at]).as_object_mut().unwrap().remove("region");
            }
            at.is_some()
        },
    },
    Operator {
        name: "parameters that are no JSON",
        rules: &["HIS-17"],
        edit: |legal| {
            let at = legal.of("TaskScheduled");
            if let Some(at) = at {
                details(&mut legal.events[at])["parameters"] = json!("{broken");
            }
            at.is_some()
        },
    },
    Operator {
        name: "a timeout of zero",
        rules: &["HIS-17"],
        edit: |legal| {
            let at = legal.of("TaskScheduled");
            if let Some(at) = at {
                details(&mut legal.events[at])["timeoutInSeconds"] = json!(0);
            }
            at.is_some()
        },
    },
    Operator {
        name: "no MessageId",
        rules: &["HIS-18"],
        edit: |legal| {
            let at = legal.find(|event| {
                kind(event) == "TaskSubmitted" && matches!(text(event, "resourceType"), "sqs" | "sns")
            });
            if let Some(at) = at {
                details(&mut legal.events[at])["output"] = json!("{\"SdkResponseMetadata\":{}}");
            }
            at.is_some()
        },
    },
    Operator {
        name: "a result that is no JSON",
        rules: &["HIS-19"],
        edit: |legal| {
            let at = legal.find(|event| ends(event, true));
            if let Some(at) = at {
                details(&mut legal.events[at])["output"] = json!("plain text");
            }
            at.is_some()
        },
    },
    Operator {
        name: "a retry uses the old token",
        rules: &["HIS-21"],
        edit: |legal| {
            let wanted = |event: &&Value| {
                kind(event) == "TaskScheduled" && text(event, "resource").ends_with("waitForTaskToken")
            };
            let schedules: Vec<Value> = legal.events.iter().filter(wanted).cloned().collect();
            let [first, second, ..] = schedules.as_slice() else { return false };
            if first["taskScheduledEventDetails"]["parameters"]
                .as_str()
                .is_none_or(|text| !text.to_lowercase().contains("token"))
            {
                return false;
            }
            let (old, id) = (text(first, "parameters").to_owned(), second["id"].clone());
            let same_shape = old.len() == text(second, "parameters").len();
            let at = legal.find(|event| event["id"] == id).unwrap();
            if same_shape {
                details(&mut legal.events[at])["parameters"] = json!(old);
            }
            same_shape
        },
    },
    Operator {
        name: "an activity is written as a function",
        rules: &["HIS-28"],
        edit: |legal| {
            let at = legal.of("ActivityScheduled");
            if let Some(at) = at {
                let mut same = details(&mut legal.events[at]).take();
                same.as_object_mut().unwrap().remove("heartbeatInSeconds");
                let event = legal.events[at].as_object_mut().unwrap();
                event.remove("activityScheduledEventDetails");
                event.insert("type".to_owned(), json!("LambdaFunctionScheduled"));
                event.insert("lambdaFunctionScheduledEventDetails".to_owned(), same);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a function starts like an activity",
        rules: &["HIS-28"],
        edit: |legal| {
            let at = legal.of("LambdaFunctionStarted");
            if let Some(at) = at {
                legal.events[at]["type"] = json!("ActivityStarted");
            }
            at.is_some()
        },
    },
];
