//! The binary under test.

#![expect(clippy::expect_used, reason = "a test may stop at what it cannot go on without")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// What a process said, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary with these arguments, in an environment without this suite's variables.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sfn-conformance"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    for variable in
        ["SFN_CONFORMANCE_TARGET", "SFN_CONFORMANCE_AWS", "NO_COLOR", "COLUMNS", "AWS_ENDPOINT_URL"]
    {
        command.env_remove(variable);
    }
    command
}

/// Runs the binary to its end.
pub(crate) fn sfn_conformance(arguments: &[&str]) -> Ran {
    ran(command(arguments))
}

/// Runs a command to its end.
pub(crate) fn ran(mut command: Command) -> Ran {
    let output = command.output().expect("the binary starts");
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// `serve` on a free port, ended when dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: String,
}

impl Served {
    pub(crate) fn start(more: &[&str]) -> Self {
        let arguments = [&["serve"], more].concat();
        let mut child = command(&arguments).stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut line).expect("serve says where");
        let address = line.trim().strip_prefix("listening on ").expect("serve says where").to_owned();
        Self { child, address }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
