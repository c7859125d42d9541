//! The families of plans: what each draws is in its own file.

mod activity;
mod carriers;
mod catching;
mod data_flow;
mod deciding;
mod definitions;
mod deliveries;
mod ends;
mod fan_out;
mod faults;
mod listing;
mod looking_back;
mod machines;
mod mapping;
mod output;
mod publishing;
mod queueing;
mod racing;
mod reading;
mod redriving;
mod retrying;
mod sample;
mod starting;
mod timers;
mod tokens;
mod wire;

use crate::generate::{Draft, Draw};

/// One family.
pub(crate) struct Family {
    /// Its name, unique.
    pub(crate) name: &'static str,
    /// Cases that are the same for every seed; run once.
    pub(crate) fixed: fn() -> Vec<Draft>,
    /// Cases drawn anew in every round.
    pub(crate) drawn: fn() -> Vec<Draw>,
}

/// No drawn cases.
fn nothing() -> Vec<Draw> {
    Vec::new()
}

/// Every family, those that wait for timers first.
pub(crate) fn all() -> Vec<Family> {
    [
        timers::families(),
        looking_back::families(),
        retrying::families(),
        sample::families(),
        tokens::families(),
        output::families(),
        starting::families(),
        racing::families(),
        carriers::families(),
        catching::families(),
        data_flow::families(),
        deciding::families(),
        fan_out::families(),
        machines::families(),
        definitions::families(),
        deliveries::families(),
        queueing::families(),
        publishing::families(),
        reading::families(),
        listing::families(),
        ends::families(),
        redriving::families(),
        activity::families(),
        mapping::families(),
        faults::families(),
        wire::families(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
