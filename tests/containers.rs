//! The container path of the real binary: exit 4 with the remedy, and no container left however a run ends. The image is a
//! stand-in that answers slowly, so that every run is stopped in the middle; tests that need an engine or busybox count as ignored without.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it cannot go on without")]

#[expect(dead_code, reason = "each test file uses what it needs")]
mod binary;
mod progress;
#[path = "../harness/targets/tests/stand_in/mod.rs"]
mod stand_in;

use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use binary::{command, ran};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use progress::await_cases;
use stand_in::{NEEDS, SERVES, containers_of, image};

fn main() -> ExitCode {
    let tests = vec![
        Trial::ignorable_test("ctrl_c_leaves_no_container", || {
            on_image(slow("ctrl-c"), ctrl_c_leaves_no_container)
        }),
        Trial::ignorable_test("the_container_of_a_killed_run_is_swept_by_clean", || {
            on_image(slow("killed"), the_container_of_a_killed_run_is_swept_by_clean)
        }),
        Trial::test("without_an_engine_a_run_exits_4_with_the_remedy", || {
            without_an_engine_a_run_exits_4_with_the_remedy();
            Ok(())
        }),
        Trial::ignorable_test("what_keeps_a_container_from_starting_exits_4_with_the_remedy", || {
            let asleep = image("asleep", r#"["/bin/busybox","sleep","600"]"#);
            on_image(asleep, what_keeps_a_container_from_starting_exits_4_with_the_remedy)
        }),
    ];
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// Runs a test with its image. Without one it counts as ignored.
#[expect(clippy::unnecessary_wraps, reason = "what a trial returns")]
fn on_image(image: Option<String>, test: fn(&str)) -> Result<Completion, Failed> {
    let Some(image) = image else { return Ok(Completion::ignored_with(NEEDS)) };
    test(&image);
    Ok(Completion::Completed)
}

/// A second for each answer.
fn slow(tag: &str) -> Option<String> {
    let serves = SERVES.strip_prefix('[').unwrap();
    image(tag, &format!(r#"["/bin/busybox","env","PACE=1",{serves}"#))
}

fn on(image: &str, verb: &str, more: &[&str]) -> Command {
    command(&[&[verb, "--target", &format!("docker:ministack={image}")], more].concat())
}

/// A run whose first plan has been judged, with the rest before it.
fn begin(image: &str, out: &Path) -> Child {
    let mut run = on(image, "run", &["--quiet", "--jobs", "1", "--out", out.to_str().unwrap()]);
    let child = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    await_cases(out, 1);
    assert_eq!(containers_of(image).len(), 1, "one container for the whole run");
    child
}

fn ctrl_c_leaves_no_container(image: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut child = begin(image, folder.path());
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert!(
        child.wait().unwrap().code().is_some(),
        "the run ends by itself, whatever the stand-in does wrong"
    );
    assert!(containers_of(image).is_empty());
    assert!(folder.path().join("ministack.container.log").is_file(), "its log is kept");
}

fn the_container_of_a_killed_run_is_swept_by_clean(image: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut child = begin(image, folder.path());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(containers_of(image).len(), 1, "a kill leaves it");
    let clean = ran(on(image, "clean", &[]));
    assert_eq!(clean.code, 0, "{}{}", clean.stdout, clean.stderr);
    assert!(containers_of(image).is_empty());
}

fn without_an_engine_a_run_exits_4_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = on("anything:0", "run", &["--out", folder.path().to_str().unwrap()]);
    run.env("DOCKER_HOST", "tcp://127.0.0.1:1");
    let ran = ran(run);
    assert!(ran.code == 4 && ran.stderr.contains("start Docker"), "{}", ran.stderr);
}

fn what_keeps_a_container_from_starting_exits_4_with_the_remedy(asleep: &str) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let absent = ran(on("sfn-conformance-no-such-image:0", "run", &["--out", out]));
    assert!(absent.code == 4 && absent.stderr.contains("ci/image.sh ministack"), "{}", absent.stderr);
    let slow = ran(on(asleep, "run", &["--start-within", "1s", "--out", out]));
    assert!(slow.code == 4 && slow.stderr.contains("--start-within"), "{}", slow.stderr);
    assert!(containers_of(asleep).is_empty());
}
