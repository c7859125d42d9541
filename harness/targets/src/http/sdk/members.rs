//! A call's members read as the SDK's types, one by one; a member of another type, or one left over, is inexpressible.

use aws_sdk_sfn::types::Tag;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageAttributeValue,
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, SendMessageBatchRequestEntry,
};
use record::Call;
use serde_json::{Map, Value};

use super::Inexpressible;

/// The members of one structure that are not read yet.
pub(super) struct Members(Map<String, Value>);

type Read<T> = Result<Option<T>, Inexpressible>;

impl Members {
    /// A call's.
    pub(super) fn of(call: &Call) -> Self {
        Self(call.input.clone())
    }

    /// Nothing may be left that the SDK has no setter for.
    pub(super) fn none_left(self) -> Result<(), Inexpressible> {
        if self.0.is_empty() { Ok(()) } else { Err(Inexpressible) }
    }

    /// A string.
    pub(super) fn text(&mut self, name: &str) -> Read<String> {
        self.take(name, text_of)
    }

    /// A string that the SDK has an enum for.
    pub(super) fn word<T: for<'a> From<&'a str>>(&mut self, name: &str) -> Read<T> {
        self.take(name, |value| text_of(value).map(|text| T::from(&text)))
    }

    /// A 32-bit integer.
    pub(super) fn whole(&mut self, name: &str) -> Read<i32> {
        self.take(name, |value| value.as_i64().and_then(|number| i32::try_from(number).ok()))
    }

    /// A boolean.
    pub(super) fn flag(&mut self, name: &str) -> Read<bool> {
        self.take(name, |value| value.as_bool())
    }

    /// A list of strings, or of strings that the SDK has an enum for.
    pub(super) fn words<T: for<'a> From<&'a str>>(&mut self, name: &str) -> Read<Vec<T>> {
        self.take(name, |value| list(value, |item| text_of(item).map(|text| T::from(&text))))
    }

    /// A map of strings.
    pub(super) fn pairs<C, K>(&mut self, name: &str) -> Read<C>
    where
        C: FromIterator<(K, String)>,
        K: for<'a> From<&'a str>,
    {
        self.take(name, |value| map(value, text_of))
    }

    /// The tags of Step Functions.
    pub(super) fn tags(&mut self, name: &str) -> Read<Vec<Tag>> {
        self.structures(name, |tag| {
            Ok(Tag::builder().set_key(tag.text("key")?).set_value(tag.text("value")?).build())
        })
    }

    /// The attributes of a message.
    pub(super) fn message_attributes<C>(&mut self, name: &str) -> Read<C>
    where
        C: FromIterator<(String, MessageAttributeValue)>,
    {
        self.take(name, |value| {
            map(value, |attribute| {
                let mut members = Self::within(attribute)?;
                let builder = MessageAttributeValue::builder()
                    .set_data_type(members.text("DataType").ok()?)
                    .set_string_value(members.text("StringValue").ok()?);
                members.none_left().ok()?;
                builder.build().ok()
            })
        })
    }

    /// The system attributes of a message (only the trace header can be sent).
    pub(super) fn system_attributes<C>(&mut self, name: &str) -> Read<C>
    where
        C: FromIterator<(MessageSystemAttributeNameForSends, MessageSystemAttributeValue)>,
    {
        self.take(name, |value| {
            map(value, |attribute| {
                let mut members = Self::within(attribute)?;
                let builder = MessageSystemAttributeValue::builder()
                    .set_data_type(members.text("DataType").ok()?)
                    .set_string_value(members.text("StringValue").ok()?);
                members.none_left().ok()?;
                builder.build().ok()
            })
        })
    }

    /// The entries of SendMessageBatch.
    pub(super) fn sends(&mut self, name: &str) -> Read<Vec<SendMessageBatchRequestEntry>> {
        self.structures(name, |entry| {
            SendMessageBatchRequestEntry::builder()
                .set_id(entry.text("Id")?)
                .set_message_body(entry.text("MessageBody")?)
                .set_delay_seconds(entry.whole("DelaySeconds")?)
                .set_message_attributes(entry.message_attributes("MessageAttributes")?)
                .set_message_group_id(entry.text("MessageGroupId")?)
                .set_message_deduplication_id(entry.text("MessageDeduplicationId")?)
                .build()
                .map_err(|_| Inexpressible)
        })
    }

    /// The entries of DeleteMessageBatch.
    pub(super) fn deletes(&mut self, name: &str) -> Read<Vec<DeleteMessageBatchRequestEntry>> {
        self.structures(name, |entry| {
            DeleteMessageBatchRequestEntry::builder()
                .set_id(entry.text("Id")?)
                .set_receipt_handle(entry.text("ReceiptHandle")?)
                .build()
                .map_err(|_| Inexpressible)
        })
    }

    /// The entries of ChangeMessageVisibilityBatch.
    pub(super) fn changes(&mut self, name: &str) -> Read<Vec<ChangeMessageVisibilityBatchRequestEntry>> {
        self.structures(name, |entry| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .set_id(entry.text("Id")?)
                .set_receipt_handle(entry.text("ReceiptHandle")?)
                .set_visibility_timeout(entry.whole("VisibilityTimeout")?)
                .build()
                .map_err(|_| Inexpressible)
        })
    }

    fn structures<T>(
        &mut self,
        name: &str,
        read: impl Fn(&mut Self) -> Result<T, Inexpressible>,
    ) -> Read<Vec<T>> {
        self.take(name, |value| {
            list(value, |item| {
                let mut members = Self::within(item)?;
                let structure = read(&mut members).ok()?;
                members.none_left().ok()?;
                Some(structure)
            })
        })
    }

    fn within(value: Value) -> Option<Self> {
        match value {
            Value::Object(members) => Some(Self(members)),
            _ => None,
        }
    }

    fn take<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Option<T>) -> Read<T> {
        match self.0.shift_remove(name) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or(Inexpressible),
        }
    }
}

fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn list<T>(value: Value, read: impl Fn(Value) -> Option<T>) -> Option<Vec<T>> {
    match value {
        Value::Array(items) => items.into_iter().map(read).collect(),
        _ => None,
    }
}

fn map<C, K, V>(value: Value, read: impl Fn(Value) -> Option<V>) -> Option<C>
where
    C: FromIterator<(K, V)>,
    K: for<'a> From<&'a str>,
{
    match value {
        Value::Object(members) => {
            members.into_iter().map(|(key, value)| Some((K::from(&key), read(value)?))).collect()
        }
        _ => None,
    }
}
