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

/// The ids of these rules, each judged; an area such as `TOK` stands for all rules of it that are.
pub(crate) fn all(texts: &[String]) -> Result<Vec<String>, Failure> {
    let judged = engine::judged_rules();
    let mut ids = Vec::new();
    for text in texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        let area = format!("{}-", text.to_uppercase());
        let known = ids.len();
        ids.extend(judged.iter().filter(|id| id.starts_with(&area)).map(|id| (*id).to_owned()));
        if ids.len() > known {
            continue;
        }
        let id = find(text)?.id.as_str();
        if !judged.contains(&id) {
            return Err(Failure::Usage(format!(
                "{id} is not judged; `sfn-conformance explain {id}` says why"
            )));
        }
        ids.push(id.to_owned());
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_found_in_any_case() {
        assert_eq!(find("tok-13").unwrap().id, "TOK-13");
    }

    #[test]
    fn an_area_stands_for_its_rules_and_what_nobody_judges_is_said() {
        let ids = |text: &str| all(&[text.to_owned()]);
        assert!(ids("tok").unwrap().len() > 20);
        assert_eq!(ids("TOK-13").unwrap(), ["TOK-13"]);
        assert!(ids("START-13").unwrap_err().to_string().contains("START-13 is not judged"));
    }

    #[test]
    fn a_slip_is_answered_with_a_suggestion() {
        assert!(find("TKO-13").unwrap_err().to_string().contains("did you mean TOK-13?"));
        assert!(!find("something else").unwrap_err().to_string().contains("did you mean"));
    }
}
