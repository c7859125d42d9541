//! The embedded region over HTTP, on the wall clock: AWS JSON, the query protocol and Lambda's REST on one port.
//!
//! Signatures are read, not verified. Nothing that a client sends takes the server down: bodies, headers, time and the
//! number of connections are bounded, and what makes no sense is answered as AWS's front ends answer it.

mod access;
mod answer;
mod request;
mod stack;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use engine::Clock as _;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use record::{ApiError, Operation, Service};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

pub use access::Access;
pub use stack::Sample;

use self::answer::Answer;
use self::request::Dialect;
use self::stack::Stack;
use crate::clock::WallClock;
use crate::http::probe::OWN_PAGE;
use crate::live::Live;
use crate::wire::JSON_1_0;
use crate::{TargetError, variant};

/// How the region is served.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Seed of ids and tokens.
    pub seed: u64,
    /// A mutant or a lawful variant of the region, by name.
    pub variant: Option<String>,
    /// The fraction of calls, 0 to 1, that are throttled.
    pub throttling: f64,
    /// Whether standard queues deliver twice and out of order now and then, as AWS's may. A named variant goes before.
    pub loose_delivery: bool,
    /// Who is let in; everybody if `None`.
    pub access: Option<Access>,
    /// A stack of the sample that is there from the beginning.
    pub stack: Option<Sample>,
    /// How long a client may take for its headers, and again for its body.
    pub slowest_request: Duration,
    /// How many connections are served at once; further ones wait to be accepted.
    pub connections: usize,
}

impl ServeOptions {
    /// Fails where no variant has that name: to be asked before anything is announced.
    pub fn check(&self) -> Result<(), TargetError> {
        variant::region(self.variant(), self.seed, WallClock.now()).map(drop)
    }

    /// The variant that is served: loose delivery is one of the region's lawful variants.
    fn variant(&self) -> Option<&str> {
        match &self.variant {
            Some(name) => Some(name),
            None => self.loose_delivery.then_some(LOOSE_DELIVERY),
        }
    }
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            variant: None,
            throttling: 0.0,
            loose_delivery: false,
            access: None,
            stack: None,
            slowest_request: Duration::from_secs(30),
            connections: 4096,
        }
    }
}

/// The longest body of any request: one SQS batch of 1 MiB with room for escapes. Step Functions' own limit is lower.
const LONGEST_BODY: usize = 4 << 20;

/// The region's lawful variant that delivers twice and out of order.
const LOOSE_DELIVERY: &str = "loose-delivery";

/// How long answers under way may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// Serves until `stop` is ready; then finishes what is under way, within a grace period.
pub async fn serve(
    listener: TcpListener,
    options: ServeOptions,
    stop: impl Future<Output = ()>,
) -> Result<(), TargetError> {
    let region = variant::region(options.variant(), options.seed, WallClock.now())?;
    allow_open_files();
    let slots = Arc::new(Semaphore::new(options.connections.max(1)));
    let live = Live::new(region, WallClock);
    let stack = match &options.stack {
        Some(sample) => Some(stack::deploy(sample, &live).await?),
        None => None,
    };
    let server = Arc::new(Server { live, stack, options, calls: AtomicU64::new(0) });
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((listener.accept().await?.0, slot))
        };
        tokio::select! {
            () = &mut stop => break,
            accepted = accepted => match accepted {
                Ok((stream, slot)) => {
                    let (server, stopped) = (Arc::clone(&server), stopped.clone());
                    connections.spawn(async move {
                        connection(server, stream, stopped).await;
                        drop(slot);
                    });
                }
                // Out of file descriptors, or a client gone before it was accepted: others go on.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            },
        }
    }
    drop(listener);
    let _ = stopping.send(true);
    let all_done = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, all_done).await;
    connections.shutdown().await;
    Ok(())
}

/// Every connection is an open file, and the usual soft limit of 1,024 is lower than what is promised here.
fn allow_open_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        const WANTED: u64 = 16_384;
        let limit = getrlimit(Resource::Nofile);
        let reachable = limit.maximum.map_or(WANTED, |maximum| maximum.min(WANTED));
        if limit.current.is_some_and(|current| current < reachable) {
            let raised = Rlimit { current: Some(reachable), maximum: limit.maximum };
            if let Err(error) = setrlimit(Resource::Nofile, raised) {
                tracing::warn!(%error, "the limit of open files stays as it is");
            }
        }
    }
}

struct Server {
    live: Live<WallClock>,
    stack: Option<Stack>,
    options: ServeOptions,
    calls: AtomicU64,
}

async fn connection(server: Arc<Server>, stream: TcpStream, mut stopped: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let slowest = server.options.slowest_request;
    let service = service_fn(move |request| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(server.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(slowest)
        .max_buf_size(64 << 10)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    loop {
        tokio::select! {
            done = &mut connection => {
                if let Err(error) = done {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            Ok(()) = stopped.changed() => connection.as_mut().graceful_shutdown(),
        }
    }
}

impl Server {
    async fn answer(&self, request: http::Request<Incoming>) -> Answer {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let id = request_id(self.options.seed, number);
        let (parts, body) = request.into_parts();
        if parts.method == http::Method::GET && parts.uri.path() == OWN_PAGE {
            return answer::page(&json!({
                "status": "running",
                "name": "sfn-conformance",
                "version": env!("CARGO_PKG_VERSION"),
                "variant": self.options.variant,
            }));
        }
        let refuse =
            |error: &ApiError, dialect| answer::refused(service_of(&parts, dialect), dialect, error, &id);
        let plain = Dialect::Json(JSON_1_0);
        if body.size_hint().lower() > LONGEST_BODY as u64 {
            return closing(refuse(&request::too_long(), plain));
        }
        let body = Limited::new(body, LONGEST_BODY).collect();
        let body = match tokio::time::timeout(self.options.slowest_request, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                return closing(refuse(&request::too_long(), plain));
            }
            Ok(Err(_)) => {
                let error = ApiError::new("IncompleteBody", "The body ended before its length");
                return closing(refuse(&error, plain));
            }
            Err(_) => {
                let error = ApiError::new("RequestTimeout", "The body took too long").with_status(408);
                return closing(refuse(&error, plain));
            }
        };
        let asked = match request::read(&parts, &body) {
            Ok(asked) => asked,
            Err(unasked) => return refuse(&unasked.error, unasked.dialect),
        };
        let operation = asked.call.operation;
        let denied =
            self.options.access.as_ref().and_then(|access| access.refusal(operation, &parts.headers));
        if let Some(error) = denied.or_else(|| self.throttled(number)) {
            return answer::refused(operation.service(), asked.dialect, &error, &id);
        }
        let outcome = if operation == Operation::DescribeStacks {
            stack::described(self.stack.as_ref(), &asked.call)
        } else {
            self.live.call(&asked.call).await
        };
        answer::of(operation, asked.dialect, outcome, &id)
    }

    /// Which calls are throttled depends on their number alone, spread evenly.
    fn throttled(&self, number: u64) -> Option<ApiError> {
        let share = mixed(number ^ self.options.seed.rotate_left(17)) as f64 / u64::MAX as f64;
        (share < self.options.throttling).then(|| ApiError::new("ThrottlingException", "Rate exceeded"))
    }
}

/// The service that a request without an operation was probably for.
fn service_of(parts: &http::request::Parts, dialect: Dialect) -> Service {
    let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    match dialect {
        Dialect::Query(service) => service,
        Dialect::Rest => Service::Lambda,
        Dialect::Json(_) if target.starts_with("AmazonSQS") => Service::Sqs,
        Dialect::Json(_) => Service::States,
    }
}

/// The connection of a request that was not read to its end cannot be used again.
fn closing(mut answer: http::Response<Full<Bytes>>) -> Answer {
    answer.headers_mut().insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
    answer
}

/// A UUID of version 4's form.
fn request_id(seed: u64, number: u64) -> String {
    let (high, low) = (mixed(seed.wrapping_add(number)), mixed(seed ^ number.rotate_left(32)));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

/// The finaliser of splitmix64: spreads neighbouring numbers.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
