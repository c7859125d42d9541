//! The operations of SQS that the SDK sends. Requests go to the endpoint, whatever host stands in the queue URL.
//!
//! `AttributeNames` of ReceiveMessage is deprecated in the model; a call with it takes the raw path.

use aws_sdk_sqs::Client;
use record::{Call, Operation, Outcome};

use super::{Inexpressible, operation};

pub(super) async fn send(client: &Client, call: &Call) -> Result<Outcome, Inexpressible> {
    match call.operation {
        Operation::CreateQueue => operation!(client, call, create_queue {
            "QueueName" text set_queue_name,
            "Attributes" pairs set_attributes,
            "tags" pairs set_tags,
        }),
        Operation::DeleteQueue => operation!(client, call, delete_queue {
            "QueueUrl" text set_queue_url,
        }),
        Operation::GetQueueUrl => operation!(client, call, get_queue_url {
            "QueueName" text set_queue_name,
            "QueueOwnerAWSAccountId" text set_queue_owner_aws_account_id,
        }),
        Operation::GetQueueAttributes => operation!(client, call, get_queue_attributes {
            "QueueUrl" text set_queue_url,
            "AttributeNames" words set_attribute_names,
        }),
        Operation::SetQueueAttributes => operation!(client, call, set_queue_attributes {
            "QueueUrl" text set_queue_url,
            "Attributes" pairs set_attributes,
        }),
        Operation::ListQueues => operation!(client, call, list_queues {
            "QueueNamePrefix" text set_queue_name_prefix,
            "NextToken" text set_next_token,
            "MaxResults" whole set_max_results,
        }),
        Operation::SendMessage => operation!(client, call, send_message {
            "QueueUrl" text set_queue_url,
            "MessageBody" text set_message_body,
            "DelaySeconds" whole set_delay_seconds,
            "MessageAttributes" message_attributes set_message_attributes,
            "MessageSystemAttributes" system_attributes set_message_system_attributes,
            "MessageDeduplicationId" text set_message_deduplication_id,
            "MessageGroupId" text set_message_group_id,
        }),
        Operation::SendMessageBatch => operation!(client, call, send_message_batch {
            "QueueUrl" text set_queue_url,
            "Entries" sends set_entries,
        }),
        Operation::ReceiveMessage => operation!(client, call, receive_message {
            "QueueUrl" text set_queue_url,
            "MessageSystemAttributeNames" words set_message_system_attribute_names,
            "MessageAttributeNames" words set_message_attribute_names,
            "MaxNumberOfMessages" whole set_max_number_of_messages,
            "VisibilityTimeout" whole set_visibility_timeout,
            "WaitTimeSeconds" whole set_wait_time_seconds,
            "ReceiveRequestAttemptId" text set_receive_request_attempt_id,
        }),
        Operation::DeleteMessage => operation!(client, call, delete_message {
            "QueueUrl" text set_queue_url,
            "ReceiptHandle" text set_receipt_handle,
        }),
        Operation::DeleteMessageBatch => operation!(client, call, delete_message_batch {
            "QueueUrl" text set_queue_url,
            "Entries" deletes set_entries,
        }),
        Operation::ChangeMessageVisibility => operation!(client, call, change_message_visibility {
            "QueueUrl" text set_queue_url,
            "ReceiptHandle" text set_receipt_handle,
            "VisibilityTimeout" whole set_visibility_timeout,
        }),
        Operation::ChangeMessageVisibilityBatch => operation!(client, call, change_message_visibility_batch {
            "QueueUrl" text set_queue_url,
            "Entries" changes set_entries,
        }),
        Operation::PurgeQueue => operation!(client, call, purge_queue {
            "QueueUrl" text set_queue_url,
        }),
        Operation::TagQueue => operation!(client, call, tag_queue {
            "QueueUrl" text set_queue_url,
            "Tags" pairs set_tags,
        }),
        Operation::ListQueueTags => operation!(client, call, list_queue_tags {
            "QueueUrl" text set_queue_url,
        }),
        _ => Err(Inexpressible),
    }
}
