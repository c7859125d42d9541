//! What earlier runs left on a target, found in three ways, and its removal.
//!
//! By name: everything of this suite is called `sfnconf-RUN-…`. By tag: what can carry one carries `sfn-conformance` with the
//! run's id. By ledger: what a run wrote down before it made it. A way that the target does not offer is passed over.

use std::collections::BTreeSet;

use record::{Call, Operation, Outcome};
use serde_json::{Value, json};

use crate::patience::{Pauses, is_not_found};
use crate::{ResourceKind, Target};

/// How the names of this suite's resources begin; the run's id follows.
pub(crate) const PREFIX: &str = "sfnconf-";

/// The key of this suite's tag; its value is the run's id.
pub(crate) const TAG: &str = "sfn-conformance";

/// One thing that was left. Ordered as things are removed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    kind: ResourceKind,
    /// Its name.
    pub name: String,
    /// Its ARN, or URL of a queue.
    id: String,
    /// The run that its tag names, where its name does not.
    tagged: Option<String>,
}

impl std::fmt::Display for Left {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.name)
    }
}

impl Left {
    fn new(kind: ResourceKind, id: &str, name: &str) -> Self {
        Self { kind, id: id.to_owned(), name: name.to_owned(), tagged: None }
    }

    /// Whether it is one of these, by kind and name.
    pub(crate) fn is_among(&self, booked: &[(ResourceKind, String)]) -> bool {
        booked.iter().any(|(kind, name)| *kind == self.kind && *name == self.name)
    }

    /// The run that made it, by its name or its tag.
    pub fn run(&self) -> Option<&str> {
        let named = self.name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        named.filter(|run| !run.is_empty()).or(self.tagged.as_deref())
    }
}

/// Whether a name is one that a run gives. What CloudFormation names after a stack `sfnconf-…` holds the template's capitals,
/// which no name of a run does: a stack is its owner's.
fn is_ours(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|rest| !rest.contains(|c: char| c.is_ascii_uppercase()))
}

/// Everything that is there of this suite's runs. `ledger` holds kinds and names of a run whose ledger is at hand.
pub async fn find(target: &dyn Target, ledger: &[(ResourceKind, String)]) -> Vec<Left> {
    let mut found = BTreeSet::new();
    let booked = |kind, name: &str| ledger.iter().any(|(of, booked)| *of == kind && booked == name);
    for (kind, operation, input, list, id) in [
        (ResourceKind::Machine, Operation::ListStateMachines, json!({}), "stateMachines", "stateMachineArn"),
        (ResourceKind::Activity, Operation::ListActivities, json!({}), "activities", "activityArn"),
        (ResourceKind::Queue, Operation::ListQueues, json!({"QueueNamePrefix": PREFIX}), "QueueUrls", ""),
        (ResourceKind::Topic, Operation::ListTopics, json!({}), "Topics", "TopicArn"),
        (ResourceKind::Rule, Operation::ListRules, json!({"NamePrefix": PREFIX}), "Rules", "Arn"),
    ] {
        for item in listed(target, operation, input, list).await {
            let Some(id) = item.as_str().or_else(|| item.get(id).and_then(Value::as_str)) else { continue };
            let name = id.rsplit(['/', ':']).next().unwrap_or_default();
            if is_ours(name) || booked(kind, name) {
                found.insert(Left::new(kind, id, name));
            }
        }
    }
    found.extend(functions(target).await);
    for (_, name) in ledger.iter().filter(|(kind, _)| *kind == ResourceKind::Function) {
        let get = Call::new(Operation::GetFunction, json!({"FunctionName": name}));
        if patient(target, get).await.is_done() {
            found.insert(Left::new(ResourceKind::Function, name, name));
        }
    }
    // Queues beyond the prefix can only be asked for one by one.
    for (_, name) in
        ledger.iter().filter(|(kind, name)| *kind == ResourceKind::Queue && !name.starts_with(PREFIX))
    {
        let outcome = patient(target, Call::new(Operation::GetQueueUrl, json!({"QueueName": name}))).await;
        if let Some(url) = outcome.reply().and_then(|reply| reply.get("QueueUrl")).and_then(Value::as_str) {
            found.insert(Left::new(ResourceKind::Queue, url, name));
        }
    }
    for left in by_tag(target).await {
        if !found.iter().any(|known| known.kind == left.kind && known.name == left.name) {
            found.insert(left);
        }
    }
    found.into_iter().collect()
}

/// Event source mappings, which have no names of their own, and the functions that they feed.
async fn functions(target: &dyn Target) -> Vec<Left> {
    let mut found = Vec::new();
    for item in listed(target, Operation::ListEventSourceMappings, json!({}), "EventSourceMappings").await {
        let text = |member: &str| item.get(member).and_then(Value::as_str);
        let (Some(id), Some(arn)) = (text("UUID"), text("FunctionArn")) else { continue };
        let Some((ResourceKind::Function, name)) = ResourceKind::of_arn(arn) else { continue };
        let name = name.split(':').next().unwrap_or_default();
        if !is_ours(name) {
            continue;
        }
        let function = Left::new(ResourceKind::Function, arn, name);
        let mut mapping = Left::new(ResourceKind::Mapping, id, id);
        mapping.tagged = function.run().map(str::to_owned);
        found.extend([mapping, function]);
    }
    found
}

async fn by_tag(target: &dyn Target) -> Vec<Left> {
    let filter = json!({"TagFilters": [{"Key": TAG}]});
    let mut found = Vec::new();
    for item in listed(target, Operation::GetResources, filter, "ResourceTagMappingList").await {
        let Some(arn) = item.get("ResourceARN").and_then(Value::as_str) else { continue };
        let Some((kind, name)) = ResourceKind::of_arn(arn) else { continue };
        let tags = item.get("Tags").and_then(Value::as_array).into_iter().flatten();
        let run = tags
            .filter(|tag| tag.get("Key").is_some_and(|key| key == TAG))
            .find_map(|tag| tag.get("Value")?.as_str());
        let mut left = Left::new(kind, arn, name);
        left.tagged = run.map(str::to_owned);
        if kind == ResourceKind::Queue {
            let outcome =
                patient(target, Call::new(Operation::GetQueueUrl, json!({"QueueName": name}))).await;
            // The index of tags is behind: what it still lists may be gone.
            let url = outcome.reply().and_then(|reply| reply.get("QueueUrl")).and_then(Value::as_str);
            let Some(url) = url else { continue };
            url.clone_into(&mut left.id);
        }
        found.push(left);
    }
    found
}

/// Removes one thing; what is not there any more counts as removed.
pub async fn remove(target: &dyn Target, left: &Left) -> bool {
    is_gone(&removal(target, left).await)
}

/// Removes one thing, and what holds it.
pub(crate) async fn removal(target: &dyn Target, left: &Left) -> Outcome {
    match left.kind {
        ResourceKind::Rule => {
            let targets = json!({"Rule": left.name, "Ids": [crate::ends::TARGET_ID]});
            patient(target, Call::new(Operation::RemoveTargets, targets)).await;
        }
        ResourceKind::Machine => {
            let running = json!({"stateMachineArn": left.id, "statusFilter": "RUNNING"});
            for execution in listed(target, Operation::ListExecutions, running, "executions").await {
                if let Some(arn) = execution.get("executionArn").and_then(Value::as_str) {
                    patient(target, ResourceKind::Execution.removing(arn)).await;
                }
            }
        }
        _ => {}
    }
    let id = match left.kind {
        ResourceKind::Mapping | ResourceKind::Function | ResourceKind::Rule => &left.name,
        _ => &left.id,
    };
    patient(target, left.kind.removing(id)).await
}

/// Whether a removal leaves nothing.
pub(crate) fn is_gone(outcome: &Outcome) -> bool {
    outcome.is_done() || outcome.refusal().is_some_and(is_not_found)
}

/// Whether the target says that what it gave a name has none: nobody can remove that.
pub(crate) fn is_no_name(outcome: &Outcome) -> bool {
    outcome.refusal().is_some_and(|error| matches!(error.code.as_str(), "InvalidArn" | "InvalidName"))
}

/// A call that is made again while the target throttles; a deletion, which may be made twice, also where nobody knows what
/// became of it.
pub(crate) async fn patient(target: &dyn Target, call: Call) -> Outcome {
    let deletes = call.operation.name().starts_with("Delete");
    let mut pauses = Pauses::new(target);
    let mut outcome = target.call(call.clone()).await;
    for tries in 0..20 {
        let again = match &outcome {
            Outcome::Refused(error) => error.is_passing() || deletes && error.status >= 500 && tries < 4,
            Outcome::Unknown(_) => deletes && tries < 4,
            Outcome::Done(_) => false,
        };
        if !again {
            break;
        }
        target.clock().sleep(pauses.next()).await;
        outcome = target.call(call.clone()).await;
    }
    outcome
}

/// All pages of a list, as far as they can be read.
async fn listed(target: &dyn Target, operation: Operation, input: Value, member: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut input = input;
    for _ in 0..1000 {
        let Outcome::Done(reply) = patient(target, Call::new(operation, input.clone())).await else { break };
        items.extend(reply.get(member).and_then(Value::as_array).cloned().unwrap_or_default());
        let next = ["nextToken", "NextToken", "PaginationToken"]
            .into_iter()
            .find_map(|name| Some((name, reply.get(name)?.as_str()?.to_owned())));
        let Some((name, token)) = next.filter(|(_, token)| !token.is_empty()) else { break };
        input[name] = json!(token);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stack_holds_is_not_ours_whatever_the_stack_is_called() {
        assert!(is_ours("sfnconf-t1abc00-3-q"));
        assert!(!is_ours("sfnconf-sample-Queue-1ABC2DEF3GHI"));
        assert!(!is_ours("sfnconf-sample-Named"));
        assert!(!is_ours("somebody-elses"));
    }

    #[test]
    fn the_run_is_read_from_a_name_or_a_tag() {
        let mut left = Left::new(ResourceKind::Queue, "url", "sfnconf-t1abc00-3-q");
        assert_eq!(left.run(), Some("t1abc00"));
        left.name = "somebody-elses".to_owned();
        assert_eq!(left.run(), None);
        left.tagged = Some("t2".to_owned());
        assert_eq!(left.run(), Some("t2"));
    }
}
