//! Brakes for AWS: one token bucket per operation, at half of what the account is given, so that a run throttles nobody.
//!
//! Source of the figures: "Quotas related to API action throttling" in the Step Functions developer guide
//! (service-quotas page; QUO-03). Three large regions have higher ones than all others.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use record::{Operation, Service};
use tokio::time::Instant;

/// The buckets of one run, shared by all its workers.
#[derive(Debug)]
pub(crate) struct Pace {
    region: String,
    buckets: Mutex<BTreeMap<Operation, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// Bucket size and refill a second, as published.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quota {
    pub(crate) burst: f64,
    pub(crate) refill: f64,
}

impl Pace {
    /// Full buckets.
    #[cfg(any(feature = "aws", test))]
    pub(crate) fn new(region: &str) -> Self {
        Self { region: region.to_owned(), buckets: Mutex::default() }
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
        let Quota { burst, refill } = half(quota(operation, &self.region));
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(operation).or_insert(Bucket { tokens: burst, filled: now });
        let gained = now.saturating_duration_since(bucket.filled).as_secs_f64() * refill;
        bucket.tokens = (bucket.tokens + gained).min(burst) - 1.0;
        bucket.filled = now;
        if bucket.tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-bucket.tokens / refill) }
    }
}

fn half(quota: Quota) -> Quota {
    Quota { burst: (quota.burst / 2.0).max(1.0), refill: quota.refill / 2.0 }
}

/// What AWS gives an account for this operation in this region.
pub(crate) fn quota(operation: Operation, region: &str) -> Quota {
    let is_large = matches!(region, "us-east-1" | "us-west-2" | "eu-west-1");
    let of = |burst: u16, refill: u16| Quota { burst: f64::from(burst), refill: f64::from(refill) };
    let by_region = |large: (u16, u16), other: (u16, u16)| {
        let (burst, refill) = if is_large { large } else { other };
        of(burst, refill)
    };
    match operation {
        Operation::StartExecution | Operation::RedriveExecution => by_region((1300, 300), (800, 150)),
        Operation::StopExecution => by_region((1000, 200), (500, 25)),
        Operation::SendTaskSuccess
        | Operation::SendTaskFailure
        | Operation::SendTaskHeartbeat
        | Operation::GetActivityTask => by_region((3000, 500), (1500, 300)),
        Operation::GetExecutionHistory => of(400, 20),
        Operation::DescribeExecution => by_region((300, 15), (250, 10)),
        Operation::ListExecutions => by_region((200, 5), (100, 2)),
        Operation::DescribeStateMachine => of(200, 20),
        Operation::DescribeStateMachineForExecution
        | Operation::StatesTagResource
        | Operation::StatesUntagResource => of(200, 1),
        Operation::ListStateMachines | Operation::ListActivities => of(100, 5),
        Operation::TestState => of(1, 1),
        _ => match operation.service() {
            Service::States => of(100, 1),
            // No published rate for standard queues; these figures are the suite's own caution.
            Service::Sqs => of(300, 300),
            Service::Sns | Service::Events => of(100, 50),
            // Lambda's control plane gives 15 requests a second (Lambda quotas page).
            Service::Lambda => of(15, 15),
            Service::Sts => of(100, 100),
            // No published rate; the suite's own caution.
            Service::CloudFormation | Service::Tagging => of(10, 5),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_then_half_the_refill_is_kept() {
        let pace = Pace::new("eu-west-1");
        let start = Instant::now();
        let Quota { burst, refill } = quota(Operation::StartExecution, "eu-west-1");
        let free = (burst / 2.0) as usize;
        for _ in 0..free {
            assert_eq!(pace.reserve(Operation::StartExecution, start), Duration::ZERO);
        }
        let waits: Vec<_> = (0..100).map(|_| pace.reserve(Operation::StartExecution, start)).collect();
        let last = waits.last().copied().unwrap_or_default();
        assert!((last.as_secs_f64() - 100.0 / (refill / 2.0)).abs() < 1e-6, "{last:?}");
        assert!(waits.is_sorted());
    }

    #[test]
    fn operations_do_not_wait_for_each_other() {
        let pace = Pace::new("eu-west-1");
        let start = Instant::now();
        for _ in 0..1000 {
            pace.reserve(Operation::ListExecutions, start);
        }
        assert_eq!(pace.reserve(Operation::StopExecution, start), Duration::ZERO);
    }
}
