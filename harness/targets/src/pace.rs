//! Brakes for AWS: one token bucket per operation, at half of what the account is given, so that a run throttles nobody.
//!
//! The figures and their sources are `fixtures/aws/quotas.toml`, compiled in. The invariant: in any span, no operation is
//! called more often than its bucket and refill allow, whichever worker calls.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use record::Operation;
use serde::Deserialize;
use tokio::time::Instant;

use crate::TargetError;

/// The buckets of one run, shared by all its workers.
#[derive(Debug)]
pub(crate) struct Pace {
    quotas: Quotas,
    is_large: bool,
    buckets: Mutex<BTreeMap<Operation, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// `fixtures/aws/quotas.toml`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Quotas {
    large_regions: Vec<String>,
    share: f64,
    operations: BTreeMap<String, Quota>,
    services: BTreeMap<String, Quota>,
}

/// Bucket size and refill a second.
type Rate = (f64, f64);

/// As published, for the large regions and all others.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Quota {
    large: Rate,
    other: Rate,
}

/// For an operation of a service that the table does not know.
const UNKNOWN: Quota = Quota { large: (1.0, 1.0), other: (1.0, 1.0) };

const TABLE: &str = include_str!("../../../fixtures/aws/quotas.toml");

impl Pace {
    /// Full buckets.
    pub(crate) fn new(region: &str) -> Result<Self, TargetError> {
        let quotas: Quotas = toml::from_str(TABLE).map_err(|error| {
            TargetError::unavailable(format!("fixtures/aws/quotas.toml: {error}"), "repair the file")
        })?;
        let is_large = quotas.large_regions.iter().any(|large| large == region);
        Ok(Self { quotas, is_large, buckets: Mutex::default() })
    }

    /// Waits until this operation may be called. Waiters are served in the order of their arrival.
    pub(crate) async fn wait(&self, operation: Operation) {
        let span = self.reserve(operation, Instant::now());
        if !span.is_zero() {
            tokio::time::sleep(span).await;
        }
    }

    /// Takes a token, on credit if there is none, and says how long to wait for it.
    fn reserve(&self, operation: Operation, now: Instant) -> Duration {
        let (burst, refill) = self.rate(operation);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(operation).or_insert(Bucket { tokens: burst, filled: now });
        let gained = now.saturating_duration_since(bucket.filled).as_secs_f64() * refill;
        bucket.tokens = (bucket.tokens + gained).min(burst) - 1.0;
        bucket.filled = now;
        if bucket.tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-bucket.tokens / refill) }
    }

    /// What a run allows itself.
    fn rate(&self, operation: Operation) -> Rate {
        let Quotas { operations, services, share, .. } = &self.quotas;
        let quota = operations
            .get(&operation.to_string())
            .or_else(|| services.get(operation.service().signing_name()))
            .unwrap_or(&UNKNOWN);
        let (burst, refill) = if self.is_large { quota.large } else { quota.other };
        ((burst * share).max(1.0), refill * share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_then_half_the_published_refill_is_kept() {
        let pace = Pace::new("eu-west-1").unwrap();
        let start = Instant::now();
        for _ in 0..650 {
            assert_eq!(pace.reserve(Operation::StartExecution, start), Duration::ZERO);
        }
        let waits: Vec<_> = (0..300).map(|_| pace.reserve(Operation::StartExecution, start)).collect();
        let last = waits.last().copied().unwrap_or_default();
        assert!((last.as_secs_f64() - 2.0).abs() < 1e-6, "300 more at 150 a second: {last:?}");
        assert!(waits.is_sorted());
    }

    #[test]
    fn operations_do_not_wait_for_each_other() {
        let pace = Pace::new("eu-west-1").unwrap();
        let start = Instant::now();
        for _ in 0..1000 {
            pace.reserve(Operation::ListExecutions, start);
        }
        assert_eq!(pace.reserve(Operation::StopExecution, start), Duration::ZERO);
    }

    #[test]
    fn small_regions_are_slower_than_large_ones() {
        let rate = |region| Pace::new(region).unwrap().rate(Operation::StopExecution);
        assert_eq!((rate("us-east-1"), rate("eu-north-1")), ((500.0, 100.0), (250.0, 12.5)));
    }

    #[test]
    fn the_table_knows_every_service_and_names_only_operations_that_exist() {
        let quotas = Pace::new("us-east-1").unwrap().quotas;
        for operation in Operation::ALL {
            assert!(quotas.services.contains_key(operation.service().signing_name()), "{operation}");
        }
        for name in quotas.operations.keys() {
            assert!(name.parse::<Operation>().is_ok(), "{name}");
        }
    }
}
