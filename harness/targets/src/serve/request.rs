//! Which call an HTTP request makes, in whichever protocol it is written. Pure: bytes in, a call or a refusal out.

use http::request::Parts;
use http::{HeaderMap, Method};
use record::{ApiError, Call, Operation, Service};
use serde_json::{Map, Value};

use super::access::Signer;
use crate::wire::{self, FORM, JSON_1_0, JSON_1_1, Protocol, form, query, rest};

/// How the answer to a request is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// AWS JSON, with the content type of the request.
    Json(&'static str),
    /// The query protocol's XML.
    Query(Service),
    /// Lambda's REST JSON.
    Rest,
}

/// A request that names an operation.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) call: Call,
    pub(super) dialect: Dialect,
}

/// A request that does not, with the answer that AWS's front ends give.
#[derive(Debug)]
pub(super) struct Unasked {
    pub(super) error: ApiError,
    pub(super) dialect: Dialect,
}

/// The longest request to Step Functions: "1 MB per request" (service quotas page; WIRE-09).
const LONGEST_STATES_REQUEST: usize = 1 << 20;

/// Reads a request.
pub(super) fn read(parts: &Parts, body: &[u8]) -> Result<Asked, Unasked> {
    if let Some(target) = header(&parts.headers, "x-amz-target") {
        return json(&parts.headers, target, body);
    }
    if let Some((route, members)) = rest::recognised(&parts.method, parts.uri.path(), parts.uri.query()) {
        return lambda(&route, members, &parts.headers, body);
    }
    if is_form(&parts.headers) || parts.uri.query().is_some_and(|query| query.contains("Action=")) {
        return old_query(parts, body);
    }
    let error = if parts.method == Method::POST {
        ApiError::new("MissingAction", "The request names no operation: no X-Amz-Target header and no form")
    } else {
        ApiError::new("UnknownOperationException", "No operation of a served API has this path and method")
            .with_status(404)
    };
    Err(Unasked { error, dialect: Dialect::Json(JSON_1_0) })
}

fn json(headers: &HeaderMap, target: &str, body: &[u8]) -> Result<Asked, Unasked> {
    let content_type = match header(headers, "content-type") {
        Some(kind) if kind.starts_with(JSON_1_1) => JSON_1_1,
        _ => JSON_1_0,
    };
    let dialect = Dialect::Json(content_type);
    let refuse = |error| Err(Unasked { error, dialect });
    let operation = target.split_once('.').and_then(|(prefix, name)| {
        let service = [Service::States, Service::Sqs, Service::Events, Service::Tagging].into_iter().find(
            |service| matches!(wire::protocol(*service), Protocol::Json { prefix: own, .. } if own == prefix),
        );
        Operation::of(service?, name)
    });
    let Some(operation) = operation else {
        return refuse(ApiError::new("UnknownOperationException", format!("{target} is not served here")));
    };
    if operation.service() == Service::States && body.len() > LONGEST_STATES_REQUEST {
        return refuse(too_long());
    }
    let Ok(text) = std::str::from_utf8(body) else {
        return refuse(ApiError::new("SerializationException", "The body is not UTF-8"));
    };
    let call = match serde_json::from_str(text) {
        Ok(Value::Object(input)) => Call { operation, input, raw_body: None },
        _ if text.trim().is_empty() => Call { operation, input: Map::new(), raw_body: None },
        // The service itself refuses what is no JSON object, so that it does so in every target.
        _ => Call::raw(operation, text),
    };
    Ok(Asked { call, dialect })
}

fn lambda(
    route: &rest::Route,
    mut members: Map<String, Value>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Asked, Unasked> {
    let refuse = |message: &str| {
        let error = ApiError::new("InvalidRequestContentException", message);
        Err(Unasked { error, dialect: Dialect::Rest })
    };
    for (member, name) in route.headers {
        if let Some(value) = header(headers, name) {
            members.insert((*member).to_owned(), value.into());
        }
    }
    let Ok(text) = std::str::from_utf8(body) else { return refuse("The body is not UTF-8") };
    if route.operation == Operation::Invoke {
        if !text.is_empty() {
            members.insert("Payload".to_owned(), text.into());
        }
    } else if !text.trim().is_empty() {
        match serde_json::from_str(text) {
            Ok(Value::Object(more)) => members.extend(more),
            _ => return refuse("Could not parse request body into json"),
        }
    }
    let call = Call { operation: route.operation, input: members, raw_body: None };
    Ok(Asked { call, dialect: Dialect::Rest })
}

fn old_query(parts: &Parts, body: &[u8]) -> Result<Asked, Unasked> {
    let mut pairs = form::pairs(parts.uri.query().unwrap_or_default().as_bytes());
    if is_form(&parts.headers)
        && let (Some(pairs), more) = (&mut pairs, form::pairs(body))
    {
        pairs.extend(more.unwrap_or_default());
    }
    let pairs = pairs.unwrap_or_default();
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let by_version = match value("Version") {
        Some("2010-03-31") => Some(Service::Sns),
        Some("2011-06-15") => Some(Service::Sts),
        Some("2010-05-15") => Some(Service::CloudFormation),
        Some("2012-11-05" | "2009-02-01" | "2008-01-01") => Some(Service::Sqs),
        _ => None,
    };
    let signed_for = Signer::of(&parts.headers).map(|signer| signer.service);
    let by_signature = [Service::Sqs, Service::Sns, Service::Sts, Service::CloudFormation]
        .into_iter()
        .find(|service| signed_for.as_deref() == Some(service.signing_name()));
    let service = by_version.or(by_signature).unwrap_or(Service::Sqs);
    let dialect = Dialect::Query(service);
    let refuse = |error| Err(Unasked { error, dialect });
    let Some(action) = value("Action") else {
        return refuse(ApiError::new("MissingAction", "The request must contain the parameter Action."));
    };
    let Some(operation) = Operation::of(service, action) else {
        let message = format!("The action {action} is not valid for this web service.");
        return refuse(ApiError::new("InvalidAction", message));
    };
    match query::decode(service, &pairs) {
        Err(message) => refuse(ApiError::new("MalformedInput", message)),
        Ok(mut input) => {
            let path = parts.uri.path();
            // Old clients post to the queue's own address.
            if service == Service::Sqs && path.len() > 1 && !input.contains_key("QueueUrl") {
                let host = header(&parts.headers, "host").unwrap_or("localhost");
                input.insert("QueueUrl".to_owned(), format!("http://{host}{path}").into());
            }
            Ok(Asked { call: Call { operation, input, raw_body: None }, dialect })
        }
    }
}

/// The refusal of a body that is longer than a service reads.
pub(super) fn too_long() -> ApiError {
    ApiError::new("RequestEntityTooLargeException", "The request is longer than the service reads")
        .with_status(413)
}

fn is_form(headers: &HeaderMap) -> bool {
    header(headers, "content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with(FORM))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn asked(head: http::request::Builder, body: &[u8]) -> Result<Asked, Unasked> {
        read(&head.body(()).unwrap().into_parts().0, body)
    }

    fn post(target: &str) -> http::request::Builder {
        http::Request::post("/").header("x-amz-target", target).header("content-type", JSON_1_0)
    }

    #[test]
    fn a_json_request_names_its_operation() {
        let asked = asked(post("AWSStepFunctions.StopExecution"), br#"{"executionArn":"a"}"#).unwrap();
        assert_eq!(asked.call, Call::new(Operation::StopExecution, json!({"executionArn": "a"})));
        assert_eq!(asked.dialect, Dialect::Json(JSON_1_0));
    }

    #[test]
    fn wrong_targets_are_unknown_operations() {
        for target in ["", "AWSStepFunctions", "AWSStepFunctions.", "AmazonSQS.StartExecution", "x.y.z"] {
            let error = asked(post(target), b"{}").unwrap_err().error;
            assert_eq!((error.code.as_str(), error.status), ("UnknownOperationException", 400), "{target}");
        }
    }

    #[test]
    fn a_body_that_is_no_object_reaches_the_service_as_it_is() {
        let asked = asked(post("AWSStepFunctions.StartExecution"), b"[1").unwrap();
        assert_eq!(asked.call.raw_body.as_deref(), Some("[1"));
    }

    #[test]
    fn a_step_functions_request_over_one_mebibyte_is_refused() {
        let error =
            asked(post("AWSStepFunctions.StartExecution"), &vec![b' '; (1 << 20) + 1]).unwrap_err().error;
        assert_eq!(error.status, 413);
    }

    #[test]
    fn an_old_client_posts_a_form_to_the_queue_itself() {
        let head = http::Request::post("/000000000000/q").header("content-type", FORM).header("host", "h:1");
        let asked = asked(head, b"Action=ReceiveMessage&Version=2012-11-05&WaitTimeSeconds=3").unwrap();
        let input = json!({"WaitTimeSeconds": 3, "QueueUrl": "http://h:1/000000000000/q"});
        assert_eq!(asked.call, Call::new(Operation::ReceiveMessage, input));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn no_bytes_whatever_bring_the_parser_down(
            shape in 0..5_u8,
            name in "[ -~]{0,40}",
            path in "/[!-\"$-;=@-~]{0,60}",
            body in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let head = match shape {
                0 => post(&format!("AWSStepFunctions.{name}")),
                1 => post(&name),
                2 => http::Request::post(path.as_str()).header("content-type", FORM).header("authorization", name.as_str()),
                3 => http::Request::get(format!("/2015-03-31/functions{path}")),
                _ => http::Request::put(path.as_str()),
            };
            if let Ok(request) = head.body(()) {
                let _ = read(&request.into_parts().0, &body);
            }
        }

        #[test]
        fn no_form_whatever_brings_the_parser_down(
            action in prop::sample::select(vec!["Publish", "SendMessage", "SendMessageBatch", "GetCallerIdentity", "X"]),
            pairs in prop::collection::vec(("[A-Za-z]{0,9}(\\.(member|entry|[0-9]{1,6}|Name|key)){0,12}", "[ -~]{0,12}"), 0..12),
        ) {
            let mut body = format!("Action={action}");
            for (name, value) in &pairs {
                let _ = write!(body, "&{name}={value}");
            }
            let head = http::Request::post("/").header("content-type", FORM);
            let _ = asked(head, body.as_bytes());
        }

        #[test]
        fn every_json_object_arrives_as_sent(members in prop::collection::btree_map("[a-zA-Z]{1,8}", any::<i64>(), 0..6)) {
            let body = serde_json::to_vec(&members).unwrap();
            let asked = asked(post("AWSStepFunctions.StartExecution"), &body).unwrap();
            prop_assert_eq!(asked.call, Call::new(Operation::StartExecution, json!(members)));
        }
    }
}
