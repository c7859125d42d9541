//! Every call of a case in the order in which it began, and the faults put between.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use record::{Call, CaseEnd, CaseRecord, Entry, Outcome, Time};

use crate::Target;

/// Records what one case does. Shared by the actors of the case.
pub(crate) struct Recorder {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: Vec<Option<Entry>>,
    faults: Vec<(String, bool)>,
}

/// A place in the record, taken when a call begins.
pub(crate) struct Place(usize);

impl Recorder {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State::default()) }
    }

    /// Makes a call and records it.
    pub(crate) async fn call(
        &self,
        target: &dyn Target,
        actor: &str,
        call: Call,
        note: Option<&str>,
    ) -> (Place, Outcome) {
        let place = self.take_place();
        let begun = target.clock().now();
        let outcome = target.call(call.clone()).await;
        let ended = target.clock().now();
        self.fill(&place, entry(actor, begun, ended, call, outcome.clone(), note));
        // What follows a call must be seen to follow it, also where calls take less than the clock shows.
        if target.clock().now() == ended {
            target.clock().sleep(Duration::from_millis(1)).await;
        }
        (place, outcome)
    }

    /// Records a call that never reached the target, or whose reply never came back.
    pub(crate) fn put(&self, entry: Entry) {
        let place = self.take_place();
        self.fill(&place, entry);
    }

    /// A place for a call that begins now.
    pub(crate) fn take_place(&self) -> Place {
        let mut state = self.lock();
        state.entries.push(None);
        Place(state.entries.len() - 1)
    }

    /// Fills a place.
    pub(crate) fn fill(&self, place: &Place, entry: Entry) {
        if let Some(slot) = self.lock().entries.get_mut(place.0) {
            *slot = Some(entry);
        }
    }

    /// Takes a call out of the record again: a poll that showed nothing new.
    pub(crate) fn forget(&self, place: &Place) {
        if let Some(slot) = self.lock().entries.get_mut(place.0) {
            *slot = None;
        }
    }

    /// Notes whether a fault fired.
    pub(crate) fn fault(&self, name: &str, fired: bool) {
        self.lock().faults.push((name.to_owned(), fired));
    }

    /// The record of the case.
    pub(crate) fn finish(&self, plan: &plan::Plan, end: CaseEnd) -> CaseRecord {
        let mut state = self.lock();
        CaseRecord {
            plan: plan.name.clone(),
            family: plan.family.clone(),
            entries: std::mem::take(&mut state.entries).into_iter().flatten().collect(),
            end,
            faults: std::mem::take(&mut state.faults),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One entry.
pub(crate) fn entry(
    actor: &str,
    begun: Time,
    ended: Time,
    call: Call,
    outcome: Outcome,
    note: Option<&str>,
) -> Entry {
    Entry { actor: actor.to_owned(), begun, ended, call, outcome, note: note.map(str::to_owned) }
}
