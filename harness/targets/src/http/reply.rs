//! Reading an answer: the reply's members, an error of the service, or nothing that AWS would have written.

use record::{ApiError, Operation, Outcome, Service};
use serde_json::{Map, Value};

use super::transport::Received;
use crate::wire::{Protocol, error, protocol, rest, xml};

/// What an answer says, whichever wire path brought it.
pub(crate) fn read(operation: Operation, received: &Received) -> Outcome {
    if (200..300).contains(&received.status) {
        match members(operation, received) {
            Ok(reply) => Outcome::Done(reply),
            Err(why) => Outcome::Unknown(format!("HTTP {}: {why}", received.status)),
        }
    } else {
        refusal(operation.service(), received).map_or_else(
            || {
                Outcome::Unknown(format!(
                    "HTTP {} without an AWS error: {}",
                    received.status,
                    glance(received)
                ))
            },
            Outcome::Refused,
        )
    }
}

fn members(operation: Operation, received: &Received) -> Result<Value, String> {
    let text = std::str::from_utf8(&received.body).map_err(|_| format!("no UTF-8: {}", glance(received)))?;
    match protocol(operation.service()) {
        Protocol::Query { .. } if text.trim_start().starts_with('<') => {
            xml::read_reply(text).map_err(|why| format!("{why}: {}", glance(received)))
        }
        // Some endpoints answer a query request in JSON if asked to; their members stand as they are.
        _ if operation == Operation::Invoke => Ok(invocation(received, text)),
        _ if text.trim().is_empty() => Ok(Value::Object(Map::new())),
        _ => match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Ok(Value::Object(members)),
            Ok(_) => Err(format!("no JSON object: {}", glance(received))),
            Err(why) => Err(format!("no JSON ({why}): {}", glance(received))),
        },
    }
}

fn invocation(received: &Received, payload: &str) -> Value {
    let mut reply = Map::new();
    reply.insert("StatusCode".to_owned(), received.status.into());
    for (member, header) in rest::INVOKE_REPLY_HEADERS {
        if let Some(value) = header_text(received, header) {
            reply.insert((*member).to_owned(), value.into());
        }
    }
    reply.insert("Payload".to_owned(), payload.into());
    Value::Object(reply)
}

/// The error of an answer that is none of 2xx, if it has one. Header before body, as the protocols say.
fn refusal(service: Service, received: &Received) -> Option<ApiError> {
    let text = String::from_utf8_lossy(&received.body);
    let header = header_text(received, "x-amzn-errortype");
    let error = |code: &str, message: &str| ApiError {
        code: error::modelled(service, error::bare(code)).to_owned(),
        status: received.status,
        message: message.to_owned(),
    };
    if let Ok(Value::Object(body)) = serde_json::from_str(&text) {
        // Some endpoints answer query requests with {"Error": {"Code", "Message"}}.
        let body = match body.get("Error") {
            Some(Value::Object(inner)) => inner,
            _ => &body,
        };
        let part = |names: &[&str]| names.iter().find_map(|name| body.get(*name).and_then(Value::as_str));
        let message = part(&["message", "Message", "errorMessage"]).unwrap_or_default();
        let query = || {
            let header = header_text(received, "x-amzn-query-error")?;
            Some(header.split(';').next().unwrap_or_default().to_owned())
        };
        let code = header.or_else(|| part(&["__type", "code", "Code"]).map(str::to_owned)).or_else(query)?;
        return Some(error(&code, message)).filter(|error| !error.code.is_empty());
    }
    if let Some((code, message)) = xml::read_error(&text) {
        return Some(error(&code, &message)).filter(|error| !error.code.is_empty());
    }
    header.map(|code| error(&code, text.trim())).filter(|error| !error.code.is_empty())
}

fn header_text(received: &Received, name: &str) -> Option<String> {
    received.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Enough of a body to recognise it.
pub(crate) fn glance(received: &Received) -> String {
    let kind = header_text(received, "content-type").unwrap_or_else(|| "no content type".to_owned());
    let text = String::from_utf8_lossy(&received.body);
    let start: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect();
    if start.is_empty() { format!("{kind}, empty") } else { format!("{kind}, `{start}`") }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use hyper::body::Bytes;
    use serde_json::json;

    use super::*;

    fn received(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Received {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        Received { status, headers: map, body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    fn code(
        operation: Operation,
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: &str,
    ) -> String {
        match read(operation, &received(status, headers, body)) {
            Outcome::Refused(error) => error.code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_code_is_found_wherever_a_service_puts_it() {
        let states = Operation::SendTaskSuccess;
        assert_eq!(
            code(states, 400, &[], r#"{"__type":"com.amazonaws.states#TaskTimedOut","message":"m"}"#),
            "TaskTimedOut"
        );
        assert_eq!(code(states, 400, &[], r#"{"code":"InvalidToken"}"#), "InvalidToken");
        assert_eq!(
            code(states, 400, &[("x-amzn-errortype", "InvalidOutput:http://x/")], "{}"),
            "InvalidOutput"
        );
        let lambda = [("x-amzn-errortype", "ResourceNotFoundException")];
        assert_eq!(
            code(Operation::GetFunction, 404, &lambda, r#"{"Type":"User","Message":"m"}"#),
            "ResourceNotFoundException"
        );
        let xml = "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>m</Message></Error></ErrorResponse>";
        assert_eq!(code(Operation::Publish, 404, &[], xml), "NotFound");
    }

    #[test]
    fn an_sqs_error_has_its_modelled_name_in_every_spelling() {
        let op = Operation::SendMessage;
        for body in [
            r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"m"}"#,
            r#"{"__type":"AWS.SimpleQueueService.NonExistentQueue","message":"m"}"#,
            r#"{"message":"m"}"#,
        ] {
            let headers = [("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")];
            assert_eq!(code(op, 400, &headers, body), "QueueDoesNotExist");
        }
    }

    #[test]
    fn what_aws_would_not_write_is_unknown() {
        for (status, body) in [
            (200, "<html></html>"),
            (200, "[1]"),
            (502, "<html>Bad Gateway</html>"),
            (500, ""),
            (400, r#"{"message":"m"}"#),
        ] {
            let outcome = read(Operation::StartExecution, &received(status, &[], body));
            assert!(matches!(outcome, Outcome::Unknown(_)), "{status} {body}: {outcome:?}");
        }
    }

    #[test]
    fn an_empty_body_is_an_empty_reply() {
        assert_eq!(read(Operation::SendTaskSuccess, &received(200, &[], "")), Outcome::Done(json!({})));
    }
}
