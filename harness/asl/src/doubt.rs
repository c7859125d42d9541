//! Whether what was computed rests on a source.
//!
//! Some values have no document and no recording of AWS that decides them: a comparison with an operand of the wrong type,
//! a time spelled as Java takes it and the specification does not. Others hang on the name of the execution, which a
//! history does not tell (`identity`), on chance, or on the moment of the evaluation. An evaluation that meets one goes on
//! with the likeliest answer and notes the doubt here. What it does not do: deciding anything. Invariant: a doubt, once
//! noted, stays for the whole evaluation.

use crate::outcome::Failure;
use std::cell::Cell;
use std::rc::Rc;

/// Copies are of one doubt.
#[derive(Debug, Default, Clone)]
pub(crate) struct Doubt(Rc<Cell<bool>>);

impl Doubt {
    /// No source decides what is computed now.
    pub(crate) fn note(&self) {
        self.0.set(true);
    }

    pub(crate) fn is_noted(&self) -> bool {
        self.0.get()
    }

    /// A failure behind a doubt may never have come.
    pub(crate) fn over<T>(&self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        outcome.map_err(|failure| if self.is_noted() { failure.unsourced() } else { failure })
    }
}
