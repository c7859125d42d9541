//! ListExecutions, and page tokens for every list (LIST; GEH-05).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use record::{ApiError, Call, Time};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::history::page_size;
use super::names::{machine_arn, states_arn};
use crate::Region;
use crate::execution::{Execution, Status, stamp};
use crate::refuse::{Reply, invalid_token, no_machine, validation};
use crate::request::Request;

impl Region {
    /// A token for the page of this list that begins at a position.
    pub(crate) fn page_token(&self, list: &str, of: &str, position: usize) -> String {
        let plain = format!("{position}|{}|{}", self.now.0, proof(list, of, position, self.now));
        STANDARD.encode(plain)
    }

    /// Where the page of this token begins; tokens live for a day.
    pub(crate) fn page_start(&self, list: &str, of: &str, token: &str) -> Result<usize, ApiError> {
        let read = || {
            let plain = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
            let mut parts = plain.splitn(3, '|');
            let position: usize = parts.next()?.parse().ok()?;
            let at = Time(parts.next()?.parse().ok()?);
            let fresh = self.now.since(at) <= Duration::from_secs(86_400);
            (fresh && parts.next()? == proof(list, of, position, at)).then_some(position)
        };
        read().ok_or_else(invalid_token)
    }

    /// One page of a list, with the token of the next one.
    pub(crate) fn paged(
        &self,
        list: &str,
        of: &str,
        items: &[Value],
        member: &str,
        request: &Request<'_>,
    ) -> Reply {
        let size = page_size(request.number("maxResults", 0, 1_000)?, 100);
        let start = match request.text_within("nextToken", 1, 3_096)? {
            None => 0,
            Some(token) => self.page_start(list, of, token)?,
        };
        let page: Vec<Value> = items.iter().skip(start).take(size).cloned().collect();
        let end = start + page.len();
        let mut reply = json!({ member: page });
        if end < items.len() {
            reply["nextToken"] = json!(self.page_token(list, of, end));
        }
        Ok(reply)
    }

    pub(super) fn list_executions(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let machine = request.text_within("stateMachineArn", 1, 256)?;
        let run = request.text_within("mapRunArn", 1, 2_000)?;
        let statuses = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"];
        let status = request.word("statusFilter", &statuses)?;
        let redrive = request.word("redriveFilter", &["REDRIVEN", "NOT_REDRIVEN"])?;
        request.number("maxResults", 0, 1_000)?;
        request.text_within("nextToken", 1, 3_096)?;
        let of = match (machine, run) {
            (Some(arn), None) => {
                if status == Some("PENDING_REDRIVE") || redrive.is_some() {
                    return Err(validation("PENDING_REDRIVE and redriveFilter need a mapRunArn"));
                }
                let named = machine_arn(arn)?;
                let machine = self.found_machine(&named.arn).ok_or_else(|| no_machine(arn))?;
                if machine.express {
                    let text = "This operation is not supported by this type of state machine";
                    return Err(ApiError::new("StateMachineTypeNotSupported", text));
                }
                arn
            }
            (None, Some(arn)) => {
                states_arn(arn)?;
                if !self.executions.values().any(|known| known.map_run_arn.as_deref() == Some(arn)) {
                    return Err(ApiError::new("ResourceNotFound", format!("Resource not found: '{arn}'")));
                }
                arn
            }
            _ => return Err(validation("Exactly one of 'stateMachineArn' and 'mapRunArn' must be given")),
        };
        let by_run = run.is_some();
        let belongs = |known: &Execution| {
            if by_run {
                return known.map_run_arn.as_deref() == Some(of);
            }
            known.map_run_arn.is_none()
                && (known.machine.arn == of
                    || known.version_arn.as_deref() == Some(of)
                    || known.alias_arn.as_deref() == Some(of))
        };
        let mut found: Vec<(bool, Time, u64, &Execution)> = self
            .executions
            .iter()
            .filter(|(_, known)| {
                belongs(known) && status.is_none_or(|status| shown_status(known).name() == status)
            })
            .filter(|(_, known)| {
                redrive.is_none_or(|redrive| (redrive == "REDRIVEN") == (known.redrives > 0))
            })
            .map(|(id, known)| match known.stop {
                None => (true, known.redriven.unwrap_or(known.start), *id, known),
                Some(stop) => (false, stop, *id, known),
            })
            .collect();
        found.sort_by_key(|(running, at, id, _)| std::cmp::Reverse((*running, *at, *id)));
        let items: Vec<Value> = found.into_iter().map(|(_, _, _, known)| summary(known)).collect();
        self.paged("executions", of, &items, "executions", &request)
    }
}

fn shown_status(known: &Execution) -> Status {
    if known.relabelled && known.is_running() { Status::Aborted } else { known.status }
}

fn summary(known: &Execution) -> Value {
    let mut item = json!({
        "executionArn": known.arn,
        "stateMachineArn": known.machine.arn,
        "name": known.name,
        "status": shown_status(known).name(),
        "startDate": stamp(known.start),
        "redriveCount": known.redrives,
    });
    let optional = [
        ("stopDate", known.stop.map(stamp)),
        ("redriveDate", known.redriven.map(stamp)),
        ("mapRunArn", known.map_run_arn.as_ref().map(|arn| json!(arn))),
        ("stateMachineVersionArn", known.version_arn.as_ref().map(|arn| json!(arn))),
        ("stateMachineAliasArn", known.alias_arn.as_ref().map(|arn| json!(arn))),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            item[name] = value;
        }
    }
    item
}

fn proof(list: &str, of: &str, position: usize, at: Time) -> String {
    let digest = Sha256::digest(format!("{list}|{of}|{position}|{}", at.0));
    STANDARD.encode(digest)
}
