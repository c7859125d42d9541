//! `doctor`: what works here.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::args::OneTarget;
use crate::verb::reach::{TOOL, connect};
use crate::{Exit, Failure};

/// Prints what is there, and what is left on the target.
pub(super) fn doctor(target: &OneTarget) -> Result<Exit, Failure> {
    let judged = engine::judged_rules().len();
    say!("tool       {TOOL}: {judged} of {} rules are judged", rules::registry::rules().len());
    for name in ["moto", "ministack", "localstack"] {
        let there = target.reach.emulators.join(name).is_dir();
        let words = if there {
            "installed".to_owned()
        } else {
            format!("not installed; `ci/emulators.sh {name}` does it")
        };
        say!("{name:10} {words}");
    }
    say!(
        "docker     {}",
        program("docker", &["version", "--format", "{{.Server.Version}}"], "docker:NAME targets need it")
    );
    say!("aws        {}", program("aws", &["--version"], "repro/*.sh need it"));
    super::runtime()?.block_on(async {
        let connected = connect(&target.target, &target.reach, Path::new("target/emulators/logs")).await?;
        let version = connected.version.as_deref().unwrap_or("version unknown");
        let endpoint = connected.endpoint.as_deref().unwrap_or("in process");
        say!("target     {}: {}, {version}, {endpoint}", target.target, connected.name);
        let mut left = Vec::new();
        if connected.endpoint.is_some() {
            let opened = connected.targets.open(1).map_err(|why| Failure::Broken(why.to_string()))?;
            left = engine::find(opened.as_ref(), &[]).await;
        }
        connected.guard.stop().await;
        for one in &left {
            say!("left       {one}");
        }
        if left.is_empty() {
            return Ok(Exit::Conforms);
        }
        complain!(
            "{} leftovers; `sfn-conformance clean --target {}` removes them",
            left.len(),
            target.target
        );
        Ok(Exit::Leftovers)
    })
}

fn program(name: &str, arguments: &[&str], otherwise: &str) -> String {
    let output = Command::new(name).args(arguments).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            text.lines().next().unwrap_or_default().to_owned()
        }
        Ok(_) => format!("does not answer; {otherwise}"),
        Err(_) => format!("not found; {otherwise}"),
    }
}
