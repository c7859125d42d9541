//! TestState: one state on one input, with a mock in place of what it would call (TST; recorded in `test-state`).
//!
//! What it does not do: calling services. A state that would call one needs a mock.

use asl::{DATA_LIMIT, Inputs, Pattern, State, Variables};
use record::{ApiError, Call};
use serde_json::{Map, Value, json};
use trial::Trial;

use crate::Region;
use crate::refuse::{Reply, validation};
use crate::request::Request;

mod definition;
mod mock;
mod source;
mod trial;

/// The name of a state that is given without a machine (recorded in the context object).
const NAME: &str = "StateName";
impl Region {
    pub(super) fn test_state(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let definition = request.required("definition", 1, 1_048_576)?;
        let level = request.word("inspectionLevel", &["INFO", "DEBUG", "TRACE"])?.unwrap_or("INFO");
        let (machine, name) = definition::read(definition, request.text_within("stateName", 1, 80)?)?;
        let state = machine
            .find(&name)
            .ok_or_else(|| validation(format!("State '{name}' not found in definition")))?;
        let input = request.text_within("input", 0, DATA_LIMIT)?.unwrap_or("{}");
        let input: Value = serde_json::from_str(input).map_err(|why| {
            let why = crate::json_fault::describe(input, &why);
            ApiError::new("InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{why}'"))
        })?;
        let variables: Variables = match request.text_within("variables", 0, DATA_LIMIT)? {
            None => Variables::new(),
            Some(text) => {
                serde_json::from_str(text).map_err(|_| validation("Variables must be a valid JSON object"))?
            }
        };
        let mock = mock::read(&request, state)?;
        let context = self.test_context(&request, state, mock.is_some(), &input)?;
        let configuration = mock::configuration(&request, state, mock.as_ref())?;
        let mut trial = Trial {
            state,
            inputs: Inputs { input: &input, context: &context, variables: &variables, event_id: 2 },
            mock,
            configuration,
            inspection: Map::new(),
        };
        let mut reply = trial.run();
        if level != "INFO" {
            reply.insert("inspectionData".to_owned(), Value::Object(trial.inspection));
        }
        Ok(Value::Object(reply))
    }

    /// The context object of the test: the given one, or one as an execution would have it.
    fn test_context(
        &mut self,
        request: &Request<'_>,
        state: &State,
        mocked: bool,
        input: &Value,
    ) -> Result<Value, ApiError> {
        let Some(text) = request.text("context")? else {
            let id = self.ids.uuid();
            return Ok(json!({
                "Execution": {
                    "Id": self.place.arn("states", &format!("express:{NAME}:{id}")),
                    "Input": input,
                    "Name": id,
                    "RoleArn": request.text("roleArn")?,
                    "StartTime": self.now.iso(),
                },
                "StateMachine": { "Id": self.place.arn("states", &format!("stateMachine:{NAME}")), "Name": NAME },
                "State": { "Name": state.name, "EnteredTime": self.now.iso(), "RetryCount": 0 },
            }));
        };
        if !mocked {
            return Err(validation("A Context object can only be specified when a mock is specified"));
        }
        let invalid = |why: &str| validation(format!("Invalid Context object provided: {why}"));
        let context: Value = serde_json::from_str(text)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| invalid("not a JSON object"))?;
        if context.get("Map").is_some() {
            return Err(invalid("'Map' field is not supported when mocking a Context object"));
        }
        let holds_token =
            state.resource().is_some_and(|resource| resource.pattern != Pattern::RequestResponse);
        if context.get("Task").is_some() && !holds_token {
            return Err(invalid(
                "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern",
            ));
        }
        Ok(context)
    }
}
