//! How a run is asked for.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plan::{Plan, Profile};
use record::RunEvent;

use crate::{Baseline, Budget, RunId, Stack};

/// Everything that `run` must know besides the target.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which plans.
    pub profile: Profile,
    /// The seed of the plans and of embedded targets.
    pub seed: u64,
    /// How many plans, if not the profile's number.
    pub cases: Option<usize>,
    /// The plans, where they were drawn before; otherwise they are drawn by profile, seed and number.
    pub plans: Option<Arc<[Plan]>>,
    /// Only plans and verdicts for these rules; all if empty.
    pub rules: Vec<String>,
    /// Only the plans of these names; all where absent.
    pub only: Option<BTreeSet<String>>,
    /// How many plans at a time on the machine's clock, how many threads in virtual time.
    pub jobs: usize,
    /// No plan is begun later than this after the start.
    pub time_budget: Option<Duration>,
    /// What the run may spend.
    pub budget: Budget,
    /// Which part of the plans.
    pub shard: Option<Shard>,
    /// What the target is known to do wrong.
    pub baseline: Option<Baseline>,
    /// How long violations may be made smaller; `None` leaves them as they were found.
    pub minimise: Option<Duration>,
    /// Whether SHOULD rules and rules outside the core count for the exit too.
    pub strict: bool,
    /// Names this run's resources: `sfnconf-RUNID-…`.
    pub run_id: RunId,
    /// Where every resource is written down before it is made.
    pub ledger: Option<PathBuf>,
    /// The role of every machine; made up from the account where none is given, which emulators take.
    pub role: Option<String>,
    /// A deployed sample, on which the sample's plans run.
    pub stack: Option<Arc<Stack>>,
    /// Who runs against whom, for the first line of the run.
    pub banner: Banner,
    /// Set by Ctrl-C.
    pub cancel: Cancel,
}

/// How long violations are made smaller unless told otherwise.
pub const SPARE: Duration = Duration::from_secs(10);

impl Default for Options {
    fn default() -> Self {
        Self {
            profile: Profile::Smoke,
            seed: 1,
            cases: None,
            plans: None,
            rules: Vec::new(),
            jobs: 24,
            only: None,
            time_budget: None,
            budget: Budget::default(),
            shard: None,
            baseline: None,
            minimise: Some(SPARE),
            strict: false,
            run_id: RunId::default(),
            ledger: None,
            role: None,
            stack: None,
            banner: Banner::default(),
            cancel: Cancel::default(),
        }
    }
}

/// What the first line of a run says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Banner {
    /// Name and version of the tool.
    pub tool: String,
    /// The target as given.
    pub target: String,
    /// Its endpoint, empty if none.
    pub endpoint: String,
    /// The name of what answers there.
    pub name: String,
    /// Its version, empty where unknown.
    pub version: String,
}

/// One of `of` parts; the union of all parts is the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub index: usize,
    /// How many there are.
    pub of: usize,
}

/// A text that names no shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid shard; write it `I/N` with 1 <= I <= N, e.g. `1/4`")]
pub struct NoShard(String);

impl std::str::FromStr for Shard {
    type Err = NoShard;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, of)) if (1..=of).contains(&index) => Ok(Self { index, of }),
            _ => Err(NoShard(text.to_owned())),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl Shard {
    /// Whether the plan at this place of the whole list belongs to it.
    pub fn has(self, place: usize) -> bool {
        place % self.of + 1 == self.index
    }
}

/// A flag that ends a run early: running plans stop at their next step, and everything made is cleaned up.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    own: Arc<AtomicBool>,
    above: Option<Arc<Self>>,
}

impl Cancel {
    /// A flag that is set with this one, but does not set it.
    pub(crate) fn below(&self) -> Self {
        Self { own: Arc::default(), above: Some(Arc::new(self.clone())) }
    }

    /// Asks the run to end.
    pub fn set(&self) {
        self.own.store(true, Ordering::SeqCst);
    }

    /// Whether it was asked to.
    pub fn is_set(&self) -> bool {
        self.own.load(Ordering::SeqCst) || self.above.as_ref().is_some_and(|above| above.is_set())
    }
}

/// Where run events go, in order, one by one.
pub trait Sink: Send {
    /// Takes one event. The run directory is valid after each.
    fn event(&mut self, event: RunEvent);
}

impl Sink for Vec<RunEvent> {
    fn event(&mut self, event: RunEvent) {
        self.push(event);
    }
}
