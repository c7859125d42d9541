//! One HTTP/1.1 client for both wire paths: pooled connections, one attempt. Deadlines are the caller's.

use std::fmt;
use std::time::Duration;

use http::header::CONNECTION;
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// A client. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub(crate) struct Transport {
    pool: Pool,
}

#[derive(Clone)]
enum Pool {
    Plain(Client<HttpConnector, Full<Bytes>>),
    #[cfg(feature = "aws")]
    Secure(Client<hyper_rustls::HttpsConnector<HttpConnector>, Full<Bytes>>),
}

/// An answer that arrived whole.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why there is no answer. All but `Unconnected` leave open whether the request took effect.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// No connection, so nothing was sent.
    #[error("no connection: {0}")]
    Unconnected(String),
    /// The connection broke, or spoke no HTTP.
    #[error("the exchange broke: {0}")]
    Broken(String),
}

/// Longer answers than any that the API gives; a bound for endpoints that never stop sending.
const LONGEST_ANSWER: usize = 64 << 20;

impl Transport {
    /// A client; `secure` for `https`.
    pub(crate) fn new(secure: bool) -> Result<Self, String> {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(Duration::from_secs(10)));
        tcp.enforce_http(!secure);
        let mut builder = Client::builder(TokioExecutor::new());
        // Below the keep-alive time of common Python servers, so that a request rarely meets a closing connection.
        builder.pool_idle_timeout(Duration::from_secs(2)).pool_timer(TokioTimer::new());
        let pool = if secure { secured(&builder, tcp)? } else { Pool::Plain(builder.build(tcp)) };
        Ok(Self { pool })
    }

    /// Sends one request, once. (hyper sends again only what it knows was never written to a socket.)
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Received, Fault> {
        let mut request = request.map(Full::new);
        // HTTP/1.1 means it without the header; LocalStack behind hypercorn closes every connection that does not say it.
        request.headers_mut().insert(CONNECTION, HeaderValue::from_static("keep-alive"));
        let response = match &self.pool {
            Pool::Plain(client) => client.request(request).await,
            #[cfg(feature = "aws")]
            Pool::Secure(client) => client.request(request).await,
        };
        let response = response.map_err(|error| {
            let text = chain(&error);
            if error.is_connect() { Fault::Unconnected(text) } else { Fault::Broken(text) }
        })?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER)
            .collect()
            .await
            .map_err(|error| Fault::Broken(chain(error.as_ref())))?
            .to_bytes();
        Ok(Received { status: head.status.as_u16(), headers: head.headers, body })
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}

#[cfg(feature = "aws")]
fn secured(builder: &Builder, tcp: HttpConnector) -> Result<Pool, String> {
    let tls = hyper_rustls::HttpsConnectorBuilder::new()
        .with_native_roots()
        .map_err(|error| format!("no certificates to trust: {error}"))?;
    Ok(Pool::Secure(builder.build(tls.https_or_http().enable_http1().wrap_connector(tcp))))
}

#[cfg(not(feature = "aws"))]
fn secured(_: &Builder, _: HttpConnector) -> Result<Pool, String> {
    Err("https needs a build with the feature `aws`".to_owned())
}

/// An error with the errors below it, in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(error) = below {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        below = error.source();
    }
    text
}
