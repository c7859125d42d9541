//! AWS itself, with the brakes that belong to the client: an explicit opt-in, lists of what is allowed, and a pace.
//!
//! Budget and ledger are the engine's. `AWS_ENDPOINT_URL` sends everything to another address, for rehearsals.

mod credentials;

use std::sync::Arc;
use std::time::Duration;

use record::{Call, Operation, Outcome};
use serde_json::{Value, json};

use crate::endpoint::EndpointTargets;
use crate::http::{Endpoint, HttpClient, Patience};
use crate::pace::Pace;
use crate::{AwsOptions, Environment, TargetError, Wire};

pub(crate) use credentials::credentials;

/// An account that may be used.
pub(crate) struct Admitted {
    pub(crate) targets: EndpointTargets,
    pub(crate) address: String,
    pub(crate) account: String,
    pub(crate) region: String,
}

/// Checks the opt-in, the region and the account, in this order; nothing is called before the first two hold.
pub(crate) async fn admit(
    region: Option<&str>,
    options: &AwsOptions,
    environment: &Environment,
    wire: Wire,
    patience: Duration,
) -> Result<Admitted, TargetError> {
    if !options.opted_in {
        return Err(TargetError::unavailable(
            "a run on AWS creates resources and costs money; nobody has agreed to that",
            "give --i-agree-to-use-aws, or set SFN_CONFORMANCE_AWS=1",
        ));
    }
    let region = region
        .map(str::to_owned)
        .or_else(|| environment.get("AWS_REGION"))
        .or_else(|| environment.get("AWS_DEFAULT_REGION"))
        .ok_or_else(|| TargetError::usage("no region is given", "write aws:REGION, or set AWS_REGION"))?;
    if !options.regions.is_empty() && !options.regions.contains(&region) {
        return Err(TargetError::unavailable(
            format!(
                "the region {region} is not on the list of allowed ones ({})",
                options.regions.join(", ")
            ),
            "use an allowed region, or allow this one",
        ));
    }
    let credentials = credentials(environment)?;
    let endpoint = match environment.get("AWS_ENDPOINT_URL") {
        Some(address) => Endpoint::one(&address, &region, credentials),
        None => Endpoint::aws(&region, credentials),
    };
    let address = endpoint.address(record::Service::States);
    let account = account(&endpoint, &address, patience).await?;
    if !options.accounts.is_empty() && !options.accounts.contains(&account) {
        return Err(TargetError::unavailable(
            format!("the account {account} is not on the list of allowed ones"),
            "use other credentials, or allow this account",
        ));
    }
    let pace = Some(Arc::new(Pace::new(&region)?));
    let targets = EndpointTargets { endpoint, wire, patience: Patience::new(patience), pace };
    Ok(Admitted { targets, address, account, region })
}

/// The pauses before each try at asking whose credentials these are.
const PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];

/// Whose credentials these are.
async fn account(endpoint: &Endpoint, address: &str, patience: Duration) -> Result<String, TargetError> {
    let client = HttpClient::new(endpoint.clone(), Wire::Raw, Patience::new(patience))
        .map_err(TargetError::unusable)?;
    let mut outcome = Outcome::Unknown("it was not asked".to_owned());
    for pause in PAUSES {
        tokio::time::sleep(pause).await;
        outcome = client.call(Call::new(Operation::GetCallerIdentity, json!({}))).await;
        if !outcome.refusal().is_some_and(|error| error.is_passing() || error.status >= 500) {
            break;
        }
    }
    match outcome {
        Outcome::Done(reply) => reply
            .get("Account")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| TargetError::foreign(address, "GetCallerIdentity names no account")),
        Outcome::Refused(error) if error.is_passing() || error.status >= 500 => {
            Err(TargetError::unavailable(
                format!("{address} has no room for GetCallerIdentity: {error}"),
                "try again later",
            ))
        }
        Outcome::Refused(error) => Err(TargetError::unavailable(
            format!("AWS does not accept the credentials: {error}"),
            "renew them: aws sso login, or aws configure export-credentials --format env",
        )),
        Outcome::Unknown(why) => Err(TargetError::unavailable(
            format!("{address} gave no answer to GetCallerIdentity: {why}"),
            "check the network, the region's name and AWS_ENDPOINT_URL",
        )),
    }
}
