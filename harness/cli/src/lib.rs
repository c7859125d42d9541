//! The command line: arguments, wiring and exit codes. One module a verb.
//!
//! Nothing here judges a rule or runs a plan. The invariant it keeps: a broken target is a verdict and exits 1 to 3, a broken
//! environment exits 4, a wrong command line or an unreadable file exits 5, and every message of the last two ends in
//! what to do.

// First, since its macros are used below.
#[macro_use]
mod output;

mod args;
mod bill;
mod exit;
mod failure;
mod interrupt;
mod recorder;
mod recording;
mod rule_ids;
mod span;
mod verb;

use std::process::{ExitCode, Termination};

use clap::Parser;

pub use args::Args;
pub use exit::Exit;
pub use failure::Failure;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    hush_jsonata();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Conforms };
            // A closed pipe is no reason to fail.
            let _ = error.print();
            return exit.report();
        }
    };
    output::log(args.verbose);
    verb::run(args)
        .and_then(|exit| output::is_whole().map(|()| exit))
        .unwrap_or_else(|failure| {
            complain!("error: {failure}");
            failure.exit()
        })
        .report()
}

/// What breaks in the JSONata library is caught there, and is no news: the expression counts as one that nothing is known of.
fn hush_jsonata() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|place| place.file().contains("jsonata-core")) {
            tell(panic);
        }
    }));
}
