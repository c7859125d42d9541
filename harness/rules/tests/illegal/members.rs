//! Detail members (HIS-10).

use serde_json::json;

use super::Operator;
use crate::legal::{details, ends, is_entered, is_exited, kind, member};

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "details of another type",
        rules: &["HIS-10"],
        edit: |legal| {
            let at = legal.find(|event| ends(event, true));
            if let Some(at) = at {
                legal.events[at]["taskFailedEventDetails"] = json!({ "error": "E" });
            }
            at.is_some() && at.is_none_or(|at| kind(&legal.events[at]) != "TaskFailed")
        },
    },
    Operator {
        name: "details where the type has none",
        rules: &["HIS-10"],
        edit: |legal| {
            let at = legal.find(|event| member(kind(event)) == "none");
            if let Some(at) = at {
                legal.events[at]["taskStartedEventDetails"] = json!({ "resource": "r", "resourceType": "t" });
            }
            at.is_some()
        },
    },
    Operator {
        name: "an extra member in the details",
        rules: &["HIS-10"],
        edit: |legal| {
            let at = legal.find(is_exited);
            if let Some(at) = at {
                details(&mut legal.events[at])["resource"] = json!("publish");
            }
            at.is_some()
        },
    },
    Operator {
        name: "an error that is no text",
        rules: &["HIS-10"],
        edit: |legal| {
            let at = legal.find(|event| ends(event, false));
            if let Some(at) = at {
                details(&mut legal.events[at])["error"] = json!(7);
            }
            at.is_some()
        },
    },
    Operator {
        name: "a state without a name",
        rules: &["HIS-10"],
        edit: |legal| {
            let at = legal.find(is_entered);
            if let Some(at) = at {
                details(&mut legal.events[at]).as_object_mut().unwrap().remove("name");
            }
            at.is_some()
        },
    },
    Operator {
        name: "an error of 300 characters",
        rules: &["HIS-10"],
        edit: |legal| {
            let at = legal.find(|event| ends(event, false));
            if let Some(at) = at {
                details(&mut legal.events[at])["error"] = json!("e".repeat(300));
            }
            at.is_some()
        },
    },
];
