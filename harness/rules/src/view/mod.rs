//! A case as its checks see it: machines, executions, reads, messages, tokens and operations, derived from the calls.
//!
//! Nothing here judges. Invariants: every index points into the list it names; times of calls are the harness's, times of
//! events the service's, and [`Offset`] bounds the difference. Calls overlap, so whatever is "surely" so is decided by
//! intervals, never by the order of the list.

mod answer;
mod arn;
pub mod attempt;
mod call;
mod clock;
pub mod definition;
mod execution;

mod machine;
mod post;
mod queue;
mod reads;
mod tokens;

use std::collections::BTreeMap;

use record::{CaseEnd, CaseRecord, Event, Operation as Api, Time};

pub use crate::json::{brief, brief_json, is_json, plain_length, same_json, same_json_text};
pub use answer::{Answer, COMMON_CODES};
pub use arn::{Arn, unqualified};
pub use attempt::{Attempt, Pattern};
pub use call::Call;
pub use clock::{Offset, moment, same_date};
pub use definition::{Definition, StateView};
pub use execution::{Execution, open_until};
pub use machine::{Machine, Revision, UPDATE_SPREADS};
pub use post::{Fate, Post};
pub use queue::{Deletion, Envelope, Message, Queue, Receipt};
pub use reads::{HistoryRead, StatusRead, is_terminal_status};
pub use tokens::{Bearer, Effect, Operation, TOKEN_LIMIT, Token, Verb, derives, leaves};

/// One case, ready to be judged.
#[derive(Debug)]
pub struct View<'a> {
    /// The record.
    pub record: &'a CaseRecord,
    /// Every call.
    pub calls: Vec<Call<'a>>,
    /// How far the clocks are apart.
    pub offset: Offset,
    /// The machines.
    pub machines: Vec<Machine>,
    /// Machines by their unqualified ARN.
    pub by_machine: BTreeMap<String, usize>,
    /// The executions.
    pub executions: Vec<Execution<'a>>,
    /// Executions by ARN.
    pub by_arn: BTreeMap<&'a str, usize>,
    /// The histories that were read.
    pub reads: Vec<HistoryRead<'a>>,
    /// The queues.
    pub queues: Vec<Queue<'a>>,
    /// The messages that were received.
    pub messages: Vec<Message<'a>>,
    /// Attempts, by the best history of each execution.
    pub attempts: Vec<Attempt>,
    /// The tokens that were issued.
    pub tokens: Vec<Token>,
    /// The SendTask* calls.
    pub operations: Vec<Operation>,
    /// Whether others than the harness may answer tokens: a Lambda consumer, or a task that does.
    pub answered_elsewhere: bool,
    /// When the last call ended.
    pub end: Time,
}

impl<'a> View<'a> {
    /// Reads a record.
    pub fn new(record: &'a CaseRecord) -> Self {
        let mut calls: Vec<Call<'a>> =
            record.entries.iter().enumerate().map(|(i, entry)| Call::of(i, entry)).collect();
        Call::settle(&mut calls);
        let offset = Offset::measure(&calls);
        let (machines, by_machine) = machine::machines(&calls);
        let reads = reads::histories(&calls);
        let (executions, by_arn) = execution::executions(&calls, &machines, &by_machine, &reads);
        let (queues, messages) = queue::queues(&calls);
        let mut attempts = Vec::new();
        for (index, execution) in executions.iter().enumerate() {
            if let Some(read) = execution.best.or(execution.latest).and_then(|read| reads.get(read)) {
                attempt::attempts(index, read, &mut attempts);
            }
        }
        let scheduled_at: Vec<Time> = attempts
            .iter()
            .map(|attempt| {
                let execution = executions.get(attempt.execution);
                let read = execution.and_then(|e| e.best.or(e.latest)).and_then(|read| reads.get(read));
                let at =
                    read.and_then(|read| read.history.events.get(attempt.scheduled)).map(|event| event.at);
                at.map_or(Time(0), |at| offset.earliest(at))
            })
            .collect();
        let sources = tokens::Sources {
            calls: &calls,
            machines: &machines,
            executions: &executions,
            messages: &messages,
        };
        let (tokens, operations) = tokens::tokens(&sources, &mut attempts, &scheduled_at);
        let answered_elsewhere = calls.iter().any(|call| {
            matches!(call.operation, Api::CreateEventSourceMapping | Api::Invoke | Api::CreateFunction)
        }) || machines
            .iter()
            .flat_map(|machine| &machine.revisions)
            .any(|revision| revision.definition.answers_tokens());
        let end = calls.iter().map(|call| call.ended).max().unwrap_or_default();
        Self {
            record,
            calls,
            offset,
            machines,
            by_machine,
            executions,
            by_arn,
            reads,
            queues,
            messages,
            attempts,
            tokens,
            operations,
            answered_elsewhere,
            end,
        }
    }

    /// The calls of one operation.
    pub fn calls_of(&self, operation: Api) -> impl Iterator<Item = &Call<'a>> {
        self.calls.iter().filter(move |call| call.operation == operation)
    }

    /// The call of an operation.
    pub fn call_of(&self, operation: &Operation) -> Option<&Call<'a>> {
        self.calls.get(operation.call)
    }

    /// The history that an execution's attempts were read from.
    pub fn history(&self, execution: usize) -> Option<&HistoryRead<'a>> {
        let execution = self.executions.get(execution)?;
        execution.best.or(execution.latest).and_then(|read| self.reads.get(read))
    }

    /// The events that an attempt's indices point into.
    pub fn events(&self, attempt: &Attempt) -> &[Event] {
        self.history(attempt.execution).map_or(&[], |read| read.history.events.as_slice())
    }

    /// The state of an attempt's definition.
    pub fn state_of(&self, attempt: &Attempt) -> Option<&StateView> {
        let definition = self.executions.get(attempt.execution)?.definition.as_ref()?;
        definition.states.get(attempt.state.as_ref()?)
    }

    /// The operations with a token.
    pub fn operations_of<'s>(&'s self, token: &'s Token) -> impl Iterator<Item = &'s Operation> {
        token.operations.iter().filter_map(|index| self.operations.get(*index))
    }

    /// Whether a wait of the plan passed its deadline.
    pub fn hung(&self) -> bool {
        matches!(self.record.end, CaseEnd::Hung { .. })
    }

    /// Whether the same was asked again, and answered.
    pub fn is_answered_later(&self, call: &Call<'_>) -> bool {
        let same = |other: &Call<'_>| other.index > call.index && other.entry.call == call.entry.call;
        self.calls_of(call.operation).any(|other| same(other) && other.was_looked_at())
    }

    /// Whether the plan put faults between the harness and the target.
    pub fn has_faults(&self) -> bool {
        !self.record.faults.is_empty()
            || self
                .record
                .entries
                .iter()
                .any(|entry| entry.note.as_deref().is_some_and(|note| note.starts_with("fault")))
    }
}
