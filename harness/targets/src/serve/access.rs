//! Who signed a request, and what they may do. Signatures are read, not verified: any secret key works.

use std::collections::BTreeSet;

use http::HeaderMap;
use record::{ApiError, Operation, Service};

/// A switch for rehearsals: who is let in, and what is denied. Off unless given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The access key ids that are known; empty for any.
    pub known_keys: BTreeSet<String>,
    /// The access key ids whose session has ended.
    pub expired_keys: BTreeSet<String>,
    /// The operations that nobody may call.
    pub denied: BTreeSet<Operation>,
}

impl Access {
    /// The refusal that AWS gives to this signer, if any.
    pub(super) fn refusal(&self, operation: Operation, headers: &HeaderMap) -> Option<ApiError> {
        let Some(authorization) = headers.get("authorization") else {
            let message = "Missing Authentication Token";
            return Some(ApiError::new("MissingAuthenticationTokenException", message).with_status(403));
        };
        let Some(signer) = Signer::of(headers) else {
            let text = String::from_utf8_lossy(authorization.as_bytes()).chars().take(80).collect::<String>();
            let message = format!("'{text}' is not a valid AWS4-HMAC-SHA256 Authorization header.");
            return Some(ApiError::new("IncompleteSignature", message).with_status(403));
        };
        if self.expired_keys.contains(&signer.key) {
            let message = "The security token included in the request is expired";
            return Some(ApiError::new("ExpiredTokenException", message).with_status(status(operation)));
        }
        if !self.known_keys.is_empty() && !self.known_keys.contains(&signer.key) {
            let message = "The security token included in the request is invalid.";
            return Some(
                ApiError::new("UnrecognizedClientException", message).with_status(status(operation)),
            );
        }
        if self.denied.contains(&operation) {
            let message = format!("{} is not authorized to perform: {operation}", signer.key);
            return Some(ApiError::new("AccessDeniedException", message).with_status(status(operation)));
        }
        None
    }
}

/// JSON services answer 400 to these, the others 403 (Common Errors pages).
fn status(operation: Operation) -> u16 {
    match operation.service() {
        Service::States | Service::Sqs | Service::Events | Service::Tagging => 400,
        Service::Sns | Service::Sts | Service::Lambda | Service::CloudFormation => 403,
    }
}

/// The `Credential` of a SigV4 Authorization header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signer {
    pub(super) key: String,
    pub(super) service: String,
}

impl Signer {
    /// Who signed, if the header is one of SigV4's.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let header = headers.get("authorization")?.to_str().ok()?;
        let parameters = header.strip_prefix("AWS4-HMAC-SHA256")?;
        let mut scope = None;
        let (mut signed_headers, mut signature) = (false, false);
        for parameter in parameters.split(',') {
            match parameter.trim().split_once('=') {
                Some(("Credential", value)) => scope = Some(value),
                Some(("SignedHeaders", _)) => signed_headers = true,
                Some(("Signature", _)) => signature = true,
                _ => {}
            }
        }
        // key/date/region/service/aws4_request; a key may hold slashes, so from the right.
        let mut parts = scope?.rsplitn(5, '/');
        if parts.next() != Some("aws4_request") || !signed_headers || !signature {
            return None;
        }
        let service = parts.next()?.to_owned();
        let (_region, _date) = (parts.next()?, parts.next()?);
        Some(Self { key: parts.next()?.to_owned(), service })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed_by(key: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/states/aws4_request, SignedHeaders=host, Signature=0"
        );
        headers.insert("authorization", value.parse().unwrap());
        headers
    }

    #[test]
    fn the_signer_is_read_from_the_credential_scope() {
        let signer = Signer { key: "AKID".to_owned(), service: "states".to_owned() };
        assert_eq!(Signer::of(&signed_by("AKID")), Some(signer));
    }

    #[test]
    fn each_kind_of_stranger_gets_its_own_refusal() {
        let access = Access {
            known_keys: ["AKID".to_owned()].into(),
            expired_keys: ["OLD".to_owned()].into(),
            denied: [Operation::StopExecution].into(),
        };
        let code =
            |operation, headers: &HeaderMap| access.refusal(operation, headers).map(|error| error.code);
        let mut garbled = HeaderMap::new();
        garbled.insert("authorization", "Bearer x".parse().unwrap());
        let start = Operation::StartExecution;
        assert_eq!(code(start, &HeaderMap::new()).as_deref(), Some("MissingAuthenticationTokenException"));
        assert_eq!(code(start, &garbled).as_deref(), Some("IncompleteSignature"));
        assert_eq!(code(start, &signed_by("OLD")).as_deref(), Some("ExpiredTokenException"));
        assert_eq!(code(start, &signed_by("WHO")).as_deref(), Some("UnrecognizedClientException"));
        assert_eq!(
            code(Operation::StopExecution, &signed_by("AKID")).as_deref(),
            Some("AccessDeniedException")
        );
        assert_eq!(code(start, &signed_by("AKID")), None);
    }
}
