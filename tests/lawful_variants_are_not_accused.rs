//! Where AWS leaves a choice, whoever takes it is not accused.

mod embedded;

use region::mutants;
use sfn_conformance::region;

#[test]
fn no_rule_accuses_a_lawful_variant() {
    for variant in mutants::lawful() {
        let broken = embedded::broken(&format!("variant:{}", variant.name));
        assert!(broken.is_empty(), "{} ({}) is accused: {broken:?}", variant.name, variant.about);
    }
}
