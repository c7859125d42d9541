//! The folder of real definitions that `SFN_CONFORMANCE_CORPUS` names, and what a deployment would fill in.

use serde_json::Value;
use std::path::PathBuf;

/// Definitions that have a fault, with the reason. The corpus does not promise that all are valid.
pub(crate) const REFUSED: &[(&str, &str)] = &[(
    "scan-websites--grunt-env-orchestrator-state-machines-dynamic-security-scans",
    "`$.payload[1:$.payload.ItemsCount]`: the end of a slice is a number, not a path",
)];

#[expect(clippy::disallowed_methods, reason = "the corpus is named by the environment")]
pub(crate) fn corpus() -> Option<Vec<(String, Value)>> {
    let Ok(folder) = std::env::var("SFN_CONFORMANCE_CORPUS") else {
        println!("skipped: no corpus");
        return None;
    };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        path.extension().is_some_and(|extension| extension == "json") && path.file_stem().unwrap() != "index"
    });
    files.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), serde_json::from_str(&text).unwrap())
    };
    Some(files.into_iter().map(read).collect())
}

/// Fills the placeholders of CloudFormation, Terraform and OrcaBus as a deployment would.
pub(crate) fn fill(value: &mut Value, key: &str) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(key, member)| fill(member, key)),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, key)),
        Value::String(text) if text.contains("${") => {
            let whole = text.starts_with("${") && text.find('}') == Some(text.len() - 1);
            if whole && key == "Resource" {
                "arn:aws:lambda:us-east-1:123456789012:function:f".clone_into(text);
            } else if whole && key == "Retry" {
                *value = serde_json::json!([{ "ErrorEquals": ["States.ALL"], "MaxAttempts": 2 }]);
            } else if whole && ["TimeoutSeconds", "HeartbeatSeconds", "MaxConcurrency"].contains(&key) {
                *value = Value::from(if key == "HeartbeatSeconds" { 60 } else { 900 });
            } else {
                let mut filled = text.replace("${AWS::Partition}", "aws");
                while let Some((start, length)) =
                    filled.find("${").and_then(|start| Some((start, filled.get(start..)?.find('}')?)))
                {
                    filled.replace_range(start..=start + length, "7");
                }
                *text = filled;
            }
        }
        _ => {}
    }
}
