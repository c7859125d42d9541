//! Equality of JSON values as the rules define it: no key order, numbers as doubles (IO-09, A-16).

use serde_json::Value;

/// Whether two values are the same JSON; numbers are compared as doubles.
pub fn same_json(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same_json(a, b)))
        }
        _ => a == b,
    }
}

/// Whether two texts are the same JSON.
pub fn same_json_text(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    match (serde_json::from_str::<Value>(a), serde_json::from_str::<Value>(b)) {
        (Ok(a), Ok(b)) => same_json(&a, &b),
        _ => false,
    }
}

/// The bytes of a JSON text in its plainest spelling, or as it stands where that is shorter: escapes and blanks do not
/// count (IO-09).
pub fn plain_length(text: &str) -> usize {
    serde_json::from_str::<Value>(text).map_or(text.len(), |value| value.to_string().len().min(text.len()))
}

/// Whether a text is JSON.
pub fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// A text for a message, cut where it is long.
pub fn brief(text: &str) -> String {
    const MOST: usize = 120;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let start: String = text.chars().take(MOST).collect();
    format!("{start}… ({} bytes)", text.len())
}

/// A value for a message, cut where it is long.
pub fn brief_json(value: &Value) -> String {
    brief(&value.to_string())
}
