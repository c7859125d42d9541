//! Words of a shell script: quoting, and the names that the AWS command line gives to operations.

use record::{Operation, Service};

/// A word that the shell takes as it is.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The text for a heredoc in which variables are expanded, every other character taken as it is.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '$' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The text as a basic regular expression of `sed` that matches it, with `/` as the delimiter.
pub(super) fn pattern(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\/.*[]^$&".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// `stepfunctions` for Step Functions, the signing name elsewhere.
pub(super) fn service(operation: Operation) -> &'static str {
    match operation.service() {
        Service::States => "stepfunctions",
        other => other.signing_name(),
    }
}

/// `start-execution` for `StartExecution`.
pub(super) fn command(operation: Operation) -> String {
    let mut out = String::new();
    for c in operation.name().chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_named_as_the_command_line_names_them() {
        assert_eq!(command(Operation::GetExecutionHistory), "get-execution-history");
        assert_eq!(service(Operation::StartExecution), "stepfunctions");
    }

    #[test]
    fn nothing_in_quotes_is_expanded() {
        assert_eq!(quoted("a'b $c"), r"'a'\''b $c'");
        assert_eq!(escaped(r#"{"a":"$.b\n`c`"}"#), r#"{"a":"\$.b\\n\`c\`"}"#);
    }
}
