//! `fixtures/survivors.toml`: variants that do not end as they should yet, and rules that no variant breaks.
//!
//! Invariant: every entry has a reason.

use std::path::Path;

use serde::Deserialize;

use crate::Failure;

/// What is known of variants and rules.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Survivors {
    #[serde(default)]
    survivor: Vec<Survivor>,
    #[serde(default)]
    idle: Vec<Idle>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivor {
    variant: String,
    reason: String,
}

/// A rule that no variant of the region can break.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Idle {
    rule: String,
    reason: String,
}

impl Survivors {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let remedy = "see fixtures/survivors.toml for the form";
        let text = std::fs::read_to_string(path).map_err(|why| Failure::unreadable(path, why, remedy))?;
        let read: Self = toml::from_str(&text).map_err(|why| Failure::unreadable(path, why, remedy))?;
        let variants = read.survivor.iter().map(|entry| (&entry.variant, &entry.reason));
        let mut all = variants.chain(read.idle.iter().map(|entry| (&entry.rule, &entry.reason)));
        if let Some((name, _)) = all.find(|(_, reason)| reason.trim().is_empty()) {
            return Err(Failure::unreadable(path, format!("{name} has no reason"), remedy));
        }
        let judged = engine::judged_rules();
        match read.idle.iter().find(|entry| !judged.contains(&entry.rule.as_str())) {
            Some(entry) => {
                Err(Failure::unreadable(path, format!("no check judges the rule {}", entry.rule), remedy))
            }
            None => Ok(read),
        }
    }

    /// Why a variant does not end as it should.
    pub(super) fn variant(&self, name: &str) -> Option<&str> {
        self.survivor.iter().find(|entry| entry.variant == name).map(|entry| entry.reason.as_str())
    }

    /// Why no variant breaks a rule.
    pub(super) fn idle(&self, rule: &str) -> Option<&str> {
        self.idle.iter().find(|entry| entry.rule == rule).map(|entry| entry.reason.as_str())
    }
}
