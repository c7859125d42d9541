//! Reading a request: members with their types and limits, refused as AWS refuses them (WIRE-05).

use record::{ApiError, Call};
use serde_json::{Map, Value};

use crate::refuse::{constraint, validation};

/// The members of one request.
pub(crate) struct Request<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Request<'a> {
    pub(crate) fn of(call: &'a Call) -> Self {
        Self(&call.input)
    }

    /// A member that is present and not null.
    pub(crate) fn get(&self, member: &str) -> Option<&'a Value> {
        self.0.get(member).filter(|value| !value.is_null())
    }

    /// An optional string.
    pub(crate) fn text(&self, member: &str) -> Result<Option<&'a str>, ApiError> {
        match self.get(member) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => {
                Err(ApiError::new("SerializationException", format!("Expected a string for {member}")))
            }
        }
    }

    /// An optional string whose length in characters lies within the limits of the model.
    pub(crate) fn text_within(
        &self,
        member: &str,
        min: usize,
        max: usize,
    ) -> Result<Option<&'a str>, ApiError> {
        let text = self.text(member)?;
        if let Some(text) = text {
            within(member, text, text.chars().count(), min, max)?;
        }
        Ok(text)
    }

    /// A required string whose length in characters lies within the limits of the model.
    pub(crate) fn required(&self, member: &str, min: usize, max: usize) -> Result<&'a str, ApiError> {
        self.text_within(member, min, max)?
            .ok_or_else(|| constraint(member, "null", "Member must not be null"))
    }

    /// An optional whole number within the limits of the model.
    pub(crate) fn number(&self, member: &str, min: i64, max: i64) -> Result<Option<i64>, ApiError> {
        let Some(value) = self.get(member) else { return Ok(None) };
        let number = value.as_i64().ok_or_else(|| {
            ApiError::new("SerializationException", format!("Expected a whole number for {member}"))
        })?;
        if number < min {
            return Err(constraint(
                member,
                &number.to_string(),
                &format!("Member must have value greater than or equal to {min}"),
            ));
        }
        if number > max {
            return Err(constraint(
                member,
                &number.to_string(),
                &format!("Member must have value less than or equal to {max}"),
            ));
        }
        Ok(Some(number))
    }

    /// An optional truth value.
    pub(crate) fn flag(&self, member: &str) -> Result<Option<bool>, ApiError> {
        match self.get(member) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => {
                Err(ApiError::new("SerializationException", format!("Expected a boolean for {member}")))
            }
        }
    }

    /// An optional list.
    pub(crate) fn list(&self, member: &str) -> Result<Option<&'a Vec<Value>>, ApiError> {
        match self.get(member) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(ApiError::new("SerializationException", format!("Expected a list for {member}"))),
        }
    }

    /// An optional object.
    pub(crate) fn object(&self, member: &str) -> Result<Option<&'a Map<String, Value>>, ApiError> {
        match self.get(member) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(members)),
            Some(_) => {
                Err(ApiError::new("SerializationException", format!("Expected an object for {member}")))
            }
        }
    }

    /// An optional word out of a list; the case counts.
    pub(crate) fn word(&self, member: &str, words: &[&'static str]) -> Result<Option<&'a str>, ApiError> {
        let text = self.text(member)?;
        if let Some(text) = text
            && !words.contains(&text)
        {
            let rule = format!("Member must satisfy enum value set: [{}]", words.join(", "));
            return Err(constraint(member, text, &rule));
        }
        Ok(text)
    }
}

/// Refuses a length outside its limits.
pub(crate) fn within(
    member: &str,
    shown: &str,
    length: usize,
    min: usize,
    max: usize,
) -> Result<(), ApiError> {
    let shown = if shown.len() > 3_200 { "***" } else { shown };
    if length < min {
        return Err(constraint(
            member,
            shown,
            &format!("Member must have length greater than or equal to {min}"),
        ));
    }
    if length > max {
        return Err(constraint(
            member,
            shown,
            &format!("Member must have length less than or equal to {max}"),
        ));
    }
    Ok(())
}

/// Key and value pairs under the names that a service gives them.
pub(crate) fn tags(
    items: Option<&Vec<Value>>,
    key: &str,
    value: &str,
) -> Result<Vec<(String, String)>, ApiError> {
    items.into_iter().flatten().try_fold(Vec::new(), |mut tags, item| {
        let name = item.get(key).and_then(Value::as_str).ok_or_else(|| validation("a tag has no key"))?;
        if name.is_empty() || name.chars().count() > 128 {
            return Err(validation("the key of a tag has 1 to 128 characters"));
        }
        let text = item.get(value).and_then(Value::as_str).unwrap_or_default();
        if text.chars().count() > 256 {
            return Err(validation("the value of a tag has up to 256 characters"));
        }
        tags.push((name.to_owned(), text.to_owned()));
        Ok(tags)
    })
}
