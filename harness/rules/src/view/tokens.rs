//! The task tokens that a case saw issued, and every SendTask* call as an operation on one of them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use record::{Operation as Api, Symbol, Time, mentions};
use serde_json::Value;

use super::attempt::{Attempt, Pattern};
use super::definition::{Step, at};
use super::queue::Message;
use super::{Answer, Call, Execution, Machine};

/// A task token that was issued: it stood in a message, in a history or in an activity's answer.
#[derive(Debug)]
pub struct Token {
    /// Its text. Never shown.
    pub text: String,
    /// Not issued before this, by the harness's clock.
    pub after: Time,
    /// When the harness first had it in hand; never if only a history shows it.
    pub received: Option<Time>,
    /// Index of its execution, if known.
    pub execution: Option<usize>,
    /// Index of its attempt, if a history shows it.
    pub attempt: Option<usize>,
    /// The state that issued it, if known.
    pub state: Option<String>,
    /// Whether an activity's answer held it.
    pub activity: bool,
    /// Indices of the messages that held it.
    pub messages: Vec<usize>,
    /// Indices of the operations with it, in the order in which they began.
    pub operations: Vec<usize>,
}

/// Which SendTask* call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// SendTaskSuccess.
    Success,
    /// SendTaskFailure.
    Failure,
    /// SendTaskHeartbeat.
    Heartbeat,
}

impl Verb {
    /// The API's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "SendTaskSuccess",
            Self::Failure => "SendTaskFailure",
            Self::Heartbeat => "SendTaskHeartbeat",
        }
    }
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// 200.
    Accepted,
    /// Refused because the task is closed (TaskTimedOut, or TaskDoesNotExist as A-04 tolerates).
    Closed,
    /// Refused for another reason; nothing may have happened.
    Rejected,
    /// Nobody knows whether it took effect.
    Unknown,
}

/// What the token of an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// One that was issued, by index.
    Issued(usize),
    /// Missing, or no string.
    Missing,
    /// The empty string.
    Empty,
    /// Longer than 2,048 characters (TOK-19).
    TooLong,
    /// Derived from an issued one, but never issued (TOK-18).
    Mutated,
    /// Like no issued one (TOK-17).
    Malformed,
    /// Replaced by a symbolic name, so that nothing is known of its form.
    Redacted,
}

/// A SendTask* call.
#[derive(Debug)]
pub struct Operation {
    /// Index of the call.
    pub call: usize,
    /// Which.
    pub verb: Verb,
    /// Whose token.
    pub bearer: Bearer,
    /// Just before it was sent.
    pub begun: Time,
    /// Just after the answer.
    pub ended: Time,
    /// What became of it.
    pub effect: Effect,
}

/// The most characters of a token (TOK-02, A-05).
pub const TOKEN_LIMIT: usize = 2048;

/// Everything that tokens are read from.
pub(super) struct Sources<'v, 'a> {
    pub(super) calls: &'v [Call<'a>],
    pub(super) machines: &'v [Machine],
    pub(super) executions: &'v [Execution<'a>],
    pub(super) messages: &'v [Message<'a>],
}

/// Finds the tokens and the operations.
pub(super) fn tokens(
    sources: &Sources<'_, '_>,
    attempts: &mut [Attempt],
    scheduled_at: &[Time],
) -> (Vec<Token>, Vec<Operation>) {
    let mut found = Found { tokens: Vec::new(), by_text: BTreeMap::new() };
    from_messages(sources, &mut found);
    from_activities(sources, &mut found);
    from_accepted(sources, &mut found);
    from_attempts(sources, attempts, scheduled_at, &mut found);
    let mut operations = Vec::new();
    for call in sources.calls {
        let verb = match call.operation {
            Api::SendTaskSuccess => Verb::Success,
            Api::SendTaskFailure => Verb::Failure,
            Api::SendTaskHeartbeat => Verb::Heartbeat,
            _ => continue,
        };
        let effect = match call.answer {
            Answer::Done(_) => Effect::Accepted,
            Answer::Refused(error) if matches!(error.code.as_str(), "TaskTimedOut" | "TaskDoesNotExist") => {
                Effect::Closed
            }
            Answer::Unknown | Answer::Broken(_) => Effect::Unknown,
            _ => Effect::Rejected,
        };
        let bearer = match call.text("taskToken") {
            None => Bearer::Missing,
            Some("") => Bearer::Empty,
            Some(text) => match (found.by_text.get(text), Symbol::of(text)) {
                (Some(token), _) => Bearer::Issued(*token),
                (None, Some(Symbol::Token)) => Bearer::Redacted,
                (None, Some(Symbol::Changed)) => Bearer::Mutated,
                _ if text.chars().count() > TOKEN_LIMIT => Bearer::TooLong,
                _ if found.tokens.iter().any(|token| derives(text, &token.text)) => Bearer::Mutated,
                _ => Bearer::Malformed,
            },
        };
        if let Bearer::Issued(token) = bearer
            && let Some(token) = found.tokens.get_mut(token)
        {
            token.operations.push(operations.len());
        }
        operations.push(Operation {
            call: call.index,
            verb,
            bearer,
            begun: call.begun,
            ended: call.ended,
            effect,
        });
    }
    (found.tokens, operations)
}

/// Whether a text is a mutation or a re-encoding of a token, rather than like none.
pub fn derives(text: &str, token: &str) -> bool {
    if let Some(number) = Symbol::of(token).and_then(|_| token.strip_prefix("token#")) {
        // What was changed says of what it was made, all other names have nothing to do with each other.
        return text.split_once('~').is_some_and(|(_, of)| of == number);
    }
    let plain = |text: &str| -> Vec<u8> {
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase()).collect()
    };
    let (text_plain, token_plain) = (plain(text), plain(token));
    let shorter = text_plain.len().min(token_plain.len());
    if shorter < 4 {
        return false;
    }
    let prefix = text_plain.iter().zip(&token_plain).take_while(|(a, b)| a == b).count();
    let suffix = text_plain.iter().rev().zip(token_plain.iter().rev()).take_while(|(a, b)| a == b).count();
    let reversed = text_plain.iter().rev().zip(&token_plain).take_while(|(a, b)| a == b).count();
    (prefix + suffix) * 2 >= shorter
        || reversed == shorter
        || STANDARD_NO_PAD.encode(token) == text.trim_end_matches('=')
}

struct Found {
    tokens: Vec<Token>,
    by_text: BTreeMap<String, usize>,
}

impl Found {
    fn note(&mut self, text: &str, after: Time) -> usize {
        if let Some(index) = self.by_text.get(text) {
            return *index;
        }
        self.by_text.insert(text.to_owned(), self.tokens.len());
        self.tokens.push(Token {
            text: text.to_owned(),
            after,
            received: None,
            execution: None,
            attempt: None,
            state: None,
            activity: false,
            messages: Vec::new(),
            operations: Vec::new(),
        });
        self.tokens.len() - 1
    }
}

fn from_messages(sources: &Sources<'_, '_>, found: &mut Found) {
    let places: Vec<_> = sources
        .machines
        .iter()
        .flat_map(|machine| machine.revisions.iter())
        .flat_map(|revision| revision.definition.places.iter())
        .collect();
    let by_name: BTreeMap<&str, usize> =
        sources.executions.iter().enumerate().flat_map(|(i, e)| [(e.name, i), (e.arn, i)]).collect();
    for (index, message) in sources.messages.iter().enumerate() {
        let Some(first) = message.receipts.iter().map(|receipt| receipt.ended).min() else { continue };
        let published: Option<Value> =
            message.envelope.as_ref().and_then(|envelope| serde_json::from_str(&envelope.message).ok());
        let roots: Vec<&Value> = message.json.iter().chain(&published).collect();
        let mut here: Vec<String> = Vec::new();
        for place in &places {
            let attributes =
                matches!(place.path.first(), Some(Step::Member(name)) if name == "MessageAttributes");
            if attributes {
                if let Some(Value::String(text)) = at(message.wire, &place.path) {
                    here.push(text.clone());
                }
                continue;
            }
            if place.path.len() == 1 {
                // The body as a whole is the token.
                if message.json.as_ref().is_none_or(|json| !json.is_object()) {
                    here.push(message.text().to_owned());
                }
                continue;
            }
            for root in &roots {
                // The member that holds the body differs by service: MessageBody, Message, Payload, Entries[0].Detail.
                let detail = root.get("detail").unwrap_or(root);
                let hit = (1..place.path.len()).find_map(|from| {
                    let rest = place.path.get(from..)?;
                    at(root, rest).or_else(|| at(detail, rest)).and_then(Value::as_str)
                });
                if let Some(text) = hit {
                    here.push(text.to_owned());
                }
            }
        }
        here.retain(|text| !text.is_empty());
        here.sort_unstable();
        here.dedup();
        let mut owners = Vec::new();
        for root in &roots {
            leaves(root, &mut |leaf| {
                if let Some(execution) = by_name.get(leaf) {
                    owners.push(*execution);
                }
            });
        }
        owners.sort_unstable();
        owners.dedup();
        for text in here {
            let token = found.note(&text, sources.calls.first().map_or(Time(0), |call| call.begun));
            let Some(token) = found.tokens.get_mut(token) else { continue };
            token.messages.push(index);
            token.received = Some(token.received.map_or(first, |earlier| earlier.min(first)));
            let owner = match owners.as_slice() {
                [only] => Some(*only),
                [] if sources.executions.len() == 1 => Some(0),
                _ => None,
            };
            token.execution = token.execution.or(owner);
            let named =
                owner.and_then(|owner| sources.executions.get(owner)).and_then(|e| e.definition.as_ref());
            if let Some(definition) = named {
                let mut states: Vec<&str> =
                    definition.places.iter().map(|place| place.state.as_str()).collect();
                states.sort_unstable();
                states.dedup();
                if let [only] = states.as_slice() {
                    token.state = Some((*only).to_owned());
                } else {
                    // The body may name its state.
                    let mut named = Vec::new();
                    for root in &roots {
                        leaves(root, &mut |leaf| {
                            if states.contains(&leaf) && !named.contains(&leaf) {
                                named.push(leaf);
                            }
                        });
                    }
                    if let [only] = named.as_slice() {
                        token.state = Some((*only).to_owned());
                    }
                }
            }
        }
    }
}

fn from_activities(sources: &Sources<'_, '_>, found: &mut Found) {
    for call in sources.calls.iter().filter(|call| call.operation == Api::GetActivityTask) {
        let text = call.answer.done().and_then(|reply| reply.get("taskToken")).and_then(Value::as_str);
        let Some(text) = text.filter(|text| !text.is_empty()) else { continue };
        let token = found.note(text, sources.calls.first().map_or(Time(0), |call| call.begun));
        if let Some(token) = found.tokens.get_mut(token) {
            token.activity = true;
            token.received = Some(token.received.map_or(call.ended, |earlier| earlier.min(call.ended)));
            if sources.executions.len() == 1 {
                token.execution = Some(0);
            }
        }
    }
}

/// Tokens that histories show in the parameters of a scheduled task; here attempts and tokens meet.
fn from_attempts(
    sources: &Sources<'_, '_>,
    attempts: &mut [Attempt],
    scheduled_at: &[Time],
    found: &mut Found,
) {
    for (index, attempt) in attempts.iter_mut().enumerate() {
        if attempt.pattern != Pattern::Callback && attempt.pattern != Pattern::Sync {
            continue;
        }
        let execution = attempt.execution;
        let definition = sources.executions.get(execution).and_then(|e| e.definition.as_ref());
        let Some(parameters) = &attempt.parameters else { continue };
        let mut text = definition.and_then(|definition| {
            definition
                .places
                .iter()
                .filter(|place| Some(&place.state) == attempt.state.as_ref())
                .find_map(|place| at(parameters, &place.path).and_then(Value::as_str))
                .map(str::to_owned)
        });
        if text.is_none() {
            // No place is known: a string that a message showed to be a token, or a text with one inside.
            leaves(parameters, &mut |leaf| {
                if text.is_none() {
                    let within = |known: &&String| known.len() >= 6 && mentions(leaf, known);
                    let inside = || found.by_text.keys().filter(within).max_by_key(|known| known.len());
                    text = found.by_text.get_key_value(leaf).map(|(known, _)| known).or_else(inside).cloned();
                }
            });
        }
        let Some(text) = text.filter(|text| !text.is_empty()) else { continue };
        let after = scheduled_at.get(index).copied().unwrap_or(Time(0));
        let token = found.note(&text, after);
        if let Some(token) = found.tokens.get_mut(token)
            && token.attempt.is_none()
        {
            token.attempt = Some(index);
            token.execution = Some(execution);
            token.state.clone_from(&attempt.state);
            token.after = after;
        }
        attempt.token = Some(token);
    }
    // Activities hand their tokens out without showing them: by order within one execution, if only one is possible.
    let activities: Vec<usize> = (0..attempts.len())
        .filter(|i| attempts.get(*i).is_some_and(|a| a.pattern == Pattern::Activity))
        .collect();
    let unclaimed: Vec<usize> = (0..found.tokens.len())
        .filter(|i| found.tokens.get(*i).is_some_and(|token| token.activity && token.attempt.is_none()))
        .collect();
    if let ([attempt], [token]) = (activities.as_slice(), unclaimed.as_slice())
        && let (Some(attempt_ref), Some(token_ref)) =
            (attempts.get_mut(*attempt), found.tokens.get_mut(*token))
    {
        attempt_ref.token = Some(*token);
        token_ref.attempt = Some(*attempt);
        token_ref.execution = Some(attempt_ref.execution);
        token_ref.state.clone_from(&attempt_ref.state);
    }
}

/// A token that the service accepted and that stands inside a delivered body was issued, even if no place is known for it.
fn from_accepted(sources: &Sources<'_, '_>, found: &mut Found) {
    for call in sources.calls {
        if !matches!(call.operation, Api::SendTaskSuccess | Api::SendTaskFailure | Api::SendTaskHeartbeat)
            || call.answer.done().is_none()
        {
            continue;
        }
        let Some(text) = call.text("taskToken").filter(|text| text.len() >= 6) else { continue };
        if found.by_text.contains_key(text) || found.tokens.iter().any(|token| derives(text, &token.text)) {
            continue;
        }
        let mut holders = Vec::new();
        for (index, message) in sources.messages.iter().enumerate() {
            let mut holds = mentions(message.body, text);
            if let Some(json) = &message.json {
                leaves(json, &mut |leaf| holds |= mentions(leaf, text));
            }
            if holds {
                holders.push(index);
            }
        }
        if !holders.is_empty() {
            let token = found.note(text, sources.calls.first().map_or(Time(0), |call| call.begun));
            if let Some(token) = found.tokens.get_mut(token) {
                let first = holders.iter().filter_map(|i| sources.messages.get(*i)).flat_map(|m| &m.receipts);
                token.received = first.map(|receipt| receipt.ended).min();
                token.messages = holders;
                if sources.executions.len() == 1 {
                    token.execution = Some(0);
                }
            }
        }
    }
}

/// Visits every string of a value.
pub fn leaves<'v>(value: &'v Value, visit: &mut dyn FnMut(&'v str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, visit)),
        Value::Object(members) => members.values().for_each(|member| leaves(member, visit)),
        _ => {}
    }
}
