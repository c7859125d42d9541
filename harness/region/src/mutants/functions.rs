//! Event source mappings that keep, lose or mix up what their functions have dealt with (ESM).

use record::{Call, Operation, Outcome};
use serde_json::json;

use super::Variant;

pub(super) const VARIANTS: &[Variant] = &[
    variant!("mappings-unlisted", "ListEventSourceMappings shows none", ["ESM-01"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::ListEventSourceMappings, Outcome::Done(reply)) = (call.operation, outcome) {
                reply["EventSourceMappings"] = json!([]);
            }
        }
    }),
    variant!(
        "answered-batch-comes-back",
        "the messages of a function that returned without error are not deleted",
        ["ESM-01", "ESM-09"],
        {
            fn returned(&mut self, batch: &[String], returned: &mut Vec<String>) {
                *returned = batch.to_vec();
            }
        }
    ),
    variant!(
        "bad-record-returns-the-batch",
        "a message that is reported as failed brings its whole batch back",
        ["ESM-04", "ESM-14"],
        {
            fn returned(&mut self, batch: &[String], returned: &mut Vec<String>) {
                if !returned.is_empty() {
                    *returned = batch.to_vec();
                }
            }
        }
    ),
];
