//! The region as one value: calls in, answers out, at moments that the caller names.

use std::time::Duration;

use record::{ApiError, Call, Operation, Outcome, Time};
use serde_json::json;

use crate::Conduct;
use crate::conduct::Lawful;

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The answer.
    Now(Outcome),
    /// A long poll with nothing to give yet: ask again at [`Region::next_event`] or after any other call, and with
    /// [`Region::give_up`] once [`patience`] has passed since the call was first made.
    Later,
}

/// How a region is set up.
pub struct Options {
    /// The decisions that differ from AWS's; none by default.
    pub conduct: Box<dyn Conduct>,
    /// The account of every ARN.
    pub account: String,
    /// The region of every ARN.
    pub region_name: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            conduct: Box::new(Lawful),
            account: "123456789012".to_owned(),
            region_name: "us-east-1".to_owned(),
        }
    }
}

/// How long this call may wait for something to give: the wait of a long poll, zero for any other call.
pub fn patience(call: &Call) -> Duration {
    match call.operation {
        Operation::GetActivityTask => Duration::from_secs(60),
        Operation::ReceiveMessage => Duration::from_secs(
            call.input.get("WaitTimeSeconds").and_then(serde_json::Value::as_u64).unwrap_or(0).min(20),
        ),
        _ => Duration::ZERO,
    }
}

/// The embedded region.
pub struct Region {
    now: Time,
    conduct: Box<dyn Conduct>,
}

impl Region {
    /// A region without resources. Equal seeds make equal ids and tokens.
    pub fn new(seed: u64, start: Time, options: Options) -> Self {
        let _ = (seed, options.account, options.region_name);
        Self { now: start, conduct: options.conduct }
    }

    /// Answers a call made at `now`; what is due by then happens first.
    pub fn call(&mut self, now: Time, call: &Call) -> Answer {
        self.advance(now);
        let mut call = call.clone();
        self.conduct.request(&mut call);
        let mut outcome = Outcome::Refused(ApiError::new("InternalFailure", "").with_status(500));
        self.conduct.answer(&call, &mut outcome);
        Answer::Now(outcome)
    }

    /// The answer to a long poll whose patience is over.
    pub fn give_up(&mut self, now: Time, call: &Call) -> Outcome {
        match self.call(now, call) {
            Answer::Now(outcome) => outcome,
            Answer::Later => Outcome::Done(json!({})),
        }
    }

    /// Lets everything happen that is due by `now`, each at its own moment.
    pub fn advance(&mut self, now: Time) {
        self.now = self.now.max(now);
    }

    /// When the next thing happens by itself.
    pub fn next_event(&self) -> Option<Time> {
        None
    }
}
