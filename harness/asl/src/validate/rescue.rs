//! Retry and Catch (DEF-14 to DEF-16).

use super::numbers::MAX_SECONDS;
use super::scope::{Checker, Place};
use crate::machine::QueryLanguage;
use serde_json::{Map as Object, Value};

const MAX_DELAY: u64 = 31_622_400;
const RETRIER: [&str; 6] =
    ["ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy"];
const CATCHER: [&str; 5] = ["ErrorEquals", "Next", "ResultPath", "Output", "Assign"];

impl Checker {
    pub(super) fn rescue(&mut self, members: &Object<String, Value>, place: &Place) {
        for field in ["Retry", "Catch"] {
            let Some(list) = members.get(field) else { continue };
            let Value::Array(items) = list else {
                self.schema("Expected value of type Array", &format!("{}/{field}", place.location));
                continue;
            };
            for (index, item) in items.iter().enumerate() {
                let place = place.at(&format!("{field}[{index}]"));
                let Value::Object(item) = item else {
                    self.schema("Expected value of type Object", &place.location);
                    continue;
                };
                self.error_equals(item, index + 1 == items.len(), &place);
                self.only(item, if field == "Retry" { &RETRIER } else { &CATCHER }, &place);
                if field == "Retry" {
                    self.retrier(item, &place);
                } else {
                    self.required(item, &["Next"], &place.location);
                    self.text(item, "Next", &place);
                    self.own_languages(item, &place);
                    self.data_flow(item, &place);
                }
            }
        }
    }

    fn error_equals(&mut self, item: &Object<String, Value>, is_last: bool, place: &Place) {
        if !self.required(item, &["ErrorEquals"], &place.location) {
            return;
        }
        let location = format!("{}/ErrorEquals", place.location);
        let names = item.get("ErrorEquals").and_then(Value::as_array).filter(|names| !names.is_empty());
        let Some(names) = names.filter(|names| names.iter().all(Value::is_string)) else {
            self.schema("Expected a list with at least one value of type String", &location);
            return;
        };
        if names.iter().any(|name| name == "States.ALL") {
            if names.len() > 1 {
                self.schema("'States.ALL' must appear alone", &location);
            }
            if !is_last {
                self.schema("'States.ALL' must be in the last element", &location);
            }
        }
    }

    /// Its numbers are plain ones in either language.
    fn retrier(&mut self, item: &Object<String, Value>, place: &Place) {
        let place = &Place { language: QueryLanguage::JsonPath, ..place.clone() };
        self.integer(item, "IntervalSeconds", 1, MAX_SECONDS, place);
        self.integer(item, "MaxAttempts", 0, MAX_SECONDS, place);
        self.float(item, "BackoffRate", 1.0, f64::MAX, place);
        self.integer(item, "MaxDelaySeconds", 1, MAX_DELAY, place);
        self.word(item, "JitterStrategy", &["FULL", "NONE"], place);
    }
}
