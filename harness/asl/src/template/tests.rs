use super::Template;
use crate::machine::QueryLanguage;
use serde_json::json;

#[test]
fn what_depends_on_nothing_is_one_constant() {
    let plain = json!({"a": [1, {"b": "c"}], "d": "{% not closed"});
    for language in [QueryLanguage::JsonPath, QueryLanguage::JsonAta] {
        assert!(
            matches!(Template::new(&plain, language, "Output"), Template::Constant(value) if value == plain)
        );
    }
}

#[test]
fn expressions_know_their_place() {
    let template = Template::new(&json!({"a": ["{% 1 %}"]}), QueryLanguage::JsonAta, "Arguments");
    let Template::Object(members) = template else { panic!() };
    let Template::Array(items) = &members[0].1 else { panic!() };
    assert!(matches!(&items[0], Template::Query { place, .. } if place == "Arguments/a[0]"));
}
