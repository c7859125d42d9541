//! From the command line to a connected target.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use engine::{Banner, RunId};
use targets::{AwsOptions, Connected, Options, Spec, Wire};

use crate::args::Reach;
use crate::failure::Failure;

/// Name and version of this tool.
pub(super) const TOOL: &str = concat!("sfn-conformance ", env!("CARGO_PKG_VERSION"));

/// Connects to a target; logs of what is started go to `logs`.
pub(super) async fn connect(spec: &str, reach: &Reach, logs: &Path) -> Result<Connected, Failure> {
    let agreed = std::env::var("SFN_CONFORMANCE_AWS").is_ok_and(|value| value == "1");
    let options = Options {
        wire: if reach.raw { Wire::Raw } else { Wire::Sdk },
        emulators: reach.emulators.clone(),
        logs: logs.to_owned(),
        start_patience: reach.start_within,
        aws: AwsOptions {
            opted_in: reach.i_agree_to_use_aws || agreed,
            regions: reach.aws_regions.clone(),
            accounts: reach.aws_accounts.clone(),
        },
        ..Options::default()
    };
    Ok(targets::connect(spec, &options).await?)
}

/// What the first line of a run says of the target.
pub(super) fn banner(spec: &str, connected: &Connected) -> Banner {
    Banner {
        tool: TOOL.to_owned(),
        target: spec.to_owned(),
        endpoint: connected.endpoint.clone().unwrap_or_default(),
        name: connected.name.clone(),
        version: connected.version.clone().unwrap_or_default(),
    }
}

/// Whether time on this target is virtual.
pub(super) fn is_virtual(spec: &Spec) -> bool {
    matches!(spec, Spec::Embedded | Spec::Mutant(_) | Spec::Variant(_))
}

/// A specification as a folder's name.
pub(super) fn folder_name(spec: &str) -> PathBuf {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '-' };
    PathBuf::from(spec.replace("://", "-").chars().map(safe).collect::<String>())
}

/// An id that no other run has, as far as the second, the process and the moment in the second can tell.
pub(super) fn run_id() -> RunId {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    RunId::new(now.as_secs(), u64::from(std::process::id()) ^ u64::from(now.subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specification_makes_a_plain_folder_name() {
        assert_eq!(folder_name("http://127.0.0.1:4566"), PathBuf::from("http-127.0.0.1-4566"));
        assert_eq!(folder_name("docker:x=a/b:1"), PathBuf::from("docker-x-a-b-1"));
    }
}
