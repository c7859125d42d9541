//! What one operation refuses is answered otherwise: accepted, with another code, with another status, as a fault of the service.

use std::collections::BTreeSet;

use record::{ApiError, Call, Operation, Outcome};
use serde_json::json;

use super::of_operation;
use crate::Conduct;

const HOWS: [&str; 5] = ["accepted", "renamed", "validation", "404", "500"];

pub(super) fn names(operation: Operation, code: &str, names: &mut BTreeSet<String>) {
    let other = HOWS.into_iter().filter(|how| (*how, code) != ("validation", "ValidationException"));
    names.extend(other.map(|how| format!("{}refusal:{operation}:{code}:{how}", super::PREFIX)));
}

pub(super) fn conduct(rest: &str) -> Option<Box<dyn Conduct>> {
    let (operation, rest) = of_operation(rest)?;
    let (code, how) = rest.rsplit_once(':')?;
    let how = HOWS.into_iter().find(|known| *known == how)?;
    Some(Box::new(Refusal { operation, code: code.to_owned(), how }))
}

struct Refusal {
    operation: Operation,
    code: String,
    how: &'static str,
}

impl Conduct for Refusal {
    fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
        let Outcome::Refused(error) = &*outcome else { return };
        if call.operation != self.operation || error.code != self.code {
            return;
        }
        *outcome = match self.how {
            "accepted" => Outcome::Done(json!({})),
            "renamed" => {
                Outcome::Refused(ApiError { code: format!("{}Exception", self.code), ..error.clone() })
            }
            "validation" => Outcome::Refused(ApiError::new("ValidationException", "Not valid")),
            "404" => Outcome::Refused(error.clone().with_status(404)),
            _ => Outcome::Refused(ApiError::new("InternalFailure", "Internal error").with_status(500)),
        };
    }
}
