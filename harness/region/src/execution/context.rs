//! The context object `$$` of a strand (IO-12; recorded in `context-object`).

use serde_json::{Value, json};

use super::{ExecutionId, StrandId, read};
use crate::Region;

impl Region {
    /// What `$$` shows in the state that this strand is in.
    pub(super) fn context(&self, execution: ExecutionId, strand: StrandId, token: Option<&str>) -> Value {
        let Some(known) = self.executions.get(&execution) else { return Value::Null };
        let machine = &known.machine;
        let mut about = json!({
            "Id": known.arn,
            "Input": read(&known.input),
            "StartTime": known.start.iso(),
            "Name": known.name,
            "RoleArn": machine.role_arn,
            "RedriveCount": known.redrives,
        });
        if let Some(at) = known.redriven {
            about["RedriveTime"] = json!(at.iso());
        }
        let mut context =
            json!({ "Execution": about, "StateMachine": { "Id": machine.arn, "Name": machine.name } });
        let Some(strand) = known.strands.get(&strand) else { return context };
        if let Some(visit) = &strand.visit {
            context["State"] = json!({ "Name": visit.state, "EnteredTime": visit.at.iso() });
            let retries = machine.machine.find(&visit.state).is_some_and(|state| {
                matches!(
                    state.kind,
                    asl::StateKind::Task(_) | asl::StateKind::Parallel { .. } | asl::StateKind::Map(_)
                )
            });
            if retries {
                context["State"]["RetryCount"] = json!(visit.counts.total());
            }
        }
        if let Some(token) = token {
            context["Task"] = json!({ "Token": token });
        }
        match &strand.item {
            Some((index, item)) => asl::item_context(&context, *index, item),
            None => context,
        }
    }
}
