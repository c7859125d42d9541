//! A service that breaks, or says at once what is no answer of AWS, is asked again, twice, as every AWS SDK does by itself; each
//! try stands in the record.
//!
//! What it does not do: ask again after a long silence, throttling or a planned fault. Invariant: one breakdown of the moment
//! changes nothing of what is concluded; three in a row for the same request are its answer.

use std::time::Duration;

use record::{ApiError, Call, Outcome};

use crate::Target;
use crate::patience::is_passing;
use crate::recorder::Recorder;

/// The pauses before the second and the third try.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(200)];

/// Silence that came sooner is no time-out: a connection was closed, or an answer could not be read.
const SOON: Duration = Duration::from_secs(3);

/// Makes a call, and again while the service breaks.
pub(crate) async fn insist(
    recorder: &Recorder,
    target: &dyn Target,
    actor: &str,
    call: Call,
    note: Option<&str>,
) -> Outcome {
    let mut pauses = PAUSES.into_iter();
    loop {
        let begun = target.clock().now();
        let outcome = recorder.call(target, actor, call.clone(), note).await.1;
        let silent = matches!(outcome, Outcome::Unknown(_)) && target.clock().now() < begun + SOON;
        let again = silent || outcome.refusal().is_some_and(broke);
        let Some(pause) = pauses.next().filter(|_| again) else { return outcome };
        target.clock().sleep(pause).await;
    }
}

/// Whether the service broke, rather than not offering the operation.
fn broke(error: &ApiError) -> bool {
    error.status >= 500 && error.status != 501 && !is_passing(error)
}
