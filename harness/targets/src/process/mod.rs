//! Emulators as local processes: started on a free loopback port, watched until healthy, stopped by process group.
//!
//! They are installed by `ci/emulators.sh NAME` under one folder, `NAME/bin/…` each. A run that was killed leaves a
//! note behind by which the next one ends what is left of its processes. Source of the recipes: the emulators' own documentation.

mod group;
mod note;
#[cfg(feature = "docker")]
pub(crate) mod owner;
mod recipe;

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::Instant;

use self::group::Group;
use self::note::Note;
pub(crate) use self::recipe::Recipe;
use crate::TargetError;
use crate::http::{Transport, probe};

/// A running emulator. Dropping it kills its processes at once; [`Process::stop`] lets it end by itself first.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    group: Group,
    note: Option<Note>,
    scratch: PathBuf,
    log: PathBuf,
    /// Where its own lines begin: earlier starts wrote into the same file.
    log_from: usize,
    address: String,
}

/// Where emulators are installed, and where their logs go.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// The folder with one folder per emulator.
    pub(crate) emulators: PathBuf,
    /// The folder for logs.
    pub(crate) logs: PathBuf,
}

/// How long a process may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(3);
/// How often health is asked for.
const PACE: Duration = Duration::from_millis(50);

impl Process {
    /// Starts an emulator and waits until it is healthy.
    pub(crate) async fn start(
        recipe: &Recipe,
        places: &Places,
        patience: Duration,
    ) -> Result<Self, TargetError> {
        // Absolute, since the process gets a working directory of its own.
        let home = places.emulators.join(recipe.name);
        let home = std::path::absolute(&home).unwrap_or(home);
        let program = home.join(recipe.program);
        if !program.is_file() {
            return Err(TargetError::unavailable(
                format!("{} is not installed: there is no {}", recipe.name, program.display()),
                recipe.remedy(),
            ));
        }
        note::sweep(&home);
        // The port was free a moment ago; whoever takes it in between is met by trying again.
        let mut attempts = 3;
        loop {
            attempts -= 1;
            let mut process = Self::spawn(recipe, &home, &program, &places.logs)?;
            match process.ready(recipe, patience).await {
                Ok(()) => return Ok(process),
                Err(error) => {
                    let log = process.log_text();
                    process.stop().await;
                    let lost_port = log.to_ascii_lowercase().contains("address already in use");
                    if attempts == 0 || !lost_port {
                        return Err(error.with_log(&log));
                    }
                }
            }
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its version, as its package says, for emulators that do not tell it themselves.
    pub(crate) fn version(&self) -> Option<String> {
        self.scratch.parent().and_then(|home| package_version(home, self.name))
    }

    /// Ends the emulator: SIGTERM, a grace period, SIGKILL to whatever is left.
    pub(crate) async fn stop(mut self) {
        self.group.terminate();
        let _ = tokio::time::timeout(GRACE, self.child.wait()).await;
        self.end();
        let _ = self.child.wait().await;
    }

    fn spawn(recipe: &Recipe, home: &Path, program: &Path, logs: &Path) -> Result<Self, TargetError> {
        let port = free_port()?;
        let scratch = home.join(format!("scratch-{port}"));
        let log = logs.join(format!("{}.log", recipe.name));
        let file = fs::create_dir_all(logs)
            .and_then(|()| fs::create_dir_all(&scratch))
            .and_then(|()| File::options().create(true).append(true).open(&log))
            .and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) = file.map_err(|error| {
            TargetError::unavailable(
                format!("{} cannot be written: {error}", log.display()),
                "give a folder that can be written with --out",
            )
        })?;
        let log_from = out.metadata().map_or(0, |all| usize::try_from(all.len()).unwrap_or(usize::MAX));
        let child = Command::new(program)
            .args(recipe.arguments(port))
            .envs(recipe.environment(port, &scratch))
            .current_dir(&scratch)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                TargetError::unavailable(
                    format!("{} cannot be started: {error}", program.display()),
                    format!("install it again: {}", recipe.remedy()),
                )
            })?;
        let group = Group::of(child.id().unwrap_or_default());
        let note = Note::write(home, port, &group, &scratch);
        let address = format!("http://127.0.0.1:{port}");
        Ok(Self { name: recipe.name, child, group, note, scratch, log, log_from, address })
    }

    async fn ready(&mut self, recipe: &Recipe, patience: Duration) -> Result<(), TargetError> {
        let transport = Transport::new(false).map_err(TargetError::unusable)?;
        let health = format!("{}{}", self.address, recipe.health);
        let deadline = Instant::now() + patience;
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(TargetError::unavailable(
                    format!("{} ended before it was healthy ({status})", self.name),
                    format!(
                        "see its log {}; install it again: ci/emulators.sh {}",
                        self.log.display(),
                        self.name
                    ),
                ));
            }
            if probe::is_healthy(&transport, &health, Duration::from_secs(2)).await {
                break;
            }
            if Instant::now() >= deadline {
                return Err(TargetError::unavailable(
                    format!("{} was not healthy within {patience:?}", self.name),
                    format!(
                        "see its log {}; give it more time with --start-within if the machine is slow",
                        self.log.display()
                    ),
                ));
            }
            tokio::time::sleep(PACE).await;
        }
        if let Some((page, body)) = recipe.setting() {
            let url = format!("{}{page}", self.address);
            probe::post(&transport, &url, &body, Duration::from_secs(10)).await.map_err(|why| {
                TargetError::unavailable(
                    format!("{} did not take its settings at {page}: {why}", self.name),
                    "use the version that ci/emulators.sh installs",
                )
            })?;
        }
        Ok(())
    }

    fn log_text(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(bytes.get(self.log_from..).unwrap_or_default()).into_owned()
    }

    /// Kills what is left and removes its traces. Does nothing the second time.
    fn end(&mut self) {
        self.group.kill();
        if let Some(note) = self.note.take() {
            note.remove();
            let _ = fs::remove_dir_all(&self.scratch);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// The version in the name of an installed Python package's `.dist-info` folder.
fn package_version(home: &Path, name: &str) -> Option<String> {
    let entries = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
    entries(home.join("lib")).find_map(|python| {
        entries(python.path().join("site-packages")).find_map(|entry| {
            let folder = entry.file_name().into_string().ok()?;
            let (package, version) = folder.strip_suffix(".dist-info")?.rsplit_once('-')?;
            (package == name || package == format!("{name}_core")).then(|| version.to_owned())
        })
    })
}

fn free_port() -> Result<u16, TargetError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| {
            TargetError::unavailable(format!("no free port on 127.0.0.1: {error}"), "free some ports")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_the_package_folder() {
        let home = tempfile::tempdir().unwrap();
        let packages = home.path().join("lib/python3.13/site-packages");
        fs::create_dir_all(packages.join("localstack_core-2026.3.0.dist-info")).unwrap();
        fs::create_dir_all(packages.join("motor-1.0.dist-info")).unwrap();
        assert_eq!(package_version(home.path(), "localstack").as_deref(), Some("2026.3.0"));
        assert_eq!(package_version(home.path(), "moto"), None);
    }
}
