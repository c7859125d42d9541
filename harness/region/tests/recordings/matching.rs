//! Comparing what AWS wrote with what the region writes: symbolic values by placeholder, histories as partial orders.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::details;

/// Words that the recorder put for a value of run time without a number: any value.
const ANY: &[&str] = &[
    "timestamp",
    "datetime",
    "date",
    "start-date",
    "stop-date",
    "creation-date",
    "task_token",
    "a_task_token",
    "a_message_id",
    "snf_role_arn",
    "RequestId",
    "x-amzn-RequestId",
    "execution-arn",
    "state-machine-arn",
    "entered-time",
    "start-time",
];

/// What each numbered placeholder stands for.
#[derive(Clone, Default)]
pub(crate) struct Bindings {
    bound: BTreeMap<String, String>,
    /// The context object of the recording has no `RedriveCount`.
    before_redrive: bool,
    /// Values of ours that another run of the same machine does not have: any word of the recorder may stand for them.
    of_the_run: Rc<Vec<Value>>,
}

/// What differs between two histories of one machine and one input: times, names, tokens, random values.
pub(crate) fn values_of_the_run(one: &Value, two: &Value) -> Vec<Value> {
    let differs = |one: &Value, two: &Value| if one == two { Vec::new() } else { vec![one.clone()] };
    match (one, two) {
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).flat_map(|(a, b)| values_of_the_run(a, b)).collect()
        }
        (Value::Object(a), Value::Object(b)) => {
            let both = a.iter().filter_map(|(name, a)| Some((a, b.get(name)?)));
            both.flat_map(|(a, b)| values_of_the_run(a, b)).collect()
        }
        (Value::String(a), Value::String(b)) if a != b => {
            match (serde_json::from_str::<Value>(a), serde_json::from_str::<Value>(b)) {
                (Ok(a @ (Value::Object(_) | Value::Array(_))), Ok(b)) => values_of_the_run(&a, &b),
                _ => differs(one, two),
            }
        }
        _ => differs(one, two),
    }
}

/// Whether a text can be a word that the recorder put for a value: `RandomNumberGenerated`, `map_run_arn`, `<name:7>`.
fn is_word(text: &str) -> bool {
    let inner = text.trim_start_matches('<').trim_end_matches('>');
    inner.starts_with(|c: char| c.is_ascii_alphabetic())
        && inner.chars().all(|c| c.is_ascii_alphanumeric() || "_-:<>".contains(c))
}

/// What the replay puts for ARNs that the definition has as placeholders; a number follows.
pub(crate) const ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:recorded";
/// The same for functions.
pub(crate) const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:recorded";

/// Whether a text of ours is a placeholder of the definition: AWS had a value of run time there.
fn is_stand_in(text: &str) -> bool {
    text.starts_with(ACTIVITY) || text.starts_with(FUNCTION) || (text.starts_with('<') && text.ends_with('>'))
}

impl Bindings {
    /// Whether ours is what was recorded.
    pub(crate) fn same(&mut self, recorded: &Value, ours: &Value) -> Result<(), String> {
        let differs = || Err(format!("recorded {} but got {}", brief(recorded), brief(ours)));
        match (recorded, ours) {
            (Value::String(word), _) if ANY.contains(&word.as_str()) => Ok(()),
            (Value::String(word), _)
                if !numbered(word) && is_word(word) && self.of_the_run.contains(ours) =>
            {
                Ok(())
            }
            (Value::String(pattern), Value::String(text)) => {
                if pattern == text || self.fits(&parts(pattern), text) {
                    return Ok(());
                }
                // Two spellings of one array.
                if let (Ok(a @ Value::Array(_)), Ok(b @ Value::Array(_))) =
                    (serde_json::from_str(pattern), serde_json::from_str(text))
                {
                    return self.same(&a, &b);
                }
                if is_stand_in(text)
                    && self.bound.entry(text.clone()).or_insert_with(|| pattern.clone()) == pattern
                {
                    return Ok(());
                }
                differs()
            }
            (Value::String(pattern), _) if matches!(parts(pattern).as_slice(), [Part::Symbol(_)]) => Ok(()),
            (Value::Object(a), Value::Object(b)) => {
                if let Some(name) = a.keys().find(|name| !b.contains_key(*name)) {
                    return Err(format!("{name} is missing"));
                }
                let excused = |name: &str| self.before_redrive && name == "RedriveCount";
                if let Some(name) = b.keys().find(|name| !a.contains_key(*name) && !excused(name)) {
                    return Err(format!("{name} was not recorded"));
                }
                a.iter().try_for_each(|(name, value)| {
                    self.same(value, &b[name]).map_err(|why| format!("{name}: {why}"))
                })
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                a.iter().zip(b).try_for_each(|(a, b)| self.same(a, b))
            }
            // Some tests parse arrays too (the recorder's JsonStringTransformer).
            (Value::Array(_), Value::String(text)) => match serde_json::from_str(text) {
                Ok(parsed @ Value::Array(_)) => self.same(recorded, &parsed),
                _ => differs(),
            },
            (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => Ok(()),
            _ if recorded == ours => Ok(()),
            _ => differs(),
        }
    }

    /// Whether a text fits a pattern, each symbol standing for the same text throughout.
    fn fits(&mut self, pattern: &[Part], text: &str) -> bool {
        match pattern {
            [] => text.is_empty(),
            [Part::Text(literal), rest @ ..] => {
                text.strip_prefix(literal.as_str()).is_some_and(|text| self.fits(rest, text))
            }
            [Part::Symbol(name), rest @ ..] => {
                if let Some(bound) = self.bound.get(name).cloned() {
                    return text.strip_prefix(bound.as_str()).is_some_and(|text| self.fits(rest, text));
                }
                let ends: Vec<usize> =
                    text.char_indices().map(|(at, _)| at).chain([text.len()]).filter(|at| *at > 0).collect();
                for end in ends {
                    let saved = self.bound.clone();
                    if numbered(name) {
                        self.bound.insert(name.clone(), text[..end].to_owned());
                    }
                    if self.fits(rest, &text[end..]) {
                        return true;
                    }
                    self.bound = saved;
                }
                false
            }
        }
    }
}

/// The same numbered placeholder stands for the same value throughout.
fn numbered(name: &str) -> bool {
    name.contains(|c: char| c.is_ascii_digit())
}

enum Part {
    Text(String),
    Symbol(String),
}

/// Splits `arn:<partition>:x` and `<<task_token>:1>` into texts and symbols; the recorder's account is one too.
fn parts(pattern: &str) -> Vec<Part> {
    let pattern = pattern.replace("111111111111", "<account>");
    let (mut found, mut text, mut rest) = (Vec::new(), String::new(), pattern.as_str());
    while let Some(c) = rest.chars().next() {
        if c == '<' {
            let mut depth = 0;
            let end = rest.char_indices().find(|(_, c)| {
                depth += i32::from(*c == '<') - i32::from(*c == '>');
                depth == 0
            });
            if let Some((end, _)) = end {
                if !text.is_empty() {
                    found.push(Part::Text(std::mem::take(&mut text)));
                }
                found.push(Part::Symbol(rest[..=end].to_owned()));
                rest = &rest[end + 1..];
                continue;
            }
        }
        text.push(c);
        rest = &rest[c.len_utf8()..];
    }
    if !text.is_empty() {
        found.push(Part::Text(text));
    }
    found
}

fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 300 {
        format!("{}…", text.chars().take(300).collect::<String>())
    } else {
        text
    }
}

/// Whether two histories are the same partial order. `ours` may be longer where the recording stops before its end.
pub(crate) fn same_history(
    recorded: &[Value],
    ours: &[Value],
    ids_normalized: bool,
    before_redrive: bool,
) -> Result<(), String> {
    same_history_but(recorded, ours, ids_normalized, before_redrive, Vec::new())
}

/// The same, where some values of ours are known to be those of the run.
pub(crate) fn same_history_but(
    recorded: &[Value],
    ours: &[Value],
    ids_normalized: bool,
    before_redrive: bool,
    of_the_run: Vec<Value>,
) -> Result<(), String> {
    let mut bindings = Bindings { before_redrive, of_the_run: Rc::new(of_the_run), ..Bindings::default() };
    let mut matched: BTreeMap<u64, u64> = BTreeMap::from([(0, 0)]);
    let mut left: Vec<&Value> = ours.iter().collect();
    let empty = serde_json::Map::new();
    for event in recorded {
        let id = event["id"].as_u64().filter(|_| !ids_normalized);
        let recorded_previous = number(event, "previousEventId");
        let previous = matched.get(&recorded_previous).copied();
        let kind = event["type"].as_str().unwrap_or_default();
        let mut why = String::new();
        let mut chosen = None;
        // Where siblings race, the one that was last in the recording need not be last here.
        for races in [false, true] {
            for (index, candidate) in left.iter().enumerate() {
                if candidate["type"] != event["type"] {
                    continue;
                }
                let link = number(candidate, "previousEventId");
                let follows = Some(link) == previous
                    || either_run_event(kind, ours, candidate, previous)
                    || (races && raced(kind, type_of(recorded, recorded_previous), type_of(ours, link)));
                if id.is_some() && !follows {
                    if why.is_empty() {
                        why = format!("ours follows {link}, recorded {recorded_previous} ({previous:?})");
                    }
                    continue;
                }
                let (a, b) = (details(event), details(candidate));
                if a.is_some() != b.is_some() {
                    "only one has details".clone_into(&mut why);
                    continue;
                }
                let mut attempt = bindings.clone();
                let a = Value::Object(a.unwrap_or(&empty).clone());
                let b = Value::Object(b.unwrap_or(&empty).clone());
                match attempt.same(&a, &super::as_recorded(&b)) {
                    Ok(()) => {
                        chosen = Some((index, attempt));
                        break;
                    }
                    Err(reason) => why = reason,
                }
            }
            if chosen.is_some() {
                break;
            }
        }
        let Some((index, attempt)) = chosen else {
            return Err(format!("{} {kind} has no counterpart: {why}", event["id"]));
        };
        bindings = attempt;
        let candidate = left.remove(index);
        if let Some(id) = id {
            matched.insert(id, number(candidate, "id"));
        }
    }
    // The recorder's transformer for Parallel loses its closing event.
    left.retain(|event| !(ids_normalized && event["type"] == "ParallelStateSucceeded"));
    let closed = recorded.last().and_then(|event| event["type"].as_str()).is_some_and(|kind| {
        matches!(kind, "ExecutionSucceeded" | "ExecutionFailed" | "ExecutionAborted" | "ExecutionTimedOut")
    });
    match left.first() {
        Some(extra) if closed => Err(format!("not recorded: {} {}", extra["id"], extra["type"])),
        _ => Ok(()),
    }
}

fn number(event: &Value, name: &str) -> u64 {
    event[name].as_u64().unwrap_or(0)
}

fn type_of(events: &[Value], id: u64) -> &str {
    let event = events.iter().find(|event| event["id"].as_u64() == Some(id));
    event.and_then(|event| event["type"].as_str()).unwrap_or_default()
}

/// Whether an event joins branches or iterations, or begins the next iteration, and follows some sibling's end in both
/// histories: which sibling was last is a race that the definition does not decide (recorded).
fn raced(kind: &str, recorded: &str, ours: &str) -> bool {
    let ends = |of: &str| of.ends_with("StateExited") || of.ends_with("StateSucceeded");
    match kind {
        "ParallelStateSucceeded" | "ParallelStateExited" => ends(recorded) && ends(ours),
        "MapStateSucceeded" | "MapStateExited" => {
            recorded == "MapIterationSucceeded" && ours == "MapIterationSucceeded"
        }
        "MapIterationStarted" => {
            let begins = |of: &str| of == "MapStateStarted" || ends(of);
            begins(recorded) && begins(ours)
        }
        _ => false,
    }
}

/// MapStateExited of a distributed Map follows MapRunStarted in some recordings and MapRunSucceeded in others (recorded).
fn either_run_event(kind: &str, ours: &[Value], candidate: &Value, recorded: Option<u64>) -> bool {
    let is_run = |kind: &str| matches!(kind, "MapRunStarted" | "MapRunSucceeded");
    kind == "MapStateExited"
        && is_run(type_of(ours, recorded.unwrap_or(0)))
        && is_run(type_of(ours, number(candidate, "previousEventId")))
}
