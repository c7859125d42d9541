//! Adapters from [`engine::Target`] to what can be tested, and the embedded region served over HTTP.
//!
//! [`connect`] turns a specification (`embedded`, `http://…`, `process:moto`, `docker:floci`, `aws:eu-west-1`, …)
//! into targets. Nothing here knows a rule. A target that cannot be used is a [`TargetError`], never a verdict.

#[cfg(feature = "aws")]
mod aws;
mod clock;
mod connect;
#[cfg(feature = "docker")]
mod container;
mod embedded;
mod endpoint;
mod environment;
mod error;
mod http;
mod live;
#[cfg_attr(not(any(feature = "aws", test)), expect(dead_code, reason = "AWS alone is paced"))]
mod pace;
mod process;
mod serve;
mod spec;
mod variant;
mod wire;

pub use clock::{VirtualClock, WallClock};
pub use connect::{AwsOptions, Connected, Guard, Options, connect};
pub use environment::Environment;
pub use error::TargetError;
pub use serve::{Access, Sample, ServeOptions, serve};
pub use spec::Spec;

/// Which wire path calls take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// The AWS SDK where it can express a call, the raw client elsewhere.
    #[default]
    Sdk,
    /// The raw signed client for everything.
    Raw,
}
