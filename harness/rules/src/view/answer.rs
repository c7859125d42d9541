//! What an outcome means to a judge: a refusal for a reason, or one of the answers that say nothing about the request.

use record::{ApiError, Outcome};
use serde_json::Value;

/// An outcome, sorted by what may be concluded from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer<'a> {
    /// The call took effect.
    Done(&'a Value),
    /// The service looked at the request and refused it, or broke each time it was asked; nothing happened.
    Refused(&'a ApiError),
    /// Too many requests, or the service is away for a moment; nothing happened (WIRE-07).
    Throttled(&'a ApiError),
    /// The caller may not do that; nothing happened.
    Denied(&'a ApiError),
    /// The target does not offer the operation.
    Unsupported(&'a ApiError),
    /// The service broke: the call may have taken effect.
    Broken(&'a ApiError),
    /// No answer: the call may have taken effect.
    Unknown,
}

impl<'a> Answer<'a> {
    /// Sorts an outcome.
    pub fn of(outcome: &'a Outcome) -> Self {
        let error = match outcome {
            Outcome::Done(reply) => return Self::Done(reply),
            Outcome::Unknown(_) => return Self::Unknown,
            Outcome::Refused(error) => error,
        };
        if is_unsupported(error) {
            Self::Unsupported(error)
        } else if error.is_passing() {
            Self::Throttled(error)
        } else if error.is_denial() {
            Self::Denied(error)
        } else if error.status >= 500 {
            Self::Broken(error)
        } else {
            Self::Refused(error)
        }
    }

    /// The reply of a call that was done.
    pub fn done(self) -> Option<&'a Value> {
        match self {
            Self::Done(reply) => Some(reply),
            _ => None,
        }
    }

    /// The refusal of a call that was looked at and refused.
    pub fn refused(self) -> Option<&'a ApiError> {
        match self {
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }

    /// The error code of a refusal that says something about the request.
    pub fn code(self) -> Option<&'a str> {
        self.refused().map(|error| error.code.as_str())
    }

    /// The error of any answer that has one.
    pub fn error(self) -> Option<&'a ApiError> {
        match self {
            Self::Refused(e)
            | Self::Throttled(e)
            | Self::Denied(e)
            | Self::Unsupported(e)
            | Self::Broken(e) => Some(e),
            Self::Done(_) | Self::Unknown => None,
        }
    }

    /// Whether the call may have taken effect although nobody said so.
    pub fn is_open_ended(self) -> bool {
        matches!(self, Self::Unknown | Self::Broken(_))
    }

    /// For messages: `200`, `TaskTimedOut (400)`, `no answer`.
    pub fn says(self) -> String {
        match self.error() {
            Some(error) => format!("{} ({})", error.code, error.status),
            None if self.done().is_some() => "200".to_owned(),
            None => "no answer".to_owned(),
        }
    }
}

/// Codes that every AWS service can answer with ("Common Errors" of the API reference).
pub const COMMON_CODES: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServerException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MalformedHttpRequestException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "RequestAbortedException",
    "RequestEntityTooLargeException",
    "RequestExpired",
    "RequestTimeoutException",
    "SerializationException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "SignatureDoesNotMatch",
    "ThrottlingException",
    "UnrecognizedClientException",
    "ValidationException",
];

fn is_unsupported(error: &ApiError) -> bool {
    const CODES: &[&str] = &[
        "UnknownOperationException",
        "NotImplemented",
        "NotImplementedException",
        "NotImplementedError",
        "UnsupportedOperation",
        "UnsupportedOperationException",
        "InvalidAction",
        "UnknownOperation",
    ];
    if error.status == 501 || CODES.contains(&error.code.as_str()) {
        return true;
    }
    if error.status < 500 && error.code != "InternalFailure" {
        return false;
    }
    let message = error.message.to_ascii_lowercase();
    ["not implemented", "not supported", "not yet", "unsupported", "notimplemented"]
        .iter()
        .any(|phrase| message.contains(phrase))
}
