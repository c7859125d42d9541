//! The query protocol's XML answers, both ways.
//!
//! Reading is by structure: children named `member` are a list, children named `entry` a map, text is a string.
//! Writing knows SQS's flattened lists. Values are strings, as every scalar of these answers is in SNS's and STS's models.

use std::fmt::Write as _;

use record::{ApiError, Operation, Service};
use roxmltree::{Document, Node};
use serde_json::{Map, Value};

use super::{error, name_space};

/// The members of `<XResponse><XResult>…`. The error says why it is no such document.
pub(crate) fn read_reply(text: &str) -> Result<Value, String> {
    let document = Document::parse(text).map_err(|error| format!("no XML: {error}"))?;
    let root = document.root_element();
    if !root.tag_name().name().ends_with("Response") {
        return Err(format!("an XML document <{}> is no AWS answer", root.tag_name().name()));
    }
    let result = root.children().find(|child| child.tag_name().name().ends_with("Result"));
    Ok(Value::Object(result.map(members).unwrap_or_default()))
}

/// Code and message of `<ErrorResponse><Error>…` (or a bare `<Error>`, or `<Response><Errors><Error>`).
pub(crate) fn read_error(text: &str) -> Option<(String, String)> {
    let document = Document::parse(text).ok()?;
    let error = document.descendants().find(|node| node.tag_name().name() == "Error")?;
    let text_of = |name: &str| {
        let child = error.children().find(|child| child.tag_name().name() == name)?;
        Some(child.text().unwrap_or_default().trim().to_owned())
    };
    Some((text_of("Code")?, text_of("Message").unwrap_or_default()))
}

/// The answer document of an operation.
pub(crate) fn write_reply(operation: Operation, reply: &Value, request_id: &str) -> String {
    let service = operation.service();
    let name = operation.name();
    let mut xml = format!("<{name}Response xmlns=\"{}\">", name_space(service));
    let empty = Map::new();
    let reply = reply.as_object().unwrap_or(&empty);
    if !reply.is_empty() || service != Service::Sqs {
        let _ = write!(xml, "<{name}Result>");
        for (member, value) in reply {
            match service {
                Service::Sqs => write_flattened(&mut xml, operation, member, value),
                _ => write_member(&mut xml, member, value),
            }
        }
        let _ = write!(xml, "</{name}Result>");
    }
    let _ = write!(
        xml,
        "<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
    );
    xml
}

/// The error document of a service.
pub(crate) fn write_error(service: Service, refusal: &ApiError, request_id: &str) -> String {
    let fault = if refusal.status < 500 { "Sender" } else { "Receiver" };
    let mut xml = format!("<ErrorResponse xmlns=\"{}\"><Error><Type>{fault}</Type>", name_space(service));
    element(&mut xml, "Code", error::spelled(service, &refusal.code));
    element(&mut xml, "Message", &refusal.message);
    let _ = write!(xml, "<Detail/></Error><RequestId>{request_id}</RequestId></ErrorResponse>");
    xml
}

fn members(node: Node<'_, '_>) -> Map<String, Value> {
    node.children()
        .filter(Node::is_element)
        .map(|child| (child.tag_name().name().to_owned(), value(child)))
        .collect()
}

fn value(node: Node<'_, '_>) -> Value {
    let children: Vec<_> = node.children().filter(Node::is_element).collect();
    let all = |name: &str| !children.is_empty() && children.iter().all(|c| c.tag_name().name() == name);
    if all("member") {
        return children.into_iter().map(value).collect();
    }
    if all("entry") {
        let pair = |entry: Node<'_, '_>| {
            let part = |names: [&str; 2]| {
                entry.children().find(|c| c.is_element() && names.contains(&c.tag_name().name()))
            };
            let key = part(["key", "Name"])?.text().unwrap_or_default().to_owned();
            Some((key, part(["value", "Value"]).map(value).unwrap_or_default()))
        };
        return Value::Object(children.into_iter().filter_map(pair).collect());
    }
    if !children.is_empty() {
        return Value::Object(members(node));
    }
    match (node.text(), node.tag_name().name()) {
        (None, "Topics" | "Subscriptions" | "Tags" | "TagKeys") => Value::Array(Vec::new()),
        (None, "Attributes") => Value::Object(Map::new()),
        (text, _) => Value::String(text.unwrap_or_default().to_owned()),
    }
}

fn write_member(xml: &mut String, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Array(items) => {
            let _ = write!(xml, "<{name}>");
            for item in items {
                write_member(xml, "member", item);
            }
            let _ = write!(xml, "</{name}>");
        }
        Value::Object(members) => {
            let _ = write!(xml, "<{name}>");
            for (member, value) in members {
                if name == "Attributes" {
                    xml.push_str("<entry>");
                    element(xml, "key", member);
                    write_member(xml, "value", value);
                    xml.push_str("</entry>");
                } else {
                    write_member(xml, member, value);
                }
            }
            let _ = write!(xml, "</{name}>");
        }
        scalar => element(xml, name, &text_of(scalar)),
    }
}

fn write_flattened(xml: &mut String, operation: Operation, name: &str, value: &Value) {
    let batch_entry = format!("{}ResultEntry", operation.name());
    let singular = match name {
        "Messages" => "Message",
        "QueueUrls" => "QueueUrl",
        "Attributes" => "Attribute",
        "MessageAttributes" => "MessageAttribute",
        "Tags" => "Tag",
        "Successful" => &batch_entry,
        "Failed" => "BatchResultErrorEntry",
        other => other,
    };
    let key = if singular == "Tag" { "Key" } else { "Name" };
    match value {
        Value::Null => {}
        Value::Array(items) => items.iter().for_each(|item| write_flattened(xml, operation, singular, item)),
        Value::Object(map) if singular != name => {
            for (entry, value) in map {
                let _ = write!(xml, "<{singular}>");
                element(xml, key, entry);
                write_flattened(xml, operation, "Value", value);
                let _ = write!(xml, "</{singular}>");
            }
        }
        Value::Object(members) => {
            let _ = write!(xml, "<{name}>");
            for (member, value) in members {
                write_flattened(xml, operation, member, value);
            }
            let _ = write!(xml, "</{name}>");
        }
        scalar => element(xml, name, &text_of(scalar)),
    }
}

fn text_of(scalar: &Value) -> String {
    scalar.as_str().map_or_else(|| scalar.to_string(), str::to_owned)
}

/// An element with escaped text. Characters that XML 1.0 cannot carry become U+FFFD.
fn element(xml: &mut String, name: &str, text: &str) {
    let _ = write!(xml, "<{name}>");
    for character in text.chars() {
        match character {
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '&' => xml.push_str("&amp;"),
            '"' => xml.push_str("&quot;"),
            '\r' => xml.push_str("&#xD;"),
            '\t' | '\n' => xml.push(character),
            control if u32::from(control) < 0x20 || matches!(control, '\u{fffe}' | '\u{ffff}') => {
                xml.push('\u{fffd}');
            }
            other => xml.push(other),
        }
    }
    let _ = write!(xml, "</{name}>");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_sns_answer_reads_back_as_it_was_written() {
        let reply = json!({
            "Subscriptions": [{"SubscriptionArn": "a", "Endpoint": "<&>\"\r\n"}, {"SubscriptionArn": "b"}],
            "Attributes": {"Policy": "{}", "Owner": "1"},
            "NextToken": ""
        });
        let xml = write_reply(Operation::ListSubscriptionsByTopic, &reply, "id");
        assert_eq!(read_reply(&xml), Ok(reply));
    }

    #[test]
    fn an_error_document_gives_code_and_message() {
        let refusal = ApiError::new("NotFoundException", "no <such> topic").with_status(404);
        let xml = write_error(Service::Sns, &refusal, "id");
        assert_eq!(read_error(&xml), Some(("NotFound".to_owned(), "no <such> topic".to_owned())));
    }

    #[test]
    fn sqs_answers_are_flattened() {
        let reply = json!({"Messages": [{"Body": "x", "Attributes": {"SentTimestamp": "1"}}]});
        let xml = write_reply(Operation::ReceiveMessage, &reply, "id");
        assert!(xml.contains("<ReceiveMessageResult><Message><Body>x</Body><Attribute><Name>SentTimestamp</Name><Value>1</Value></Attribute></Message></ReceiveMessageResult>"), "{xml}");
    }

    #[test]
    fn html_is_no_answer() {
        assert!(read_reply("<html><body>502</body></html>").is_err());
        assert!(read_reply("<!doctype html>").is_err());
    }
}
