//! Fields that hold numbers, in their plain form, by a path, or by an expression.

use super::scope::{Checker, Place};
use crate::jsonata;
use crate::machine::QueryLanguage;
use serde_json::{Map as Object, Value};

/// The longest time of a state or execution, in seconds (DEF-11).
pub(super) const MAX_SECONDS: u64 = 99_999_999;

impl Checker {
    /// A whole number within bounds; JSONata may give it by an expression.
    pub(super) fn integer(
        &mut self,
        members: &Object<String, Value>,
        field: &str,
        least: u64,
        most: u64,
        place: &Place,
    ) -> Option<u64> {
        let value = members.get(field)?;
        let location = format!("{}/{field}", place.location);
        if is_expression(value, place) {
            return None;
        }
        let Some(number) = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from)) else {
            self.schema("Expected value of type Integer", &location);
            return None;
        };
        match u64::try_from(number) {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                self.schema(format!("Value must be between {least} and {most}"), &location);
                None
            }
        }
    }

    /// A number within bounds.
    pub(super) fn float(
        &mut self,
        members: &Object<String, Value>,
        field: &str,
        least: f64,
        most: f64,
        place: &Place,
    ) {
        let Some(value) = members.get(field) else { return };
        let location = format!("{}/{field}", place.location);
        if is_expression(value, place) {
            return;
        }
        match value.as_f64() {
            None => self.schema("Expected value of type Float", &location),
            Some(number) if (least..=most).contains(&number) => {}
            Some(_) => self.schema(format!("Value must be at least {least:.1}"), &location),
        }
    }

    /// Not both of a field and its other form.
    pub(super) fn exclusive(&mut self, members: &Object<String, Value>, fields: &[&str], place: &Place) {
        let present: Vec<&str> =
            fields.iter().filter(|field| members.contains_key(**field)).copied().collect();
        if present.len() > 1 {
            self.schema(
                format!("Only one of these fields is allowed: [{}]", present.join(", ")),
                &place.location,
            );
        }
    }
}

fn is_expression(value: &Value, place: &Place) -> bool {
    place.language == QueryLanguage::JsonAta && value.as_str().and_then(jsonata::inner).is_some()
}
