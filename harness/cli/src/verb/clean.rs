//! `clean`: removes what earlier runs left.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::args::OneTarget;
use crate::verb::leftovers;
use crate::verb::reach::{began, connect};
use crate::{Exit, Failure};

/// Removes everything of this suite's runs from the target, or of those that began long enough ago.
pub(super) fn clean(target: &OneTarget, older_than: Option<Duration>) -> Result<Exit, Failure> {
    super::runtime()?.block_on(async {
        let connected = connect(&target.target, &target.reach, Path::new("target/emulators/logs")).await?;
        if connected.endpoint.is_none() {
            say!("nothing to clean: {} keeps nothing after a run", target.target);
            return Ok(Exit::Conforms);
        }
        let opened = connected.targets.open(1).map_err(|why| Failure::Broken(why.to_string()))?;
        let found = leftovers::find(opened.as_ref()).await;
        let runs: BTreeSet<&str> = found.iter().filter_map(|name| leftovers::run_of(name)).collect();
        let mut exit = Exit::Conforms;
        for run in runs.into_iter().filter(|run| is_old(run, older_than)) {
            let (removed, resisted) = engine::sweep(opened.as_ref(), Some(run)).await;
            for name in &removed {
                say!("removed {name}");
            }
            for name in &resisted {
                complain!("left behind: {name}; delete it by hand, or see whether the account may");
                exit = Exit::Leftovers;
            }
        }
        connected.guard.stop().await;
        say!(
            "{}",
            if exit == Exit::Conforms { "nothing of this suite is left" } else { "something is left" }
        );
        Ok(exit)
    })
}

/// Whether a run began longer ago than this. One whose id tells no time is old.
fn is_old(run: &str, older_than: Option<Duration>) -> bool {
    let Some(span) = older_than else { return true };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    began(run).is_none_or(|began| began + span.as_secs() <= now)
}
