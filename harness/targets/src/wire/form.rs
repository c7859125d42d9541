//! `application/x-www-form-urlencoded` bodies and query strings as ordered pairs.

use std::fmt::Write as _;
use std::str;

/// The pairs of a form body. `None` if a name or value is not UTF-8 after decoding.
pub(crate) fn pairs(body: &[u8]) -> Option<Vec<(String, String)>> {
    body.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(at);
            Some((decoded(name)?, decoded(value.strip_prefix(b"=").unwrap_or(value))?))
        })
        .collect()
}

/// A form body of these pairs.
pub(crate) fn body<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs);
    form.finish()
}

/// One path segment or one form value without its percent signs and pluses.
pub(crate) fn decoded(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let pair = rest.as_slice().get(..2).and_then(|pair| str::from_utf8(pair).ok());
                match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
                    Some(value) => {
                        bytes.push(value);
                        rest = rest.as_slice().get(2..).unwrap_or_default().iter();
                    }
                    None => bytes.push(b'%'),
                }
            }
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// A path segment with everything but unreserved characters as percent signs, as SigV4 wants it.
pub(crate) fn segment(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_read_back_what_body_wrote() {
        let written = [("Action", "Publish"), ("Message", "a b&c=d+é%"), ("Empty", "")];
        let read = pairs(body(written).as_bytes()).expect("UTF-8");
        assert_eq!(read, written.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn segments_keep_unreserved_characters_only() {
        assert_eq!(segment("arn:aws:lambda:f~1"), "arn%3Aaws%3Alambda%3Af~1");
        assert_eq!(decoded(segment("é/ %").as_bytes()).as_deref(), Some("é/ %"));
    }
}
