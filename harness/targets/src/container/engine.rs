//! The container engine, spoken to in the newest version of its API that both sides know.
//!
//! testcontainers fixes the version of the API at its own newest, which engines of a few months' age refuse. So a
//! container is started by testcontainers where the engine is new enough, and by the same requests through the same client
//! (bollard, which testcontainers re-exports) where it is not. Everything else goes through that client.

use std::time::Duration;

use futures_util::StreamExt as _;
use testcontainers::bollard::models::{ContainerCreateBody, HostConfig, PortBinding};
use testcontainers::bollard::query_parameters::{
    CreateContainerOptions, CreateImageOptionsBuilder, InspectContainerOptions, ListContainersOptionsBuilder,
    LogsOptionsBuilder, RemoveContainerOptionsBuilder, StartContainerOptions,
};
use testcontainers::bollard::{API_DEFAULT_VERSION, Docker};
use testcontainers::core::{IntoContainerPort as _, Mount};
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{GenericImage, ImageExt as _};

use super::images::Image;
use crate::process::owner;
use crate::{Environment, TargetError};

/// A connection to the engine.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    docker: Docker,
    host: String,
    is_newest: bool,
}

/// Marks what the suite started.
const OWNER: &str = "sfn-conformance.owner";
const SOCKET: &str = "/var/run/docker.sock";

impl Engine {
    /// Finds the engine: `DOCKER_HOST`, or the usual sockets.
    pub(super) async fn connect(environment: &Environment) -> Result<Self, TargetError> {
        let absent = |error: &dyn std::fmt::Display| {
            TargetError::unavailable(
                format!("no container engine answers: {error}"),
                "start Docker or Podman, or set DOCKER_HOST; without one use process:NAME",
            )
        };
        let host = environment.get("DOCKER_HOST");
        let docker = match &host {
            Some(host) => Docker::connect_with_host(host),
            None => Docker::connect_with_socket_defaults(),
        };
        let docker = docker.map_err(|error| absent(&error))?;
        let docker = tokio::time::timeout(Duration::from_secs(10), docker.negotiate_version())
            .await
            .map_err(|error| absent(&error))?
            .map_err(|error| absent(&error))?;
        let version = docker.client_version();
        let is_newest = (version.major_version, version.minor_version)
            == (API_DEFAULT_VERSION.major_version, API_DEFAULT_VERSION.minor_version);
        let host = host
            .and_then(|host| host.parse::<http::Uri>().ok()?.host().map(str::to_owned))
            .filter(|host| !host.is_empty() && !host.starts_with('/'))
            .unwrap_or_else(|| "127.0.0.1".to_owned());
        Ok(Self { docker, host, is_newest })
    }

    /// Removes containers whose owner on this machine is no more.
    pub(super) async fn sweep(&self) {
        let filters = std::iter::once(("label", vec![OWNER.to_owned()])).collect();
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let Ok(containers) = self.docker.list_containers(Some(options)).await else { return };
        for container in containers {
            let label = container.labels.as_ref().and_then(|labels| labels.get(OWNER));
            let is_orphan = label.is_some_and(|label| !owner::may_live(label));
            if let Some(id) = container.id.filter(|_| is_orphan) {
                tracing::info!(id, "removing a container that a killed run left behind");
                self.remove(&id).await;
            }
        }
    }

    /// Makes sure that the image is there.
    pub(super) async fn provide(&self, image: &str, name: &str) -> Result<(), TargetError> {
        if self.docker.inspect_image(image).await.is_ok() {
            return Ok(());
        }
        let options = CreateImageOptionsBuilder::new().from_image(image).build();
        let mut progress = Box::pin(self.docker.create_image(Some(options), None, None));
        while let Some(step) = progress.next().await {
            step.map_err(|error| {
                TargetError::unavailable(
                    format!("the image {image} is not here and cannot be pulled: {error}"),
                    format!("docker pull {image}, or build one: ci/image.sh {name}"),
                )
            })?;
        }
        Ok(())
    }

    /// Starts a container and gives its id.
    pub(super) async fn start(
        &self,
        name: &str,
        image: &Image,
        environment: &Environment,
    ) -> Result<String, TargetError> {
        let passed = image.pass.iter().filter_map(|name| Some((name.clone(), environment.get(name)?)));
        let variables: Vec<(String, String)> = image.environment.clone().into_iter().chain(passed).collect();
        let started = if self.is_newest {
            start_through_testcontainers(image, &variables).await
        } else {
            self.start_directly(image, &variables).await
        };
        started.map_err(|why| {
            TargetError::unavailable(
                format!("the container of {name} cannot be started: {why}"),
                format!("try it by hand: docker run --rm {}", image.reference),
            )
        })
    }

    /// The exit code of a container that has ended.
    pub(super) async fn exit_code(&self, id: &str) -> Result<Option<i64>, TargetError> {
        let state = self.inspect(id).await?.state.unwrap_or_default();
        Ok(if state.running == Some(true) { None } else { state.exit_code })
    }

    /// The address of a container's port on this machine, once it is mapped.
    pub(super) async fn address(&self, id: &str, port: u16) -> Result<Option<String>, TargetError> {
        let ports = self.inspect(id).await?.network_settings.and_then(|settings| settings.ports);
        let bindings = ports.and_then(|ports| ports.get(&format!("{port}/tcp")).cloned()).flatten();
        let mapped = bindings.into_iter().flatten().find_map(|binding| binding.host_port);
        Ok(mapped.map(|port| format!("http://{}:{port}", self.host)))
    }

    /// What a container wrote, both streams.
    pub(super) async fn log(&self, id: &str) -> String {
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail("2000").build();
        let mut lines = Box::pin(self.docker.logs(id, Some(options)));
        let mut text = String::new();
        while let Some(Ok(line)) = lines.next().await {
            text.push_str(&String::from_utf8_lossy(line.as_ref()));
        }
        text
    }

    /// Removes a container and its volumes.
    pub(super) async fn remove(&self, id: &str) {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        if let Err(error) = self.docker.remove_container(id, Some(options)).await {
            tracing::warn!(%error, id, "a container was not removed; the next run tries again");
        }
    }

    /// Removes a container from where nothing can be awaited.
    pub(super) fn remove_now(&self, id: &str) {
        let (engine, id) = (self.clone(), id.to_owned());
        let removal = std::thread::spawn(move || {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
                runtime.block_on(engine.remove(&id));
            }
        });
        let _ = removal.join();
    }

    async fn inspect(
        &self,
        id: &str,
    ) -> Result<testcontainers::bollard::models::ContainerInspectResponse, TargetError> {
        self.docker.inspect_container(id, None::<InspectContainerOptions>).await.map_err(|error| {
            TargetError::unavailable(
                format!("the container engine lost the container {id}: {error}"),
                "check that the engine runs",
            )
        })
    }

    async fn start_directly(&self, image: &Image, variables: &[(String, String)]) -> Result<String, String> {
        let port = format!("{}/tcp", image.port);
        let any_port = PortBinding { host_ip: Some(self.bind_address()), host_port: Some(String::new()) };
        let host_config = HostConfig {
            port_bindings: Some(std::iter::once((port.clone(), Some(vec![any_port]))).collect()),
            binds: image.socket.then(|| vec![format!("{SOCKET}:{SOCKET}")]),
            ..HostConfig::default()
        };
        let body = ContainerCreateBody {
            image: Some(image.reference.clone()),
            env: Some(variables.iter().map(|(name, value)| format!("{name}={value}")).collect()),
            labels: Some(std::iter::once((OWNER.to_owned(), owner::label())).collect()),
            exposed_ports: Some(vec![port]),
            user: image.user.clone(),
            host_config: Some(host_config),
            ..ContainerCreateBody::default()
        };
        let created = self
            .docker
            .create_container(None::<CreateContainerOptions>, body)
            .await
            .map_err(|error| error.to_string())?;
        match self.docker.start_container(&created.id, None::<StartContainerOptions>).await {
            Ok(()) => Ok(created.id),
            Err(error) => {
                self.remove(&created.id).await;
                Err(error.to_string())
            }
        }
    }

    /// Loopback only, unless the engine is on another machine.
    fn bind_address(&self) -> String {
        if self.host == "127.0.0.1" { self.host.clone() } else { "0.0.0.0".to_owned() }
    }
}

async fn start_through_testcontainers(
    image: &Image,
    variables: &[(String, String)],
) -> Result<String, String> {
    let (name, tag) = split(&image.reference);
    let mut request = GenericImage::new(name, tag)
        .with_exposed_port(image.port.tcp())
        .with_label(OWNER, owner::label())
        .with_startup_timeout(Duration::from_secs(60));
    for (name, value) in variables {
        request = request.with_env_var(name, value);
    }
    if image.socket {
        request = request.with_mount(Mount::bind_mount(SOCKET, SOCKET));
    }
    if let Some(user) = &image.user {
        request = request.with_user(user);
    }
    let container = request.start().await.map_err(|error| error.to_string())?;
    let id = container.id().to_owned();
    // Removal is this module's, by id: testcontainers' own needs a runtime in Drop.
    std::mem::forget(container);
    Ok(id)
}

/// `name:tag`, where the name may hold a registry's port and the tag a digest.
fn split(image: &str) -> (&str, &str) {
    let end_of_name = image.find('@').unwrap_or(image.len());
    let (named, _) = image.split_at(end_of_name);
    match named.rfind(':') {
        Some(at) if !named.get(at..).unwrap_or_default().contains('/') => {
            (image.get(..at).unwrap_or(image), image.get(at + 1..).unwrap_or("latest"))
        }
        _ => (image, "latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_split_into_name_and_tag() {
        assert_eq!(split("a/b:1.2"), ("a/b", "1.2"));
        assert_eq!(split("registry.test:5000/b"), ("registry.test:5000/b", "latest"));
        assert_eq!(split("a/b:1@sha256:00"), ("a/b", "1@sha256:00"));
    }
}
