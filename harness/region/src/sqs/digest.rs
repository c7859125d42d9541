//! The MD5 digests of SQS: of bodies, and of message attributes in their binary form.
//!
//! Source of the attribute form: SQS Developer Guide, "Calculating the MD5 message digest for message attributes".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::{Map, Value};

/// The MD5 of a text as hexadecimal digits.
pub(crate) fn md5_hex(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for half in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(half), 16));
        }
        text
    })
}

/// The MD5 of message attributes; none for no attributes.
pub(crate) fn md5_of_attributes(attributes: &Map<String, Value>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut names: Vec<&String> = attributes.keys().collect();
    names.sort();
    let mut digest = Md5::new();
    let sized = |digest: &mut Md5, bytes: &[u8]| {
        digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(bytes);
    };
    for name in names {
        let Some(attribute) = attributes.get(name) else { continue };
        let kind = attribute.get("DataType").and_then(Value::as_str).unwrap_or_default();
        let (mark, value) = match (attribute.get("StringValue"), attribute.get("BinaryValue")) {
            (Some(Value::String(text)), _) => (1_u8, text.clone().into_bytes()),
            (_, Some(Value::String(text))) => (2, STANDARD.decode(text).unwrap_or_default()),
            _ => (1, Vec::new()),
        };
        sized(&mut digest, name.as_bytes());
        sized(&mut digest, kind.as_bytes());
        digest.update([mark]);
        sized(&mut digest, &value);
    }
    Some(hex(&digest.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_md5_of_a_body_is_the_one_everybody_knows() {
        assert_eq!(md5_hex("hello"), "5d41402abc4b2a76b9719d911017c592");
    }

    #[test]
    fn attributes_have_a_digest_that_does_not_depend_on_their_order() {
        let one = json!({ "a": { "DataType": "String", "StringValue": "1" }, "b": { "DataType": "Number", "StringValue": "2" } });
        let two = json!({ "b": { "DataType": "Number", "StringValue": "2" }, "a": { "DataType": "String", "StringValue": "1" } });
        let digest = |v: &Value| v.as_object().and_then(md5_of_attributes);
        assert_eq!(digest(&one), digest(&two));
        assert_eq!(digest(&json!({})), None);
    }
}
