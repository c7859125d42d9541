//! How each emulator is started, as data.

use std::path::Path;

use serde_json::{Value, json};

/// One emulator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe {
    /// Its name, also that of its folder.
    pub(crate) name: &'static str,
    /// The program below its folder.
    pub(super) program: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
    /// The page that answers once it is ready.
    pub(super) health: &'static str,
    setting: Option<fn() -> (&'static str, Value)>,
}

/// `{port}` and `{scratch}` are filled in.
const RECIPES: &[Recipe] = &[
    Recipe {
        name: "moto",
        program: "bin/moto_server",
        arguments: &["-H", "127.0.0.1", "-p", "{port}"],
        environment: &[],
        health: "/moto-api/data.json",
        // Without it, executions are canned and no state machine runs.
        setting: Some(|| {
            let settings =
                json!({"stepfunctions": {"execute_state_machine": true}, "lambda": {"use_docker": false}});
            ("/moto-api/config", settings)
        }),
    },
    Recipe {
        name: "ministack",
        program: "bin/ministack",
        arguments: &[],
        environment: &[("BIND_HOST", "127.0.0.1"), ("GATEWAY_PORT", "{port}"), ("LAMBDA_EXECUTOR", "local")],
        health: "/_localstack/health",
        setting: None,
    },
    Recipe {
        name: "localstack",
        program: "bin/python",
        arguments: &["-m", "localstack.runtime.main"],
        environment: &[
            ("GATEWAY_SERVER", "hypercorn"),
            ("GATEWAY_LISTEN", "127.0.0.1:{port}"),
            ("SERVICES", "stepfunctions,sqs,sns,iam,sts,lambda,events,cloudformation,logs"),
            ("EAGER_SERVICE_LOADING", "0"),
            ("SKIP_SSL_CERT_DOWNLOAD", "1"),
            ("DISABLE_EVENTS", "1"),
            ("DNS_ADDRESS", "0"),
            ("FILESYSTEM_ROOT", "{scratch}"),
        ],
        health: "/_localstack/health",
        setting: None,
    },
    Recipe {
        name: "fakecloud",
        program: "bin/fakecloud",
        arguments: &[],
        environment: &[("FAKECLOUD_ADDR", "127.0.0.1:{port}"), ("FAKECLOUD_LOG", "warn")],
        health: "/_fakecloud/health",
        setting: None,
    },
];

impl Recipe {
    /// How it is installed.
    pub(crate) fn remedy(&self) -> String {
        match self.name {
            // It takes half an hour to build, so the script leaves it out.
            "fakecloud" => "run `cargo install fakecloud --root target/emulators/fakecloud`".to_owned(),
            name => format!("run ci/emulators.sh {name}"),
        }
    }

    /// The emulator of this name.
    pub(crate) fn of(name: &str) -> Option<&'static Self> {
        RECIPES.iter().find(|recipe| recipe.name == name)
    }

    /// Every name, for messages.
    pub(crate) fn names() -> String {
        RECIPES.iter().map(|recipe| recipe.name).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn arguments(&self, port: u16) -> Vec<String> {
        self.arguments.iter().map(|argument| argument.replace("{port}", &port.to_string())).collect()
    }

    pub(super) fn environment(&self, port: u16, scratch: &Path) -> Vec<(&'static str, String)> {
        let scratch = scratch.to_string_lossy();
        self.environment
            .iter()
            .map(|(name, value)| {
                (*name, value.replace("{port}", &port.to_string()).replace("{scratch}", &scratch))
            })
            .collect()
    }

    pub(super) fn setting(&self) -> Option<(&'static str, Value)> {
        self.setting.map(|setting| setting())
    }
}
