//! The rules as data: what AWS promises, how strongly, and on whose word.
//!
//! One TOML file per family under `harness/rules/registry/`, read once. The ids are those of the rule catalogue that
//! this project started from and never change. Nothing here judges anything: the checks name rules by id, and a rule
//! does not know its checks.
//!
//! Invariant: the files are part of the program, so a file that does not parse is a bug of the build and is caught by
//! the tests of this module; a program that got past them sees all 312 rules.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// One rule of AWS's behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The final name, `TOK-13`.
    pub id: String,
    /// How strong the evidence makes it.
    pub severity: Severity,
    /// Whether it belongs to the core: about the callback pattern itself and cheap to check.
    #[serde(default)]
    pub core: bool,
    /// A few words for tables.
    pub title: String,
    /// What holds, in one or two sentences.
    pub statement: String,
    /// Who says so.
    pub evidence: Vec<Evidence>,
    /// What a target may lawfully lack, one of [`CAPABILITIES`]; without it the rule is unsupported there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capability: Option<String>,
    /// Open questions that leave more than one outcome lawful; see [`ambiguity`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ambiguity: Vec<String>,
    /// What a violation looks like.
    pub example: String,
    /// `emulator: what it does instead`, as reported or read by others; not measured by this suite.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub divergences: Vec<String>,
    /// Why no black-box test can reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<String>,
    /// Why no check judges it yet, though one could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchecked: Option<String>,
}

impl Rule {
    /// The letters before the number: `TOK`.
    pub fn area(&self) -> &str {
        self.id.split('-').next().unwrap_or_default()
    }

    /// Whether a black-box test can reach it.
    pub fn is_judged(&self) -> bool {
        self.unreachable.is_none()
    }
}

/// How strongly a rule binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// AWS documents it, its API model says it, or it follows from such statements.
    #[serde(rename = "MUST")]
    Must,
    /// Only recorded on AWS or inferred: reported, and failing a run only when asked to be strict.
    #[serde(rename = "SHOULD")]
    Should,
}

impl Severity {
    /// `MUST` or `SHOULD`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// One witness for a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What kind of witness.
    pub class: EvidenceClass,
    /// Page, API shape, recording or issue; for an inference, the reason.
    pub source: String,
    /// When it was written, published or recorded, as closely as known.
    pub date: String,
}

/// What kind of witness speaks for a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EvidenceClass {
    /// Public documentation or specification.
    Doc,
    /// AWS's machine-readable API model.
    Model,
    /// Seen on real AWS by somebody who published it.
    Recorded,
    /// Reasoned from the others.
    Inferred,
}

impl EvidenceClass {
    /// `doc`, `model`, `recorded` or `inferred`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Doc => "doc",
            Self::Model => "model",
            Self::Recorded => "recorded",
            Self::Inferred => "inferred",
        }
    }
}

impl std::fmt::Display for EvidenceClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// An open question: AWS does not say, so every listed outcome is lawful and the one seen is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ambiguity {
    /// `A-01` to `A-20`.
    pub id: String,
    /// What is not settled.
    pub question: String,
    /// The outcomes that are accepted.
    pub allowed: Vec<String>,
}

/// The words that [`Rule::capability`] may use, with what a target without them lacks.
pub const CAPABILITIES: &[(&str, &str)] = &[
    ("activity", "activities and GetActivityTask"),
    ("event-source-mapping", "functions driven by a queue"),
    ("eventbridge", "status events on the default event bus"),
    ("express", "state machines of type EXPRESS"),
    ("fifo", "FIFO queues or topics"),
    ("iam", "access control of callers and roles"),
    ("jsonata", "state machines in JSONata"),
    ("kms", "customer-managed keys"),
    ("nested", "executions started by executions (.sync)"),
    ("parallel", "the Parallel and Map states"),
    ("redrive", "RedriveExecution"),
    ("sns", "topics"),
    ("sqs", "queues"),
    ("test-state", "TestState"),
    ("throttling", "request throttling"),
    ("validate-definition", "ValidateStateMachineDefinition"),
    ("versions", "versions and aliases of state machines"),
];

/// All rules, by family and number.
pub fn rules() -> &'static [Rule] {
    &REGISTRY.rules
}

/// The rule of this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    REGISTRY.by_id.get(id).and_then(|at| REGISTRY.rules.get(*at))
}

/// The ids of the core rules, in the order of [`rules`].
pub fn core_ids() -> impl Iterator<Item = &'static str> {
    rules().iter().filter(|rule| rule.core).map(|rule| rule.id.as_str())
}

/// All open questions.
pub fn ambiguities() -> &'static [Ambiguity] {
    &AMBIGUITIES
}

/// The open question of this id.
pub fn ambiguity(id: &str) -> Option<&'static Ambiguity> {
    ambiguities().iter().find(|ambiguity| ambiguity.id == id)
}

struct Registry {
    rules: Vec<Rule>,
    by_id: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Questions {
    ambiguity: Vec<Ambiguity>,
}

macro_rules! families {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../registry/", $name, ".toml")))),+]
    };
}

/// One file a family, in the order of the catalogue.
const FAMILIES: &[(&str, &str)] = families![
    "wire",
    "definition",
    "start",
    "token",
    "timeout",
    "heartbeat",
    "error",
    "data-flow",
    "history-api",
    "history",
    "describe",
    "list",
    "stop",
    "redrive",
    "activity",
    "test-state",
    "sqs",
    "sqs-integration",
    "event-source-mapping",
    "sns",
    "end-to-end",
    "quota",
];

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let rules: Vec<Rule> = FAMILIES.iter().flat_map(|(name, text)| read::<Family>(name, text).rule).collect();
    let by_id = rules.iter().enumerate().map(|(at, rule)| (rule.id.clone(), at)).collect();
    Registry { rules, by_id }
});

static AMBIGUITIES: LazyLock<Vec<Ambiguity>> = LazyLock::new(|| {
    read::<Questions>("ambiguities", include_str!("../registry/ambiguities.toml")).ambiguity
});

#[expect(clippy::panic, reason = "the text is compiled in; a test reads every file")]
fn read<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> T {
    toml::from_str(text).unwrap_or_else(|error| panic!("registry/{name}.toml: {error}"))
}

#[cfg(test)]
mod tests;
