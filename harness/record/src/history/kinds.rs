//! The event types of AWS's model and the one detail member that belongs to each.
//!
//! Source: shapes `HistoryEventType` and `HistoryEvent` of the Step Functions API model.

/// Every modelled event type with its detail member, `None` where the type has none.
pub const EVENT_TYPES: &[(&str, Option<&str>)] = &[
    ("ExecutionStarted", Some("executionStartedEventDetails")),
    ("ExecutionSucceeded", Some("executionSucceededEventDetails")),
    ("ExecutionFailed", Some("executionFailedEventDetails")),
    ("ExecutionAborted", Some("executionAbortedEventDetails")),
    ("ExecutionTimedOut", Some("executionTimedOutEventDetails")),
    ("ExecutionRedriven", Some("executionRedrivenEventDetails")),
    ("TaskStateEntered", Some("stateEnteredEventDetails")),
    ("PassStateEntered", Some("stateEnteredEventDetails")),
    ("ChoiceStateEntered", Some("stateEnteredEventDetails")),
    ("WaitStateEntered", Some("stateEnteredEventDetails")),
    ("SucceedStateEntered", Some("stateEnteredEventDetails")),
    ("FailStateEntered", Some("stateEnteredEventDetails")),
    ("ParallelStateEntered", Some("stateEnteredEventDetails")),
    ("MapStateEntered", Some("stateEnteredEventDetails")),
    ("TaskStateExited", Some("stateExitedEventDetails")),
    ("PassStateExited", Some("stateExitedEventDetails")),
    ("ChoiceStateExited", Some("stateExitedEventDetails")),
    ("WaitStateExited", Some("stateExitedEventDetails")),
    ("SucceedStateExited", Some("stateExitedEventDetails")),
    ("ParallelStateExited", Some("stateExitedEventDetails")),
    ("MapStateExited", Some("stateExitedEventDetails")),
    ("TaskScheduled", Some("taskScheduledEventDetails")),
    ("TaskStarted", Some("taskStartedEventDetails")),
    ("TaskStartFailed", Some("taskStartFailedEventDetails")),
    ("TaskSubmitted", Some("taskSubmittedEventDetails")),
    ("TaskSubmitFailed", Some("taskSubmitFailedEventDetails")),
    ("TaskSucceeded", Some("taskSucceededEventDetails")),
    ("TaskFailed", Some("taskFailedEventDetails")),
    ("TaskTimedOut", Some("taskTimedOutEventDetails")),
    ("TaskStateAborted", None),
    ("WaitStateAborted", None),
    ("ActivityScheduled", Some("activityScheduledEventDetails")),
    ("ActivityScheduleFailed", Some("activityScheduleFailedEventDetails")),
    ("ActivityStarted", Some("activityStartedEventDetails")),
    ("ActivitySucceeded", Some("activitySucceededEventDetails")),
    ("ActivityFailed", Some("activityFailedEventDetails")),
    ("ActivityTimedOut", Some("activityTimedOutEventDetails")),
    ("LambdaFunctionScheduled", Some("lambdaFunctionScheduledEventDetails")),
    ("LambdaFunctionScheduleFailed", Some("lambdaFunctionScheduleFailedEventDetails")),
    ("LambdaFunctionStartFailed", Some("lambdaFunctionStartFailedEventDetails")),
    ("LambdaFunctionFailed", Some("lambdaFunctionFailedEventDetails")),
    ("LambdaFunctionTimedOut", Some("lambdaFunctionTimedOutEventDetails")),
    ("LambdaFunctionStarted", None),
    ("LambdaFunctionSucceeded", Some("lambdaFunctionSucceededEventDetails")),
    ("ParallelStateStarted", None),
    ("ParallelStateSucceeded", None),
    ("ParallelStateFailed", None),
    ("ParallelStateAborted", None),
    ("MapStateStarted", Some("mapStateStartedEventDetails")),
    ("MapStateSucceeded", None),
    ("MapStateFailed", None),
    ("MapStateAborted", None),
    ("MapIterationStarted", Some("mapIterationStartedEventDetails")),
    ("MapIterationSucceeded", Some("mapIterationSucceededEventDetails")),
    ("MapIterationFailed", Some("mapIterationFailedEventDetails")),
    ("MapIterationAborted", Some("mapIterationAbortedEventDetails")),
    ("MapRunStarted", Some("mapRunStartedEventDetails")),
    ("MapRunFailed", Some("mapRunFailedEventDetails")),
    ("MapRunRedriven", Some("mapRunRedrivenEventDetails")),
    ("MapRunSucceeded", None),
    ("MapRunAborted", None),
    ("EvaluationFailed", Some("evaluationFailedEventDetails")),
];

/// Every detail member that an event can have.
pub const DETAIL_MEMBERS: &[&str] = &[
    "activityFailedEventDetails",
    "activityScheduleFailedEventDetails",
    "activityScheduledEventDetails",
    "activityStartedEventDetails",
    "activitySucceededEventDetails",
    "activityTimedOutEventDetails",
    "evaluationFailedEventDetails",
    "executionAbortedEventDetails",
    "executionFailedEventDetails",
    "executionRedrivenEventDetails",
    "executionStartedEventDetails",
    "executionSucceededEventDetails",
    "executionTimedOutEventDetails",
    "lambdaFunctionFailedEventDetails",
    "lambdaFunctionScheduleFailedEventDetails",
    "lambdaFunctionScheduledEventDetails",
    "lambdaFunctionStartFailedEventDetails",
    "lambdaFunctionSucceededEventDetails",
    "lambdaFunctionTimedOutEventDetails",
    "mapIterationAbortedEventDetails",
    "mapIterationFailedEventDetails",
    "mapIterationStartedEventDetails",
    "mapIterationSucceededEventDetails",
    "mapRunFailedEventDetails",
    "mapRunRedrivenEventDetails",
    "mapRunStartedEventDetails",
    "mapStateStartedEventDetails",
    "stateEnteredEventDetails",
    "stateExitedEventDetails",
    "taskFailedEventDetails",
    "taskScheduledEventDetails",
    "taskStartFailedEventDetails",
    "taskStartedEventDetails",
    "taskSubmitFailedEventDetails",
    "taskSubmittedEventDetails",
    "taskSucceededEventDetails",
    "taskTimedOutEventDetails",
];

/// The detail member of an event type, if it is modelled and has one.
pub fn detail_member(kind: &str) -> Option<&'static str> {
    EVENT_TYPES.iter().find(|(name, _)| *name == kind).and_then(|(_, member)| *member)
}

/// Whether AWS's model knows the type.
pub fn is_modelled(kind: &str) -> bool {
    EVENT_TYPES.iter().any(|(name, _)| *name == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_has_sixty_two_event_types() {
        assert_eq!(EVENT_TYPES.len(), 62);
    }
}
