//! How far the service's clock is from the harness's: bounds from every timestamp that an answer of its own made.

use std::collections::BTreeSet;

use record::{Operation, Time};
use serde_json::Value;

use super::Call;

/// Bounds of `service - harness` in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// At least this.
    pub least: i64,
    /// At most this.
    pub most: i64,
}

impl Offset {
    /// Bounds from fresh timestamps, however far apart the clocks are; a minute either way where there are none that agree
    /// (WIRE-02).
    pub fn measure(calls: &[Call<'_>]) -> Self {
        let (mut least, mut most) = (-DECADE, DECADE);
        let mut named = BTreeSet::new();
        for call in calls {
            let fresh = match (call.operation, call.text("name")) {
                // The start date of a repeated start is that of the first one (START-09).
                (Operation::StartExecution, Some(name)) => named.insert((call.text("stateMachineArn"), name)),
                (Operation::StartExecution, None) => true,
                _ => continue,
            };
            let Some(stamp) = call
                .answer
                .done()
                .and_then(|reply| reply.get("startDate"))
                .and_then(Value::as_f64)
                .filter(|stamp| (0.0..1e11).contains(stamp))
            else {
                continue;
            };
            let stamp = Time::from_epoch_seconds(stamp);
            // Whole seconds are cut somewhere inside their second.
            let blur = if stamp.0 % 1000 == 0 { 1000 } else { 1 };
            least = least.max(stamp - call.ended - blur);
            if fresh {
                most = most.min(stamp - call.begun + blur);
            }
        }
        // Only a fresh date bounds it from both sides.
        if least == -DECADE || most == DECADE {
            (least, most) = (least.max(-MINUTE), most.min(MINUTE));
        }
        if least > most { Self { least: -MINUTE, most: MINUTE } } else { Self { least, most } }
    }

    /// The earliest moment of the harness's clock that this moment of the service's can be.
    pub fn earliest(self, service: Time) -> Time {
        Time(service.0.saturating_sub(self.most))
    }

    /// The latest moment of the harness's clock that this moment of the service's can be.
    pub fn latest(self, service: Time) -> Time {
        Time(service.0.saturating_sub(self.least))
    }
}

/// Whether two dates of the wire are one: a service may cut the same date to milliseconds or seconds in one answer and not
/// in another.
pub fn same_date(one: Option<&Value>, other: Option<&Value>) -> bool {
    let (Some(a), Some(b)) = (one.and_then(Value::as_f64), other.and_then(Value::as_f64)) else {
        return one == other;
    };
    let cut = a.fract() == 0.0 || b.fract() == 0.0;
    (a - b).abs() < if cut { 1.0 } else { 0.0015 }
}

/// A timestamp of the wire as a moment; nothing where it is no plausible one (WIRE-02 judges that).
pub fn moment(value: &Value) -> Option<Time> {
    value.as_f64().filter(|stamp| (0.0..1e11).contains(stamp)).map(Time::from_epoch_seconds)
}

const MINUTE: i64 = 60_000;

/// No clock is further off.
const DECADE: i64 = 315_360_000_000;

#[cfg(test)]
mod tests {
    use record::{Call as Request, Entry, Outcome};
    use serde_json::json;

    use super::*;

    fn start(name: &str, begun: i64, stamp: f64) -> Entry {
        Entry {
            actor: "main".to_owned(),
            begun: Time(begun),
            ended: Time(begun + 20),
            call: Request::new(Operation::StartExecution, json!({"stateMachineArn": "m", "name": name})),
            outcome: Outcome::Done(json!({"executionArn": name, "startDate": stamp})),
            note: None,
        }
    }

    fn measured(entries: &[Entry]) -> Offset {
        let calls: Vec<Call<'_>> =
            entries.iter().enumerate().map(|(index, entry)| Call::of(index, entry)).collect();
        Offset::measure(&calls)
    }

    #[test]
    fn a_clock_that_is_minutes_off_is_measured() {
        let offset =
            measured(&[start("a", 1_000_000_000, 999_760.01), start("b", 1_000_050_000, 999_810.01)]);
        assert_eq!(offset, Offset { least: -240_011, most: -239_989 });
    }

    #[test]
    fn dates_that_do_not_agree_measure_nothing() {
        let offset =
            measured(&[start("a", 1_000_000_000, 999_760.01), start("b", 1_000_050_000, 1_000_050.01)]);
        assert_eq!(offset, Offset { least: -MINUTE, most: MINUTE });
    }

    #[test]
    fn without_a_fresh_date_a_minute_is_allowed() {
        assert_eq!(measured(&[]), Offset { least: -MINUTE, most: MINUTE });
    }
}
