//! What the region keeps of an execution: its machine, its events, and the strands that walk its states.
//!
//! A strand walks one scope: the top level, a branch or an iteration. What moves strands is in the modules below:
//! `writer` (events), `walk` (states), `attempt`, `completion` and `ending` (tasks), `fan` (Parallel and Map), `failure` (Retry,
//! Catch, abort), `close` (the beginning and the end), `redrive`, `map_run` (distributed Map), `context` (`$$`).

mod attempt;
mod close;
mod completion;
mod context;
mod ending;
mod failure;
mod fan;
mod map_run;
mod redrive;
mod walk;
mod writer;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use asl::{MapEntered, RetryCounts, TaskFailure, Variables};
use record::Time;
use serde_json::{Map, Value};

pub(crate) use close::{Ending, Start, UNKNOWN_CLOSED};
pub(crate) use writer::{event_to_wire, stamp};

use crate::conduct::{Closed, Completion};
use crate::sfn::Revision;
use crate::timers::TimerKey;

/// An execution's number in the region.
pub(crate) type ExecutionId = u64;
/// A strand's number in its execution.
pub(crate) type StrandId = u32;

/// The most events a history can have (HIS-24).
pub(crate) const MOST_EVENTS: usize = 25_000;

/// `status` of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }
}

/// One event as it stands in the history.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) at: Time,
    pub(crate) id: u64,
    pub(crate) previous: u64,
    pub(crate) kind: String,
    pub(crate) details: Option<Map<String, Value>>,
}

/// Who is told when an execution ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    /// A `.sync` task.
    Task { execution: ExecutionId, strand: StrandId, serial: u64 },
    /// A Map Run.
    MapRun { execution: ExecutionId, strand: StrandId, index: usize },
}

/// One execution.
#[derive(Debug)]
pub(crate) struct Execution {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) machine: Arc<Revision>,
    pub(crate) version_arn: Option<String>,
    pub(crate) alias_arn: Option<String>,
    pub(crate) map_run_arn: Option<String>,
    /// The state whose processor this execution walks, for a child of a Map Run.
    pub(crate) processor: Option<String>,
    pub(crate) input: String,
    pub(crate) status: Status,
    pub(crate) start: Time,
    pub(crate) stop: Option<Time>,
    pub(crate) output: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
    pub(crate) events: Vec<Event>,
    pub(crate) strands: BTreeMap<StrandId, Strand>,
    pub(crate) next_strand: StrandId,
    pub(crate) timers: Vec<TimerKey>,
    pub(crate) parent: Option<Parent>,
    pub(crate) redrives: u64,
    pub(crate) redriven: Option<Time>,
    pub(crate) redrive_tokens: Vec<(String, Time)>,
    pub(crate) trace_header: Option<String>,
    /// Shown as aborted although it goes on: only where the conduct wants that.
    pub(crate) relabelled: bool,
}

impl Execution {
    pub(crate) fn is_running(&self) -> bool {
        self.status == Status::Running
    }
}

/// The strand of the top level.
pub(crate) const ROOT: StrandId = 0;

/// One walker.
#[derive(Debug)]
pub(crate) struct Strand {
    /// The strand that waits for this one, and this one's place in it.
    pub(crate) parent: Option<(StrandId, usize)>,
    /// The event that the next one follows.
    pub(crate) previous: u64,
    pub(crate) variables: Arc<Variables>,
    /// Index and value of the item, inside a Map.
    pub(crate) item: Option<(usize, Value)>,
    pub(crate) visit: Option<Visit>,
}

/// A state that a strand is in.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) state: String,
    pub(crate) input: Arc<Value>,
    pub(crate) entered: u64,
    /// What StateEntered followed.
    pub(crate) before: u64,
    pub(crate) at: Time,
    pub(crate) counts: RetryCounts,
    pub(crate) attempts: u64,
    /// The token number of the latest attempt.
    pub(crate) serial: Option<u64>,
    pub(crate) mode: Mode,
    pub(crate) timers: Vec<TimerKey>,
}

/// What a strand does in its state.
#[derive(Debug)]
pub(crate) enum Mode {
    /// Nothing yet, or no more.
    Idle,
    /// A task is out.
    Task(Box<Attempt>),
    /// A Wait state, or the wait before a retry.
    Waiting,
    /// A Parallel or an inline Map.
    Fan(Box<Fan>),
    /// A distributed Map.
    Run(Box<map_run::MapRun>),
    /// Ended by a failure; kept for a redrive.
    Halted,
}

/// One attempt of a task.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// Number of its token; also what tells it from other attempts.
    pub(crate) serial: u64,
    pub(crate) resource_type: String,
    pub(crate) resource: String,
    pub(crate) kind: TaskKind,
    /// The event that the next one of this attempt follows.
    pub(crate) last: u64,
    pub(crate) parameters: Value,
    pub(crate) context: Arc<Value>,
    pub(crate) timeout: Option<u64>,
    pub(crate) heartbeat: Option<u64>,
    pub(crate) timeout_timer: Option<TimerKey>,
    pub(crate) heartbeat_timer: Option<TimerKey>,
    pub(crate) beats: u64,
    /// Written when the service's answer is late.
    pub(crate) submitting: Option<Value>,
    /// Accepted and not yet in effect.
    pub(crate) pending: Option<Completion>,
    /// The execution that a `.sync` task waits for.
    pub(crate) child: Option<ExecutionId>,
}

/// Which family of events an attempt writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskKind {
    Integration,
    Function,
    Activity,
}

impl TaskKind {
    fn of(resource: &asl::Resource) -> Self {
        match resource.service.as_str() {
            "activity" => Self::Activity,
            "function" => Self::Function,
            _ => Self::Integration,
        }
    }
}

/// A running Parallel or inline Map.
#[derive(Debug)]
pub(crate) struct Fan {
    pub(crate) is_map: bool,
    pub(crate) inputs: Vec<Value>,
    pub(crate) items: Vec<Value>,
    pub(crate) results: Vec<Option<Value>>,
    pub(crate) children: Vec<Option<StrandId>>,
    pub(crate) next: usize,
    pub(crate) concurrency: usize,
    /// What the next iteration follows.
    pub(crate) last: u64,
    /// What the end follows.
    pub(crate) joined: u64,
    /// A branch or iteration has failed: nothing more starts or joins.
    pub(crate) failed: bool,
}

/// What a strand does next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Enter the state of this name with this input.
    Enter(String, Value),
    /// Begin an attempt (again).
    Attempt,
    /// Send the request of the attempt with this serial.
    Request(u64),
    /// Write TaskSubmitted.
    Submitted(u64),
    /// Let a pending completion take effect.
    Settle(u64),
    /// Leave the Wait state.
    Waited,
    /// Run Parallel or Map again.
    Refan,
}

/// A strand that can go on.
pub(crate) type Ready = VecDeque<(ExecutionId, StrandId, Step)>;

/// What a timer of an execution does.
#[derive(Debug)]
pub(crate) enum Alarmed {
    Step(ExecutionId, StrandId, Step),
    TaskTimeout(ExecutionId, StrandId, u64, crate::conduct::Clock),
    MachineTimeout(ExecutionId),
    /// A scripted task ends.
    Scripted(ExecutionId, StrandId, u64, crate::script::Ending),
}

/// A token that was issued.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) execution: ExecutionId,
    pub(crate) strand: StrandId,
    pub(crate) closed: Option<Closed>,
}

/// A failure on its way up, with the event that shows it.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) failure: TaskFailure,
    /// What the next event follows.
    pub(crate) leaf: u64,
}

/// Reads a JSON text, falling back to the text itself.
pub(crate) fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

pub(crate) fn is_distributed(entered: &MapEntered, state: &asl::State) -> bool {
    let _ = entered;
    matches!(&state.kind, asl::StateKind::Map(map) if map.distributed)
}
