//! Lambda's REST shapes: method and path of each operation, which members travel where.
//!
//! Source: Lambda's API model, version 2015-03-31. The payload of Invoke stands in the JSON form as text.

use http::Method;
use record::Operation;
use serde_json::{Map, Value};

use super::form;

/// Where the members of a request go.
pub(crate) struct Route {
    /// The operation.
    pub(crate) operation: Operation,
    /// Its method.
    pub(crate) method: Method,
    /// The path before the label, without a trailing slash.
    pub(crate) prefix: &'static str,
    /// The member in the path, if there is one.
    pub(crate) label: Option<&'static str>,
    /// What follows the label.
    pub(crate) suffix: &'static str,
    /// Members in the query string.
    pub(crate) query: &'static [&'static str],
    /// Members in headers.
    pub(crate) headers: &'static [(&'static str, &'static str)],
}

const FUNCTIONS: &str = "/2015-03-31/functions";
const MAPPINGS: &str = "/2015-03-31/event-source-mappings";

/// Headers that Invoke's reply members travel in.
pub(crate) const INVOKE_REPLY_HEADERS: &[(&str, &str)] = &[
    ("FunctionError", "x-amz-function-error"),
    ("ExecutedVersion", "x-amz-executed-version"),
    ("LogResult", "x-amz-log-result"),
];

/// The routes of the operations that the suite knows.
pub(crate) fn routes() -> Vec<Route> {
    let route = |operation, method, prefix, label, suffix, query| Route {
        operation,
        method,
        prefix,
        label,
        suffix,
        query,
        headers: &[],
    };
    let (name, uuid) = (Some("FunctionName"), Some("UUID"));
    let mut invoke = route(Operation::Invoke, Method::POST, FUNCTIONS, name, "/invocations", &["Qualifier"]);
    invoke.headers = &[
        ("InvocationType", "x-amz-invocation-type"),
        ("LogType", "x-amz-log-type"),
        ("ClientContext", "x-amz-client-context"),
    ];
    vec![
        route(Operation::CreateFunction, Method::POST, FUNCTIONS, None, "", &[]),
        invoke,
        route(Operation::GetFunction, Method::GET, FUNCTIONS, name, "", &["Qualifier"]),
        route(Operation::DeleteFunction, Method::DELETE, FUNCTIONS, name, "", &["Qualifier"]),
        route(Operation::CreateEventSourceMapping, Method::POST, MAPPINGS, None, "", &[]),
        route(
            Operation::ListEventSourceMappings,
            Method::GET,
            MAPPINGS,
            None,
            "",
            &["EventSourceArn", "FunctionName", "Marker", "MaxItems"],
        ),
        route(Operation::GetEventSourceMapping, Method::GET, MAPPINGS, uuid, "", &[]),
        route(Operation::UpdateEventSourceMapping, Method::PUT, MAPPINGS, uuid, "", &[]),
        route(Operation::DeleteEventSourceMapping, Method::DELETE, MAPPINGS, uuid, "", &[]),
    ]
}

/// A request's parts on the wire.
#[derive(Debug, PartialEq)]
pub(crate) struct Parts {
    /// The method.
    pub(crate) method: Method,
    /// Path and query string.
    pub(crate) path: String,
    /// Headers beyond the usual ones.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(crate) body: String,
}

/// The request of a Lambda operation; `None` if the operation has no route or its path member is missing.
pub(crate) fn encode(operation: Operation, input: &Map<String, Value>) -> Option<Parts> {
    let route = routes().into_iter().find(|route| route.operation == operation)?;
    let mut members = input.clone();
    let mut path = route.prefix.to_owned();
    if let Some(label) = route.label {
        let value = members.shift_remove(label).as_ref().map(text)?;
        path.push('/');
        path.push_str(&form::segment(&value));
    }
    path.push_str(route.suffix);
    let query: Vec<_> = route
        .query
        .iter()
        .filter_map(|name| members.shift_remove(*name).map(|value| (*name, text(&value))))
        .collect();
    if !query.is_empty() {
        path.push('?');
        path.push_str(&form::body(query.iter().map(|(name, value)| (*name, value.as_str()))));
    }
    let headers = route
        .headers
        .iter()
        .filter_map(|(member, header)| members.shift_remove(*member).map(|value| (*header, text(&value))))
        .collect();
    let body = match operation {
        Operation::Invoke => members.get("Payload").map(text).unwrap_or_default(),
        _ if members.is_empty() => String::new(),
        _ => Value::Object(members).to_string(),
    };
    Some(Parts { method: route.method, path, headers, body })
}

/// The operation and the members in path and query string of a request; `None` if no route fits.
pub(crate) fn recognised(
    method: &Method,
    path: &str,
    query: Option<&str>,
) -> Option<(Route, Map<String, Value>)> {
    let path = path.trim_end_matches('/');
    for route in routes().into_iter().filter(|route| route.method == *method) {
        let Some(rest) = path.strip_prefix(route.prefix) else { continue };
        let Some(rest) = rest.strip_suffix(route.suffix) else { continue };
        let mut members = Map::new();
        match (route.label, rest.strip_prefix('/')) {
            (None, None) if rest.is_empty() => {}
            (Some(label), Some(segment)) if !segment.is_empty() && !segment.contains('/') => {
                // A plus is itself in a path, unlike in a form.
                let value = form::decoded(segment.replace('+', "%2B").as_bytes())?;
                members.insert(label.to_owned(), Value::String(value));
            }
            _ => continue,
        }
        for (name, value) in form::pairs(query.unwrap_or_default().as_bytes())? {
            if route.query.contains(&name.as_str()) {
                let value = match value.parse::<i64>() {
                    Ok(number) if name == "MaxItems" => number.into(),
                    _ => Value::String(value),
                };
                members.insert(name, value);
            }
        }
        return Some((route, members));
    }
    None
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_function_arn_survives_the_path() {
        let name = "arn:aws:lambda:us-east-1:1:function:a+b";
        let Value::Object(input) = json!({"FunctionName": name, "Payload": "{}", "InvocationType": "Event"})
        else {
            return;
        };
        let parts = encode(Operation::Invoke, &input).expect("a route");
        assert_eq!(parts.headers, [("x-amz-invocation-type", "Event".to_owned())]);
        assert_eq!(parts.body, "{}");
        let (route, members) = recognised(&parts.method, &parts.path, None).expect("a route");
        assert_eq!(route.operation, Operation::Invoke);
        assert_eq!(Value::Object(members), json!({"FunctionName": name}));
    }

    #[test]
    fn every_route_is_recognised_as_itself() {
        for route in routes() {
            let Value::Object(input) =
                json!({"FunctionName": "f", "UUID": "0-1", "MaxItems": 3, "Qualifier": "$LATEST"})
            else {
                continue;
            };
            let parts = encode(route.operation, &input).expect("a route");
            let (path, query) = parts.path.split_once('?').unwrap_or((&parts.path, ""));
            let found = recognised(&parts.method, path, Some(query)).map(|(route, _)| route.operation);
            assert_eq!(found, Some(route.operation));
        }
    }
}
