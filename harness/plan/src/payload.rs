//! Strategies for what a client can put into requests: JSON values, names, tokens that are none, texts at byte limits.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use serde_json::{Map, Number, Value};

/// The limit of inputs, outputs and results, in bytes of UTF-8 (IO-10).
pub const DATA_LIMIT: usize = 262_144;

/// Characters that a name must not hold (START-06), one of each kind.
pub const FORBIDDEN: &[char] = &[
    ' ',
    '\t',
    '\n',
    '<',
    '>',
    '{',
    '}',
    '[',
    ']',
    '?',
    '*',
    '"',
    '#',
    '%',
    '\\',
    '^',
    '|',
    '~',
    '`',
    '$',
    '&',
    ',',
    ';',
    ':',
    '/',
    '\u{1}',
    '\u{1f}',
    '\u{7f}',
    '\u{85}',
    '\u{9f}',
    '\u{fffe}',
    '\u{ffff}',
    '\u{10ffff}',
    '\u{a0}',
    '\u{2003}',
];

/// Any text with characters of one to four bytes, without control characters.
pub fn text() -> impl Strategy<Value = String> + use<> {
    let character = prop_oneof![
        4 => proptest::char::range('a', 'z'),
        1 => select(vec!['\'', '"', '\\', '/', ' ', '.', '$', '{', '}', '+', '=']),
        1 => select(vec!['é', 'ß', 'ж', 'ع', '漢', '€', '\u{2028}', '😀', '𝄞']),
    ];
    vec(character, 0..12).prop_map(|characters| characters.into_iter().collect())
}

/// Any JSON value of moderate size. Numbers are exact as doubles.
pub fn json() -> impl Strategy<Value = Value> + use<> {
    let number = prop_oneof![
        any::<i32>().prop_map(Number::from),
        select(vec![0i64, -1, 9_007_199_254_740_991, -9_007_199_254_740_991]).prop_map(Number::from),
        select(vec![0.5f64, -0.25, 1.5e300, 1e-7, 123_456.75])
            .prop_map(|number| Number::from_f64(number).unwrap_or_else(|| Number::from(0))),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number.prop_map(Value::Number),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::Array),
            vec((key(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A JSON object.
pub fn object() -> impl Strategy<Value = Value> + use<> {
    vec((key(), json()), 0..5).prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
}

/// A member name that is a plain word, so that a path can name it.
pub fn key() -> impl Strategy<Value = String> + use<> {
    "[a-z]{1,6}".prop_map(|word| word)
}

/// A name of 1 to 60 allowed characters of several scripts; the engine makes it unique by a suffix.
pub fn name() -> impl Strategy<Value = String> + use<> {
    let character = prop_oneof![
        6 => proptest::char::range('a', 'z'),
        2 => proptest::char::range('0', '9'),
        1 => select(vec!['.', '-', '_', '+', '=', '@', '!', '\'', '(', ')']),
        1 => select(vec!['é', 'Ж', '漢', 'あ', 'ع', 'λ']),
    ];
    vec(character, 1..24).prop_map(|characters| characters.into_iter().collect())
}

/// A text that no service issued as a token.
pub fn garbage() -> impl Strategy<Value = String> + use<> {
    prop_oneof![
        "[A-Za-z0-9+/]{8,200}".prop_map(|text| text + "="),
        "[ -~]{2,64}".prop_map(|text| text),
        text().prop_map(|text| format!("t{text}")),
        (1usize..2048).prop_map(|length| "A".repeat(length)),
        Just("AQCgAAAAKgAAAAMAAAAAAAAAAQ==".to_owned()),
        Just("00000000-0000-0000-0000-000000000000".to_owned()),
    ]
}

/// A JSON string of exactly so many bytes, quotes included, made of characters of `width` bytes each and padding.
pub fn json_string_of(bytes: usize, width: usize) -> String {
    let sign = match width {
        1 => 'x',
        2 => 'é',
        3 => '漢',
        _ => '😀',
    };
    let inner = bytes.saturating_sub(2);
    let wide = inner / sign.len_utf8();
    let mut text = String::with_capacity(bytes);
    text.push('"');
    text.extend(std::iter::repeat_n(sign, wide));
    text.extend(std::iter::repeat_n('x', inner - wide * sign.len_utf8()));
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_have_exactly_the_bytes_asked_for() {
        for width in 1..=4 {
            for bytes in [10, DATA_LIMIT - 1, DATA_LIMIT, DATA_LIMIT + 1] {
                let text = json_string_of(bytes, width);
                assert_eq!(text.len(), bytes);
                assert!(serde_json::from_str::<Value>(&text).is_ok());
            }
        }
    }
}
