//! An outcome written as the HTTP answer of the request's dialect.

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use record::{ApiError, Operation, Outcome, Service};
use serde_json::{Value, json};

use super::request::Dialect;
use crate::wire::{error, rest, xml};

pub(super) type Answer = Response<Full<Bytes>>;

/// The answer to a call.
pub(super) fn of(operation: Operation, dialect: Dialect, outcome: Outcome, request_id: &str) -> Answer {
    match outcome {
        Outcome::Refused(refusal) => refused(operation.service(), dialect, &refusal, request_id),
        Outcome::Unknown(why) => {
            let refusal = ApiError::new("InternalFailure", why).with_status(500);
            refused(operation.service(), dialect, &refusal, request_id)
        }
        Outcome::Done(reply) => match dialect {
            Dialect::Json(content_type) => {
                written(200, content_type, serde_json::to_string(&reply).unwrap_or_default(), request_id)
            }
            Dialect::Query(_) => {
                written(200, "text/xml", xml::write_reply(operation, &reply, request_id), request_id)
            }
            Dialect::Rest => rest_reply(operation, &reply, request_id),
        },
    }
}

/// The answer to a request that reached no operation, or whose operation refused it.
pub(super) fn refused(service: Service, dialect: Dialect, refusal: &ApiError, request_id: &str) -> Answer {
    let status = refusal.status;
    match dialect {
        Dialect::Json(content_type) => {
            let name_space = if service == Service::Sqs { "com.amazonaws.sqs#" } else { "" };
            let body = json!({"__type": format!("{name_space}{}", refusal.code), "message": refusal.message});
            let mut answer = written(status, content_type, body.to_string(), request_id);
            if service == Service::Sqs {
                // Clients that knew SQS's query protocol look for the old code here.
                let fault = if status < 500 { "Sender" } else { "Receiver" };
                let old = format!("{};{fault}", error::spelled(service, &refusal.code));
                set(&mut answer, "x-amzn-query-error", &old);
            }
            answer
        }
        Dialect::Query(service) => {
            written(status, "text/xml", xml::write_error(service, refusal, request_id), request_id)
        }
        Dialect::Rest => {
            let fault = if status < 500 { "User" } else { "Service" };
            let body = json!({"Type": fault, "Message": refusal.message, "message": refusal.message});
            let mut answer = written(status, "application/json", body.to_string(), request_id);
            set(&mut answer, "x-amzn-errortype", &refusal.code);
            answer
        }
    }
}

/// A page of this server itself.
pub(super) fn page(body: &Value) -> Answer {
    written(200, "application/json", body.to_string(), "")
}

fn rest_reply(operation: Operation, reply: &Value, request_id: &str) -> Answer {
    if operation == Operation::Invoke {
        let status = reply.get("StatusCode").and_then(Value::as_u64).unwrap_or(200);
        let payload = match reply.get("Payload") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => String::new(),
            Some(value) => value.to_string(),
        };
        let mut answer =
            written(u16::try_from(status).unwrap_or(200), "application/json", payload, request_id);
        for (member, header) in rest::INVOKE_REPLY_HEADERS {
            if let Some(value) = reply.get(*member).and_then(Value::as_str) {
                set(&mut answer, header, value);
            }
        }
        return answer;
    }
    // The `http` traits of Lambda's API model.
    let status = match operation {
        Operation::CreateFunction => 201,
        Operation::CreateEventSourceMapping
        | Operation::UpdateEventSourceMapping
        | Operation::DeleteEventSourceMapping => 202,
        Operation::DeleteFunction => 204,
        _ => 200,
    };
    let body = if status == 204 { String::new() } else { reply.to_string() };
    written(status, "application/json", body, request_id)
}

fn written(status: u16, content_type: &'static str, body: String, request_id: &str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if !request_id.is_empty() {
        set(&mut answer, "x-amzn-requestid", request_id);
    }
    answer
}

fn set(answer: &mut Answer, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(HeaderName::from_static(name), value);
    }
}
