//! The partition of a target, `aws` or another: integrations are named by ARNs that begin with it.
//!
//! Plans are written for `aws`. Which partition a target is of, the role of its machines tells.

/// How integrations begin in plans.
const PLANNED: &str = "arn:aws:states:::";

/// The partition of an ARN.
pub(crate) fn partition(arn: &str) -> &str {
    arn.split(':').nth(1).filter(|partition| !partition.is_empty()).unwrap_or("aws")
}

/// A text of a plan with the integrations of the partition that the role is of.
pub(crate) fn localised(text: String, role: &str) -> String {
    match partition(role) {
        "aws" => text,
        other => text.replace(PLANNED, &format!("arn:{other}:states:::")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrations_are_those_of_the_roles_partition() {
        let text = || r#"{"Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"}"#.to_owned();
        assert_eq!(localised(text(), "arn:aws:iam::1:role/r"), text());
        let china = localised(text(), "arn:aws-cn:iam::1:role/r");
        assert_eq!(china, r#"{"Resource": "arn:aws-cn:states:::sqs:sendMessage.waitForTaskToken"}"#);
        assert_eq!(localised(text(), ""), text());
    }
}
