//! E2E and QUO: nothing is lost, doubled or invented on the way: answers, deliveries and attempts are counted against each other.

use record::Service;

use crate::check::end_to_end::workflow::MANY;
use crate::check::{Check, Group, Sink};
use crate::view::{Answer, Attempt, Effect, Pattern, Token, Verb, View, same_json_text};

const DUPLICATES: Check =
    Check::of("E2E-08", "duplicates-change-nothing", "a message delivered several times has one effect");
const PARKED: Check = Check::of(
    "E2E-09",
    "lost-message-parks-the-execution",
    "without timeout an unanswered task stays RUNNING",
);
const CONSERVED: Check = Check::of(
    "E2E-11",
    "tasks-and-answers-balance",
    "tasks closed are callbacks that answered 200, timeouts and aborts; messages accepted are tasks submitted",
);
const RATE: Check = Check::of(
    "QUO-03",
    "calls-stay-below-the-quotas",
    "the harness stays below the documented request quotas",
);
const THROTTLING: Check =
    Check::of("QUO-05", "throttling-is-not-expected", "whether calls are throttled is no verdict");

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[DUPLICATES, PARKED], run: workers },
    Group { checks: &[CONSERVED, MANY], run: conserved },
    Group { checks: &[RATE, THROTTLING], run: quotas },
];

fn workers(view: &View<'_>, sink: &mut Sink) {
    for token in &view.tokens {
        let deliveries: usize =
            token.messages.iter().filter_map(|m| view.messages.get(*m)).map(|m| m.receipts.len()).sum();
        let ended = token.attempt.and_then(|a| view.attempts.get(a)).filter(|a| a.ended.is_some());
        if deliveries > 1
            && let Some(attempt) = ended
        {
            sink.expect(DUPLICATES, attempt.ended_again.is_empty(), || {
                "a message delivered again ended its task again".to_owned()
            });
        }
    }
    for attempt in view
        .attempts
        .iter()
        .filter(|a| a.pattern == Pattern::Callback && a.timeout.is_none() && a.heartbeat.is_none())
    {
        let untouched = attempt.token.and_then(|t| view.tokens.get(t)).is_none_or(|token| {
            view.operations_of(token).all(|op| op.verb == Verb::Heartbeat || op.effect == Effect::Rejected)
        });
        if attempt.ended.is_none()
            && untouched
            && !crate::check::timers::task_timeout::cut_short(view, attempt)
        {
            sink.met(PARKED);
        }
        if let Some(event) = attempt.end(view.events(attempt)).filter(|event| event.kind == "TaskTimedOut") {
            sink.violated_at(PARKED, Some(event.id), "a task without timeout did not wait for its token");
        }
    }
}

/// Whether an answer with the attempt's token was accepted.
fn taken(view: &View<'_>, attempt: &Attempt) -> bool {
    attempt.token.and_then(|token| view.tokens.get(token)).is_some_and(|token| {
        view.operations_of(token).any(|op| op.verb != Verb::Heartbeat && op.effect == Effect::Accepted)
    })
}

fn conserved(view: &View<'_>, sink: &mut Sink) {
    if view.answered_elsewhere {
        return;
    }
    let mut several = 0;
    for (index, execution) in view.executions.iter().enumerate() {
        let whole = execution
            .best
            .and_then(|best| view.reads.get(best))
            .is_some_and(|read| read.terminal().is_some());
        let tries: Vec<&Attempt> = view
            .attempts
            .iter()
            .filter(|a| a.execution == index && a.pattern == Pattern::Callback)
            // A callback may overtake TaskSubmitted; an attempt without both was never sent.
            .filter(|a| a.submitted.is_some() || taken(view, a))
            .collect();
        if !whole
            || tries.is_empty()
            || tries.iter().any(|attempt| attempt.token.is_none())
            || !execution.redrives.is_empty()
        {
            continue;
        }
        let kind = |attempt: &Attempt| attempt.end(view.events(attempt)).map(|event| event.kind.clone());
        let answered = tries
            .iter()
            .filter(|a| kind(a).is_some_and(|k| k == "TaskSucceeded" || k == "TaskFailed"))
            .count();
        let ops = |wanted: Effect| {
            view.tokens
                .iter()
                .filter(|token| token.execution == Some(index))
                .flat_map(|token| view.operations_of(token))
                .filter(|op| op.verb != Verb::Heartbeat && op.effect == wanted)
                .count()
        };
        let (accepted, unknown) = (ops(Effect::Accepted), ops(Effect::Unknown));
        // What a sibling's failure or a stop broke off may have been answered in the same moment.
        let broken_off = tries.iter().filter(|a| kind(a).is_none()).count();
        let held = accepted <= answered + broken_off && answered <= accepted + unknown;
        sink.expect(CONSERVED, held, || {
            format!("{answered} tasks were answered by {accepted} accepted calls ({unknown} unknown)")
        });
        if held && accepted > 0 {
            several += 1;
        }
    }
    if let Some(event) = view.attempts.iter().find_map(|attempt| ended_by_another(view, attempt)) {
        sink.violated_at(MANY, Some(event), "a task ended with what was sent for another execution");
    } else if several > 1 {
        sink.met(MANY);
    }
}

/// The event by which a task ended with an output that was sent with the token of another execution alone.
fn ended_by_another(view: &View<'_>, attempt: &Attempt) -> Option<u64> {
    let event = attempt.end(view.events(attempt)).filter(|event| event.kind == "TaskSucceeded")?;
    let output = event.text("output")?;
    let own = view.tokens.get(attempt.token?)?;
    let sent = |token: &Token| {
        view.operations_of(token)
            .filter(|op| op.verb == Verb::Success && op.effect != Effect::Rejected)
            .filter_map(|op| view.call_of(op)?.text("output").map(|sent| same_json_text(sent, output)))
            .collect::<Vec<bool>>()
    };
    let mine = sent(own);
    let others =
        view.tokens.iter().filter(|other| other.execution.is_some() && other.execution != own.execution);
    let crossed = !mine.is_empty() && !mine.contains(&true) && others.flat_map(sent).any(|same| same);
    crossed.then_some(event.id)
}

fn quotas(view: &View<'_>, sink: &mut Sink) {
    let calls = view.calls.iter().filter(|call| call.operation.service() == Service::States);
    let (mut all, mut throttled) = (0, 0);
    for call in calls {
        all += 1;
        throttled += usize::from(matches!(call.answer, Answer::Throttled(_)));
    }
    if all == 0 {
        return;
    }
    sink.met(RATE);
    sink.observed(
        THROTTLING,
        if throttled == 0 { "no call was throttled" } else { "some calls were throttled" },
    );
}
