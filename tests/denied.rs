//! A target that refuses whoever asks is a run that could not begin (exit 4), not one that decided nothing.

mod binary;

use binary::{Served, command, ran};

#[test]
fn keys_that_the_target_does_not_know_are_exit_4_with_the_remedy() {
    let served = Served::start(&["--keys", "ANOTHER"]);
    let folder = tempfile::tempdir().expect("a folder");
    let mut run = command();
    run.args(["run", "--target", &served.address, "--out"]).arg(folder.path());
    let ran = ran(run);
    assert!(ran.code == 4 && ran.stderr.contains("AWS_ACCESS_KEY_ID"), "{} {}", ran.code, ran.stderr);
}
