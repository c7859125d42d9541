//! Credentials from the environment or the shared files. Everything else (SSO, roles, metadata services) is one command away,
//! which the error names; that saves the largest part of a cold build.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use aws_credential_types::Credentials;

use crate::{Environment, TargetError};

/// The credentials that requests are signed with.
pub(crate) fn credentials(environment: &Environment) -> Result<Credentials, TargetError> {
    if let (Some(id), Some(secret)) =
        (environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY"))
    {
        let session = environment.get("AWS_SESSION_TOKEN");
        return Ok(Credentials::new(id, secret, session, None, "environment"));
    }
    let profile = environment.get("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
    let in_home =
        |name: &str| environment.get("HOME").map(|home| PathBuf::from(home).join(".aws").join(name));
    let files = [
        (
            environment
                .get("AWS_SHARED_CREDENTIALS_FILE")
                .map(PathBuf::from)
                .or_else(|| in_home("credentials")),
            profile.clone(),
        ),
        (
            environment.get("AWS_CONFIG_FILE").map(PathBuf::from).or_else(|| in_home("config")),
            if profile == "default" { profile.clone() } else { format!("profile {profile}") },
        ),
    ];
    for (path, section) in files {
        let Some(text) = path.and_then(|path| fs::read_to_string(path).ok()) else { continue };
        let keys = section_of(&text, &section);
        if let (Some(id), Some(secret)) = (keys.get("aws_access_key_id"), keys.get("aws_secret_access_key")) {
            let session = keys.get("aws_session_token").cloned();
            return Ok(Credentials::new(id, secret, session, None, "profile"));
        }
    }
    Err(TargetError::unavailable(
        format!("no credentials in the environment, and the profile `{profile}` holds no keys"),
        "eval \"$(aws configure export-credentials --format env)\" gives those of any profile, role or SSO session",
    ))
}

/// The keys of one section of an AWS configuration file; nested settings (indented lines) are left out.
fn section_of(text: &str, section: &str) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    let mut is_inside = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) || line.starts_with([' ', '\t']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            is_inside = name.0.trim() == section;
        } else if is_inside && let Some((key, value)) = trimmed.split_once('=') {
            keys.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_their_section_only() {
        let text = "[default]\naws_access_key_id = A\n# c\n[profile x]\naws_access_key_id=B\ns3 =\n  region = y\nregion = z\n";
        assert_eq!(section_of(text, "default").get("aws_access_key_id").map(String::as_str), Some("A"));
        let keys = section_of(text, "profile x");
        assert_eq!(keys.get("aws_access_key_id").map(String::as_str), Some("B"));
        assert_eq!(keys.get("region").map(String::as_str), Some("z"));
    }

    #[test]
    fn without_credentials_the_error_says_how_to_get_some() {
        let error = credentials(&Environment::default()).expect_err("nothing is set");
        assert!(error.remedy().contains("export-credentials"));
    }

    #[test]
    fn the_environment_goes_before_files() {
        let environment = Environment::of([("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "B")]);
        assert_eq!(
            credentials(&environment).map(|found| found.access_key_id().to_owned()),
            Ok("A".to_owned())
        );
    }
}
