//! TestState with a mock (TST).
use record::Call;
use serde_json::json;

use crate::Region;
use crate::refuse::{Reply, validation};
use crate::request::Request;

impl Region {
    pub(super) fn test_state(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        request.required("definition", 1, 1_048_576)?;
        if request.object("mock")?.is_none() {
            return Err(validation("A mock is required"));
        }
        Ok(json!({ "status": "SUCCEEDED" }))
    }
}
