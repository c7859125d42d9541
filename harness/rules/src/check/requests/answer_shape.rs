//! WIRE-01, WIRE-02: every 200 answer of Step Functions has the members that the API model requires, in the model's types.
//!
//! What it does not do: say whether a value is the right one, or judge events (histories are). A member that may be absent
//! may be null: AWS's clients read both alike.

use record::{Operation, Service};
use serde_json::Value;

use crate::check::requests::model::{Kind, Member, answers};
use crate::check::requests::wire::TIMES;
use crate::check::{Check, Group, Sink};
use crate::view::View;

const SHAPE: Check = Check::of(
    "WIRE-01",
    "answers-have-their-members",
    "a 200 answer has the members that the API model requires, and each in its type, length and enumeration",
);

pub(in crate::check) const GROUPS: &[Group] = &[Group { checks: &[SHAPE, TIMES], run: shapes }];

fn shapes(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls.iter().filter(|call| call.operation.service() == Service::States) {
        let Some(members) = answers::members(call.operation) else { continue };
        let Some(reply) = call.answer.done() else { continue };
        let mut look = Look { operation: call.operation, sink, flawed: false };
        look.structure("", members, reply);
        if !look.flawed {
            sink.met(SHAPE);
        }
    }
}

struct Look<'s> {
    operation: Operation,
    sink: &'s mut Sink,
    flawed: bool,
}

impl Look<'_> {
    fn structure(&mut self, place: &str, members: &[Member], value: &Value) {
        for member in members {
            let place =
                if place.is_empty() { member.name.to_owned() } else { format!("{place}.{}", member.name) };
            match value.get(member.name).filter(|value| !value.is_null()) {
                Some(value) => self.member(&place, member.kind, value),
                None if member.required => self.say(SHAPE, &place, "nothing, though it is required"),
                None => {}
            }
        }
    }

    fn member(&mut self, place: &str, kind: Kind, value: &Value) {
        if let Some(flaw) = kind.flaw(value) {
            self.say(if matches!(kind, Kind::Time) { TIMES } else { SHAPE }, place, &flaw);
            return;
        }
        match (kind, value) {
            (Kind::Object(members), value) => self.structure(place, members, value),
            (Kind::List(members), Value::Array(items)) => {
                for item in items {
                    if item.is_object() {
                        self.structure(place, members, item);
                    } else {
                        self.say(SHAPE, place, "an element that is no object");
                    }
                }
            }
            _ => {}
        }
    }

    fn say(&mut self, row: Check, place: &str, flaw: &str) {
        self.flawed = true;
        self.sink.violated(row, format!("{} answered {place} as {flaw}", self.operation));
    }
}
