//! Choice rules.
/// One rule.
#[derive(Debug, Clone)]
pub struct ChoiceRule {
    /// Where the execution goes when the rule matches.
    pub next: String,
}
