//! Where AWS leaves a choice, whoever takes it is not accused, and still judged by every core rule.

#[expect(dead_code, reason = "each test file uses what it needs")]
mod embedded;

use engine::Options;
use region::mutants;

#[test]
fn no_rule_accuses_a_lawful_variant_and_every_core_rule_is_decided_on_it() {
    for variant in mutants::lawful() {
        let options = Options { jobs: usize::MAX, minimise: None, strict: true, ..Options::default() };
        let (_, summary) = embedded::run(&format!("variant:{}", variant.name), &options);
        let (name, about) = (variant.name, variant.about);
        assert!(summary.unlisted.is_empty(), "{name} ({about}) is accused: {:?}", summary.unlisted);
        assert!(summary.undecided.is_empty(), "{name} ({about}) leaves open: {:?}", summary.undecided);
    }
}
