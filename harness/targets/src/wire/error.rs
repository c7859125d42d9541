//! Error codes: how they are written on the wire, and the modelled name behind each.

use record::Service;

/// The code without name space and without what follows a colon:
/// `com.amazonaws.sqs#QueueDoesNotExist` and `InvalidArn:http://…` become `QueueDoesNotExist` and `InvalidArn`.
pub(crate) fn bare(code: &str) -> &str {
    let code = code.rsplit_once('#').map_or(code, |(_, name)| name);
    code.split_once(':').map_or(code, |(name, _)| name).trim()
}

/// The name that SQS's JSON protocol has for a code of its query protocol. SNS speaks only the latter: its codes stay.
pub(crate) fn modelled(service: Service, code: &str) -> &str {
    let pairs = if service == Service::Sqs { spellings(service) } else { &[] };
    pairs.iter().find(|(_, wire)| *wire == code).map_or(code, |(name, _)| name)
}

/// The query protocol's spelling of a modelled code.
pub(crate) fn spelled(service: Service, code: &str) -> &str {
    let pairs = spellings(service);
    pairs.iter().find(|(name, _)| *name == code).map_or(code, |(_, wire)| wire)
}

/// Modelled name and `awsQueryError` code, from the models of SQS and SNS.
fn spellings(service: Service) -> &'static [(&'static str, &'static str)] {
    match service {
        Service::Sqs => &[
            ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
            ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"),
            ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
            ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"),
            ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"),
            ("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress"),
            ("QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"),
            ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
            ("QueueNameExists", "QueueAlreadyExists"),
            ("RequestThrottled", "RequestThrottled"),
            ("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
            ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"),
        ],
        Service::Sns => &[
            ("AuthorizationErrorException", "AuthorizationError"),
            ("ConcurrentAccessException", "ConcurrentAccess"),
            ("EndpointDisabledException", "EndpointDisabled"),
            ("FilterPolicyLimitExceededException", "FilterPolicyLimitExceeded"),
            ("InternalErrorException", "InternalError"),
            ("InvalidParameterException", "InvalidParameter"),
            ("InvalidParameterValueException", "ParameterValueInvalid"),
            ("NotFoundException", "NotFound"),
            ("ResourceNotFoundException", "ResourceNotFound"),
            ("StaleTagException", "StaleTag"),
            ("SubscriptionLimitExceededException", "SubscriptionLimitExceeded"),
            ("TagLimitExceededException", "TagLimitExceeded"),
            ("TagPolicyException", "TagPolicy"),
            ("ThrottledException", "Throttled"),
            ("TopicLimitExceededException", "TopicLimitExceeded"),
        ],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_space_and_address_are_cut_from_a_code() {
        assert_eq!(bare("com.amazonaws.sqs#QueueDoesNotExist"), "QueueDoesNotExist");
        assert_eq!(bare("InvalidArn:http://internal.example/"), "InvalidArn");
        assert_eq!(bare("a#b:c"), "b");
        assert_eq!(bare("TaskTimedOut"), "TaskTimedOut");
    }

    #[test]
    fn query_spellings_of_sqs_become_modelled_names_and_back() {
        assert_eq!(modelled(Service::Sqs, "AWS.SimpleQueueService.NonExistentQueue"), "QueueDoesNotExist");
        assert_eq!(spelled(Service::Sqs, "QueueDoesNotExist"), "AWS.SimpleQueueService.NonExistentQueue");
        assert_eq!(modelled(Service::States, "TaskTimedOut"), "TaskTimedOut");
    }
}
