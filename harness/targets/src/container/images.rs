//! Which image stands for which emulator: the lock file `ci/images.toml`, compiled in.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::TargetError;

/// What is known about an emulator's image.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Image {
    /// Name and tag, with a digest where one is locked; empty where whoever runs it has to say.
    #[serde(rename = "image", default)]
    pub(super) reference: String,
    /// The port that it listens on.
    pub(super) port: u16,
    /// The page that answers once it is ready.
    pub(super) health: String,
    /// Environment variables it starts with.
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    /// Variables handed on from this process's environment, where set.
    #[serde(default)]
    pub(super) pass: Vec<String>,
    /// Whether it wants the container engine's own socket, to run Lambda functions.
    #[serde(default)]
    pub(super) socket: bool,
    /// The user it runs as, where not the image's own.
    #[serde(default)]
    pub(super) user: Option<String>,
    /// A page that takes settings once it is healthy, and the JSON to send there.
    #[serde(default)]
    pub(super) setting: Option<Setting>,
}

/// A settings page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Setting {
    /// Its path.
    pub(super) path: String,
    /// The JSON text.
    pub(super) body: String,
}

const LOCK_FILE: &str = include_str!("../../../../ci/images.toml");

/// The image of an emulator.
pub(super) fn image(name: &str) -> Result<Image, TargetError> {
    let images: BTreeMap<String, Image> = toml::from_str(LOCK_FILE)
        .map_err(|error| TargetError::unavailable(format!("ci/images.toml: {error}"), "repair the file"))?;
    images.get(name).cloned().ok_or_else(|| {
        let names = images.keys().cloned().collect::<Vec<_>>().join(", ");
        TargetError::usage(format!("there is no image for `{name}`"), format!("one of {names}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_names_an_image_for_every_emulator_of_the_command_line() {
        for name in ["localstack", "floci", "ministack", "fakecloud", "moto"] {
            let image = image(name).expect(name);
            assert!(image.health.starts_with('/'), "{image:?}");
            assert!(image.reference.contains(':') || name == "fakecloud", "{image:?}");
            if let Some(setting) = image.setting {
                assert!(serde_json::from_str::<serde_json::Value>(&setting.body).is_ok());
            }
        }
    }

    #[test]
    fn an_unknown_name_is_a_usage_error() {
        assert!(image("kumo").is_err_and(|error| error.is_usage()));
    }
}
