//! The MD5 digests that SQS shows: of a body, and of message attributes in their binary form.
//!
//! Source of the latter: SQS Developer Guide, "Calculating the MD5 message digest for message attributes". Invariant: attributes
//! that cannot be put into that form have no digest, rather than a wrong one.

use md5::{Digest as _, Md5};
use serde_json::{Map, Value};

/// The MD5 of a text as hexadecimal digits.
pub(crate) fn md5(text: &str) -> String {
    hex(&Md5::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// The MD5 of message attributes; none for none, and none where a value is binary or no attribute at all.
pub(crate) fn md5_of_attributes(attributes: &Map<String, Value>) -> Option<String> {
    let mut names: Vec<&String> = attributes.keys().collect();
    names.sort();
    let mut form = Vec::new();
    let put = |form: &mut Vec<u8>, text: &str| -> Option<()> {
        form.extend(u32::try_from(text.len()).ok()?.to_be_bytes());
        form.extend(text.as_bytes());
        Some(())
    };
    for name in &names {
        let attribute = attributes.get(*name)?;
        let part = |member: &str| attribute.get(member).and_then(Value::as_str);
        put(&mut form, name)?;
        put(&mut form, part("DataType")?)?;
        form.push(1);
        put(&mut form, part("StringValue").filter(|text| !text.contains("token#"))?)?;
    }
    (!names.is_empty()).then(|| hex(&Md5::digest(&form)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(attributes: &Value) -> Option<String> {
        attributes.as_object().and_then(md5_of_attributes)
    }

    #[test]
    fn the_digest_of_attributes_depends_on_their_names_types_and_values_alone() {
        let attribute = |text: &str| json!({"DataType": "String", "StringValue": text});
        let one = json!({"a": attribute("1"), "b": attribute("2")});
        assert_eq!(of(&one), of(&json!({"b": attribute("2"), "a": attribute("1")})));
        assert_ne!(of(&one), of(&json!({"a": attribute("1"), "b": attribute("3")})));
        assert_eq!(of(&json!({})), None);
        assert_eq!(of(&json!({"a": {"DataType": "Binary", "BinaryValue": "aGk="}})), None);
    }
}
