//! What AWS wrote breaks no rule: every recorded history, with and without its definition.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod recordings_loader;

use recordings_loader::{Recording, recordings};
use rules::audit::audit;

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

#[test]
fn every_recorded_history_is_accepted_with_and_without_its_definition() {
    let Some(recordings) = recordings() else {
        println!("skipped: SFN_CONFORMANCE_RECORDINGS names no folder");
        return;
    };
    let mut wrong = Vec::new();
    let mut judged = 0;
    for recording in &recordings {
        wrong.extend(complaints(recording, None));
        wrong.extend(complaints(recording, Some(&recording.definition)));
        judged += 1;
    }
    println!("{judged} histories");
    assert!(judged > 100, "only {judged} histories found");
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn most_recorded_histories_are_replayed_whole() {
    let Some(recordings) = recordings() else {
        println!("skipped: SFN_CONFORMANCE_RECORDINGS names no folder");
        return;
    };
    let unjudged: Vec<String> = recordings
        .iter()
        .filter_map(|recording| {
            let report = audit(&recording.text(), Some(&recording.definition)).ok()?;
            let open = report.advice.iter().find(|advice| advice.rule.is_none())?;
            Some(format!("{}: {}", recording.name, open.message))
        })
        .collect();
    println!("{} of {} not replayed whole:\n{}", unjudged.len(), recordings.len(), unjudged.join("\n"));
    assert!(unjudged.len() * 10 < recordings.len());
}
