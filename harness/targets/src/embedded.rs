//! The embedded region as a target: a fresh one, in virtual time, for every plan.

use std::sync::Arc;

use engine::{BoxFuture, Clock, Target, TargetTraits, Targets};
use record::{Call, Outcome, Time};

use crate::clock::VirtualClock;
use crate::live::Live;
use crate::{TargetError, variant};

/// Opens embedded regions.
#[derive(Clone, Debug)]
pub(crate) struct EmbeddedRegions {
    variant: Option<String>,
}

/// One region.
struct EmbeddedRegion {
    live: Live<VirtualClock>,
}

/// When every region's history begins: 2026-01-01T00:00:00Z.
const START: Time = Time(1_767_225_600_000);

impl EmbeddedRegions {
    /// Regions of this variant, or with AWS's conduct. Fails if there is no such variant.
    pub(crate) fn new(variant: Option<String>) -> Result<Self, TargetError> {
        variant::region(variant.as_deref(), 0, START)?;
        Ok(Self { variant })
    }
}

impl Targets for EmbeddedRegions {
    fn open(&self, seed: u64) -> Result<Arc<dyn Target>, engine::TargetError> {
        let region = variant::region(self.variant.as_deref(), seed, START)
            .map_err(|error| engine::TargetError(error.to_string()))?;
        Ok(Arc::new(EmbeddedRegion { live: Live::new(region, VirtualClock::starting_at(START)) }))
    }
}

impl Target for EmbeddedRegion {
    fn clock(&self) -> &dyn Clock {
        &self.live.clock
    }

    fn call(&self, call: Call) -> BoxFuture<'_, Outcome> {
        Box::pin(async move { self.live.call(&call).await })
    }

    fn traits(&self) -> TargetTraits {
        TargetTraits { is_virtual: true, is_metered: false }
    }
}
