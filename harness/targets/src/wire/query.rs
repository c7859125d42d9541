//! The query protocol's requests: JSON members to dotted form names (SNS, STS) and back (also SQS, for old clients).

use record::Service;
use serde_json::{Map, Value};

/// The form pairs of a request. Lists are `Name.member.1`, maps `Name.entry.1.key`, as SNS and STS model them.
pub(crate) fn encode(action: &str, version: &str, input: &Map<String, Value>) -> Vec<(String, String)> {
    let mut pairs =
        vec![("Action".to_owned(), action.to_owned()), ("Version".to_owned(), version.to_owned())];
    for (name, value) in input {
        write(name, value, &mut pairs);
    }
    pairs
}

/// The members of a request. The error says what is wrong with the form, for the client that sent it.
pub(crate) fn decode(service: Service, pairs: &[(String, String)]) -> Result<Map<String, Value>, String> {
    let mut tree = Map::new();
    for (name, value) in pairs {
        if matches!(name.as_str(), "Action" | "Version") {
            continue;
        }
        insert(&mut tree, name, value)?;
    }
    let members = tree.into_iter().map(|(name, value)| (name, folded(value))).collect();
    Ok(match service {
        Service::Sqs => unflattened(members),
        _ => typed(members, &[], &["ReturnSubscriptionArn"]),
    })
}

fn write(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::String(text) => pairs.push((name.to_owned(), text.clone())),
        Value::Bool(_) | Value::Number(_) => pairs.push((name.to_owned(), value.to_string())),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                write(&format!("{name}.member.{}", index + 1), item, pairs);
            }
        }
        Value::Object(members) => match map_names(name) {
            Some((key_name, value_name)) => {
                for (index, (key, value)) in members.iter().enumerate() {
                    let entry = format!("{name}.entry.{}", index + 1);
                    pairs.push((format!("{entry}.{key_name}"), key.clone()));
                    write(&format!("{entry}.{value_name}"), value, pairs);
                }
            }
            None => {
                for (member, value) in members {
                    write(&format!("{name}.{member}"), value, pairs);
                }
            }
        },
    }
}

/// Which members are maps and not structures, with the names that SNS's model gives to key and value.
fn map_names(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "Attributes" => Some(("key", "value")),
        "MessageAttributes" => Some(("Name", "Value")),
        _ => None,
    }
}

fn insert(tree: &mut Map<String, Value>, name: &str, value: &str) -> Result<(), String> {
    const DEPTH: usize = 8;
    let mut node = tree;
    let mut segments = name.split('.');
    let mut segment = segments.next().unwrap_or_default();
    for _ in 0..DEPTH {
        let Some(next) = segments.next() else {
            return match node.insert(segment.to_owned(), Value::String(value.to_owned())) {
                None => Ok(()),
                Some(_) => Err(format!("The parameter {name} is given twice")),
            };
        };
        let child = node.entry(segment).or_insert_with(|| Value::Object(Map::new()));
        node = child.as_object_mut().ok_or_else(|| format!("The parameter {name} is malformed"))?;
        segment = next;
    }
    Err(format!("The parameter {name} is nested too deeply"))
}

/// `{"member": {"1": …}}` and `{"1": …}` are lists, `{"entry": {"1": {"key", "value"}}}` is a map.
fn folded(node: Value) -> Value {
    let Value::Object(mut members) = node else { return node };
    let only = |name: &str, members: &Map<String, Value>| {
        members.len() == 1 && members.get(name).is_some_and(Value::is_object)
    };
    if only("member", &members) {
        return folded(members.remove("member").unwrap_or_default());
    }
    if only("entry", &members) {
        return Value::Object(mapped(members.remove("entry").unwrap_or_default()));
    }
    if !members.is_empty() && members.keys().all(|name| name.parse::<u16>().is_ok()) {
        return Value::Array(numbered(members).into_iter().map(folded).collect());
    }
    Value::Object(members.into_iter().map(|(name, value)| (name, folded(value))).collect())
}

fn numbered(members: Map<String, Value>) -> Vec<Value> {
    let mut items: Vec<_> =
        members.into_iter().map(|(index, item)| (index.parse().unwrap_or(u16::MAX), item)).collect();
    items.sort_by_key(|(index, _)| *index);
    items.into_iter().map(|(_, item)| item).collect()
}

fn mapped(entries: Value) -> Map<String, Value> {
    let items = match entries {
        Value::Object(members) => numbered(members),
        Value::Array(items) => items,
        _ => Vec::new(),
    };
    let mut map = Map::new();
    for item in items {
        let Value::Object(mut pair) = item else { continue };
        let mut take = |names: [&str; 3]| names.iter().find_map(|name| pair.remove(*name));
        if let (Some(Value::String(key)), value) =
            (take(["key", "Name", "Key"]), take(["value", "Value", "Value"]))
        {
            map.insert(key, folded(value.unwrap_or_default()));
        }
    }
    map
}

/// SQS's query model flattens lists and maps under singular names; its JSON model does not.
fn unflattened(members: Map<String, Value>) -> Map<String, Value> {
    let list = |value: Value| match value {
        Value::Array(items) => Value::Array(items),
        other => Value::Array(vec![other]),
    };
    let renamed = members.into_iter().map(|(name, value)| match name.as_str() {
        "Attribute" => ("Attributes".to_owned(), Value::Object(mapped(list(value)))),
        "MessageAttribute" => ("MessageAttributes".to_owned(), Value::Object(mapped(list(value)))),
        "MessageSystemAttribute" => {
            ("MessageSystemAttributes".to_owned(), Value::Object(mapped(list(value))))
        }
        "Tag" => ("Tags".to_owned(), Value::Object(mapped(list(value)))),
        "AttributeName" | "MessageAttributeName" | "MessageSystemAttributeName" | "TagKey" => {
            (format!("{name}s"), list(value))
        }
        "SendMessageBatchRequestEntry"
        | "DeleteMessageBatchRequestEntry"
        | "ChangeMessageVisibilityBatchRequestEntry" => {
            let Value::Array(entries) = list(value) else { return (name, Value::Null) };
            let entries = entries.into_iter().map(|entry| match entry {
                Value::Object(members) => Value::Object(unflattened(members)),
                other => other,
            });
            ("Entries".to_owned(), entries.collect())
        }
        _ => (name, value),
    });
    let numbers =
        ["DelaySeconds", "MaxNumberOfMessages", "MaxResults", "VisibilityTimeout", "WaitTimeSeconds"];
    typed(renamed.collect(), &numbers, &[])
}

/// Members that the model types as integers or booleans; a text that is neither stays, and the service refuses it.
fn typed(mut members: Map<String, Value>, numbers: &[&str], flags: &[&str]) -> Map<String, Value> {
    for (name, value) in &mut members {
        let Value::String(text) = value else { continue };
        if numbers.contains(&name.as_str()) {
            if let Ok(number) = text.parse::<i64>() {
                *value = number.into();
            }
        } else if flags.contains(&name.as_str())
            && let Ok(flag) = text.parse::<bool>()
        {
            *value = flag.into();
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn members(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }

    #[test]
    fn an_sns_request_reads_back_as_it_was_written() {
        let input = members(json!({
            "TopicArn": "arn:aws:sns:us-east-1:1:t",
            "Attributes": {"RawMessageDelivery": "true", "FilterPolicy": "{}"},
            "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "x"}},
            "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}],
            "ReturnSubscriptionArn": true
        }));
        let pairs = encode("Subscribe", "2010-03-31", &input);
        assert_eq!(decode(Service::Sns, &pairs), Ok(input));
    }

    #[test]
    fn a_flattened_sqs_request_becomes_the_json_model() {
        let pairs = [
            ("Action", "SendMessageBatch"),
            ("QueueUrl", "http://h/1/q"),
            ("SendMessageBatchRequestEntry.1.Id", "a"),
            ("SendMessageBatchRequestEntry.1.MessageBody", "one"),
            ("SendMessageBatchRequestEntry.1.DelaySeconds", "3"),
            ("SendMessageBatchRequestEntry.1.MessageAttribute.1.Name", "k"),
            ("SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType", "String"),
            ("SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue", "v"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let expected = json!({"QueueUrl": "http://h/1/q", "Entries": [{"Id": "a", "MessageBody": "one", "DelaySeconds": 3,
            "MessageAttributes": {"k": {"DataType": "String", "StringValue": "v"}}}]});
        assert_eq!(decode(Service::Sqs, &pairs).map(Value::Object), Ok(expected));
    }

    #[test]
    fn contradictory_and_deep_names_are_refused() {
        let twice = [("A".to_owned(), "1".to_owned()), ("A.B".to_owned(), "2".to_owned())];
        assert!(decode(Service::Sns, &twice).is_err());
        let deep = [(vec!["x"; 40].join("."), String::new())];
        assert!(decode(Service::Sns, &deep).is_err());
    }
}
