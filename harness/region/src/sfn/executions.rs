//! StartExecution, StopExecution, RedriveExecution (START, STOP, RED).

use std::sync::Arc;
use std::time::Duration;

use record::{ApiError, Call};
use serde_json::{Value, json};

use super::names::{check_execution_arn, check_name, machine_arn};
use super::{MachineStatus, Revision};
use crate::Region;
use crate::conduct::{Again, Stop, Taken};
use crate::execution::{Ending, ExecutionId, Start, Status, stamp};
use crate::refuse::{Reply, no_execution, no_machine, validation};
use crate::request::Request;

/// The most bytes of an execution's input (START-14).
const INPUT_LIMIT: usize = 262_144;

/// What a state machine ARN resolves to.
pub(super) struct Resolved {
    pub(super) revision: Arc<Revision>,
    pub(super) express: bool,
    pub(super) version_arn: Option<String>,
    pub(super) alias_arn: Option<String>,
}

impl Region {
    pub(crate) fn start_execution(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let arn = request.required("stateMachineArn", 1, 256)?;
        let name = request.text_within("name", 1, 80)?;
        let input = request.text("input")?.unwrap_or("{}");
        let trace = request.text_within("traceHeader", 0, 256)?;
        if trace.is_some_and(|trace| !trace.chars().all(|c| c.is_ascii() && !c.is_ascii_control())) {
            return Err(validation(
                "Value at 'traceHeader' failed to satisfy constraint: Member must satisfy regular expression pattern: \\p{ASCII}*",
            ));
        }
        if let Some(name) = name {
            check_name(name)?;
        }
        if self.conduct.measure(input) > INPUT_LIMIT {
            return Err(validation(format!(
                "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to {INPUT_LIMIT}"
            )));
        }
        let resolved = self.resolve_machine(arn)?;
        let parsed: Value = serde_json::from_str(input).map_err(|why| {
            let why = if input.is_empty() {
                "Invalid execution input.".to_owned()
            } else {
                crate::json_fault::describe(input, &why)
            };
            ApiError::new("InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{why}'"))
        })?;
        let machine = &resolved.revision.name;
        let name = name.map_or_else(|| self.ids.uuid(), str::to_owned);
        let arn = if resolved.express {
            let part = self.ids.uuid();
            self.place.arn("states", &format!("express:{machine}:{name}:{part}"))
        } else {
            self.place.arn("states", &format!("execution:{machine}:{name}"))
        };
        if let Some(known) = self.execution_ids.get(&arn).and_then(|id| self.executions.get(id)) {
            let again = Again {
                same_text: known.input == input,
                same_value: crate::execution::read(&known.input) == parsed,
                running: known.is_running(),
            };
            let first = json!({ "executionArn": known.arn, "startDate": stamp(known.start) });
            match self.conduct.name_taken(again) {
                Taken::Same => return Ok(first),
                Taken::Refused => {
                    return Err(ApiError::new(
                        "ExecutionAlreadyExists",
                        format!("Execution Already Exists: '{arn}'"),
                    ));
                }
                Taken::Anew => {}
            }
        }
        let id = self.begin(Start {
            arn: arn.clone(),
            name,
            machine: resolved.revision,
            version_arn: resolved.version_arn,
            alias_arn: resolved.alias_arn,
            map_run_arn: None,
            processor: None,
            item: None,
            input: input.to_owned(),
            parent: None,
            variables: Arc::default(),
            trace_header: trace.map(str::to_owned),
        });
        let started = self.executions.get(&id).map_or(self.now, |known| known.start);
        Ok(json!({ "executionArn": arn, "startDate": stamp(started) }))
    }

    /// Finds what a machine, version or alias ARN stands for.
    pub(super) fn resolve_machine(&mut self, arn: &str) -> Result<Resolved, ApiError> {
        let named = machine_arn(arn)?;
        let Some(machine) = self.found_machine(&named.arn) else { return Err(no_machine(arn)) };
        if machine.status == MachineStatus::Deleting {
            return Err(ApiError::new("StateMachineDeleting", format!("State Machine Deleting: '{arn}'")));
        }
        let (express, current) = (machine.express, Arc::clone(&machine.current));
        let Some(qualifier) = named.qualifier else {
            return Ok(Resolved { revision: current, express, version_arn: None, alias_arn: None });
        };
        if let Some(version) = qualifier.parse::<u64>().ok().and_then(|number| machine.versions.get(&number))
        {
            let revision = Arc::clone(&version.revision);
            return Ok(Resolved { revision, express, version_arn: Some(arn.to_owned()), alias_arn: None });
        }
        let Some(alias) = machine.aliases.get(&qualifier).cloned() else { return Err(no_machine(arn)) };
        let draw = self.ids.below(100);
        let mut sum = 0;
        let chosen = alias.routes.iter().find(|(_, weight)| {
            sum += weight;
            draw < sum
        });
        let version_arn = chosen.map(|(version, _)| version.clone()).ok_or_else(|| no_machine(arn))?;
        let number = version_arn.rsplit(':').next().and_then(|text| text.parse::<u64>().ok());
        let revision = self
            .sfn
            .machines
            .get(&named.arn)
            .and_then(|machine| machine.versions.get(&number?))
            .map(|version| Arc::clone(&version.revision))
            .ok_or_else(|| no_machine(arn))?;
        Ok(Resolved { revision, express, version_arn: Some(version_arn), alias_arn: Some(arn.to_owned()) })
    }

    /// The execution that an ARN names.
    pub(super) fn find_execution(&self, arn: &str) -> Result<ExecutionId, ApiError> {
        if crate::place::Arn::parse(arn).is_none() {
            // Recorded: a text that is no ARN at all is an execution that does not exist or an invalid ARN.
            check_execution_arn(arn)?;
        }
        check_execution_arn(arn)?;
        self.execution_ids.get(arn).copied().ok_or_else(|| no_execution(arn))
    }

    pub(super) fn stop_execution(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let arn = request.required("executionArn", 1, 256)?;
        let error = request.text_within("error", 0, 256)?.map(str::to_owned);
        let cause = request.text_within("cause", 0, 32_768)?.map(str::to_owned);
        let id = self.find_execution(arn)?;
        self.settle_all(id);
        self.run_ready();
        if self.runs(id) {
            match self.conduct.stop() {
                Stop::Ends => self.close(id, Ending::Aborted { error, cause }, 0),
                Stop::Relabels => self.relabel(id, error, cause),
                Stop::KeepsTokens => {
                    let open: Vec<u64> = self
                        .issued
                        .iter()
                        .filter(|(_, i)| i.execution == id && i.closed.is_none())
                        .map(|(s, _)| *s)
                        .collect();
                    self.close(id, Ending::Aborted { error, cause }, 0);
                    for serial in open {
                        if let Some(issued) = self.issued.get_mut(&serial) {
                            issued.closed = None;
                        }
                    }
                }
            }
        }
        // STOP-05: stopping a closed execution changes nothing and answers the date of its end.
        let stopped = self.executions.get(&id).and_then(|known| known.stop).unwrap_or(self.now);
        Ok(json!({ "stopDate": stamp(stopped) }))
    }

    pub(super) fn redrive_execution(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let arn = request.required("executionArn", 1, 256)?;
        let token = request.text_within("clientToken", 1, 64)?;
        if token.is_some_and(|token| !token.bytes().all(|b| (0x21..=0x7e).contains(&b))) {
            return Err(validation(
                "Value at 'clientToken' failed to satisfy constraint: Member must satisfy regular expression pattern: [!-~]+",
            ));
        }
        let id = self.find_execution(arn)?;
        let now = self.now;
        let Some(known) = self.executions.get_mut(&id) else { return Err(no_execution(arn)) };
        known.redrive_tokens.retain(|(_, at)| now.since(*at) < Duration::from_secs(900));
        if let Some((_, at)) =
            token.and_then(|token| known.redrive_tokens.iter().find(|(known, _)| known == token))
        {
            return Ok(json!({ "redriveDate": stamp(*at) }));
        }
        let reason = not_redrivable(known.status, known.start, known.stop, known.events.len(), now);
        if let Some(reason) = reason {
            return Err(ApiError::new("ExecutionNotRedrivable", reason));
        }
        if let Some(token) = token {
            known.redrive_tokens.push((token.to_owned(), now));
            if known.redrive_tokens.len() > 10 {
                known.redrive_tokens.remove(0);
            }
        }
        self.redrive(id);
        Ok(json!({ "redriveDate": stamp(now) }))
    }
}

/// Why an execution cannot be redriven; `None` if it can (RED-01).
pub(super) fn not_redrivable(
    status: Status,
    start: record::Time,
    stop: Option<record::Time>,
    events: usize,
    now: record::Time,
) -> Option<String> {
    const DAY: u64 = 86_400;
    match status {
        Status::Running | Status::Succeeded => {
            Some(format!("Execution is {} and cannot be redriven", status.name()))
        }
        _ if events >= 24_999 => {
            Some("Execution event history count exceeds the redrive limit of 24999".to_owned())
        }
        _ if stop.is_some_and(|stop| now.since(stop) > Duration::from_secs(14 * DAY)) => {
            Some("Execution is outside of the redrive window of 14 days".to_owned())
        }
        _ if now.since(start) > Duration::from_secs(365 * DAY) => {
            Some("Execution is older than one year".to_owned())
        }
        _ => None,
    }
}
