//! Emulators in containers, through testcontainers and its engine client.
//!
//! Every container carries labels with its owner; the next run removes those whose owner is gone, since testcontainers
//! for Rust has no reaper. Engine or image absent, start-up too slow, a missing token: errors with a remedy.

mod engine;
mod images;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use self::engine::Engine;
use self::images::Image;
use crate::http::{Transport, probe};
use crate::{Options, TargetError};

/// A running container. Dropping it removes the container; [`Container::stop`] keeps its log first.
#[derive(Debug)]
pub(crate) struct Container {
    engine: Engine,
    id: String,
    address: String,
    log: PathBuf,
    is_removed: bool,
}

/// LocalStack's exit code without the token that its newer images ask for.
const TOKEN_MISSING: i64 = 55;
/// How often health is asked for.
const PACE: Duration = Duration::from_millis(100);

/// Starts the emulator of this name and waits until it is healthy.
pub(crate) async fn start(
    name: &str,
    other_image: Option<&str>,
    options: &Options,
) -> Result<Container, TargetError> {
    let mut image = images::image(name)?;
    if let Some(other) = other_image {
        other.clone_into(&mut image.reference);
    }
    if image.reference.is_empty() {
        return Err(TargetError::usage(
            format!("no image is known for {name}: it is published outside of the engine's default registry"),
            format!("say which: docker:{name}=IMAGE"),
        ));
    }
    let engine = Engine::connect(&options.environment).await?;
    engine.sweep().await;
    engine.provide(&image.reference, name).await?;
    let id = engine.start(name, &image, &options.environment).await?;
    let log = options.logs.join(format!("{name}.container.log"));
    let mut container = Container { engine, id, address: String::new(), log, is_removed: false };
    match container.ready(name, &image, options.start_patience).await {
        Ok(()) => Ok(container),
        Err(error) => {
            let log = container.engine.log(&container.id).await;
            container.stop().await;
            Err(error.with_log(&log))
        }
    }
}

impl Container {
    /// Where it listens, seen from this process.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Keeps its log and removes it.
    pub(crate) async fn stop(mut self) {
        let log = self.engine.log(&self.id).await;
        if let Err(error) = write(&self.log, &log) {
            tracing::warn!(%error, path = %self.log.display(), "the container's log was not kept");
        }
        self.engine.remove(&self.id).await;
        self.is_removed = true;
    }

    async fn ready(&mut self, name: &str, image: &Image, patience: Duration) -> Result<(), TargetError> {
        let transport = Transport::new(false).map_err(TargetError::unusable)?;
        let deadline = Instant::now() + patience;
        loop {
            if let Some(code) = self.engine.exit_code(&self.id).await? {
                return Err(ended(name, &image.reference, code));
            }
            if self.address.is_empty() {
                self.address = self.engine.address(&self.id, image.port).await?.unwrap_or_default();
            }
            let health = format!("{}{}", self.address, image.health);
            if !self.address.is_empty()
                && probe::is_healthy(&transport, &health, Duration::from_secs(2)).await
            {
                break;
            }
            if Instant::now() >= deadline {
                return Err(TargetError::unavailable(
                    format!("the container of {name} was not healthy within {patience:?}"),
                    "give it more time with --start-within, or look at its log in the run directory",
                ));
            }
            tokio::time::sleep(PACE).await;
        }
        let Some(setting) = &image.setting else { return Ok(()) };
        let url = format!("{}{}", self.address, setting.path);
        let body = serde_json::from_str(&setting.body).unwrap_or_default();
        probe::post(&transport, &url, &body, Duration::from_secs(10)).await.map_err(|why| {
            TargetError::unavailable(
                format!("{name} did not take its settings at {}: {why}", setting.path),
                "use the image of ci/images.toml",
            )
        })
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if !self.is_removed {
            self.engine.remove_now(&self.id);
        }
    }
}

fn ended(name: &str, image: &str, code: i64) -> TargetError {
    if code == TOKEN_MISSING {
        return TargetError::unavailable(
            format!("{image} ended with code 55: LocalStack's newer images need an auth token"),
            "set LOCALSTACK_AUTH_TOKEN, or use docker:localstack=localstack/localstack:4.14.0, the last that needs none",
        );
    }
    TargetError::unavailable(
        format!("the container of {name} ended with code {code} before it was healthy"),
        format!("try it by hand: docker run --rm {image}"),
    )
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_code_55_is_told_as_a_missing_token() {
        let error = ended("localstack", "localstack/localstack:latest", 55);
        assert!(error.remedy().contains("LOCALSTACK_AUTH_TOKEN"), "{error}");
        assert!(!ended("localstack", "x:1", 1).remedy().contains("LOCALSTACK_AUTH_TOKEN"));
    }
}
