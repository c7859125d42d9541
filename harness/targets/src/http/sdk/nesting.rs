//! Whether an answer is nested too deep for the SDK, whose reader would follow it until the stack is used up.

/// How deep the JSON of an answer may be nested: as deep as our own reader follows it.
const DEEPEST: usize = 128;

/// What is said of an answer that goes deeper.
pub(super) const TOO_DEEP: &str = "JSON that is nested more than 128 levels deep";

/// Whether an answer is nested deeper than anything that a reader should follow. Brackets in texts do not count.
pub(super) fn is_nested_too_deep(body: &[u8]) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
}
