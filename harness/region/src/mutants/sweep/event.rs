//! Events of one type are wrong: one part of their details, their link, their time, or that they are there at all.

use std::collections::BTreeSet;

use record::history::detail_member;
use serde_json::Value;

use super::change::{At, Change};
use super::places;
use crate::Conduct;
use crate::conduct::Draft;

const WHOLE: [&str; 4] = ["dropped", "doubled", "unlinked", "late"];

pub(super) fn names(answer: &Value, names: &mut BTreeSet<String>) {
    for event in answer.get("events").and_then(Value::as_array).into_iter().flatten() {
        let Some(kind) = event.get("type").and_then(Value::as_str) else { continue };
        names.extend(WHOLE.map(|how| format!("{}event:{kind}:{how}", super::PREFIX)));
        let details = detail_member(kind).and_then(|member| event.get(member));
        for (place, value) in details.map(places).unwrap_or_default() {
            for change in Change::of(value) {
                names.insert(format!("{}event:{kind}:{place}:{}", super::PREFIX, change.name()));
            }
        }
    }
}

pub(super) fn conduct(rest: &str) -> Option<Box<dyn Conduct>> {
    let (kind, how) = rest.split_once(':')?;
    let how = match how {
        "dropped" => How::Dropped,
        "doubled" => How::Doubled,
        "unlinked" => How::Unlinked,
        "late" => How::Late,
        _ => How::Details(At::named(how)?),
    };
    Some(Box::new(Events { kind: kind.to_owned(), how }))
}

enum How {
    Dropped,
    Doubled,
    /// It points one event further back than it should.
    Unlinked,
    /// Its time is that of half a minute later.
    Late,
    Details(At),
}

struct Events {
    kind: String,
    how: How,
}

impl Conduct for Events {
    fn event(&mut self, draft: &mut Draft) -> bool {
        if draft.kind != self.kind {
            return true;
        }
        match &mut self.how {
            How::Dropped => return false,
            How::Doubled => {}
            How::Unlinked => draft.previous = draft.previous.saturating_sub(1),
            How::Late => draft.at.0 += 30_000,
            How::Details(at) => {
                if let Some(details) = draft.details.take() {
                    let mut value = Value::Object(details);
                    at.apply(&mut value);
                    if let Value::Object(details) = value {
                        draft.details = Some(details);
                    }
                }
            }
        }
        true
    }

    fn writes(&mut self, kind: &str) -> u64 {
        if kind == self.kind && matches!(self.how, How::Doubled) { 2 } else { 1 }
    }
}
