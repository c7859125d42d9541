//! GetExecutionHistory that loses its place (GEH).

use std::collections::BTreeMap;

use record::{ApiError, Call, Operation, Outcome};
use serde_json::{Map, Value, json};

use super::Variant;
use super::listings::members;

fn is_history(call: &Call) -> bool {
    call.operation == Operation::GetExecutionHistory
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!(
        "hidden-data-hides-errors",
        "includeExecutionData=false drops error and cause as well",
        ["GEH-08"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let hidden = call.input.get("includeExecutionData").is_some_and(|flag| flag == false);
                if let (Operation::GetExecutionHistory, true, Outcome::Done(reply)) =
                    (call.operation, hidden, outcome)
                {
                    let events = reply.get_mut("events").and_then(Value::as_array_mut);
                    for details in events.into_iter().flatten().filter_map(Value::as_object_mut) {
                        for details in details.values_mut().filter_map(Value::as_object_mut) {
                            details.retain(|name, _| name != "error" && name != "cause");
                        }
                    }
                }
            }
        }
    ),
    variant!("page-loses-an-event", "an event is lost between two pages", ["GEH-03", "GEH-04"], {
        fn page(&mut self, _: usize, end: usize) -> (usize, usize) {
            (end, end + 1)
        }
    }),
    variant!(
        "page-repeats-an-event",
        "the last event of a page is also the first of the next",
        ["GEH-03"],
        {
            fn page(&mut self, start: usize, end: usize) -> (usize, usize) {
                (end, if end > start + 1 { end - 1 } else { end })
            }
        }
    ),
    variant!("pages-end-early", "a history has one page", ["GEH-01", "GEH-10", "GEH-11"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (true, Outcome::Done(reply)) = (is_history(call), outcome)
                && let Some(members) = reply.as_object_mut()
            {
                members.shift_remove("nextToken");
            }
        }
    }),
    variant!("pages-never-end", "after the last page of a history come empty ones, each with a nextToken", ["GEH-04"], { given: u64 }, {
        fn serves(&mut self, call: &Call) -> u64 {
            u64::from(!call.text("nextToken").is_some_and(|token| token.starts_with("more-")))
        }
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if !is_history(call) {
                return;
            }
            if self.serves(call) == 0 {
                *outcome = Outcome::Done(json!({ "events": [] }));
            }
            if let Some(members) = members(outcome).filter(|members| !members.contains_key("nextToken")) {
                self.given += 1;
                members.insert("nextToken".to_owned(), json!(format!("more-{}", self.given)));
            }
        }
    }),
    variant!("page-size-ignored", "maxResults is ignored", ["GEH-02"], {
        fn request(&mut self, call: &mut Call) {
            if is_history(call) {
                call.input.insert("maxResults".to_owned(), json!(1_000));
            }
        }
    }),
    variant!("reverse-ignored", "reverseOrder is ignored", ["GEH-01"], {
        fn request(&mut self, call: &mut Call) {
            if is_history(call) {
                call.input.shift_remove("reverseOrder");
            }
        }
    }),
    variant!("later-pages-run-forward", "reverseOrder turns the first page only", ["GEH-03"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            let later = call.input.contains_key("nextToken")
                && call.input.get("reverseOrder").is_some_and(|reverse| reverse == &json!(true));
            if let (true, true, Outcome::Done(reply)) = (is_history(call), later, outcome)
                && let Some(events) = reply.get_mut("events").and_then(|events| events.as_array_mut())
            {
                events.reverse();
            }
        }
    }),
    variant!("data-always-included", "includeExecutionData is ignored", ["GEH-08"], {
        fn request(&mut self, call: &mut Call) {
            if is_history(call) {
                call.input.shift_remove("includeExecutionData");
            }
        }
    }),
    variant!(
        "bad-page-token-ok",
        "a page token that was never given out answers an empty page",
        ["GEH-05"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if is_history(call) && outcome.refusal().is_some_and(|error| error.code == "InvalidToken") {
                    *outcome = Outcome::Done(json!({ "events": [] }));
                }
            }
        }
    ),
    variant!("unknown-execution-is-empty", "an unknown execution has an empty history", ["GEH-07"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if is_history(call)
                && outcome.refusal().is_some_and(|error| error.code == "ExecutionDoesNotExist")
            {
                *outcome = Outcome::Done(json!({ "events": [] }));
            }
        }
    }),
    variant!("history-changes-after-the-end", "a closed history gains an event at the second look", ["GEH-11"], { looks: u64 }, {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            let (true, Outcome::Done(reply)) = (is_history(call), outcome) else { return };
            let forward = call.input.get("reverseOrder").is_none_or(|reverse| reverse != &json!(true));
            let Some(events) = reply.get_mut("events").and_then(|events| events.as_array_mut()) else { return };
            let closed = events.last().is_some_and(|last| last["type"] == "ExecutionSucceeded");
            if forward && closed {
                self.looks += 1;
                if self.looks.is_multiple_of(2) {
                    let mut extra = events.last().cloned().unwrap_or_default();
                    extra["id"] = json!(extra["id"].as_u64().unwrap_or(0) + 1);
                    events.push(extra);
                }
            }
        }
    }),
    variant!(
        "page-token-of-another-call-breaks",
        "a page token that comes back with another maxResults or order ends in an internal error",
        ["GEH-06"],
        { given: BTreeMap<String, Map<String, Value>> },
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if !is_history(call) {
                    return;
                }
                let mut asked = call.input.clone();
                let token = asked.shift_remove("nextToken");
                let first = token.as_ref().and_then(Value::as_str).and_then(|token| self.given.get(token));
                if first.is_some_and(|first| *first != asked) {
                    *outcome = Outcome::Refused(ApiError::new("InternalFailure", "KeyError").with_status(500));
                } else if let Outcome::Done(reply) = outcome
                    && let Some(next) = reply.get("nextToken").and_then(Value::as_str)
                {
                    self.given.insert(next.to_owned(), asked);
                }
            }
        }
    ),
];
