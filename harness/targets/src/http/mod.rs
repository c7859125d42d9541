//! A target behind HTTP: two wire paths for one call, and nothing that only one emulator has.
//!
//! The SDK's path is taken where the SDK can express the call, the raw signed path otherwise (or for everything).
//! Account, region and partition are whatever the answers say; the region here is only what requests are signed for.

mod endpoint;
pub(crate) mod probe;
mod raw;
mod reply;
#[cfg(feature = "aws")]
mod sdk;
mod transport;

use std::time::Duration;

use record::{Call, Operation, Outcome};
use serde_json::Value;

pub(crate) use endpoint::Endpoint;
pub(crate) use transport::{Fault, Transport};

use crate::Wire;

/// A client of one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient {
    transport: Transport,
    endpoint: Endpoint,
    #[cfg(feature = "aws")]
    sdk: Option<sdk::Sdk>,
    patience: Duration,
}

impl HttpClient {
    /// A client with connections of its own. `patience` is how long an answer may take beyond a long poll's wait.
    pub(crate) fn new(endpoint: Endpoint, wire: Wire, patience: Duration) -> Result<Self, String> {
        let transport = Transport::new(endpoint.is_secure())?;
        #[cfg(feature = "aws")]
        let sdk = (wire == Wire::Sdk).then(|| sdk::Sdk::new(&transport, &endpoint));
        #[cfg(not(feature = "aws"))]
        let _ = wire;
        Ok(Self {
            transport,
            endpoint,
            #[cfg(feature = "aws")]
            sdk,
            patience,
        })
    }

    /// Makes a call, once.
    pub(crate) async fn call(&self, call: &Call) -> Outcome {
        let deadline = self.patience + long_poll(call);
        tokio::time::timeout(deadline, self.exchange(call))
            .await
            .unwrap_or_else(|_| Outcome::Unknown(format!("no answer within {deadline:?}")))
    }

    async fn exchange(&self, call: &Call) -> Outcome {
        #[cfg(feature = "aws")]
        if let Some(sdk) = &self.sdk
            && let Ok(outcome) = sdk.send(call).await
        {
            return outcome;
        }
        raw::send(&self.transport, &self.endpoint, call).await
    }
}

/// How long the service may hold a call back by its own contract.
pub(crate) fn long_poll(call: &Call) -> Duration {
    match call.operation {
        // "The maximum time the service will hold on to the request before responding is 60 seconds": GetActivityTask, API
        // reference.
        Operation::GetActivityTask => Duration::from_secs(60),
        Operation::ReceiveMessage => {
            // Without the member, the queue's own ReceiveMessageWaitTimeSeconds counts: up to 20 seconds.
            let wait = call.input.get("WaitTimeSeconds").map_or(Some(20), Value::as_u64);
            Duration::from_secs(wait.unwrap_or(0).min(20))
        }
        _ => Duration::ZERO,
    }
}
