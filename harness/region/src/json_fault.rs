//! What AWS says about a text that is no JSON (recording `sfn_api::test_invalid_start_execution_input`).

/// The parser's complaint in AWS's words, as far as they are recorded.
pub(crate) fn describe(text: &str, fault: &serde_json::Error) -> String {
    let trimmed = text.trim_start();
    let Some(first) = trimmed.chars().next() else {
        return "No content to map due to end-of-input".to_owned();
    };
    if first.is_alphabetic() {
        let word: String = trimmed.chars().take_while(|c| c.is_alphanumeric()).collect();
        return format!(
            "Unrecognized token '{word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
        );
    }
    if let Some(inner) = trimmed.strip_prefix('{').map(str::trim_start)
        && let Some(odd) = inner.chars().next().filter(|c| *c != '"' && *c != '}')
    {
        return format!(
            "Unexpected character ('{odd}' (code {})): was expecting double-quote to start field name",
            u32::from(odd)
        );
    }
    if fault.is_eof() {
        return "Unexpected end-of-input".to_owned();
    }
    format!("Unexpected character ('{first}' (code {})): expected a valid value", u32::from(first))
}
