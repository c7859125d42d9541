//! What planned faults do to a call.
//!
//! The record tells the judge no more than what a client could know: where a fault came between, the outcome is unknown,
//! whatever the worker was told. A fault that took no hold is noted as such, and its case then proves nothing.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use plan::Fault;
use record::{ApiError, Call, Outcome};

use crate::Target;
use crate::recorder::{Recorder, entry};

/// How long a delayed request is under way.
const UNDER_WAY: Duration = Duration::from_millis(1500);
/// How long a connection lives before it is reset.
const BEFORE_RESET: Duration = Duration::from_millis(20);

/// Makes a call with a fault in between. What the worker is told.
pub(crate) async fn faulted(
    fault: Fault,
    call: Call,
    actor: &str,
    target: &dyn Target,
    recorder: &Recorder,
) -> Outcome {
    let label = format!("fault:{fault}");
    let name = fault.name();
    if fault == Fault::Duplicated {
        let first = recorder.call(target, actor, call.clone(), Some(&label)).await.1;
        let again = recorder.call(target, actor, call, Some(&label)).await.1;
        recorder.fault(name, is_answer(&first) && is_answer(&again));
        return first;
    }
    let clock = target.clock();
    let place = recorder.take_place();
    let begun = clock.now();
    let kept = |outcome: Outcome| {
        recorder.fill(&place, entry(actor, begun, clock.now(), call.clone(), outcome, Some(&label)));
    };
    match fault {
        Fault::Delayed => {
            clock.sleep(UNDER_WAY).await;
            let outcome = target.call(call.clone()).await;
            kept(outcome.clone());
            recorder.fault(name, is_answer(&outcome));
            outcome
        }
        Fault::Reset => {
            abandoned(target, call.clone()).await;
            let lost = Outcome::Unknown("the connection was reset by a planned fault".to_owned());
            kept(lost.clone());
            recorder.fault(name, true);
            lost
        }
        Fault::ReplyLost | Fault::ServerError | Fault::CrashAfter => {
            let fired = target.call(call.clone()).await.is_done();
            let lost = Outcome::Unknown("the reply was lost by a planned fault".to_owned());
            kept(lost.clone());
            recorder.fault(name, fired);
            told(fault).unwrap_or(lost)
        }
        _ => {
            let lost = Outcome::Unknown("the request was dropped by a planned fault".to_owned());
            kept(lost.clone());
            recorder.fault(name, true);
            told(fault).unwrap_or(lost)
        }
    }
}

/// Whether the worker lives on after the fault.
pub(crate) fn survives(fault: Fault) -> bool {
    !matches!(fault, Fault::CrashBefore | Fault::CrashAfter)
}

fn is_answer(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::Unknown(_))
}

/// The error that something between answers with.
fn told(fault: Fault) -> Option<Outcome> {
    let (code, status) = match fault {
        Fault::Unavailable => ("ServiceUnavailable", 503),
        Fault::ServerError => ("InternalFailure", 500),
        Fault::Throttled => ("ThrottlingException", 400),
        _ => return None,
    };
    Some(Outcome::Refused(ApiError::new(code, "a planned fault").with_status(status)))
}

/// Sends a request and lets go of it a moment later, answered or not.
async fn abandoned(target: &dyn Target, call: Call) {
    let mut request = pin!(target.call(call));
    let mut moment = pin!(target.clock().sleep(BEFORE_RESET));
    std::future::poll_fn(|context| {
        if request.as_mut().poll(context).is_ready() || moment.as_mut().poll(context).is_ready() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}
