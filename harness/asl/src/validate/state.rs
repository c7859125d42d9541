//! Single states: their fields, by type and query language.

use super::numbers::MAX_SECONDS;
use super::scope::{Checker, Place};
use crate::field::parse_timestamp;
use crate::jsonata;
use crate::machine::QueryLanguage;
use serde_json::{Map as Object, Value};

/// Fields of any state, of any language.
const COMMON: &[&str] = &["Type", "Comment", "QueryLanguage"];
/// Fields that only JSONPath has.
const JSON_PATH: &[&str] = &[
    "InputPath",
    "OutputPath",
    "Parameters",
    "ResultSelector",
    "ResultPath",
    "Result",
    "ItemsPath",
    "SecondsPath",
    "TimestampPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "MaxConcurrencyPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
    "ErrorPath",
    "CausePath",
    // Of the parts of a state.
    "Variable",
    "MaxItemsPath",
    "MaxItemsPerBatchPath",
    "MaxInputBytesPerBatchPath",
];
/// Fields that only JSONata has.
const JSONATA: &[&str] = &["Arguments", "Output", "Items"];

fn fields_of(type_name: &str) -> Option<&'static [&'static str]> {
    Some(match type_name {
        "Task" => &[
            "Next",
            "End",
            "InputPath",
            "OutputPath",
            "Parameters",
            "ResultSelector",
            "ResultPath",
            "Arguments",
            "Output",
            "Assign",
            "Retry",
            "Catch",
            "Resource",
            "TimeoutSeconds",
            "TimeoutSecondsPath",
            "HeartbeatSeconds",
            "HeartbeatSecondsPath",
            "Credentials",
        ],
        "Pass" => &[
            "Next",
            "End",
            "InputPath",
            "OutputPath",
            "Parameters",
            "ResultPath",
            "Result",
            "Output",
            "Assign",
        ],
        "Choice" => &["InputPath", "OutputPath", "Choices", "Default", "Output", "Assign"],
        "Wait" => &[
            "Next",
            "End",
            "InputPath",
            "OutputPath",
            "Output",
            "Assign",
            "Seconds",
            "SecondsPath",
            "Timestamp",
            "TimestampPath",
        ],
        "Succeed" => &["InputPath", "OutputPath", "Output"],
        "Fail" => &["Error", "ErrorPath", "Cause", "CausePath"],
        "Parallel" => &[
            "Next",
            "End",
            "InputPath",
            "OutputPath",
            "Parameters",
            "ResultSelector",
            "ResultPath",
            "Arguments",
            "Output",
            "Assign",
            "Retry",
            "Catch",
            "Branches",
        ],
        "Map" => &[
            "Next",
            "End",
            "InputPath",
            "OutputPath",
            "Parameters",
            "ResultSelector",
            "ResultPath",
            "Output",
            "Assign",
            "Retry",
            "Catch",
            "ItemsPath",
            "Items",
            "ItemSelector",
            "ItemProcessor",
            "Iterator",
            "ItemReader",
            "ItemBatcher",
            "ResultWriter",
            "MaxConcurrency",
            "MaxConcurrencyPath",
            "ToleratedFailureCount",
            "ToleratedFailureCountPath",
            "ToleratedFailurePercentage",
            "ToleratedFailurePercentagePath",
            "Label",
        ],
        _ => return None,
    })
}

impl Checker {
    /// A state; `outer.language` is the language it inherits, and the one its nested scopes inherit.
    pub(super) fn state(&mut self, members: &Object<String, Value>, outer: &Place) {
        let language = self.language(members, outer.language, &outer.location);
        let place = Place { language, ..outer.clone() };
        if !self.required(members, &["Type"], &place.location) {
            return;
        }
        let type_name = members.get("Type").and_then(Value::as_str).unwrap_or_default();
        let Some(fields) = fields_of(type_name) else {
            let types = "[Task, Pass, Choice, Wait, Succeed, Fail, Parallel, Map]";
            self.schema(format!("Value must be one of {types}"), &format!("{}/Type", place.location));
            return;
        };
        self.fields(members, fields, &place);
        self.text(members, "Comment", &place);
        if fields.contains(&"Next") {
            self.transition(members, &place);
        }
        self.data_flow(members, &place);
        self.rescue(members, &place);
        match type_name {
            "Task" => self.task(members, &place),
            "Choice" => self.choice(members, &place),
            "Wait" => self.wait(members, &place),
            "Fail" => {
                self.exclusive(members, &["Error", "ErrorPath"], &place);
                self.exclusive(members, &["Cause", "CausePath"], &place);
                for field in ["Error", "Cause"] {
                    self.text(members, field, &place);
                }
            }
            "Parallel" => self.parallel(members, outer),
            "Map" => self.map(members, &place, outer),
            _ => {}
        }
    }

    fn fields(&mut self, members: &Object<String, Value>, fields: &[&str], place: &Place) {
        for name in members.keys().map(String::as_str).filter(|name| !COMMON.contains(name)) {
            if fields.contains(&name) {
                self.own_language(name, place);
            } else {
                self.schema("Field is not supported", &format!("{}/{name}", place.location));
            }
        }
    }

    /// No field of a part of a state is of the other query language.
    pub(super) fn own_languages(&mut self, members: &Object<String, Value>, place: &Place) {
        members.keys().for_each(|name| self.own_language(name, place));
    }

    fn own_language(&mut self, name: &str, place: &Place) {
        let (foreign, language) = match place.language {
            QueryLanguage::JsonPath => (JSONATA, "JSONPath"),
            QueryLanguage::JsonAta => (JSON_PATH, "JSONata"),
        };
        if foreign.contains(&name) {
            self.schema(
                format!("Field is not supported when 'QueryLanguage' is '{language}'"),
                &format!("{}/{name}", place.location),
            );
        }
    }

    /// Exactly one of Next and `End: true` (DEF-08).
    fn transition(&mut self, members: &Object<String, Value>, place: &Place) {
        self.text(members, "Next", place);
        if members.get("End").is_some_and(|end| !end.is_boolean()) {
            self.schema("Expected value of type Boolean", &format!("{}/End", place.location));
        }
        let ends = members.get("End") == Some(&Value::Bool(true));
        if ends == members.contains_key("Next") {
            self.schema("Exactly one of these fields is required: [Next, End]", &place.location);
        }
    }

    fn wait(&mut self, members: &Object<String, Value>, place: &Place) {
        let forms = ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"];
        if forms.iter().filter(|form| members.contains_key(**form)).count() != 1 {
            self.schema(
                format!("Exactly one of these fields is required: [{}]", forms.join(", ")),
                &place.location,
            );
        }
        self.integer(members, "Seconds", 0, MAX_SECONDS, place);
        if let Some(value) = members.get("Timestamp") {
            let expression =
                place.language == QueryLanguage::JsonAta && value.as_str().and_then(jsonata::inner).is_some();
            if !expression && value.as_str().and_then(parse_timestamp).is_none() {
                self.schema("Expected value of type Timestamp", &format!("{}/Timestamp", place.location));
            }
        }
    }

    fn parallel(&mut self, members: &Object<String, Value>, outer: &Place) {
        if !self.required(members, &["Branches"], &outer.location) {
            return;
        }
        match members.get("Branches") {
            Some(Value::Array(branches)) if !branches.is_empty() => {
                for (index, branch) in branches.iter().enumerate() {
                    let place = outer.at(&format!("Branches[{index}]"));
                    match branch {
                        Value::Object(members) => self.nested(members, &[], &place),
                        _ => self.schema("Expected value of type Object", &place.location),
                    }
                }
            }
            _ => self
                .schema("Expected a list with at least one branch", &format!("{}/Branches", outer.location)),
        }
    }
}
