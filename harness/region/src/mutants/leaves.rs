//! Lawful variants that give lists and histories by small pages: `maxResults` is an upper bound (GEH-02, LIST-03).
//!
//! They leave out nothing. Invariant: the pages together are the list.

use record::{Call, Operation as Api, Outcome};
use serde_json::{Value, json};

use super::Variant;

/// Lists that the region itself cuts to `maxResults`.
const CUT: [Api; 6] = [
    Api::GetExecutionHistory,
    Api::ListExecutions,
    Api::ListStateMachines,
    Api::ListStateMachineVersions,
    Api::ListStateMachineAliases,
    Api::ListActivities,
];

/// How the tokens of lists begin that the region gives as a whole.
const REST: &str = "rest-from-";

/// What holds the items of a list that the region gives as a whole.
fn uncut(operation: Api) -> Option<&'static str> {
    match operation {
        Api::ListTopics => Some("Topics"),
        Api::ListSubscriptionsByTopic => Some("Subscriptions"),
        _ => None,
    }
}

pub(super) const VARIANTS: &[Variant] = &[variant!(
    "small-pages",
    "pages hold one to three items, whatever maxResults says (GEH-02, LIST-03)",
    [],
    { calls: i64, skip: usize },
    {
        fn request(&mut self, call: &mut Call) {
            self.calls += 1;
            let size = self.calls % 3 + 1;
            let asked = call.input.get("maxResults").and_then(Value::as_i64).unwrap_or(0);
            if CUT.contains(&call.operation) && call.raw_body.is_none() && (asked == 0 || (size..=1000).contains(&asked)) {
                call.input.insert("maxResults".to_owned(), json!(size));
            }
            self.skip = 0;
            let rest = call.text("NextToken").and_then(|token| token.strip_prefix(REST)?.parse().ok());
            if let (Some(_), Some(skip)) = (uncut(call.operation), rest) {
                self.skip = skip;
                call.input.shift_remove("NextToken");
            }
        }
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            let (Some(member), Outcome::Done(reply)) = (uncut(call.operation), outcome) else { return };
            let Some(items) = reply.get_mut(member).and_then(Value::as_array_mut) else { return };
            items.drain(..self.skip.min(items.len()));
            if items.len() > 1 {
                items.truncate(1);
                reply["NextToken"] = json!(format!("{REST}{}", self.skip + 1));
            }
        }
    }
)];
