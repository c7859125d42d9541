//! Choice states.

use super::scope::{Checker, Place};
use crate::choice::Test;
use crate::machine::QueryLanguage;
use serde_json::{Map as Object, Value};

/// Fields of a rule of either language, and those of the one which the other refuses by name.
const RULE_FIELDS: [&str; 5] = ["Next", "Condition", "Assign", "Output", "Variable"];

impl Checker {
    pub(super) fn choice(&mut self, members: &Object<String, Value>, place: &Place) {
        if !self.required(members, &["Choices"], &place.location) {
            return;
        }
        self.text(members, "Default", place);
        let Some(rules) = members.get("Choices").and_then(Value::as_array).filter(|rules| !rules.is_empty())
        else {
            self.schema("Expected a list with at least one rule", &format!("{}/Choices", place.location));
            return;
        };
        for (index, rule) in rules.iter().enumerate() {
            let place = place.at(&format!("Choices[{index}]"));
            let Value::Object(rule) = rule else {
                self.schema("Expected value of type Object", &place.location);
                continue;
            };
            self.required(rule, &["Next"], &place.location);
            self.text(rule, "Next", &place);
            self.data_flow(rule, &place);
            match place.language {
                QueryLanguage::JsonAta => self.expression_rule(rule, &place),
                QueryLanguage::JsonPath => {
                    self.own_languages(rule, &place);
                    self.rule(rule, &place);
                }
            }
        }
    }

    fn expression_rule(&mut self, rule: &Object<String, Value>, place: &Place) {
        if !self.required(rule, &["Condition"], &place.location) {
            return;
        }
        self.own_languages(rule, place);
        self.only(rule, &RULE_FIELDS, place);
        let location = format!("{}/Condition", place.location);
        match rule.get("Condition") {
            Some(Value::Bool(_)) => {}
            Some(Value::String(text)) if text.starts_with("{%") => {
                self.expression(text, "Condition", &location);
            }
            _ => self.schema("Expected a JSONata expression or a value of type Boolean", &location),
        }
    }

    /// A rule or a part of one: And, Or, Not, or one comparison of a Variable.
    fn rule(&mut self, rule: &Object<String, Value>, place: &Place) {
        self.text(rule, "Comment", place);
        let fields = ["Next", "Comment", "Assign", "Output", "Variable"];
        let (combined, tests): (Vec<&String>, Vec<&String>) = rule
            .keys()
            .filter(|name| !fields.contains(&name.as_str()))
            .partition(|name| matches!(name.as_str(), "And" | "Or" | "Not"));
        match (combined.as_slice(), tests.as_slice()) {
            ([name], []) if rule.contains_key("Variable") => {
                self.schema(format!("Field is not supported with '{name}'"), &place.at("Variable").location);
            }
            ([name], []) => self.combination(name, rule.get(name.as_str()).unwrap_or(&Value::Null), place),
            ([], [name]) => {
                if self.required(rule, &["Variable"], &place.location)
                    && rule.get(name.as_str()).is_none_or(|operand| Test::parse(name, operand).is_none())
                {
                    let location = format!("{}/{name}", place.location);
                    self.schema("Not a comparison operator with a value that it takes", &location);
                }
            }
            _ => self.schema(
                "A rule must have exactly one of And, Or, Not, or a comparison operator",
                &place.location,
            ),
        }
    }

    fn combination(&mut self, name: &str, operand: &Value, place: &Place) {
        let place = place.at(name);
        let parts: Vec<(String, &Value)> = match (name, operand) {
            ("Not", Value::Object(_)) => vec![(String::new(), operand)],
            ("And" | "Or", Value::Array(items)) if !items.is_empty() => {
                items.iter().enumerate().map(|(index, item)| (format!("[{index}]"), item)).collect()
            }
            _ => return self.schema("Expected at least one rule", &place.location),
        };
        for (suffix, part) in parts {
            let place = Place { location: format!("{}{suffix}", place.location), ..place.clone() };
            match part {
                Value::Object(part) => {
                    for field in
                        ["Next", "Assign", "Output"].iter().filter(|field| part.contains_key(**field))
                    {
                        self.schema("Field is not supported", &place.at(field).location);
                    }
                    if let Some(variable) = part.get("Variable") {
                        self.path(variable, "Variable", &place);
                    }
                    self.rule(part, &place);
                }
                _ => self.schema("Expected value of type Object", &place.location),
            }
        }
    }
}
