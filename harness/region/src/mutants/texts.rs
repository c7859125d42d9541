//! Texts that change on their way: causes cut or trimmed, outputs read as something else, tokens compared loosely.

use std::collections::BTreeSet;

use asl::{Recovery, TaskFailure};
use record::{ApiError, Call, Operation, Outcome};
use serde_json::{Value, json};

use super::Variant;
use crate::conduct::{Closed, Completion, Late};

fn on_failure(completion: Completion, change: fn(String) -> String) -> Completion {
    match completion {
        Completion::Failure(error, cause) => Completion::Failure(error.map(change), cause.map(change)),
        success @ Completion::Success(_) => success,
    }
}

/// An output with every value in it changed.
fn on_output(completion: Completion, change: fn(&mut Value)) -> Completion {
    match completion {
        Completion::Success(output) => {
            let changed = serde_json::from_str::<Value>(&output).map(|mut value| {
                everywhere(&mut value, change);
                value.to_string()
            });
            Completion::Success(changed.unwrap_or(output))
        }
        failure @ Completion::Failure(..) => failure,
    }
}

fn everywhere(value: &mut Value, change: fn(&mut Value)) {
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| everywhere(member, change)),
        Value::Array(items) => items.iter_mut().for_each(|item| everywhere(item, change)),
        leaf => change(leaf),
    }
}

fn is_send(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::SendTaskSuccess | Operation::SendTaskFailure | Operation::SendTaskHeartbeat
    )
}

/// The strings in the body of a message that are long enough for a token.
fn tokens_in(outcome: &Outcome) -> Vec<String> {
    fn strings(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) if text.len() >= 40 => found.push(text.clone()),
            Value::Object(members) => members.values().for_each(|member| strings(member, found)),
            Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    let messages = outcome.reply().and_then(|reply| reply.get("Messages")).and_then(Value::as_array);
    for message in messages.into_iter().flatten() {
        let body = message.get("Body").and_then(Value::as_str).unwrap_or_default();
        strings(&serde_json::from_str(body).unwrap_or_default(), &mut found);
    }
    found
}

/// Reads the token of a call as the known one that it resembles.
fn resembling(call: &mut Call, known: &BTreeSet<String>, resembles: fn(&str, &str) -> bool) {
    if !is_send(call.operation) {
        return;
    }
    if let Some(Value::String(given)) = call.input.get_mut("taskToken")
        && !known.contains(given)
        && let Some(token) = known.iter().find(|token| resembles(given, token))
    {
        given.clone_from(token);
    }
}

/// Another moment in every place of a text that holds a moment.
fn at_another_time(value: &mut Value) {
    everywhere(value, |leaf| {
        if leaf.as_str().is_some_and(|text| record::Time::from_iso(text).is_some()) {
            *leaf = json!("2020-01-01T00:00:00.000Z");
        }
    });
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!(
        "failure-texts-trimmed",
        "error and cause lose white space at their ends",
        ["TOK-11", "HIS-20"],
        {
            fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
                Some(on_failure(completion, |text| text.trim().to_owned()))
            }
        }
    ),
    variant!("causes-cut", "error and cause are cut after 200 characters", ["TOK-11", "HIS-20"], {
        fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
            Some(on_failure(completion, |text| text.chars().take(200).collect()))
        }
    }),
    variant!(
        "causes-are-ascii",
        "letters beyond ASCII in error and cause become question marks",
        ["TOK-11", "HIS-20"],
        {
            fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
                Some(on_failure(completion, |text| {
                    text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
                }))
            }
        }
    ),
    variant!("caught-causes-cut", "a catcher hands on the first 200 characters of a cause", ["ERR-07"], {
        fn recovery(&mut self, _: &TaskFailure, _: u64, recovery: &mut Recovery) {
            if let Recovery::Caught { exit, .. } = recovery {
                everywhere(&mut exit.output, |leaf| {
                    if let Value::String(text) = leaf {
                        *text = text.chars().take(200).collect();
                    }
                });
            }
        }
    }),
    variant!(
        "output-numbers-single",
        "numbers in outputs have the precision of 32 bits",
        ["IO-08", "TOK-07", "HIS-19"],
        {
            fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
                Some(on_output(completion, |leaf| {
                    if let Some(number) = leaf.as_f64().filter(|_| leaf.is_number()) {
                        *leaf = json!(f64::from(number as f32));
                    }
                }))
            }
        }
    ),
    variant!(
        "output-escaped-as-html",
        "texts in outputs are escaped as in HTML",
        ["IO-08", "TOK-07", "HIS-19"],
        {
            fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
                Some(on_output(completion, |leaf| {
                    if let Value::String(text) = leaf {
                        *text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                    }
                }))
            }
        }
    ),
    variant!(
        "output-texts-read",
        "texts in outputs that hold JSON become that JSON",
        ["IO-08", "TOK-07", "HIS-19"],
        {
            fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
                Some(on_output(completion, |leaf| {
                    if let Some(read) = leaf.as_str().and_then(|text| serde_json::from_str(text).ok()) {
                        *leaf = read;
                    }
                }))
            }
        }
    ),
    variant!(
        "output-texts-trimmed",
        "texts in outputs lose white space at their ends",
        ["IO-08", "TOK-07", "HIS-19"],
        {
            fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
                Some(on_output(completion, |leaf| {
                    if let Value::String(text) = leaf {
                        *text = text.trim().to_owned();
                    }
                }))
            }
        }
    ),
    variant!(
        "output-letters-composed",
        "letters in outputs are composed with their accents",
        ["IO-08", "TOK-07", "HIS-19"],
        {
            fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
                Some(on_output(completion, |leaf| {
                    if let Value::String(text) = leaf {
                        *text = text.replace("e\u{301}", "é");
                    }
                }))
            }
        }
    ),
    variant!(
        "second-failure-is-fine",
        "SendTaskFailure after SendTaskFailure answers 200",
        ["TOK-13", "E2E-11"],
        {
            fn closed_token(&mut self, late: Late, refusal: ApiError) -> Result<(), ApiError> {
                let again = late.operation == Operation::SendTaskFailure && late.how == Closed::Failed;
                if again { Ok(()) } else { Err(refusal) }
            }
        }
    ),
    variant!(
        "long-tokens-break-it",
        "a token of more than 2,048 characters answers HTTP 500",
        ["TOK-19", "WIRE-03"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let long = call.text("taskToken").is_some_and(|token| token.chars().count() > 2048);
                if is_send(call.operation) && long {
                    *outcome =
                        Outcome::Refused(ApiError::new("InternalFailure", "Internal error").with_status(500));
                }
            }
        }
    ),
    variant!("tokens-trimmed", "white space around a token is ignored", ["TOK-18"], {
        fn request(&mut self, call: &mut Call) {
            if let (true, Some(Value::String(token))) =
                (is_send(call.operation), call.input.get_mut("taskToken"))
            {
                *token = token.trim().to_owned();
            }
        }
    }),
    variant!("tokens-in-any-letters", "tokens are compared without capitals", ["TOK-18"], { known: BTreeSet<String> }, {
        fn request(&mut self, call: &mut Call) {
            resembling(call, &self.known, str::eq_ignore_ascii_case);
        }
        fn answer(&mut self, _: &Call, outcome: &mut Outcome) {
            self.known.extend(tokens_in(outcome));
        }
    }),
    variant!("tokens-by-their-beginning", "a token is known by its first characters", ["TOK-18"], { known: BTreeSet<String> }, {
        fn request(&mut self, call: &mut Call) {
            resembling(call, &self.known, |given, token| given.starts_with(token) || given.len() >= 40 && token.starts_with(given));
        }
        fn answer(&mut self, _: &Call, outcome: &mut Outcome) {
            self.known.extend(tokens_in(outcome));
        }
    }),
    variant!(
        "context-of-another-time",
        "StartTime and EnteredTime of the context object are of another year",
        ["IO-12"],
        {
            fn event(&mut self, draft: &mut crate::conduct::Draft) -> bool {
                if let (true, Some(Value::String(text))) = (
                    draft.kind == "TaskScheduled",
                    draft.details.as_mut().and_then(|details| details.get_mut("parameters")),
                ) && let Ok(mut parameters) = serde_json::from_str(text)
                {
                    at_another_time(&mut parameters);
                    *text = parameters.to_string();
                }
                true
            }
            fn parameters(&mut self, _: &str, _: &str, parameters: &mut Value) {
                at_another_time(parameters);
            }
        }
    ),
    variant!("body-loses-nulls", "null members of a message body are lost", ["IO-03"], {
        fn parameters(&mut self, _: &str, _: &str, parameters: &mut Value) {
            fn clean(value: &mut Value) {
                match value {
                    Value::Object(members) => {
                        members.retain(|_, member| !member.is_null());
                        members.values_mut().for_each(clean);
                    }
                    Value::Array(items) => items.iter_mut().for_each(clean),
                    _ => {}
                }
            }
            if let Some(body) = parameters.get_mut("MessageBody") {
                clean(body);
            }
        }
    }),
];
