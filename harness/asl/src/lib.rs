//! The Amazon States Language as pure functions, true to what AWS recorded.
//!
//! [`parse`] turns a definition into a [`Machine`], [`validate`] says what CreateStateMachine and ValidateStateMachineDefinition
//! say about one. A caller walks the machine: [`enter`] tells what a state does, [`complete`] takes its result, [`recover`]
//! asks Retry and Catch about a failure.
//!
//! What it does not do: I/O, clocks, tokens, histories, scheduling. Invariant: the same arguments give the same answer.
//! Randomness (`States.UUID`, `$random`…) is drawn from the context object and the event id, and the time of `$now` is the
//! context's `State.EnteredTime`.

mod choice;
mod complete;
mod dice;
mod doubt;
mod enter;
mod env;
mod field;
mod flow;
mod hash;
mod identity;
mod inspect;
mod intrinsic;
pub mod json;
mod jsonata;
mod limits;
mod machine;
mod outcome;
mod parse;
mod path;
mod recover;
mod resource;
mod template;
mod validate;
mod veiled;

pub use choice::ChoiceRule;
pub use complete::{check_result, complete, places_its_result, without_input_path, without_output_path};
pub use enter::{batches, enter, item_context, item_input};
pub use inspect::{inspect, inspect_items};
pub use machine::{
    Batcher, Branch, Catcher, Machine, MachineType, Map, Next, QueryLanguage, Reader, Rescue, Retrier, Scope,
    State, StateKind, Task, Wait,
};
pub use outcome::{
    Entered, Evaluation, Exit, Failure, Given, Inputs, MapEntered, Origin, Reading, Recovery, RetryCounts,
    TaskFailure, Variables, WaitUntil,
};
pub use parse::parse;
pub use recover::recover;
pub use resource::{Pattern, Resource};
pub use validate::{Diagnostic, Severity, validate};
pub use veiled::{known_exit, known_parameters};

/// The most bytes of UTF-8 that an input, output or set of parameters may have (IO-10, IO-11).
pub const DATA_LIMIT: usize = 262_144;
