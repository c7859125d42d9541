//! What came back of a call: it took effect, it was refused, or nobody knows.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The answer to one call. There is no fourth case, and none of them is an error of the harness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// HTTP 2xx: the reply's members in the API model's JSON form (an empty body is an empty object).
    Done(Value),
    /// An error answer of the service.
    Refused(ApiError),
    /// No answer that can be understood: a time-out, a reset, a body that is no AWS answer. The call may have taken effect.
    Unknown(String),
}

impl Outcome {
    /// The reply of a call that was done.
    pub fn reply(&self) -> Option<&Value> {
        match self {
            Self::Done(reply) => Some(reply),
            _ => None,
        }
    }

    /// The error of a call that was refused.
    pub fn refusal(&self) -> Option<&ApiError> {
        match self {
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the call was done.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// An error answer: AWS's code without namespace, the HTTP status and the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// The code, e.g. `TaskTimedOut`; what follows `#` or precedes `:` in the wire's `__type` is cut.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// The text for people. Not a contract (WIRE-10).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

const DENIALS: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

impl ApiError {
    /// An error with HTTP status 400, as nearly all of Step Functions' are.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), status: 400, message: message.into() }
    }

    /// Whether it asks the caller to come back later: throttling, or a service that is not available.
    pub fn is_passing(&self) -> bool {
        matches!(self.status, 429 | 503)
            || self.code.contains("Throttl")
            || self.code.starts_with("ServiceUnavailable")
            || matches!(
                self.code.as_str(),
                "TooManyRequestsException" | "RequestLimitExceeded" | "SlowDown" | "OverLimit"
            )
    }

    /// Whether it refuses whoever asks: keys that are unknown or expired, a wrong signature, or no right to do this.
    pub fn is_denial(&self) -> bool {
        DENIALS.contains(&self.code.as_str())
    }

    /// The same error with another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code, self.status)?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}
