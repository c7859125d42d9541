//! How much is searched.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which plans a run makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Few plans that together meet every core rule that can be met.
    #[default]
    Smoke,
    /// About three times as many, with variants.
    Core,
    /// As many as asked for.
    Full,
}

/// A text that is no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no profile; one of smoke, core, full")]
pub struct NoProfile(String);

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Smoke => "smoke",
            Self::Core => "core",
            Self::Full => "full",
        })
    }
}

impl FromStr for Profile {
    type Err = NoProfile;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "smoke" => Ok(Self::Smoke),
            "core" => Ok(Self::Core),
            "full" => Ok(Self::Full),
            _ => Err(NoProfile(text.to_owned())),
        }
    }
}
