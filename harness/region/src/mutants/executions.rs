//! Starting, stopping, redriving: idempotency that compares nothing, stops that only relabel, redrives that repeat.

use std::collections::BTreeMap;

use record::{ApiError, Call, Operation, Outcome};
use serde_json::{Value, json};

use super::Variant;
use crate::conduct::{Again, Closed, Late, Stop, Taken};

fn rename(call: &mut Call, change: impl Fn(&str) -> String) {
    if call.operation == Operation::StartExecution
        && let Some(Value::String(name)) = call.input.get_mut("name")
    {
        *name = change(name);
    }
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!(
        "start-compares-nothing",
        "a running name answers 200 whatever the input",
        ["START-10", "START-21"],
        {
            fn name_taken(&mut self, again: Again) -> Taken {
                if again.running { Taken::Same } else { Taken::Refused }
            }
        }
    ),
    variant!("start-is-never-idempotent", "a running name with the same input is refused", ["START-09"], {
        fn name_taken(&mut self, _: Again) -> Taken {
            Taken::Refused
        }
    }),
    variant!(
        "start-makes-a-second-execution",
        "a name can be started any number of times",
        ["START-09", "START-10", "START-11", "START-12"],
        {
            fn name_taken(&mut self, _: Again) -> Taken {
                Taken::Anew
            }
        }
    ),
    variant!(
        "closed-name-is-free",
        "the name of a closed execution can be used again at once",
        ["START-11"],
        {
            fn name_taken(&mut self, again: Again) -> Taken {
                match (again.running, again.same_value) {
                    (true, true) => Taken::Same,
                    (true, false) => Taken::Refused,
                    (false, _) => Taken::Anew,
                }
            }
        }
    ),
    variant!(
        "closed-name-answers-the-first-start",
        "a closed name with the same input answers 200",
        ["START-11"],
        {
            fn name_taken(&mut self, again: Again) -> Taken {
                if again.same_value { Taken::Same } else { Taken::Refused }
            }
        }
    ),
    variant!("names-are-ascii-only", "a name beyond ASCII is refused", ["START-05"], {
        fn admits(&mut self, _: record::Time, call: &Call) -> Result<(), ApiError> {
            let foreign = call.operation == Operation::StartExecution
                && call.text("name").is_some_and(|name| !name.is_ascii());
            if foreign { Err(ApiError::new("InvalidName", "Invalid Name")) } else { Ok(()) }
        }
    }),
    variant!("forbidden-characters-accepted", "a name may hold any character", ["START-06"], {
        fn request(&mut self, call: &mut Call) {
            rename(call, |name| {
                name.chars()
                    .map(|c| if c.is_alphanumeric() || "-_.+=@!'()".contains(c) { c } else { '-' })
                    .collect()
            });
        }
    }),
    variant!("long-names-cut", "a name of more than 80 characters is cut", ["START-04"], {
        fn request(&mut self, call: &mut Call) {
            rename(call, |name| name.chars().take(80).collect());
        }
    }),
    variant!("made-up-names-are-no-uuids", "an execution without a name is called run-N", ["START-03"], { made: u64 }, {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::StartExecution && call.input.get("name").is_none_or(Value::is_null) {
                self.made += 1;
                call.input.insert("name".to_owned(), json!(format!("run-{}", self.made)));
            }
        }
    }),
    variant!("nameless-starts-answer-the-first", "a start without a name answers the first one's execution", ["START-03"], { first: BTreeMap<String, Value> }, {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            let nameless = call.operation == Operation::StartExecution && call.text("name").is_none();
            if let (true, Outcome::Done(reply)) = (nameless, outcome) {
                let machine = call.text("stateMachineArn").unwrap_or_default().to_owned();
                *reply = self.first.entry(machine).or_insert_with(|| reply.clone()).clone();
            }
        }
    }),
    variant!("scalar-input-refused", "an input that is no object or array is refused", ["START-15"], {
        fn admits(&mut self, _: record::Time, call: &Call) -> Result<(), ApiError> {
            let scalar = call.text("input").is_some_and(|text| !text.trim_start().starts_with(['{', '[']));
            let scalar = scalar && call.operation == Operation::StartExecution;
            if scalar {
                Err(ApiError::new("InvalidExecutionInput", "Invalid execution input."))
            } else {
                Ok(())
            }
        }
    }),
    variant!(
        "bad-input-accepted",
        "an input that is no JSON is taken for an empty object",
        ["START-15", "WIRE-09"],
        {
            fn request(&mut self, call: &mut Call) {
                if call.operation == Operation::StartExecution
                    && call.text("input").is_some_and(|text| serde_json::from_str::<Value>(text).is_err())
                {
                    call.input.insert("input".to_owned(), json!("{}"));
                }
            }
        }
    ),
    variant!("unknown-machine-is-a-bad-arn", "an unknown machine answers InvalidArn", ["START-17"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::StartExecution, Outcome::Refused(error)) = (call.operation, outcome)
                && error.code == "StateMachineDoesNotExist"
            {
                "InvalidArn".clone_into(&mut error.code);
            }
        }
    }),
    variant!("stop-only-relabels", "a stopped execution shows ABORTED and goes on", ["STOP-03"], {
        fn stop(&mut self) -> Stop {
            Stop::Relabels
        }
    }),
    variant!("stop-keeps-tokens", "a stopped execution leaves its tokens open", ["TOK-15"], {
        fn stop(&mut self) -> Stop {
            Stop::KeepsTokens
        }
    }),
    variant!(
        "stop-forgets-branches",
        "a stopped execution leaves the tokens of its branches and items open",
        ["TOK-15"],
        {
            fn closed_token(&mut self, late: Late, refusal: ApiError) -> Result<(), ApiError> {
                let forgotten = late.nested && late.how == Closed::Ended && !late.running;
                if forgotten { Ok(()) } else { Err(refusal) }
            }
        }
    ),
    variant!("stop-loses-its-reason", "error and cause of a stop are lost", ["STOP-02"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::StopExecution {
                call.input.shift_remove("error");
                call.input.shift_remove("cause");
            }
        }
    }),
    variant!("stop-reports-failure", "a stopped execution is FAILED", ["STOP-01", "HIS-07"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::DescribeExecution, Outcome::Done(reply)) = (call.operation, outcome)
                && reply.get("status").is_some_and(|status| status == "ABORTED")
            {
                reply["status"] = json!("FAILED");
            }
        }
    }),
    variant!("redrive-from-the-start", "a redrive begins at the first state", ["RED-02"], {
        fn redrive_from_start(&mut self) -> bool {
            true
        }
    }),
    variant!("redrives-count-once", "redriveCount does not grow beyond 1", ["RED-06"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::DescribeExecution, Outcome::Done(reply)) = (call.operation, outcome)
                && reply.get("redriveCount").and_then(Value::as_u64) > Some(1)
            {
                reply["redriveCount"] = json!(1);
            }
        }
    }),
    variant!(
        "version-runs-the-latest",
        "an execution of a version runs the machine as it is by now",
        ["START-19"],
        { asked: BTreeMap<String, String> },
        {
            fn request(&mut self, call: &mut Call) {
                let Some(arn) = call.text("stateMachineArn").map(str::to_owned) else { return };
                let version = arn.rsplit_once(':').filter(|(_, number)| number.parse::<u64>().is_ok());
                if let (Operation::StartExecution, Some((machine, _))) = (call.operation, version) {
                    let name = call.text("name").unwrap_or_default().to_owned();
                    call.input.insert("stateMachineArn".to_owned(), json!(machine));
                    self.asked.insert(name, arn);
                }
            }
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let (Operation::DescribeExecution, Outcome::Done(reply)) = (call.operation, outcome)
                    && let Some(asked) = reply.get("name").and_then(|name| self.asked.get(name.as_str()?))
                {
                    reply["stateMachineVersionArn"] = json!(asked);
                }
            }
        }
    ),
    variant!(
        "qualifier-is-not-described",
        "DescribeExecution tells no version and no alias",
        ["START-19"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let (Operation::DescribeExecution, Outcome::Done(Value::Object(reply))) =
                    (call.operation, outcome)
                {
                    reply.shift_remove("stateMachineVersionArn");
                    reply.shift_remove("stateMachineAliasArn");
                }
            }
        }
    ),
    variant!(
        "redrive-of-anything",
        "an execution that runs or succeeded is redriven without complaint",
        ["RED-01", "RED-05"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let (Operation::RedriveExecution, Outcome::Refused(_)) = (call.operation, &outcome) {
                    *outcome = Outcome::Done(json!({ "redriveDate": 1_700_000_000.0 }));
                }
            }
        }
    ),
];
