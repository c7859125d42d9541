//! Values that only AWS knows: everything is evaluated twice, with two sets of stand-ins, and compared with the history.
//!
//! Where both evaluations agree, the history must hold that value. Where they differ by stand-ins alone, the history's text
//! fills the hole, always with the same text. Where they differ as the dates of the context object do, the history holds that date
//! or one near it. Where they differ otherwise (a hash of a token, a random number), any value of that type is accepted.

use record::Time;
use serde_json::{Value, json};

use super::Known;
use super::flow::structure;
use crate::json::{brief_json, same_json};
use crate::tolerance::APART;
use pattern::{Filled, Part, Reading};

mod pattern;

/// Which set of stand-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum World {
    One,
    Two,
}

/// Names of holes; a hole is written between marks so that it can be found inside longer texts.
const MACHINE: &str = "machine";
const EXECUTION: &str = "execution";
const REGION: &str = "region";
const ACCOUNT: &str = "account";
const PARTITION: &str = "partition";

/// What is filled in so far.
#[derive(Debug, Default)]
pub(super) struct Holes {
    filled: Filled,
    /// The holes that the value in hand has filled.
    fresh: Vec<String>,
    /// Whether dates say anything.
    dated: bool,
}

/// How far the dates of the context object differ between the worlds, in milliseconds.
const SHIFT: i64 = 1001;

/// How far a date of the context object may be from the event that tells the same: two clocks, and seconds that are cut.
const NEAR: i64 = 10 * APART;

fn stand_in(world: World, hole: &str) -> String {
    let mark = mark(world);
    format!("{mark}-{hole}-{mark}")
}

fn mark(world: World) -> &'static str {
    if world == World::One { "q7one" } else { "q7two" }
}

/// What is known when a state's fields are evaluated.
#[derive(Clone, Debug)]
pub(super) struct Scene<'a> {
    pub(super) known: Known<'a>,
    pub(super) input: &'a Value,
    pub(super) role_arn: Option<&'a str>,
    pub(super) started: Time,
    pub(super) redrives: usize,
}

impl Scene<'_> {
    /// The context object of a state.
    pub(super) fn context(
        &self,
        world: World,
        state: &str,
        entered: Time,
        retries: Option<u64>,
        token: Option<&str>,
    ) -> Value {
        let hole = |name: &str| stand_in(world, name);
        let execution_arn = self.known.execution_arn.map_or_else(
            || {
                let (machine, execution) = (hole(MACHINE), hole(EXECUTION));
                format!(
                    "arn:{}:states:{}:{}:execution:{machine}:{execution}",
                    hole(PARTITION),
                    hole(REGION),
                    hole(ACCOUNT)
                )
            },
            str::to_owned,
        );
        let machine_arn = self.known.state_machine_arn.map_or_else(
            || {
                format!(
                    "arn:{}:states:{}:{}:stateMachine:{}",
                    hole(PARTITION),
                    hole(REGION),
                    hole(ACCOUNT),
                    hole(MACHINE)
                )
            },
            str::to_owned,
        );
        let last = |arn: &str| arn.rsplit(':').next().unwrap_or_default().to_owned();
        let shift = if world == World::One { 0 } else { SHIFT };
        let mut state = json!({ "Name": state, "EnteredTime": Time(entered.0 + shift).iso() });
        if let Some(retries) = retries {
            state["RetryCount"] = json!(retries);
        }
        let mut context = json!({
            "Execution": {
                "Id": execution_arn,
                "Input": null,
                "Name": last(&execution_arn),
                "RoleArn": self.role_arn.map_or_else(|| hole("role"), str::to_owned),
                "StartTime": Time(self.started.0 + shift).iso(),
                "RedriveCount": self.redrives,
            },
            "State": state,
            "StateMachine": { "Id": machine_arn, "Name": last(&machine_arn) },
        });
        // Cloned, not written and read again: every state of a long history gets it.
        context["Execution"]["Input"] = self.input.clone();
        if let Some(token) = token {
            context["Task"] = json!({ "Token": hole(token) });
        }
        context
    }
}

impl Holes {
    /// With dates that say something, or that do not.
    pub(super) fn new(dated: bool) -> Self {
        Self { dated, ..Self::default() }
    }

    /// Whether a value can be what both evaluations stand for. On success the holes are filled.
    pub(super) fn fit(&mut self, one: &Value, two: &Value, actual: &Value) -> Result<(), String> {
        self.fresh.clear();
        self.walk(one, two, actual, "$").inspect_err(|_| self.undo())
    }

    /// Whether a value can be what both evaluations stand for. No hole is filled.
    pub(super) fn fits(&mut self, one: &Value, two: &Value, actual: &Value) -> bool {
        let fits = self.fit(one, two, actual).is_ok();
        self.undo();
        fits
    }

    fn undo(&mut self) {
        for hole in self.fresh.drain(..) {
            self.filled.remove(&hole);
        }
    }

    /// The text of a hole, once known.
    pub(super) fn text(&self, hole: &str) -> Option<&str> {
        self.filled.get(hole).map(String::as_str)
    }

    fn walk(&mut self, one: &Value, two: &Value, actual: &Value, at: &str) -> Result<(), String> {
        let differs = || format!("at {at}: {}, expected {}", brief_json(actual), brief_json(one));
        match (one, two, actual) {
            (Value::Object(one), Value::Object(two), Value::Object(actual)) if one.len() == two.len() => {
                for (name, value) in one {
                    match (two.get(name), actual.get(name)) {
                        (Some(two), Some(actual)) => {
                            self.walk(value, two, actual, &format!("{at}.{name}"))?;
                        }
                        (Some(_), None) if is_unsettled(name, one) => {}
                        (Some(_), None) => return Err(format!("at {at}: no member {name:?}")),
                        (None, _) => return Ok(()),
                    }
                }
                let may_be_more = |name: &str| is_unsettled(name, one) || is_of_the_context(one);
                match actual.keys().find(|name| !one.contains_key(*name) && !may_be_more(name)) {
                    Some(name) => Err(format!("at {at}: unexpected member {name:?}")),
                    None => Ok(()),
                }
            }
            (Value::Array(one), Value::Array(two), Value::Array(actual)) if one.len() == two.len() => {
                if one.len() != actual.len() {
                    return Err(format!("at {at}: {} elements, expected {}", actual.len(), one.len()));
                }
                let mut rows = one.iter().zip(two).zip(actual).enumerate();
                rows.try_for_each(|(index, ((one, two), actual))| {
                    self.walk(one, two, actual, &format!("{at}[{index}]"))
                })
            }
            (Value::String(one), Value::String(two), Value::String(actual)) => {
                let Some(parts) = pattern::common(one, two) else {
                    return if self.dated && is_another_date(one, two, actual) {
                        Err(differs())
                    } else {
                        Ok(())
                    };
                };
                // The spelling of JSON in a text is not promised (IO-09).
                if let [Some(one), Some(two), Some(actual)] = [one, two, actual].map(|text| structure(text)) {
                    return self.walk(&one, &two, &actual, at);
                }
                self.fill(&parts, actual).map_err(|what| format!("at {at}: {what}"))
            }
            _ if same_json(one, two) => {
                if same_json(one, actual) {
                    Ok(())
                } else {
                    Err(differs())
                }
            }
            _ if std::mem::discriminant(one) == std::mem::discriminant(two) => {
                if std::mem::discriminant(one) == std::mem::discriminant(actual) {
                    Ok(())
                } else {
                    Err(differs())
                }
            }
            _ => Ok(()),
        }
    }

    fn fill(&mut self, parts: &[Part], actual: &str) -> Result<(), String> {
        match pattern::read(parts, actual, &self.filled) {
            Reading::Certain(filled) => {
                self.fresh.extend(filled.keys().cloned());
                self.filled.extend(filled);
            }
            Reading::Ambiguous => {}
            Reading::Impossible => {
                let shown = pattern::shown(parts, &self.filled);
                return Err(format!(
                    "{}, expected {}",
                    brief_json(&json!(actual)),
                    brief_json(&json!(shown))
                ));
            }
        }
        Ok(())
    }
}

/// Whether two texts are one date of the context object in both worlds, and the third is a date far from it.
fn is_another_date(one: &str, two: &str, actual: &str) -> bool {
    let [Some(one), Some(two), Some(actual)] = [one, two, actual].map(Time::from_iso) else { return false };
    two - one == SHIFT && (actual - one).abs() > NEAR
}

/// Whether an object is the context object, or one of those in it: AWS adds members to these from time to time.
fn is_of_the_context(object: &serde_json::Map<String, Value>) -> bool {
    let has = |name: &str| object.contains_key(name);
    let is_named = object.len() == 2 && has("Id") && has("Name");
    has("Execution") && has("StateMachine")
        || has("EnteredTime") && has("Name")
        || has("StartTime") && has("RoleArn")
        || is_named
}

/// Members of the context object that came and went over the years, or that only some states have (recorded both ways).
fn is_unsettled(name: &str, object: &serde_json::Map<String, Value>) -> bool {
    match name {
        "RedriveCount" | "RedriveTime" => object.contains_key("StartTime"),
        "RetryCount" => object.contains_key("EnteredTime"),
        "Key" | "Source" => object.contains_key("Index") && object.contains_key("Value"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(world: World) -> Value {
        json!({ "a": format!("token {} of {}", stand_in(world, "token-3"), stand_in(world, EXECUTION)), "b": 1 })
    }

    #[test]
    fn holes_are_filled_once_and_then_hold() {
        let mut holes = Holes::default();
        assert!(
            holes.fit(&text(World::One), &text(World::Two), &json!({"a": "token T of x", "b": 1})).is_ok()
        );
        assert_eq!(holes.text("token-3"), Some("T"));
        assert!(
            holes.fit(&text(World::One), &text(World::Two), &json!({"a": "token T of x", "b": 1.0})).is_ok()
        );
        assert!(
            holes.fit(&text(World::One), &text(World::Two), &json!({"a": "token T of y", "b": 1})).is_err()
        );
        assert!(
            holes.fit(&text(World::One), &text(World::Two), &json!({"a": "token T of x", "b": 2})).is_err()
        );
    }

    #[test]
    fn what_differs_without_stand_ins_matches_anything_of_its_type() {
        let mut holes = Holes::default();
        assert!(holes.fit(&json!("4f1a"), &json!("99c0"), &json!("anything")).is_ok());
        assert!(holes.fit(&json!(3), &json!(4), &json!("text")).is_err());
    }
}
