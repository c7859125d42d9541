//! The folder of real definitions that `SFN_CONFORMANCE_CORPUS` names, and what a deployment would fill in.

use serde_json::Value;
use std::path::Path;

use crate::outside;

/// Definitions that have a fault, with the reason. The corpus does not promise that all are valid.
pub(crate) const REFUSED: &[(&str, &str)] = &[(
    "scan-websites--grunt-env-orchestrator-state-machines-dynamic-security-scans",
    "`$.payload[1:$.payload.ItemsCount]`: the end of a slice is a number, not a path",
)];

/// The definitions of the folder by name.
pub(crate) fn corpus(folder: &Path) -> Vec<(String, Value)> {
    let parsed = |(name, text): (String, String)| (name, serde_json::from_str(&text).unwrap());
    outside::json_files(folder).into_iter().filter(|(name, _)| name != "index").map(parsed).collect()
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
