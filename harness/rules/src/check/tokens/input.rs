//! TOK-08, 09, 12, 17..20: what a SendTask* call must not say, whatever the state of its task.

use crate::check::requests::wire::is_oversize;
use crate::check::{Check, Group, Sink};
use crate::view::{Answer, Bearer, Call, Operation, Token, Verb, View, is_json};

const JSON: Check = Check::of(
    "TOK-08",
    "output-must-be-json",
    "output that is no JSON is refused with InvalidOutput; any JSON type is taken",
);
const OUTPUT: Check = Check::of(
    "TOK-09",
    "output-is-bounded-in-bytes",
    "output of up to 262,144 bytes of UTF-8 is taken, more is refused",
);
const TEXTS: Check = Check::of(
    "TOK-12",
    "error-and-cause-are-bounded",
    "error of up to 256 and cause of up to 32,768 characters are taken, more is refused with ValidationException",
);
const OPTIONAL: Check = Check::of(
    "TOK-11",
    "error-and-cause-are-optional",
    "SendTaskFailure is taken without an error, without a cause and without both",
);
const MALFORMED: Check = Check::of(
    "TOK-17",
    "malformed-tokens-are-invalid",
    "a text that never was a token answers InvalidToken on all three operations",
);
const MUTATED: Check = Check::of(
    "TOK-18",
    "mutated-tokens-are-refused",
    "a changed token answers InvalidToken or TaskDoesNotExist, never 200",
);
const LENGTH: Check = Check::of(
    "TOK-19",
    "token-length-is-validated",
    "a token of 0 or more than 2,048 characters is a validation error",
);
const SEVERAL: Check = Check::of(
    "TOK-20",
    "several-faults-give-one-of-their-errors",
    "a call with several faults answers with the error of one of them",
);
const BEAT: Check = Check::of(
    "HB-07",
    "malformed-tokens-cannot-beat",
    "a heartbeat with a malformed token answers InvalidToken",
);

pub(in crate::check) const GROUPS: &[Group] = &[Group {
    checks: &[JSON, OUTPUT, TEXTS, OPTIONAL, MALFORMED, MUTATED, LENGTH, SEVERAL, BEAT],
    run: inputs,
}];

/// The most bytes of an output (TOK-09).
pub(in crate::check) const OUTPUT_LIMIT: usize = 262_144;

/// What is wrong with the request itself, token apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::check) enum Fault {
    NoOutput,
    EmptyOutput,
    OutputIsNoJson,
    OutputTooLong,
    TextTooLong,
}

/// The faults of a SendTask* request, token apart.
pub(in crate::check) fn faults(call: &Call<'_>, verb: Verb) -> Vec<Fault> {
    let mut faults = Vec::new();
    match verb {
        Verb::Success => match call.text("output") {
            None => faults.push(Fault::NoOutput),
            Some("") => faults.push(Fault::EmptyOutput),
            Some(text) => {
                if text.len() > OUTPUT_LIMIT {
                    faults.push(Fault::OutputTooLong);
                }
                if !is_json(text) {
                    faults.push(Fault::OutputIsNoJson);
                }
            }
        },
        Verb::Failure => {
            let over = |member: &str, limit: usize| {
                call.text(member).is_some_and(|t| t.len() > limit && t.chars().count() > limit)
            };
            if over("error", 256) || over("cause", 32_768) {
                faults.push(Fault::TextTooLong);
            }
        }
        Verb::Heartbeat => {}
    }
    faults
}

fn inputs(view: &View<'_>, sink: &mut Sink) {
    for operation in &view.operations {
        let Some(call) = view.call_of(operation) else { continue };
        if call.garbled || !call.was_looked_at() || is_oversize(call) {
            continue;
        }
        let faults = faults(call, operation.verb);
        let wrong_token = !matches!(operation.bearer, Bearer::Issued(_));
        match (wrong_token, faults.as_slice()) {
            (false, []) => taken(call, operation, sink),
            (false, [fault]) => one_fault(*fault, call, operation, sink),
            (true, []) => bearer(view, call, operation, sink),
            _ => several(call, operation, sink),
        }
    }
}

/// A request without fault: what it was refused for must not be its content.
fn taken(call: &Call<'_>, operation: &Operation, sink: &mut Sink) {
    let says = |what: &str| format!("{} with {what} answered {}", call.operation, call.answer.says());
    let refused_content = matches!(call.answer.code(), Some("InvalidOutput" | "ValidationException"));
    match operation.verb {
        Verb::Success => {
            let text = call.text("output").unwrap_or_default();
            let row =
                if text.len() > 200_000 || (refused_content && text.len() > 60_000) { OUTPUT } else { JSON };
            if refused_content {
                sink.violated(row, says(&format!("a JSON output of {} bytes", text.len())));
            } else if call.answer.done().is_some() {
                sink.met(row);
            }
        }
        Verb::Failure => {
            let near =
                |member: &str, limit: usize| call.text(member).is_some_and(|t| t.chars().count() * 2 > limit);
            // A reserved name may be refused.
            let reserved = call.text("error").is_some_and(|error| error.starts_with("States."));
            let absent: Vec<&str> =
                ["error", "cause"].into_iter().filter(|member| !call.has(member)).collect();
            if refused_content && !absent.is_empty() && !reserved {
                sink.violated(OPTIONAL, says(&format!("no {}", absent.join(" and no "))));
            } else if refused_content && !reserved {
                sink.violated(TEXTS, says("an error and cause within their bounds"));
            } else if call.answer.done().is_some() {
                if !absent.is_empty() {
                    sink.met(OPTIONAL);
                }
                if near("error", 256) || near("cause", 32_768) {
                    sink.met(TEXTS);
                }
            }
        }
        Verb::Heartbeat => {}
    }
}

/// An issued token, and one thing wrong. If the task may be closed, that may be said instead (TOK-20).
fn one_fault(fault: Fault, call: &Call<'_>, operation: &Operation, sink: &mut Sink) {
    let (row, what, codes): (Check, &str, &[&str]) = match fault {
        Fault::NoOutput => {
            (JSON, "no output", &["ValidationException", "InvalidOutput", "SerializationException"])
        }
        Fault::EmptyOutput => (JSON, "an empty output", &["InvalidOutput", "ValidationException"]),
        Fault::OutputIsNoJson => (JSON, "an output that is no JSON", &["InvalidOutput"]),
        Fault::OutputTooLong => {
            (OUTPUT, "an output over 262,144 bytes", &["ValidationException", "InvalidOutput"])
        }
        Fault::TextTooLong => (TEXTS, "an error or cause over its limit", &["ValidationException"]),
    };
    let closed = matches!(call.answer.code(), Some("TaskTimedOut" | "TaskDoesNotExist"));
    if closed {
        return; // whether the task can be closed is judged elsewhere
    }
    let _ = operation;
    sink.expect(row, call.answer.code().is_some_and(|code| codes.contains(&code)), || {
        format!("{} with {what}: expected {}, saw {}", call.operation, codes.join(" or "), call.answer.says())
    });
}

fn bearer(view: &View<'_>, call: &Call<'_>, operation: &Operation, sink: &mut Sink) {
    let code = call.answer.code();
    let saw = |expected: &str| format!("{}: expected {expected}, saw {}", call.operation, call.answer.says());
    match operation.bearer {
        Bearer::Issued(_) => {}
        Bearer::Redacted => {
            if call.answer.done().is_some() {
                sink.violated(MUTATED, saw("a refusal of a token that was never issued"));
            }
        }
        Bearer::Missing | Bearer::Empty | Bearer::TooLong => {
            let lawful = matches!(code, Some("ValidationException" | "SerializationException"));
            sink.expect(LENGTH, lawful, || saw("ValidationException for a token of no lawful length"));
        }
        // What could be a token of this service is one that was never issued.
        Bearer::Malformed if code == Some("TaskDoesNotExist") && could_be_issued(view, call) => {
            sink.observed(MUTATED, "A-04: a well-formed text answers TaskDoesNotExist".to_owned());
        }
        Bearer::Malformed => {
            let row = if operation.verb == Verb::Heartbeat { BEAT } else { MALFORMED };
            sink.expect(row, code == Some("InvalidToken"), || {
                saw("InvalidToken for a text that never was a token")
            });
            if operation.verb == Verb::Heartbeat {
                sink.expect(MALFORMED, code == Some("InvalidToken"), || {
                    saw("InvalidToken for a text that never was a token")
                });
            }
        }
        Bearer::Mutated => match code {
            Some("InvalidToken" | "TaskDoesNotExist") => {
                sink.observed(MUTATED, format!("A-04: a mutated token answers {}", code.unwrap_or_default()));
            }
            _ => sink.violated(MUTATED, saw("InvalidToken or TaskDoesNotExist for a changed token")),
        },
    }
}

/// Whether a text has about the length and just the kinds of characters of a token that this service issued.
fn could_be_issued(view: &View<'_>, call: &Call<'_>) -> bool {
    let kinds = |text: &str| {
        text.chars().fold(0_u8, |kinds, character| {
            kinds
                | match character {
                    'a'..='z' => 1,
                    'A'..='Z' => 2,
                    '0'..='9' => 4,
                    '-' | '_' => 8,
                    '+' | '/' | '=' => 16,
                    _ => 32,
                }
        })
    };
    let text = call.text("taskToken").unwrap_or_default();
    let alike = |token: &Token| {
        let (length, other) = (text.len(), token.text.len());
        kinds(text) == kinds(&token.text) && length <= 2 * other && other <= 2 * length
    };
    view.tokens.iter().any(alike)
}

fn several(call: &Call<'_>, operation: &Operation, sink: &mut Sink) {
    const ANY: &[&str] = &[
        "InvalidToken",
        "InvalidOutput",
        "TaskDoesNotExist",
        "TaskTimedOut",
        "ValidationException",
        "SerializationException",
    ];
    match call.answer {
        Answer::Refused(error) if ANY.contains(&error.code.as_str()) => {
            sink.observed(SEVERAL, format!("A-04: several faults answer {}", error.code));
        }
        _ => sink.violated(
            SEVERAL,
            format!(
                "{} with several faults ({:?}) answered {}",
                call.operation,
                operation.bearer,
                call.answer.says()
            ),
        ),
    }
}
