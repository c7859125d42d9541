//! TOK-03, TOK-24, TOK-27, HB-14: what a refusal shows of a token that nothing can have closed.
//!
//! Invariant: where anything may have closed it, a wrong refusal is about how closed tokens are answered, and accuses nobody here.

use crate::check::tokens::closing::register;
use crate::check::{Check, Sink};
use crate::token::{Fault, Interval, Move, Op, linearizable};
use crate::view::{Answer, Effect, Operation, Token, Verb, View};

pub(super) const VERBATIM: Check =
    Check::of("TOK-03", "tokens-pass-back-verbatim", "a token sent back as it was received is taken");
pub(super) const LONG_LIVED: Check =
    Check::of("TOK-24", "token-lives-as-long-as-its-task", "a token still works long after it was issued");
/// From here on a token counts as old: beyond any poll, lease or cache of a second. Longer waits are for longer runs.
pub(super) const LONG: i64 = 2_000;
pub(super) const DENIED: Check =
    Check::of("TOK-27", "denied-call-has-no-effect", "a call without permission leaves the task open");
pub(super) const MANY_BEATS: Check =
    Check::of("HB-14", "many-beats-are-taken", "many heartbeats in a row are each accepted");

/// Whether nothing can have closed the token before this call was answered.
pub(in crate::check) fn is_surely_open(view: &View<'_>, token: &Token, operation: &Operation) -> bool {
    let mut register = register(view, token);
    let span = Interval { from: operation.begun.0, to: operation.ended.0 };
    register.ops.push(Op { span, outcome: Move::RefusedAsClosed });
    // Either it is refused before anything can have closed it, or it is taken later on.
    matches!(linearizable(&register), Err(Fault::RefusedBeforeClose | Fault::AcceptedAfterClose))
}

/// The rules that a wrong refusal points at by its circumstances.
pub(super) fn refused(view: &View<'_>, token: &Token, operation: &Operation, text: &str, sink: &mut Sink) {
    if !is_surely_open(view, token, operation) {
        return;
    }
    let before: Vec<&Operation> =
        view.operations_of(token).filter(|other| other.ended < operation.begun).collect();
    let denied =
        |other: &&Operation| view.call_of(other).is_some_and(|call| matches!(call.answer, Answer::Denied(_)));
    let accepted = |other: &&Operation| other.effect == Effect::Accepted;
    if before.iter().any(denied) && !before.iter().any(accepted) {
        sink.violated(DENIED, format!("{text}, after an earlier call with the token was denied"));
    }
    // Heartbeats may be refused for reasons of their own (HB-06), and a token that is taken later is neither garbled nor old.
    let last = view.operations_of(token).all(|other| !accepted(&other) || other.ended < operation.begun);
    if operation.verb != Verb::Heartbeat && last {
        let code = view.call_of(operation).and_then(|call| call.answer.code());
        if code == Some("InvalidToken") && !before.iter().any(accepted) {
            sink.violated(VERBATIM, format!("{text}, though it was sent back as it was received"));
        }
        let age = token.received.map_or(0, |received| operation.begun - received);
        if before.iter().all(accepted) && age >= LONG {
            sink.violated(LONG_LIVED, format!("{text}, {age} ms after it was received"));
        }
    }
    let beats = before.iter().filter(|other| accepted(other) && other.verb == Verb::Heartbeat).count();
    if beats >= 2 && operation.verb == Verb::Heartbeat {
        sink.violated(MANY_BEATS, format!("{text}, after {beats} heartbeats were accepted"));
    }
}
