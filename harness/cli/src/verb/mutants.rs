//! `mutants`: what the rules are worth. Every wrong variant of the region must be killed by a rule that it names, no
//! lawful variant may be accused, and every rule must kill something.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use engine::Options;
use plan::{Plan, Profile};
use record::{FindingKind, RunEvent};
use region::mutants::{self as variants, MutantInfo};
use serde::Serialize;

use crate::args::Format;
use crate::recorder::bar;
use crate::rule_ids::suggestion;
use crate::verb::reach::{banner, connect};
use crate::verb::survivors::Survivors;
use crate::{Exit, Failure, output};

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

/// What a rule is worth: how many wrong variants broke it.
#[derive(Default, Serialize)]
struct Score<'s> {
    kills: usize,
    /// Why it breaks with none, where that is known.
    idle: Option<&'s str>,
}

/// Every judged rule.
type Scores<'s> = BTreeMap<&'static str, Score<'s>>;

/// A run as JSON.
#[derive(Serialize)]
struct Report<'s> {
    variants: &'s [Fate],
    rules: &'s Scores<'s>,
}

/// Runs the plans on every variant. Exit 1 where one does not end as it should and is not known to, 2 where one that is
/// known to ends well by now. A run of all variants says the same of rules that kill none.
pub(super) fn mutants(
    names: &[String],
    format: Format,
    profile: Profile,
    seed: u64,
    known: Option<&Path>,
) -> Result<Exit, Failure> {
    let survivors = known.map_or_else(|| Ok(Survivors::default()), Survivors::read)?;
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
    let scores = scores(&fates, &survivors);
    // Only a run of all variants can tell that a rule breaks with none.
    let whole = names.is_empty();
    match format {
        Format::Json => {
            let report = Report { variants: &fates, rules: &scores };
            output::json(&report)?;
        }
        Format::Text => {
            print(&fates);
            if whole {
                print_idle(&scores);
            }
        }
    }
    let of_rules = if whole { conclude_rules(&scores) } else { Exit::Conforms };
    Ok(conclude(&fates, &survivors).worse(of_rules))
}

fn scores<'s>(fates: &[Fate], survivors: &'s Survivors) -> Scores<'s> {
    let kills =
        |rule: &str| fates.iter().filter(|fate| !fate.lawful && fate.killed_by.contains(rule)).count();
    let judged = engine::judged_rules().into_iter();
    judged.map(|rule| (rule, Score { kills: kills(rule), idle: survivors.idle(rule) })).collect()
}

fn conclude_rules(scores: &Scores<'_>) -> Exit {
    let mut exit = Exit::Conforms;
    for (rule, score) in scores {
        match (score.kills, score.idle) {
            (0, None) => exit = exit.worse(Exit::Violated),
            (1.., Some(_)) => {
                complain!("stale: {rule} kills {} variants; remove its entry", score.kills);
                exit = exit.worse(Exit::StaleBaseline);
            }
            _ => {}
        }
    }
    exit
}

fn conclude(fates: &[Fate], survivors: &Survivors) -> Exit {
    let mut exit = Exit::Conforms;
    for fate in fates {
        match (fate.word.is_good(), survivors.variant(fate.name)) {
            (true, None) => {}
            (false, Some(reason)) => {
                complain!("{}: {}, as known: {reason}", fate.name, fate.word.text());
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
                let hint = suggestion(name, all().map(|(info, _)| info.name), usize::MAX);
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

/// The rules that killed none; how many each of the others killed is in the JSON form.
fn print_idle(scores: &Scores<'_>) {
    let idle: Vec<_> = scores.iter().filter(|(_, score)| score.kills == 0).collect();
    say!("{} of {} rules killed something", scores.len() - idle.len(), scores.len());
    for (rule, score) in idle {
        let mark = if score.idle.is_some() { ' ' } else { '!' };
        say!(
            "{mark} {rule:8} killed none: {}",
            score.idle.unwrap_or("nothing shows that its check can fail")
        );
    }
}
