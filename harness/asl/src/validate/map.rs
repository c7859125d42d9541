//! Map states.

use super::scope::{Checker, Place};
use crate::machine::{MachineType, QueryLanguage};
use serde_json::{Map as Object, Value};
use std::rc::Rc;

impl Checker {
    /// `outer` has the language that the processor's states inherit.
    pub(super) fn map(&mut self, members: &Object<String, Value>, place: &Place, outer: &Place) {
        self.exclusive(members, &["ItemProcessor", "Iterator"], place);
        for field in ["MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage"] {
            self.exclusive(members, &[field, &format!("{field}Path")], place);
        }
        self.integer(members, "MaxConcurrency", 0, u64::MAX, place);
        self.integer(members, "ToleratedFailureCount", 0, u64::MAX, place);
        self.float(members, "ToleratedFailurePercentage", 0.0, 100.0, place);
        self.items(members, place);
        self.label(members, place);
        self.parts(members, place);
        let found =
            ["ItemProcessor", "Iterator"].into_iter().find_map(|name| Some((name, members.get(name)?)));
        match found {
            None => {
                self.required(members, &["ItemProcessor"], &place.location);
            }
            Some((name, Value::Object(processor))) => {
                self.processor(processor, &outer.at(name));
                if !is_distributed(processor) {
                    self.inline(members, place);
                }
            }
            Some((name, _)) => {
                self.schema("Expected value of type Object", &format!("{}/{name}", place.location));
            }
        }
    }

    /// A list, an object or an expression of one (DG:state-map-inline).
    fn items(&mut self, members: &Object<String, Value>, place: &Place) {
        let fits = match members.get("Items") {
            None | Some(Value::Array(_) | Value::Object(_)) => true,
            // Of an expression with a fault, `data_flow` told.
            Some(Value::String(text)) => text.starts_with("{%") || text.ends_with("%}"),
            Some(_) => false,
        };
        if !fits && place.language == QueryLanguage::JsonAta {
            self.schema("Expected a list, an object or a JSONata expression", &place.at("Items").location);
        }
    }

    /// At most 40 characters, none of those that ARNs and names forbid (DG:state-map-distributed).
    fn label(&mut self, members: &Object<String, Value>, place: &Place) {
        let Some(label) = members.get("Label") else { return };
        let forbidden =
            |c: char| c.is_whitespace() || c.is_control() || "?*<>{}[]:;,\\|^~$#%&`\"/".contains(c);
        let fits = |text: &str| (1..=40).contains(&text.chars().count()) && !text.contains(forbidden);
        let location = format!("{}/Label", place.location);
        match label.as_str().filter(|text| fits(text)) {
            None => self
                .schema("Expected 1 to 40 characters without white space and special characters", &location),
            Some(text) => {
                if !self.labels.insert(text.to_owned()) {
                    self.schema(format!("Duplicate Label: {text}"), &location);
                }
            }
        }
    }

    /// What has no meaning without child executions is none of the fields of Inline mode (DG:state-map-inline).
    fn inline(&mut self, members: &Object<String, Value>, place: &Place) {
        for field in ["Label", "ItemReader", "ItemBatcher", "ResultWriter"] {
            if members.contains_key(field) {
                self.schema(
                    "Field is not supported when 'Mode' is 'INLINE'",
                    &format!("{}/{field}", place.location),
                );
            }
        }
    }

    fn processor(&mut self, processor: &Object<String, Value>, place: &Place) {
        let mut inner = place.clone();
        if let Some(config) = self.object(processor, "ProcessorConfig", place) {
            let place = place.at("ProcessorConfig");
            self.only(config, &["Mode", "ExecutionType"], &place);
            self.word(config, "Mode", &["INLINE", "DISTRIBUTED"], &place);
            self.word(config, "ExecutionType", &["STANDARD", "EXPRESS"], &place);
            if is_distributed(processor) {
                if place.kind == MachineType::Express {
                    self.schema("Express state machine does not support DISTRIBUTED Map", &place.location);
                }
                self.required(config, &["ExecutionType"], &place.location);
                inner.kind = match config.get("ExecutionType").and_then(Value::as_str) {
                    Some("STANDARD") => MachineType::Standard,
                    Some("EXPRESS") => MachineType::Express,
                    _ => place.kind,
                };
                // Child executions see no variables from outside.
                inner.variables = Rc::default();
            }
        }
        self.nested(processor, &["ProcessorConfig"], &inner);
    }
}

fn is_distributed(processor: &Object<String, Value>) -> bool {
    let mode = processor.get("ProcessorConfig").and_then(|config| config.get("Mode"));
    mode.is_some_and(|mode| mode == "DISTRIBUTED")
}
