//! Emulators in containers, with a stand-in image made of busybox. Tests that need an engine or busybox count as ignored
//! without.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod stand_in;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Trial};
use stand_in::{NEEDS, SERVES, containers_of, docker, image};
use targets::{Environment, Options, TargetError, connect};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixStream};

fn main() -> ExitCode {
    let tests = vec![
        on_image(
            "a_container_is_started_found_healthy_and_removed",
            "serves",
            SERVES,
            a_container_is_started_found_healthy_and_removed,
        ),
        on_image(
            "dropping_the_guard_removes_the_container",
            "dropped",
            SERVES,
            dropping_the_guard_removes_the_container,
        ),
        on_image(
            "a_container_of_a_killed_run_is_removed_by_the_next",
            "orphan",
            SERVES,
            a_container_of_a_killed_run_is_removed_by_the_next,
        ),
        on_image(
            "exit_code_55_is_a_missing_token",
            "token",
            r#"["/bin/busybox","sh","-c","echo license activation failed; exit 55"]"#,
            exit_code_55_is_a_missing_token,
        ),
        on_image(
            "two_containers_at_once_never_want_the_same_port",
            "twice",
            SERVES,
            two_containers_at_once_never_want_the_same_port,
        ),
        on_image(
            "a_container_that_the_engine_cannot_start_is_removed_and_the_reason_told",
            "nothing",
            r#"["/no/such/program"]"#,
            a_container_that_the_engine_cannot_start_is_removed_and_the_reason_told,
        ),
        on_image(
            "a_container_that_is_too_slow_is_removed_and_the_remedy_is_more_time",
            "slow",
            r#"["/bin/busybox","sleep","600"]"#,
            a_container_that_is_too_slow_is_removed_and_the_remedy_is_more_time,
        ),
        on_image(
            "an_image_that_cannot_be_had_names_the_ways_to_get_it",
            "absent",
            SERVES,
            an_image_that_cannot_be_had_names_the_ways_to_get_it,
        ),
        on_image(
            "an_engine_of_today_is_used_through_testcontainers",
            "today",
            SERVES,
            an_engine_of_today_is_used_through_testcontainers,
        ),
        alone(
            "without_an_engine_the_error_says_what_to_start",
            without_an_engine_the_error_says_what_to_start,
        ),
        alone("in_a_process_of_its_own", in_a_process_of_its_own).with_ignored_flag(true),
    ];
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// A test with an image that runs this command. Without one it counts as ignored.
fn on_image<F: Future<Output = ()> + 'static>(
    name: &str,
    tag: &'static str,
    command: &'static str,
    test: fn(String) -> F,
) -> Trial {
    Trial::ignorable_test(name, move || {
        let Some(image) = image(tag, command) else { return Ok(Completion::ignored_with(NEEDS)) };
        block_on(test(image));
        Ok(Completion::Completed)
    })
}

/// A test that needs no image.
fn alone<F: Future<Output = ()> + 'static>(name: &str, test: fn() -> F) -> Trial {
    Trial::test(name, move || {
        block_on(test());
        Ok(())
    })
}

fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

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

async fn a_container_is_started_found_healthy_and_removed(image: String) {
    let logs = tempfile::tempdir().unwrap();
    let connected = connect(&format!("docker:ministack={image}"), &options(logs.path())).await.unwrap();
    assert!(connected.endpoint.as_deref().is_some_and(|address| address.starts_with("http://127.0.0.1:")));
    assert_eq!(containers_of(&image).len(), 1);
    connected.guard.stop().await;
    assert!(containers_of(&image).is_empty());
    assert!(logs.path().join("ministack.container.log").is_file());
}

async fn dropping_the_guard_removes_the_container(image: String) {
    let logs = tempfile::tempdir().unwrap();
    let connected = connect(&format!("docker:ministack={image}"), &options(logs.path())).await.unwrap();
    drop(connected);
    assert!(containers_of(&image).is_empty());
}

async fn a_container_of_a_killed_run_is_removed_by_the_next(image: String) {
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

async fn exit_code_55_is_a_missing_token(image: String) {
    let logs = tempfile::tempdir().unwrap();
    let error = failure(&format!("docker:localstack={image}"), &options(logs.path())).await;
    assert!(error.remedy().contains("LOCALSTACK_AUTH_TOKEN"), "{error}");
    assert!(error.what().contains("license activation failed"), "the log's end is shown: {error}");
    assert!(containers_of(&image).is_empty());
}

async fn two_containers_at_once_never_want_the_same_port(image: String) {
    let logs = tempfile::tempdir().unwrap();
    let spec = format!("docker:ministack={image}");
    let first = connect(&spec, &options(logs.path())).await.unwrap();
    let second = connect(&spec, &options(logs.path())).await.unwrap();
    assert_ne!(first.endpoint, second.endpoint, "the engine gives each a port that is free");
    first.guard.stop().await;
    second.guard.stop().await;
    assert!(containers_of(&image).is_empty());
}

async fn a_container_that_the_engine_cannot_start_is_removed_and_the_reason_told(image: String) {
    let logs = tempfile::tempdir().unwrap();
    let error = failure(&format!("docker:ministack={image}"), &options(logs.path())).await;
    assert!(error.what().contains("/no/such/program"), "{error}");
    assert!(error.remedy().contains("docker run"), "{error}");
    assert!(containers_of(&image).is_empty());
}

async fn a_container_that_is_too_slow_is_removed_and_the_remedy_is_more_time(image: String) {
    let logs = tempfile::tempdir().unwrap();
    let hurried = Options { start_patience: Duration::from_secs(1), ..options(logs.path()) };
    let error = failure(&format!("docker:ministack={image}"), &hurried).await;
    assert!(error.what().contains("not healthy within 1s"), "{error}");
    assert!(error.remedy().contains("--start-within"), "{error}");
    assert!(containers_of(&image).is_empty());
}

async fn an_image_that_cannot_be_had_names_the_ways_to_get_it(_: String) {
    let logs = tempfile::tempdir().unwrap();
    let error = failure("docker:moto=sfn-conformance-no-such-image:0", &options(logs.path())).await;
    assert!(error.remedy().contains("docker pull") && error.remedy().contains("ci/image.sh moto"), "{error}");
}

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

async fn an_engine_of_today_is_used_through_testcontainers(image: String) {
    let own = docker(&["version", "--format", "{{.Server.APIVersion}}"]).unwrap();
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

/// Ignored: another test starts it with an engine of its own.
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
