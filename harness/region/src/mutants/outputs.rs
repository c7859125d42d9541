//! What callbacks carry: outputs, errors, causes and their limits, lost or changed on the way.

use serde_json::{Value, json};

use super::Variant;
use crate::conduct::{Completion, Draft};

fn on_success(completion: Completion, change: fn(String) -> String) -> Completion {
    match completion {
        Completion::Success(output) => Completion::Success(change(output)),
        failure @ Completion::Failure(..) => failure,
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .filter(|(_, v)| !v.is_null())
                .map(|(k, v)| (k.clone(), without_nulls(v)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!("accept-non-json", "an output that is no JSON is accepted", ["TOK-08"], {
        fn refuses_bad_output(&mut self) -> bool {
            false
        }
    }),
    variant!("limits-in-characters", "limits count characters instead of bytes", ["TOK-09", "START-14"], {
        fn measure(&mut self, text: &str) -> usize {
            text.chars().count()
        }
    }),
    variant!(
        "limits-off",
        "inputs and outputs may have any size",
        ["TOK-09", "START-14", "IO-10", "SQS-08"],
        {
            fn measure(&mut self, text: &str) -> usize {
                text.len().min(1)
            }
        }
    ),
    variant!("limits-too-small", "inputs and outputs may have 255,000 bytes", ["TOK-09", "START-14"], {
        fn measure(&mut self, text: &str) -> usize {
            text.len() + 7_144
        }
    }),
    variant!("error-dropped", "the error of SendTaskFailure is lost", ["TOK-11", "HIS-20"], {
        fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
            Some(match completion {
                Completion::Failure(_, cause) => Completion::Failure(None, cause),
                success @ Completion::Success(_) => success,
            })
        }
    }),
    variant!("cause-dropped", "the cause of SendTaskFailure is lost", ["TOK-11", "HIS-20"], {
        fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
            Some(match completion {
                Completion::Failure(error, _) => Completion::Failure(error, None),
                success @ Completion::Success(_) => success,
            })
        }
    }),
    variant!("error-defaulted", "a failure without error is given one", ["TOK-11"], {
        fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
            Some(match completion {
                Completion::Failure(None, cause) => {
                    Completion::Failure(Some("TaskFailed".to_owned()), cause.or(Some(String::new())))
                }
                other => other,
            })
        }
    }),
    variant!("error-lower-cased", "the error of SendTaskFailure loses its capitals", ["TOK-11", "HIS-20"], {
        fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
            Some(match completion {
                Completion::Failure(error, cause) => {
                    Completion::Failure(error.map(|error| error.to_lowercase()), cause)
                }
                success @ Completion::Success(_) => success,
            })
        }
    }),
    variant!(
        "failure-counts-as-success",
        "SendTaskFailure completes the task",
        ["TOK-11", "HIS-20", "TOK-21"],
        {
            fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
                Some(match completion {
                    Completion::Failure(..) => Completion::Success("null".to_owned()),
                    success @ Completion::Success(_) => success,
                })
            }
        }
    ),
    variant!(
        "output-encoded-twice",
        "the output arrives as a string that holds JSON",
        ["TOK-07", "HIS-19"],
        {
            fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
                Some(on_success(completion, |output| Value::String(output).to_string()))
            }
        }
    ),
    variant!("output-emptied", "the output of a callback is lost", ["TOK-07", "HIS-19", "TOK-06"], {
        fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
            Some(on_success(completion, |_| "{}".to_owned()))
        }
    }),
    variant!("output-loses-nulls", "null members of an output are lost", ["IO-08", "TOK-07", "HIS-19"], {
        fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
            Some(on_success(completion, |output| {
                serde_json::from_str::<Value>(&output)
                    .map_or(output, |value| without_nulls(&value).to_string())
            }))
        }
    }),
    variant!(
        "output-loses-letters",
        "letters beyond ASCII in an output become question marks",
        ["IO-08", "HIS-19"],
        {
            fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
                Some(on_success(completion, |output| {
                    output.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
                }))
            }
        }
    ),
    variant!(
        "state-output-wrapped",
        "a Task state hands on its output in an envelope",
        ["IO-04", "IO-05"],
        {
            fn state_output(&mut self, kind: &str, output: &mut Value) {
                if kind == "Task" {
                    *output = serde_json::json!({ "output": output.take() });
                }
            }
        }
    ),
    variant!(
        "reserved-names-are-replaced",
        "an error that begins with States. becomes States.TaskFailed",
        ["ERR-04"],
        {
            fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
                Some(match completion {
                    Completion::Failure(Some(error), cause) if error.starts_with("States.") => {
                        Completion::Failure(Some("States.TaskFailed".to_owned()), cause)
                    }
                    other => other,
                })
            }
        }
    ),
    variant!(
        "outputs-are-crossed",
        "a task ends with the output of the callback before, whichever execution that was for",
        ["E2E-10", "TOK-25"],
        { last: Option<String> },
        {
            fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
                Some(match completion {
                    Completion::Success(output) => {
                        let before = self.last.replace(output.clone());
                        Completion::Success(before.unwrap_or(output))
                    }
                    failure @ Completion::Failure(..) => failure,
                })
            }
        }
    ),
    variant!(
        "parameters-measured-late",
        "parameters beyond the limit fail the execution after their task was scheduled",
        ["IO-11"],
        { entered: u64 },
        {
            fn event(&mut self, draft: &mut Draft) -> bool {
                let error = draft.details.as_ref().and_then(|details| details.get("error"));
                let too_large = error.is_some_and(|error| error == "States.DataLimitExceeded");
                if draft.kind == "ExecutionFailed" && too_large && draft.previous == self.entered {
                    "TaskScheduled".clone_into(&mut draft.kind);
                    let parameters = Value::String("x".repeat(262_200)).to_string();
                    let details = json!({
                        "resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "region": "us-east-1",
                        "parameters": parameters
                    });
                    draft.details = details.as_object().cloned();
                }
                self.entered = if draft.kind == "TaskStateEntered" { draft.id } else { 0 };
                true
            }
        }
    ),
];
