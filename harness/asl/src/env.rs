//! What an expression sees while a state is evaluated.

use crate::dice::Dice;
use crate::doubt::Doubt;
use crate::identity;
use crate::intrinsic::Call;
use crate::machine::{QueryLanguage, State};
use crate::outcome::{Evaluation, Failure, Given, Inputs, preamble};
use crate::path::{Path, Roots};
use serde_json::{Map, Value};

/// Members of the context object that come and go; a token where no token is waited for may be null (TOK-28).
const UNSETTLED: [&str; 5] = ["RetryCount", "RedriveCount", "RedriveTime", "Map.Item", "Task.Token"];

/// One moment in the life of a state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Env<'a> {
    pub(crate) state: &'a State,
    pub(crate) inputs: &'a Inputs<'a>,
    pub(crate) dice: &'a Dice<'a>,
    pub(crate) doubt: &'a Doubt,
    /// What `$` stands for in JSONPath.
    pub(crate) dollar: &'a Value,
    /// `$states.result`.
    pub(crate) result: Option<&'a Value>,
    /// `$states.errorOutput`.
    pub(crate) error_output: Option<&'a Value>,
    /// What stands in a template for every value that no source decides, in place of the likeliest.
    pub(crate) veil: Option<&'a Value>,
}

impl<'a> Env<'a> {
    pub(crate) fn new(
        state: &'a State,
        inputs: &'a Inputs<'a>,
        dice: &'a Dice<'a>,
        doubt: &'a Doubt,
    ) -> Self {
        let dollar = inputs.input;
        Self { state, inputs, dice, doubt, dollar, result: None, error_output: None, veil: None }
    }

    pub(crate) fn at(self, dollar: &'a Value) -> Self {
        Self { dollar, ..self }
    }

    pub(crate) fn roots(&self) -> Roots<'a> {
        Roots { input: self.dollar, context: self.inputs.context, variables: self.inputs.variables }
    }

    /// A member of `$states`.
    pub(crate) fn states_member(&self, name: &str) -> Option<&'a Value> {
        match name {
            "input" => Some(self.inputs.input),
            "context" => Some(self.inputs.context),
            "result" => self.result,
            "errorOutput" => self.error_output,
            _ => None,
        }
    }

    /// `$states`, with the members that `wanted` lets through.
    pub(crate) fn states(&self, wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
        ["input", "result", "errorOutput", "context"]
            .into_iter()
            .filter(|name| wanted(name))
            .filter_map(|name| Some((name.to_owned(), self.states_member(name)?.clone())))
            .collect()
    }

    /// Whether a source decides all that was computed so far.
    pub(crate) fn is_sourced(&self) -> bool {
        !self.doubt.is_noted()
    }

    /// What a branch or an iteration is given.
    pub(crate) fn given(&self, input: Value) -> Given {
        Given { input, sourced: self.is_sourced() }
    }

    pub(crate) fn runtime(&self, what: &str) -> Failure {
        Failure::runtime(self.state, self.inputs.event_id, what)
    }

    /// The text for a path of a template that finds nothing; a context path was looked for in the context object.
    pub(crate) fn not_found(&self, path: &Path, place: &str) -> String {
        let within = if path.is_context() { self.inputs.context } else { self.dollar };
        let source = path.source();
        format!(
            "The JSONPath '{source}' specified for the field '{place}' could not be found in the input '{within}'"
        )
    }

    /// Notes a doubt where a query looks at what tells executions apart and does not hand it on.
    pub(crate) fn weigh(&self, source: &str, value: &Value) {
        if identity::is_mentioned(source) && !identity::is_kept(self.inputs.context, value) {
            self.doubt.note();
        }
    }

    /// A path that finds nothing. Members of the context object that AWS has in some states, or has had since some year, are not
    /// decided by any source for each state.
    pub(crate) fn missing(&self, path: &Path, what: &str) -> Failure {
        let failure = self.runtime(what);
        // A query below nothing: an empty list in LocalStack, whose tests compare with AWS; an error in Jayway.
        if !path.is_definite() {
            return failure.unsourced();
        }
        if path.is_context() && UNSETTLED.iter().any(|member| path.source().contains(member)) {
            return failure.unsourced();
        }
        failure
    }

    /// The value of a call of an intrinsic function.
    pub(crate) fn call(&self, call: &Call) -> Result<Value, Failure> {
        let value =
            call.evaluate(self.roots(), self.dice, self.doubt).map_err(|what| self.call_failed(&what))?;
        self.weigh(call.source(), &value);
        Ok(value)
    }

    /// A call that fails. A path that finds nothing is a failure at AWS as well; which arguments AWS bears is not written down for
    /// each function.
    fn call_failed(&self, what: &str) -> Failure {
        let failure = self.runtime(what);
        if what.contains("could not be found in the input") { failure } else { failure.unsourced() }
    }

    /// A failed evaluation of JSONata: the history has an EvaluationFailed event for it.
    pub(crate) fn evaluation(&self, location: Option<&str>, what: &str) -> Failure {
        Failure {
            error: "States.QueryEvaluationError".to_owned(),
            cause: Some(preamble(&self.state.name, self.inputs.event_id, what)),
            evaluation: Some(Evaluation {
                location: location.map(str::to_owned),
                state: self.state.name.clone(),
            }),
            sourced: true,
        }
    }

    /// A query with bad syntax was reached; CreateStateMachine refuses such a definition.
    pub(crate) fn broken(&self, text: &str, place: &str) -> Failure {
        match self.state.query_language {
            QueryLanguage::JsonPath => self.runtime(&format!("Invalid path '{text}'")).unsourced(),
            QueryLanguage::JsonAta => {
                let what = format!(
                    "The JSONata expression '{text}' specified for the field '{place}' is not valid."
                );
                self.evaluation(Some(place), &what)
            }
        }
    }
}
