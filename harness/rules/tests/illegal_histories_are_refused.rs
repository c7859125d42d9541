//! Illegal histories made of legal ones: each operator breaks one rule, and the audit must name that rule.
//!
//! The legal ones are `fixtures/histories/good` and, where present, the recordings. An operator says when it does not apply;
//! each must apply at least once.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod recordings_loader;

use std::path::Path;

use rules::audit::audit;
use serde_json::{Value, json};

/// A legal history and its definition.
#[derive(Clone)]
struct Legal {
    name: String,
    events: Vec<Value>,
    definition: Value,
}

/// Breaks a history in place; false where it does not apply.
type Edit = fn(&mut Legal) -> bool;

struct Operator {
    name: &'static str,
    /// The rules of which one must be named: more than one only where the break is one of several.
    rules: &'static [&'static str],
    edit: Edit,
}

fn kind(event: &Value) -> &str {
    event["type"].as_str().unwrap_or_default()
}

fn member(kind: &str) -> &'static str {
    record::history::detail_member(kind).unwrap_or("none")
}

fn details(event: &mut Value) -> &mut Value {
    let member = member(kind(event));
    &mut event[member]
}

fn text<'e>(event: &'e Value, name: &str) -> &'e str {
    event[member(kind(event))][name].as_str().unwrap_or_default()
}

impl Legal {
    fn find(&self, wanted: impl Fn(&Value) -> bool) -> Option<usize> {
        self.events.iter().position(wanted)
    }

    fn of(&self, wanted: &str) -> Option<usize> {
        self.find(|event| kind(event) == wanted)
    }

    fn linear(&self) -> bool {
        !self.events.iter().any(|event| kind(event).starts_with("Map") || kind(event).starts_with("Parallel"))
            && self.of("ExecutionRedriven").is_none()
            && self.of("EvaluationFailed").is_none()
            && self.events.iter().skip(2).all(|event| {
                let (id, previous) = (event["id"].as_u64(), event["previousEventId"].as_u64());
                previous == Some(0) || id.zip(previous).is_some_and(|(id, previous)| previous + 1 == id)
            })
    }

    /// Takes an event out; what pointed at it points at what it pointed at, and the ids are closed up.
    fn drop(&mut self, at: usize) {
        let gone = self.events.remove(at);
        for event in &mut self.events {
            if event["previousEventId"] == gone["id"] {
                event["previousEventId"] = gone["previousEventId"].clone();
            }
        }
        self.renumber();
    }

    /// Puts an event in behind another; what pointed at that one points at the new one.
    fn insert_after(&mut self, at: usize, kind: &str, details: Value) {
        let before = self.events[at].clone();
        let mut event = json!({ "type": kind, "id": 999_999, "previousEventId": before["id"], "timestamp": before["timestamp"] });
        if member(kind) != "none" {
            event[member(kind)] = details;
        }
        for later in &mut self.events[at + 1..] {
            if later["previousEventId"] == before["id"] {
                later["previousEventId"] = json!(999_999);
            }
        }
        self.events.insert(at + 1, event);
        self.renumber();
    }

    fn renumber(&mut self) {
        let old: Vec<Value> = self.events.iter().map(|event| event["id"].clone()).collect();
        for (index, event) in self.events.iter_mut().enumerate() {
            let link = old.iter().position(|id| *id == event["previousEventId"]);
            event["id"] = json!(index + 1);
            if event["previousEventId"] != 0 {
                event["previousEventId"] = json!(link.map_or(0, |link| link + 1));
            }
        }
    }

    /// Changes data that one event hands to the next, so that the chain of data still holds.
    fn hand_on(&mut self, at: usize, value: &str) {
        details(&mut self.events[at])["output"] = json!(value);
        let id = self.events[at]["id"].clone();
        if let Some(next) = self.events.iter_mut().find(|event| event["previousEventId"] == id) {
            let member = if kind(next) == "ExecutionSucceeded" { "output" } else { "input" };
            details(next)[member] = json!(value);
        }
    }
}

/// An event that ends an attempt.
fn ends(event: &Value, ok: bool) -> bool {
    let stem = kind(event)
        .strip_prefix("LambdaFunction")
        .or_else(|| kind(event).strip_prefix("Activity"))
        .or_else(|| kind(event).strip_prefix("Task"));
    match stem {
        Some("Succeeded") => ok,
        Some("Failed" | "TimedOut") => !ok,
        _ => false,
    }
}

fn is_entered(event: &Value) -> bool {
    kind(event).ends_with("StateEntered")
}

fn is_exited(event: &Value) -> bool {
    kind(event).ends_with("StateExited")
}

fn exit_of(legal: &Legal, of: &str) -> Option<usize> {
    legal.find(|event| kind(event) == format!("{of}StateExited"))
}

/// The attempt events from one TaskScheduled to its end, as positions.
fn attempt(legal: &Legal, scheduled: usize) -> Option<std::ops::RangeInclusive<usize>> {
    let end = legal.events[scheduled..].iter().position(|event| ends(event, true) || ends(event, false))?
        + scheduled;
    Some(scheduled..=end)
}

const OPERATORS: &[Operator] = &[
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
        rules: &["HIS-06"],
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
        name: "an attempt does not start",
        rules: &["HIS-14", "HIS-15"],
        edit: |legal| {
            let at = legal.find(|event| {
                matches!(kind(event), "TaskStarted" | "ActivityStarted" | "LambdaFunctionStarted")
            });
            let at = at.filter(|at| at + 1 < legal.events.len());
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
                details(event)["resourceType"] = json!("batch");
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
            let at = at.filter(|_| legal.of("EvaluationFailed").is_none());
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
            let fits = legal.of("ParallelStateFailed").is_some() && legal.of("TaskStateAborted").is_some();
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
            if let Some(at) = at {
                details(&mut legal.events[at]).as_object_mut().unwrap().remove("assignedVariables");
            }
            at.is_some()
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

fn legal() -> Vec<Legal> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/histories/good");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let own = files.into_iter().map(|path| {
        let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        Legal {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            events: file["events"].as_array().unwrap().clone(),
            definition: file["definition"].clone(),
        }
    });
    let recorded = recordings_loader::recordings().unwrap_or_default();
    let recorded =
        recorded.into_iter().filter(|recording| recording.text().len() < 100_000).map(|recording| Legal {
            name: recording.name,
            events: recording.events,
            definition: serde_json::from_str(&recording.definition).unwrap(),
        });
    own.chain(recorded).collect()
}

#[test]
fn every_illegal_history_is_refused_by_the_rule_it_breaks() {
    assert!(OPERATORS.len() >= 40, "{} operators", OPERATORS.len());
    let legal = legal();
    let mut survivors = Vec::new();
    for operator in OPERATORS {
        let mut applied = 0;
        for history in &legal {
            let mut mutant = history.clone();
            if !(operator.edit)(&mut mutant) {
                continue;
            }
            applied += 1;
            let document = json!({ "events": mutant.events }).to_string();
            let report = audit(&document, Some(&mutant.definition.to_string())).unwrap();
            let broken: Vec<&str> = report.violations.iter().map(|violation| violation.rule).collect();
            if !operator.rules.iter().any(|rule| broken.contains(rule)) {
                survivors.push(format!(
                    "{} on {}: {:?}, not {:?}",
                    operator.name, mutant.name, broken, operator.rules
                ));
            }
        }
        assert!(applied > 0, "{:?} applies to no history", operator.name);
        println!("{applied:4} x {}", operator.name);
    }
    assert!(survivors.is_empty(), "{} survive:\n{}", survivors.len(), survivors.join("\n"));
}
