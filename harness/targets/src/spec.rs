//! What `--target` may say.

use std::fmt;
use std::str::FromStr;

use crate::TargetError;

/// A target as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spec {
    /// `embedded`
    Embedded,
    /// `mutant:NAME`: a wrong variant of the embedded region.
    Mutant(String),
    /// `variant:NAME`: a variant of the embedded region, lawful or wrong.
    Variant(String),
    /// `http://host:port` or `https://…`
    Http(String),
    /// `process:NAME`: an emulator that `ci/emulators.sh` installed.
    Process(String),
    /// `docker:NAME[=IMAGE]`
    Docker {
        /// The emulator.
        name: String,
        /// Another image than the lock file's.
        image: Option<String>,
    },
    /// `aws[:region]`
    Aws {
        /// The region; from the environment if absent.
        region: Option<String>,
    },
}

const FORMS: &str = "embedded, http://HOST:PORT, https://HOST, process:NAME, docker:NAME[=IMAGE], aws[:REGION], \
                     mutant:NAME, variant:NAME";

impl FromStr for Spec {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |why: &str| {
            Err(TargetError::usage(format!("`{text}` is not a target: {why}"), format!("one of {FORMS}")))
        };
        if text.starts_with("http://") || text.starts_with("https://") {
            let uri: http::Uri = match text.parse() {
                Ok(uri) => uri,
                Err(error) => return wrong(&error.to_string()),
            };
            if uri.authority().is_none_or(|authority| authority.host().is_empty()) {
                return wrong("it has no host");
            }
            if uri.query().is_some() {
                return wrong("an endpoint has no query string");
            }
            return Ok(Self::Http(text.trim_end_matches('/').to_owned()));
        }
        let (kind, rest) = text.split_once(':').map_or((text, None), |(kind, rest)| (kind, Some(rest)));
        match (kind, rest.filter(|rest| !rest.is_empty())) {
            ("embedded", None) if rest.is_none() => Ok(Self::Embedded),
            ("mutant", Some(name)) => Ok(Self::Mutant(name.to_owned())),
            ("variant", Some(name)) => Ok(Self::Variant(name.to_owned())),
            ("process", Some(name)) => Ok(Self::Process(name.to_owned())),
            ("docker", Some(rest)) => match rest.split_once('=') {
                None => Ok(Self::Docker { name: rest.to_owned(), image: None }),
                Some((name, image)) if !name.is_empty() && !image.is_empty() => {
                    Ok(Self::Docker { name: name.to_owned(), image: Some(image.to_owned()) })
                }
                Some(_) => wrong("an image is given as docker:NAME=IMAGE"),
            },
            ("aws", region) => {
                if region.is_some_and(|name| !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')) {
                    return wrong("a region is written like eu-west-1");
                }
                Ok(Self::Aws { region: region.map(str::to_owned) })
            }
            ("mutant" | "variant" | "process" | "docker", None) => wrong("a name is missing after the colon"),
            _ => wrong("unknown kind"),
        }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded"),
            Self::Mutant(name) => write!(f, "mutant:{name}"),
            Self::Variant(name) => write!(f, "variant:{name}"),
            Self::Http(address) => f.write_str(address),
            Self::Process(name) => write!(f, "process:{name}"),
            Self::Docker { name, image: None } => write!(f, "docker:{name}"),
            Self::Docker { name, image: Some(image) } => write!(f, "docker:{name}={image}"),
            Self::Aws { region: None } => f.write_str("aws"),
            Self::Aws { region: Some(region) } => write!(f, "aws:{region}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_back_as_written() {
        for text in [
            "embedded",
            "mutant:late-timeout",
            "variant:loose-delivery",
            "http://127.0.0.1:4566",
            "https://example.test",
            "process:moto",
            "docker:localstack",
            "docker:localstack=localstack/localstack:4.14.0@sha256:00",
            "aws",
            "aws:eu-west-1",
        ] {
            assert_eq!(text.parse::<Spec>().map(|spec| spec.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_is_no_target_is_a_usage_error_with_the_forms() {
        for text in
            ["", "embeded", "http://", "process:", "docker:=x", "docker:x=", "aws:eu west", "http://h/?a=b"]
        {
            let error = text.parse::<Spec>().expect_err(text);
            assert!(error.is_usage() && error.remedy().contains("docker:NAME"), "{error}");
        }
    }
}
