//! One operation answers well and does something else: nothing, twice the same, or what it did before; or it does well and
//! answers something else, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use record::{ApiError, Call, Operation, Outcome};
use serde_json::{Value, json};

use super::of_operation;
use crate::Conduct;

pub(super) fn names(operation: Operation, answer: &Value, names: &mut BTreeSet<String>) {
    // Of an empty answer nothing has to be known to give it without doing anything.
    let is_empty = answer.as_object().is_some_and(serde_json::Map::is_empty);
    let last = if is_empty { "void" } else { "empty" };
    for how in ["lost", "twice", "cached", "denied", "silent", last] {
        names.insert(format!("{}effect:{operation}:{how}", super::PREFIX));
    }
}

pub(super) fn conduct(rest: &str) -> Option<Box<dyn Conduct>> {
    let (operation, how) = of_operation(rest)?;
    let how = match how {
        "lost" => How::Lost,
        "twice" => How::Twice,
        "cached" => How::Cached,
        "denied" => How::Denied,
        "silent" => How::Silent,
        "empty" => How::Empty,
        "void" => How::Void,
        _ => return None,
    };
    Some(Box::new(Effect { operation, how, answers: BTreeMap::new() }))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// Answered like the last request that was done, but not done. The first is done, so that there is an answer to repeat.
    Lost,
    /// Done twice.
    Twice,
    /// Answered as the first of equal requests, and not done.
    Cached,
    /// Done, and answered as if it were refused.
    Denied,
    /// Done, and the connection is closed before an answer.
    Silent,
    /// Done, and answered with nothing.
    Empty,
    /// Not done, and answered with nothing, as what is done is.
    Void,
}

struct Effect {
    operation: Operation,
    how: How,
    /// Good answers, by the text of their request, or by none.
    answers: BTreeMap<String, Value>,
}

impl Effect {
    fn key(&self, call: &Call) -> String {
        if self.how == How::Lost { String::new() } else { json!(call.input).to_string() }
    }
}

impl Conduct for Effect {
    fn serves(&mut self, call: &Call) -> u64 {
        match self.how {
            _ if call.operation != self.operation => 1,
            How::Twice => 2,
            How::Void => 0,
            How::Denied | How::Silent | How::Empty => 1,
            How::Lost | How::Cached => u64::from(!self.answers.contains_key(&self.key(call))),
        }
    }

    fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
        if call.operation != self.operation {
            return;
        }
        let key = self.key(call);
        match (&*outcome, self.how) {
            (Outcome::Done(_), How::Denied) => {
                *outcome = Outcome::Refused(ApiError::new("ValidationException", "Not valid"));
            }
            (Outcome::Done(_), How::Silent) => {
                *outcome = Outcome::Unknown("the connection was closed".to_owned());
            }
            (Outcome::Done(_), How::Empty) => *outcome = Outcome::Done(json!({})),
            (Outcome::Done(answer), How::Lost | How::Cached) => match self.answers.get(&key) {
                Some(earlier) => *outcome = Outcome::Done(earlier.clone()),
                None => {
                    self.answers.insert(key, answer.clone());
                }
            },
            _ => {}
        }
    }
}
