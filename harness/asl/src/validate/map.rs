//! Map states.

use super::scope::{Checker, Place};
use crate::machine::MachineType;
use serde_json::{Map as Object, Value};

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
        self.label(members, place);
        for field in ["ItemReader", "ItemBatcher", "ResultWriter"] {
            self.part(members, field, place);
        }
        let found =
            ["ItemProcessor", "Iterator"].into_iter().find_map(|name| Some((name, members.get(name)?)));
        match found {
            None => {
                self.required(members, &["ItemProcessor"], &place.location);
            }
            Some((name, Value::Object(processor))) => self.processor(processor, &outer.at(name)),
            Some((name, _)) => {
                self.schema("Expected value of type Object", &format!("{}/{name}", place.location));
            }
        }
    }

    /// At most 40 characters, none of those that ARNs and names forbid (DG:state-map-distributed).
    fn label(&mut self, members: &Object<String, Value>, place: &Place) {
        let Some(label) = members.get("Label") else { return };
        let forbidden =
            |c: char| c.is_whitespace() || c.is_control() || "?*<>{}[]:;,\\|^~$#%&`\"/".contains(c);
        let fits = |text: &str| (1..=40).contains(&text.chars().count()) && !text.contains(forbidden);
        if !label.as_str().is_some_and(fits) {
            self.schema(
                "Expected 1 to 40 characters without white space and special characters",
                &format!("{}/Label", place.location),
            );
        }
    }

    fn part(&mut self, members: &Object<String, Value>, field: &str, place: &Place) {
        match members.get(field) {
            None => {}
            Some(Value::Object(part)) => {
                let place = place.at(field);
                self.own_languages(part, &place);
                self.data_flow(part, &place);
                self.integer(part, "MaxItemsPerBatch", 1, u64::MAX, &place);
                self.integer(part, "MaxInputBytesPerBatch", 1, crate::DATA_LIMIT as u64, &place);
                self.part(part, "ReaderConfig", &place);
            }
            Some(_) => self.schema("Expected value of type Object", &format!("{}/{field}", place.location)),
        }
    }

    fn processor(&mut self, processor: &Object<String, Value>, place: &Place) {
        let config = processor.get("ProcessorConfig");
        let setting = |name: &str| config.and_then(|config| config.get(name));
        let location = format!("{}/ProcessorConfig", place.location);
        let mut kind = place.kind;
        match (setting("Mode").map(Value::as_str), setting("ExecutionType").map(Value::as_str)) {
            (None | Some(Some("INLINE")), _) => {}
            (Some(Some("DISTRIBUTED")), execution_type) => {
                if place.kind == MachineType::Express {
                    self.schema("Express state machine does not support DISTRIBUTED Map", &location);
                }
                match execution_type {
                    Some(Some("STANDARD")) => kind = MachineType::Standard,
                    Some(Some("EXPRESS")) => kind = MachineType::Express,
                    Some(_) => self.schema(
                        "Value must be one of [STANDARD, EXPRESS]",
                        &format!("{location}/ExecutionType"),
                    ),
                    None => self.schema("These fields are required: [ExecutionType]", &location),
                }
            }
            (Some(_), _) => {
                self.schema("Value must be one of [INLINE, DISTRIBUTED]", &format!("{location}/Mode"));
            }
        }
        self.scope(processor, &Place { kind, ..place.clone() });
    }
}
