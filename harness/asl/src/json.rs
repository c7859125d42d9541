//! Reading JSON, with the messages of the parser that AWS uses (Jackson) when it fails.
//!
//! What it does not do: every message of Jackson; the two recorded ones (validation-api, execution-api) and their nearest
//! kin are to the character, rarer faults get the same form. Invariant: text that `serde_json` takes is never an error.

use serde_json::Value;

/// Why a text is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Syntax {
    /// `Unrecognized token 'not': was expecting (JSON String, Number, …)`.
    pub message: String,
    /// `[Source: (String)"not a definition"; line: 1, column: 4]`; None for blank text.
    pub location: Option<String>,
}

/// Reads JSON text.
pub fn read(text: &str) -> Result<Value, Syntax> {
    serde_json::from_str(text).map_err(|error| {
        if text.trim().is_empty() {
            return Syntax { message: "No content to map due to end-of-input".to_owned(), location: None };
        }
        let fault = Scanner { text, at: 0 }
            .fault()
            .unwrap_or_else(|| Fault { message: error.to_string(), at: text.len() });
        Syntax { message: fault.message, location: Some(location(text, fault.at)) }
    })
}

const EXPECTED: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const SHOWN: usize = 500;

fn location(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let shown: String = text.chars().take(SHOWN).collect();
    let cut = match text.chars().count().saturating_sub(SHOWN) {
        0 => String::new(),
        cut => format!("[truncated {cut} chars]"),
    };
    format!("[Source: (String)\"{shown}\"{cut}; line: {line}, column: {column}]")
}

struct Fault {
    message: String,
    /// The byte behind the last one read.
    at: usize,
}

/// Looks for the first fault, without building a value and without recursion.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    Object,
    Array,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expecting {
    Value,
    ValueOrClose,
    NameOrClose,
    Name,
    Colon,
    CommaOrClose,
}

impl Scanner<'_> {
    fn fault(mut self) -> Option<Fault> {
        let mut frames: Vec<Frame> = Vec::new();
        let mut expecting = Expecting::Value;
        loop {
            while self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\n' | '\r')) {
                self.at += 1;
            }
            let Some(c) = self.peek() else {
                return frames.last().map(|frame| {
                    let what = if *frame == Frame::Object { "Object" } else { "Array" };
                    self.here(format!("Unexpected end-of-input: expected close marker for {what}"))
                });
            };
            match (expecting, c) {
                (Expecting::CommaOrClose, ',') => {
                    self.at += 1;
                    expecting = if frames.last() == Some(&Frame::Object) {
                        Expecting::Name
                    } else {
                        Expecting::Value
                    };
                }
                (Expecting::CommaOrClose | Expecting::NameOrClose, '}')
                | (Expecting::CommaOrClose | Expecting::ValueOrClose, ']') => {
                    let open = if c == '}' { Frame::Object } else { Frame::Array };
                    if frames.pop() != Some(open) {
                        return Some(self.unexpected(c, "Unexpected close marker"));
                    }
                    self.at += 1;
                    if frames.is_empty() {
                        return None;
                    }
                    expecting = Expecting::CommaOrClose;
                }
                (Expecting::CommaOrClose, _) => {
                    let what = if frames.last() == Some(&Frame::Object) { "Object" } else { "Array" };
                    return Some(
                        self.unexpected(c, &format!("was expecting comma to separate {what} entries")),
                    );
                }
                (Expecting::Name | Expecting::NameOrClose, '"') => {
                    if let Some(fault) = self.string() {
                        return Some(fault);
                    }
                    expecting = Expecting::Colon;
                }
                (Expecting::Name | Expecting::NameOrClose, _) => {
                    return Some(self.unexpected(c, "was expecting double-quote to start field name"));
                }
                (Expecting::Colon, ':') => {
                    self.at += 1;
                    expecting = Expecting::Value;
                }
                (Expecting::Colon, _) => {
                    return Some(
                        self.unexpected(c, "was expecting a colon to separate field name and value"),
                    );
                }
                (Expecting::Value | Expecting::ValueOrClose, '{' | '[') => {
                    self.at += 1;
                    frames.push(if c == '{' { Frame::Object } else { Frame::Array });
                    expecting = if c == '{' { Expecting::NameOrClose } else { Expecting::ValueOrClose };
                }
                (Expecting::Value | Expecting::ValueOrClose, _) => {
                    if let Some(fault) = self.scalar(c) {
                        return Some(fault);
                    }
                    if frames.is_empty() {
                        return None;
                    }
                    expecting = Expecting::CommaOrClose;
                }
            }
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn here(&self, message: String) -> Fault {
        Fault { message, at: self.at }
    }

    fn unexpected(&self, c: char, what: &str) -> Fault {
        Fault {
            message: format!("Unexpected character ('{c}' (code {})): {what}", u32::from(c)),
            at: self.at + c.len_utf8(),
        }
    }

    fn string(&mut self) -> Option<Fault> {
        self.at += 1;
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            match c {
                '"' => return None,
                '\\' => self.at += self.peek().map_or(0, char::len_utf8),
                c if u32::from(c) < 0x20 => {
                    let code = u32::from(c);
                    return Some(self.here(format!(
                        "Illegal unquoted character ((CTRL-CHAR, code {code})): has to be escaped using backslash to be included in string value"
                    )));
                }
                _ => {}
            }
        }
        Some(self.here("Unexpected end-of-input: was expecting closing quote for a string value".to_owned()))
    }

    fn scalar(&mut self, c: char) -> Option<Fault> {
        if c == '"' {
            return self.string();
        }
        let rest = self.rest();
        let length = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '+' | '-')))
            .unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default().to_owned();
        if word.is_empty() || !(c.is_alphabetic() || c == '_' || c == '$' || c.is_ascii_digit() || c == '-') {
            return Some(self.unexpected(c, &format!("expected a valid value {EXPECTED}")));
        }
        self.at += length;
        let known = matches!(word.as_str(), "true" | "false" | "null")
            || serde_json::from_str::<serde_json::Number>(&word).is_ok();
        (!known).then(|| self.here(format!("Unrecognized token '{word}': was expecting {EXPECTED}")))
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn an_unknown_token_is_named_as_recorded() {
        let fault = read("not a definition").unwrap_err();
        assert_eq!(
            fault.message,
            "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
        );
        assert_eq!(fault.location.unwrap(), "[Source: (String)\"not a definition\"; line: 1, column: 4]");
    }

    #[test]
    fn a_single_quote_is_no_field_name_as_recorded() {
        let fault = read("{'a': 1}").unwrap_err();
        assert_eq!(
            fault.message,
            "Unexpected character (''' (code 39)): was expecting double-quote to start field name"
        );
        assert!(fault.location.unwrap().ends_with("line: 1, column: 3]"));
    }

    #[test]
    fn other_faults_have_a_message_and_a_place() {
        for text in [
            "{",
            "[1,",
            "{\"a\" 1}",
            "{\"a\":1 \"b\":2}",
            "[1 2]",
            "\"open",
            "{\"a\":}",
            "]",
            "{]",
            "01",
            "1 2",
            "\u{1}",
            "[\"\n\"]",
            "{\"a\":é}",
            "{\"ü\":1,}",
        ] {
            let fault = read(text).unwrap_err();
            assert!(!fault.message.is_empty() && fault.location.is_some(), "{text}");
        }
        assert_eq!(read("  ").unwrap_err().location, None);
    }

    #[test]
    fn deep_nesting_is_refused_without_a_crash() {
        assert!(read(&"[".repeat(1_000_000)).is_err());
        assert!(read(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))).is_err());
    }
}
