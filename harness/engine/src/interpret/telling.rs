//! A token answered, as it is or changed by the plan's filters.

use std::time::Duration;

use plan::{Answer, Filter, Placeholder};
use record::{Call, Operation, Outcome};
use serde_json::json;

use super::Actor;

impl Actor<'_> {
    /// Heartbeats, as long as somebody wants them.
    pub(super) async fn beats(&mut self, token: &str, times: u32, pause: Duration) {
        let mut refused = 0;
        for _ in 0..times {
            if self.crashed || self.stage.cancel.is_set() {
                return;
            }
            let outcome = self.tell(token, &Answer::Heartbeat).await;
            refused =
                if outcome.is_some_and(|outcome| outcome.refusal().is_some()) { refused + 1 } else { 0 };
            if refused == 2 {
                return;
            }
            self.stage.pause(pause).await;
        }
    }

    /// Answers a token. The outcome of the call, if one was made.
    pub(super) async fn tell(&mut self, token: &str, answer: &Answer) -> Option<Outcome> {
        let written = format!("${{token:{token}}}");
        let Some(Placeholder::Token(exec, number, filters)) = plan::whole(&written) else { return None };
        let (secret, fill) = self.world(|world| {
            let fill = |text: &Option<String>| text.as_ref().map(|text| world.fill_text(text));
            let answer = match answer {
                Answer::Failure { error, cause } => (fill(error), fill(cause)),
                Answer::Success(_) | Answer::Heartbeat => (None, None),
            };
            (world.token(exec, number, &filters), answer)
        });
        // A token that never came cannot be told: the wait for it has said so.
        let secret = secret?;
        let note = filters.iter().map(|filter| name_of(*filter)).reduce(|a, b| if a == b { a } else { b });
        let note = note.map(|name| format!("wrong-token:{name}"));
        let call = match answer {
            Answer::Success(output) => {
                Call::new(Operation::SendTaskSuccess, json!({"taskToken": secret, "output": output}))
            }
            Answer::Heartbeat => Call::new(Operation::SendTaskHeartbeat, json!({"taskToken": secret})),
            Answer::Failure { .. } => {
                let mut input = json!({"taskToken": secret});
                for (member, text) in [("error", fill.0), ("cause", fill.1)] {
                    if let Some(text) = text {
                        input[member] = json!(text);
                    }
                }
                Call::new(Operation::SendTaskFailure, input)
            }
        };
        Some(self.call(call, note.as_deref()).await)
    }
}

fn name_of(filter: Filter) -> &'static str {
    Filter::ALL.iter().find(|(_, known)| *known == filter).map_or("changed", |(name, _)| name)
}
