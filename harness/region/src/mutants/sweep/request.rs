//! One part of the requests of one operation is ignored, as by an endpoint that never heard of it.

use std::collections::BTreeSet;

use record::{Call, Operation};

use super::of_operation;
use crate::Conduct;

pub(super) fn names(call: &Call, names: &mut BTreeSet<String>) {
    for member in call.input.keys() {
        names.insert(format!("{}request:{}:/{member}:ignored", super::PREFIX, call.operation));
    }
}

pub(super) fn conduct(rest: &str) -> Option<Box<dyn Conduct>> {
    let (operation, place) = of_operation(rest)?;
    let member = place.strip_prefix('/')?.strip_suffix(":ignored")?.to_owned();
    Some(Box::new(Ignored { operation, member }))
}

struct Ignored {
    operation: Operation,
    member: String,
}

impl Conduct for Ignored {
    fn request(&mut self, call: &mut Call) {
        if call.operation == self.operation {
            call.input.shift_remove(&self.member);
        }
    }
}
