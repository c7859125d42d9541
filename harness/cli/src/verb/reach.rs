//! From the command line to a connected target.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use engine::Banner;
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

/// An id that no other run has: seconds in base 36, then two characters of the process.
pub(super) fn run_id() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let process = u64::from(std::process::id()) % (36 * 36);
    format!("{}{:0>2}", base36(seconds), base36(process))
}

/// When the run of this id began, in seconds since the epoch.
pub(super) fn began(run_id: &str) -> Option<u64> {
    let seconds = run_id.get(..run_id.len().checked_sub(2)?)?;
    u64::from_str_radix(seconds, 36).ok()
}

fn base36(mut number: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut digits = Vec::new();
    loop {
        digits.push(DIGITS.get((number % 36) as usize).copied().map_or('0', char::from));
        number /= 36;
        if number == 0 {
            break;
        }
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_id_tells_when_its_run_began() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let told = began(&run_id()).unwrap();
        assert!(told.abs_diff(now) <= 1, "{told} is not {now}");
        assert_eq!(began("x"), None);
    }

    #[test]
    fn a_specification_makes_a_plain_folder_name() {
        assert_eq!(folder_name("http://127.0.0.1:4566"), PathBuf::from("http-127.0.0.1-4566"));
        assert_eq!(folder_name("docker:x=a/b:1"), PathBuf::from("docker-x-a-b-1"));
    }
}
