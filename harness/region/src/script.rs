//! Scripted tasks: the outcome of a task given beforehand, for replaying what AWS recorded.

use asl::TaskFailure;
use record::Time;
use serde_json::Value;

/// What a script is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The state.
    pub state: &'a str,
    /// `resource` of the history.
    pub resource: &'a str,
    /// `resourceType` of the history; empty for functions and activities.
    pub resource_type: &'a str,
    /// The evaluated parameters.
    pub parameters: &'a Value,
    /// The index of the iteration, inside a Map.
    pub item: Option<usize>,
    /// The region's clock.
    pub now: Time,
}

/// How a scripted task goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// The output of TaskSubmitted, where that event is written.
    pub submitted: Option<Value>,
    /// The worker of an activity; `Some(None)` for a worker without a name.
    pub worker: Option<Option<String>>,
    /// How it ends.
    pub ending: Ending,
    /// How many milliseconds after its start it ends.
    pub after_ms: u64,
}

/// How a scripted task ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// With this output.
    Succeeds(Value),
    /// With this failure.
    Fails(TaskFailure),
    /// Not by itself: its time runs out.
    Hangs,
}

/// How a scripted Map Run goes: for items and children that only AWS has seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// `length` of MapStateStarted.
    pub length: u64,
    /// The result of the Map state, before ResultSelector.
    pub ending: Result<Value, TaskFailure>,
}

/// Decides about tasks instead of the services of the region.
pub trait Script: Send {
    /// The course of a task, or nothing if the region's own services shall be asked.
    fn act(&mut self, scene: Scene<'_>) -> Option<Act>;

    /// How a Map Run goes as a whole, or nothing if the region shall run its children. `item` is the index of the iteration
    /// that the Map is in.
    fn map_run(&mut self, state: &str, item: Option<usize>) -> Option<Run> {
        let _ = (state, item);
        None
    }
}
