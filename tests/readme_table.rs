//! The README's table of what emulators do otherwise says what their baselines say, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use engine::Baseline;
use rules::{VerdictKind, registry};

const EMULATORS: [&str; 3] = ["moto", "ministack", "localstack"];
const BEGINS: &str = "<!-- table: tests/readme_table.rs -->\n";
const ENDS: &str = "<!-- end of table -->";

#[test]
fn the_readme_shows_what_the_baselines_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let baselines =
        EMULATORS.map(|name| Baseline::read(&root.join(format!("fixtures/baselines/{name}.toml"))).unwrap());
    let expected = table(&baselines);
    let path = root.join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGINS).expect("the README marks where the table begins");
    let (shown, after) = rest.split_once(ENDS).expect("the README marks where the table ends");
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&path, format!("{before}{BEGINS}{expected}{ENDS}{after}")).unwrap();
        return;
    }
    assert_eq!(shown, expected, "UPDATE_README=1 cargo test --test readme_table writes it anew");
}

fn table(baselines: &[Baseline; 3]) -> String {
    let marks = baselines.each_ref().map(marks);
    let judged: BTreeSet<&str> = rules::checks().iter().map(|check| check.rule).collect();
    let broken = EMULATORS.iter().zip(&marks).map(|(name, marks)| format!("{name} breaks {}", marks.len()));
    let broken = broken.collect::<Vec<_>>().join(", ");
    let mut out = format!("Of the {} rules that are judged, {broken}", judged.len());
    out.push_str(".\n\n<details><summary>Rule by rule</summary>\n\n| rule | what it demands |");
    for (name, baseline) in EMULATORS.iter().zip(baselines) {
        let _ = write!(out, " {name} {} |", baseline.version);
    }
    out.push_str("\n| --- | --- |");
    out.push_str(&" --- |".repeat(EMULATORS.len()));
    let broken: BTreeSet<&str> = marks.iter().flat_map(|marks| marks.keys().copied()).collect();
    for rule in registry::rules().iter().filter(|rule| broken.contains(rule.id.as_str())) {
        let _ = write!(out, "\n| {} | {} |", rule.id, rule.title.replace('|', "\\|"));
        for marks in &marks {
            let _ = write!(out, " {} |", marks.get(rule.id.as_str()).unwrap_or(&""));
        }
    }
    out + "\n\n</details>\n"
}

/// The rules that a baseline knows to be broken: always, or in some runs only.
fn marks(baseline: &Baseline) -> BTreeMap<&str, &'static str> {
    let mut marks = BTreeMap::new();
    for known in baseline.entry.iter().filter(|known| known.verdict == VerdictKind::Violated) {
        let mark = marks.entry(known.rule.as_str()).or_insert("(✗)");
        if !known.sometimes {
            *mark = "✗";
        }
    }
    marks
}
