//! The region as one value: calls in, answers out, at moments that the caller names.

use std::collections::BTreeMap;
use std::time::Duration;

use record::{ApiError, Call, Operation, Outcome, Service, Time};
use serde_json::{Value, json};

use crate::conduct::{Conduct, Lawful};
use crate::execution::{Alarmed, Execution, ExecutionId, Issued, Ready};
use crate::ids::Ids;
use crate::place::Place;
use crate::refuse::Reply;
use crate::script::Script;
use crate::timers::Timers;
use crate::{connectors, events, lambda, sfn, sns, sqs};

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
    /// Tasks whose outcome is given beforehand; none by default.
    pub script: Option<Box<dyn Script>>,
    /// The account of every ARN.
    pub account: String,
    /// The region of every ARN.
    pub region_name: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            conduct: Box::new(Lawful),
            script: None,
            account: "123456789012".to_owned(),
            region_name: "us-east-1".to_owned(),
        }
    }
}

/// How long this call may wait for something to give: the wait of a long poll, zero for any other call. A ReceiveMessage
/// that names no wait follows its queue's `ReceiveMessageWaitTimeSeconds`: see [`Region::patience_of`].
pub fn patience(call: &Call) -> Duration {
    match call.operation {
        Operation::GetActivityTask => Duration::from_secs(60),
        Operation::ReceiveMessage => Duration::from_secs(
            call.input.get("WaitTimeSeconds").and_then(Value::as_u64).unwrap_or(0).min(20),
        ),
        _ => Duration::ZERO,
    }
}

/// What a timer does.
#[derive(Debug)]
pub(crate) enum Due {
    /// Something in an execution.
    Execution(Alarmed),
    /// An event source mapping looks into its queue.
    Mapping(String),
    /// A mapping becomes enabled.
    MappingEnabled(String),
    /// A function that a task called comes back.
    Returned(connectors::Caller, Box<Result<Value, asl::TaskFailure>>),
    /// A message becomes visible: long polls look again.
    Visible(String),
    /// A function that a task called runs.
    Runs(Box<connectors::Run>),
    /// A function that a mapping called comes back.
    BatchReturned(Box<lambda::Batch>),
}

/// How a call was served.
pub(crate) enum Served {
    Reply(Reply),
    Later,
}

/// The embedded region.
pub struct Region {
    pub(crate) now: Time,
    pub(crate) ids: Ids,
    pub(crate) place: Place,
    pub(crate) conduct: Box<dyn Conduct>,
    pub(crate) script: Option<Box<dyn Script>>,
    pub(crate) timers: Timers<Due>,
    pub(crate) ready: Ready,
    pub(crate) executions: BTreeMap<ExecutionId, Execution>,
    pub(crate) execution_ids: BTreeMap<String, ExecutionId>,
    pub(crate) next_execution: ExecutionId,
    /// Executions begun since time last passed.
    pub(crate) begun: u64,
    pub(crate) issued: BTreeMap<u64, Issued>,
    pub(crate) sfn: sfn::Sfn,
    pub(crate) sqs: sqs::Sqs,
    pub(crate) sns: sns::Sns,
    pub(crate) lambda: lambda::Lambda,
    pub(crate) events: events::Events,
    pub(crate) held: Vec<connectors::Held>,
}

impl Region {
    /// A region without resources. Equal seeds make equal ids and tokens.
    pub fn new(seed: u64, start: Time, options: Options) -> Self {
        Self {
            now: start,
            ids: Ids::new(seed),
            place: Place { account: options.account, region: options.region_name },
            conduct: options.conduct,
            script: options.script,
            timers: Timers::new(),
            ready: Ready::new(),
            executions: BTreeMap::new(),
            execution_ids: BTreeMap::new(),
            next_execution: 0,
            begun: 0,
            issued: BTreeMap::new(),
            sfn: sfn::Sfn::default(),
            sqs: sqs::Sqs::default(),
            sns: sns::Sns::default(),
            lambda: lambda::Lambda::default(),
            events: events::Events::default(),
            held: Vec::new(),
        }
    }

    /// Answers a call made at `now`; what is due by then happens first.
    pub fn call(&mut self, now: Time, call: &Call) -> Answer {
        self.advance(now);
        let mut call = call.clone();
        self.conduct.request(&mut call);
        let served = match self.conduct.admits(self.now, &call) {
            Ok(()) => self.serve_as_often(&call),
            Err(error) => Served::Reply(Err(error)),
        };
        self.run_ready();
        let Served::Reply(reply) = served else { return Answer::Later };
        let mut outcome = match reply {
            Ok(value) => Outcome::Done(value),
            Err(error) => Outcome::Refused(error),
        };
        self.conduct.answer(&call, &mut outcome);
        Answer::Now(outcome)
    }

    /// The answer to a long poll whose patience is over.
    pub fn give_up(&mut self, now: Time, call: &Call) -> Outcome {
        match self.call(now, call) {
            Answer::Now(outcome) => outcome,
            // ACT-01: AWS answers an idle activity poll without a token.
            Answer::Later => Outcome::Done(json!({})),
        }
    }

    /// How long this call may wait here: as [`patience`], with the queue's own default.
    pub fn patience_of(&self, call: &Call) -> Duration {
        if call.operation == Operation::ReceiveMessage
            && call.input.get("WaitTimeSeconds").is_none_or(Value::is_null)
        {
            return Duration::from_secs(self.default_wait(call));
        }
        patience(call)
    }

    /// Lets everything happen that is due by `now`, each at its own moment.
    pub fn advance(&mut self, now: Time) {
        while let Some((at, what)) = self.timers.take_due(now) {
            if at > self.now {
                self.begun = 0;
                self.now = at;
            }
            self.due(what);
            self.run_ready();
        }
        if now > self.now {
            self.begun = 0;
            self.now = now;
        }
    }

    /// When the next thing happens by itself.
    pub fn next_event(&self) -> Option<Time> {
        self.timers.next()
    }

    /// The region's clock: the latest moment it has heard of.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Forgets every closed execution with its history and tokens; their names are free again.
    pub fn forget_closed(&mut self) {
        let closed: Vec<ExecutionId> =
            self.executions.iter().filter(|(_, known)| !known.is_running()).map(|(id, _)| *id).collect();
        for id in closed {
            if let Some(known) = self.executions.remove(&id) {
                self.execution_ids.remove(&known.arn);
            }
        }
        let executions = &self.executions;
        self.issued.retain(|_, issued| executions.contains_key(&issued.execution));
    }

    fn due(&mut self, what: Due) {
        match what {
            Due::Execution(alarmed) => self.alarmed(alarmed),
            Due::Mapping(id) => self.poll_mapping(&id),
            Due::MappingEnabled(id) => self.enable_mapping(&id),
            Due::Returned(caller, reply) => self.function_returned(caller, *reply),
            Due::Visible(queue) => self.wake_mappings(&queue),
            Due::Runs(run) => self.run_for_task(&run),
            Due::BatchReturned(batch) => self.batch_returned(&batch),
        }
    }

    fn serve_as_often(&mut self, call: &Call) -> Served {
        match self.conduct.serves(call) {
            0 => Served::Reply(Ok(json!({}))),
            times => {
                let served = self.serve(call);
                (1..times).for_each(|_| drop(self.serve(call)));
                served
            }
        }
    }

    /// Serves a call as its service does, without the conduct's hooks for calls from outside.
    pub(crate) fn serve(&mut self, call: &Call) -> Served {
        if call.raw_body.is_some() {
            let parsed = call.raw_body.as_deref().and_then(|body| serde_json::from_str::<Value>(body).ok());
            return match parsed {
                Some(Value::Object(input)) => {
                    self.serve(&Call { operation: call.operation, input, raw_body: None })
                }
                _ => Served::Reply(Err(ApiError::new(
                    "SerializationException",
                    "Could not parse request body into json",
                ))),
            };
        }
        match call.operation.service() {
            Service::States => self.serve_states(call),
            Service::Sqs => self.serve_sqs(call),
            Service::Sns => Served::Reply(self.serve_sns(call)),
            Service::Lambda => Served::Reply(self.serve_lambda(call)),
            Service::Events => Served::Reply(self.serve_events(call)),
            Service::Tagging => Served::Reply(self.serve_tagging(call)),
            Service::CloudFormation => Served::Reply(Err(ApiError::new(
                "UnknownOperationException",
                "CloudFormation is not part of the embedded region",
            ))),
            Service::Sts => Served::Reply(Ok(json!({
                "UserId": "AIDAEMBEDDEDREGION",
                "Account": self.place.account,
                "Arn": format!("arn:aws:iam::{}:root", self.place.account),
            }))),
        }
    }
}
