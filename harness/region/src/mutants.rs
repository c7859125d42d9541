//! Wrong variants of the region, each a real class of bugs, and lawful variants that no rule may accuse.
//!
//! Every variant is a [`Conduct`] that overrides one decision (or rewrites requests or answers); the services know none of
//! them. A wrong one names the rules that it breaks: each of them must see it. Families: `tokens`, `outputs`, `timers`,
//! `tasks`, `recovery`, `executions`, `starts`, `stops`, `descriptions`, `histories`, `pages`, `queues`, `topics`,
//! `functions`, `activities`, `definitions`, `rewrites`, `changes`, `listings`, `texts`, `denials`, `lenient`, `wire`; the
//! lawful ones are `lawful`, `spelling`, `leaves` and `weather`. Those of [`sweep`] are derived from a record, and known by
//! name alone.

/// A conduct that overrides some decisions, with the state it counts in.
macro_rules! variant {
    ($name:literal, $about:literal, [$($rule:literal),*], { $($body:tt)* }) => {
        variant!($name, $about, [$($rule),*], {}, { $($body)* })
    };
    ($name:literal, $about:literal, [$($rule:literal),*], { $($field:ident: $kind:ty),* }, { $($body:tt)* }) => {{
        #[derive(Default)]
        struct V { $($field: $kind),* }
        impl $crate::conduct::Conduct for V { $($body)* }
        $crate::mutants::Variant {
            info: $crate::mutants::MutantInfo { name: $name, about: $about, rules: &[$($rule),*] },
            make: || Box::new(V::default()),
        }
    }};
}

mod activities;
mod changes;
mod definitions;
mod denials;
mod descriptions;
mod executions;
mod functions;
mod histories;
mod lawful;
mod leaves;
mod lenient;
mod listings;
mod outputs;
mod pages;
mod queues;
mod recovery;
mod rewrites;
mod spelling;
mod starts;
mod stops;
pub mod sweep;
mod tasks;
mod texts;
mod timers;
mod tokens;
mod topics;
mod weather;
mod wire;

use std::sync::LazyLock;

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

/// A variant with what makes it.
struct Variant {
    info: MutantInfo,
    make: fn() -> Box<dyn Conduct>,
}

fn wrong() -> impl Iterator<Item = &'static Variant> {
    let families = [
        tokens::VARIANTS,
        outputs::VARIANTS,
        timers::VARIANTS,
        tasks::VARIANTS,
        recovery::VARIANTS,
        executions::VARIANTS,
        descriptions::VARIANTS,
        histories::VARIANTS,
        pages::VARIANTS,
        queues::VARIANTS,
        topics::VARIANTS,
        definitions::VARIANTS,
        changes::VARIANTS,
        listings::VARIANTS,
        texts::VARIANTS,
        activities::VARIANTS,
        denials::VARIANTS,
        functions::VARIANTS,
        lenient::VARIANTS,
        rewrites::VARIANTS,
        starts::VARIANTS,
        stops::VARIANTS,
        wire::VARIANTS,
    ];
    families.into_iter().flatten()
}

fn right() -> impl Iterator<Item = &'static Variant> {
    lawful::VARIANTS.iter().chain(spelling::VARIANTS).chain(leaves::VARIANTS).chain(weather::VARIANTS)
}

/// Every wrong variant.
pub fn all() -> &'static [MutantInfo] {
    static ALL: LazyLock<Vec<MutantInfo>> = LazyLock::new(|| wrong().map(|variant| variant.info).collect());
    &ALL
}

/// Every lawful variant: slow, throttling, at-least-once, other outcomes that the rules leave open.
pub fn lawful() -> &'static [MutantInfo] {
    static LAWFUL: LazyLock<Vec<MutantInfo>> =
        LazyLock::new(|| right().map(|variant| variant.info).collect());
    &LAWFUL
}

/// The conduct of a variant: wrong, lawful, or of the sweep.
pub fn conduct(name: &str) -> Option<Box<dyn Conduct>> {
    if name.starts_with(sweep::PREFIX) {
        return sweep::conduct(name);
    }
    wrong().chain(right()).find(|variant| variant.info.name == name).map(|variant| (variant.make)())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_mutant_has_its_own_name_and_names_the_rules_it_breaks() {
        let names: BTreeSet<_> = all().iter().chain(lawful()).map(|info| info.name).collect();
        assert_eq!(names.len(), all().len() + lawful().len());
        assert!(all().iter().all(|info| !info.rules.is_empty() && !info.about.is_empty()));
        assert!(lawful().iter().all(|info| info.rules.is_empty()));
        assert!(all().len() >= 80, "{} mutants", all().len());
        assert!(names.iter().all(|name| conduct(name).is_some()));
    }
}
