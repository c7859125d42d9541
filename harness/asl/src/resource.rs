//! The `Resource` of a Task: which service is asked, for what, and when the task is done.

/// A parsed `Resource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// As written.
    pub arn: String,
    /// `sqs`, `aws-sdk:s3`, `lambda`, `states`…; `activity` for an activity and `function` for the ARN of a function.
    pub service: String,
    /// `sendMessage`; empty for an activity or a function.
    pub action: String,
    /// When the task is done.
    pub pattern: Pattern,
}

/// The integration patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// The task ends with the answer of the service.
    RequestResponse,
    /// `.sync`: the task ends with the job that it started.
    Sync,
    /// `.sync:2`: the same with the output as JSON.
    Sync2,
    /// `.waitForTaskToken`: the task ends when the token comes back.
    WaitForTaskToken,
}

impl Pattern {
    /// The suffix of the resource, empty for request-response.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::RequestResponse => "",
            Self::Sync => ".sync",
            Self::Sync2 => ".sync:2",
            Self::WaitForTaskToken => ".waitForTaskToken",
        }
    }
}

impl Resource {
    /// Reads an ARN; None if it is none that a Task can name.
    pub fn parse(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let (prefix, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (_region, _account, rest) = (parts.next()?, parts.next()?, parts.next()?);
        if prefix != "arn" || partition.is_empty() || rest.is_empty() {
            return None;
        }
        let plain = |service: &str| Self {
            arn: arn.to_owned(),
            service: service.to_owned(),
            action: String::new(),
            pattern: Pattern::RequestResponse,
        };
        match service {
            "lambda" => {
                rest.strip_prefix("function:").filter(|name| !name.is_empty()).map(|_| plain("function"))
            }
            "states" => match rest.strip_prefix("activity:") {
                Some(name) => (!name.is_empty()).then(|| plain("activity")),
                None => Self::integration(arn, rest),
            },
            _ => None,
        }
    }

    /// Whether this is the ARN of an activity.
    pub fn is_activity(&self) -> bool {
        self.service == "activity"
    }

    /// Whether this is the ARN of a Lambda function.
    pub fn is_function(&self) -> bool {
        self.service == "function"
    }

    /// `resourceType` in the history (recorded).
    pub fn resource_type(&self) -> &str {
        &self.service
    }

    /// `resource` in the history (recorded): the action with the suffix of its pattern; for activities and functions the ARN.
    pub fn resource(&self) -> String {
        if self.action.is_empty() {
            return self.arn.clone();
        }
        format!("{}{}", self.action, self.pattern.suffix())
    }

    fn integration(arn: &str, rest: &str) -> Option<Self> {
        let (rest, pattern) = [Pattern::WaitForTaskToken, Pattern::Sync2, Pattern::Sync]
            .into_iter()
            .find_map(|pattern| rest.strip_suffix(pattern.suffix()).map(|rest| (rest, pattern)))
            .unwrap_or((rest, Pattern::RequestResponse));
        let (service, action) = rest.rsplit_once(':')?;
        let known = match service.strip_prefix("aws-sdk:") {
            Some(sdk) => is_word(sdk),
            None => is_word(service),
        };
        (known && is_word(action)).then(|| Self {
            arn: arn.to_owned(),
            service: service.to_owned(),
            action: action.to_owned(),
            pattern,
        })
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Resource};

    #[test]
    fn a_callback_resource_has_service_action_and_pattern() {
        let resource = Resource::parse("arn:aws:states:::sqs:sendMessage.waitForTaskToken").unwrap();
        assert_eq!((resource.service.as_str(), resource.action.as_str()), ("sqs", "sendMessage"));
        assert_eq!(resource.pattern, Pattern::WaitForTaskToken);
        assert_eq!(resource.resource(), "sendMessage.waitForTaskToken");
    }

    #[test]
    fn an_sdk_resource_keeps_its_prefix_as_the_type() {
        let resource = Resource::parse("arn:aws:states:::aws-sdk:dynamodb:putItem").unwrap();
        assert_eq!((resource.resource_type(), resource.resource().as_str()), ("aws-sdk:dynamodb", "putItem"));
    }

    #[test]
    fn sync_2_is_not_read_as_an_action() {
        let resource = Resource::parse("arn:aws:states:::states:startExecution.sync:2").unwrap();
        assert_eq!((resource.pattern, resource.action.as_str()), (Pattern::Sync2, "startExecution"));
    }

    #[test]
    fn activities_and_functions_keep_their_arn() {
        let activity = Resource::parse("arn:aws:states:us-east-1:123456789012:activity:a").unwrap();
        assert!(activity.is_activity());
        assert_eq!(activity.resource(), activity.arn);
        assert!(Resource::parse("arn:aws:lambda:us-east-1:123456789012:function:f:1").unwrap().is_function());
    }

    #[test]
    fn other_text_is_no_resource() {
        for text in
            ["", "arn", "arn:aws:sqs:::queue", "arn:aws:states:::sqs", "arn:aws:lambda:::layer:x", "ünïcode"]
        {
            assert_eq!(Resource::parse(text), None, "{text}");
        }
    }
}
