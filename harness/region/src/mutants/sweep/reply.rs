//! One part of the answers of one operation is wrong.

use std::collections::BTreeSet;

use record::{Call, Operation, Outcome};
use serde_json::Value;

use super::change::{At, Change};
use super::{of_operation, places};
use crate::Conduct;

pub(super) fn names(operation: Operation, answer: &Value, names: &mut BTreeSet<String>) {
    for (place, value) in places(answer) {
        // What events carry is changed where they are written: see `event`.
        if place.contains("EventDetails/") {
            continue;
        }
        for change in Change::of(value) {
            names.insert(format!("{}reply:{operation}:{place}:{}", super::PREFIX, change.name()));
        }
    }
}

pub(super) fn conduct(rest: &str) -> Option<Box<dyn Conduct>> {
    let (operation, place) = of_operation(rest)?;
    Some(Box::new(Reply { operation, at: At::named(place)? }))
}

struct Reply {
    operation: Operation,
    at: At,
}

impl Conduct for Reply {
    fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
        if call.operation == self.operation
            && let Outcome::Done(answer) = outcome
        {
            self.at.apply(answer);
        }
    }
}
