//! What a target lacks, found by asking: so that plans that need it are not run, and their rules are not judged.

use futures_util::future::join_all;
use record::{ApiError, Call, Operation, Outcome};
use serde_json::{Value, json};

use crate::function;
use crate::ledger::Ledger;
use crate::leftovers::{PREFIX, TAG};
use crate::partition::{localised, partition};
use crate::patience::Pauses;
use crate::{BoxFuture, ResourceKind, Target};

/// One probed capability.
pub(crate) struct Found {
    pub(crate) name: &'static str,
    pub(crate) present: bool,
    pub(crate) evidence: String,
}

/// Asks for everything that plans can need; for functions only where asked to, since they take long.
pub(crate) async fn probe(target: &dyn Target, role: &str, ledger: &Ledger, functions: bool) -> Vec<Found> {
    let nobody = "arn:aws:states:us-east-1:123456789012:execution:sfnconf-nobody:sfnconf-nobody";
    let no_machine = "arn:aws:states:us-east-1:123456789012:stateMachine:sfnconf-nobody";
    let asked: [(&'static str, Call); 5] = [
        ("redrive", Call::new(Operation::RedriveExecution, json!({"executionArn": nobody}))),
        (
            "versions",
            Call::new(Operation::PublishStateMachineVersion, json!({"stateMachineArn": no_machine})),
        ),
        ("activity", Call::new(Operation::ListActivities, json!({}))),
        ("sns", Call::new(Operation::ListTopics, json!({}))),
        (
            "validate-definition",
            Call::new(Operation::ValidateStateMachineDefinition, json!({"definition": "{}"})),
        ),
    ];
    let mut found: Vec<BoxFuture<'_, Vec<Found>>> = Vec::new();
    for (name, call) in asked {
        found.push(Box::pin(async move { vec![by_answer(target, name, call).await] }));
    }
    found.push(Box::pin(async {
        let pair =
            if functions { function::probe(target, role, ledger).await } else { function::not_asked() };
        pair.into()
    }));
    found.push(Box::pin(async {
        // The machine with JSONata is read alone: moto has one stack of query languages for all definitions, and those read
        // beside it left JSONata there, so that nothing with JSONPath was taken any more.
        let (alone, together): (Vec<_>, Vec<_>) =
            trials().into_iter().partition(|trial| trial.name == "jsonata");
        let mut seen = join_all(together.into_iter().map(|trial| tried(target, role, ledger, trial))).await;
        seen.extend(join_all(alone.into_iter().map(|trial| tried(target, role, ledger, trial))).await);
        seen
    }));
    join_all(found).await.into_iter().flatten().collect()
}

/// A role of the account and the partition that the target works for, as far as it tells.
pub(crate) async fn made_up_role(target: &dyn Target) -> String {
    let caller = target.call(Call::new(Operation::GetCallerIdentity, json!({}))).await;
    let account = text(&caller, "Account").unwrap_or_else(|| "123456789012".to_owned());
    let arn = text(&caller, "Arn").unwrap_or_default();
    format!("arn:{}:iam::{account}:role/sfn-conformance", partition(&arn))
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

/// With what the target refuses whoever asks, whatever is asked.
pub(crate) async fn denial(target: &dyn Target) -> Option<ApiError> {
    let asked = [
        Call::new(Operation::ListStateMachines, json!({"maxResults": 1})),
        Call::new(Operation::ListActivities, json!({"maxResults": 1})),
        Call::new(Operation::ListQueues, json!({})),
    ];
    let answers = join_all(asked.iter().map(|call| patient(target, call))).await;
    let denials: Vec<ApiError> =
        answers.iter().filter_map(Outcome::refusal).filter(|error| error.is_denial()).cloned().collect();
    (denials.len() == asked.len()).then(|| denials.into_iter().next()).flatten()
}

async fn patient(target: &dyn Target, call: &Call) -> Outcome {
    let mut pauses = Pauses::new(target);
    let mut outcome = target.call(call.clone()).await;
    for tries in 0..20 {
        match &outcome {
            Outcome::Refused(error) if error.is_passing() || error.status >= 500 && tries < 2 => {}
            // What answers nothing that can be read does so by itself or not at all.
            Outcome::Unknown(_) if tries < 4 => {}
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

/// What a machine that needs the capability must come to.
struct Trial {
    name: &'static str,
    definition: Value,
    /// Whether the status and the output or error show the capability.
    shows: fn(&str, &str) -> bool,
}

/// Machines that show what a target's workflows can do: JSONata, `States.Format` with escapes, integrations.
fn trials() -> Vec<Trial> {
    let machine = |state: Value| json!({"StartAt": "Try", "States": {"Try": state}});
    let mut jsonata = machine(json!({"Type": "Pass", "Output": {"sum": "{% 1 + 1 %}"}, "End": true}));
    jsonata["QueryLanguage"] = json!("JSONata");
    let task = |resource: &str, parameters: Value| {
        machine(
            json!({"Type": "Task", "Resource": format!("arn:aws:states:::{resource}"), "Parameters": parameters, "End": true}),
        )
    };
    let nobody = "arn:aws:states:us-east-1:123456789012:stateMachine:sfnconf-nobody";
    vec![
        Trial {
            name: "jsonata",
            definition: jsonata,
            // Whoever evaluates it to something else offers JSONata, and is judged for it.
            shows: |status, said| status == "SUCCEEDED" && said != "{}" && !said.contains("{%"),
        },
        Trial {
            name: "format",
            definition: machine(
                json!({"Type": "Pass", "Parameters": {"text.$": r"States.Format('\{{}\}', 'x')"}, "End": true}),
            ),
            shows: |_, said| {
                serde_json::from_str(said).is_ok_and(|output: Value| output == json!({"text": "{x}"}))
            },
        },
        Trial {
            name: "aws-sdk",
            definition: task("aws-sdk:sqs:listQueues", json!({"QueueNamePrefix": "sfnconf-nobody"})),
            shows: |status, _| status == "SUCCEEDED",
        },
        Trial {
            name: "nested",
            definition: task("states:startExecution", json!({"StateMachineArn": nobody, "Input": {}})),
            shows: |_, said| said.starts_with("StepFunctions."),
        },
    ]
}

/// Runs a machine to its end and looks at what came of it.
async fn tried(target: &dyn Target, role: &str, ledger: &Ledger, trial: Trial) -> Found {
    let Trial { name: capability, definition, shows } = trial;
    let name = format!("{PREFIX}{}-probe-{capability}", ledger.run());
    let create = Call::new(
        Operation::CreateStateMachine,
        json!({"name": name, "roleArn": role, "definition": localised(definition.to_string(), role), "tags": [{"key": TAG, "value": ledger.run()}]}),
    );
    let found = |present: bool, evidence: String| Found { name: capability, present, evidence };
    if let Err(why) = ledger.about_to_make(ResourceKind::Machine, &name) {
        return found(false, why);
    }
    let made = patient(target, &create).await;
    ledger.answered(ResourceKind::Machine, &name, &made);
    let Some(machine) = text(&made, "stateMachineArn") else {
        let why = made.refusal().map(ToString::to_string).unwrap_or_default();
        return found(false, format!("CreateStateMachine: {why}"));
    };
    let start = Call::new(Operation::StartExecution, json!({"stateMachineArn": machine, "input": "{}"}));
    let mut pauses = Pauses::new(target);
    let mut execution = None;
    let deadline = target.clock().now() + std::time::Duration::from_secs(8);
    let (mut status, mut said) = ("not started".to_owned(), String::new());
    while target.clock().now() < deadline {
        if execution.is_none() {
            execution = text(&target.call(start.clone()).await, "executionArn");
        }
        if let Some(arn) = &execution {
            let outcome =
                target.call(Call::new(Operation::DescribeExecution, json!({"executionArn": arn}))).await;
            if let Some(seen) = text(&outcome, "status") {
                status = seen;
                said = text(&outcome, "output").or_else(|| text(&outcome, "error")).unwrap_or_default();
                if status != "RUNNING" {
                    break;
                }
            }
        }
        target.clock().sleep(pauses.next()).await;
    }
    if let (Some(arn), true) = (&execution, status == "RUNNING") {
        target.call(Call::new(Operation::StopExecution, json!({"executionArn": arn}))).await;
    }
    let removed = patient(target, &ResourceKind::Machine.removing(&machine)).await;
    ledger.gone(ResourceKind::Machine, &machine, &removed);
    found(shows(&status, &said), format!("a machine with {capability}: {status} {said}"))
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
