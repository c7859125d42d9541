//! Queue attributes: which there are, and the limits of each (the API model and SQS-04, SQS-08, SQS-12, SQS-15).

use std::collections::BTreeMap;

use record::ApiError;
use serde_json::Value;

/// Numeric attributes with their limits and defaults.
const NUMBERS: &[(&str, u64, u64, u64)] = &[
    ("DelaySeconds", 0, 900, 0),
    ("MaximumMessageSize", 1_024, 1_048_576, 1_048_576),
    ("MessageRetentionPeriod", 60, 1_209_600, 345_600),
    ("ReceiveMessageWaitTimeSeconds", 0, 20, 0),
    ("VisibilityTimeout", 0, 43_200, 30),
];

/// Attributes that are kept as they are.
const TEXTS: &[&str] = &[
    "Policy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
    "DeduplicationScope",
    "FifoThroughputLimit",
];

/// The settable attributes of one queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    set: BTreeMap<String, String>,
}

/// Where messages go whose receives are used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Redrive {
    pub(crate) target: String,
    pub(crate) most: u64,
}

fn invalid(name: &str) -> ApiError {
    ApiError::new("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}

impl Attributes {
    /// Takes new values, all or none.
    pub(crate) fn set(
        &mut self,
        new: &serde_json::Map<String, Value>,
        fifo: bool,
        creating: bool,
    ) -> Result<(), ApiError> {
        let mut set = self.set.clone();
        for (name, value) in new {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Bool(flag) => flag.to_string(),
                _ => return Err(invalid(name)),
            };
            if let Some((_, min, max, _)) = NUMBERS.iter().find(|(known, ..)| known == name) {
                let number: u64 = text.parse().map_err(|_| invalid(name))?;
                if !(*min..=*max).contains(&number) {
                    return Err(invalid(name));
                }
            } else if name == "RedrivePolicy" {
                if !text.is_empty() {
                    read_redrive(&text).ok_or_else(|| invalid(name))?;
                }
            } else if name == "FifoQueue" {
                if !creating || (text != "true" && text != "false") || (text == "true") != fifo {
                    return Err(invalid(name));
                }
            } else if name == "ContentBasedDeduplication" {
                if !fifo {
                    return Err(ApiError::new("InvalidAttributeName", format!("Unknown Attribute {name}.")));
                }
                if text != "true" && text != "false" {
                    return Err(invalid(name));
                }
            } else if !TEXTS.contains(&name.as_str()) {
                return Err(ApiError::new("InvalidAttributeName", format!("Unknown Attribute {name}.")));
            }
            if text.is_empty() {
                set.remove(name);
            } else {
                set.insert(name.clone(), text);
            }
        }
        self.set = set;
        Ok(())
    }

    /// A numeric attribute, its default where it was not set.
    pub(crate) fn number(&self, name: &str) -> u64 {
        let default = NUMBERS.iter().find(|(known, ..)| *known == name).map_or(0, |(.., default)| *default);
        self.set.get(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.set.get(name).is_some_and(|text| text == "true")
    }

    pub(crate) fn redrive(&self) -> Option<Redrive> {
        read_redrive(self.set.get("RedrivePolicy")?)
    }

    /// Everything that is set or has a default.
    pub(crate) fn shown(&self) -> BTreeMap<String, String> {
        let mut all: BTreeMap<String, String> =
            NUMBERS.iter().map(|(name, .., default)| ((*name).to_owned(), default.to_string())).collect();
        all.insert("SqsManagedSseEnabled".to_owned(), "true".to_owned());
        all.extend(self.set.iter().map(|(name, text)| (name.clone(), text.clone())));
        all
    }
}

fn read_redrive(text: &str) -> Option<Redrive> {
    let policy: Value = serde_json::from_str(text).ok()?;
    let target = policy.get("deadLetterTargetArn")?.as_str()?;
    let most = match policy.get("maxReceiveCount")? {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    (1..=1_000).contains(&most).then(|| Redrive { target: target.to_owned(), most })
}
