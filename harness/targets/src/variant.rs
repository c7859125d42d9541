//! Regions by name: AWS's conduct, a mutant, or a lawful variant.

use record::Time;
use region::{Options, Region, mutants};

use crate::TargetError;

/// The lawful variant that delivers twice and out of order.
const LOOSE_DELIVERY: &str = "loose-delivery";

/// A fresh region of this name.
pub(crate) fn region(
    name: &Option<String>,
    loose_delivery: bool,
    seed: u64,
    start: Time,
) -> Result<Region, TargetError> {
    let name = match (name.as_deref(), loose_delivery) {
        (Some(_), true) => {
            return Err(TargetError::usage(
                "loose delivery is a variant of its own and cannot be combined with another",
                "give either a variant or loose delivery",
            ));
        }
        (None, true) => Some(LOOSE_DELIVERY),
        (name, false) => name,
    };
    let mut options = Options::default();
    if let Some(name) = name {
        options.conduct = mutants::conduct(name).ok_or_else(|| {
            let known = mutants::all().iter().chain(mutants::lawful()).map(|info| info.name);
            TargetError::usage(
                format!("the region has no variant `{name}`"),
                format!("one of: {}", known.collect::<Vec<_>>().join(", ")),
            )
        })?;
    }
    Ok(Region::new(seed, start, options))
}
