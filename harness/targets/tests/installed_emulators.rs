//! The sample workflow on real emulators, as far as they are installed: `SFN_CONFORMANCE_EMULATORS` names their folder.

mod sample;

use std::path::PathBuf;

use sample::{EXPECTED, callback_workflow};
use targets::{Environment, Options, Wire, connect};

#[tokio::test]
async fn the_sample_workflow_runs_on_installed_emulators_on_both_wire_paths() {
    let Some(folder) = std::env::var_os("SFN_CONFORMANCE_EMULATORS").map(PathBuf::from) else {
        eprintln!("skipped: SFN_CONFORMANCE_EMULATORS is not set");
        return;
    };
    for name in ["moto", "ministack", "localstack", "fakecloud"] {
        if !folder.join(name).is_dir() {
            eprintln!("skipped: {name} is not installed");
            continue;
        }
        for wire in [Wire::Sdk, Wire::Raw] {
            let logs = folder.join("logs");
            let environment = Environment::default();
            let options =
                Options { wire, emulators: folder.clone(), logs, environment, ..Options::default() };
            let connected = connect(&format!("process:{name}"), &options).await.expect(name);
            eprintln!("{name} {:?} at {:?}", connected.version, connected.endpoint);
            let target = connected.targets.open(0).expect(name);
            let types = callback_workflow(target.as_ref()).await;
            // Whether the history is AWS's is for the rules to say; here it only has to arrive.
            assert_eq!(
                types.last().map(String::as_str),
                EXPECTED.last().copied(),
                "{name} {wire:?}: {types:?}"
            );
            connected.guard.stop().await;
        }
    }
}
