//! What tests read from outside the repository: AWS's recordings and a corpus of definitions, in folders that the
//! environment names. Tests of several crates take it in by its path.
//!
//! Invariant: where a folder is absent its tests count as ignored, never as passed.

#![allow(dead_code, clippy::allow_attributes, reason = "each test uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Trial};

/// The variable that names the folder of recordings.
pub(crate) const RECORDINGS: &str = "SFN_CONFORMANCE_RECORDINGS";

/// The variable that names the folder of definitions.
pub(crate) const CORPUS: &str = "SFN_CONFORMANCE_CORPUS";

/// The folder that the variable names, if it names one.
#[expect(clippy::disallowed_methods, reason = "the folder's path comes from the environment")]
pub(crate) fn folder(variable: &str) -> Option<PathBuf> {
    std::env::var(variable).ok().filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// The JSON files of a folder in the order of their names: name without ending, text. What cannot be read is named and left out.
pub(crate) fn json_files(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path);
        Some((name, text.inspect_err(|why| println!("skipped {}: {why}", path.display())).ok()?))
    };
    files.into_iter().filter_map(read).collect()
}

/// A test that reads a folder.
pub(crate) type Test = (&'static str, fn(&Path));

/// Runs tests over the folder that the variable names.
pub(crate) fn run(variable: &'static str, tests: &[Test]) -> ExitCode {
    let trial = |(name, test): &Test| {
        let test = *test;
        Trial::ignorable_test(*name, move || {
            let Some(folder) = folder(variable) else {
                return Ok(Completion::ignored_with(format!("{variable} names no folder")));
            };
            test(&folder);
            Ok(Completion::Completed)
        })
    };
    libtest_mimic::run(&Arguments::from_args(), tests.iter().map(trial).collect()).exit_code()
}
