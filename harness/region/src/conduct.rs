//! The seam: one method per decision point, each with the lawful answer as its default.
//!
//! The services ask, the conduct decides; the services know no wrong variant. Methods take `&mut self` so that a variant can
//! count. Invariant: with every default in place the region behaves as AWS was recorded or documented to.

use asl::{Recovery, TaskFailure};
use record::{ApiError, Call, Operation, Outcome, Time};
use serde_json::{Map, Value};

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clock {
    /// `TimeoutSeconds` of a task.
    Timeout,
    /// `HeartbeatSeconds` of a task, counted from its start or its last heartbeat.
    Heartbeat,
    /// `TimeoutSeconds` of the state machine.
    Machine,
    /// A Wait state.
    Wait,
    /// The wait before a retry.
    Retry,
    /// A received message comes back.
    Visibility,
    /// A sent message with a delay appears.
    Delay,
}

/// A timer that is about to be set.
#[derive(Clone, Copy, Debug)]
pub struct Alarm {
    /// What it is for.
    pub clock: Clock,
    /// The moment it counts from.
    pub from: Time,
    /// The moment it is due.
    pub due: Time,
    /// Whether it belongs to a branch or an iteration.
    pub nested: bool,
    /// How many heartbeats the task has had.
    pub beats: u64,
}

/// How a task token came to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closed {
    /// By SendTaskSuccess.
    Succeeded,
    /// By SendTaskFailure.
    Failed,
    /// Its time was over.
    TimedOut,
    /// Its execution was stopped, failed elsewhere, or timed out.
    Ended,
}

/// What a SendTask* call with a closed token finds.
#[derive(Clone, Copy, Debug)]
pub struct Late {
    /// The operation.
    pub operation: Operation,
    /// How the token was closed.
    pub how: Closed,
    /// Whether the execution still runs.
    pub running: bool,
    /// Whether its task belongs to a branch or an iteration.
    pub nested: bool,
}

/// An event that is about to be written.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its id.
    pub id: u64,
    /// Its `previousEventId`.
    pub previous: u64,
    /// Its moment.
    pub at: Time,
    /// Its type.
    pub kind: String,
    /// Its details; `None` where the type has none.
    pub details: Option<Map<String, Value>>,
    /// Whether it belongs to a branch or an iteration.
    pub nested: bool,
}

/// A StartExecution whose name is taken.
#[derive(Clone, Copy, Debug)]
pub struct Again {
    /// The two inputs are the same text.
    pub same_text: bool,
    /// The two inputs are the same JSON value.
    pub same_value: bool,
    /// The execution with that name still runs.
    pub running: bool,
}

/// What becomes of a StartExecution whose name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The answer of the first start once more.
    Same,
    /// `ExecutionAlreadyExists`.
    Refused,
    /// Another execution under the same name.
    Anew,
}

/// What StopExecution does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It ends the execution.
    Ends,
    /// It only changes the status; timers and tokens go on.
    Relabels,
    /// It ends the execution but leaves its tokens open.
    KeepsTokens,
}

/// A point of an execution where a service takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Between TaskScheduled and TaskStarted.
    Start,
    /// Between the request of a task and TaskSubmitted.
    Submit,
    /// Between two states.
    Transition,
}

/// What a callback before TaskSubmitted makes of that event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overtaken {
    /// It is written first.
    Before,
    /// It is never written.
    Never,
}

/// What a second completion finds while the first has been accepted and not yet taken effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    /// The token is closed.
    Refused,
    /// It is accepted and replaces the first.
    Replaces,
    /// It is accepted and lost.
    Lost,
}

/// A completion on its way into an execution.
#[derive(Clone, Debug, PartialEq)]
pub enum Completion {
    /// The output as it was sent.
    Success(String),
    /// Error and cause as they were sent.
    Failure(Option<String>, Option<String>),
}

/// A message that a queue is about to hand out.
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    /// How often it was received before.
    pub received: u64,
    /// Whether the queue is a FIFO queue.
    pub fifo: bool,
}

/// The decisions. Wrong ones are mutants, other legal ones are lawful variants.
#[expect(unused_variables, reason = "the defaults of a seam look at little")]
pub trait Conduct: Send {
    /// A request before it is served.
    fn request(&mut self, call: &mut Call) {}

    /// An answer before it leaves.
    fn answer(&mut self, call: &Call, outcome: &mut Outcome) {}

    /// Whether the call is refused before it is looked at (throttling, permissions).
    fn admits(&mut self, now: Time, call: &Call) -> Result<(), ApiError> {
        Ok(())
    }

    /// How often a request is served; 0 leaves it to [`Conduct::answer`] to say something.
    fn serves(&mut self, call: &Call) -> u64 {
        1
    }

    /// Whether a queue or a machine that was made at a moment is found by now (DEF-26; CreateQueue of the SQS API: a second may
    /// pass).
    fn finds(&mut self, now: Time, made: Time) -> bool {
        true
    }

    // Tokens

    /// The serial number of the token of an attempt, given a fresh one and that of the attempt before.
    fn token(&mut self, fresh: u64, before: Option<u64>) -> u64 {
        fresh
    }

    /// What a closed token answers (TOK-13 to TOK-16).
    fn closed_token(&mut self, late: Late, refusal: ApiError) -> Result<(), ApiError> {
        Err(refusal)
    }

    /// What a text that is no token answers (TOK-17, TOK-18).
    fn unknown_token(&mut self, operation: Operation, refusal: ApiError) -> Result<(), ApiError> {
        Err(refusal)
    }

    /// How many milliseconds pass between an accepted completion and its effect.
    fn settling(&mut self) -> u64 {
        0
    }

    /// What a second completion finds meanwhile.
    fn second_completion(&mut self) -> Second {
        Second::Refused
    }

    /// A completion before it takes effect; nothing drops it.
    fn completion(&mut self, completion: Completion, nested: bool) -> Option<Completion> {
        Some(completion)
    }

    /// Whether an output that is no JSON is refused (TOK-08).
    fn refuses_bad_output(&mut self) -> bool {
        true
    }

    /// Whether a refused completion leaves the task open (TOK-10).
    fn refusal_keeps_open(&mut self) -> bool {
        true
    }

    /// The size of a text that is held against a limit in bytes (IO-10, START-14, TOK-09).
    fn measure(&mut self, text: &str) -> usize {
        text.len()
    }

    // Heartbeats and time

    /// Whether an accepted heartbeat starts its window anew (HB-03).
    fn heartbeat_counts(&mut self, beats: u64) -> bool {
        true
    }

    /// Whether an accepted heartbeat also starts the total time anew; it does not (TMO-04).
    fn heartbeat_extends_timeout(&mut self) -> bool {
        false
    }

    /// An event that a heartbeat leaves in the history; none (HB-04).
    fn heartbeat_event(&mut self) -> Option<&'static str> {
        None
    }

    /// The `TimeoutSeconds` of a task that names none; there is none that matters (TMO-03).
    fn default_timeout(&mut self) -> Option<u64> {
        None
    }

    /// When a timer fires; `None` for never.
    fn fires_at(&mut self, alarm: Alarm) -> Option<Time> {
        Some(alarm.due)
    }

    /// Error and cause of a task whose time is over (TMO-01, HB-02).
    fn timeout_error(&mut self, clock: Clock) -> (String, Option<String>) {
        ("States.Timeout".to_owned(), None)
    }

    /// How long a service takes at this point, in milliseconds.
    fn latency(&mut self, stage: Stage) -> u64 {
        0
    }

    /// What a callback before TaskSubmitted makes of that event.
    fn overtaken(&mut self) -> Overtaken {
        Overtaken::Before
    }

    // Tasks

    /// How often the request of an attempt goes out (START-22).
    fn sends(&mut self, service: &str, attempt: u64) -> u64 {
        1
    }

    /// The parameters of a task before they go out to the service.
    fn parameters(&mut self, service: &str, action: &str, parameters: &mut Value) {}

    /// What a service answered to a task: output or error and cause.
    fn service_reply(&mut self, service: &str, reply: &mut Result<Value, TaskFailure>) {}

    /// A failure as Retry and Catch see it.
    fn seen(&mut self, failure: &mut TaskFailure) {}

    /// What becomes of a failure, after Retry and Catch were asked.
    fn recovery(&mut self, failure: &TaskFailure, retries: u64, recovery: &mut Recovery) {}

    /// Whether a retry enters its state anew; it only schedules the task again (ERR-18).
    fn retry_enters_again(&mut self) -> bool {
        false
    }

    /// The output of a state before it is handed on.
    fn state_output(&mut self, kind: &str, output: &mut Value) {}

    /// Whether the failure of a branch ends its siblings (ERR-26).
    fn failure_aborts_siblings(&mut self) -> bool {
        true
    }

    // Executions

    /// What becomes of a start under a taken name (START-09 to START-12).
    fn name_taken(&mut self, again: Again) -> Taken {
        if again.running && again.same_value { Taken::Same } else { Taken::Refused }
    }

    /// What StopExecution does (STOP-01).
    fn stop(&mut self) -> Stop {
        Stop::Ends
    }

    /// Whether an execution keeps the definition it was started with (DEF-28).
    fn keeps_definition(&mut self) -> bool {
        true
    }

    /// Whether a redrive begins at the first state instead of the failed one (RED-02).
    fn redrive_from_start(&mut self) -> bool {
        false
    }

    // Histories

    /// An event before it is written; `false` drops it.
    fn event(&mut self, draft: &mut Draft) -> bool {
        true
    }

    /// How often an event of this type is written.
    fn writes(&mut self, kind: &str) -> u64 {
        1
    }

    /// Where a page that would end at `end` really ends, and where the next one begins (GEH-03).
    fn page(&mut self, start: usize, end: usize) -> (usize, usize) {
        (end, end)
    }

    // SQS, SNS, Lambda

    /// Whether a received message is hidden for its visibility timeout (SQS-04).
    fn hides(&mut self, delivery: Delivery) -> bool {
        true
    }

    /// The receive count of a message that is handed out (SQS-11).
    fn receive_count(&mut self, received: u64) -> u64 {
        received
    }

    /// Whether a message whose receives are used up moves to the dead-letter queue (SQS-12).
    fn dead_letters(&mut self, received: u64, most: u64) -> bool {
        received >= most
    }

    /// Whether a delivered message is left visible: at-least-once delivery (SQS-01).
    fn delivers_again(&mut self, delivery: Delivery) -> bool {
        false
    }

    /// Which of `ready` messages a standard queue hands out next; order is best effort (SQS-02).
    fn picks(&mut self, ready: usize) -> usize {
        0
    }

    /// Whether DeleteMessage deletes (SQS-05).
    fn deletes(&mut self) -> bool {
        true
    }

    /// The body of a message before it is stored.
    fn stored_body(&mut self, body: &mut String) {}

    /// A notification before it is delivered: its text (SNS-01).
    fn notification(&mut self, text: &mut String) {}

    /// How often a notification is delivered to one subscriber.
    fn notifications(&mut self) -> u64 {
        1
    }

    /// Whether the batch of a function that failed comes back (ESM-03).
    fn failed_batch_returns(&mut self) -> bool {
        true
    }

    /// Whether `batchItemFailures` is honoured (ESM-04).
    fn honours_item_failures(&mut self) -> bool {
        true
    }

    /// The messages of a batch that come back, once the function has answered; the others are deleted (ESM-01).
    fn returned(&mut self, batch: &[String], returned: &mut Vec<String>) {}
}

/// AWS's conduct: every default.
#[derive(Debug, Default)]
pub(crate) struct Lawful;

impl Conduct for Lawful {}
