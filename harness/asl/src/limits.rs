//! Sizes and equality of JSON values.
//!
//! Invariant: the size counted is the length of the compact JSON text in UTF-8 bytes, as AWS limits it (IO-10).

use serde_json::Value;
use std::io::{self, Write};

/// Values nested deeper than this are refused, so that no recursion over a value can exhaust the stack. AWS's parser has a
/// limit of the same kind; its figure is not published.
pub(crate) const MAX_DEPTH: usize = 512;

/// The most bytes of all variables of an execution (DG:workflow-variables).
pub(crate) const ALL_VARIABLES: usize = 10 * 1024 * 1024;

/// The length of the compact JSON text.
pub(crate) fn size(value: &Value) -> usize {
    struct Counter(usize);
    impl Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Writing to a counter cannot fail.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

/// Whether a value is small and flat enough to be handed on.
pub(crate) fn fits(value: &Value) -> bool {
    !deeper_than(value, MAX_DEPTH) && size(value) <= crate::DATA_LIMIT
}

fn deeper_than(value: &Value, limit: usize) -> bool {
    match (value, limit.checked_sub(1)) {
        (Value::Array(items), Some(limit)) => items.iter().any(|item| deeper_than(item, limit)),
        (Value::Object(members), Some(limit)) => members.values().any(|member| deeper_than(member, limit)),
        (Value::Array(_) | Value::Object(_), None) => true,
        _ => false,
    }
}

/// Equality as JSON: 1 and 1.0 are the same number, member order does not count.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::{fits, same, size};
    use serde_json::{Value, json};

    #[test]
    fn sizes_are_utf8_bytes_of_compact_text() {
        assert_eq!(size(&json!({"a": "é€"})), 13);
        assert!(fits(&json!("a".repeat(262_142))));
        assert!(!fits(&json!("a".repeat(262_143))));
        assert!(!fits(&json!("€".repeat(90_000))));
    }

    #[test]
    fn deep_values_do_not_fit() {
        let deep = (0..600).fold(Value::Null, |inner, _| json!([inner]));
        assert!(!fits(&deep));
    }

    #[test]
    fn numbers_are_the_same_by_value() {
        assert!(same(&json!({"a": 1, "b": [2.0]}), &json!({"b": [2], "a": 1.0})));
        assert!(!same(&json!([1]), &json!([1, 2])));
    }
}
