//! Data from event to event, without a definition: what one event hands on is what the next receives (HIS-12, ERR-06).

use record::Event;
use serde_json::Value;

use super::Known;
use super::attempt::pattern_of;
use super::ledger::Ledger;
use super::shape::EVENT_LIMIT;
use super::tokens::named_tokens;
use super::trace::{Attempt, Family, Phase, Strand, Trace};
use crate::digest::md5;
use crate::json::{brief_json, same_json};
use asl::Pattern;

/// A member that holds JSON, parsed; None where it is absent or no JSON.
pub(super) fn json(event: &Event, member: &str) -> Option<Value> {
    serde_json::from_str(event.text(member)?).ok()
}

/// The JSON object or array that a text holds.
pub(super) fn structure(text: &str) -> Option<Value> {
    text.starts_with(['{', '[']).then(|| serde_json::from_str(text).ok()).flatten()
}

/// Whether two texts are equal, or hold the same JSON object or array: its spelling is not promised (IO-09).
pub(super) fn same_text(a: &str, b: &str) -> bool {
    a == b || structure(a).zip(structure(b)).is_some_and(|(a, b)| same_json(&a, &b))
}

/// Follows the data along every strand.
pub(super) fn check(trace: &Trace<'_>, known: &Known<'_>, ledger: &mut Ledger) {
    start(trace, known, ledger);
    for strand in 0..trace.strands.len() {
        chain(trace, strand, ledger);
    }
    for visit in &trace.visits {
        branches(trace, visit, ledger);
        for attempt in &visit.attempts {
            located(trace, attempt, known, ledger);
            submitted(trace, attempt, ledger);
            digest(trace, attempt, ledger);
            child(trace, attempt, ledger);
            completed(trace, attempt, known, ledger);
        }
    }
    end(trace, ledger);
}

fn start(trace: &Trace<'_>, known: &Known<'_>, ledger: &mut Ledger) {
    let Some(first) = trace.event(0).filter(|event| event.kind == "ExecutionStarted") else { return };
    if let (Some(expected), Some(actual)) = (known.input, json(first, "input"))
        && !same_json(expected, &actual)
    {
        ledger.breach(
            "HIS-05",
            first,
            format!("input {}, started with {}", brief_json(&actual), brief_json(expected)),
        );
    }
    if let (Some(expected), Some(actual)) = (known.role_arn, first.text("roleArn"))
        && expected != actual
    {
        ledger.breach("HIS-05", first, format!("roleArn {actual:?}, the state machine has {expected:?}"));
    }
}

fn handed_on(before: &Event, before_member: &str, after: &Event, after_member: &str, ledger: &mut Ledger) {
    let (Some(given), Some(taken)) = (json(before, before_member), json(after, after_member)) else { return };
    ledger.met("HIS-12");
    if !same_json(&given, &taken) {
        let (b, a) = (&before.kind, &after.kind);
        ledger.breach(
            "HIS-12",
            after,
            format!(
                "{a}.{after_member} is {}, {b}.{before_member} was {}",
                brief_json(&taken),
                brief_json(&given)
            ),
        );
    }
}

fn chain(trace: &Trace<'_>, strand: usize, ledger: &mut Ledger) {
    let visits = trace.strand(strand).map(|strand| strand.visits.clone()).unwrap_or_default();
    let mut before = (strand == 0).then(|| trace.event(0)).flatten().map(|event| (event, "input"));
    for visit in visits.iter().filter_map(|at| trace.visits.get(*at)) {
        let Some(entered) = trace.event(visit.entered) else { continue };
        if let Some((event, member)) = before {
            handed_on(event, member, entered, "input", ledger);
        }
        before = match visit.exited.and_then(|at| trace.event(at)) {
            Some(exited) => Some((exited, "output")),
            None => Some((entered, "input")),
        };
    }
}

/// Every branch of a Parallel receives the same input.
fn branches(trace: &Trace<'_>, visit: &super::trace::Visit, ledger: &mut Ledger) {
    if visit.kind != "Parallel" {
        return;
    }
    for round in &visit.rounds {
        let firsts = round.strands.iter().filter_map(|at| trace.strand(*at)?.visits.first());
        let mut entered = firsts.filter_map(|at| trace.event(trace.visits.get(*at)?.entered));
        let Some(first) = entered.next() else { continue };
        for other in entered {
            handed_on(first, "input", other, "input", ledger);
        }
    }
}

/// A task is scheduled in the region of its execution: that of its ARN, or where that is not known of its first task. Step Functions
/// reaches no resources in others (DG, "Accessing resources in other AWS accounts").
fn located(trace: &Trace<'_>, attempt: &Attempt, known: &Known<'_>, ledger: &mut Ledger) {
    let Some(scheduled) = trace.event(attempt.scheduled) else { return };
    let Some(shown) = scheduled.text("region") else { return };
    let first = || trace.events.iter().find_map(|event| event.text("region"));
    let own = known.execution_arn.and_then(|arn| arn.split(':').nth(3)).or_else(first);
    if let Some(own) = own.filter(|own| *own != shown) {
        let message = format!("region is {shown:?}, that of the execution is {own:?}");
        ledger.breach("HIS-17", scheduled, message);
    }
}

/// The service's answer, for the services whose answer is recorded.
fn submitted(trace: &Trace<'_>, attempt: &Attempt, ledger: &mut Ledger) {
    let Some(event) = attempt.submitted.and_then(|at| trace.event(at)) else { return };
    let Some(output) = json(event, "output") else { return };
    let needed: &[&str] = match (event.text("resourceType"), event.text("resource")) {
        (Some("sqs"), Some(resource)) if resource.starts_with("sendMessage.") => {
            &["MessageId", "MD5OfMessageBody"]
        }
        (Some("sns"), Some(resource)) if resource.starts_with("publish.") => &["MessageId"],
        (Some("states"), Some(resource)) if resource.starts_with("startExecution.") => {
            &["ExecutionArn", "StartDate"]
        }
        _ => return,
    };
    ledger.met("HIS-18");
    for member in needed {
        if output.get(member).is_none() {
            ledger.breach("HIS-18", event, format!("TaskSubmitted.output has no {member}"));
        }
    }
}

/// The digest of a message is that of its text.
fn digest(trace: &Trace<'_>, attempt: &Attempt, ledger: &mut Ledger) {
    let answered = match pattern_of(trace, attempt) {
        Pattern::RequestResponse => attempt.ended.filter(|_| attempt.ok),
        _ => attempt.submitted,
    };
    let Some(event) = answered.and_then(|at| trace.event(at)) else { return };
    let action = event.text("resource").unwrap_or_default().split('.').next();
    if event.text("resourceType") != Some("sqs") || action != Some("sendMessage") {
        return;
    }
    let Some(output) = json(event, "output") else { return };
    let parameters = trace.event(attempt.scheduled).and_then(|event| json(event, "parameters"));
    // How a body that is no text is spelt is not known here.
    let body = parameters.as_ref().and_then(|parameters| parameters.get("MessageBody")?.as_str());
    if let (Some(body), Some(digest)) = (body, output.get("MD5OfMessageBody").and_then(Value::as_str)) {
        let is_digest = digest.len() == 32 && digest.chars().all(|c| c.is_ascii_hexdigit());
        let own = md5(body);
        // A record tells tokens by their symbols.
        if is_digest && own != digest && !body.contains("token#") {
            let message = format!("MD5OfMessageBody is {digest}, that of the body is {own}");
            ledger.breach("HIS-18", event, message);
        }
    }
}

/// The result of a child execution: it succeeded, and is the one that was started (recorded). A callback may complete the task
/// in its place, with any output (recorded).
fn child(trace: &Trace<'_>, attempt: &Attempt, ledger: &mut Ledger) {
    let (Some(started), Some(ended)) =
        (attempt.submitted.and_then(|at| trace.event(at)), attempt.ended.and_then(|at| trace.event(at)))
    else {
        return;
    };
    let resource = (ended.text("resourceType"), ended.text("resource").unwrap_or_default());
    if !matches!(resource, (Some("states"), "startExecution.sync" | "startExecution.sync:2"))
        || ended.kind != "TaskSucceeded"
    {
        return;
    }
    let Some((started, result)) = json(started, "output").zip(json(ended, "output")) else { return };
    let parameters = trace.event(attempt.scheduled).and_then(|event| json(event, "parameters"));
    if parameters.is_some_and(|parameters| may_hold_a_token(&parameters)) {
        return;
    }
    let (Some(arn), Some(status)) = (result.get("ExecutionArn"), result.get("Status")) else { return };
    let wrong = if status != "SUCCEEDED" {
        format!("the child execution is {status}")
    } else if started.get("ExecutionArn").is_some_and(|started| started != arn) {
        format!("the child execution is {arn}, another one was started")
    } else if resource.1 == "startExecution.sync"
        && result.get("Output").is_some_and(|output| !output.is_string())
    {
        "Output is no string".to_owned()
    } else {
        return;
    };
    ledger.breach("HIS-19", ended, format!("TaskSucceeded of {}, but {wrong}", resource.1));
}

/// The outcome of a callback attempt is what the accepted call said (HIS-19, HIS-20).
fn completed(trace: &Trace<'_>, attempt: &Attempt, known: &Known<'_>, ledger: &mut Ledger) {
    if attempt.family != Family::Task || pattern_of(trace, attempt) == Pattern::RequestResponse {
        return;
    }
    let Some(ended) = attempt.ended.and_then(|at| trace.event(at)) else { return };
    let Some(parameters) = trace.event(attempt.scheduled).and_then(|event| json(event, "parameters")) else {
        return;
    };
    let Some(completion) = known.completions.iter().find(|completion| holds(&parameters, &completion.token))
    else {
        return;
    };
    match (&completion.result, ended.kind.as_str()) {
        (Ok(sent), "TaskSucceeded") => {
            ledger.met("HIS-19");
            let (sent, written) = (serde_json::from_str::<Value>(sent).ok(), json(ended, "output"));
            if let (Some(sent), Some(written)) = (sent, written)
                && !same_json(&sent, &written)
            {
                ledger.breach(
                    "HIS-19",
                    ended,
                    format!("output {}, the callback sent {}", brief_json(&written), brief_json(&sent)),
                );
            }
        }
        (Err((error, cause)), "TaskFailed") => {
            ledger.met("HIS-20");
            for (member, sent) in [("error", error), ("cause", cause)] {
                let written = ended.text(member);
                if written.unwrap_or_default() != sent.as_deref().unwrap_or_default() {
                    ledger.breach(
                        "HIS-20",
                        ended,
                        format!("{member} {written:?}, the callback sent {sent:?}"),
                    );
                }
            }
        }
        (Ok(_), _) => {
            ledger.breach("HIS-19", ended, format!("{} although SendTaskSuccess was accepted", ended.kind));
        }
        (Err(_), _) => {
            ledger.breach("HIS-20", ended, format!("{} although SendTaskFailure was accepted", ended.kind));
        }
    }
}

/// Whether a token may be in there: under the name of one, or a long text without blanks.
fn may_hold_a_token(value: &Value) -> bool {
    const SHORTEST: usize = 40;
    fn is_like_one(value: &Value) -> bool {
        match value {
            Value::String(text) => {
                let is_address = text.starts_with("arn:") || text.contains("://");
                text.len() >= SHORTEST && !is_address && !text.contains(char::is_whitespace)
            }
            Value::Array(items) => items.iter().any(is_like_one),
            Value::Object(members) => members.values().any(is_like_one),
            _ => false,
        }
    }
    let mut named = Vec::new();
    named_tokens(value, &mut named);
    !named.is_empty() || is_like_one(value)
}

fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(string) => record::mentions(string, text),
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(members) => members.values().any(|member| holds(member, text)),
        _ => false,
    }
}

/// Error and cause of an event, with null as absent.
pub(super) fn error_of(event: &Event) -> (Option<&str>, Option<&str>) {
    (event.text("error"), event.text("cause"))
}

/// The failure that a strand ends with: an attempt's end, an evaluation, or that of the branch that failed its composite.
/// None where the definition alone knows (Fail states), or where the interpreter itself failed.
pub(super) fn failure_event<'h>(trace: &Trace<'h>, strand: usize) -> Option<&'h Event> {
    let (_, visit) = trace.current(strand)?;
    if let Some(evaluation) = visit.failed_evaluation() {
        return trace.event(evaluation);
    }
    if let Some(failed) = visit.failed.and_then(|at| trace.event(at)) {
        let cause = trace.by_id(failed.previous)?;
        if matches!(cause.kind.as_str(), "MapRunFailed" | "EvaluationFailed") {
            return Some(cause);
        }
        let inner = *trace.owner.get(&cause.id)?;
        let inside = inner != strand && trace.within(strand).contains(&inner);
        return if inside { failure_event(trace, inner) } else { None };
    }
    let attempt = visit.attempts.last()?;
    trace.event(attempt.ended?).filter(|_| !attempt.ok)
}

/// ExecutionFailed repeats the failure that nothing caught; called when the event is met, so that a redrive comes after it.
pub(super) fn uncaught(trace: &Trace<'_>, last: &Event, ledger: &mut Ledger) {
    let Some(root) = trace.strand(0) else { return };
    if !matches!(root.phase, Phase::Failed | Phase::CompositeFailed | Phase::EvaluationFailed) || root.loose {
        return by_itself(trace, root, last, ledger);
    }
    let Some(failure) = failure_event(trace, 0) else {
        if cause_of(trace).is_some_and(|cause| cause.kind != "FailStateEntered") {
            named_by_the_interpreter(trace, last, ledger);
        }
        return;
    };
    let own = |error: Option<&str>| {
        error.is_some_and(|error| error == "States.Runtime" || error == "States.DataLimitExceeded")
    };
    // The catcher's own fields can fail, the limit of events can be met (HIS-24): then the error is another one.
    let replaced = own(last.text("error")) && !own(failure.text("error"));
    ledger.met("ERR-06");
    let equal = |a: Option<&str>, b: Option<&str>| same_text(a.unwrap_or_default(), b.unwrap_or_default());
    let ((error, cause), (last_error, last_cause)) = (error_of(failure), error_of(last));
    let same_cause = failure.kind == "MapRunFailed" || equal(cause, last_cause);
    let repeated = equal(error, last_error) && same_cause;
    if !replaced && !repeated {
        let message =
            format!("{}, but {} had {}", told(last_error, last_cause), failure.kind, told(error, cause));
        ledger.breach("ERR-06", last, message);
    }
}

/// Error and cause in a sentence.
pub(super) fn told(error: Option<&str>, cause: Option<&str>) -> String {
    let quoted = |text: Option<&str>| text.map_or_else(|| "none".to_owned(), |text| format!("{text:?}"));
    format!("error {} and cause {}", quoted(error), quoted(cause))
}

/// The innermost event that a failed Parallel or Map of the execution's own states points at.
fn cause_of<'h>(trace: &Trace<'h>) -> Option<&'h Event> {
    let mut strand = 0;
    loop {
        let failed = trace.current(strand)?.1.failed.and_then(|at| trace.event(at))?;
        let cause = trace.by_id(failed.previous)?;
        if !cause.is_composite_failure() {
            return Some(cause);
        }
        strand = trace.owner.get(&cause.id).copied().filter(|inner| *inner != strand)?;
    }
}

/// Where no event failed, the interpreter did: the error is one of its own.
fn by_itself(trace: &Trace<'_>, root: &Strand, last: &Event, ledger: &mut Ledger) {
    use Phase::{CompositeSucceeded, Entered, Ready, RunEnded, Running, Succeeded};
    let unshown = matches!(root.phase, Entered | Succeeded | CompositeSucceeded | Running | RunEnded)
        || (root.phase == Ready && root.visits.is_empty());
    if unshown && !root.loose {
        named_by_the_interpreter(trace, last, ledger);
    }
}

/// Whether only the interpreter raises an error of this name: no task and no author does.
pub(super) fn is_of_the_interpreter(error: &str) -> bool {
    let of_tasks = matches!(error, "States.TaskFailed" | "States.Timeout" | "States.HeartbeatTimeout");
    error.starts_with("States.") && !of_tasks
}

/// No event in front of the end failed: its error is not one that only a task or its author could raise.
fn named_by_the_interpreter(trace: &Trace<'_>, last: &Event, ledger: &mut Ledger) {
    let error = last.text("error").unwrap_or_default();
    if error == "States.Runtime" {
        told_by_the_interpreter(trace, last, ledger);
    }
    let chooses = trace
        .current(0)
        .is_some_and(|(_, visit)| matches!(visit.kind.as_str(), "Choice" | "Parallel" | "Map"));
    if error == "States.NoChoiceMatched" && !chooses {
        let message = "States.NoChoiceMatched, but no Choice was asked".to_owned();
        ledger.breach("HIS-22", last, message);
    }
    if !is_of_the_interpreter(error) {
        let message = format!("ExecutionFailed with the error {error:?}, but no event in front of it failed");
        ledger.breach("HIS-22", last, message);
    }
}

/// What the interpreter tells of its own failure is so, where it can be looked up: the state and its entry, the number of events.
fn told_by_the_interpreter(trace: &Trace<'_>, last: &Event, ledger: &mut Ledger) {
    const NEAR: usize = 100;
    let cause = last.text("cause").unwrap_or_default();
    if cause.contains("maximum number of history events") && trace.events.len() + NEAR < EVENT_LIMIT {
        let message = format!("the limit of events is told to be met at event {}", last.id);
        ledger.breach("HIS-24", last, message);
    }
    let named = cause
        .strip_prefix("An error occurred while executing the state '")
        .and_then(|rest| rest.split_once("' (entered at the event id #"))
        .and_then(|(name, rest)| Some((name, rest.split_once(')')?.0.parse::<u64>().ok()?)));
    let Some((name, id)) = named else { return };
    let entered = trace.by_id(id).filter(|event| event.is_entered() && event.text("name") == Some(name));
    if entered.is_none() {
        let message = format!("the cause tells of the state {name:?} entered at event {id}, which is not so");
        ledger.breach("HIS-22", last, message);
    }
}

/// The output of the last state is that of the execution.
fn end(trace: &Trace<'_>, ledger: &mut Ledger) {
    let last =
        trace.terminal.and_then(|at| trace.event(at)).filter(|event| event.kind == "ExecutionSucceeded");
    let exited = trace.current(0).and_then(|(_, visit)| visit.exited).and_then(|at| trace.event(at));
    if let (Some(last), Some(exited)) = (last, exited) {
        handed_on(exited, "output", last, "output", ledger);
    }
}
