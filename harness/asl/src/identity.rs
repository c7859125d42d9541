//! What tells one execution from another: ARNs, names and tokens in the context object.
//!
//! Whoever reads a history may not know them. A query that passes them on is no problem: the history shows the value. One that only
//! looks at them (`$$.Execution.Name` compared with a text) decides by something that is not written down. What it does not do:
//! noting the doubt. Invariant: an answer depends on the text of the query and on the values alone.

use serde_json::Value;

const MEMBERS: [(&str, &str); 5] = [
    ("Execution.Id", "/Execution/Id"),
    ("Execution.Name", "/Execution/Name"),
    ("StateMachine.Id", "/StateMachine/Id"),
    ("StateMachine.Name", "/StateMachine/Name"),
    ("Task.Token", "/Task/Token"),
];

/// Whether a query mentions any of them.
pub(crate) fn is_mentioned(source: &str) -> bool {
    MEMBERS.iter().any(|(name, _)| source.contains(name))
}

/// Whether a value has any of them in it.
pub(crate) fn is_kept(context: &Value, value: &Value) -> bool {
    let text = value.to_string();
    let known = |pointer| context.pointer(pointer).and_then(Value::as_str).filter(|known| !known.is_empty());
    MEMBERS.iter().filter_map(|(_, pointer)| known(pointer)).any(|known| text.contains(known))
}
