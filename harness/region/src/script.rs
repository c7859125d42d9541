//! Scripted tasks: the outcome of a task given beforehand, for replaying what AWS recorded.

use asl::TaskFailure;
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

/// Decides about tasks instead of the services of the region.
pub trait Script: Send {
    /// The course of a task, or nothing if the region's own services shall be asked.
    fn act(&mut self, scene: Scene<'_>) -> Option<Act>;

    /// The items that an ItemReader finds, or nothing if the region shall look itself.
    fn items(&mut self, state: &str, arguments: &Value) -> Option<Vec<Value>> {
        let _ = (state, arguments);
        None
    }
}
