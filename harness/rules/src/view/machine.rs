//! The state machines of a case: who created, changed and deleted them, and which definition an execution runs. One that was
//! there before the case is known from the first description of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use record::{Operation, Time};
use serde_json::Value;

use super::{Call, Definition, arn};

/// One definition of a machine and since when it may be and must be in force.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Not before this.
    pub begun: Time,
    /// Answered by then.
    pub ended: Time,
    /// Whether the change was confirmed; otherwise nobody knows.
    pub certain: bool,
    /// The definition in force.
    pub definition: Rc<Definition>,
    /// The role in force.
    pub role: Option<String>,
}

/// A state machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its ARN, unqualified.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Whether it is of type EXPRESS.
    pub express: bool,
    /// Its definitions, oldest first; the first is that of the creation.
    pub revisions: Vec<Revision>,
    /// When a deletion was first asked for and, if it was confirmed, by when.
    pub deleted: Option<(Time, Option<Time>)>,
    /// When the creation was confirmed; of one that was there before, when it was described.
    pub created: Time,
    /// Whether the case made it, so that an answer can be compared with what was asked for.
    pub made_here: bool,
}

/// An update may be seen for this long by some executions and not by others (DEF-29).
pub const UPDATE_SPREADS: i64 = 10_000;

impl Machine {
    /// The revision that an execution started by a call in this interval runs, if only one is possible.
    pub fn revision(&self, begun: Time, ended: Time) -> Option<&Revision> {
        let mut current = self.revisions.first()?;
        for revision in &self.revisions[1..] {
            if revision.begun.0 > ended.0 {
                break;
            }
            let settled = revision.certain && revision.ended.0 + UPDATE_SPREADS <= begun.0;
            let same = revision.definition.text == current.definition.text && revision.role == current.role;
            if settled || same {
                current = revision;
            } else {
                return None;
            }
        }
        Some(current)
    }
}

/// Reads the machines of a case.
pub(super) fn machines(calls: &[Call<'_>]) -> (Vec<Machine>, BTreeMap<String, usize>) {
    let mut cache: BTreeMap<&str, Rc<Definition>> = BTreeMap::new();
    let mut machines: Vec<Machine> = Vec::new();
    let mut by_arn = BTreeMap::new();
    for call in calls {
        match call.operation {
            Operation::CreateStateMachine => {
                let Some(arn) =
                    call.answer.done().and_then(|reply| reply.get("stateMachineArn")).and_then(Value::as_str)
                else {
                    continue;
                };
                let arn = arn::unqualified(arn);
                // A repeated creation changes nothing (DEF-21, DEF-23).
                if by_arn.contains_key(arn)
                    && machines.iter().any(|m: &Machine| m.arn == arn && m.deleted.is_none())
                {
                    continue;
                }
                let Some(text) = call.text("definition") else { continue };
                let definition =
                    Rc::clone(cache.entry(text).or_insert_with(|| Rc::new(Definition::read(text))));
                by_arn.insert(arn.to_owned(), machines.len());
                machines.push(Machine {
                    arn: arn.to_owned(),
                    name: call.text("name").unwrap_or_default().to_owned(),
                    express: call.text("type") == Some("EXPRESS"),
                    revisions: vec![Revision {
                        begun: call.begun,
                        ended: call.ended,
                        certain: true,
                        definition,
                        role: call.text("roleArn").map(str::to_owned),
                    }],
                    deleted: None,
                    created: call.ended,
                    made_here: true,
                });
            }
            Operation::DescribeStateMachine => {
                let Some(machine) = found(calls, call).filter(|machine| !by_arn.contains_key(&machine.arn))
                else {
                    continue;
                };
                by_arn.insert(machine.arn.clone(), machines.len());
                machines.push(machine);
            }
            Operation::UpdateStateMachine => {
                if call.answer.done().is_none() && !call.answer.is_open_ended() {
                    continue;
                }
                let Some(machine) =
                    call.text("stateMachineArn").and_then(|arn| by_arn.get(arn::unqualified(arn)))
                else {
                    continue;
                };
                let Some(machine) = machines.get_mut(*machine) else { continue };
                let Some(last) = machine.revisions.last().cloned() else { continue };
                let definition = match call.text("definition") {
                    Some(text) => {
                        Rc::clone(cache.entry(text).or_insert_with(|| Rc::new(Definition::read(text))))
                    }
                    None => last.definition,
                };
                machine.revisions.push(Revision {
                    begun: call.begun,
                    ended: call.ended,
                    certain: call.answer.done().is_some(),
                    definition,
                    role: call.text("roleArn").map(str::to_owned).or(last.role),
                });
            }
            Operation::DeleteStateMachine => {
                if call.answer.done().is_none() && !call.answer.is_open_ended() {
                    continue;
                }
                let Some(machine) =
                    call.text("stateMachineArn").and_then(|arn| by_arn.get(arn::unqualified(arn)))
                else {
                    continue;
                };
                let Some(machine) = machines.get_mut(*machine) else { continue };
                let confirmed = call.answer.done().map(|_| call.ended);
                let (asked, earlier) = machine.deleted.unwrap_or((call.begun, None));
                machine.deleted = Some((asked, earlier.or(confirmed)));
            }
            _ => {}
        }
    }
    (machines, by_arn)
}

/// The machine that an answer describes, if nobody in the case can have made it.
fn found(calls: &[Call<'_>], call: &Call<'_>) -> Option<Machine> {
    let reply = call.answer.done()?;
    let text = |member: &str| reply.get(member).and_then(Value::as_str);
    let (arn, name, definition) = (text("stateMachineArn")?, text("name")?, text("definition")?);
    let makes = |other: &Call<'_>| {
        other.operation == Operation::CreateStateMachine && other.text("name") == Some(name)
    };
    (call.text("stateMachineArn") == Some(arn) && !calls.iter().any(makes)).then(|| Machine {
        arn: arn.to_owned(),
        name: name.to_owned(),
        express: text("type") == Some("EXPRESS"),
        revisions: vec![Revision {
            begun: call.begun,
            ended: call.ended,
            certain: true,
            definition: Rc::new(Definition::read(definition)),
            role: text("roleArn").map(str::to_owned),
        }],
        deleted: None,
        created: call.ended,
        made_here: false,
    })
}
