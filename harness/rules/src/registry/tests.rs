//! The registry is complete, and every rule is fit to be printed.

use std::collections::BTreeSet;

use super::*;

/// How many rules each area has, and how many of them are core.
const CATALOGUE: &[(&str, usize, usize)] = &[
    ("WIRE", 10, 6),
    ("DEF", 34, 20),
    ("START", 24, 17),
    ("TOK", 30, 23),
    ("TMO", 13, 10),
    ("HB", 14, 10),
    ("ERR", 26, 20),
    ("IO", 13, 9),
    ("GEH", 14, 9),
    ("HIS", 29, 25),
    ("DESC", 9, 6),
    ("LIST", 6, 1),
    ("STOP", 7, 6),
    ("RED", 6, 3),
    ("ACT", 7, 0),
    ("TST", 6, 0),
    ("SQS", 20, 6),
    ("SQSI", 3, 1),
    ("ESM", 15, 7),
    ("SNS", 9, 4),
    ("E2E", 12, 11),
    ("QUO", 5, 2),
];

#[test]
fn there_are_312_rules_numbered_without_gap_in_each_area() {
    let expected: Vec<String> = CATALOGUE
        .iter()
        .flat_map(|(area, count, _)| (1..=*count).map(move |number| format!("{area}-{number:02}")))
        .collect();
    let ids: Vec<&str> = rules().iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, expected);
    assert_eq!(ids.len(), 312);
}

#[test]
fn every_area_has_its_core_rules_and_196_in_all() {
    for (area, _, core) in CATALOGUE {
        let found = rules().iter().filter(|rule| rule.core && rule.area() == *area).count();
        assert_eq!(found, *core, "{area}");
    }
    assert_eq!(core_ids().count(), 196);
}

#[test]
fn a_rule_is_found_by_its_id_and_an_unknown_id_is_not() {
    for known in rules() {
        assert_eq!(rule(&known.id), Some(known));
    }
    assert_eq!(rule("TOK-99"), None);
}

#[test]
fn must_rests_on_documentation_or_the_model() {
    for rule in rules().iter().filter(|rule| rule.severity == Severity::Must) {
        let firm = |evidence: &Evidence| matches!(evidence.class, EvidenceClass::Doc | EvidenceClass::Model);
        assert!(rule.evidence.iter().any(firm), "{}", rule.id);
    }
}

#[test]
fn every_rule_says_what_who_and_how_it_breaks() {
    for rule in rules() {
        let Rule { id, title, statement, evidence, example, .. } = rule;
        assert!((1..=60).contains(&title.chars().count()), "{id}: title of {} characters", title.len());
        assert!((20..=400).contains(&statement.chars().count()), "{id}: statement of {}", statement.len());
        assert!(statement.ends_with('.'), "{id}: a statement is a sentence");
        assert!(!example.is_empty(), "{id}: example");
        assert!(!evidence.is_empty(), "{id}: evidence");
        assert!(evidence.iter().all(|e| !e.source.is_empty() && !e.date.is_empty()), "{id}: empty evidence");
        assert!(rule.divergences.iter().all(|d| d.contains(": ")), "{id}: a divergence names its emulator");
    }
}

#[test]
fn titles_and_statements_are_not_said_twice() {
    let titles: BTreeSet<_> = rules().iter().map(|rule| (rule.area(), &rule.title)).collect();
    let statements: BTreeSet<_> = rules().iter().map(|rule| &rule.statement).collect();
    assert_eq!((titles.len(), statements.len()), (312, 312));
}

#[test]
fn capabilities_and_questions_that_rules_name_exist() {
    for rule in rules() {
        if let Some(capability) = &rule.capability {
            assert!(CAPABILITIES.iter().any(|(name, _)| name == capability), "{}: {capability}", rule.id);
        }
        for id in &rule.ambiguity {
            assert!(ambiguity(id).is_some(), "{}: {id}", rule.id);
        }
    }
}

#[test]
fn every_capability_and_every_question_is_named_by_a_rule() {
    for (name, _) in CAPABILITIES {
        assert!(rules().iter().any(|rule| rule.capability.as_deref() == Some(name)), "{name}");
    }
    for question in ambiguities() {
        assert!(rules().iter().any(|rule| rule.ambiguity.contains(&question.id)), "{}", question.id);
    }
}

#[test]
fn the_questions_are_a_01_to_a_20_with_their_outcomes() {
    let expected: Vec<String> = (1..=20).map(|number| format!("A-{number:02}")).collect();
    let ids: Vec<_> = ambiguities().iter().map(|question| question.id.clone()).collect();
    assert_eq!(ids, expected);
    assert!(ambiguities().iter().all(|q| q.question.ends_with('?') && !q.allowed.is_empty()));
}

#[test]
fn no_core_rule_is_out_of_reach() {
    assert!(rules().iter().filter(|rule| rule.core).all(Rule::is_judged));
}

#[test]
fn a_rule_that_no_check_judges_says_why() {
    let judged: BTreeSet<&str> = crate::checks().iter().map(|check| check.rule).collect();
    for rule in rules().iter().filter(|rule| !judged.contains(rule.id.as_str())) {
        let why = rule.unreachable.as_ref().or(rule.unchecked.as_ref());
        assert!(why.is_some_and(|why| why.ends_with('.')), "{} is not judged and gives no reason", rule.id);
    }
}

#[test]
fn every_core_rule_is_judged() {
    let judged: BTreeSet<&str> = crate::checks().iter().map(|check| check.rule).collect();
    let gaps: Vec<&str> = core_ids().filter(|id| !judged.contains(id)).collect();
    assert!(gaps.is_empty(), "{gaps:?}");
}
