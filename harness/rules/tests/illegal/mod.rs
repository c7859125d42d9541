//! Operators that make an illegal history of a legal one. Each breaks one rule, at the first place where it can.

use crate::legal::Legal;

mod attempts;
mod composites;
mod list;
mod members;
mod states;
mod values;
mod windows;

/// Breaks a history in place; false where it does not apply.
pub(crate) type Edit = fn(&mut Legal) -> bool;

/// One way to break a history.
pub(crate) struct Operator {
    pub name: &'static str,
    /// The rules of which one must be named: more than one only where the break is one of several.
    pub rules: &'static [&'static str],
    pub edit: Edit,
}

/// All of them.
pub(crate) fn operators() -> impl Iterator<Item = &'static Operator> {
    [
        list::OPERATORS,
        members::OPERATORS,
        states::OPERATORS,
        attempts::OPERATORS,
        composites::OPERATORS,
        windows::OPERATORS,
        values::OPERATORS,
    ]
    .into_iter()
    .flatten()
}
