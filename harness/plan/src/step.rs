//! A plan and its steps.

use indexmap::IndexMap;
use record::Operation;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Fault;

/// One plan: a few executions of a few machines and what workers do to them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Unique in a run: `family-number`.
    pub name: String,
    /// The family it was drawn from.
    pub family: String,
    /// What it looks for, for people.
    pub about: String,
    /// Machines by their name in this plan.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub machines: IndexMap<String, MachineSpec>,
    /// What has to be there first: a queue always is; a topic with a queue that hears it only if asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub topic: bool,
    /// A dead-letter queue behind the queue, after this many receives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_after: Option<u32>,
    /// A function that obeys its event, and the mapping that hands it the queue's messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<FunctionSpec>,
    /// Capabilities without which the plan makes no sense, e.g. `jsonata`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// The steps of the main actor.
    pub steps: Vec<Step>,
}

/// The plan's worker function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionSpec {
    /// Its timeout in seconds.
    pub timeout: u32,
    /// The queue's visibility timeout in seconds.
    pub visibility: u32,
    /// How the queue calls it; not at all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<MappingSpec>,
}

/// An event source mapping from the plan's queue to its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingSpec {
    /// `MaximumBatchingWindowInSeconds`.
    pub window: u32,
    /// Whether the function reports the items that failed.
    pub partial: bool,
}

/// A state machine that a plan creates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MachineSpec {
    /// The definition; strings in it may hold placeholders.
    pub definition: Value,
    /// Whether plans of one run may share it: true where neither placeholders nor the plan's calls change it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
}

/// Which of the three calls answers a token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// SendTaskSuccess with this output, as the text of a JSON value.
    Success(String),
    /// SendTaskFailure with what is given of error and cause.
    Failure {
        /// At most 256 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// At most 32,768 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
    },
    /// SendTaskHeartbeat.
    Heartbeat,
}

/// One step. Strings may hold placeholders ([`crate::Placeholder`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Any API call.
    Call {
        /// The operation.
        op: Operation,
        /// Its input.
        #[serde(default)]
        input: Value,
        /// A body to send instead of the input.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        raw: Option<String>,
        /// Keeps the reply for `${bind:NAME.path}`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bind: Option<String>,
    },
    /// Starts an execution and remembers it by number.
    Start {
        /// Its number in this plan, from 1.
        exec: u32,
        /// The machine's name in this plan, or a placeholder for an ARN.
        machine: String,
        /// Its name; one made for the run if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The input, sent as JSON text.
        input: Value,
    },
    /// A worker receives from the plan's queue until this execution's token number `tokens` is known.
    Take {
        /// The execution.
        exec: u32,
        /// How many of its tokens must be known.
        tokens: u32,
        /// Whether the worker deletes what it received.
        delete: bool,
    },
    /// A worker receives once more whatever is there, to see redeliveries, and deletes it.
    Drain {
        /// `queue`, `dead-letter` or `notifications`.
        queue: String,
        /// How many messages to wait for; the step goes on when they have come or the wait is over.
        messages: u32,
        /// The longest wait.
        wait_ms: u64,
    },
    /// Answers a token.
    Tell {
        /// `EXEC.N`, e.g. `1.2` for the second token of execution 1; may have filters, e.g. `1.1|cut`.
        token: String,
        /// What to say.
        answer: Answer,
    },
    /// Heartbeats at equal distances, until two in a row are refused.
    Beats {
        /// As in [`Step::Tell`].
        token: String,
        /// How many at most.
        times: u32,
        /// The pause after each, in milliseconds.
        every_ms: u64,
    },
    /// Waits until the execution has ended, then reads its history and description.
    Settle {
        /// The execution.
        exec: u32,
        /// The longest time that its own timers may take, in milliseconds; the harness adds its allowance.
        after_ms: u64,
    },
    /// Waits until the execution's history holds this many events of the type.
    Until {
        /// The execution.
        exec: u32,
        /// The type.
        event: String,
        /// How many.
        count: u32,
        /// As in [`Step::Settle`].
        after_ms: u64,
    },
    /// Reads the whole history by pages.
    Pages {
        /// The execution.
        exec: u32,
        /// `maxResults`.
        size: u32,
        /// `reverseOrder`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        reverse: bool,
    },
    /// Lets time pass.
    Sleep {
        /// Milliseconds.
        ms: u64,
    },
    /// Several actors at once.
    Together(Vec<Vec<Self>>),
    /// Puts a fault into the next call of this actor.
    Fault(Fault),
    /// The worker deletes what it received and did not delete yet.
    Delete,
}

impl Step {
    /// Any API call.
    pub fn call(op: Operation, input: Value) -> Self {
        Self::Call { op, input, raw: None, bind: None }
    }

    /// A call whose reply is kept.
    pub fn bind(op: Operation, input: Value, name: &str) -> Self {
        Self::Call { op, input, raw: None, bind: Some(name.to_owned()) }
    }

    /// A call with this body.
    pub fn raw(op: Operation, body: &str) -> Self {
        Self::Call { op, input: json!({}), raw: Some(body.to_owned()), bind: None }
    }

    /// Starts an execution with the queue (and topic, where there is one) and these members as input.
    pub fn start(exec: u32, machine: &str, input: Value) -> Self {
        let mut members = json!({"queue": "${queue}"});
        if let (Value::Object(members), Value::Object(more)) = (&mut members, input) {
            members.extend(more);
        }
        Self::Start { exec, machine: machine.to_owned(), name: None, input: members }
    }

    /// Receives until the execution's first `tokens` tokens are known, deleting the messages.
    pub fn take(exec: u32, tokens: u32) -> Self {
        Self::Take { exec, tokens, delete: true }
    }

    /// SendTaskSuccess.
    pub fn succeed(token: &str, output: &Value) -> Self {
        Self::Tell { token: token.to_owned(), answer: Answer::Success(output.to_string()) }
    }

    /// SendTaskFailure with an error and a cause.
    pub fn fail(token: &str, error: &str) -> Self {
        let cause = format!("the worker says {error}");
        let answer = Answer::Failure { error: Some(error.to_owned()), cause: Some(cause) };
        Self::Tell { token: token.to_owned(), answer }
    }

    /// SendTaskHeartbeat.
    pub fn beat(token: &str) -> Self {
        Self::Tell { token: token.to_owned(), answer: Answer::Heartbeat }
    }

    /// Waits for the end of an execution that nothing delays.
    pub fn settle(exec: u32) -> Self {
        Self::Settle { exec, after_ms: 0 }
    }

    /// Waits for the end of an execution that its own timers may delay so long.
    pub fn settle_after(exec: u32, after_ms: u64) -> Self {
        Self::Settle { exec, after_ms }
    }
}

impl Plan {
    /// How long the plan's own timers and sleeps may take, in milliseconds: long ones are run first.
    pub fn span_ms(&self) -> u64 {
        span(&self.steps)
    }

    /// How many of its steps a target may leave waiting in vain that ends what is merely answered: these are begun early, so that
    /// what is waited for in vain is waited for at the same time.
    pub fn hazards(&self) -> usize {
        let mut found = 0;
        visit(&self.steps, &mut |step| {
            found += usize::from(matches!(
                step,
                Step::Call { op: Operation::StopExecution | Operation::RedriveExecution, .. }
                    | Step::Take { tokens: 2.., .. }
                    | Step::Until { .. }
                    | Step::Drain { wait_ms: 10_000.., .. }
                    | Step::Fault(_)
            ));
        });
        found
    }

    /// Whether it runs AWS's sample as it is and makes no calls of its own: so it can run on a sample that is deployed.
    pub fn is_the_sample(&self) -> bool {
        let sample = crate::definition::sample(json!({}));
        let has_only_it = !self.machines.is_empty()
            && self.machines.values().all(|machine| machine.definition == sample)
            && self.function.is_none()
            && self.dead_letter_after.is_none();
        let mut calls = 0;
        visit(&self.steps, &mut |step| calls += usize::from(matches!(step, Step::Call { .. })));
        has_only_it && calls == 0
    }

    /// Whether any step or machine has to do with the plan's queue.
    pub fn uses_its_queue(&self) -> bool {
        let text = serde_json::to_string(self).unwrap_or_default();
        let waits = |found: &mut bool, step: &Step| {
            *found |= match step {
                Step::Take { .. } => true,
                Step::Drain { queue, .. } => queue != "notifications",
                _ => false,
            };
        };
        let mut found = self.dead_letter_after.is_some() || text.contains("${queue");
        visit(&self.steps, &mut |step| waits(&mut found, step));
        found
    }

    /// The executions that the plan starts.
    pub fn executions(&self) -> Vec<u32> {
        let mut found = Vec::new();
        visit(&self.steps, &mut |step| {
            if let Step::Start { exec, .. } = step {
                found.push(*exec);
            }
        });
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Every step, also inside [`Step::Together`].
pub(crate) fn visit<'p>(steps: &'p [Step], see: &mut impl FnMut(&'p Step)) {
    for step in steps {
        see(step);
        if let Step::Together(actors) = step {
            for actor in actors {
                visit(actor, see);
            }
        }
    }
}

fn span(steps: &[Step]) -> u64 {
    steps
        .iter()
        .map(|step| match step {
            Step::Sleep { ms } => *ms,
            Step::Beats { times, every_ms, .. } => u64::from(*times) * every_ms,
            Step::Settle { after_ms, .. } | Step::Until { after_ms, .. } => *after_ms,
            Step::Together(actors) => actors.iter().map(|actor| span(actor)).max().unwrap_or(0),
            _ => 0,
        })
        .sum()
}
