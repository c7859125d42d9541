//! A stand-in for an emulator's image, made of busybox. Without an engine or busybox there is none.
//!
//! Invariant: a test that wants the stand-in where there is none counts as ignored, never as passed.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

/// Answers every request, whatever it asks, with one page, and takes its time if `PACE` says so.
const STAND_IN: &str = r#"#!/bin/busybox sh
while read -r line; do [ "$line" = "$(printf '\r')" ] && break; done
[ -z "$PACE" ] || /bin/busybox sleep "$PACE"
printf 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\nconnection: close\r\n\r\n{"stateMachines":[]}'
"#;

/// Why there is no stand-in.
pub(crate) const NEEDS: &str = "needs a container engine and a static /bin/busybox";

/// The command of an image that answers.
pub(crate) const SERVES: &str = r#"["/bin/busybox","nc","-ll","-p","4566","-e","/answer"]"#;

/// What docker says, where there is one and it does what it is told.
pub(crate) fn docker(arguments: &[&str]) -> Option<String> {
    let output = Command::new("docker").args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// An image of busybox that runs this command.
pub(crate) fn image(tag: &str, command: &str) -> Option<String> {
    let name = format!("sfn-conformance-stand-in:{tag}");
    let made = (|| {
        docker(&["version", "--format", "{{.Server.Version}}"])?;
        let folder = tempfile::tempdir().ok()?;
        fs::create_dir(folder.path().join("bin")).ok()?;
        fs::copy("/bin/busybox", folder.path().join("bin/busybox")).ok()?;
        let answer = folder.path().join("answer");
        fs::write(&answer, STAND_IN).ok()?;
        fs::set_permissions(&answer, fs::Permissions::from_mode(0o755)).ok()?;
        let tar = Command::new("tar").args(["c", "-C"]).arg(folder.path()).arg(".").output().ok()?;
        let change = format!("CMD {command}");
        let mut import = Command::new("docker")
            .args(["import", "-c", &change, "-", &name])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        import.stdin.take()?.write_all(&tar.stdout).ok()?;
        import.wait().ok()?.success().then_some(())
    })();
    made.map(|()| name)
}

/// The containers that were made of an image, running or not.
pub(crate) fn containers_of(image: &str) -> Vec<String> {
    let ids =
        docker(&["ps", "-aq", "--no-trunc", "--filter", &format!("ancestor={image}")]).unwrap_or_default();
    ids.lines().map(str::to_owned).collect()
}
