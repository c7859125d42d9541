//! ESM: Lambda event source mappings, as far as queue, dead-letter queue and executions show them.

use record::{Operation as Api, Time};
use serde_json::Value;

use crate::check::{Check, Group, Sink};
use crate::tolerance::{PATIENCE, seconds};
use crate::view::{Answer, Attempt, Message, Pattern, Token, View};

const CONSUMES: Check = Check::of(
    "ESM-01",
    "mapping-consumes-the-queue",
    "a function behind a mapping answers the tokens of the queue, and its messages are gone",
);
const BATCH_SIZE: Check = Check::of(
    "ESM-02",
    "batch-size-is-validated",
    "BatchSize is 1..10,000; above 10 it needs a batching window",
);
const ALL_RETURN: Check = Check::of(
    "ESM-03",
    "failed-batch-returns-whole",
    "if the function errors the whole batch comes back, processed messages included",
);
const SOME_RETURN: Check = Check::of(
    "ESM-04",
    "reported-items-return-alone",
    "with ReportBatchItemFailures only the reported messages come back",
);
const FULL_SUCCESS: Check = Check::of(
    "ESM-05",
    "response-decides-what-returns",
    "an empty list of failures is full success, an unlawful one full failure",
);
const TIMEOUT: Check = Check::of(
    "ESM-06",
    "function-timeout-fits-visibility",
    "a function timeout above the queue's visibility timeout is refused",
);
const ONCE: Check =
    Check::of("ESM-08", "deliveries-again-have-one-effect", "messages processed again have one effect");
const ANSWERED: Check = Check::of(
    "ESM-09",
    "answered-tokens-are-no-error",
    "a consumer that treats TaskTimedOut as answered sends nothing to the dead-letter queue",
);
const STATE: Check =
    Check::of("ESM-12", "mapping-becomes-enabled", "a mapping goes from Creating to Enabled");
const OTHERS: Check = Check::of(
    "ESM-14",
    "bad-record-decides-for-itself",
    "one bad record does not decide the others of its batch",
);

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[BATCH_SIZE, TIMEOUT, STATE], run: mappings },
    Group {
        checks: &[CONSUMES, ALL_RETURN, SOME_RETURN, FULL_SUCCESS, ONCE, ANSWERED, OTHERS],
        run: effects,
    },
    Group { checks: &[ALL_RETURN, SOME_RETURN, FULL_SUCCESS], run: lost },
];

/// Whether a task's message orders the function to report a failure of a message that is not in its batch.
fn gives_unlawful_report(attempt: &Attempt) -> bool {
    let report =
        attempt.parameters.as_ref().and_then(|sent| sent.pointer("/MessageBody/Return/batchItemFailures"));
    report.and_then(Value::as_array).is_some_and(|items| !items.is_empty())
}

/// Whether anything tells the suite's function to fail: a message that it cannot read, or an order to throw or to report.
fn is_told_to_fail(view: &View<'_>) -> bool {
    let orders = |attempt: &Attempt| {
        let body = attempt.parameters.as_ref().and_then(|sent| sent.get("MessageBody"));
        ["Throw", "ThrowBatch", "Return"].iter().any(|name| body.is_some_and(|body| body.get(name).is_some()))
    };
    let mut sent = view.calls_of(Api::SendMessage);
    sent.any(|call| fails(call.text("MessageBody").unwrap_or_default(), true))
        || view.attempts.iter().any(orders)
}

/// Whether the suite's function fails at this message: with it alone, or with its whole batch.
fn fails(body: &str, partial: bool) -> bool {
    match serde_json::from_str(body) {
        Ok(Value::Object(order)) => {
            order.contains_key("ThrowBatch") || partial && order.contains_key("Throw")
        }
        _ => partial,
    }
}

/// A message that its function failed and that never came to the dead-letter queue, though that was polled long enough.
fn lost(view: &View<'_>, sink: &mut Sink) {
    for mapping in view.calls_of(Api::CreateEventSourceMapping).filter(|call| call.answer.done().is_some()) {
        let partial = mapping.input.get("FunctionResponseTypes").is_some();
        let enabled = mapping.input.get("Enabled") != Some(&Value::Bool(false));
        let source = mapping.text("EventSourceArn").and_then(|arn| arn.rsplit(':').next());
        let Some(queue) = view.queues.iter().find(|queue| Some(queue.name) == source) else { continue };
        let Some(dead) = view.queues.iter().position(|other| {
            queue.dead_letter.as_ref().is_some_and(|(receives, name)| *receives == 1 && name == other.name)
        }) else {
            continue;
        };
        let function = view.calls_of(Api::CreateFunction).find(|call| {
            call.text("FunctionName") == mapping.text("FunctionName")
                && call.text("Handler") == Some("obey.handler")
        });
        let timeout = function.and_then(|call| call.input.get("Timeout")).and_then(Value::as_u64);
        let (Some(timeout), Some(visibility), true) = (timeout, queue.visibility, enabled) else { continue };
        let window = mapping.input.get("MaximumBatchingWindowInSeconds").and_then(Value::as_u64).unwrap_or(0);
        let polled_until = view
            .queues
            .get(dead)
            .into_iter()
            .flat_map(|queue| &queue.receives)
            .filter_map(|call| view.calls.get(*call))
            .map(|call| call.ended.0)
            .max();
        let due = |sent: Time| sent.0 + seconds(window + timeout + visibility) + PATIENCE;
        let arrived = view.messages.iter().any(|message| message.queue == dead);
        let begun: Vec<Time> = view
            .attempts
            .iter()
            .filter(|attempt| attempt.submitted.is_some() && gives_unlawful_report(attempt))
            .filter_map(|attempt| Some(view.executions.get(attempt.execution)?.started))
            .collect();
        let last = begun.iter().max().filter(|_| partial && !arrived);
        if last.is_some_and(|last| polled_until.is_some_and(|until| until >= due(*last))) {
            sink.violated(
                FULL_SUCCESS,
                "a report of a message that is in no batch was taken for success: nothing came back",
            );
        }
        for sent in view.calls_of(Api::SendMessage).filter(|call| call.text("QueueUrl") == Some(queue.url)) {
            let body = sent.text("MessageBody").unwrap_or_default();
            if sent.answer.done().is_none() || !fails(body, partial) {
                continue;
            }
            let row = if partial { SOME_RETURN } else { ALL_RETURN };
            if view.messages.iter().any(|message| message.queue == dead && message.body == body) {
                sink.met(row);
            } else if polled_until.is_some_and(|until| until >= due(sent.ended)) {
                sink.violated(
                    row,
                    "a message that the function failed is gone: it never came to the dead-letter queue",
                );
            }
        }
    }
}

fn mappings(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::CreateEventSourceMapping) {
        let size = call.input.get("BatchSize").and_then(Value::as_i64);
        let window = call.input.get("MaximumBatchingWindowInSeconds").and_then(Value::as_i64).unwrap_or(0);
        let fifo = call.text("EventSourceArn").is_some_and(|arn| arn.rsplit('.').next() == Some("fifo"));
        let flawed =
            size.is_some_and(|size| !(1..=10_000).contains(&size) || (size > 10 && (window < 1 || fifo)));
        if flawed && call.was_looked_at() {
            let fits = call.answer.refused().is_some_and(|error| {
                let named = ["InvalidParameterValueException", "ValidationException"];
                error.status == 400 && named.contains(&error.code.as_str())
            });
            sink.expect(BATCH_SIZE, fits, || {
                format!("BatchSize {size:?} with window {window} answered {}", call.answer.says())
            });
            continue;
        }
        let queue = call.text("EventSourceArn").and_then(|arn| arn.rsplit(':').next());
        let visibility =
            view.queues.iter().find(|q| Some(q.name) == queue && q.made_here).and_then(|q| q.visibility);
        let function =
            view.calls_of(Api::CreateFunction).find(|f| f.text("FunctionName") == call.text("FunctionName"));
        let timeout = function.map(|f| f.input.get("Timeout").and_then(Value::as_u64).unwrap_or(3));
        if let (Some(timeout), Some(visibility)) = (timeout, visibility) {
            match call.answer {
                Answer::Done(_) if timeout > visibility => {
                    sink.violated(TIMEOUT, format!("a function timeout of {timeout} s over a visibility timeout of {visibility} s was taken"));
                }
                Answer::Refused(error) if timeout > visibility => {
                    sink.expect(TIMEOUT, error.status < 500, || {
                        format!(
                            "a function timeout over the visibility timeout answered {}",
                            call.answer.says()
                        )
                    });
                }
                Answer::Done(_) => {
                    sink.met(TIMEOUT);
                    if size.is_some() {
                        sink.met(BATCH_SIZE);
                    }
                }
                _ => {}
            }
        }
    }
    for call in view.calls_of(Api::GetEventSourceMapping) {
        let state = call.answer.done().and_then(|reply| reply.get("State")).and_then(Value::as_str);
        let Some(state) = state else { continue };
        let known = ["Creating", "Enabling", "Enabled", "Disabling", "Disabled", "Updating", "Deleting"]
            .contains(&state);
        sink.expect(STATE, known, || format!("a mapping has state {state}"));
    }
}

fn effects(view: &View<'_>, sink: &mut Sink) {
    let mappings: Vec<_> =
        view.calls_of(Api::CreateEventSourceMapping).filter(|call| call.answer.done().is_some()).collect();
    if mappings.is_empty() {
        return;
    }
    let partial = mappings.iter().any(|call| {
        call.input
            .get("FunctionResponseTypes")
            .is_some_and(|types| types.to_string().contains("ReportBatchItemFailures"))
    });
    let dead: Vec<usize> = (0..view.queues.len())
        .filter(|index| {
            view.queues.get(*index).is_some_and(|queue| {
                view.queues.iter().any(|other| {
                    other.consumed_elsewhere
                        && other.dead_letter.as_ref().is_some_and(|(_, target)| target == queue.name)
                })
            })
        })
        .collect();
    let in_dead = |message: &Message<'_>| dead.contains(&message.queue);
    // Tasks that ended with success although the harness never answered them: the function did.
    let answered = view.attempts.iter().filter(|attempt| {
        attempt.pattern == Pattern::Callback
            && attempt.end(view.events(attempt)).is_some_and(|event| event.kind == "TaskSucceeded")
            && attempt
                .token
                .and_then(|token| view.tokens.get(token))
                .is_none_or(|token| token.operations.is_empty())
    });
    let answered: Vec<_> = answered.collect();
    if !answered.is_empty() {
        sink.met(CONSUMES);
        sink.expect(ONCE, answered.iter().all(|attempt| attempt.ended_again.is_empty()), || {
            "a task that a function answered ended more than once".to_owned()
        });
    }
    let poison = view.messages.iter().any(&in_dead);
    let processed_dead = |token: &&Token| {
        token.messages.iter().filter_map(|m| view.messages.get(*m)).any(in_dead)
            && token.attempt.and_then(|a| view.attempts.get(a)).is_some_and(|attempt| {
                attempt.end(view.events(attempt)).is_some_and(|event| event.kind == "TaskSucceeded")
                    && token.operations.is_empty()
            })
    };
    let all_dead = view.tokens.iter().filter(processed_dead).count();
    let processed_dead = all_dead > 0;
    // One may be a duplicate that was received once too often (SQS-01); several are a habit.
    if all_dead > 1 && !is_told_to_fail(view) {
        sink.violated(CONSUMES, "messages that the function has dealt with came to the dead-letter queue");
        sink.violated(ANSWERED, "answered tokens came to the dead-letter queue though no record failed");
    }
    let unlawful = view.attempts.iter().any(gives_unlawful_report);
    if poison && !answered.is_empty() {
        if partial && unlawful {
            sink.met(FULL_SUCCESS);
        } else if partial {
            sink.expect(SOME_RETURN, !processed_dead, || {
                "a message whose task was answered is in the dead-letter queue, though only failed items return".to_owned()
            });
            sink.expect(OTHERS, !processed_dead, || {
                "a bad record brought another one of its batch to the dead-letter queue".to_owned()
            });
        } else if processed_dead {
            sink.met(ALL_RETURN);
        }
    }
    if !answered.is_empty() && !poison && !dead.is_empty() && !unlawful {
        sink.met(ANSWERED);
        sink.met(FULL_SUCCESS);
    }
}
