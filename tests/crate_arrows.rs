//! Which crate may know which: the table of CONTRIBUTING, kept by `cargo metadata`.

#![expect(clippy::expect_used, reason = "a test may stop at what it cannot go on without")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What each crate may depend on, of this workspace. Development dependencies count too, but for tests of the engine
/// and the adapters on a real region.
const ALLOWED: &[(&str, &[&str])] = &[
    ("record", &[]),
    ("asl", &[]),
    ("rules", &["asl", "record"]),
    ("plan", &["asl", "record"]),
    ("region", &["asl", "record"]),
    ("engine", &["asl", "plan", "record", "rules"]),
    ("targets", &["engine", "record", "region"]),
    ("report", &["record", "rules"]),
    ("cli", &["engine", "plan", "record", "region", "report", "rules", "targets"]),
];

/// Crates that only some may use: the prefix, who may, and why.
const CONFINED: &[(&str, &[&str], &str)] = &[
    ("aws-", &["targets"], "the SDK is most of a cold build and a second opinion on the wire"),
    ("testcontainers", &["targets"], "only adapters start things"),
    ("hyper", &["targets"], "only adapters speak HTTP"),
    ("tokio", &["cli", "engine", "targets"], "asl, record, rules, plan, region and report are synchronous"),
    ("indicatif", &["cli"], "only the command line has a terminal"),
    ("clap", &["cli"], "only the command line has arguments"),
    ("proptest", &["plan"], "plans are drawn in one place; tests elsewhere draw for themselves"),
    ("jsonata-core", &["asl"], "one evaluator behind one door"),
];

struct Dependency {
    name: String,
    is_dev: bool,
}

fn crates() -> BTreeMap<String, Vec<Dependency>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies");
            let dependencies = dependencies.iter().map(|dependency| Dependency {
                name: dependency["name"].as_str().expect("name").to_owned(),
                is_dev: dependency["kind"] == "dev",
            });
            (package["name"].as_str().expect("name").to_owned(), dependencies.collect())
        })
        .collect()
}

#[test]
fn every_arrow_between_crates_is_allowed() {
    let crates = crates();
    let members: BTreeSet<&String> = crates.keys().collect();
    for (name, dependencies) in &crates {
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| known == name) else {
            assert_eq!(name, "sfn-conformance", "{name} has no row in the table");
            continue;
        };
        for dependency in dependencies.iter().filter(|one| members.contains(&one.name)) {
            let is_tested =
                dependency.is_dev && matches!(name.as_str(), "engine" | "targets" | "region" | "rules");
            assert!(
                allowed.contains(&dependency.name.as_str()) || is_tested,
                "{name} must not know {}",
                dependency.name
            );
        }
    }
    assert_eq!(crates.len(), ALLOWED.len() + 1, "a crate of the table is missing");
}

#[test]
fn heavy_dependencies_stay_where_they_belong() {
    for (name, dependencies) in crates() {
        for (prefix, allowed, why) in CONFINED {
            let offender = dependencies.iter().find(|one| !one.is_dev && one.name.starts_with(prefix));
            assert!(
                offender.is_none() || allowed.contains(&name.as_str()) || name == "sfn-conformance",
                "{name} must not depend on {prefix}: {why}"
            );
        }
    }
}

#[test]
fn the_region_and_the_rules_do_not_know_each_other() {
    // They are written twice on purpose: one judges what the other does.
    let crates = crates();
    for (one, other) in [("region", "rules"), ("rules", "region")] {
        let known = crates[one].iter().find(|dependency| dependency.name == other && !dependency.is_dev);
        assert!(known.is_none(), "{one} knows {other}");
    }
}
