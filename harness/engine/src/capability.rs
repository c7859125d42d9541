//! What a target lacks, found by asking: so that plans that need it are not run, and their rules are not judged.

use record::{ApiError, Call, Operation, Outcome};
use serde_json::{Value, json};

use crate::Target;
use crate::function;
use crate::patience::{Pauses, is_passing};

/// One probed capability.
pub(crate) struct Found {
    pub(crate) name: &'static str,
    pub(crate) present: bool,
    pub(crate) evidence: String,
}

/// Asks for everything that plans can need; for functions only where asked to, since they take long.
pub(crate) async fn probe(target: &dyn Target, role: &str, run: &str, functions: bool) -> Vec<Found> {
    let nobody = "arn:aws:states:us-east-1:123456789012:execution:sfnconf-nobody:sfnconf-nobody";
    let [lambda, mappings] =
        if functions { function::probe(target, role, run).await } else { function::not_asked() };
    vec![
        by_answer(target, "redrive", Call::new(Operation::RedriveExecution, json!({"executionArn": nobody})))
            .await,
        by_answer(target, "activity", Call::new(Operation::ListActivities, json!({}))).await,
        by_answer(target, "sns", Call::new(Operation::ListTopics, json!({}))).await,
        by_answer(
            target,
            "validate-definition",
            Call::new(Operation::ValidateStateMachineDefinition, json!({"definition": "{}"})),
        )
        .await,
        jsonata(target, role, run).await,
        lambda,
        mappings,
    ]
}

/// The account that the target works for, as far as it tells.
pub(crate) async fn account(target: &dyn Target) -> Option<String> {
    let outcome = target.call(Call::new(Operation::GetCallerIdentity, json!({}))).await;
    outcome.reply()?.get("Account")?.as_str().map(str::to_owned)
}

/// Whether the target answers at all.
pub(crate) async fn answers(target: &dyn Target) -> bool {
    for _ in 0..3 {
        if !matches!(
            target.call(Call::new(Operation::ListStateMachines, json!({"maxResults": 1}))).await,
            Outcome::Unknown(_)
        ) {
            return true;
        }
        target.clock().sleep(std::time::Duration::from_millis(400)).await;
    }
    false
}

async fn patient(target: &dyn Target, call: &Call) -> Outcome {
    let mut pauses = Pauses::new(target.clock());
    let mut outcome = target.call(call.clone()).await;
    for _ in 0..20 {
        match &outcome {
            Outcome::Refused(error) if is_passing(error) => {}
            Outcome::Unknown(_) => {}
            _ => break,
        }
        target.clock().sleep(pauses.next()).await;
        outcome = target.call(call.clone()).await;
    }
    outcome
}

async fn by_answer(target: &dyn Target, name: &'static str, call: Call) -> Found {
    let outcome = patient(target, &call).await;
    let said = match &outcome {
        Outcome::Done(_) => "done".to_owned(),
        Outcome::Refused(error) => error.to_string(),
        Outcome::Unknown(why) => why.clone(),
    };
    let present = !outcome.refusal().is_some_and(is_not_offered);
    Found { name, present, evidence: format!("{}: {said}", call.operation) }
}

/// A machine in JSONata that adds two numbers.
async fn jsonata(target: &dyn Target, role: &str, run: &str) -> Found {
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": "Add", "States": {"Add": {"Type": "Pass", "Output": {"sum": "{% 1 + 1 %}"}, "End": true}}});
    let name = format!("sfnconf-{run}-probe");
    let create = Call::new(
        Operation::CreateStateMachine,
        json!({"name": name, "roleArn": role, "definition": definition.to_string()}),
    );
    let found = |present: bool, evidence: String| Found { name: "jsonata", present, evidence };
    let made = patient(target, &create).await;
    let Some(machine) = text(&made, "stateMachineArn") else {
        return found(
            false,
            format!("CreateStateMachine: {}", made.refusal().map(ToString::to_string).unwrap_or_default()),
        );
    };
    let start = Call::new(Operation::StartExecution, json!({"stateMachineArn": machine, "input": "{}"}));
    let mut pauses = Pauses::new(target.clock());
    let mut execution = None;
    let deadline = target.clock().now() + std::time::Duration::from_secs(8);
    let mut last = String::from("not started");
    while target.clock().now() < deadline {
        if execution.is_none() {
            execution = text(&target.call(start.clone()).await, "executionArn");
        }
        if let Some(arn) = &execution {
            let outcome =
                target.call(Call::new(Operation::DescribeExecution, json!({"executionArn": arn}))).await;
            if let Some(status) = text(&outcome, "status") {
                last = format!("{status} {}", text(&outcome, "output").unwrap_or_default());
                if status != "RUNNING" {
                    break;
                }
            }
        }
        target.clock().sleep(pauses.next()).await;
    }
    if let (Some(arn), true) = (&execution, last.starts_with("RUNNING")) {
        target.call(Call::new(Operation::StopExecution, json!({"executionArn": arn}))).await;
    }
    target.call(Call::new(Operation::DeleteStateMachine, json!({"stateMachineArn": machine}))).await;
    let present =
        last.strip_prefix("SUCCEEDED ").and_then(|output| serde_json::from_str::<Value>(output).ok())
            == Some(json!({"sum": 2}));
    found(present, format!("a JSONata machine: {last}"))
}

fn text(outcome: &Outcome, member: &str) -> Option<String> {
    outcome.reply()?.get(member)?.as_str().map(str::to_owned)
}

/// Whether an error says that the operation is not there.
fn is_not_offered(error: &ApiError) -> bool {
    let words = format!("{} {}", error.code, error.message).to_lowercase();
    error.status == 501
        || matches!(
            error.code.as_str(),
            "UnknownOperationException" | "InvalidAction" | "NotImplemented" | "UnknownOperation"
        )
        || (error.status >= 500
            && ["not implemented", "not supported", "not yet"].iter().any(|phrase| words.contains(phrase)))
        || (error.status == 404 && !error.code.contains("NotFound") && !error.code.contains("NotExist"))
}
