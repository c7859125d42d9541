//! The executions of a case: how each was started, what was seen of it and when it was surely open or surely closed.

use std::collections::BTreeMap;
use std::rc::Rc;

use record::{Operation, Time};
use serde_json::Value;

use super::reads::{HistoryRead, StatusRead};
use super::{Arn, Call, Definition, Machine, Offset, arn, is_terminal_status};

/// One execution that a StartExecution confirmed.
#[derive(Debug)]
pub struct Execution<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// Its name, from the ARN.
    pub name: &'a str,
    /// Index of its machine, if its creation was seen.
    pub machine: Option<usize>,
    /// The definition it runs, if only one is possible.
    pub definition: Option<Rc<Definition>>,
    /// The role it runs with, if known.
    pub role: Option<String>,
    /// Calls that answered with this ARN, in order.
    pub starts: Vec<usize>,
    /// When it was started, at the earliest.
    pub begun: Time,
    /// By when it was started.
    pub started: Time,
    /// Its start date as the service said it.
    pub start_date: Option<Time>,
    /// The input it was started with, if only one is possible; absent input is `{}` (START-16).
    pub input: Option<Value>,
    /// What Describe and List showed.
    pub statuses: Vec<StatusRead<'a>>,
    /// Indices of the histories that were read.
    pub histories: Vec<usize>,
    /// Index of the history to reason with: whole, the longest.
    pub best: Option<usize>,
    /// Index of the latest history read that can be read, whole or not.
    pub latest: Option<usize>,
    /// StopExecution calls.
    pub stops: Vec<usize>,
    /// RedriveExecution calls that may have taken effect.
    pub redrives: Vec<usize>,
    /// Surely closed from then on, by the harness's clock.
    pub closed: Option<Time>,
}

impl Execution<'_> {
    /// The last time that anything of it was looked at: when that read was begun.
    pub fn last_looked(&self, reads: &[HistoryRead<'_>]) -> Option<Time> {
        let statuses = self.statuses.iter().map(|status| status.begun);
        let histories = self.histories.iter().filter_map(|index| reads.get(*index)).map(|read| read.begun);
        statuses.chain(histories).max()
    }

    /// The status of the last Describe or List that was begun after every terminal one, or the terminal one.
    pub fn final_status(&self) -> Option<&StatusRead<'_>> {
        self.statuses
            .iter()
            .filter(|status| status.is_terminal())
            .max_by_key(|status| (!status.listed, status.begun))
    }
}

/// Reads the executions of a case.
pub(super) fn executions<'a>(
    calls: &[Call<'a>],
    machines: &[Machine],
    by_machine: &BTreeMap<String, usize>,
    reads: &[HistoryRead<'a>],
) -> (Vec<Execution<'a>>, BTreeMap<&'a str, usize>) {
    let mut reading = Reading {
        calls,
        machines,
        by_machine,
        executions: Vec::new(),
        by_arn: BTreeMap::new(),
        first_asked: BTreeMap::new(),
    };
    for call in calls {
        match call.operation {
            Operation::StartExecution => reading.start(call),
            Operation::DescribeExecution => reading.describe(call),
            Operation::ListExecutions => reading.list(call),
            Operation::StopExecution | Operation::RedriveExecution => reading.stop_or_redrive(call),
            _ => {}
        }
    }
    for (index, read) in reads.iter().enumerate() {
        reading.history(index, read, reads);
    }
    for execution in &mut reading.executions {
        settle(execution, calls, reads);
    }
    (reading.executions, reading.by_arn)
}

/// The executions as far as the calls have been read.
struct Reading<'r, 'a> {
    calls: &'r [Call<'a>],
    machines: &'r [Machine],
    by_machine: &'r BTreeMap<String, usize>,
    executions: Vec<Execution<'a>>,
    by_arn: BTreeMap<&'a str, usize>,
    /// The earliest call that asked for this name of this machine: an unconfirmed one may have made the execution.
    first_asked: BTreeMap<(&'r str, &'r str), (Time, usize)>,
}

impl<'r, 'a> Reading<'r, 'a> {
    fn of(&mut self, arn: &str) -> Option<&mut Execution<'a>> {
        self.by_arn.get(arn).and_then(|index| self.executions.get_mut(*index))
    }

    fn start(&mut self, call: &'r Call<'a>) {
        let machine = call.text("stateMachineArn").unwrap_or_default();
        let asked = call.text("name").map(|name| (arn::unqualified(machine), name));
        if let Some(key) = asked
            && (call.answer.done().is_some() || call.answer.is_open_ended())
        {
            self.first_asked.entry(key).or_insert((call.begun, call.index));
        }
        let Some(reply) = call.answer.done() else { return };
        let Some(arn) = reply.get("executionArn").and_then(Value::as_str) else { return };
        let Some((_, name)) = Arn::read(arn).and_then(Arn::execution) else { return };
        if let Some(execution) = self.of(arn) {
            execution.starts.push(call.index);
            return;
        }
        let first = asked.and_then(|key| self.first_asked.get(&key)).copied();
        let (begun, first) = first.unwrap_or((call.begun, call.index));
        let machine = self.by_machine.get(arn::unqualified(machine)).copied();
        let revision = machine
            .and_then(|machine| self.machines.get(machine))
            .filter(|_| unqualified_start(call))
            .and_then(|machine| machine.revision(begun, call.ended));
        let input = (first == call.index || same_input(self.calls.get(first), call)).then(|| {
            let absent = || Some(Value::Object(serde_json::Map::new()));
            call.text("input").map_or_else(absent, |text| serde_json::from_str(text).ok())
        });
        self.by_arn.insert(arn, self.executions.len());
        self.executions.push(Execution {
            arn,
            name,
            machine,
            definition: revision.map(|revision| Rc::clone(&revision.definition)),
            role: revision.and_then(|revision| revision.role.clone()),
            starts: vec![call.index],
            begun,
            started: call.ended,
            start_date: reply.get("startDate").and_then(crate::view::moment),
            input: input.flatten(),
            statuses: Vec::new(),
            histories: Vec::new(),
            best: None,
            latest: None,
            stops: Vec::new(),
            redrives: Vec::new(),
            closed: None,
        });
    }

    fn describe(&mut self, call: &Call<'a>) {
        let (Some(body), Some(arn)) = (call.answer.done(), call.text("executionArn")) else { return };
        self.status(call, arn, body, false);
    }

    fn list(&mut self, call: &Call<'a>) {
        let listed = call.answer.done().and_then(|reply| reply.get("executions")).and_then(Value::as_array);
        for body in listed.into_iter().flatten() {
            if let Some(arn) = body.get("executionArn").and_then(Value::as_str) {
                self.status(call, arn, body, true);
            }
        }
    }

    fn status(&mut self, call: &Call<'a>, arn: &str, body: &'a Value, listed: bool) {
        let Some(status) = body.get("status").and_then(Value::as_str) else { return };
        let (begun, ended) = (call.begun, call.ended);
        if let Some(execution) = self.of(arn) {
            execution.statuses.push(StatusRead { call: call.index, begun, ended, status, body, listed });
        }
    }

    fn stop_or_redrive(&mut self, call: &Call<'a>) {
        let Some(execution) = call.text("executionArn").and_then(|arn| self.of(arn)) else { return };
        if call.operation == Operation::StopExecution {
            execution.stops.push(call.index);
        } else if call.answer.done().is_some() || call.answer.is_open_ended() {
            execution.redrives.push(call.index);
        }
    }

    fn history(&mut self, index: usize, read: &HistoryRead<'a>, reads: &[HistoryRead<'a>]) {
        let Some(execution) = self.of(read.arn) else { return };
        execution.histories.push(index);
        let best = execution.best.and_then(|best| reads.get(best));
        let longest = best.map_or(0, |best| best.history.events.len()).max(1);
        if read.is_whole() && read.history.events.len() >= longest {
            execution.best = Some(index);
        }
        if read.unreadable.is_none() {
            execution.latest = Some(index);
        }
    }
}

/// When the execution was surely closed; nothing is sure once it may have been redriven.
fn settle(execution: &mut Execution<'_>, calls: &[Call<'_>], reads: &[HistoryRead<'_>]) {
    if !execution.redrives.is_empty() {
        return;
    }
    let statuses =
        execution.statuses.iter().filter(|read| is_terminal_status(read.status)).map(|read| read.ended);
    let histories = execution
        .histories
        .iter()
        .filter_map(|index| reads.get(*index))
        .filter(|read| read.history.events.iter().any(record::Event::is_terminal))
        .map(|read| read.ended);
    let stops = execution
        .stops
        .iter()
        .filter_map(|index| calls.get(*index))
        .filter(|call| call.answer.done().is_some())
        .map(|call| call.ended);
    execution.closed = statuses.chain(histories).chain(stops).min();
}

/// When the execution was surely still open, by the harness's clock: its end, as its history dates it, was later.
pub fn open_until(execution: &Execution<'_>, reads: &[HistoryRead<'_>], offset: Offset) -> Option<Time> {
    if !execution.redrives.is_empty() {
        return None;
    }
    let terminal = execution.best.and_then(|best| reads.get(best)).and_then(HistoryRead::terminal)?;
    Some(offset.earliest(terminal.at))
}

fn unqualified_start(call: &Call<'_>) -> bool {
    call.text("stateMachineArn").is_some_and(|arn| arn::unqualified(arn) == arn)
}

fn same_input(first: Option<&Call<'_>>, call: &Call<'_>) -> bool {
    first.is_some_and(|first| first.text("input") == call.text("input"))
}
