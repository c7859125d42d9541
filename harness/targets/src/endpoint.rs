//! A target behind HTTP, on the machine's clock: one shared endpoint, a client with connections of its own per worker.

use std::sync::Arc;

use engine::{BoxFuture, Clock, Target, TargetTraits, Targets};
use record::{Call, Outcome};

use crate::Wire;
use crate::clock::WallClock;
use crate::http::{Endpoint, HttpClient, Patience};
use crate::pace::Pace;

/// Opens clients of one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct EndpointTargets {
    pub(crate) endpoint: Endpoint,
    pub(crate) wire: Wire,
    pub(crate) patience: Patience,
    pub(crate) pace: Option<Arc<Pace>>,
}

struct EndpointTarget {
    client: HttpClient,
    pace: Option<Arc<Pace>>,
}

impl Targets for EndpointTargets {
    fn open(&self, _worker: u64) -> Result<Arc<dyn Target>, engine::TargetError> {
        // Connections belong to the runtime that made them, so they are not shared between workers.
        let client = HttpClient::new(self.endpoint.clone(), self.wire, self.patience.clone())
            .map_err(engine::TargetError)?;
        Ok(Arc::new(EndpointTarget { client, pace: self.pace.clone() }))
    }
}

impl Target for EndpointTarget {
    fn clock(&self) -> &dyn Clock {
        &WallClock
    }

    fn call(&self, call: Call) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            if let Some(pace) = &self.pace {
                pace.wait(call.operation).await;
            }
            self.client.call(call).await
        })
    }

    fn traits(&self) -> TargetTraits {
        TargetTraits { is_virtual: false, is_metered: self.pace.is_some() }
    }
}
