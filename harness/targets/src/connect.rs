//! From a specification to targets that answer.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use engine::Targets;

#[cfg(feature = "docker")]
use crate::container::{self, Container};
use crate::embedded::EmbeddedRegions;
use crate::endpoint::EndpointTargets;
use crate::http::{Endpoint, Patience, probe};
use crate::process::{Places, Process, Recipe};
use crate::{Environment, Spec, TargetError, Wire};

/// How to connect.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which wire path calls take.
    pub wire: Wire,
    /// How long an answer may take, beyond a long poll's own wait.
    pub patience: Duration,
    /// How long a process or container may take until it is healthy.
    pub start_patience: Duration,
    /// The folder of emulators that `ci/emulators.sh` fills.
    pub emulators: PathBuf,
    /// Where logs of processes and containers go: the run directory.
    pub logs: PathBuf,
    /// The environment: credentials, region, container engine.
    pub environment: Environment,
    /// AWS only.
    pub aws: AwsOptions,
}

/// The brakes of a run on AWS.
#[derive(Clone, Debug, Default)]
pub struct AwsOptions {
    /// Somebody said that this run may use AWS.
    pub opted_in: bool,
    /// The regions that may be used; any if empty.
    pub regions: Vec<String>,
    /// The accounts that may be used; any if empty.
    pub accounts: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            wire: Wire::default(),
            patience: Duration::from_secs(30),
            start_patience: Duration::from_secs(90),
            emulators: PathBuf::from("target/emulators"),
            logs: PathBuf::from("target/emulators/logs"),
            environment: Environment::of_process(),
            aws: AwsOptions::default(),
        }
    }
}

/// Targets that answer.
pub struct Connected {
    /// Opens a target per plan or worker.
    pub targets: Arc<dyn Targets>,
    /// The address, if there is one.
    pub endpoint: Option<String>,
    /// Who answers: `embedded region`, `moto`, `localstack`, `aws`, …
    pub name: String,
    /// Its version, where it tells one.
    pub version: Option<String>,
    /// The AWS account, for `aws` only: elsewhere it is learnt from answers.
    pub account: Option<String>,
    /// The AWS region, for `aws` only.
    pub region: Option<String>,
    /// What was started for it. Keep it as long as the targets are used.
    pub guard: Guard,
}

/// A process or container that ends with this value: at once when dropped, in its own time by [`Guard::stop`].
#[derive(Debug, Default)]
pub struct Guard(Started);

#[derive(Debug, Default)]
enum Started {
    #[default]
    Nothing,
    Process(Box<Process>),
    #[cfg(feature = "docker")]
    Container(Box<Container>),
}

impl Guard {
    /// Ends what was started, gently first.
    pub async fn stop(self) {
        match self.0 {
            Started::Nothing => {}
            Started::Process(process) => process.stop().await,
            #[cfg(feature = "docker")]
            Started::Container(container) => container.stop().await,
        }
    }
}

/// Connects to a target. Must be called inside a tokio runtime with I/O and time on the machine's clock, unless the
/// target is embedded.
pub async fn connect(spec: &str, options: &Options) -> Result<Connected, TargetError> {
    match spec.parse()? {
        Spec::Embedded => embedded(None),
        Spec::Mutant(name) | Spec::Variant(name) => embedded(Some(name)),
        Spec::Http(address) => at(address, None, Guard::default(), options).await,
        Spec::Process(name) => {
            let recipe = Recipe::of(&name).ok_or_else(|| {
                TargetError::usage(
                    format!("there is no recipe for a process `{name}`"),
                    format!("one of {}", Recipe::names()),
                )
            })?;
            let places = Places { emulators: options.emulators.clone(), logs: options.logs.clone() };
            let process = Process::start(recipe, &places, options.start_patience).await?;
            let (address, version) = (process.address().to_owned(), process.version());
            let guard = Guard(Started::Process(Box::new(process)));
            let connected = at(address, Some(recipe.name), guard, options).await?;
            Ok(Connected { version: connected.version.or(version), ..connected })
        }
        #[cfg(feature = "docker")]
        Spec::Docker { name, image } => {
            let container = container::start(&name, image.as_deref(), options).await?;
            let address = container.address().to_owned();
            at(address, Some(&name), Guard(Started::Container(Box::new(container))), options).await
        }
        #[cfg(not(feature = "docker"))]
        Spec::Docker { .. } => {
            Err(TargetError::unavailable("this build has no containers", "build with the feature `docker`"))
        }
        #[cfg(feature = "aws")]
        Spec::Aws { region } => {
            let environment = &options.environment;
            let (wire, patience) = (options.wire, options.patience);
            let admitted =
                crate::aws::admit(region.as_deref(), &options.aws, environment, wire, patience).await?;
            Ok(Connected {
                targets: Arc::new(admitted.targets),
                endpoint: Some(admitted.address),
                name: "aws".to_owned(),
                version: None,
                account: Some(admitted.account),
                region: Some(admitted.region),
                guard: Guard::default(),
            })
        }
        #[cfg(not(feature = "aws"))]
        Spec::Aws { .. } => {
            Err(TargetError::unavailable("this build has no AWS", "build with the feature `aws`"))
        }
    }
}

fn embedded(variant: Option<String>) -> Result<Connected, TargetError> {
    let name = variant
        .as_ref()
        .map_or_else(|| "embedded region".to_owned(), |name| format!("embedded region, {name}"));
    Ok(Connected {
        targets: Arc::new(EmbeddedRegions::new(variant)?),
        endpoint: None,
        name,
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        account: None,
        region: None,
        guard: Guard::default(),
    })
}

/// Any address. Emulators take any credentials, so those of the environment are used only if they are there.
async fn at(
    address: String,
    known_as: Option<&str>,
    guard: Guard,
    options: &Options,
) -> Result<Connected, TargetError> {
    let environment = &options.environment;
    let variable =
        |name: &str, otherwise: &str| environment.get(name).unwrap_or_else(|| otherwise.to_owned());
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID", "test"),
        variable("AWS_SECRET_ACCESS_KEY", "test"),
        environment.get("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    let region = environment.get("AWS_REGION").unwrap_or_else(|| variable("AWS_DEFAULT_REGION", "us-east-1"));
    let endpoint = Endpoint::one(&address, &region, credentials);
    // What was started just now loads its services with the first call; whoever is there already answers soon.
    let patience = if known_as.is_some() { options.patience } else { options.patience.min(PROBE) };
    let identity = probe::identify(&address, &endpoint, patience).await?;
    let targets = EndpointTargets {
        endpoint,
        wire: options.wire,
        patience: Patience::new(options.patience),
        pace: None,
    };
    Ok(Connected {
        targets: Arc::new(targets),
        endpoint: Some(address),
        name: known_as.map_or(identity.name, str::to_owned),
        version: identity.version,
        account: None,
        region: None,
        guard,
    })
}

/// How long one page of the probe may take.
const PROBE: Duration = Duration::from_secs(10);
