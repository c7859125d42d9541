//! Scopes: StartAt, transitions, reachability, terminal states, unique names.

use super::Diagnostic;
use crate::machine::{MachineType, QueryLanguage};
use serde_json::{Map as Object, Value};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Collects the findings of one definition.
pub(super) struct Checker {
    pub(super) found: Vec<Diagnostic>,
    names: BTreeSet<String>,
    /// Labels of Map states, each of which identifies one in the machine.
    pub(super) labels: BTreeSet<String>,
    /// Whether the whole machine is JSONata; then no state may go back to JSONPath (recorded).
    jsonata_machine: bool,
    kind: MachineType,
}

/// Where a check takes place.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) location: String,
    pub(super) language: QueryLanguage,
    pub(super) kind: MachineType,
    /// The variables in reach.
    pub(super) variables: Rc<BTreeSet<String>>,
    /// Those of them that are of an outer scope.
    pub(super) outside: Rc<BTreeSet<String>>,
}

impl Place {
    pub(super) fn at(&self, below: &str) -> Self {
        Self { location: format!("{}/{below}", self.location), ..self.clone() }
    }
}

const MACHINE_FIELDS: [&str; 6] =
    ["Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version"];

impl Checker {
    pub(super) fn new(kind: MachineType) -> Self {
        Self {
            found: Vec::new(),
            names: BTreeSet::new(),
            labels: BTreeSet::new(),
            jsonata_machine: false,
            kind,
        }
    }

    pub(super) fn machine(mut self, members: &Object<String, Value>) -> Vec<Diagnostic> {
        let language = self.language(members, QueryLanguage::JsonPath, "");
        self.jsonata_machine = language == QueryLanguage::JsonAta;
        let place = Place {
            location: String::new(),
            language,
            kind: self.kind,
            variables: Rc::default(),
            outside: Rc::default(),
        };
        self.only(members, &MACHINE_FIELDS, &place);
        self.text(members, "Version", &place);
        self.integer(
            members,
            "TimeoutSeconds",
            1,
            super::numbers::MAX_SECONDS,
            &Place { language: QueryLanguage::JsonPath, ..place.clone() },
        );
        self.scope(members, &place);
        self.found
    }

    pub(super) fn schema(&mut self, message: impl Into<String>, location: &str) {
        let location = if location.is_empty() { "/" } else { location };
        self.found.push(Diagnostic::schema(message.into(), location));
    }

    fn missing_target(&mut self, field: &str, target: &str, location: &str) {
        self.found.push(Diagnostic::error(
            "MISSING_TRANSITION_TARGET",
            format!("Missing '{field}' target: {target}"),
            location,
        ));
    }

    /// The language of a machine or state.
    pub(super) fn language(
        &mut self,
        members: &Object<String, Value>,
        outer: QueryLanguage,
        location: &str,
    ) -> QueryLanguage {
        match members.get("QueryLanguage").map(Value::as_str) {
            None => outer,
            Some(Some("JSONata")) => QueryLanguage::JsonAta,
            Some(Some("JSONPath")) => {
                if self.jsonata_machine && !location.is_empty() {
                    self.schema(
                        "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
                        location,
                    );
                }
                QueryLanguage::JsonPath
            }
            Some(_) => {
                self.schema("Value must be one of [JSONPath, JSONata]", &format!("{location}/QueryLanguage"));
                outer
            }
        }
    }

    /// The scope of a branch or of an item processor, which is written like a machine (ASL).
    pub(super) fn nested(&mut self, members: &Object<String, Value>, own: &[&str], place: &Place) {
        self.only(members, &[&MACHINE_FIELDS, own].concat(), place);
        self.scope(members, place);
    }

    /// A scope; `place.language` is the language that its states inherit.
    pub(super) fn scope(&mut self, members: &Object<String, Value>, place: &Place) {
        self.required(members, &["StartAt", "States"], &place.location);
        let Some(states) = members.get("States") else { return };
        let Value::Object(states) = states else {
            self.schema("Expected value of type Object", &format!("{}/States", place.location));
            return;
        };
        if states.is_empty() {
            self.schema("States must not be empty", &format!("{}/States", place.location));
            return;
        }
        let mut variables = place.variables.as_ref().clone();
        variables.extend(super::variables::assigned(states).map(str::to_owned));
        let place =
            &Place { outside: Rc::clone(&place.variables), variables: Rc::new(variables), ..place.clone() };
        for (name, state) in states {
            let location = format!("{}/States/{name}", place.location);
            self.name(name, &location);
            match state {
                Value::Object(state) => self.state(state, &Place { location, ..place.clone() }),
                _ => self.schema("Expected value of type Object", &location),
            }
        }
        match members.get("StartAt") {
            Some(Value::String(start)) => {
                if states.contains_key(start) {
                    self.reachable(states, start, place);
                } else {
                    self.missing_target("StartAt", start, &format!("{}/StartAt", place.location));
                }
            }
            Some(_) => self.schema("Expected value of type String", &format!("{}/StartAt", place.location)),
            None => {}
        }
    }

    fn name(&mut self, name: &str, location: &str) {
        if name.is_empty() || name.chars().count() > 80 {
            self.schema("State names must have 1 to 80 characters", location);
        }
        if !self.names.insert(name.to_owned()) {
            self.found.push(Diagnostic::error(
                "DUPLICATE_STATE_NAME",
                format!("Duplicate State name: {name}"),
                location,
            ));
        }
    }

    /// Every transition has its target in the scope, every state is reached, and the scope can end.
    fn reachable(&mut self, states: &Object<String, Value>, start: &str, place: &Place) {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut open = vec![start];
        let mut ends = false;
        while let Some(name) = open.pop() {
            let Some(state) = states.get(name).filter(|_| reached.insert(name)) else { continue };
            ends |= is_terminal(state);
            open.extend(transitions(state).into_iter().map(|(_, target)| target));
        }
        let known = self.found.len();
        for (name, state) in states {
            for (below, target) in transitions(state) {
                if !states.contains_key(target) {
                    let field = below.rsplit('/').next().unwrap_or_default();
                    self.missing_target(field, target, &format!("{}/States/{name}/{below}", place.location));
                }
            }
        }
        // Behind a transition into nowhere, unreached states are a consequence.
        for name in states
            .keys()
            .filter(|_| self.found.len() == known)
            .filter(|name| !reached.contains(name.as_str()))
            .collect::<Vec<_>>()
        {
            let location = format!("{}/States/{name}", place.location);
            let message = format!("State \"{name}\" is not reachable.");
            self.found.push(Diagnostic::error("MISSING_TRANSITION_TARGET", message, &location));
        }
        // What is no state may have been meant to end.
        if !ends && !states.values().any(|state| is_terminal(state) || !state.is_object()) {
            let location = if place.location.is_empty() { "/" } else { &place.location };
            self.found.push(Diagnostic::error(
                "MISSING_END_STATE",
                "No state ends the state machine".to_owned(),
                location,
            ));
        }
    }
}

fn is_terminal(state: &Value) -> bool {
    state.get("End") == Some(&Value::Bool(true))
        || matches!(state.get("Type").and_then(Value::as_str), Some("Succeed" | "Fail"))
}

/// Where a state can go, each with its place below the state.
fn transitions(state: &Value) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    for field in ["Next", "Default"] {
        found.extend(state.get(field).and_then(Value::as_str).map(|target| (field.to_owned(), target)));
    }
    for list in ["Choices", "Catch"] {
        for (index, item) in state.get(list).and_then(Value::as_array).into_iter().flatten().enumerate() {
            found.extend(
                item.get("Next")
                    .and_then(Value::as_str)
                    .map(|target| (format!("{list}[{index}]/Next"), target)),
            );
        }
    }
    found
}
