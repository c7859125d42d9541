//! A token answered, as it is or changed by the plan's filters.

use plan::{Answer, Filter, Placeholder};
use record::{Call, Operation};
use serde_json::json;

use super::Actor;
use crate::patience::Pauses;

impl Actor<'_> {
    pub(super) async fn tell(&mut self, token: &str, answer: &Answer) {
        let written = format!("${{token:{token}}}");
        let Some(Placeholder::Token(exec, number, filters)) = plan::whole(&written) else { return };
        let (secret, fill) = self.world(|world| {
            let fill = |text: &Option<String>| text.as_ref().map(|text| world.fill_text(text));
            let answer = match answer {
                Answer::Failure { error, cause } => (fill(error), fill(cause)),
                Answer::Success(_) | Answer::Heartbeat => (None, None),
            };
            (world.token(exec, number, &filters), answer)
        });
        // A token that never came cannot be told: the wait for it has said so.
        let Some(secret) = secret else { return };
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
        let mut pauses = Pauses::new(self.stage.target);
        for _ in 0..10 {
            let outcome = self.call(call.clone(), note.as_deref()).await;
            match outcome.refusal() {
                Some(error) if crate::patience::is_passing(error) => {
                    self.stage.pause(pauses.next()).await;
                }
                _ => return,
            }
        }
    }
}

fn name_of(filter: Filter) -> &'static str {
    Filter::ALL.iter().find(|(_, known)| *known == filter).map_or("changed", |(name, _)| name)
}
