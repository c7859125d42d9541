//! The seam: one method per decision point, each with the lawful answer as its default.

use record::{Call, Outcome};

/// What the region asks at each point where a service could behave otherwise. The defaults are AWS's behaviour.
pub trait Conduct: Send {
    /// A request before it is served.
    fn request(&mut self, call: &mut Call) {
        let _ = call;
    }

    /// An answer before it leaves.
    fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
        let _ = (call, outcome);
    }
}

/// AWS's conduct: every default.
#[derive(Debug, Default)]
pub(crate) struct Lawful;

impl Conduct for Lawful {}
