//! A run, read from its events: the totals and the cases that reports show. Cases that show nothing are not kept.
//!
//! Invariant: reading any prefix of a `run.jsonl` gives a run that every format can render.

use std::collections::{BTreeMap, BTreeSet};

use record::{CaseEnd, CaseRecord, Finding, FindingKind, Operation, Outcome, RunEvent, SCHEMA};
use rules::TokenCall;
use rules::score::Score;
use serde_json::Value;

/// What the first line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Name and version of the tool.
    pub tool: String,
    /// The target as given.
    pub target: String,
    /// Its endpoint.
    pub endpoint: String,
    /// The name of what answers there.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The profile.
    pub profile: String,
    /// The seed.
    pub seed: u64,
    /// When it started, ISO 8601.
    pub at: String,
}

/// What the last line says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ending {
    /// Wall time in seconds.
    pub elapsed_s: f64,
    /// Plans executed.
    pub cases: u64,
    /// Whether the run was cut short.
    pub cut: bool,
}

/// The case that shows a violation, as small as it is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Exhibit {
    /// What the check said.
    pub finding: Finding,
    /// The plan as data.
    pub plan: Value,
    /// What was seen when it ran.
    pub record: CaseRecord,
    /// In how many of how many tries a minimised plan showed it; none where the plan was not minimised.
    pub shown: Option<(u32, u32)>,
}

/// How often an operation was done, refused, or left without an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Done.
    pub done: u64,
    /// Refused.
    pub refused: u64,
    /// Unknown.
    pub unknown: u64,
}

/// A capability that was probed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Whether the target has it.
    pub present: bool,
    /// What was asked and answered.
    pub evidence: String,
}

/// What the run used.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Spent {
    /// Requests to all services.
    pub requests: u64,
    /// State transitions.
    pub transitions: u64,
    /// Dollars at the list prices that it was reckoned with.
    pub dollars: f64,
}

/// What the run exercised.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Cases a family of plans.
    pub families: BTreeMap<String, u64>,
    /// Answers an operation.
    pub operations: BTreeMap<Operation, Answers>,
    /// Occurrences of each history event type in the histories read.
    pub event_types: BTreeMap<String, u64>,
    /// SendTask* calls by the state of their token, by operation and by what was answered.
    pub tokens: BTreeMap<&'static str, BTreeMap<&'static str, BTreeMap<String, u64>>>,
    /// Plans that passed a deadline, with what was awaited and what was seen.
    pub hung: Vec<(String, String)>,
    /// Plans that could not go on.
    pub cut: Vec<(String, String)>,
    /// Plans that were not begun, and why: the budget did not cover them, or the run was stopped.
    pub not_run: Vec<(String, String)>,
    /// Faults asked for, and how many of them fired.
    pub faults: (u64, u64),
    /// Executions started.
    pub executions: u64,
    /// Rules whose antecedent occurred, summed over the cases.
    pub rules_met: u64,
}

/// A run so far.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The first line; empty before it was read.
    pub header: Header,
    /// The last line, once there.
    pub ending: Option<Ending>,
    /// What was probed.
    pub capabilities: BTreeMap<String, Probe>,
    /// The verdicts.
    pub score: Score,
    /// The cases that show violations, by rule and check.
    pub exhibits: BTreeMap<(String, String), Exhibit>,
    /// What was exercised.
    pub coverage: Coverage,
    /// What was used, once the run is over.
    pub spent: Option<Spent>,
    /// Errors of the harness or the target.
    pub errors: Vec<String>,
}

/// Why a `run.jsonl` cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A line that is no run event and is not the torn last one.
    #[error("line {line}: {source}; is this a run.jsonl of this tool?")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// Written by a tool with another schema.
    #[error("schema {0}, but this tool reads schema {SCHEMA}; use the version that wrote it")]
    Schema(u32),
    /// The first line does not say what run this is.
    #[error("the first line is not `started`; is this a run.jsonl of this tool?")]
    NotStarted,
}

/// Reads the lines of a `run.jsonl`. A torn last line, as a kill leaves it, is passed over.
pub fn read_events(text: &str) -> Result<Vec<RunEvent>, ReadError> {
    let mut events = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(line) {
            Ok(event) => events.push(event),
            Err(_) if at > 0 && at + 1 == lines.len() && !text.ends_with('\n') => break,
            Err(source) => return Err(ReadError::Line { line: at + 1, source }),
        }
    }
    match events.first() {
        Some(RunEvent::Started { schema, .. }) if *schema == SCHEMA => Ok(events),
        Some(RunEvent::Started { schema, .. }) => Err(ReadError::Schema(*schema)),
        _ => Err(ReadError::NotStarted),
    }
}

impl FromIterator<RunEvent> for Run {
    fn from_iter<I: IntoIterator<Item = RunEvent>>(events: I) -> Self {
        let mut run = Self::default();
        events.into_iter().for_each(|event| run.add(event));
        run
    }
}

impl Run {
    /// A run of which nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one more event.
    pub fn add(&mut self, event: RunEvent) {
        match event {
            RunEvent::Started { tool, target, endpoint, name, version, profile, seed, at, .. } => {
                self.header = Header { tool, target, endpoint, name, version, profile, seed, at };
            }
            RunEvent::Capability { name, present, evidence } => {
                if !present {
                    self.score.lack(&name);
                }
                self.capabilities.insert(name, Probe { present, evidence });
            }
            RunEvent::Case { plan, record, findings } => self.add_case(&plan, &record, &findings),
            RunEvent::Minimised { rule, check, plan, record, shown, .. } => {
                self.minimise(rule, check, plan, record, shown);
            }
            RunEvent::Spent { calls, transitions, dollars } => {
                self.spent = Some(Spent { requests: calls.values().sum(), transitions, dollars });
            }
            RunEvent::Broken { error } => self.errors.push(error),
            RunEvent::Finished { elapsed_s, cases, cut } => {
                self.ending = Some(Ending { elapsed_s, cases, cut });
            }
        }
    }

    /// Plans executed so far.
    pub fn cases(&self) -> u64 {
        self.score.cases()
    }

    /// Whether the run came to its end.
    pub fn is_complete(&self) -> bool {
        self.ending.is_some_and(|ending| !ending.cut)
    }

    fn add_case(&mut self, plan: &Value, record: &CaseRecord, findings: &[Finding]) {
        if let CaseEnd::NotRun(why) = &record.end {
            self.coverage.not_run.push((record.plan.clone(), why.clone()));
            return;
        }
        self.score.add(&record.plan, findings);
        self.coverage.add(record);
        let met: BTreeSet<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
        self.coverage.rules_met += met.len() as u64;
        for finding in findings.iter().filter(|finding| finding.kind == FindingKind::Violated) {
            let key = (finding.rule.clone(), finding.check.clone());
            self.exhibits.entry(key).or_insert_with(|| Exhibit {
                finding: finding.clone(),
                plan: plan.clone(),
                record: record.clone(),
                shown: None,
            });
        }
    }

    fn minimise(&mut self, rule: String, check: String, plan: Value, record: CaseRecord, shown: (u32, u32)) {
        let again = rules::judge(&record)
            .into_iter()
            .find(|one| one.kind == FindingKind::Violated && one.rule == rule && one.check == check);
        let key = (rule, check);
        let known = self.exhibits.get(&key).map(|exhibit| exhibit.finding.clone());
        if let Some(finding) = again.or(known) {
            self.exhibits.insert(key, Exhibit { finding, plan, record, shown: Some(shown) });
        }
    }
}

impl Coverage {
    /// How many rules an execution paid for.
    pub fn rules_per_execution(&self) -> f64 {
        self.rules_met as f64 / self.executions.max(1) as f64
    }

    fn add(&mut self, record: &CaseRecord) {
        *self.families.entry(record.family.clone()).or_default() += 1;
        for entry in &record.entries {
            let answers = self.operations.entry(entry.call.operation).or_default();
            match &entry.outcome {
                Outcome::Done(reply) => {
                    answers.done += 1;
                    self.executions += u64::from(entry.call.operation == Operation::StartExecution);
                    if entry.call.operation == Operation::GetExecutionHistory {
                        self.add_history(reply);
                    }
                }
                Outcome::Refused(_) => answers.refused += 1,
                Outcome::Unknown(_) => answers.unknown += 1,
            }
        }
        for TokenCall { state, call, outcome } in rules::token_calls(record) {
            let outcomes = self.tokens.entry(state).or_default().entry(call).or_default();
            *outcomes.entry(outcome).or_default() += 1;
        }
        match &record.end {
            CaseEnd::Complete | CaseEnd::NotRun(_) => {}
            CaseEnd::Hung { awaited, saw } => {
                self.hung.push((record.plan.clone(), format!("waited for {awaited}, saw {saw}")));
            }
            CaseEnd::Cut(why) => self.cut.push((record.plan.clone(), why.clone())),
        }
        self.faults.0 += record.faults.len() as u64;
        self.faults.1 += record.faults.iter().filter(|(_, fired)| *fired).count() as u64;
    }

    fn add_history(&mut self, reply: &Value) {
        for event in reply.get("events").and_then(Value::as_array).into_iter().flatten() {
            if let Some(kind) = event.get("type").and_then(Value::as_str) {
                *self.event_types.entry(kind.to_owned()).or_default() += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: &str = r#"{"event":"started","schema":1,"tool":"t","target":"embedded","endpoint":"","name":"embedded","version":"1","profile":"core","seed":1,"at":"2026-01-01T00:00:00.000Z"}"#;

    #[test]
    fn a_torn_last_line_is_passed_over() {
        let text = format!("{STARTED}\n{{\"event\":\"fini");
        assert_eq!(read_events(&text).unwrap().len(), 1);
    }

    #[test]
    fn a_broken_line_in_the_middle_is_an_error_with_its_number() {
        let text = format!("{STARTED}\nnonsense\n{STARTED}\n");
        assert!(read_events(&text).unwrap_err().to_string().starts_with("line 2"));
    }

    #[test]
    fn a_file_of_another_kind_is_refused() {
        assert!(matches!(read_events(""), Err(ReadError::NotStarted)));
        let other = STARTED.replace("\"schema\":1", "\"schema\":9");
        assert!(matches!(read_events(&other), Err(ReadError::Schema(9))));
    }
}
