//! The oracle: what AWS's rules say of the record of an executed case.
//!
//! [`judge`] builds a [`view::View`] over the calls and outcomes of one case and runs every check over it; [`score`]
//! folds the findings of many cases into a verdict per rule. Rules see calls and outcomes only: antecedents (which
//! tokens were issued, which machine an execution runs) are derived from them, never from the plan that made the calls.
//! There is no I/O, no clock and no randomness here: the same record gives the same findings.

pub mod audit;
pub mod check;
mod counterfactual;
mod digest;
pub mod history;
mod json;
pub mod registry;
pub mod score;
pub mod token;
mod tolerance;
pub mod verdict;
pub mod view;

pub use check::{Check, TOKEN_STATES, TokenCall, checks, judge, token_calls};
pub use counterfactual::rests_on;
pub use tolerance::{MOST_EMPTY_PAGES, PATIENCE};
pub use verdict::{Verdict, VerdictKind, Witness};
