//! Which members an object has, and of which types they are.
//!
//! What it does not do: numbers, queries. Invariant: one finding for each member that is at fault.

use super::scope::{Checker, Place};
use serde_json::{Map as Object, Value};

impl Checker {
    /// `These fields are required: […]` (recorded: validation-api, base-no-startat).
    pub(super) fn required(
        &mut self,
        members: &Object<String, Value>,
        fields: &[&str],
        location: &str,
    ) -> bool {
        let missing: Vec<&str> =
            fields.iter().filter(|field| !members.contains_key(**field)).copied().collect();
        if !missing.is_empty() {
            self.schema(format!("These fields are required: [{}]", missing.join(", ")), location);
        }
        missing.is_empty()
    }

    /// No fields but these, and a Comment that is text.
    pub(super) fn only(&mut self, members: &Object<String, Value>, fields: &[&str], place: &Place) {
        for name in members.keys().filter(|name| *name != "Comment" && !fields.contains(&name.as_str())) {
            self.schema("Field is not supported", &place.at(name).location);
        }
        self.text(members, "Comment", place);
    }

    /// A member, which must be text if it is there.
    pub(super) fn text(&mut self, members: &Object<String, Value>, field: &str, place: &Place) {
        if members.get(field).is_some_and(|value| !value.is_string()) {
            self.schema("Expected value of type String", &place.at(field).location);
        }
    }

    /// A member, which must be an object if it is there.
    pub(super) fn object<'a>(
        &mut self,
        members: &'a Object<String, Value>,
        field: &str,
        place: &Place,
    ) -> Option<&'a Object<String, Value>> {
        let value = members.get(field)?;
        let object = value.as_object();
        if object.is_none() {
            self.schema("Expected value of type Object", &place.at(field).location);
        }
        object
    }

    /// A member, which must be one of these words if it is there.
    pub(super) fn word(
        &mut self,
        members: &Object<String, Value>,
        field: &str,
        words: &[&str],
        place: &Place,
    ) {
        if members.get(field).is_some_and(|value| !value.as_str().is_some_and(|word| words.contains(&word))) {
            self.schema(format!("Value must be one of [{}]", words.join(", ")), &place.at(field).location);
        }
    }
}
