//! Which expressions are so elementary that whether they evaluate is beyond dispute.
//!
//! Two implementations of JSONata agree about paths, operators and the first functions of the book; about others they may not,
//! and then a history that fails where this library does not, or the other way round, shows nothing. What it does not do:
//! evaluating. Invariant: an expression with anything that is not named here is not elementary.

use jsonata_core::ast::{AstNode, BinaryOp, PathStep};
use serde_json::Value;

use super::{Expression, inner};

/// Members of the context object that come and go.
const UNSETTLED: [&str; 4] = ["RetryCount", "RedriveCount", "RedriveTime", "Item"];

/// The member that is only sure where a token is waited for (TOK-28).
const TOKEN: &str = "Task";

const FUNCTIONS: [&str; 20] = [
    "abs",
    "append",
    "boolean",
    "ceil",
    "contains",
    "count",
    "exists",
    "floor",
    "join",
    "keys",
    "length",
    "lowercase",
    "max",
    "merge",
    "min",
    "not",
    "number",
    "string",
    "sum",
    "uppercase",
];

/// Parts of a state that are states again.
const SCOPES: [&str; 3] = ["Branches", "ItemProcessor", "Iterator"];

/// Whether every expression in the fields of a state is elementary; one without any is.
pub(crate) fn is_elementary(state: &serde_json::Map<String, Value>) -> bool {
    let resource = state.get("Resource").and_then(Value::as_str).unwrap_or_default();
    let has_token = resource.ends_with(".waitForTaskToken");
    let mut fields = state.iter().filter(|(name, _)| !SCOPES.contains(&name.as_str()));
    fields.all(|(_, field)| is_plain(field, has_token))
}

fn is_plain(field: &Value, has_token: bool) -> bool {
    match field {
        Value::Object(members) => members.values().all(|member| is_plain(member, has_token)),
        Value::Array(items) => items.iter().all(|item| is_plain(item, has_token)),
        Value::String(text) => inner(text).is_none_or(|source| {
            let settled = !UNSETTLED.iter().any(|member| source.contains(member))
                && (has_token || !source.contains(TOKEN));
            settled && Expression::parse(source).is_ok_and(|expression| is_simple(&expression.ast))
        }),
        _ => true,
    }
}

fn is_simple(node: &AstNode) -> bool {
    match node {
        AstNode::String(_)
        | AstNode::Number(_)
        | AstNode::Boolean(_)
        | AstNode::Null
        | AstNode::Variable(_) => true,
        AstNode::Path { steps } => steps.split_first().is_some_and(|(first, rest)| {
            let named = |step: &PathStep| matches!(step.node, AstNode::Name(_)) && is_bare(step);
            is_bare(first) && is_simple(&first.node) && rest.iter().all(named)
        }),
        AstNode::Unary { operand, .. } => is_simple(operand),
        AstNode::Binary { op, lhs, rhs } => is_simple_operator(*op) && is_simple(lhs) && is_simple(rhs),
        AstNode::Array(items) => items.iter().all(is_simple),
        AstNode::Object(pairs) => pairs.iter().all(|(key, value)| is_simple(key) && is_simple(value)),
        AstNode::Block(items) => matches!(items.as_slice(), [single] if is_simple(single)),
        AstNode::Conditional { condition, then_branch, else_branch } => {
            let rest = else_branch.as_deref();
            is_simple(condition) && is_simple(then_branch) && rest.is_none_or(is_simple)
        }
        AstNode::Function { name, args, is_builtin } => {
            *is_builtin && FUNCTIONS.contains(&name.as_str()) && args.iter().all(is_simple)
        }
        _ => false,
    }
}

fn is_bare(step: &PathStep) -> bool {
    step.stages.is_empty() && step.focus.is_none() && step.index_var.is_none()
}

fn is_simple_operator(operator: BinaryOp) -> bool {
    use BinaryOp as Op;
    matches!(
        operator,
        Op::Add
            | Op::Subtract
            | Op::Multiply
            | Op::Equal
            | Op::NotEqual
            | Op::LessThan
            | Op::LessThanOrEqual
            | Op::GreaterThan
            | Op::GreaterThanOrEqual
            | Op::And
            | Op::Or
            | Op::Concatenate
    )
}

#[cfg(test)]
mod tests {
    use super::is_elementary;
    use serde_json::json;

    fn elementary(source: &str) -> bool {
        let state = json!({ "Type": "Pass", "Output": { "of": [format!("{{% {source} %}}")] } });
        is_elementary(state.as_object().unwrap())
    }

    #[test]
    fn paths_operators_and_first_functions_are_elementary() {
        for source in [
            "$states.input.a.b",
            "$x",
            "$x + 1 > $states.input.n and true",
            "'a' & $string($states.input)",
            "{ 'a': [$x, -1] }",
            "$exists($states.input.a) ? ($x) : null",
            "$states.context.Execution.Name",
        ] {
            assert!(elementary(source), "{source}");
        }
    }

    #[test]
    fn what_implementations_may_differ_in_is_not() {
        for source in [
            "$states.input.items[0]",
            "$states.input.*",
            "$map($x, function($v) { $v })",
            "$now()",
            "$x ~> $sum",
            "($y := 1; $y)",
            "name",
            "1 / 0",
            "$states.context.Task.Token",
            "$states.input.(a + b)",
            "$match($x, /a/)",
            "(",
        ] {
            assert!(!elementary(source), "{source}");
        }
    }

    #[test]
    fn the_token_is_settled_where_it_is_waited_for() {
        let state = json!({
            "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Arguments": { "MessageBody": "{% $states.context.Task.Token %}" },
        });
        assert!(is_elementary(state.as_object().unwrap()));
    }

    #[test]
    fn states_within_a_state_do_not_count() {
        let map = json!({ "Type": "Map", "Items": [1], "ItemProcessor": { "Output": "{% $now() %}" } });
        assert!(is_elementary(map.as_object().unwrap()));
    }
}
