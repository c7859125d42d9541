//! The order in which violations are reported: what broke first, by its most specific rule, and then what follows from it.
//!
//! One wrong event makes later ones look wrong, too. Nothing is left out here. Invariant: where there is any breach, one
//! is reported as the first.

use crate::history::Breach;

/// Rules about the list, which make everything behind the break doubtful.
const LIST: &[&str] = &["GEH-01", "HIS-01"];

/// Rules of the structure: what comes after such a breach may come from it.
const STRUCTURE: &[&str] = &[
    "GEH-01", "HIS-01", "HIS-02", "HIS-03", "HIS-04", "HIS-05", "HIS-06", "HIS-11", "HIS-13", "HIS-14",
    "HIS-15", "HIS-16", "HIS-22", "HIS-23", "HIS-26", "HIS-27", "HIS-28", "RED-05",
];

/// Rules about one event by itself: no earlier breach explains theirs.
const BY_ITSELF: &[&str] =
    &["GEH-09", "HIS-07", "HIS-08", "HIS-09", "HIS-10", "HIS-24", "IO-10", "IO-11", "TOK-04"];

/// How far from the cause a rule is at one event: the more, the later it is named. What an event holds comes before its place
/// among the others, its place before what the definition says, and a replay that fails last.
fn distance(rule: &str) -> u8 {
    match rule {
        "HIS-02" | "ERR-13" | "HB-05" | "HB-12" | "TMO-02" | "TMO-06" | "TMO-11" => 1,
        "HIS-17" => 2,
        "HIS-06" | "HIS-10" => 3,
        "HB-02" | "TMO-01" | "HIS-11" | "HIS-14" | "HIS-15" | "HIS-22" | "HIS-23" | "HIS-26" | "HIS-27"
        | "HIS-28" => 4,
        "HIS-04" => 5,
        "ERR-15" | "HIS-13" => 7,
        "DEF-06" => 8,
        "HIS-12" => 9,
        "HIS-29" => 10,
        _ if ["ERR-", "IO-", "START-"].iter().any(|family| rule.starts_with(family)) => 6,
        _ => 0,
    }
}

/// The breaches to blame, most telling first, and those that may follow from them.
pub(super) fn order(mut breaches: Vec<Breach>) -> (Vec<Breach>, Vec<Breach>) {
    breaches.sort_by_key(|breach| {
        let place = breach.event.unwrap_or(u64::MAX);
        (!LIST.contains(&breach.rule), place, distance(breach.rule), breach.rule)
    });
    let broken = breaches.iter().filter(|breach| STRUCTURE.contains(&breach.rule));
    let Some(broken) = broken.filter_map(|breach| breach.event).min() else { return (breaches, Vec::new()) };
    let list = breaches.first().is_some_and(|first| LIST.contains(&first.rule));
    breaches.into_iter().partition(|breach| {
        let later = breach.event.is_none_or(|event| event > broken);
        let own = LIST.contains(&breach.rule) || BY_ITSELF.contains(&breach.rule);
        own || !(later || list)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breach(rule: &'static str, event: u64) -> Breach {
        Breach { rule, check: "history", event: Some(event), message: String::new() }
    }

    fn rules(breaches: &[Breach]) -> Vec<&str> {
        breaches.iter().map(|breach| breach.rule).collect()
    }

    #[test]
    fn the_most_specific_rule_comes_first_and_what_follows_from_it_apart() {
        let found = vec![breach("HIS-29", 4), breach("IO-01", 4), breach("HIS-04", 6), breach("HIS-11", 7)];
        let (first, then) = order(found);
        assert_eq!((rules(&first), rules(&then)), (vec!["IO-01", "HIS-29", "HIS-04"], vec!["HIS-11"]));
    }

    #[test]
    fn what_an_event_holds_is_told_before_its_place_and_its_place_before_the_definition() {
        let found = ["HIS-29", "HIS-13", "ERR-05", "HIS-26", "HIS-10", "HIS-16", "HIS-08"];
        let (first, _) = order(found.into_iter().map(|rule| breach(rule, 4)).collect());
        let told = ["HIS-08", "HIS-16", "HIS-10", "HIS-26", "ERR-05", "HIS-13", "HIS-29"];
        assert_eq!(rules(&first), told);
    }

    #[test]
    fn a_broken_list_is_told_before_all_else() {
        let (first, then) = order(vec![breach("HIS-11", 3), breach("HIS-08", 9), breach("HIS-01", 5)]);
        assert_eq!((rules(&first), rules(&then)), (vec!["HIS-01", "HIS-08"], vec!["HIS-11"]));
    }
}
