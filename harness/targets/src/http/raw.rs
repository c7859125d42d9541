//! The raw wire path: a call as its service's protocol writes it, unknown members and wrong types included.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request};
use hyper::body::Bytes;
use record::{Call, Outcome};

use super::endpoint::Endpoint;
use super::reply;
use super::transport::Transport;
use crate::wire::{FORM, Protocol, form, protocol, query, rest};

/// Sends a call and reads its answer.
pub(crate) async fn send(transport: &Transport, endpoint: &Endpoint, call: &Call) -> Outcome {
    let service = call.operation.service();
    let request = request(endpoint, call).and_then(|request| endpoint.signed(service, request));
    match request {
        Err(why) => Outcome::Unknown(format!("not sent, since it cannot be written: {why}")),
        Ok(request) => match transport.send(request).await {
            Ok(received) => reply::read(call.operation, &received),
            Err(fault) => Outcome::Unknown(fault.to_string()),
        },
    }
}

/// The request of a call, unsigned.
fn request(endpoint: &Endpoint, call: &Call) -> Result<Request<Bytes>, String> {
    let address = endpoint.address_of(call.operation);
    let service = call.operation.service();
    let (method, path, headers, body) = match protocol(service) {
        Protocol::Json { content_type, prefix } => {
            let target = format!("{prefix}.{}", call.operation.name());
            let body = match &call.raw_body {
                Some(body) => body.clone(),
                None => serde_json::to_string(&call.input).map_err(|error| error.to_string())?,
            };
            let headers = vec![(CONTENT_TYPE.as_str(), content_type.to_owned()), ("x-amz-target", target)];
            (Method::POST, "/".to_owned(), headers, body)
        }
        Protocol::Query { version } => {
            let pairs = query::encode(call.operation.name(), version, &call.input);
            let body = form::body(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let headers = vec![(CONTENT_TYPE.as_str(), format!("{FORM}; charset=utf-8"))];
            (Method::POST, "/".to_owned(), headers, call.raw_body.clone().unwrap_or(body))
        }
        Protocol::Rest => {
            let parts = rest::encode(call.operation, &call.input)
                .ok_or_else(|| format!("{} needs the member of its path", call.operation))?;
            let mut headers = parts.headers;
            headers.push((CONTENT_TYPE.as_str(), "application/json".to_owned()));
            (parts.method, parts.path, headers, call.raw_body.clone().unwrap_or(parts.body))
        }
    };
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = method;
    *request.uri_mut() = format!("{address}{path}").parse().map_err(|error| format!("{error}"))?;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("*/*"));
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
        let value = HeaderValue::from_str(&value).map_err(|error| error.to_string())?;
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}
