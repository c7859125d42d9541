//! Messages that the harness sent by itself, one by one or in a batch, each with what came of it.
//!
//! It does not follow them into the queue. Invariant: a post is of a request that names its queue and, in a batch, has an id
//! that no other entry has.

use record::Operation;
use serde_json::{Map, Value};

use super::{Answer, Call, View};

/// What became of a post.
#[derive(Clone, Copy, Debug)]
pub enum Fate<'v> {
    /// Accepted, with these members of the answer.
    Taken(&'v Value),
    /// Refused with this code.
    Refused(&'v str),
    /// Nobody knows.
    Open,
}

/// One message that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Post<'v> {
    /// The request that sent it.
    pub call: &'v Call<'v>,
    /// Its members: of the request, or of its entry in the batch.
    pub members: &'v Map<String, Value>,
    /// The queue, by its place among the view's queues; none if the record shows nothing else of it.
    pub queue: Option<usize>,
    /// What came back.
    pub fate: Fate<'v>,
}

impl<'v> Post<'v> {
    /// A text of the request.
    pub fn text(&self, member: &str) -> Option<&'v str> {
        self.members.get(member).and_then(Value::as_str)
    }

    /// The MessageId that it was answered with.
    pub fn id(&self) -> Option<&'v str> {
        match self.fate {
            Fate::Taken(answer) => answer.get("MessageId").and_then(Value::as_str),
            _ => None,
        }
    }
}

impl View<'_> {
    /// Every message that the harness sent by itself.
    pub fn posts(&self) -> Vec<Post<'_>> {
        let mut posts = Vec::new();
        for call in &self.calls {
            let queue = self.queues.iter().position(|queue| Some(queue.url) == call.text("QueueUrl"));
            match call.operation {
                Operation::SendMessage => {
                    let fate = match call.answer {
                        Answer::Done(reply) => Fate::Taken(reply),
                        Answer::Refused(error) => Fate::Refused(&error.code),
                        _ => Fate::Open,
                    };
                    posts.push(Post { call, members: &call.input, queue, fate });
                }
                Operation::SendMessageBatch => {
                    let entries: Vec<&Map<String, Value>> =
                        list(call.input.get("Entries")).filter_map(Value::as_object).collect();
                    for members in &entries {
                        let id = members.get("Id");
                        if entries.iter().filter(|other| other.get("Id") == id).count() == 1 {
                            posts.push(Post { call, members, queue, fate: in_batch(call, id) });
                        }
                    }
                }
                _ => {}
            }
        }
        posts
    }
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn in_batch<'v>(call: &'v Call<'_>, id: Option<&Value>) -> Fate<'v> {
    let reply = match call.answer {
        Answer::Done(reply) => reply,
        Answer::Refused(error) => return Fate::Refused(&error.code),
        _ => return Fate::Open,
    };
    let named = |member: &str| list(reply.get(member)).find(|entry| entry.get("Id") == id);
    match (named("Successful"), named("Failed")) {
        (Some(answer), None) => Fate::Taken(answer),
        (None, Some(error)) => Fate::Refused(error.get("Code").and_then(Value::as_str).unwrap_or_default()),
        _ => Fate::Open,
    }
}
