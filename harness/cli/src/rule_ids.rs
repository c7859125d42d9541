//! Rule ids that people type: any case, and a suggestion where there is none.

use rules::registry::{self, Rule};

use crate::Failure;

/// The rule that this text names.
pub(crate) fn find(text: &str) -> Result<&'static Rule, Failure> {
    let id = text.trim().to_uppercase();
    registry::rule(&id).ok_or_else(|| {
        let hint = suggestion(&id, registry::rules().iter().map(|rule| rule.id.as_str()), 3);
        Failure::Usage(format!("there is no rule `{text}`{hint}; `sfn-conformance list` shows all"))
    })
}

/// What to say of the name nearest to one that there is not, if any is within so many slips.
pub(crate) fn suggestion<'n>(wrong: &str, names: impl Iterator<Item = &'n str>, slips: usize) -> String {
    let distances = names.map(|name| (strsim::damerau_levenshtein(wrong, name), name));
    distances
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= slips)
        .map(|(_, name)| format!(" (did you mean {name}?)"))
        .unwrap_or_default()
}

/// The ids of these rules.
pub(crate) fn all(texts: &[String]) -> Result<Vec<String>, Failure> {
    texts
        .iter()
        .filter(|text| !text.trim().is_empty())
        .map(|text| find(text).map(|rule| rule.id.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_found_in_any_case() {
        assert_eq!(find("tok-13").unwrap().id, "TOK-13");
    }

    #[test]
    fn a_slip_is_answered_with_a_suggestion() {
        assert!(find("TKO-13").unwrap_err().to_string().contains("did you mean TOK-13?"));
        assert!(!find("something else").unwrap_err().to_string().contains("did you mean"));
    }
}
