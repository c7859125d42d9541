//! What a plan needs around it: its queue, its topic, its machines; made before, removed after.
//!
//! Every name is in the ledger before the resource is made. Calls for queues and topics belong to the record: rules about
//! them judge them too. Removing is not recorded.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use plan::{FunctionSpec, MachineSpec, Plan};
use record::{ApiError, Call, Entry, Operation, Outcome, Time};
use serde_json::{Value, json};

use crate::ends::Ends;
use crate::function;
use crate::insist::insist;
use crate::ledger::Ledger;
use crate::leftovers::{TAG, patient};
use crate::patience::{Pauses, UNKNOWN_AT_FIRST, is_not_found};
use crate::recorder::Recorder;
use crate::slots::Slots;
use crate::world::World;
use crate::{ResourceKind, Stack, Target};

/// How long a function or a mapping may take to become ready.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// After so many tries without an answer there is none.
const SILENCES: u32 = 8;

/// Machines that the plans of one run share, by definition.
#[derive(Default)]
pub(crate) struct Machines {
    made: Mutex<BTreeMap<String, Entry>>,
}

impl Machines {
    fn get(&self, definition: &str) -> Option<Entry> {
        self.lock().get(definition).cloned()
    }

    fn put(&self, definition: String, entry: Entry) {
        self.lock().insert(definition, entry);
    }

    /// The ARNs of all machines made.
    pub(crate) fn arns(&self) -> Vec<String> {
        self.lock().values().filter_map(machine_arn).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Entry>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn machine_arn(entry: &Entry) -> Option<String> {
    text_of(&entry.outcome, "stateMachineArn")
}

fn text_of(outcome: &Outcome, member: &str) -> Option<String> {
    outcome.reply()?.get(member)?.as_str().map(str::to_owned)
}

/// What names and cleaning need to know of the run.
pub(crate) struct Lot<'a> {
    pub(crate) prefix: String,
    /// Fifteen characters that are unique to the plan and the run, and begin with its id.
    pub(crate) run: String,
    pub(crate) role: &'a str,
    /// The deployed sample on which the plan runs, if it does.
    pub(crate) stack: Option<&'a Stack>,
    pub(crate) machines: &'a Machines,
    pub(crate) ledger: &'a Ledger,
    pub(crate) ends: Option<&'a Ends>,
    pub(crate) slots: Option<&'a Slots>,
}

/// Makes what the plan needs. The error says what could not be made.
pub(crate) async fn prepare(
    plan: &Plan,
    lot: &Lot<'_>,
    target: &dyn Target,
    recorder: &Recorder,
    world: &mut World,
) -> Result<(), String> {
    world.places.insert("run".to_owned(), lot.run.clone());
    world.places.insert("role".to_owned(), lot.role.to_owned());
    let maker = Maker { target, recorder, lot };
    if let Some(stack) = lot.stack {
        return maker.borrow(stack, plan, world).await;
    }
    let mut attributes = json!({});
    if let Some(receives) = plan.dead_letter_after {
        let (url, arn) = maker.queue("d", json!({})).await?;
        world.places.insert("dead-letter".to_owned(), url);
        attributes = json!({"RedrivePolicy": json!({"deadLetterTargetArn": arn, "maxReceiveCount": receives}).to_string()});
    }
    if let Some(function) = &plan.function {
        attributes["VisibilityTimeout"] = json!(function.visibility.to_string());
        let (url, arn) = maker.queue("q", attributes).await?;
        world.places.insert("queue".to_owned(), url);
        world.places.insert("queue-arn".to_owned(), arn);
        maker.function(function, world).await?;
    } else if plan.uses_its_queue() {
        let url = maker.queue("q", attributes).await?.0;
        world.places.insert("queue".to_owned(), url);
    }
    if plan.topic {
        maker.topic(world).await?;
    }
    for (name, spec) in &plan.machines {
        let (arn, at) = maker.machine(name, spec, world).await?;
        world.came(&arn, at);
        world.machines.insert(name.clone(), arn);
    }
    Ok(())
}

/// Removes what the plan made. What resists is left to the ledger.
pub(crate) async fn remove(plan: &Plan, lot: &Lot<'_>, target: &dyn Target, world: &World) {
    let ended =
        |name: &String| world.executions.values().any(|execution| execution.ended && execution.arn == *name);
    let remove = async |kind: ResourceKind, id: &str| {
        let outcome = patient(target, kind.removing(id)).await;
        lot.ledger.gone(kind, id, &outcome);
    };
    for (made, name) in
        world.made.iter().filter(|(made, name)| *made != ResourceKind::Execution || !ended(name))
    {
        remove(*made, name).await;
    }
    if let Some(stack) = lot.stack {
        // The places are the stack's: nothing of it is removed.
        return stack.empty(target).await;
    }
    for (name, spec) in &plan.machines {
        if let (false, Some(arn)) = (spec.shared, world.machines.get(name)) {
            remove(ResourceKind::Machine, arn).await;
        }
    }
    for (place, kind) in [
        ("mapping", ResourceKind::Mapping),
        ("function", ResourceKind::Function),
        ("topic", ResourceKind::Topic),
        ("queue", ResourceKind::Queue),
        ("dead-letter", ResourceKind::Queue),
        ("notifications", ResourceKind::Queue),
    ] {
        if let Some(id) = world.places.get(place) {
            remove(kind, id).await;
        }
    }
}

struct Maker<'a> {
    target: &'a dyn Target,
    recorder: &'a Recorder,
    lot: &'a Lot<'a>,
}

impl Maker<'_> {
    /// Makes a call that the plan cannot do without; again where nobody knows what became of it, and while something that was just
    /// made is not found yet: those tries leave the record.
    async fn must(&self, operation: Operation, input: Value) -> Result<Value, Unmade> {
        let call = Call::new(operation, input);
        let clock = self.target.clock();
        let deadline = clock.now() + UNKNOWN_AT_FIRST;
        let mut pauses = Pauses::new(self.target);
        let mut silences = 0;
        loop {
            let early = clock.now() < deadline;
            let (place, outcome) = insist(self.recorder, self.target, "setup", call.clone(), None).await;
            if let Some((kind, name)) =
                ResourceKind::made_by(operation).and_then(|kind| Some((kind, kind.name(&call)?)))
            {
                self.lot.ledger.answered(kind, name, &outcome);
            }
            match outcome {
                Outcome::Done(reply) => return Ok(reply),
                Outcome::Refused(error) if early && is_not_found(&error) => self.recorder.forget(&place),
                Outcome::Refused(error) => return Err(Unmade::Refused(operation, error)),
                Outcome::Unknown(_) if silences < SILENCES => silences += 1,
                Outcome::Unknown(why) => return Err(Unmade::Silent(operation, why)),
            }
            clock.sleep(pauses.next()).await;
        }
    }

    /// Takes the stack's places in the place of new ones. The record shows what they are.
    async fn borrow(&self, stack: &Stack, plan: &Plan, world: &mut World) -> Result<(), String> {
        for call in stack.descriptions() {
            self.must(call.operation, Value::Object(call.input)).await?;
        }
        world.places.extend(stack.places());
        let machine = |name: &String| (name.clone(), stack.machine().to_owned());
        world.machines.extend(plan.machines.keys().map(machine));
        Ok(())
    }

    /// Makes a queue and sees that it is found. Its URL and its ARN.
    async fn queue(&self, suffix: &str, attributes: Value) -> Result<(String, String), String> {
        let name = format!("{}-{suffix}", self.lot.prefix);
        self.lot.ledger.about_to_make(ResourceKind::Queue, &name)?;
        let reply = self
            .must(
                Operation::CreateQueue,
                json!({"QueueName": name, "Attributes": attributes, "tags": { TAG: self.lot.ledger.run() }}),
            )
            .await?;
        let url = reply.get("QueueUrl").and_then(Value::as_str).ok_or("CreateQueue gave no QueueUrl")?;
        let reply = self
            .must(Operation::GetQueueAttributes, json!({"QueueUrl": url, "AttributeNames": ["QueueArn"]}))
            .await?;
        let arn = reply.pointer("/Attributes/QueueArn").and_then(Value::as_str);
        Ok((
            url.to_owned(),
            arn.map(str::to_owned).ok_or_else(|| "GetQueueAttributes gave no QueueArn".to_owned())?,
        ))
    }

    /// Makes the function and its mapping, each ready for work.
    async fn function(&self, spec: &FunctionSpec, world: &mut World) -> Result<(), String> {
        let name = format!("{}-f", self.lot.prefix);
        self.lot.ledger.about_to_make(ResourceKind::Function, &name)?;
        let made = self
            .must(
                Operation::CreateFunction,
                function::creation(&name, self.lot.role, self.lot.ledger.run(), spec.timeout),
            )
            .await;
        made.or_else(was_made)?;
        world.places.insert("function".to_owned(), name.clone());
        let get = Call::new(Operation::GetFunction, json!({"FunctionName": name}));
        function::ready(self.target, &get, &["Configuration", "State"], "Active", PATIENCE).await?;
        let Some(mapping) = &spec.mapping else { return Ok(()) };
        let mut input = json!({
            "FunctionName": name, "EventSourceArn": world.places.get("queue-arn"), "BatchSize": 10,
            "MaximumBatchingWindowInSeconds": mapping.window
        });
        if mapping.partial {
            input["FunctionResponseTypes"] = json!(["ReportBatchItemFailures"]);
        }
        let uuid = match self.must(Operation::CreateEventSourceMapping, input).await.or_else(was_made)? {
            Value::Null => self.mapping_of(&name).await?,
            reply => reply.get("UUID").and_then(Value::as_str).unwrap_or_default().to_owned(),
        };
        world.places.insert("mapping".to_owned(), uuid.clone());
        let get = Call::new(Operation::GetEventSourceMapping, json!({"UUID": uuid}));
        let ready = function::ready(self.target, &get, &["State"], "Enabled", PATIENCE).await;
        // What it came to belongs to the record, also where it is not what was waited for.
        self.must(Operation::GetEventSourceMapping, json!({"UUID": uuid})).await?;
        ready.map(|_| ())
    }

    async fn mapping_of(&self, function: &str) -> Result<String, String> {
        let list = self.must(Operation::ListEventSourceMappings, json!({"FunctionName": function})).await?;
        let uuid = list.pointer("/EventSourceMappings/0/UUID").and_then(Value::as_str);
        uuid.map(str::to_owned).ok_or_else(|| "a mapping that exists is not listed".to_owned())
    }

    async fn topic(&self, world: &mut World) -> Result<(), String> {
        let (url, queue_arn) = self.queue("n", json!({})).await?;
        let name = format!("{}-t", self.lot.prefix);
        self.lot.ledger.about_to_make(ResourceKind::Topic, &name)?;
        let reply = self
            .must(
                Operation::CreateTopic,
                json!({"Name": name, "Tags": [{"Key": TAG, "Value": self.lot.ledger.run()}]}),
            )
            .await?;
        let topic = reply.get("TopicArn").and_then(Value::as_str).unwrap_or_default().to_owned();
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": queue_arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}
        }]});
        self.must(
            Operation::SetQueueAttributes,
            json!({"QueueUrl": url, "Attributes": {"Policy": policy.to_string()}}),
        )
        .await?;
        self.must(Operation::Subscribe, json!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue_arn, "ReturnSubscriptionArn": true}))
            .await?;
        world.places.insert("notifications".to_owned(), url);
        world.places.insert("topic".to_owned(), topic);
        Ok(())
    }

    /// Makes a machine, or takes one that was made. Its ARN, and when it was made.
    async fn machine(&self, name: &str, spec: &MachineSpec, world: &World) -> Result<(String, Time), String> {
        let definition = world.fill(&spec.definition).to_string();
        if let (true, Some(entry)) = (spec.shared, self.lot.machines.get(&definition)) {
            let made = machine_arn(&entry).map(|arn| (arn, entry.ended));
            self.recorder.put(entry);
            return made.ok_or_else(|| "CreateStateMachine gave no ARN".to_owned());
        }
        let text = if spec.shared {
            format!("sfnconf-{}-m{:016x}", self.lot.ledger.run(), hash(&definition))
        } else {
            format!("{}-m-{name}", self.lot.prefix)
        };
        self.lot.ledger.about_to_make(ResourceKind::Machine, &text)?;
        let input = json!({"name": text, "roleArn": self.lot.role, "definition": definition, "tags": [{"key": TAG, "value": self.lot.ledger.run()}]});
        let begun = self.target.clock().now();
        let reply = self.must(Operation::CreateStateMachine, input.clone()).await?;
        let arn = reply
            .get("stateMachineArn")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| "CreateStateMachine gave no ARN".to_owned())?;
        let ended = self.target.clock().now();
        if spec.shared {
            let call = Call::new(Operation::CreateStateMachine, input);
            self.lot.machines.put(
                definition,
                crate::recorder::entry("setup", begun, ended, call, Outcome::Done(reply), None),
            );
        }
        Ok((arn, ended))
    }
}

/// Why something that a plan needs is not there.
enum Unmade {
    Refused(Operation, ApiError),
    Silent(Operation, String),
}

impl From<Unmade> for String {
    fn from(unmade: Unmade) -> Self {
        match unmade {
            Unmade::Refused(operation, error) => format!("{operation} was refused: {error}"),
            Unmade::Silent(operation, why) => format!("{operation} got no answer: {why}"),
        }
    }
}

/// Takes a conflict for a yes whose answer was lost: the names of what is made are nobody else's.
fn was_made(unmade: Unmade) -> Result<Value, Unmade> {
    match unmade {
        Unmade::Refused(_, error) if error.code.contains("ResourceConflict") => Ok(Value::Null),
        unmade => Err(unmade),
    }
}

/// FNV-1a: a name for a definition, the same in every run.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
