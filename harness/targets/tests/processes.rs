//! Emulators as processes: started, found healthy, and gone afterwards, whatever happens. With a small stand-in for moto.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up has failed")]
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use targets::{Environment, Options, connect};

/// Plays moto: health page, settings page, one API call. Starts a child, as emulators do for Lambda.
const STAND_IN: &str = r#"#!/usr/bin/env python3
import http.server, os, subprocess, sys
child = subprocess.Popen(["sleep", "300"])
open("pids", "w").write(f"{os.getpid()} {child.pid}")
class Handler(http.server.BaseHTTPRequestHandler):
    configured = False
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.answer(200 if self.path == "/moto-api/data.json" else 404, b"{}")
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/moto-api/config":
            Handler.configured = True
        elif not Handler.configured:
            return self.answer(500, b"settings come first")
        self.answer(200, b'{"stateMachines": []}')
    def log_message(self, *args):
        pass
http.server.HTTPServer((sys.argv[2], int(sys.argv[4])), Handler).serve_forever()
"#;

fn installed(script: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join("moto/bin");
    fs::create_dir_all(&bin).unwrap();
    fs::write(bin.join("moto_server"), script).unwrap();
    fs::set_permissions(bin.join("moto_server"), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn options(folder: &Path, patience: Duration) -> Options {
    Options {
        emulators: folder.to_owned(),
        logs: folder.join("logs"),
        start_patience: patience,
        environment: Environment::default(),
        ..Options::default()
    }
}

/// The numbers that the stand-in wrote down.
fn pids(folder: &Path) -> Vec<u32> {
    let scratch = fs::read_dir(folder.join("moto")).unwrap().flatten().map(|entry| entry.path());
    let files = scratch.map(|path| path.join("pids")).find(|path| path.is_file()).expect("it started");
    fs::read_to_string(files).unwrap().split(' ').map(|pid| pid.parse().unwrap()).collect()
}

fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next()).is_some_and(|state| state != "Z")
}

async fn all_gone(pids: &[u32]) -> bool {
    let begun = Instant::now();
    while pids.iter().any(|pid| runs(*pid)) {
        if begun.elapsed() > Duration::from_secs(5) {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    true
}

fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success())
        && Path::new("/proc/self/stat").exists();
    if !found {
        eprintln!("skipped: needs python3 and /proc");
    }
    found
}

#[tokio::test]
async fn an_emulator_is_started_configured_and_stopped_with_its_children() {
    if !has_python() {
        return;
    }
    let folder = installed(STAND_IN);
    let connected = connect("process:moto", &options(folder.path(), Duration::from_secs(20))).await.unwrap();
    assert_eq!(connected.name, "moto");
    let pids = pids(folder.path());
    assert!(pids.iter().all(|pid| runs(*pid)));
    connected.guard.stop().await;
    assert!(all_gone(&pids).await);
    let left: Vec<_> =
        fs::read_dir(folder.path().join("moto")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["bin"], "no note and no scratch folder stay");
}

#[tokio::test]
async fn dropping_the_guard_is_enough() {
    if !has_python() {
        return;
    }
    let folder = installed(STAND_IN);
    let connected = connect("process:moto", &options(folder.path(), Duration::from_secs(20))).await.unwrap();
    let pids = pids(folder.path());
    drop(connected);
    assert!(all_gone(&pids).await);
}

#[tokio::test]
async fn an_emulator_that_ends_at_once_is_told_with_its_last_lines() {
    let folder = installed("#!/bin/sh\necho no component plugins found >&2\nexit 3\n");
    let Err(error) = connect("process:moto", &options(folder.path(), Duration::from_secs(20))).await else {
        panic!("it cannot have started")
    };
    assert!(
        error.what().contains("ended before it was healthy") && error.what().contains("no component plugins"),
        "{error}"
    );
}

#[tokio::test]
async fn an_emulator_that_is_never_healthy_is_given_up_and_killed() {
    if !has_python() {
        return;
    }
    let folder = installed("#!/bin/sh\ntrap '' TERM\necho $$ > ../pid\nwhile :; do sleep 0.1; done\n");
    let Err(error) = connect("process:moto", &options(folder.path(), Duration::from_millis(700))).await
    else {
        panic!("it cannot have started")
    };
    assert!(error.what().contains("not healthy within"), "{error}");
    let pid = fs::read_to_string(folder.path().join("moto/pid")).unwrap().trim().parse().unwrap();
    assert!(all_gone(&[pid]).await, "SIGKILL follows an ignored SIGTERM");
}

#[tokio::test]
async fn an_emulator_that_is_not_installed_names_the_script() {
    let folder = tempfile::tempdir().unwrap();
    let Err(error) = connect("process:ministack", &options(folder.path(), Duration::from_secs(1))).await
    else {
        panic!("it is not there")
    };
    assert!(error.remedy().contains("ci/emulators.sh ministack"), "{error}");
}

#[tokio::test]
async fn what_a_killed_run_left_is_ended_by_the_next() {
    if !has_python() {
        return;
    }
    let folder = installed(STAND_IN);
    // A run that was killed: its emulator lives, and its note names an owner that does not.
    let scratch = folder.path().join("moto/scratch-1");
    fs::create_dir_all(&scratch).unwrap();
    let mut orphan = std::os::unix::process::CommandExt::process_group(&mut Command::new("sleep"), 0)
        .arg("300")
        .spawn()
        .unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", orphan.id())).unwrap();
    let born: u64 = stat.rsplit(')').next().unwrap().split_whitespace().nth(19).unwrap().parse().unwrap();
    let note = serde_json::json!({"owner": 4_000_000, "owner_born": 1, "leader": orphan.id(), "leader_born": born, "scratch": scratch});
    fs::write(folder.path().join("moto/run-4000000-1.note.json"), note.to_string()).unwrap();
    let connected = connect("process:moto", &options(folder.path(), Duration::from_secs(20))).await.unwrap();
    assert!(all_gone(&[orphan.id()]).await);
    assert!(!scratch.exists());
    connected.guard.stop().await;
    let _ = orphan.wait();
}
