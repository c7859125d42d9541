//! `clean`: removes what earlier runs left.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::RunId;

use crate::args::OneTarget;
use crate::verb::leftovers;
use crate::verb::reach::connect;
use crate::{Exit, Failure};

/// Removes everything of this suite's runs from the target, or of those that began long enough ago; and what the ledger of a
/// run says it made, however old that run is.
pub(super) fn clean(
    target: &OneTarget,
    older_than: Option<Duration>,
    ledger: Option<&Path>,
) -> Result<Exit, Failure> {
    let booked = leftovers::booked(ledger)?;
    super::runtime()?.block_on(async {
        let connected = connect(&target.target, &target.reach, Path::new("target/emulators/logs")).await?;
        if connected.endpoint.is_none() {
            say!("nothing to clean: {} keeps nothing after a run", target.target);
            return Ok(Exit::Conforms);
        }
        let opened = connected.targets.open(1).map_err(|why| Failure::Broken(why.to_string()))?;
        let mut exit = Exit::Conforms;
        for left in engine::find(opened.as_ref(), &booked).await {
            let is_booked = booked.iter().any(|(_, name)| *name == left.name);
            if !is_booked && !left.run().is_none_or(|run| is_old(run, older_than)) {
                continue;
            }
            if engine::remove(opened.as_ref(), &left).await {
                say!("removed {left}");
            } else {
                complain!("left behind: {left}; delete it by hand, or see whether the account may");
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
    RunId::began(run).is_none_or(|began| began.saturating_add(span.as_secs()) <= now)
}
