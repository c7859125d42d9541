//! Random draws that follow from what a state sees, so that the same evaluation always draws the same.
//!
//! What it does not do: anything fit for secrets. Invariant: no source of randomness but the seed.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::cell::Cell;

/// A SplitMix64 generator. Its seed is only computed when something is drawn: hardly any evaluation does.
#[derive(Debug, Clone)]
pub(crate) struct Dice<'a> {
    state: Cell<Option<u64>>,
    visit: Option<(&'a Value, u64)>,
}

impl<'a> Dice<'a> {
    /// Dice for one evaluation: the execution, the visit and the attempt tell evaluations apart.
    pub(crate) fn for_visit(context: &'a Value, event_id: u64) -> Self {
        Self { state: Cell::new(None), visit: Some((context, event_id)) }
    }

    /// Dice from a given seed.
    pub(crate) fn from_bytes(seed: &[u8]) -> Self {
        Self { state: Cell::new(Some(state_of(seed))), visit: None }
    }

    fn start(&self) -> u64 {
        let Some((context, event_id)) = self.visit else { return 0 };
        let part = |pointer| context.pointer(pointer).map(Value::to_string).unwrap_or_default();
        let text = format!(
            "{}|{}|{}|{}|{event_id}",
            part("/Execution/Id"),
            part("/State/Name"),
            part("/State/EnteredTime"),
            part("/State/RetryCount")
        );
        state_of(text.as_bytes())
    }

    pub(crate) fn next(&self) -> u64 {
        let state = self.state.get().unwrap_or_else(|| self.start()).wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.state.set(Some(state));
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 (inclusive) to 1 (exclusive).
    pub(crate) fn fraction(&self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&self) -> String {
        let high = (self.next() & 0xffff_ffff_ffff_0fff) | 0x4000;
        let low = (self.next() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }
}

fn state_of(seed: &[u8]) -> u64 {
    Sha256::digest(seed).iter().take(8).fold(0, |state, byte| (state << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::Dice;
    use serde_json::json;

    #[test]
    fn the_same_visit_draws_the_same() {
        let context = json!({"Execution": {"Id": "x"}, "State": {"Name": "s", "RetryCount": 0}});
        assert_eq!(Dice::for_visit(&context, 3).uuid(), Dice::for_visit(&context, 3).uuid());
        assert_ne!(Dice::for_visit(&context, 3).uuid(), Dice::for_visit(&context, 4).uuid());
    }

    #[test]
    fn a_uuid_is_of_version_4() {
        let uuid = Dice::from_bytes(b"seed").uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert!(matches!(uuid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }

    #[test]
    fn fractions_stay_below_one() {
        let dice = Dice::from_bytes(b"");
        assert!((0..1000).all(|_| (0.0..1.0).contains(&dice.fraction())));
    }
}
