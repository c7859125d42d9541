//! The container path of the real binary: exit 4 with the remedy, and no container left however a run ends. The image is a
//! stand-in that answers slowly, so that every run is stopped in the middle; without an engine the tests say that they skip.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it cannot go on without")]

#[expect(dead_code, reason = "each test file uses what it needs")]
mod binary;
mod progress;
#[path = "../harness/targets/tests/stand_in/mod.rs"]
mod stand_in;

use std::path::Path;
use std::process::{Child, Command, Stdio};

use binary::{command, ran};
use progress::await_cases;
use stand_in::{SERVES, containers_of, docker, image};

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

#[test]
fn ctrl_c_leaves_no_container() {
    let Some(image) = slow("ctrl-c") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut child = begin(&image, folder.path());
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert!(
        child.wait().unwrap().code().is_some(),
        "the run ends by itself, whatever the stand-in does wrong"
    );
    assert!(containers_of(&image).is_empty());
    assert!(folder.path().join("ministack.container.log").is_file(), "its log is kept");
}

#[test]
fn the_container_of_a_killed_run_is_swept_by_clean() {
    let Some(image) = slow("killed") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut child = begin(&image, folder.path());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(containers_of(&image).len(), 1, "a kill leaves it");
    let clean = ran(on(&image, "clean", &[]));
    assert_eq!(clean.code, 0, "{}{}", clean.stdout, clean.stderr);
    assert!(containers_of(&image).is_empty());
}

#[test]
fn what_keeps_a_container_from_starting_exits_4_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let mut without = on("anything:0", "run", &["--out", out]);
    without.env("DOCKER_HOST", "tcp://127.0.0.1:1");
    let ran_without = ran(without);
    assert!(ran_without.code == 4 && ran_without.stderr.contains("start Docker"), "{}", ran_without.stderr);
    if docker(&["version", "--format", "{{.Server.Version}}"]).is_none() {
        return;
    }
    let absent = ran(on("sfn-conformance-no-such-image:0", "run", &["--out", out]));
    assert!(absent.code == 4 && absent.stderr.contains("ci/image.sh ministack"), "{}", absent.stderr);
    let Some(image) = image("asleep", r#"["/bin/busybox","sleep","600"]"#) else { return };
    let asleep = ran(on(&image, "run", &["--start-within", "1s", "--out", out]));
    assert!(asleep.code == 4 && asleep.stderr.contains("--start-within"), "{}", asleep.stderr);
    assert!(containers_of(&image).is_empty());
}
