//! `audit`: judging the output of `aws stepfunctions get-execution-history` by itself, from any Standard workflow.
//!
//! What a text may look like is the business of `reading`. What is not done here: calls, files, printing. A document may
//! carry more beside its events: `definition`, `execution` (the output of DescribeExecution) and `completions` (accepted
//! SendTaskSuccess and SendTaskFailure requests). Invariant: any text gives a report or an error that says what was
//! expected.

use record::Time;
use serde::Serialize;
use serde_json::Value;

use crate::history::{self, Advice, Breach, Completion, Known};
use crate::registry::{self, Severity};
use reading::Reading;

mod logged;
mod order;
mod reading;
mod spelling;

/// The report of an audit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// What AWS would not have written, the first cause first.
    pub violations: Vec<Violation>,
    /// Later findings that may be mere consequences of the first violation.
    pub consequences: Vec<Violation>,
    /// What breaks no rule but deserves a look.
    pub advice: Vec<Advice>,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule.
    pub rule: &'static str,
    /// How strongly it binds: what AWS documents, or what was only recorded or inferred.
    pub severity: Severity,
    /// The event that shows it.
    pub event: Option<u64>,
    /// What is wrong.
    pub message: String,
}

/// Why a text cannot be audited.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The history is no JSON, or has no events.
    #[error("no history: {0}")]
    History(String),
    /// The definition is not one that AWS would run.
    #[error("no definition: {0}")]
    Definition(String),
}

/// Judges a history, with the definition it ran if there is one; one beside the events counts where none is given.
pub fn audit(text: &str, definition: Option<&str>) -> Result<AuditReport, AuditError> {
    let Reading { documents, history, goes_on, begins } = reading::read(text)?;
    let beside = |member: &str| {
        documents.iter().find_map(|document| document.get(member)).filter(|value| !value.is_null())
    };
    let embedded = beside("definition")
        .map(|definition| definition.as_str().map_or_else(|| definition.to_string(), str::to_owned));
    // What DescribeStateMachine answers holds the definition as text.
    let described = definition.and_then(|text| {
        let described: Value = serde_json::from_str(text).ok()?;
        Some(described.get("definition")?.as_str()?.to_owned())
    });
    let definition = described.as_deref().or(definition).or(embedded.as_deref());
    let machine = match definition {
        None => None,
        Some(definition) => Some(asl::parse(definition).map_err(|problems| {
            let problems: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
            AuditError::Definition(problems.join("; "))
        })?),
    };
    // The history of a child of a Map Run goes with the definition of its parent.
    let first = history.events.iter().find(|event| event.is_entered());
    let child = machine
        .as_ref()
        .zip(first.and_then(|event| event.text("name")))
        .filter(|(machine, name)| !machine.states.contains_key(*name))
        .and_then(|(machine, name)| machine.child(name));
    let machine = child.or(machine);
    let execution = beside("execution");
    let said = |member: &str| execution.and_then(|execution| execution.get(member));
    let input =
        said("input").and_then(Value::as_str).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let completions: Vec<Completion> = beside("completions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(completion)
        .collect();
    let known = Known {
        definition: machine.as_ref(),
        input: input.as_ref(),
        execution_arn: said("executionArn").and_then(Value::as_str),
        state_machine_arn: said("stateMachineArn").and_then(Value::as_str),
        closed: said("status").filter(|_| !goes_on).map(|status| status != "RUNNING"),
        status: said("status").and_then(Value::as_str),
        started: said("startDate").and_then(time),
        stopped: said("stopDate").and_then(time),
        completions: &completions,
        ..Known::default()
    };
    let checked =
        if begins { history::check(&history, &known) } else { history::check_page(&history, &known) };
    let mut advice = checked.advice;
    advice.extend(definition.and_then(refused));
    advice.extend(checked.unjudged.into_iter().map(|message| Advice { rule: None, event: None, message }));
    if goes_on {
        let message = "another page follows (nextToken): only what is here was judged".to_owned();
        advice.push(Advice { rule: Some("GEH-03"), event: None, message });
    }
    let (violations, consequences) = order::order(checked.breaches);
    let told = |breaches: Vec<Breach>| breaches.into_iter().map(Violation::from).collect();
    Ok(AuditReport { violations: told(violations), consequences: told(consequences), advice })
}

impl From<Breach> for Violation {
    fn from(breach: Breach) -> Self {
        let severity = registry::rule(breach.rule).map_or(Severity::Must, |rule| rule.severity);
        Self { rule: breach.rule, severity, event: breach.event, message: breach.message }
    }
}

/// A definition that AWS would not take today. That it ran once says nothing against its history: AWS has become stricter.
fn refused(definition: &str) -> Option<Advice> {
    let diagnostics = asl::validate(definition, asl::MachineType::Standard);
    let refusal = asl::Diagnostic::refusal(&diagnostics)?;
    let message = format!("CreateStateMachine would refuse the definition: {refusal}");
    Some(Advice { rule: None, event: None, message })
}

fn time(value: &Value) -> Option<Time> {
    value.as_f64().map(Time::from_epoch_seconds).or_else(|| Time::from_iso(value.as_str()?))
}

fn completion(request: &Value) -> Option<Completion> {
    let text = |member: &str| request.get(member).and_then(Value::as_str).map(str::to_owned);
    let result = text("output").ok_or_else(|| (text("error"), text("cause")));
    Some(Completion { token: text("taskToken")?, result })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_input_is_an_error_that_says_what_was_expected() {
        for text in [
            "",
            "nonsense",
            "{}",
            "[]",
            r#"{"events": []}"#,
            r#"{"events": [7]}"#,
            r#"{"events": [{"id": 1}]}"#,
            "[1,2",
        ] {
            let error = audit(text, None).unwrap_err().to_string();
            assert!(error.starts_with("no history"), "{text}: {error}");
        }
    }

    #[test]
    fn the_history_of_a_child_execution_is_judged_by_the_definition_of_its_parent() {
        let parent = |mode: &str| {
            format!(
                r#"{{"StartAt": "m", "States": {{"m": {{"Type": "Map", "End": true, "ItemProcessor": {{
                    "ProcessorConfig": {{"Mode": "{mode}", "ExecutionType": "STANDARD"}},
                    "StartAt": "p", "States": {{"p": {{"Type": "Pass", "End": true}}}}}}}}}}}}"#
            )
        };
        let history = r#"{"events": [
            {"id": 1, "previousEventId": 0, "timestamp": 1, "type": "ExecutionStarted", "executionStartedEventDetails": {"input": "1", "inputDetails": {"truncated": false}, "roleArn": "arn:aws:iam::123456789012:role/r"}},
            {"id": 2, "previousEventId": 0, "timestamp": 1, "type": "PassStateEntered", "stateEnteredEventDetails": {"name": "p", "input": "1", "inputDetails": {"truncated": false}}},
            {"id": 3, "previousEventId": 2, "timestamp": 1, "type": "PassStateExited", "stateExitedEventDetails": {"name": "p", "output": "1", "outputDetails": {"truncated": false}}},
            {"id": 4, "previousEventId": 3, "timestamp": 1, "type": "ExecutionSucceeded", "executionSucceededEventDetails": {"output": "1", "outputDetails": {"truncated": false}}}]}"#;
        let accused = |mode: &str| !audit(history, Some(&parent(mode))).unwrap().violations.is_empty();
        assert!(!accused("DISTRIBUTED"), "{:?}", audit(history, Some(&parent("DISTRIBUTED"))));
        assert!(accused("INLINE"));
    }

    #[test]
    fn a_definition_that_does_not_parse_is_an_error() {
        let text = r#"{"events": [{"id": 1, "type": "ExecutionStarted", "timestamp": 1}]}"#;
        assert!(matches!(audit(text, Some("{")), Err(AuditError::Definition(_))));
    }
}
