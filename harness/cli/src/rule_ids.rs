//! Rule ids that people type: any case, and a suggestion where there is none.

use rules::registry::{self, Rule};

use crate::Failure;

/// The rule that this text names.
pub(crate) fn find(text: &str) -> Result<&'static Rule, Failure> {
    let id = text.trim().to_uppercase();
    registry::rule(&id).ok_or_else(|| {
        let nearest = registry::rules()
            .iter()
            .map(|rule| (strsim::damerau_levenshtein(&id, &rule.id), rule))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, _)| *distance <= 3);
        let hint = nearest.map(|(_, rule)| format!(" (did you mean {}?)", rule.id)).unwrap_or_default();
        Failure::Usage(format!("there is no rule `{text}`{hint}; `sfn-conformance list` shows all"))
    })
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
