//! From JSON to a [`Machine`].
//!
//! What it does not do: checking the rules of the schema, which is the business of [`crate::validate`]. Parsing takes whatever
//! can be run: unknown fields are ignored, a query with bad syntax is kept and fails when it is reached.
//! Invariant: a parsed machine has a StartAt and states of known types with the parts that their type needs.

use crate::choice::{ChoiceRule, Condition, Test};
use crate::field::{Field, Source};
use crate::flow::{Filter, Flow, ResultPath};
use crate::json;
use crate::jsonata;
use crate::machine::{
    Batcher, Branch, Catcher, Machine, Map, Next, QueryLanguage, Reader, Rescue, Retrier, State, StateKind,
    Task, Wait, Writer,
};
use crate::path::Path;
use crate::resource::{Pattern, Resource};
use crate::template::{Query, Template};
use crate::validate::Diagnostic;
use indexmap::IndexMap;
use serde_json::{Map as Object, Value};

/// Reads a definition. The errors say why it cannot be run at all.
pub fn parse(definition: &str) -> Result<Machine, Vec<Diagnostic>> {
    let value = json::read(definition).map_err(|syntax| vec![Diagnostic::syntax(&syntax)])?;
    let Value::Object(members) = &value else { return Err(vec![Diagnostic::no_object()]) };
    let mut reader = Parser { errors: Vec::new() };
    let language = match members.get("QueryLanguage").and_then(Value::as_str) {
        Some("JSONata") => QueryLanguage::JsonAta,
        _ => QueryLanguage::JsonPath,
    };
    let branch = reader.scope(members, language, "");
    match branch {
        Some(Branch { start_at, states }) if reader.errors.is_empty() => Ok(Machine {
            start_at,
            states,
            query_language: language,
            timeout_seconds: members.get("TimeoutSeconds").and_then(Value::as_u64),
            comment: text(members, "Comment"),
        }),
        _ => Err(reader.errors),
    }
}

struct Parser {
    errors: Vec<Diagnostic>,
}

impl Parser {
    fn missing(&mut self, field: &str, location: &str) {
        let location = if location.is_empty() { "/" } else { location };
        self.errors.push(Diagnostic::schema(format!("These fields are required: [{field}]"), location));
    }

    fn scope(
        &mut self,
        members: &Object<String, Value>,
        language: QueryLanguage,
        location: &str,
    ) -> Option<Branch> {
        let Some(start_at) = text(members, "StartAt") else {
            self.missing("StartAt", location);
            return None;
        };
        let Some(Value::Object(states)) = members.get("States") else {
            self.missing("States", location);
            return None;
        };
        let mut parsed = IndexMap::with_capacity(states.len());
        for (name, state) in states {
            let location = format!("{location}/States/{name}");
            match state {
                Value::Object(state) => {
                    if let Some(state) = self.state(name, state, language, &location) {
                        parsed.insert(name.clone(), state);
                    }
                }
                _ => self
                    .errors
                    .push(Diagnostic::schema("Expected value of type Object".to_owned(), &location)),
            }
        }
        if !parsed.contains_key(&start_at) && self.errors.is_empty() {
            let what = format!("Missing 'StartAt' target: {start_at}");
            self.errors.push(Diagnostic::error(
                "MISSING_TRANSITION_TARGET",
                what,
                &format!("{location}/StartAt"),
            ));
        }
        Some(Branch { start_at, states: parsed })
    }

    fn state(
        &mut self,
        name: &str,
        members: &Object<String, Value>,
        outer: QueryLanguage,
        location: &str,
    ) -> Option<State> {
        let language = match members.get("QueryLanguage").and_then(Value::as_str) {
            Some("JSONata") => QueryLanguage::JsonAta,
            Some("JSONPath") => QueryLanguage::JsonPath,
            _ => outer,
        };
        let fields = Fields { members, language };
        let Some(type_name) = text(members, "Type") else {
            self.missing("Type", location);
            return None;
        };
        let kind = match type_name.as_str() {
            "Task" => StateKind::Task(Box::new(self.task(&fields, location)?)),
            "Pass" => StateKind::Pass {
                result: members.get("Result").filter(|_| language == QueryLanguage::JsonPath).cloned(),
            },
            "Choice" => self.choice(&fields, location)?,
            "Wait" => {
                let seconds = fields.field("Seconds", "SecondsPath").map(Wait::Seconds);
                let Some(wait) =
                    seconds.or_else(|| fields.field("Timestamp", "TimestampPath").map(Wait::Timestamp))
                else {
                    self.missing("Seconds", location);
                    return None;
                };
                StateKind::Wait(wait)
            }
            "Succeed" => StateKind::Succeed,
            "Fail" => StateKind::Fail {
                error: fields.field("Error", "ErrorPath"),
                cause: fields.field("Cause", "CausePath"),
            },
            "Parallel" => self.parallel(&fields, outer, location)?,
            "Map" => StateKind::Map(Box::new(self.map(&fields, outer, location)?)),
            _ => {
                let what = format!("'{type_name}' is not a type of state");
                self.errors.push(Diagnostic::schema(what, &format!("{location}/Type")));
                return None;
            }
        };
        let next = match (members.get("End"), text(members, "Next")) {
            (Some(Value::Bool(true)), _) => Some(Next::End),
            (_, Some(next)) => Some(Next::State(next)),
            _ => None,
        };
        Some(State {
            name: name.to_owned(),
            query_language: language,
            comment: text(members, "Comment"),
            next,
            flow: fields.flow(matches!(kind, StateKind::Map(_))),
            elementary: language == QueryLanguage::JsonPath || jsonata::is_elementary(members),
            kind,
        })
    }

    fn task(&mut self, fields: &Fields<'_>, location: &str) -> Option<Task> {
        let Some(arn) = text(fields.members, "Resource") else {
            self.missing("Resource", location);
            return None;
        };
        Some(Task {
            resource: resource(&arn),
            timeout: fields.field("TimeoutSeconds", "TimeoutSecondsPath"),
            heartbeat: fields.field("HeartbeatSeconds", "HeartbeatSecondsPath"),
            credentials: fields.template("Credentials"),
            rescue: fields.rescue(),
        })
    }

    fn choice(&mut self, fields: &Fields<'_>, location: &str) -> Option<StateKind> {
        let Some(Value::Array(choices)) = fields.members.get("Choices") else {
            self.missing("Choices", location);
            return None;
        };
        let mut rules = Vec::with_capacity(choices.len());
        for (index, choice) in choices.iter().enumerate() {
            let next = choice.get("Next").and_then(Value::as_str);
            let (Value::Object(members), Some(next)) = (choice, next) else {
                self.missing("Next", &format!("{location}/Choices[{index}]"));
                continue;
            };
            let rule = Fields { members, language: fields.language };
            rules.push(ChoiceRule {
                next: next.to_owned(),
                condition: condition(members, fields.language),
                output: rule.template("Output"),
                assign: rule.template("Assign"),
            });
        }
        Some(StateKind::Choice { rules, default: text(fields.members, "Default") })
    }

    fn parallel(&mut self, fields: &Fields<'_>, outer: QueryLanguage, location: &str) -> Option<StateKind> {
        let Some(Value::Array(branches)) = fields.members.get("Branches") else {
            self.missing("Branches", location);
            return None;
        };
        let mut parsed = Vec::with_capacity(branches.len());
        for (index, branch) in branches.iter().enumerate() {
            let location = format!("{location}/Branches[{index}]");
            match branch {
                Value::Object(members) => parsed.extend(self.scope(members, outer, &location)),
                _ => self
                    .errors
                    .push(Diagnostic::schema("Expected value of type Object".to_owned(), &location)),
            }
        }
        Some(StateKind::Parallel { branches: parsed, rescue: fields.rescue() })
    }

    fn map(&mut self, fields: &Fields<'_>, outer: QueryLanguage, location: &str) -> Option<Map> {
        let found = ["ItemProcessor", "Iterator"]
            .into_iter()
            .find_map(|name| Some((name, fields.members.get(name)?.as_object()?)));
        let Some((name, processor)) = found else {
            self.missing("ItemProcessor", location);
            return None;
        };
        let config = processor.get("ProcessorConfig");
        let setting = |name: &str| config.and_then(|config| config.get(name)).and_then(Value::as_str);
        Some(Map {
            distributed: setting("Mode") == Some("DISTRIBUTED"),
            express: setting("ExecutionType") == Some("EXPRESS"),
            items: fields.template("Items").filter(|_| fields.language == QueryLanguage::JsonAta),
            items_path: text(fields.members, "ItemsPath").as_deref().and_then(Path::parse),
            // Maps before ItemSelector called it Parameters (recorded: map-state-legacy-config-inline-parameters).
            selector: fields.template("ItemSelector").or_else(|| {
                fields.template("Parameters").filter(|_| fields.language == QueryLanguage::JsonPath)
            }),
            batcher: fields.inner("ItemBatcher").map(|batcher| Batcher {
                input: batcher.template("BatchInput"),
                max_items: batcher.field("MaxItemsPerBatch", "MaxItemsPerBatchPath"),
                max_bytes: batcher.field("MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"),
            }),
            reader: fields.inner("ItemReader").and_then(|reader| {
                let config = reader.inner("ReaderConfig");
                Some(Reader {
                    resource: resource(&text(reader.members, "Resource")?),
                    arguments: reader.template("Parameters").or_else(|| reader.template("Arguments")),
                    config: reader.members.get("ReaderConfig").cloned().unwrap_or_default(),
                    max_items: config.and_then(|config| config.field("MaxItems", "MaxItemsPath")),
                })
            }),
            writer: fields.inner("ResultWriter").map(|writer| Writer {
                arguments: writer.template("Parameters").or_else(|| writer.template("Arguments")),
            }),
            label: text(fields.members, "Label"),
            max_concurrency: fields.field("MaxConcurrency", "MaxConcurrencyPath"),
            tolerated_count: fields.field("ToleratedFailureCount", "ToleratedFailureCountPath"),
            tolerated_percentage: fields
                .field("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
            rescue: fields.rescue(),
            processor: self.scope(processor, outer, &format!("{location}/{name}"))?,
        })
    }
}

/// The members of one state, or of a part of it, with the language they are written in.
#[derive(Clone, Copy)]
struct Fields<'a> {
    members: &'a Object<String, Value>,
    language: QueryLanguage,
}

impl Fields<'_> {
    fn template(&self, name: &str) -> Option<Template> {
        self.members.get(name).map(|value| Template::new(value, self.language, name))
    }

    fn inner(&self, name: &str) -> Option<Self> {
        self.members
            .get(name)
            .and_then(Value::as_object)
            .map(|members| Fields { members, language: self.language })
    }

    /// A field in its plain form or, in JSONPath, by a path.
    fn field(&self, name: &'static str, by_path: &'static str) -> Option<Field> {
        if let (Some(Value::String(path)), QueryLanguage::JsonPath) =
            (self.members.get(by_path), self.language)
        {
            return Some(Field { name: by_path, source: Source::Query(Query::json_path(path)) });
        }
        let value = self.members.get(name)?;
        let expression =
            value.as_str().filter(|_| self.language == QueryLanguage::JsonAta).and_then(jsonata::inner);
        let source = expression
            .map_or_else(|| Source::Constant(value.clone()), |inner| Source::Query(Query::jsonata(inner)));
        Some(Field { name, source })
    }

    fn flow(&self, is_map: bool) -> Flow {
        let output = self.template("Output").filter(|_| self.language == QueryLanguage::JsonAta);
        let assign = self.template("Assign");
        if self.language == QueryLanguage::JsonAta {
            return Flow { parameters: self.template("Arguments"), output, assign, ..Flow::default() };
        }
        Flow {
            input_path: Filter::new(self.members.get("InputPath")),
            parameters: self.template("Parameters").filter(|_| !is_map),
            result_selector: self.template("ResultSelector"),
            result_path: ResultPath::new(self.members.get("ResultPath")),
            output_path: Filter::new(self.members.get("OutputPath")),
            output,
            assign,
        }
    }

    fn rescue(&self) -> Rescue {
        let list = |name: &str| {
            self.members
                .get(name)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_object)
        };
        let names = |members: &Object<String, Value>| {
            let names = members.get("ErrorEquals").and_then(Value::as_array).into_iter().flatten();
            names.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Rescue {
            retriers: list("Retry")
                .map(|members| Retrier {
                    error_equals: names(members),
                    interval_seconds: number(members, "IntervalSeconds").unwrap_or(1),
                    max_attempts: number(members, "MaxAttempts").unwrap_or(3),
                    backoff_rate: members.get("BackoffRate").and_then(Value::as_f64).unwrap_or(2.0),
                    max_delay_seconds: number(members, "MaxDelaySeconds"),
                    full_jitter: members.get("JitterStrategy").and_then(Value::as_str) == Some("FULL"),
                })
                .collect(),
            catchers: list("Catch")
                .filter_map(|members| {
                    let fields = Fields { members, language: self.language };
                    Some(Catcher {
                        error_equals: names(members),
                        next: text(members, "Next")?,
                        result_path: ResultPath::new(members.get("ResultPath")),
                        output: fields.template("Output"),
                        assign: fields.template("Assign"),
                    })
                })
                .collect(),
        }
    }
}

/// A rule or a part of one.
pub(crate) fn condition(members: &Object<String, Value>, language: QueryLanguage) -> Condition {
    if language == QueryLanguage::JsonAta {
        return match members.get("Condition") {
            Some(value) => Condition::Expression(Template::new(value, language, "Condition")),
            None => Condition::Broken("no Condition".to_owned()),
        };
    }
    let nested = |value: &Value| value.as_object().map(|members| condition(members, language));
    let list =
        |value: &Value| value.as_array().map(|items| items.iter().filter_map(nested).collect::<Vec<_>>());
    let broken = || Condition::Broken(Value::Object(members.clone()).to_string());
    if let Some(conditions) = members.get("And").and_then(list) {
        return Condition::All(conditions);
    }
    if let Some(conditions) = members.get("Or").and_then(list) {
        return Condition::Any(conditions);
    }
    if let Some(negated) = members.get("Not").and_then(nested) {
        return Condition::Not(Box::new(negated));
    }
    let Some(variable) = members.get("Variable").and_then(Value::as_str).and_then(Path::parse) else {
        return broken();
    };
    match members.iter().find_map(|(name, operand)| Test::parse(name, operand)) {
        Some(test) => Condition::Test { variable, test },
        None => broken(),
    }
}

/// A resource that can be run: text that is no ARN counts as the name of a function.
fn resource(arn: &str) -> Resource {
    Resource::parse(arn).unwrap_or_else(|| Resource {
        arn: arn.to_owned(),
        service: "function".to_owned(),
        action: String::new(),
        pattern: Pattern::RequestResponse,
    })
}

fn text(members: &Object<String, Value>, name: &str) -> Option<String> {
    members.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn number(members: &Object<String, Value>, name: &str) -> Option<u64> {
    let value = members.get(name)?;
    value.as_u64().or_else(|| value.as_f64().filter(|number| *number >= 0.0).map(|number| number as u64))
}

#[cfg(test)]
mod tests;
