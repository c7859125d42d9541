//! A call that did not come through is made again, as every AWS SDK does by itself; each try stands in the record.
//!
//! A service that breaks, or says at once what is no answer of AWS, is asked twice more; one that throttles or is not available,
//! until it has room. What it does not do: ask again after a long silence or a planned fault. Invariant: bad weather changes
//! nothing of what is concluded; a service that breaks three times in a row at the same request has answered it.

use std::time::Duration;

use record::{ApiError, Call, Outcome};

use crate::Target;
use crate::patience::Pauses;
use crate::recorder::{Place, Recorder};

/// The pauses before the second and the third try at a service that breaks.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(200)];

/// How often a service without room is asked again.
const TRIES: usize = 10;

/// Silence that came sooner is no time-out: a connection was closed, or an answer could not be read.
const SOON: Duration = Duration::from_secs(3);

/// Makes a call until it comes through.
pub(crate) async fn insist(
    recorder: &Recorder,
    target: &dyn Target,
    actor: &str,
    call: Call,
    note: Option<&str>,
) -> (Place, Outcome) {
    let mut after_breaking = PAUSES.into_iter();
    let mut pauses = Pauses::new(target);
    let mut for_room = std::iter::repeat_with(|| pauses.next()).take(TRIES);
    loop {
        let begun = target.clock().now();
        let (place, outcome) = recorder.call(target, actor, call.clone(), note).await;
        let silent = matches!(outcome, Outcome::Unknown(_)) && target.clock().now() < begun + SOON;
        let pause = if outcome.refusal().is_some_and(ApiError::is_passing) {
            for_room.next()
        } else if silent || outcome.refusal().is_some_and(broke) {
            after_breaking.next()
        } else {
            None
        };
        let Some(pause) = pause else { return (place, outcome) };
        target.clock().sleep(pause).await;
    }
}

/// Whether the service broke, rather than not offering the operation.
fn broke(error: &ApiError) -> bool {
    error.status >= 500 && error.status != 501
}
