//! One plan on one target, from its queue to its record.

use std::sync::Mutex;

use plan::Plan;
use record::{CaseEnd, CaseRecord};

use crate::interpret::{Actor, Stage};
use crate::place::{Lot, prepare, remove};
use crate::recorder::Recorder;
use crate::world::World;
use crate::{Cancel, Target};

/// What a case left: its record with real tokens, and the tokens to redact.
pub(crate) struct Done {
    pub(crate) record: CaseRecord,
    pub(crate) issued: Vec<String>,
}

/// Runs a plan.
pub(crate) async fn run_case(plan: &Plan, lot: &Lot<'_>, target: &dyn Target, cancel: &Cancel) -> Done {
    let recorder = Recorder::new();
    let mut world = World::default();
    let prepared = prepare(plan, lot, target, &recorder, &mut world).await;
    let world = Mutex::new(world);
    let end = if let Err(why) = prepared {
        CaseEnd::Cut(why)
    } else {
        let stage = Stage {
            target,
            recorder: &recorder,
            world: &world,
            cancel,
            ledger: lot.ledger,
            ends: lot.ends,
            slots: lot.slots,
            run: lot.run.clone(),
        };
        let mut actor = Actor::new(&stage, "main".to_owned());
        match actor.act(&plan.steps).await {
            Ok(()) => CaseEnd::Complete,
            Err(end) => {
                if matches!(end, CaseEnd::Hung { .. }) {
                    actor.look_again().await;
                }
                end
            }
        }
    };
    let world = world.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    remove(plan, lot, target, &world).await;
    Done { record: recorder.finish(plan, end), issued: world.issued() }
}
