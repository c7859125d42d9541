//! Fields with one value: seconds, counts, percentages, names, timestamps; given as they are, by a path, or by JSONata.
//!
//! Invariant: the texts of failures are those of AWS where a recording has one (other-base, parallel-map, timeout-heartbeat), and
//! those that LocalStack 2026.3 gives, whose tests compare them with AWS, where it has one.

use crate::env::Env;
use crate::outcome::Failure;
use crate::path::Path;
use crate::template::Query;
use chrono::DateTime;
use serde_json::Value;

/// A field; its name tells the form, e.g. `Seconds` or `SecondsPath`.
#[derive(Debug, Clone)]
pub struct Field {
    pub(crate) name: &'static str,
    pub(crate) source: Source,
}

#[derive(Debug, Clone)]
pub(crate) enum Source {
    Constant(Value),
    Query(Query),
}

/// The most seconds of a field with a plain number (DEF-11).
const MAX_SECONDS: i64 = 99_999_999;

/// How AWS words a number that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wording {
    /// `The SecondsPath parameter …`.
    Parameter,
    /// `The MaxConcurrencyPath field …`.
    FieldRefers,
    /// The same in single quotes and without the name of the state.
    ReaderRefers,
}

impl Field {
    fn value(&self, env: &Env<'_>) -> Result<Value, Failure> {
        match &self.source {
            Source::Constant(value) => Ok(value.clone()),
            Source::Query(Query::Path(path)) => path
                .find(env.roots())
                .map(std::borrow::Cow::into_owned)
                .map_err(|what| env.missing(path, &self.missing(env, path, &what))),
            Source::Query(Query::Call(call)) => env.call(call),
            Source::Query(Query::JsonAta(expression)) => expression.evaluate(env, self.name),
            Source::Query(Query::Broken(text)) => Err(env.broken(text, self.name)),
        }
    }

    /// A path with nothing at its end, in the words of the field.
    fn missing(&self, env: &Env<'_>, path: &Path, what: &str) -> String {
        let (name, source) = (self.name, path.source());
        match name {
            "SecondsPath" | "TimestampPath" => {
                format!("The {name} parameter does not reference an input value: {source}")
            }
            "ErrorPath" | "CausePath" => env.not_found(path, name),
            _ => format!("Invalid path '{source}' : {what}"),
        }
    }

    /// The path as written, for failures.
    fn written(&self) -> &str {
        match &self.source {
            Source::Query(Query::Path(path)) => path.source(),
            Source::Query(Query::Call(call)) => call.source(),
            Source::Query(Query::JsonAta(expression)) => expression.source(),
            Source::Query(Query::Broken(text)) => text,
            Source::Constant(_) => self.name,
        }
    }

    /// A wrong type: `Expected 'number', but was 'string' for value: "x"` in JSONata, `otherwise` in JSONPath.
    fn mismatch(&self, env: &Env<'_>, expected: &str, value: &Value, otherwise: &str) -> Failure {
        match &self.source {
            Source::Query(Query::JsonAta(expression)) => {
                let found = type_of(value);
                let what = format!(
                    "returned an unexpected result type. Expected '{expected}', but was '{found}' for value: {value}"
                );
                expression.failure(env, self.name, &what)
            }
            _ => env.runtime(otherwise),
        }
    }

    /// A whole number, of any sign.
    pub(crate) fn integer(&self, env: &Env<'_>, wording: Wording) -> Result<i64, Failure> {
        let value = self.value(env)?;
        let from_jsonata = matches!(self.source, Source::Query(Query::JsonAta(_)));
        let whole =
            value.as_f64().filter(|number| from_jsonata && number.fract() == 0.0 && number.abs() < 9e15);
        value.as_i64().or_else(|| whole.map(|number| number as i64)).ok_or_else(|| {
            let (name, written, text) = (self.name, self.written(), bare(&value));
            let failure = |otherwise: &str| {
                let failure = self.mismatch(env, "number", &value, otherwise);
                if is_loose_number(&value) { failure.unsourced() } else { failure }
            };
            let otherwise = match wording {
                Wording::ReaderRefers => {
                    let cause = format!(
                        "The {name} field refers to value '{text}' which is not a valid integer: {written}"
                    );
                    if !from_jsonata {
                        return Failure::new("States.Runtime", cause);
                    }
                    cause
                }
                Wording::Parameter => {
                    format!("The {name} parameter cannot be parsed as a long value: {written} == {text}")
                }
                Wording::FieldRefers => {
                    format!(
                        "The {name} field refers to value \"{text}\" which is not a valid integer: {written}"
                    )
                }
            };
            failure(&otherwise)
        })
    }

    /// A number of seconds of at least `least`. Above the limit of the plain field AWS may fail or clamp, and so it may
    /// with a task's limits that are not positive; a negative wait fails (recorded: other-base).
    pub(crate) fn seconds(&self, env: &Env<'_>, least: u64) -> Result<u64, Failure> {
        let number = self.integer(env, Wording::Parameter)?;
        if number > MAX_SECONDS {
            env.doubt.note();
        }
        u64::try_from(number).ok().filter(|seconds| *seconds >= least).ok_or_else(|| {
            let (name, written) = (self.name, self.written());
            let kind = if number < 0 { "a negative value" } else { "a value that is not positive" };
            let failure = match &self.source {
                Source::Query(Query::JsonAta(expression)) => {
                    expression.failure(env, name, &format!("returned {kind}: {number}"))
                }
                _ => env.runtime(&format!("The {name} parameter references {kind}: {written} == {number}")),
            };
            if least > 0 { failure.unsourced() } else { failure }
        })
    }

    /// A count; `subject` names the field without `Path`.
    pub(crate) fn count(&self, env: &Env<'_>, subject: &str) -> Result<u64, Failure> {
        let number = self.integer(env, Wording::FieldRefers)?;
        u64::try_from(number).map_err(|_| self.refuse(env, &format!("{subject} cannot be negative.")))
    }

    /// A share of 100.
    pub(crate) fn percentage(&self, env: &Env<'_>, subject: &str) -> Result<f64, Failure> {
        let value = self.value(env)?;
        let Some(number) = value.as_f64() else {
            let (name, written, text) = (self.name, self.written(), bare(&value));
            let otherwise =
                format!("The {name} field refers to value \"{text}\" which is not a valid float: {written}");
            let failure = self.mismatch(env, "number", &value, &otherwise);
            return Err(if is_loose_number(&value) { failure.unsourced() } else { failure });
        };
        if (0.0..=100.0).contains(&number) {
            return Ok(number);
        }
        Err(self.refuse(env, &format!("{subject} must be between 0 and 100.")))
    }

    /// A text.
    pub(crate) fn text(&self, env: &Env<'_>) -> Result<String, Failure> {
        match self.value(env)? {
            Value::String(text) => Ok(text),
            value => {
                let (name, written) = (self.name, self.written());
                let otherwise = format!(
                    "The {name} parameter does not reference a string value: {written} == {}",
                    bare(&value)
                );
                Err(self.mismatch(env, "string", &value, &otherwise))
            }
        }
    }

    /// A time in milliseconds since 1970 UTC.
    pub(crate) fn timestamp(&self, env: &Env<'_>) -> Result<i64, Failure> {
        let value = self.value(env)?;
        value.as_str().and_then(parse_timestamp).ok_or_else(|| {
            let (name, written) = (self.name, self.written());
            let what = format!(
                "The {name} parameter does not reference a valid ISO-8601 extended offset date-time format string: {written} == {}",
                bare(&value)
            );
            match &value {
                Value::String(text) if is_loose_timestamp(text) => self.refuse(env, &what).unsourced(),
                Value::String(_) => self.refuse(env, &what),
                _ => self.mismatch(env, "string", &value, &what),
            }
        })
    }

    fn refuse(&self, env: &Env<'_>, what: &str) -> Failure {
        match &self.source {
            Source::Query(Query::JsonAta(_)) => env.evaluation(Some(self.name), what),
            _ => env.runtime(what),
        }
    }
}

/// RFC 3339 with capital `T` and `Z`, as the States Language wants it.
pub(crate) fn parse_timestamp(text: &str) -> Option<i64> {
    let capital = text.as_bytes().get(10) == Some(&b'T') && !text.ends_with('z');
    DateTime::parse_from_rfc3339(text).ok().filter(|_| capital).map(|time| time.timestamp_millis())
}

/// Text that `parse_timestamp` does not take but Java's `ISO_OFFSET_DATE_TIME` does, by whose name AWS calls the format:
/// small letters, no seconds, offsets of another form.
pub(crate) fn is_loose_timestamp(text: &str) -> bool {
    if parse_timestamp(text).is_some() {
        return false;
    }
    let text = text.to_ascii_uppercase();
    let text = text.strip_suffix('Z').map_or_else(|| text.clone(), |local| format!("{local}+00:00"));
    let forms = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"];
    forms.iter().any(|form| DateTime::parse_from_str(&text, form).is_ok())
}

/// What is no integer in JSON but reads as a number: `"5"`, `5.0`. AWS may well take it.
fn is_loose_number(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim().parse::<f64>().is_ok_and(f64::is_finite),
        Value::Number(number) => number.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => false,
    }
}

/// A value as AWS writes it into texts: strings without quotes.
fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The type's name in the words of JSONata.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::{is_loose_timestamp, parse_timestamp};

    #[test]
    fn timestamps_need_capital_letters_and_an_offset() {
        assert_eq!(parse_timestamp("1970-01-01T00:00:01Z"), Some(1000));
        assert_eq!(parse_timestamp("1970-01-01T01:00:00.5+01:00"), Some(500));
        for text in
            ["1970-01-01t00:00:01Z", "1970-01-01T00:00:01z", "1970-01-01T00:00:01", "1970-01-01", "", "é"]
        {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn some_timestamps_are_taken_by_java_and_not_by_the_specification() {
        for text in
            ["1970-01-01t00:00:01Z", "1970-01-01T00:00:01z", "1970-01-01T00:00Z", "1970-01-01T00:00:01+01"]
        {
            assert!(is_loose_timestamp(text), "{text}");
        }
        for text in
            ["1970-01-01T00:00:01Z", "1970-01-01T00:00:01", "1970-01-01", "", "é", "1970-13-01T00:00:00Z"]
        {
            assert!(!is_loose_timestamp(text), "{text}");
        }
    }
}
