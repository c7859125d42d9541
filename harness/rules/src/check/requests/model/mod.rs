//! The API model of Step Functions as data: what requests may hold and what answers must hold.
//!
//! Taken from the structures of the model (botocore, `stepfunctions/2016-11-23`): members, whether they are required,
//! types, lengths, ranges, enumerations. What it does not hold: meanings, and limits that other rules judge in bytes
//! (START-14, TOK-09). Invariant: an operation that is not listed is not judged.

/// The members of a structure, as a constant.
macro_rules! members {
    ($($member:expr),* $(,)?) => {{
        const MEMBERS: &[$crate::check::requests::model::Member] = &[$($member),*];
        MEMBERS
    }};
}

pub(super) mod answers;
pub(super) mod requests;

use serde_json::Value;

/// One member of a structure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) kind: Kind,
}

/// The type of a member, as far as JSON shows it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A string of so many characters.
    Text(usize, usize),
    /// An ARN of this kind of Step Functions' things; nothing for any ARN.
    Arn(&'static str),
    /// Seconds since the epoch.
    Time,
    /// True or false.
    Flag,
    /// An integer in a range.
    Whole(i64, i64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of structures.
    List(&'static [Member]),
    /// A structure.
    Object(&'static [Member]),
}

/// A member that is always there.
const fn must(name: &'static str, kind: Kind) -> Member {
    Member { name, required: true, kind }
}

/// A member that may be there.
const fn may(name: &'static str, kind: Kind) -> Member {
    Member { name, required: false, kind }
}

const ARN_LENGTH: usize = 256;
const NAME: Kind = Kind::Text(1, 80);
const TYPE: Kind = Kind::Word(&["STANDARD", "EXPRESS"]);
const STATUS: Kind =
    Kind::Word(&["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]);
const ERROR: Kind = Kind::Text(0, 256);
const CAUSE: Kind = Kind::Text(0, 32_768);

impl Kind {
    /// What is wrong with a value, if anything: its type, then its length, range or word. Times are only looked at for their type.
    pub(super) fn flaw(self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::Text(least, most), Value::String(text)) => {
                let length = if text.len() <= most { text.len() } else { text.chars().count() };
                (length > most || text.is_empty() && least > 0)
                    .then(|| format!("a text of {length} characters, not of {least} to {most}"))
            }
            (Self::Arn(kind), Value::String(text)) => {
                let fits = if kind.is_empty() {
                    text.starts_with("arn:")
                } else {
                    crate::view::Arn::read(text).is_some_and(|arn| arn.kind == kind)
                };
                (!fits).then(|| format!("a text that is no ARN of {kind}").trim_end().to_owned())
            }
            (Self::Word(words), Value::String(word)) => {
                (!words.contains(&word.as_str())).then(|| format!("a word that is not one of {words:?}"))
            }
            (Self::Whole(least, most), Value::Number(number)) => {
                let fits = number
                    .as_f64()
                    .is_some_and(|n| n.fract() == 0.0 && n >= least as f64 && n <= most as f64);
                (!fits).then(|| format!("{number}, no integer of {least} to {most}"))
            }
            (Self::Time, Value::Number(_))
            | (Self::Flag, Value::Bool(_))
            | (Self::List(_), Value::Array(_))
            | (Self::Object(_), Value::Object(_)) => None,
            (kind, other) => Some(format!("{}, not {}", json_type(other), kind.name())),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text(..) | Self::Arn(_) | Self::Word(_) => "a string",
            Self::Time => "a number of seconds",
            Self::Flag => "a boolean",
            Self::Whole(..) => "an integer",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
