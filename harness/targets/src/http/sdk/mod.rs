//! The SDK wire path: what an application's own AWS SDK for Rust would send and make of the answer.
//!
//! One call is one attempt: the SDK's retries and time-outs are off. An interceptor keeps the answer as it came, so
//! that the record holds the wire's JSON and not the SDK's view of it. What the SDK cannot express is not sent here.

mod members;
mod nesting;
mod queues;
mod states;

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use http::{HeaderMap, HeaderName, HeaderValue};
use hyper::body::Bytes;
use record::{Call, Operation, Outcome, Service};

use super::endpoint::Endpoint;
use super::reply;
use super::transport::{Received, Transport};

/// The SDK's clients of one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Sdk {
    states: aws_sdk_sfn::Client,
    queues: aws_sdk_sqs::Client,
}

/// The SDK has no words for this call; the raw path has.
#[derive(Debug)]
pub(crate) struct Inexpressible;

impl Sdk {
    /// Clients whose requests go over this transport.
    pub(crate) fn new(transport: &Transport, endpoint: &Endpoint) -> Self {
        let region = aws_sdk_sfn::config::Region::new(endpoint.region().to_owned());
        let off = TimeoutConfig::disabled();
        let states = aws_sdk_sfn::Config::builder()
            .behavior_version_latest()
            .endpoint_url(endpoint.address(Service::States))
            .region(region.clone())
            .credentials_provider(endpoint.credentials().clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(off.clone())
            .stalled_stream_protection(aws_sdk_sfn::config::StalledStreamProtectionConfig::disabled())
            .http_client(transport.clone());
        let queues = aws_sdk_sqs::Config::builder()
            .behavior_version_latest()
            .endpoint_url(endpoint.address(Service::Sqs))
            .region(region)
            .credentials_provider(endpoint.credentials().clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(off)
            .stalled_stream_protection(aws_sdk_sqs::config::StalledStreamProtectionConfig::disabled())
            .http_client(transport.clone());
        Self {
            states: aws_sdk_sfn::Client::from_conf(states.build()),
            queues: aws_sdk_sqs::Client::from_conf(queues.build()),
        }
    }

    /// Makes a call, unless the SDK cannot express it.
    pub(crate) async fn send(&self, call: &Call) -> Result<Outcome, Inexpressible> {
        if call.raw_body.is_some() {
            return Err(Inexpressible);
        }
        match call.operation.service() {
            Service::States => states::send(&self.states, call).await,
            Service::Sqs => queues::send(&self.queues, call).await,
            _ => Err(Inexpressible),
        }
    }
}

/// Keeps the answer that the SDK read.
#[derive(Clone, Debug, Default)]
struct Tap(Arc<Mutex<Option<Received>>>);

impl Intercept for Tap {
    fn name(&self) -> &'static str {
        "Tap"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let mut headers = HeaderMap::new();
        for (name, value) in response.headers() {
            headers.append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
        }
        let body = Bytes::copy_from_slice(response.body().bytes().unwrap_or_default());
        let received = Received { status: response.status().as_u16(), headers, body };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(received);
        Ok(())
    }
}

impl Tap {
    /// The outcome of a call: the wire's answer, unless the SDK could make nothing of it.
    fn outcome<T, E>(
        &self,
        operation: Operation,
        result: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<Outcome, Inexpressible>
    where
        E: std::error::Error + 'static,
    {
        let received = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (result, received) {
            (Err(SdkError::ConstructionFailure(_)), None) => Err(Inexpressible),
            (Ok(_), Some(received)) => Ok(reply::read(operation, &received)),
            // A service's error; of a 2xx answer, though, the SDK says so where it could not read it.
            (Err(SdkError::ServiceError(_)), Some(received)) if received.status >= 300 => {
                Ok(reply::read(operation, &received))
            }
            (Err(error), Some(received)) => {
                let why = innermost(&error);
                let seen = reply::glance(&received);
                Ok(Outcome::Unknown(format!("the SDK cannot read HTTP {}: {why}: {seen}", received.status)))
            }
            (Err(error), None) => Ok(Outcome::Unknown(innermost(&error))),
            (Ok(_), None) => Ok(Outcome::Unknown("the SDK showed no answer".to_owned())),
        }
    }
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let transport = self.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let request = request.map(|body| Bytes::copy_from_slice(body.bytes().unwrap_or_default()));
            let received = transport.send(request).await.map_err(|fault| ConnectorError::io(fault.into()))?;
            if nesting::is_nested_too_deep(&received.body) {
                let why = format!("HTTP {}: {}", received.status, nesting::TOO_DEEP);
                return Err(ConnectorError::other(why.into(), None));
            }
            let mut response = http::Response::new(SdkBody::from(received.body));
            *response.status_mut() =
                received.status.try_into().map_err(|_| ConnectorError::user("no HTTP status".into()))?;
            *response.headers_mut() = received.headers;
            HttpResponse::try_from(response).map_err(|error| ConnectorError::user(error.into()))
        })
    }
}

impl HttpClient for Transport {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// What an SDK error is about: the last link of its chain, the others only say "dispatch failure" and the like.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(below) = error.source() {
        error = below;
    }
    error.to_string()
}

/// Fills an operation's builder from the call's members, sends it and reads the outcome; the words before the
/// setters say how a member is read (see [`members::Members`]).
macro_rules! operation {
    ($client:expr, $call:expr, $operation:ident { $($member:literal $kind:ident $setter:ident,)* }) => {{
        let mut members = $crate::http::sdk::members::Members::of($call);
        let builder = $client.$operation()$(.$setter(members.$kind($member)?))*;
        members.none_left()?;
        let tap = $crate::http::sdk::Tap::default();
        let result = builder.customize().interceptor(tap.clone()).send();
        // Each operation's future is large; on the heap it does not swell the caller's.
        tap.outcome($call.operation, Box::pin(result).await)
    }};
}
use operation;
