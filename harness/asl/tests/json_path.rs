//! JSONPath in payload templates: "Using JSONPath paths" of the Developer Guide says that AWS takes Jayway's dialect, whose README
//! defines slices, filters and their operators.

#![expect(clippy::expect_used, reason = "a test that cannot go on stops")]

mod pass;

use pass::{output, table};
use serde_json::json;

#[test]
fn every_kind_of_path_finds_what_jayways_readme_says() {
    for (path, wanted) in table(CASES) {
        let found = output("JSONPath", &json!({ "Parameters": { "r.$": path } }));
        assert_eq!(found.map(|output| output["r"].clone()), Ok(wanted), "{path}");
    }
}

#[test]
fn a_definite_path_to_nothing_fails_the_state_and_an_indefinite_one_finds_an_empty_list() {
    for path in ["$.nope", "$.arr[9]", "$.n.x", "$.arr.x", "$$.Execution.Nope", "$nope"] {
        let failure = output("JSONPath", &json!({ "Parameters": { "r.$": path } })).expect_err(path);
        assert_eq!(failure.error, "States.Runtime", "{path}");
    }
    for path in ["$..nope", "$.arr[7:9]", "$.orders[?(@.price > 99)]", "$.orders[*].nope"] {
        let found = output("JSONPath", &json!({ "Parameters": { "r.$": path } }));
        assert_eq!(found.map(|output| output["r"].clone()), Ok(json!([])), "{path}");
    }
}

#[test]
fn the_data_flow_fields_take_paths_one_after_the_other() {
    let flow = |fields| output("JSONPath", &fields);
    assert_eq!(flow(json!({ "InputPath": "$.obj", "OutputPath": "$.k2" })), Ok(json!("two")));
    assert_eq!(flow(json!({ "InputPath": "$.orders[*].id" })), Ok(json!(["a", "b", "c"])));
    assert_eq!(flow(json!({ "InputPath": null })), Ok(json!({})));
    assert_eq!(flow(json!({ "OutputPath": null })), Ok(json!({})));
    assert_eq!(flow(json!({ "InputPath": "$$.Execution" })), Ok(json!({ "Id": "x" })));
    assert_eq!(flow(json!({ "InputPath": "$v.a[1]" })), Ok(json!({ "b": 2 })));
    let placed = json!({ "InputPath": "$.obj", "Result": 1, "ResultPath": "$.new.deep", "OutputPath": "$['new','n']" });
    assert_eq!(
        flow(placed),
        Ok(json!({ "new": { "deep": 1 }, "n": 5 })),
        "ResultPath writes into the raw input"
    );
    let discarded = json!({ "Result": 1, "ResultPath": null, "OutputPath": "$.n" });
    assert_eq!(flow(discarded), Ok(json!(5)));
    let item = json!({ "Result": 1, "ResultPath": "$.arr[1]", "OutputPath": "$.arr" });
    assert_eq!(flow(item), Ok(json!([1, 1, 3, 4, 5])));
    for path in ["$.n.x", "$.arr[9]", "$.arr.x"] {
        assert!(flow(json!({ "Result": 1, "ResultPath": path })).is_err(), "{path}");
    }
}

const CASES: &str = r#"
$.arr[0] ==> 1
$.arr[-1] ==> 5
$.arr[1:3] ==> [2,3]
$.arr[-2:] ==> [4,5]
$.arr[:2] ==> [1,2]
$.arr[0,2] ==> [1,3]
$.arr[*] ==> [1,2,3,4,5]
$.arr[?(@ > 2)] ==> [3,4,5]
$.orders[*].id ==> ["a","b","c"]
$..id ==> ["a","b","c"]
$.orders[?(@.price > 5)].id ==> ["a","c"]
$.orders[?(@.price > 5 && @.qty == 3)].id ==> ["c"]
$.orders[?(@.id == 'a')].price ==> [10]
$.orders[?(@.id == "a")].price ==> [10]
$.orders[?(@['id'] == 'a')].price ==> [10]
$.orders[?(@.id=='a' || @.id=='b')].price ==> [10,5]
$.orders[?(@.id in ['a','c'])].price ==> [10,20]
$.orders[?(@.id nin ['a','c'])].price ==> [5]
$.orders[?(@.id =~ /[AB]/i)].price ==> [10,5]
$.orders[?(@.id != 'a')].id ==> ["b","c"]
$.orders[?(!@.nope)].id ==> ["a","b","c"]
$.orders[?(@.nope)] ==> []
$.orders[?(@.tags)].id ==> ["a","b","c"]
$.orders[?(@.price == $.n)].id ==> ["b"]
$.orders[?(@.price == null)].id ==> []
$.orders[0]['id','price'] ==> {"id":"a","price":10}
$.orders[*]['id','price'] ==> [{"id":"a","price":10},{"id":"b","price":5},{"id":"c","price":20}]
$.orders[?(@.tags[0] == 'x')].id ==> ["a","b"]
$.orders[?(@.tags[1])].id ==> ["a"]
$.obj.* ==> [1,"two"]
$['detail-type'] ==> "dt"
$.detail-type ==> "dt"
$.nested..c ==> [1,2]
$.nested.a.b[*].c ==> [1,2]
$.nested.a.b[0].c ==> 1
$.arr.length() ==> 5
$.nothing ==> null
$.orders[*].tags[*] ==> ["x","y","x"]
$.orders[0].tags[0] ==> "x"
$..orders[0].id ==> ["a"]
$..nope ==> []
$.orders[?(@.id==1)] ==> []
$.orders[?(@.a-b == 1)] ==> []
$.orders[?(@.id == 'it\'s')] ==> []
$.orders[?(@.price < 20 )].id ==> ["a","b"]
$.orders[?( @.price<20 )].id ==> ["a","b"]
$.orders[?@.price<20].id ==> ["a","b"]
$$.Execution.Id ==> "x"
$v.a[0].b ==> 1
$v.a[*].b ==> [1,2]
$v ==> {"a":[{"b":1},{"b":2}]}
$.dashed[?(@.a-b == 2)].a-b ==> [2]
$.orders[?('x' in @.tags)].id ==> ["a","b"]
$.orders[?(@.tags empty true)].id ==> ["c"]
$.orders[?(@.tags size 1)].id ==> ["b"]
$.orders[?(@.price in [-1, 5])].id ==> ["b"]
$.obj.length() ==> 2
$.s.length() ==> null
"#;
