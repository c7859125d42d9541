//! Emulators in containers, with a stand-in image made of busybox. Without an engine or busybox the tests say that they skip.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![cfg(feature = "docker")]

mod stand_in;

use std::path::Path;
use std::time::Duration;

use stand_in::{SERVES, containers_of, docker, image};
use targets::{Environment, Options, TargetError, connect};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixStream};

fn options(logs: &Path) -> Options {
    Options {
        logs: logs.to_owned(),
        start_patience: Duration::from_secs(20),
        environment: Environment::default(),
        ..Options::default()
    }
}

async fn failure(spec: &str, options: &Options) -> TargetError {
    match connect(spec, options).await {
        Ok(_) => panic!("{spec} was taken for a target"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_container_is_started_found_healthy_and_removed() {
    let Some(image) = image("serves", SERVES) else { return };
    let logs = tempfile::tempdir().unwrap();
    let connected = connect(&format!("docker:ministack={image}"), &options(logs.path())).await.unwrap();
    assert!(connected.endpoint.as_deref().is_some_and(|address| address.starts_with("http://127.0.0.1:")));
    assert_eq!(containers_of(&image).len(), 1);
    connected.guard.stop().await;
    assert!(containers_of(&image).is_empty());
    assert!(logs.path().join("ministack.container.log").is_file());
}

#[tokio::test]
async fn dropping_the_guard_removes_the_container() {
    let Some(image) = image("dropped", SERVES) else { return };
    let logs = tempfile::tempdir().unwrap();
    let connected = connect(&format!("docker:ministack={image}"), &options(logs.path())).await.unwrap();
    drop(connected);
    assert!(containers_of(&image).is_empty());
}

#[tokio::test]
async fn a_container_of_a_killed_run_is_removed_by_the_next() {
    let Some(image) = image("orphan", SERVES) else { return };
    let logs = tempfile::tempdir().unwrap();
    let spec = format!("docker:ministack={image}");
    let connected = connect(&spec, &options(logs.path())).await.unwrap();
    let own = containers_of(&image).pop().unwrap();
    let label =
        docker(&["inspect", "-f", "{{index .Config.Labels \"sfn-conformance.owner\"}}", &own]).unwrap();
    let machine = label.rsplitn(3, '/').nth(2).unwrap();
    let dead = format!("sfn-conformance.owner={machine}/4000000/1");
    let orphan = docker(&["run", "-d", "--label", &dead, &image]).unwrap();
    let second = connect(&spec, &options(logs.path())).await.unwrap();
    assert!(!containers_of(&image).contains(&orphan), "the orphan is gone");
    assert!(containers_of(&image).contains(&own), "a living owner's container stays");
    second.guard.stop().await;
    connected.guard.stop().await;
}

#[tokio::test]
async fn exit_code_55_is_a_missing_token() {
    let Some(image) =
        image("token", r#"["/bin/busybox","sh","-c","echo license activation failed; exit 55"]"#)
    else {
        return;
    };
    let logs = tempfile::tempdir().unwrap();
    let error = failure(&format!("docker:localstack={image}"), &options(logs.path())).await;
    assert!(error.remedy().contains("LOCALSTACK_AUTH_TOKEN"), "{error}");
    assert!(error.what().contains("license activation failed"), "the log's end is shown: {error}");
    assert!(containers_of(&image).is_empty());
}

#[tokio::test]
async fn two_containers_at_once_never_want_the_same_port() {
    let Some(image) = image("twice", SERVES) else { return };
    let logs = tempfile::tempdir().unwrap();
    let spec = format!("docker:ministack={image}");
    let first = connect(&spec, &options(logs.path())).await.unwrap();
    let second = connect(&spec, &options(logs.path())).await.unwrap();
    assert_ne!(first.endpoint, second.endpoint, "the engine gives each a port that is free");
    first.guard.stop().await;
    second.guard.stop().await;
    assert!(containers_of(&image).is_empty());
}

#[tokio::test]
async fn a_container_that_the_engine_cannot_start_is_removed_and_the_reason_told() {
    let Some(image) = image("nothing", r#"["/no/such/program"]"#) else { return };
    let logs = tempfile::tempdir().unwrap();
    let error = failure(&format!("docker:ministack={image}"), &options(logs.path())).await;
    assert!(error.what().contains("/no/such/program"), "{error}");
    assert!(error.remedy().contains("docker run"), "{error}");
    assert!(containers_of(&image).is_empty());
}

#[tokio::test]
async fn a_container_that_is_too_slow_is_removed_and_the_remedy_is_more_time() {
    let Some(image) = image("slow", r#"["/bin/busybox","sleep","600"]"#) else { return };
    let logs = tempfile::tempdir().unwrap();
    let hurried = Options { start_patience: Duration::from_secs(1), ..options(logs.path()) };
    let error = failure(&format!("docker:ministack={image}"), &hurried).await;
    assert!(error.what().contains("not healthy within 1s"), "{error}");
    assert!(error.remedy().contains("--start-within"), "{error}");
    assert!(containers_of(&image).is_empty());
}

#[tokio::test]
async fn an_image_that_cannot_be_had_names_the_ways_to_get_it() {
    if docker(&["version", "--format", "{{.Server.Version}}"]).is_none() {
        eprintln!("skipped: needs a container engine");
        return;
    }
    let logs = tempfile::tempdir().unwrap();
    let error = failure("docker:moto=sfn-conformance-no-such-image:0", &options(logs.path())).await;
    assert!(error.remedy().contains("docker pull") && error.remedy().contains("ci/image.sh moto"), "{error}");
}

#[tokio::test]
async fn without_an_engine_the_error_says_what_to_start() {
    let logs = tempfile::tempdir().unwrap();
    let environment = Environment::of([("DOCKER_HOST", "tcp://127.0.0.1:1")]);
    let error = failure("docker:localstack", &Options { environment, ..options(logs.path()) }).await;
    assert!(error.what().contains("no container engine answers"), "{error}");
    assert!(error.remedy().contains("process:NAME"), "{error}");
}

/// An engine of today, played by the one that is here: the newest version of the API in front, this engine's own behind.
/// Both texts have the same length, so bytes can be replaced as they pass.
async fn engine_of_today(own: &str, newest: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let asked = (format!("/v{newest}/"), format!("/v{own}/"));
    let told = (format!("\"ApiVersion\":\"{own}\""), format!("\"ApiVersion\":\"{newest}\""));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let engine = UnixStream::connect("/var/run/docker.sock").await.unwrap();
            let (client_reads, client_writes) = client.into_split();
            let (engine_reads, engine_writes) = engine.into_split();
            tokio::spawn(pass(client_reads, engine_writes, asked.clone()));
            tokio::spawn(pass(engine_reads, client_writes, told.clone()));
        }
    });
    address
}

async fn pass(
    mut from: impl tokio::io::AsyncRead + Unpin,
    mut to: impl tokio::io::AsyncWrite + Unpin,
    (old, new): (String, String),
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let bytes = &mut buffer[..count];
        while let Some(at) = bytes.windows(old.len()).position(|window| window == old.as_bytes()) {
            bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
        }
        if to.write_all(bytes).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

const NEWEST: &str = "1.53";

#[tokio::test]
async fn an_engine_of_today_is_used_through_testcontainers() {
    let Some(own) = docker(&["version", "--format", "{{.Server.APIVersion}}"]) else {
        eprintln!("skipped: needs a container engine");
        return;
    };
    let Some(image) = image("today", SERVES) else { return };
    let engine = engine_of_today(&own, NEWEST).await;
    // testcontainers reads DOCKER_HOST from the process's own environment, so the case runs in one of its own.
    let child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "in_a_process_of_its_own", "--nocapture"])
        .env("DOCKER_HOST", &engine)
        .env("STAND_IN_IMAGE", &image)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{said}{}", String::from_utf8_lossy(&child.stderr));
    assert!(said.contains("labelled by testcontainers: true"), "{said}");
    assert!(containers_of(&image).is_empty());
}

#[tokio::test]
#[ignore = "started by another test with an engine of its own"]
async fn in_a_process_of_its_own() {
    let Ok(image) = std::env::var("STAND_IN_IMAGE") else { return };
    let logs = tempfile::tempdir().unwrap();
    let options = Options { environment: Environment::of_process(), ..options(logs.path()) };
    let connected = connect(&format!("docker:ministack={image}"), &options).await.unwrap();
    let id = containers_of(&image).pop().unwrap();
    let labels = docker(&["inspect", "-f", "{{json .Config.Labels}}", &id]).unwrap();
    println!("labelled by testcontainers: {}", labels.contains("org.testcontainers.managed-by"));
    connected.guard.stop().await;
}
