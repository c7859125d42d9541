//! A target behind HTTP: two wire paths for one call, and nothing that only one emulator has.
//!
//! The SDK's path is taken where the SDK can express the call, the raw signed path otherwise (or for everything).
//! Account, region and partition are whatever the answers say; the region here is only what requests are signed for.

mod endpoint;
mod patience;
pub(crate) mod probe;
mod raw;
mod reply;
#[cfg(feature = "aws")]
mod sdk;
mod transport;

use record::{Call, Outcome};
use tokio::task::JoinSet;

pub(crate) use endpoint::Endpoint;
pub(crate) use patience::Patience;
pub(crate) use transport::{Fault, Transport};

use crate::Wire;

/// A client of one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient {
    transport: Transport,
    endpoint: Endpoint,
    #[cfg(feature = "aws")]
    sdk: Option<sdk::Sdk>,
    patience: Patience,
}

impl HttpClient {
    /// A client with connections of its own.
    pub(crate) fn new(endpoint: Endpoint, wire: Wire, patience: Patience) -> Result<Self, String> {
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

    /// Makes a call, once; in a task of its own, so that calls which are made together go out together, and that all
    /// cores sign and read.
    pub(crate) async fn call(&self, call: Call) -> Outcome {
        let (deadline, operation) = (self.patience.with(&call), call.operation);
        // A set ends its tasks when it is dropped, so what nobody waits for any more does not go on.
        let mut exchange = JoinSet::new();
        let client = self.clone();
        exchange.spawn(async move { client.exchange(&call).await });
        let answer = tokio::time::timeout(deadline, exchange.join_next()).await;
        self.patience.learns(operation, answer.is_ok());
        match answer {
            Ok(Some(Ok(outcome))) => outcome,
            Ok(Some(Err(why))) => Outcome::Unknown(format!("the client broke: {why}")),
            Ok(None) | Err(_) => Outcome::Unknown(format!("no answer within {deadline:?}")),
        }
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
