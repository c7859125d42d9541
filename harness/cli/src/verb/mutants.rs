//! `mutants`: what the rules are worth. Every wrong variant of the region must be killed by a rule that names it, and no
//! lawful variant may be accused.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use engine::Options;
use plan::{Plan, Profile};
use record::{FindingKind, RunEvent};
use region::mutants::{self as variants, MutantInfo};
use serde::{Deserialize, Serialize};

use crate::args::Format;
use crate::recorder::bar;
use crate::verb::reach::{banner, connect};
use crate::{Exit, Failure};

/// What became of one variant.
#[derive(Serialize)]
struct Fate {
    name: &'static str,
    about: &'static str,
    lawful: bool,
    #[serde(rename = "fate")]
    word: Word,
    /// The rules that it must be killed by.
    named: &'static [&'static str],
    /// The rules that were broken.
    killed_by: BTreeSet<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    KilledByNamed,
    KilledByOther,
    Survived,
    Spared,
    Accused,
}

impl Word {
    fn text(self) -> &'static str {
        match self {
            Self::KilledByNamed => "killed by a named rule",
            Self::KilledByOther => "killed by another rule only",
            Self::Survived => "survived",
            Self::Spared => "lawful, spared",
            Self::Accused => "lawful, but accused",
        }
    }

    fn is_good(self) -> bool {
        matches!(self, Self::KilledByNamed | Self::Spared)
    }
}

/// `fixtures/survivors.toml`: variants that do not end as they should yet.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivors {
    #[serde(default)]
    survivor: Vec<Survivor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivor {
    variant: String,
    reason: String,
}

/// Runs the plans on every variant. Exit 1 where one does not end as it should and is not known to, 2 where one that is
/// known to ends well by now.
pub(super) fn mutants(
    names: &[String],
    format: Format,
    profile: Profile,
    seed: u64,
    known: Option<&Path>,
) -> Result<Exit, Failure> {
    let survivors = known.map_or_else(|| Ok(Survivors::default()), read_survivors)?;
    let chosen = choose(names)?;
    let runtime = super::runtime()?;
    let plans: Arc<[Plan]> = plan::generate(profile, seed, None).into();
    let bar = bar("mutants", chosen.len() as u64, false);
    let mut fates = Vec::new();
    for (info, lawful) in chosen {
        bar.set_message(info.name);
        let killed_by = runtime.block_on(broken(info.name, profile, seed, &plans))?;
        let by_named = killed_by.iter().any(|rule| info.rules.contains(&rule.as_str()));
        let word = match (lawful, by_named, killed_by.is_empty()) {
            (true, _, true) => Word::Spared,
            (true, _, false) => Word::Accused,
            (false, true, _) => Word::KilledByNamed,
            (false, false, false) => Word::KilledByOther,
            (false, false, true) => Word::Survived,
        };
        fates.push(Fate { name: info.name, about: info.about, lawful, word, named: info.rules, killed_by });
        bar.inc(1);
    }
    bar.finish_and_clear();
    match format {
        Format::Json => say!("{}", serde_json::to_string_pretty(&fates).unwrap_or_default()),
        Format::Text => print(&fates),
    }
    Ok(conclude(&fates, &survivors))
}

fn conclude(fates: &[Fate], survivors: &Survivors) -> Exit {
    let known = |name: &str| survivors.survivor.iter().find(|survivor| survivor.variant == name);
    let mut exit = Exit::Conforms;
    for fate in fates {
        match (fate.word.is_good(), known(fate.name)) {
            (true, None) => {}
            (false, Some(survivor)) => {
                complain!("{}: {}, as known: {}", fate.name, fate.word.text(), survivor.reason);
            }
            (false, None) => exit = exit.worse(Exit::Violated),
            (true, Some(_)) => {
                complain!("stale: {} is {}; remove its entry", fate.name, fate.word.text());
                exit = exit.worse(Exit::StaleBaseline);
            }
        }
    }
    exit
}

fn read_survivors(path: &Path) -> Result<Survivors, Failure> {
    let remedy = "see fixtures/survivors.toml for the form";
    let text = std::fs::read_to_string(path).map_err(|why| Failure::unreadable(path, why, remedy))?;
    let survivors: Survivors = toml::from_str(&text).map_err(|why| Failure::unreadable(path, why, remedy))?;
    match survivors.survivor.iter().find(|survivor| survivor.reason.trim().is_empty()) {
        Some(survivor) => {
            Err(Failure::unreadable(path, format!("{} has no reason", survivor.variant), remedy))
        }
        None => Ok(survivors),
    }
}

fn choose(names: &[String]) -> Result<Vec<(&'static MutantInfo, bool)>, Failure> {
    let all = || {
        let wrong = variants::all().iter().map(|info| (info, false));
        wrong.chain(variants::lawful().iter().map(|info| (info, true)))
    };
    if names.is_empty() {
        return Ok(all().collect());
    }
    names
        .iter()
        .map(|name| {
            all().find(|(info, _)| info.name == name).ok_or_else(|| {
                let near = all().min_by_key(|(info, _)| strsim::damerau_levenshtein(info.name, name));
                let hint =
                    near.map(|(info, _)| format!(" (did you mean {}?)", info.name)).unwrap_or_default();
                Failure::Usage(format!(
                    "there is no variant `{name}`{hint}; `sfn-conformance mutants` runs all"
                ))
            })
        })
        .collect()
}

/// The rules that the plans show broken on a variant.
async fn broken(
    name: &str,
    profile: Profile,
    seed: u64,
    plans: &Arc<[Plan]>,
) -> Result<BTreeSet<String>, Failure> {
    let spec = format!("variant:{name}");
    let reach = crate::args::Reach::default();
    let connected = connect(&spec, &reach, Path::new("")).await?;
    let options = Options {
        profile,
        seed,
        plans: Some(plans.clone()),
        jobs: usize::MAX,
        minimise: None,
        banner: banner(&spec, &connected),
        ..Options::default()
    };
    let mut broken = Broken::default();
    engine::run(connected.targets.clone(), &options, &mut broken).await?;
    Ok(broken.0)
}

/// A sink that keeps nothing but the rules that were broken.
#[derive(Default)]
struct Broken(BTreeSet<String>);

impl engine::Sink for Broken {
    fn event(&mut self, event: RunEvent) {
        if let RunEvent::Case { findings, .. } = event {
            let violated = findings.into_iter().filter(|finding| finding.kind == FindingKind::Violated);
            self.0.extend(violated.map(|finding| finding.rule));
        }
    }
}

fn print(fates: &[Fate]) {
    for fate in fates {
        let killers: Vec<&str> = fate.killed_by.iter().map(String::as_str).collect();
        let mark = if fate.word.is_good() { ' ' } else { '!' };
        say!("{mark} {:34} {:28} {}", fate.name, fate.word.text(), killers.join(" "));
        if !fate.word.is_good() {
            say!(
                "    {}; must be seen by {}",
                fate.about,
                if fate.lawful { "none".to_owned() } else { fate.named.join(", ") }
            );
        }
    }
    let mut by_rule: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for fate in fates.iter().filter(|fate| fate.word == Word::KilledByNamed) {
        for rule in fate.killed_by.iter().filter(|rule| fate.named.contains(&rule.as_str())) {
            by_rule.entry(rule).or_default().push(fate.name);
        }
    }
    say!("\nWhat each rule killed by its own check");
    for (rule, names) in by_rule {
        say!("  {rule:8} {}", names.join(", "));
    }
    let count = |word| fates.iter().filter(|fate| fate.word == word).count();
    say!(
        "\n{} killed by a named rule, {} by another only, {} survived; {} lawful variants spared, {} accused",
        count(Word::KilledByNamed),
        count(Word::KilledByOther),
        count(Word::Survived),
        count(Word::Spared),
        count(Word::Accused)
    );
}
