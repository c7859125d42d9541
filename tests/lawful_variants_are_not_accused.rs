//! Where AWS leaves a choice, whoever takes it is not accused.

#[expect(dead_code, reason = "each test file uses what it needs")]
mod embedded;

use region::mutants;

#[test]
fn no_rule_accuses_a_lawful_variant() {
    for variant in mutants::lawful() {
        let broken = embedded::broken(&format!("variant:{}", variant.name));
        assert!(broken.is_empty(), "{} ({}) is accused: {broken:?}", variant.name, variant.about);
    }
}
