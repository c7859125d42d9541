//! Is anyone there, and who? Health and version pages of known emulators, and one harmless call of the API itself.

use std::time::Duration;

use http::{Method, Request};
use hyper::body::Bytes;
use record::{Call, Operation, Outcome};
use serde_json::{Value, json};

use super::{Endpoint, Fault, HttpClient, Patience, Transport};
use crate::{TargetError, Wire};

/// Who answers at an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
}

/// Pages that give a name away. LocalStack's comes late, since others answer it too.
const PAGES: &[(&str, &str)] = &[
    (OWN_PAGE, "sfn-conformance"),
    ("/_fakecloud/health", "fakecloud"),
    ("/_ministack/health", "ministack"),
    ("/_floci/health", "floci"),
    ("/_localstack/health", "localstack"),
    ("/moto-api/data.json", "moto"),
];

/// The page of the embedded region over HTTP.
pub(crate) const OWN_PAGE: &str = "/_sfn-conformance/health";

/// Learns who answers at an address. Fails if nobody does in time, or if the answer to an API call is none of AWS's.
pub(crate) async fn identify(
    address: &str,
    endpoint: &Endpoint,
    patience: Duration,
) -> Result<Identity, TargetError> {
    let transport = Transport::new(endpoint.is_secure()).map_err(TargetError::unusable)?;
    let mut identity = Identity { name: "endpoint".to_owned(), version: None };
    for (page, name) in PAGES {
        match fetch(&transport, &format!("{address}{page}"), patience).await {
            Err(Fetch::Nobody(why)) => return Err(TargetError::refused(address, &why)),
            Err(Fetch::Silent) => return Err(TargetError::silent(address, patience)),
            Err(Fetch::Other) => {}
            Ok(page) => {
                let version = ["version", "moto_version"].iter().find_map(|key| page.get(*key)?.as_str());
                identity = Identity { name: (*name).to_owned(), version: version.map(str::to_owned) };
                break;
            }
        }
    }
    let client = HttpClient::new(endpoint.clone(), Wire::Raw, Patience::new(patience))
        .map_err(TargetError::unusable)?;
    let harmless = Call::new(Operation::ListStateMachines, json!({"maxResults": 1}));
    match client.call(harmless).await {
        Outcome::Unknown(why) => Err(TargetError::foreign(address, &why)),
        Outcome::Done(_) | Outcome::Refused(_) => Ok(identity),
    }
}

/// Whether a health page answers with a 2xx status now.
pub(crate) async fn is_healthy(transport: &Transport, url: &str, patience: Duration) -> bool {
    let Ok(request) = get(url) else { return false };
    let answer = tokio::time::timeout(patience, transport.send(request)).await;
    matches!(answer, Ok(Ok(received)) if (200..300).contains(&received.status))
}

enum Fetch {
    Nobody(String),
    Silent,
    Other,
}

async fn fetch(transport: &Transport, url: &str, patience: Duration) -> Result<Value, Fetch> {
    let request = get(url).map_err(|_| Fetch::Other)?;
    match tokio::time::timeout(patience, transport.send(request)).await {
        Err(_) => Err(Fetch::Silent),
        Ok(Err(Fault::Unconnected(why))) => Err(Fetch::Nobody(why)),
        Ok(Ok(received)) if (200..300).contains(&received.status) => {
            match serde_json::from_slice(&received.body) {
                Ok(page @ Value::Object(_)) => Ok(page),
                _ => Err(Fetch::Other),
            }
        }
        Ok(Ok(_) | Err(Fault::Broken(_))) => Err(Fetch::Other),
    }
}

/// Posts JSON, e.g. to an emulator's settings page; the body of a 2xx answer is of no interest.
pub(crate) async fn post(
    transport: &Transport,
    url: &str,
    body: &Value,
    patience: Duration,
) -> Result<(), String> {
    let mut request = get(url)?;
    *request.method_mut() = Method::POST;
    request.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    *request.body_mut() = Bytes::from(body.to_string());
    match tokio::time::timeout(patience, transport.send(request)).await {
        Err(_) => Err(format!("no answer within {patience:?}")),
        Ok(Err(fault)) => Err(fault.to_string()),
        Ok(Ok(received)) if (200..300).contains(&received.status) => Ok(()),
        Ok(Ok(received)) => Err(format!("HTTP {}", received.status)),
    }
}

fn get(url: &str) -> Result<Request<Bytes>, String> {
    Request::get(url).body(Bytes::new()).map_err(|error| error.to_string())
}
