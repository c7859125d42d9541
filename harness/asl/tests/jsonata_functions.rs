//! JSONata in states: the functions of docs.jsonata.org with its examples, and those that "Transforming data with JSONata in Step
//! Functions" of the Developer Guide adds.

#![expect(clippy::expect_used, reason = "a test that cannot go on stops")]

mod pass;

use pass::{output, table};
use serde_json::{Value, json};

fn value(expression: &str) -> Result<Value, asl::Failure> {
    output("JSONata", &json!({ "Output": format!("{{% {expression} %}}") }))
}

#[test]
fn expressions_give_what_the_documentation_says() {
    for (expression, wanted) in table(CASES) {
        assert_eq!(value(expression), Ok(wanted), "{expression}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_a_query_evaluation_error_that_names_expression_and_field() {
    let cases = [
        "$error('boom')",
        "$states.input.arr[0,1]",
        "1/0",
        r#""a" > 1"#,
        "$states.input.orders.price > 3",
        "$sum('a')",
        "$nosuch(1)",
        "$eval('1+1')",
    ];
    for expression in cases {
        let failure = value(expression).expect_err(expression);
        assert_eq!(failure.error, "States.QueryEvaluationError", "{expression}");
        let named = format!("The JSONata expression '{expression}' specified for the field 'Output' ");
        assert!(failure.cause.unwrap_or_default().contains(&named), "{expression}");
    }
}

#[test]
fn what_is_undefined_is_an_error_as_well() {
    for expression in [
        "$states.input.nope",
        "$states.input.orders[price>100].id",
        "$not($states.input.nope)",
        "$states.result",
    ] {
        let cause = value(expression).expect_err(expression).cause.unwrap_or_default();
        assert!(cause.ends_with("returned nothing (undefined)."), "{cause}");
    }
}

const CASES: &str = r#"
$states.input.orders.price ==> [10,5,20]
$sum($states.input.orders.(price*qty)) ==> 85
$states.input.orders[price>5].id ==> ["a","c"]
$states.input.orders[price=20].id ==> "c"
$states.input.orders[-1].id ==> "c"
$states.input.orders[0] ==> {"id":"a","price":10,"qty":2,"tags":["x","y"]}
$states.input.orders^(price).id ==> ["b","a","c"]
$states.input.orders^(>price).id ==> ["c","a","b"]
$states.input.orders^(>qty, price).id ==> ["c","a","b"]
$states.input.orders{id: price} ==> {"a":10,"b":5,"c":20}
$map($states.input.orders, function($o){ $o.id & '-' & $o.qty }) ==> ["a-2","b-1","c-3"]
$map($states.input.arr, function($v,$i,$a){ $v * $i }) ==> [0,2,6,12,20]
$filter($states.input.arr, function($v){ $v > 3 }) ==> [4,5]
$filter($states.input.arr, function($v){ $v > 4 }) ==> 5
$reduce($states.input.arr, function($a,$b){ $a + $b }) ==> 15
$reduce($states.input.arr, function($a,$b){ $a + $b }, 100) ==> 115
$single($states.input.arr, function($v){ $v = 3 }) ==> 3
$each($states.input.obj, function($v,$k){ $k & '=' & $string($v) }) ==> ["k1=1","k2=two"]
$keys($states.input.obj) ==> ["k1","k2"]
$lookup($states.input.obj, 'k1') ==> 1
$spread($states.input.obj) ==> [{"k1":1},{"k2":"two"}]
$merge([$states.input.obj, {'k3': 3}]) ==> {"k1":1,"k2":"two","k3":3}
$sift($states.input.obj, function($v,$k){ $k = 'k1' }) ==> {"k1":1}
$type($states.input.nothing) ==> "null"
$type($states.input.arr) ==> "array"
$type($states.input.t) ==> "boolean"
$exists($states.input.nope) ==> false
$exists($states.input.nothing) ==> true
$count($states.input.arr) ==> 5
$count($states.input.nope) ==> 0
$count($states.input.empty) ==> 0
$append([1],[2,3]) ==> [1,2,3]
$append($states.input.nope,[2,3]) ==> [2,3]
$sort([3,1,2]) ==> [1,2,3]
$sort($states.input.orders, function($l,$r){ $l.price > $r.price }).id ==> ["b","a","c"]
$reverse([1,2,3]) ==> [3,2,1]
$distinct([1,2,2,3,1]) ==> [1,2,3]
$zip([1,2],[3,4]) ==> [[1,3],[2,4]]
$sum([1,2,3]) ==> 6
$max([1,5,3]) ==> 5
$min([4,2,3]) ==> 2
$average([1,2,3]) ==> 2
$string(5) ==> "5"
$string($states.input.obj) ==> "{\"k1\":1,\"k2\":\"two\"}"
$string([1,"a",null]) ==> "[1,\"a\",null]"
$string(1.0) ==> "1"
$string(0.1+0.2) ==> "0.3"
$length('héllo') ==> 5
$substring('hello world', 6) ==> "world"
$substring('hello world', 0, 5) ==> "hello"
$substring('hello world', -5) ==> "world"
$substringBefore('hello world', ' ') ==> "hello"
$substringAfter('hello world', ' ') ==> "world"
$uppercase('abc') ==> "ABC"
$lowercase('ABC') ==> "abc"
$trim('  a   b ') ==> "a b"
$pad('foo', 5) ==> "foo  "
$pad('foo', -5, '*') ==> "**foo"
$contains('abracadabra', 'bra') ==> true
$contains('abracadabra', /a.*a/) ==> true
$split('so many words', ' ') ==> ["so","many","words"]
$split('so many words', ' ', 2) ==> ["so","many"]
$split('a, b;c', /[,;]\s*/) ==> ["a","b","c"]
$split('abc', '') ==> ["a","b","c"]
$join(['a','b'], '-') ==> "a-b"
$join(['a','b']) ==> "ab"
$match('ababbabbcc', /a(b+)/)[0].match ==> "ab"
$match('ababbabbcc', /a(b+)/).groups ==> ["b","bb","bb"]
$replace('John Smith', 'John', 'Mr') ==> "Mr Smith"
$replace('John Smith', /(\w+)\s(\w+)/, '$2, $1') ==> "Smith, John"
$replace('265USD', /([0-9]+)USD/, '$$$1') ==> "$265"
$base64encode('myuser:mypass') ==> "bXl1c2VyOm15cGFzcw=="
$base64decode('bXl1c2VyOm15cGFzcw==') ==> "myuser:mypass"
$encodeUrlComponent('?x=test') ==> "%3Fx%3Dtest"
$decodeUrlComponent('%3Fx%3Dtest') ==> "?x=test"
$encodeUrl('https://mozilla.org/?x=шеллы') ==> "https://mozilla.org/?x=%D1%88%D0%B5%D0%BB%D0%BB%D1%8B"
$number('5') ==> 5
$number('1.5e3') ==> 1500
$number(true) ==> 1
$abs(-5) ==> 5
$floor(5.7) ==> 5
$ceil(5.1) ==> 6
$round(123.456, 2) ==> 123.46
$round(11.5) ==> 12
$round(12.5) ==> 12
$round(125, -1) ==> 120
$power(2,8) ==> 256
$sqrt(16) ==> 4
$formatNumber(12345.6, '#,###.00') ==> "12,345.60"
$formatNumber(0.14, '01%') ==> "14%"
$formatNumber(34.555, '#0.00;(#0.00)') ==> "34.56"
$formatBase(100, 2) ==> "1100100"
$formatBase(2555, 16) ==> "9fb"
$formatInteger(2789, 'w') ==> "two thousand, seven hundred and eighty-nine"
$formatInteger(1999, 'I') ==> "MCMXCIX"
$parseInteger('twelve thousand, four hundred and seventy-six', 'w') ==> 12476
$parseInteger('12,345,678', '#,##0') ==> 12345678
$boolean('') ==> false
$boolean([0]) ==> false
$boolean([0,1]) ==> true
$boolean({}) ==> false
$not(true) ==> false
$toMillis('2017-11-07T15:07:54.972Z') ==> 1510067274972
$toMillis('2017-11-07', '[Y0001]-[M01]-[D01]') ==> 1510012800000
$fromMillis(1510067274972) ==> "2017-11-07T15:07:54.972Z"
$fromMillis(1510067274972, '[M01]/[D01]/[Y0001] [h#1]:[m01][P]') ==> "11/07/2017 3:07pm"
$fromMillis(1510067274972, '[H01]:[m01]:[s01] [z]', '-0500') ==> "10:07:54 GMT-05:00"
$fromMillis($toMillis($states.input.date) + 86400000) ==> "2024-01-03T03:04:05.678Z"
$now() ==> "2024-05-06T07:08:09.010Z"
1 = 1.0 ==> true
'a' & 1 & true & null ==> "a1truenull"
5 % 3 ==> 2
-5 % 3 ==> -2
[1..5] ==> [1,2,3,4,5]
[1..3].($*2) ==> [2,4,6]
[1,2,3][$>1] ==> [2,3]
1 in [1,2] ==> true
'x' in $states.input.orders[0].tags ==> true
$states.input.nope ? 'a' : 'b' ==> "b"
$states.input.nope ?: 'dflt' ==> "dflt"
$states.input.nope ?? 'dflt' ==> "dflt"
$states.input.blank ?: 'd' ==> "d"
$states.input.blank ?? 'd' ==> ""
($x := 5; $y := $x * 2; $x + $y) ==> 15
(function($a,$b){$a+$b})(1,2) ==> 3
$states.input.s ~> $uppercase ==> "HELLO WORLD"
$states.input.s ~> $uppercase ~> $substringBefore(' ') ==> "HELLO"
($f := $uppercase ~> $trim; $f('  a ')) ==> "A"
$states.input.**.c ==> [1,2]
$states.input.obj.* ==> [1,"two"]
$states.input.`detail-type` ==> "dt"
$states.input.'detail-type' ==> "dt"
$states.input."detail-type" ==> "dt"
$states.input.nested.a.b.c ==> [1,2]
$states.input.nested.a.b[c=2].c ==> 2
$states.input.orders.tags ==> ["x","y","x"]
$states.input.orders[0].tags[] ==> ["x","y"]
$states.input.orders[price=20].id[] ==> ["c"]
[$states.input.orders[price>100]] ==> []
{"a": $states.input.nope, "b": 1} ==> {"b":1}
{"ids": [$states.input.orders.id]} ==> {"ids":["a","b","c"]}
$states.input.orders@$o.{'i': $o.id} ==> [{"i":"a"},{"i":"b"},{"i":"c"}]
$states.input.orders#$i.{'i': $i} ==> [{"i":0},{"i":1},{"i":2}]
$states.input.orders.tags.(%.id) ==> ["a","a","b"]
$v.a[b=1] ==> {"b":1}
$v ==> {"a":[{"b":1},{"b":2}]}
$states.input.arr[[0..1]] ==> [1,2]
$states.context.Execution.Id ==> "x"
10 / 3 ==> 3.3333333333333335
$parse('[1,2,{"a":null}]') ==> [1,2,{"a":null}]
$partition([1,2,3,4,5], 2) ==> [[1,2],[3,4],[5]]
$range(0, 1, 0.25) ==> [0,0.25,0.5,0.75,1]
$range(1,10,4) ==> [1,5,9]
$range(10,1,-4) ==> [10,6,2]
$hash('abc','MD5') ==> "900150983cd24fb0d6963f7d28e17f72"
$hash('abc','SHA-256') ==> "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
$hash('abc','SHA-384') ==> "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
/* comment */ 1 ==> 1
true and false or true ==> true
$states.input.t and $states.input.n ==> true
[] ==> []
{} ==> {}
"" ==> ""
null ==> null
$length("") ==> 0
$map([1], function($v){$v}) ==> 1
[$map([1], function($v){$v})] ==> [1]
$join([]) ==> ""
$sum([]) ==> 0
$states.input.arr ~> $map(function($x){$x+1}) ==> [2,3,4,5,6]
$string($states.input.f) ==> "1.5"
$string({"a":[1,{"b":2}]}, true) ==> "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ]\n}"
$states.input.orders[tags[0]='x'].id ==> ["a","b"]
$states.input.orders['x' in tags].id ==> ["a","b"]
$states.input.orders.{"id": id, "total": price * qty} ==> [{"id":"a","total":20},{"id":"b","total":5},{"id":"c","total":60}]
$states.input.orders[0].(id & "-" & qty) ==> "a-2"
$count($states.input.orders[qty > 1]) ==> 2
$max($states.input.orders.price) ==> 20
$states.input.orders[price = $max($states.input.orders.price)].id ==> "c"
($fact := function($n){ $n = 0 ? 1 : $n * $fact($n-1) }; $fact(10)) ==> 3628800
λ($x){$x}(3) ==> 3
$formatNumber(1234567.891, '#,##0.##') ==> "1,234,567.89"
$uuid() != $uuid() ==> true
$encodeUrl("https://a/b c?x=é&y=1#z") ==> "https://a/b%20c?x=%C3%A9&y=1#z"
$clone($states.input.obj) ==> {"k1":1,"k2":"two"}
$random() >= 0 ==> true
$millis() ==> 1714979289010
$shuffle([1]) ==> [1]
$now('[Y]-[M01]-[D01]T[H01]:[m01]:[s01]Z') ==> "2024-05-06T07:08:09Z"
$fromMillis(1714979289010, '[FNn], [D1o] [MNn] [Y]') ==> "Monday, 6th May 2024"
$fromMillis(1714979289010, '[Y0001]-W[W01]') ==> "2024-W19"
"#;
