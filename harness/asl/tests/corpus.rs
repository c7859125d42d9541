//! Real state machines that use `.waitForTaskToken`, from public repositories.
//!
//! The folder comes from `SFN_CONFORMANCE_CORPUS`.

#![expect(clippy::unwrap_used, reason = "a broken fixture stops the test")]

mod corpus_files;
#[path = "../../record/tests/outside/mod.rs"]
mod outside;

use std::path::Path;
use std::process::ExitCode;

use asl::{MachineType, Pattern, Severity, State};
use corpus_files::{REFUSED, corpus, fill};

fn callbacks(states: &indexmap::IndexMap<String, State>) -> usize {
    let nested = |state: &State| {
        state
            .branches()
            .iter()
            .chain(state.processor())
            .map(|branch| callbacks(&branch.states))
            .sum::<usize>()
    };
    states
        .values()
        .map(|state| {
            nested(state)
                + usize::from(
                    state.resource().is_some_and(|resource| resource.pattern == Pattern::WaitForTaskToken),
                )
        })
        .sum()
}

fn main() -> ExitCode {
    outside::run(
        outside::CORPUS,
        &[(
            "every_definition_of_the_corpus_parses_and_validates_or_is_refused_for_a_stated_reason",
            every_definition_of_the_corpus_parses_and_validates_or_is_refused_for_a_stated_reason,
        )],
    )
}

fn every_definition_of_the_corpus_parses_and_validates_or_is_refused_for_a_stated_reason(folder: &Path) {
    let corpus = corpus(folder);
    let (mut waiting, mut warnings, mut faults) = (0, 0, Vec::new());
    for (name, mut definition) in corpus.clone() {
        fill(&mut definition, "");
        let text = definition.to_string();
        match asl::parse(&text) {
            Ok(machine) => {
                let here = callbacks(&machine.states);
                waiting += here;
                if here == 0 {
                    faults.push(format!("{name}: no callback found"));
                }
            }
            Err(errors) => faults.push(format!("{name}: {errors:?}")),
        }
        let found = asl::validate(&text, MachineType::Standard);
        let errors: Vec<_> =
            found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).collect();
        warnings += found.len() - errors.len();
        if errors.is_empty() == REFUSED.iter().any(|(refused, _)| *refused == name) {
            faults.push(format!("{name}: {errors:?}"));
        }
    }
    println!(
        "{} definitions, {waiting} callback states, {warnings} warnings, {} refused as listed",
        corpus.len(),
        REFUSED.len()
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
