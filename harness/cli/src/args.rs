//! The arguments, as clap reads them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use engine::Shard;
use plan::Profile;
use record::Operation;

use crate::span;

/// Does an endpoint keep the rules of AWS Step Functions' callback pattern?
#[derive(Debug, Parser)]
#[command(name = "sfn-conformance", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 conforms, 1 violated, 2 stale baseline, 3 inconclusive or vacuous, \
                        4 harness or target could not run, 5 usage or unreadable input, 6 leftovers.")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// Logs more to standard error; may be repeated.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to colour the output.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,
}

/// When to colour the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Runs plans on a target and says for every rule whether it holds there.
    Run(Box<RunArgs>),
    /// Lists the rules.
    List {
        /// How to print.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Shows what a rule demands, its sources, and how it is checked.
    Explain {
        /// The rule, e.g. TOK-13.
        rule: String,
    },
    /// Judges the output of `aws stepfunctions get-execution-history`.
    Audit {
        /// The history; `-` reads standard input.
        history: PathBuf,
        /// The definition of the state machine that the execution ran.
        #[arg(long, value_name = "ASL.json")]
        definition: Option<PathBuf>,
        /// How to print.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Runs one stored plan and shows every call with its answer.
    Replay {
        /// The plan, from a run's `plans/`.
        plan: PathBuf,
        #[command(flatten)]
        target: OneTarget,
        /// The seed of the embedded region.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Judges a stored run again, offline, with the checks of this version.
    Judge {
        /// The run directory.
        run: PathBuf,
        /// What the target is known to do wrong.
        #[arg(long, value_name = "FILE")]
        baseline: Option<PathBuf>,
        /// Where to write the reports anew.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Scores the rules against the wrong variants of the embedded region.
    Mutants {
        /// Only these variants; with --sweep, those whose name contains one of these.
        names: Vec<String>,
        /// Instead of the variants written by hand, one for every part of every answer, event and request that a lawful run
        /// shows.
        #[arg(long)]
        sweep: bool,
        /// The I-th of N parts of the sweep.
        #[arg(long, value_name = "I/N", requires = "sweep", default_value = "1/1")]
        shard: Shard,
        /// How to print.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// Which plans: smoke, core or full. A sweep takes those of smoke.
        #[arg(long, default_value_t = Profile::Smoke, conflicts_with = "sweep")]
        profile: Profile,
        /// The seed of the plans.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Variants that are known not to end as they should, each with a reason.
        #[arg(long, value_name = "FILE")]
        known: Option<PathBuf>,
    },
    /// Serves the embedded region over HTTP.
    Serve(ServeArgs),
    /// Says what works here, and what earlier runs left on a target.
    Doctor {
        #[command(flatten)]
        target: OneTarget,
    },
    /// Removes what earlier runs left on a target.
    Clean {
        #[command(flatten)]
        target: OneTarget,
        /// Only runs that started longer ago than this, e.g. 2h.
        #[arg(long, value_name = "DUR", value_parser = span::parse)]
        older_than: Option<Duration>,
        /// A run directory: also removes what its ledger lists, whatever its name and age.
        #[arg(long, value_name = "RUN_DIR")]
        ledger: Option<PathBuf>,
    },
}

/// The region that is served, and what is rehearsed on it.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeArgs {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub addr: SocketAddr,
    /// The seed of ids and tokens.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// A wrong or lawful variant of the region.
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// The fraction of calls that are throttled, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_name = "FRACTION")]
    pub throttling: f64,
    /// Standard queues deliver twice and out of order now and then, as AWS's may.
    #[arg(long)]
    pub loose_delivery: bool,
    /// Access keys that are known; unsigned calls and other keys are refused. Any key if none is given.
    #[arg(long, value_delimiter = ',', value_name = "KEY,...")]
    pub keys: Vec<String>,
    /// Access keys whose session has expired.
    #[arg(long, value_delimiter = ',', value_name = "KEY,...")]
    pub expired: Vec<String>,
    /// Operations that are denied, e.g. states:SendTaskFailure.
    #[arg(long, value_delimiter = ',', value_name = "OPERATION,...")]
    pub deny: Vec<Operation>,
    /// Plays a CloudFormation stack of fixtures/sample/template.yaml under this name.
    #[arg(long, value_name = "NAME")]
    pub stack: Option<String>,
    /// The stack has a function that consumes its queue.
    #[arg(long, requires = "stack")]
    pub stack_consumer: bool,
}

/// One target and how to reach it.
#[derive(Clone, Debug, clap::Args)]
pub struct OneTarget {
    /// embedded, http[s]://HOST:PORT, process:NAME, docker:NAME[=IMAGE], aws[:REGION], mutant:NAME or variant:NAME
    #[arg(long, env = "SFN_CONFORMANCE_TARGET", default_value = "embedded", value_name = "SPEC")]
    pub target: String,
    #[command(flatten)]
    pub reach: Reach,
}

/// How targets are reached.
#[derive(Clone, Debug, clap::Args)]
pub struct Reach {
    /// The folder of emulators that `ci/emulators.sh` fills.
    #[arg(
        long,
        env = "SFN_CONFORMANCE_EMULATORS",
        default_value = "target/emulators",
        value_name = "DIR",
        hide_env = true
    )]
    pub emulators: PathBuf,
    /// How long an emulator that is started here may take until it answers.
    #[arg(long, value_name = "DUR", value_parser = span::parse, default_value = "90s")]
    pub start_within: Duration,
    /// Sends every call through the raw signed client, not the AWS SDK.
    #[arg(long)]
    pub raw: bool,
    /// Agrees to a run on AWS, which creates resources and costs money.
    #[arg(long)]
    pub i_agree_to_use_aws: bool,
    /// AWS regions that may be used; any if none is given.
    #[arg(
        long,
        value_delimiter = ',',
        env = "SFN_CONFORMANCE_AWS_REGIONS",
        value_name = "REGION,...",
        hide_env = true
    )]
    pub aws_regions: Vec<String>,
    /// AWS accounts that may be used; any if none is given.
    #[arg(
        long,
        value_delimiter = ',',
        env = "SFN_CONFORMANCE_AWS_ACCOUNTS",
        value_name = "ACCOUNT,...",
        hide_env = true
    )]
    pub aws_accounts: Vec<String>,
}

/// The options of a run.
#[derive(Clone, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct RunArgs {
    /// embedded, http[s]://HOST:PORT, process:NAME, docker:NAME[=IMAGE], aws[:REGION], mutant:NAME or variant:NAME; may be repeated
    #[arg(long, env = "SFN_CONFORMANCE_TARGET", default_value = "embedded", value_name = "SPEC")]
    pub target: Vec<String>,
    #[command(flatten)]
    pub reach: Reach,
    /// How much is searched: smoke, core or full
    #[arg(long, default_value_t = Profile::Smoke)]
    pub profile: Profile,
    /// Only these rules.
    #[arg(long, value_delimiter = ',', value_name = "ID,...")]
    pub rules: Vec<String>,
    /// Number of plans; by default all of the profile.
    #[arg(long, value_name = "N")]
    pub cases: Option<usize>,
    /// The seed of the plans.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Number of plans that run at the same time.
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Starts no more plans after this long, e.g. 90s.
    #[arg(long, value_name = "DUR", value_parser = span::parse)]
    pub time_budget: Option<Duration>,
    /// What the target is known to do wrong.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Writes what the run showed into the baseline; new entries say TODO and are refused until a person writes why.
    #[arg(long, requires = "baseline")]
    pub update_baseline: bool,
    /// One part of the plans, e.g. 1/4.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Violations of SHOULD rules fail the run too.
    #[arg(long)]
    pub strict: bool,
    /// Violations are shown as they were found, not made smaller.
    #[arg(long)]
    pub no_minimise: bool,
    /// The role of the state machines; one is made up where none is given, which emulators take.
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,
    /// A deployed stack of fixtures/sample/template.yaml: its role for every machine, its machine, queue and topic for the plans of
    /// the sample.
    #[arg(long, value_name = "NAME", conflicts_with = "role")]
    pub stack: Option<String>,
    /// The most that the run may cost at AWS's list prices, in dollars; plans that do not fit are not begun.
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    pub budget: Option<f64>,
    /// The most state transitions.
    #[arg(long, value_name = "N")]
    pub budget_transitions: Option<u64>,
    /// The most requests, to all services together.
    #[arg(long, value_name = "N")]
    pub budget_requests: Option<u64>,
    /// The run directory; with several targets, a folder in it for each.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Keeps the run in this folder, by target and date, and reports what changed since the last one kept there.
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
    /// No progress and no table, only the last line.
    #[arg(short, long)]
    pub quiet: bool,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            emulators: PathBuf::from("target/emulators"),
            start_within: Duration::from_secs(90),
            raw: false,
            i_agree_to_use_aws: false,
            aws_regions: Vec::new(),
            aws_accounts: Vec::new(),
        }
    }
}

fn dollars(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(amount) if amount.is_finite() && amount >= 0.0 => Ok(amount),
        _ => Err("give an amount of dollars, e.g. 1.50".to_owned()),
    }
}
