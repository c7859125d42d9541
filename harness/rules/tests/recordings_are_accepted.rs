//! What AWS wrote breaks no rule: every recorded history, with and without its definition.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

#[path = "../../record/tests/outside/mod.rs"]
mod outside;
mod recordings_loader;

use std::path::Path;
use std::process::ExitCode;

use recordings_loader::{Recording, recordings_in};
use rules::audit::audit;

fn main() -> ExitCode {
    outside::run(
        outside::RECORDINGS,
        &[
            (
                "every_recorded_history_is_accepted_with_and_without_its_definition",
                every_recorded_history_is_accepted_with_and_without_its_definition,
            ),
            ("most_recorded_histories_are_replayed_whole", most_recorded_histories_are_replayed_whole),
        ],
    )
}

fn complaints(recording: &Recording, definition: Option<&str>) -> Vec<String> {
    let how = if definition.is_some() { "with" } else { "without" };
    let report = match audit(&recording.text(), definition) {
        Ok(report) => report,
        Err(error) => return vec![format!("{} {how} definition: {error}", recording.name)],
    };
    report
        .violations
        .into_iter()
        .map(|found| {
            format!(
                "{} {how} definition: {} at {:?}: {}",
                recording.name, found.rule, found.event, found.message
            )
        })
        .collect()
}

fn every_recorded_history_is_accepted_with_and_without_its_definition(folder: &Path) {
    let recordings = recordings_in(folder);
    let mut wrong = Vec::new();
    let mut judged = 0;
    for recording in &recordings {
        wrong.extend(complaints(recording, None));
        if let Some(definition) = &recording.definition {
            wrong.extend(complaints(recording, Some(definition)));
        }
        judged += 1;
    }
    println!("{judged} histories");
    assert!(judged > 100, "only {judged} histories found");
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}

fn most_recorded_histories_are_replayed_whole(folder: &Path) {
    let recordings = recordings_in(folder);
    let unjudged: Vec<String> = recordings
        .iter()
        .filter_map(|recording| {
            let report = audit(&recording.text(), recording.definition.as_deref()).ok()?;
            let open = report.advice.iter().find(|advice| advice.rule.is_none())?;
            Some(format!("{}: {}", recording.name, open.message))
        })
        .collect();
    println!("{} of {} not replayed whole:\n{}", unjudged.len(), recordings.len(), unjudged.join("\n"));
    assert!(unjudged.len() * 10 < recordings.len());
}
