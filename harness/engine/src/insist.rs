//! A service that breaks is asked again, twice, as every AWS SDK does by itself; each try stands in the record.
//!
//! What it does not do: ask again after silence, throttling or a planned fault. Invariant: one breakdown of the moment (5xx)
//! changes nothing of what is concluded; three in a row for the same request are its answer.

use std::time::Duration;

use record::{ApiError, Call, Outcome};

use crate::Target;
use crate::patience::is_passing;
use crate::recorder::Recorder;

/// The pauses before the second and the third try.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(200)];

/// Makes a call, and again while the service breaks.
pub(crate) async fn insist(
    recorder: &Recorder,
    target: &dyn Target,
    actor: &str,
    call: Call,
    note: Option<&str>,
) -> Outcome {
    let mut outcome = recorder.call(target, actor, call.clone(), note).await.1;
    for pause in PAUSES {
        if !outcome.refusal().is_some_and(broke) {
            break;
        }
        target.clock().sleep(pause).await;
        outcome = recorder.call(target, actor, call.clone(), note).await.1;
    }
    outcome
}

/// Whether the service broke, rather than not offering the operation.
fn broke(error: &ApiError) -> bool {
    error.status >= 500 && error.status != 501 && !is_passing(error)
}
