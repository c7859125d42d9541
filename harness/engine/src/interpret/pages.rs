//! The pages of one list: which call asks for the next.
//!
//! It makes no calls. Invariant: pages that begin again end the list, and so do a token that is given twice and a row of empty pages.

use std::collections::BTreeSet;

use record::Call;
use rules::MOST_EMPTY_PAGES;
use serde_json::{Value, json};

/// Whoever gives more pages gives no end: more than the longest history has events (HIS-24).
const MOST: usize = 25_100;

/// How far a list has been read.
#[derive(Default)]
pub(super) struct Pages {
    begun: BTreeSet<String>,
    tokens: BTreeSet<String>,
    /// How many pages in a row were empty.
    empty: usize,
}

impl Pages {
    /// The call for the page that follows, unless this one is the last.
    pub(super) fn next(&mut self, call: &Call, reply: &Value) -> Option<Call> {
        let given = ["nextToken", "NextToken"].into_iter().find_map(|name| Some((name, reply.get(name)?)));
        let (name, token) = given.and_then(|(name, token)| Some((name, token.as_str()?)))?;
        let first = first(reply);
        self.empty = if first.is_none() { self.empty + 1 } else { 0 };
        let anew = first.is_none_or(|first| self.begun.insert(first)) && self.empty < MOST_EMPTY_PAGES;
        if token.is_empty() || !anew || self.tokens.len() >= MOST || !self.tokens.insert(token.to_owned()) {
            return None;
        }
        let mut next = call.clone();
        next.input.insert(name.to_owned(), json!(token));
        Some(next)
    }
}

/// What a page begins with: the id of an event, or the whole item.
fn first(reply: &Value) -> Option<String> {
    let first = reply.as_object()?.values().find_map(Value::as_array)?.first()?;
    Some(first.get("id").unwrap_or(first).to_string())
}

/// Whether a plan asked for a list from its beginning.
pub(super) fn begins_a_list(call: &Call) -> bool {
    let lists = call.operation.name().starts_with("List") || call.operation.name() == "GetExecutionHistory";
    lists
        && call.raw_body.is_none()
        && !["nextToken", "NextToken"].iter().any(|name| call.input.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::Operation;

    fn call() -> Call {
        Call::new(Operation::ListExecutions, json!({"stateMachineArn": "m"}))
    }

    #[test]
    fn a_page_with_a_token_is_followed_by_the_same_call_with_that_token() {
        let next = Pages::default().next(&call(), &json!({"executions": [1], "nextToken": "a"})).unwrap();
        assert_eq!(next.input, *json!({"stateMachineArn": "m", "nextToken": "a"}).as_object().unwrap());
        assert!(begins_a_list(&call()) && !begins_a_list(&next));
    }

    #[test]
    fn a_page_without_a_token_is_the_last() {
        assert_eq!(Pages::default().next(&call(), &json!({"executions": [1], "nextToken": null})), None);
    }

    #[test]
    fn pages_that_begin_again_or_give_a_token_twice_have_no_next() {
        let mut pages = Pages::default();
        assert!(pages.next(&call(), &json!({"executions": [1], "nextToken": "a"})).is_some());
        assert_eq!(pages.next(&call(), &json!({"executions": [1], "nextToken": "b"})), None);
        assert_eq!(pages.next(&call(), &json!({"executions": [2], "nextToken": "a"})), None);
    }

    #[test]
    fn empty_pages_are_followed_for_a_while() {
        let mut pages = Pages::default();
        let mut empty =
            |n: usize| pages.next(&call(), &json!({"executions": [], "nextToken": n.to_string()}));
        assert!((1..MOST_EMPTY_PAGES).all(|n| empty(n).is_some()));
        assert_eq!(empty(MOST_EMPTY_PAGES), None);
    }
}
