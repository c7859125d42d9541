//! The intrinsic functions, by the examples and limits of "Intrinsic functions for JSONPath states" in the Developer Guide and of
//! appendix B of the States Language.

#![expect(clippy::expect_used, reason = "a test that cannot go on stops")]

mod pass;

use pass::{output, table};
use serde_json::{Value, json};

fn call(text: &str) -> Result<Value, asl::Failure> {
    Ok(output("JSONPath", &json!({ "Parameters": { "r.$": text } }))?["r"].clone())
}

#[test]
fn every_function_gives_what_the_guide_says() {
    for (text, wanted) in table(CASES) {
        assert_eq!(call(text), Ok(wanted), "{text}");
    }
}

#[test]
fn a_range_has_up_to_a_thousand_items() {
    let range = call("States.ArrayRange(0, 999, 1)").expect("the most that the guide allows");
    assert_eq!(range.as_array().map(Vec::len), Some(1000));
}

#[test]
fn random_numbers_are_in_their_range_and_a_seed_repeats_them() {
    for _ in 0..20 {
        let number = call("States.MathRandom(3, 6)").expect("a number").as_i64();
        assert!(number.is_some_and(|number| (3..6).contains(&number)), "{number:?}");
    }
    assert_eq!(call("States.MathRandom(1, 999, 7)"), call("States.MathRandom(1, 999, 7)"));
}

#[test]
fn a_uuid_is_one_of_version_four() {
    let uuid = call("States.UUID()").expect("a UUID");
    let text = uuid.as_str().unwrap_or_default();
    assert_eq!((text.len(), text.get(14..15)), (36, Some("4")), "{text}");
}

#[test]
fn a_bad_argument_fails_the_state_and_the_cause_names_the_function() {
    let cases = [
        "States.Format('{}-{}', $.s)",
        "States.ArrayRange(0, 1000, 1)",
        "States.ArrayGetItem($.arr, -1)",
        "States.ArrayGetItem($.arr, 5)",
        "States.ArrayLength($.s)",
        "States.JsonMerge($.obj, $.obj, true)",
        "States.MathAdd($.s, -1)",
        "States.MathAdd($.nothing, 1)",
        "States.ArrayContains($.nope, 1)",
    ];
    for text in cases {
        let failure = call(text).expect_err(text);
        assert_eq!(failure.error, "States.Runtime", "{text}");
        let cause = failure.cause.unwrap_or_default();
        assert!(cause.contains(&format!("The function '{text}' had the following error: ")), "{cause}");
    }
}

const CASES: &str = r#"
States.Format('{}', $.f) ==> "1.5"
States.Format('it\'s {}', $.s) ==> "it's hello world"
States.Format('\{\} {}', $.n) ==> "{} 5"
States.Format('no placeholders') ==> "no placeholders"
States.Format($.s) ==> "hello world"
States.Format('{}', States.Format('{}', $.n)) ==> "5"
States.Format('a,b ({}) {}', $.n, 'x, y)') ==> "a,b (5) x, y)"
States.StringToJson('{"a":1}') ==> {"a":1}
States.StringToJson('3') ==> 3
States.JsonToString($.obj) ==> "{\"k1\":1,\"k2\":\"two\"}"
States.Array('a', 1, null, true, $.n, States.Array()) ==> ["a",1,null,true,5,[]]
States.ArrayPartition($.arr, 2) ==> [[1,2],[3,4],[5]]
States.ArrayPartition($.empty, 2) ==> []
States.ArrayPartition($.arr, 2.6) ==> [[1,2,3],[4,5]]
States.ArrayContains($.arr, 3) ==> true
States.ArrayContains($.arr, '3') ==> false
States.ArrayContains($.orders, $.orders[1]) ==> true
States.ArrayRange(1, 9, 2) ==> [1,3,5,7,9]
States.ArrayRange(1, 9, 9) ==> [1]
States.ArrayRange(5, 5, 1) ==> [5]
States.ArrayGetItem($.arr, 0) ==> 1
States.ArrayLength($.arr) ==> 5
States.ArrayUnique(States.Array(1,'1',1,null,null)) ==> [1,"1",null]
States.Base64Encode('') ==> ""
States.Base64Decode('aGk=') ==> "hi"
States.Base64Decode(States.Base64Encode('é€')) ==> "é€"
States.Hash('abc', 'MD5') ==> "900150983cd24fb0d6963f7d28e17f72"
States.Hash('abc', 'SHA-512') ==> "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
States.JsonMerge($.obj, $.obj, false) ==> {"k1":1,"k2":"two"}
States.MathRandom(1, 2) ==> 1
States.MathAdd(1, 2) ==> 3
States.MathAdd(1.5, 1) ==> 3
States.MathAdd($.n, -1) ==> 4
States.StringSplit('a,b,c', ',') ==> ["a","b","c"]
States.StringSplit('', ',') ==> []
States.StringSplit('abc', ',') ==> ["abc"]
States.StringSplit('abc', '') ==> ["abc"]
States.StringSplit('a b', ' ') ==> ["a","b"]
States.ArrayGetItem(States.StringSplit($.s, ' '), 1) ==> "world"
States.Format('{}', $$.Execution.Id) ==> "x"
States.Format('{}', $v.a[0].b) ==> "1"
States.Format('{}', null) ==> "null"
States.Format('{}', true) ==> "true"
States.Format('{}', 1.50) ==> "1.5"
States.Format( '{}' , $.n ) ==> "5"
States.ArrayGetItem($.orders[?(@.id == 'b')].price, 0) ==> 5
States.Format('{}', $.orders[?(@.id == 'b, )')]) ==> "[]"
"#;
