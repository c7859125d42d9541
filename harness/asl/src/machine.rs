//! The parts of a state machine, as data that is ready to run: every path, template and expression is compiled once.
//!
//! What it does not do: reading JSON (`parse`), checking rules of the schema (`validate`), running (`enter`, `complete`,
//! `recover`). Invariant: a [`State`] carries everything its evaluation needs, its query language included.

use crate::choice::ChoiceRule;
use crate::field::Field;
use crate::flow::{Flow, ResultPath};
use crate::path::Path;
use crate::resource::Resource;
use crate::template::Template;
use indexmap::IndexMap;

/// A parsed state machine definition.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Name of the first state.
    pub start_at: String,
    /// The states of the outermost scope, in the order of the definition.
    pub states: IndexMap<String, State>,
    /// The language of states that do not choose their own.
    pub query_language: QueryLanguage,
    /// The limit of a whole execution.
    pub timeout_seconds: Option<u64>,
    /// The author's remark.
    pub comment: Option<String>,
}

impl Machine {
    /// Finds a state by its name in any scope; AWS wants names to be unique over the whole machine (DEF-09).
    pub fn find(&self, state_name: &str) -> Option<&State> {
        find(&self.states, state_name)
    }

    /// The names that share a scope with this state, and where that scope starts.
    pub fn scope_of(&self, state_name: &str) -> Option<Scope<'_>> {
        scope_of(Scope { start_at: &self.start_at, states: &self.states }, state_name)
    }

    /// The machine that a child execution of a Map Run runs: the processor of a distributed Map that starts with this state.
    /// DescribeStateMachineForExecution gives the whole definition for a child.
    pub fn child(&self, start_at: &str) -> Option<Self> {
        let processor = distributed(&self.states).into_iter().find(|branch| branch.start_at == start_at)?;
        Some(Self {
            start_at: processor.start_at.clone(),
            states: processor.states.clone(),
            timeout_seconds: None,
            ..self.clone()
        })
    }

    /// The outermost scope.
    pub fn top(&self) -> Scope<'_> {
        Scope { start_at: &self.start_at, states: &self.states }
    }
}

/// States that can point at each other: the top level, one branch of a Parallel, or the processor of a Map.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Name of the first state.
    pub start_at: &'a str,
    /// The states.
    pub states: &'a IndexMap<String, State>,
}

/// A nested scope: one branch of a Parallel or the processor of a Map.
#[derive(Debug, Clone)]
pub struct Branch {
    /// Name of the first state.
    pub start_at: String,
    /// The states.
    pub states: IndexMap<String, State>,
}

impl Branch {
    /// Finds a state by its name in this scope and those inside of it.
    pub fn find(&self, state_name: &str) -> Option<&State> {
        find(&self.states, state_name)
    }
}

/// How a state reads and writes data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryLanguage {
    /// `$.a.b`, intrinsic functions, InputPath to OutputPath.
    JsonPath,
    /// `{% expression %}`, Arguments, Output.
    JsonAta,
}

/// Which kind of workflow a definition is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineType {
    /// Runs for up to a year, with callbacks.
    Standard,
    /// Runs for up to five minutes, without callbacks, `.sync` and activities (DEF-17).
    Express,
}

/// Where an execution goes after a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// To the state of this name in the same scope.
    State(String),
    /// The scope ends here.
    End,
}

/// One state.
#[derive(Debug, Clone)]
pub struct State {
    /// Its name.
    pub name: String,
    /// The language of its fields.
    pub query_language: QueryLanguage,
    /// What it is.
    pub kind: StateKind,
    /// The author's remark.
    pub comment: Option<String>,
    /// `Next` or `End`; Choice has neither, Succeed and Fail end by nature.
    pub next: Option<Next>,
    pub(crate) flow: Flow,
    pub(crate) elementary: bool,
}

/// The eight types of states.
#[derive(Debug, Clone)]
pub enum StateKind {
    /// Asks a service, a function or an activity to do something.
    Task(Box<Task>),
    /// Hands data on.
    Pass {
        /// A fixed result, JSONPath only.
        result: Option<serde_json::Value>,
    },
    /// Picks the next state.
    Choice {
        /// Tried in order.
        rules: Vec<ChoiceRule>,
        /// Taken when no rule matches.
        default: Option<String>,
    },
    /// Waits.
    Wait(Wait),
    /// Ends its scope well.
    Succeed,
    /// Ends the execution badly.
    Fail {
        /// The error's name.
        error: Option<Field>,
        /// What happened.
        cause: Option<Field>,
    },
    /// Runs branches at the same time.
    Parallel {
        /// The branches.
        branches: Vec<Branch>,
        /// What to do after failures.
        rescue: Rescue,
    },
    /// Runs a processor for each item.
    Map(Box<Map>),
}

/// The fields of a Task state.
#[derive(Debug, Clone)]
pub struct Task {
    /// Who does the work.
    pub resource: Resource,
    pub(crate) timeout: Option<Field>,
    pub(crate) heartbeat: Option<Field>,
    pub(crate) credentials: Option<Template>,
    /// What to do after failures.
    pub rescue: Rescue,
}

/// How long a Wait state waits.
#[derive(Debug, Clone)]
pub enum Wait {
    /// A span.
    Seconds(Field),
    /// A point in time.
    Timestamp(Field),
}

/// The fields of a Map state.
#[derive(Debug, Clone)]
pub struct Map {
    /// What runs for each item.
    pub processor: Branch,
    /// Whether the items run as child executions of a Map Run.
    pub distributed: bool,
    /// Whether the child executions are EXPRESS.
    pub express: bool,
    pub(crate) items: Option<Template>,
    pub(crate) items_path: Option<Path>,
    pub(crate) selector: Option<Template>,
    pub(crate) batcher: Option<Batcher>,
    pub(crate) reader: Option<Reader>,
    pub(crate) writer: Option<Writer>,
    pub(crate) label: Option<String>,
    pub(crate) max_concurrency: Option<Field>,
    pub(crate) tolerated_count: Option<Field>,
    pub(crate) tolerated_percentage: Option<Field>,
    /// What to do after failures.
    pub rescue: Rescue,
}

impl Map {
    /// Whether its result is what a ResultWriter tells of it.
    pub fn writes(&self) -> bool {
        self.writer.is_some()
    }
}

impl Map {
    /// Whether items are grouped: there are fewer child executions than items.
    pub fn is_batched(&self) -> bool {
        self.batcher.is_some()
    }
}

/// How items are grouped before they are processed.
#[derive(Debug, Clone)]
pub struct Batcher {
    pub(crate) input: Option<Template>,
    pub(crate) max_items: Option<Field>,
    pub(crate) max_bytes: Option<Field>,
}

/// Where a distributed Map reads its items from.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The service that is asked.
    pub resource: Resource,
    pub(crate) arguments: Option<Template>,
    /// `ReaderConfig` as written.
    pub config: serde_json::Value,
    pub(crate) max_items: Option<Field>,
}

/// Where a distributed Map writes its results to.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub(crate) arguments: Option<Template>,
}

/// The Retry and Catch fields.
#[derive(Debug, Clone, Default)]
pub struct Rescue {
    /// Tried first, in order.
    pub retriers: Vec<Retrier>,
    /// Tried when no retrier helps, in order.
    pub catchers: Vec<Catcher>,
}

/// One element of Retry.
#[derive(Debug, Clone)]
pub struct Retrier {
    /// The error names it is for.
    pub error_equals: Vec<String>,
    /// Seconds before the first retry; 1 by default (ERR-11).
    pub interval_seconds: u64,
    /// The number of retries; 3 by default.
    pub max_attempts: u64,
    /// The factor from one wait to the next; 2.0 by default.
    pub backoff_rate: f64,
    /// The longest wait.
    pub max_delay_seconds: Option<u64>,
    /// Whether the wait is drawn between 0 and its value (ERR-14).
    pub full_jitter: bool,
}

/// One element of Catch.
#[derive(Debug, Clone)]
pub struct Catcher {
    /// The error names it is for.
    pub error_equals: Vec<String>,
    /// Where the execution goes.
    pub next: String,
    pub(crate) result_path: ResultPath,
    pub(crate) output: Option<Template>,
    pub(crate) assign: Option<Template>,
}

impl State {
    /// Whether every JSONata expression in its fields, if any, is so elementary that it is beyond dispute whether it evaluates.
    pub fn is_elementary(&self) -> bool {
        self.elementary
    }

    /// The value of `Type`.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            StateKind::Task(_) => "Task",
            StateKind::Pass { .. } => "Pass",
            StateKind::Choice { .. } => "Choice",
            StateKind::Wait(_) => "Wait",
            StateKind::Succeed => "Succeed",
            StateKind::Fail { .. } => "Fail",
            StateKind::Parallel { .. } => "Parallel",
            StateKind::Map(_) => "Map",
        }
    }

    /// Every state that can follow: Next, Default, the Choice rules and the Catchers, each once.
    pub fn next_states(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        if let Some(Next::State(name)) = &self.next {
            names.push(name);
        }
        if let StateKind::Choice { rules, default } = &self.kind {
            names.extend(rules.iter().map(|rule| rule.next.as_str()));
            names.extend(default.as_deref());
        }
        names.extend(self.catchers().iter().map(|catcher| catcher.next.as_str()));
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(*name));
        names
    }

    /// Whether the scope can end with this state.
    pub fn is_terminal(&self) -> bool {
        matches!(self.kind, StateKind::Succeed | StateKind::Fail { .. }) || self.next == Some(Next::End)
    }

    /// The branches of a Parallel; empty for any other state.
    pub fn branches(&self) -> &[Branch] {
        match &self.kind {
            StateKind::Parallel { branches, .. } => branches,
            _ => &[],
        }
    }

    /// The processor of a Map.
    pub fn processor(&self) -> Option<&Branch> {
        match &self.kind {
            StateKind::Map(map) => Some(&map.processor),
            _ => None,
        }
    }

    /// The resource of a Task.
    pub fn resource(&self) -> Option<&Resource> {
        match &self.kind {
            StateKind::Task(task) => Some(&task.resource),
            _ => None,
        }
    }

    /// Retry; empty where there is none.
    pub fn retriers(&self) -> &[Retrier] {
        self.rescue().map_or(&[], |rescue| &rescue.retriers)
    }

    /// Catch; empty where there is none.
    pub fn catchers(&self) -> &[Catcher] {
        self.rescue().map_or(&[], |rescue| &rescue.catchers)
    }

    fn rescue(&self) -> Option<&Rescue> {
        match &self.kind {
            StateKind::Task(task) => Some(&task.rescue),
            StateKind::Parallel { rescue, .. } => Some(rescue),
            StateKind::Map(map) => Some(&map.rescue),
            _ => None,
        }
    }

    fn scopes(&self) -> impl Iterator<Item = &Branch> {
        self.branches().iter().chain(self.processor())
    }
}

fn find<'a>(states: &'a IndexMap<String, State>, name: &str) -> Option<&'a State> {
    states
        .get(name)
        .or_else(|| states.values().flat_map(State::scopes).find_map(|branch| find(&branch.states, name)))
}

/// The processors of distributed Maps at any depth.
fn distributed(states: &IndexMap<String, State>) -> Vec<&Branch> {
    let mut found = Vec::new();
    for state in states.values() {
        if let StateKind::Map(map) = &state.kind
            && map.distributed
        {
            found.push(&map.processor);
        }
        found.extend(state.scopes().flat_map(|branch| distributed(&branch.states)));
    }
    found
}

fn scope_of<'a>(scope: Scope<'a>, name: &str) -> Option<Scope<'a>> {
    if scope.states.contains_key(name) {
        return Some(scope);
    }
    scope
        .states
        .values()
        .flat_map(State::scopes)
        .find_map(|branch| scope_of(Scope { start_at: &branch.start_at, states: &branch.states }, name))
}
