//! The worker function of plans whose messages a function consumes, and whether a target runs it.
//!
//! The function takes its orders from its event (obey.py); the region has one of its own that does the same.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use record::{Call, Operation, Outcome};
use serde_json::{Value, json};

use crate::archive::archive;
use crate::capability::Found;
use crate::ledger::Ledger;
use crate::leftovers::{PREFIX, TAG, patient};
use crate::{ResourceKind, Target};

/// The input that makes the function.
pub(crate) fn creation(name: &str, role: &str, run: &str, timeout: u32) -> Value {
    let code = STANDARD.encode(archive("obey.py", include_bytes!("obey.py")));
    json!({
        "FunctionName": name, "Runtime": "python3.13", "Handler": "obey.handler", "Role": role,
        "Timeout": timeout, "Code": {"ZipFile": code}, "Tags": { TAG: run }
    })
}

/// Asks until a resource has left its beginning state. The last state, or why there is none.
pub(crate) async fn ready(
    target: &dyn Target,
    call: &Call,
    place: &[&str],
    wanted: &str,
    within: Duration,
) -> Result<Outcome, String> {
    let deadline = target.clock().now() + within;
    loop {
        let outcome = target.call(call.clone()).await;
        let state = place.iter().try_fold(outcome.reply(), |value, member| Some(value?.get(*member)));
        let state = state.flatten().and_then(Value::as_str).unwrap_or("no state").to_owned();
        if state == wanted {
            return Ok(outcome);
        }
        if state == "Failed" || target.clock().now() >= deadline {
            return Err(format!("{} shows {state}, not {wanted}", call.operation));
        }
        target.clock().sleep(Duration::from_millis(100)).await;
    }
}

/// Whether the target runs functions that reach its Step Functions, and whether it offers mappings.
pub(crate) async fn probe(target: &dyn Target, role: &str, ledger: &Ledger) -> [Found; 2] {
    let (lambda, evidence) = match runs(target, role, ledger).await {
        Ok(said) => (true, said),
        Err(why) => (false, why),
    };
    let listed = target.call(Call::new(Operation::ListEventSourceMappings, json!({}))).await;
    let offered = listed.is_done();
    let mappings = if offered { "mappings are offered" } else { "mappings are not offered" };
    [
        Found { name: "lambda", present: lambda, evidence: evidence.clone() },
        Found {
            name: "event-source-mapping",
            present: lambda && offered,
            evidence: format!("{evidence}; {mappings}"),
        },
    ]
}

/// What is assumed where functions are not probed.
pub(crate) fn not_asked() -> [Found; 2] {
    ["lambda", "event-source-mapping"].map(|name| Found {
        name,
        present: false,
        evidence: "the smoke profile deploys no functions; core does".to_owned(),
    })
}

/// Has a function tell a token that is none: the refusal shows that it ran and whom it asked.
async fn runs(target: &dyn Target, role: &str, ledger: &Ledger) -> Result<String, String> {
    let name = format!("{PREFIX}{}-probe", ledger.run());
    ledger.about_to_make(ResourceKind::Function, &name)?;
    let made =
        target.call(Call::new(Operation::CreateFunction, creation(&name, role, ledger.run(), 30))).await;
    ledger.answered(ResourceKind::Function, &name, &made);
    if !made.is_done() {
        return Err(format!("CreateFunction: {}", said(&made)));
    }
    let answer = asked(target, &name).await;
    let removed = patient(target, ResourceKind::Function.removing(&name)).await;
    ledger.gone(ResourceKind::Function, &name, &removed);
    answer
}

async fn asked(target: &dyn Target, name: &str) -> Result<String, String> {
    let get = Call::new(Operation::GetFunction, json!({"FunctionName": name}));
    ready(target, &get, &["Configuration", "State"], "Active", Duration::from_secs(20)).await?;
    let event = json!({"TaskToken": "no-token-of-anybody", "Do": "heartbeat"});
    let invoke = json!({"FunctionName": name, "Payload": event.to_string()});
    let outcome = target.call(Call::new(Operation::Invoke, invoke)).await;
    let Some(payload) = outcome.reply().and_then(|reply| reply.get("Payload")).map(ToString::to_string)
    else {
        return Err(format!("Invoke: {}", said(&outcome)));
    };
    if ["InvalidToken", "TaskDoesNotExist", "TaskTimedOut"].iter().any(|code| payload.contains(code)) {
        Ok("a function ran and reached Step Functions".to_owned())
    } else {
        Err(format!("a function gave {}", payload.chars().take(160).collect::<String>()))
    }
}

fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done(_) => "done".to_owned(),
        Outcome::Refused(error) => error.to_string(),
        Outcome::Unknown(why) => why.clone(),
    }
}
