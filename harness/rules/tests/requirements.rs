//! The frozen requirement sets name rules that exist, as strong as the registry has them.

#![expect(clippy::unwrap_used, reason = "a test stops at what it cannot read")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rules::registry::{self, Severity};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirements {
    date: String,
    rules: BTreeMap<String, Severity>,
}

fn sets() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/requirements");
    let mut sets: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    sets.sort();
    sets
}

fn read(path: &Path) -> Requirements {
    toml::from_str(&std::fs::read_to_string(path).unwrap())
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn a_set_is_named_by_its_date() {
    assert!(!sets().is_empty());
    for path in sets() {
        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(read(&path).date.as_str()));
    }
}

#[test]
fn a_set_names_only_rules_that_exist_and_are_within_reach() {
    for path in sets() {
        for id in read(&path).rules.keys() {
            let rule = registry::rule(id).unwrap_or_else(|| panic!("{}: no rule {id}", path.display()));
            assert!(rule.is_judged(), "{}: {id} is out of reach", path.display());
        }
    }
}

#[test]
fn the_newest_set_has_each_rule_as_strong_as_the_registry() {
    let newest = read(sets().last().unwrap());
    for (id, severity) in &newest.rules {
        assert_eq!(registry::rule(id).map(|rule| rule.severity), Some(*severity), "{id}");
    }
}

#[test]
fn the_newest_set_covers_the_core() {
    let newest = read(sets().last().unwrap());
    assert!(registry::core_ids().all(|id| newest.rules.contains_key(id)));
}
