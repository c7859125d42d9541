//! The verbs, one module each.

mod audit;
mod clean;
mod doctor;
mod explain;
mod judge;
mod leftovers;
mod list;
mod mutants;
mod reach;
mod replay;
mod run;
mod serve;
mod survivors;
mod sweep;

use tokio::runtime::{Builder, Runtime};

use crate::args::{Args, Verb};
use crate::{Exit, Failure};

/// Does what the arguments ask for.
pub(crate) fn run(args: Args) -> Result<Exit, Failure> {
    let palette = crate::output::palette(args.color);
    match args.verb {
        Verb::Run(run) => run::run(&run, palette),
        Verb::List { format } => list::list(format),
        Verb::Explain { rule } => explain::explain(&rule),
        Verb::Audit { history, definition, format } => audit::audit(&history, definition.as_deref(), format),
        Verb::Replay { plan, target, seed } => replay::replay(&plan, &target, seed),
        Verb::Judge { run, baseline, out } => {
            judge::judge(&run, baseline.as_deref(), out.as_deref(), palette)
        }
        Verb::Mutants { names, sweep: true, shard, format, seed, known, .. } => {
            sweep::sweep(&names, shard, format, seed, known.as_deref())
        }
        Verb::Mutants { names, format, profile, seed, known, .. } => {
            mutants::mutants(&names, format, profile, seed, known.as_deref())
        }
        Verb::Serve(args) => serve::serve(args),
        Verb::Doctor { target } => doctor::doctor(&target),
        Verb::Clean { target, older_than, ledger } => clean::clean(&target, older_than, ledger.as_deref()),
    }
}

/// The runtime of a verb that talks to the world.
fn runtime() -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|why| Failure::Broken(format!("cannot start threads: {why}; free some processes or memory")))
}
