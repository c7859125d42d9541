//! Regions by name: AWS's conduct, a mutant, or a lawful variant.

use record::Time;
use region::{Options, Region, mutants};

use crate::TargetError;

/// A fresh region of this name.
pub(crate) fn region(name: Option<&str>, seed: u64, start: Time) -> Result<Region, TargetError> {
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
