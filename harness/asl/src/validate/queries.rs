//! Paths, intrinsic functions, expressions and templates.

use super::scope::{Checker, Place};
use super::{Diagnostic, Severity};
use crate::intrinsic::Call;
use crate::jsonata::{self, Expression};
use crate::machine::QueryLanguage;
use crate::path::Path;
use serde_json::{Map as Object, Value};

/// Templates of a state, a Catcher, a Choice rule, or a part of a Map.
const TEMPLATES: [&str; 9] = [
    "Parameters",
    "Arguments",
    "ResultSelector",
    "ItemSelector",
    "Credentials",
    "Output",
    "Items",
    "Assign",
    "BatchInput",
];
/// Templates of JSONPath, which are objects.
const OBJECTS: [&str; 5] = ["Parameters", "ResultSelector", "ItemSelector", "BatchInput", "Credentials"];
const PATHS: [&str; 12] = [
    "ItemsPath",
    "SecondsPath",
    "TimestampPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "MaxConcurrencyPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
    "Variable",
    "MaxItemsPath",
    "MaxItemsPerBatchPath",
    "MaxInputBytesPerBatchPath",
];
/// Fields of one value that JSONata may give by an expression.
const SINGLE: [&str; 12] = [
    "Seconds",
    "Timestamp",
    "TimeoutSeconds",
    "HeartbeatSeconds",
    "MaxConcurrency",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "MaxItems",
    "MaxItemsPerBatch",
    "MaxInputBytesPerBatch",
    "Error",
    "Cause",
];

impl Checker {
    /// Every query in the fields of a state, a Catcher or a Choice rule.
    pub(super) fn data_flow(&mut self, members: &Object<String, Value>, place: &Place) {
        for field in TEMPLATES {
            let Some(template) = members.get(field) else { continue };
            // A Payload Template is an object (ASL).
            if place.language == QueryLanguage::JsonPath && OBJECTS.contains(&field) && !template.is_object()
            {
                self.schema("Expected value of type Object", &format!("{}/{field}", place.location));
            } else {
                self.template(template, field, &place.at(field));
            }
        }
        if let Some(assign) = members.get("Assign") {
            self.assign(assign, place);
        }
        match place.language {
            QueryLanguage::JsonPath => self.paths(members, place),
            QueryLanguage::JsonAta => {
                self.reach(members, place);
                for field in SINGLE {
                    if let Some(Value::String(text)) = members.get(field) {
                        self.expression(text, field, &place.at(field).location);
                    }
                }
            }
        }
    }

    fn paths(&mut self, members: &Object<String, Value>, place: &Place) {
        for field in ["InputPath", "OutputPath"] {
            match members.get(field) {
                None | Some(Value::Null) => {}
                Some(value) => self.path(value, field, place),
            }
        }
        for field in PATHS {
            if let Some(value) = members.get(field) {
                self.path(value, field, place);
            }
        }
        for field in ["ErrorPath", "CausePath"] {
            match members.get(field) {
                Some(Value::String(text)) if Call::is_call(text) => {
                    self.call(text, field, place);
                    self.gives_text(text, field, place);
                }
                Some(value) => self.path(value, field, place),
                None => {}
            }
        }
        match members.get("ResultPath") {
            None | Some(Value::Null) => {}
            Some(value) => {
                let reference =
                    value.as_str().and_then(Path::parse).is_some_and(|path| path.reference().is_some());
                if !reference {
                    self.schema("Value is not a Reference Path", &format!("{}/ResultPath", place.location));
                }
            }
        }
    }

    pub(super) fn path(&mut self, value: &Value, field: &str, place: &Place) {
        if value.as_str().and_then(Path::parse).is_none() {
            self.schema("Value is not a valid JSONPath", &format!("{}/{field}", place.location));
        }
    }

    /// ErrorPath and CausePath take the functions that return a string (DG:state-fail).
    fn gives_text(&mut self, text: &str, field: &str, place: &Place) {
        if Call::parse(text).is_some_and(|call| !call.gives_text()) {
            let location = format!("{}/{field}", place.location);
            self.schema("The intrinsic function must return a string", &location);
        }
    }

    fn call(&mut self, text: &str, field: &str, place: &Place) {
        if Call::parse(text).is_none() {
            self.schema(
                "Value is not a valid intrinsic function call",
                &format!("{}/{field}", place.location),
            );
        }
    }

    /// A template; `place` is that of the field which holds it.
    pub(super) fn template(&mut self, template: &Value, field: &str, place: &Place) {
        match (template, place.language) {
            (Value::Object(members), _) => {
                for (key, member) in members {
                    match (place.language, key.ends_with(".$")) {
                        (QueryLanguage::JsonPath, true) => self.query(key, member, place),
                        _ => self.template(member, key, place),
                    }
                }
            }
            (Value::Array(items), _) => items.iter().for_each(|item| self.template(item, field, place)),
            (Value::String(text), QueryLanguage::JsonAta) => self.expression(text, field, &place.location),
            (Value::String(text), QueryLanguage::JsonPath) => {
                let queries =
                    text.starts_with("$.") || text.starts_with("$$.") || Call::parse(text).is_some();
                if queries {
                    self.found.push(Diagnostic {
                        severity: Severity::Warning,
                        code: "NO_DOLLAR",
                        message: "No .$ on a field that appears to be a JSONPath or Intrinsic Function"
                            .to_owned(),
                        location: Some(format!("{}/{field}", place.location)),
                    });
                }
            }
            _ => {}
        }
    }

    fn query(&mut self, key: &str, member: &Value, place: &Place) {
        let valid = member.as_str().is_some_and(|text| {
            if Call::is_call(text) { Call::parse(text).is_some() } else { Path::parse(text).is_some() }
        });
        if !valid {
            let message = format!(
                "The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"
            );
            self.schema(message, &place.location);
        }
    }

    /// A string that may be an expression.
    pub(super) fn expression(&mut self, text: &str, field: &str, location: &str) {
        match jsonata::inner(text) {
            Some(inner) => {
                if let Err(error) = Expression::parse(inner) {
                    self.schema(
                        format!("The JSONata expression for the field '{field}' is not valid: {error}"),
                        location,
                    );
                }
            }
            None if text.starts_with("{%") || text.ends_with("%}") => {
                self.schema(format!("The JSONata expression for the field '{field}' must start with '{{%' and end with '%}}'"), location);
            }
            None => {}
        }
    }
}
