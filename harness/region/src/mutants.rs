//! Wrong variants of the region, each a real class of bugs, and lawful variants that no rule may accuse.

use crate::Conduct;

/// One wrong or lawful variant.
#[derive(Clone, Copy, Debug)]
pub struct MutantInfo {
    /// Its name, as in `mutant:NAME`.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// The rules that it breaks; empty for a lawful variant.
    pub rules: &'static [&'static str],
}

/// Every wrong variant.
pub fn all() -> &'static [MutantInfo] {
    &[]
}

/// Every lawful variant.
pub fn lawful() -> &'static [MutantInfo] {
    &[]
}

/// The conduct of a variant, wrong or lawful.
pub fn conduct(name: &str) -> Option<Box<dyn Conduct>> {
    let _ = name;
    None
}
