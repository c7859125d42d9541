//! Regions by name: AWS's conduct, a mutant, or a lawful variant.

use record::Time;
use region::{Options, Region, mutants};

use crate::TargetError;

/// A fresh region of this name.
pub(crate) fn region(name: Option<&str>, seed: u64, start: Time) -> Result<Region, TargetError> {
    let mut options = Options::default();
    if let Some(name) = name {
        options.conduct = mutants::conduct(name).ok_or_else(|| {
            TargetError::usage(
                format!("the region has no variant `{name}`"),
                format!(
                    "the nearest names are {}; `sfn-conformance explain RULE` lists those that a rule must kill",
                    nearest(name).join(", ")
                ),
            )
        })?;
    }
    Ok(Region::new(seed, start, options))
}

/// The three names that differ least from one that there is not.
fn nearest(wrong: &str) -> Vec<&'static str> {
    let mut known: Vec<&str> = mutants::all().iter().chain(mutants::lawful()).map(|info| info.name).collect();
    known.sort_by_cached_key(|name| strsim::damerau_levenshtein(wrong, name));
    known.truncate(3);
    known
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_slip_is_answered_with_the_names_nearest_to_it() {
        assert_eq!(super::nearest("used-tokn-ok").first(), Some(&"used-token-ok"));
    }
}
