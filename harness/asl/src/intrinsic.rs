//! The 18 intrinsic functions, `States.Format(…)` and its kin.
//!
//! What it does not do: JSONata functions (`jsonata`). Invariant: a call that parses names a known function and nests no
//! deeper than AWS takes (10 levels); evaluating never panics, whatever the arguments.

use crate::dice::Dice;
use crate::doubt::Doubt;
use crate::path::{Path, Roots};
use serde_json::{Number, Value};

mod functions;

/// A parsed call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    source: String,
    function: Function,
    arguments: Vec<Argument>,
}

#[derive(Debug, Clone)]
enum Argument {
    Path(Path),
    /// As written between the quotes, escapes included.
    Text(String),
    Literal(Value),
    Call(Call),
}

macro_rules! functions {
    ($($name:ident $arity:pat),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(clippy::upper_case_acronyms, reason = "the names are those of AWS")]
        enum Function { $($name),* }

        impl Function {
            fn named(name: &str) -> Option<Self> {
                match name { $(stringify!($name) => Some(Self::$name),)* _ => None }
            }

            fn takes(self, arguments: usize) -> bool {
                match self { $(Self::$name => matches!(arguments, $arity)),* }
            }
        }
    };
}

functions! {
    Array _, ArrayPartition 2, ArrayContains 2, ArrayRange 3, ArrayGetItem 2, ArrayLength 1, ArrayUnique 1,
    Base64Encode 1, Base64Decode 1, Hash 2, JsonMerge 3, MathRandom 2 | 3, MathAdd 2, StringSplit 2, UUID 0,
    Format 1.., StringToJson 1, JsonToString 1,
}

const MAX_NESTING: usize = 10;

impl Call {
    /// Whether a text is meant to be a call at all.
    pub(crate) fn is_call(text: &str) -> bool {
        text.starts_with("States.")
    }

    pub(crate) fn parse(source: &str) -> Option<Self> {
        let mut parser = Parser { rest: source.trim() };
        let call = parser.call(0)?;
        parser.rest.trim().is_empty().then_some(call)
    }

    /// Whether the function returns a string, or what may be one.
    pub(crate) fn gives_text(&self) -> bool {
        matches!(
            self.function,
            Function::Format
                | Function::JsonToString
                | Function::ArrayGetItem
                | Function::Base64Encode
                | Function::Base64Decode
                | Function::Hash
                | Function::UUID
        )
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The value, or AWS's text on what is wrong.
    pub(crate) fn evaluate(&self, roots: Roots<'_>, dice: &Dice<'_>, doubt: &Doubt) -> Result<Value, String> {
        self.run(roots, dice, doubt).map_err(|what| match what.strip_prefix("The function '") {
            Some(_) => what,
            None => format!("The function '{}' had the following error: {what}", self.source),
        })
    }

    fn run(&self, roots: Roots<'_>, dice: &Dice<'_>, doubt: &Doubt) -> Result<Value, String> {
        let mut values = Vec::with_capacity(self.arguments.len());
        for (index, argument) in self.arguments.iter().enumerate() {
            values.push(match argument {
                Argument::Path(path) => path
                    .find(roots)
                    .map_err(|_| {
                        format!(
                            "The JsonPath argument for the field '{}' could not be found in the input '{}'",
                            path.source(),
                            roots.input
                        )
                    })?
                    .into_owned(),
                Argument::Text(raw) if self.function == Function::Format && index == 0 => {
                    Value::String(raw.clone())
                }
                Argument::Text(raw) => Value::String(unescape(raw)),
                Argument::Literal(value) => value.clone(),
                Argument::Call(call) => call.evaluate(roots, dice, doubt)?,
            });
        }
        if functions::is_open(self.function, &values) {
            doubt.note();
        }
        functions::apply(self.function, values, dice)
    }
}

/// `\'`, `\{`, `\}` and `\\` stand for the second character.
fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.next_if(|next| c == '\\' && matches!(next, '\'' | '{' | '}' | '\\')) {
            Some(escaped) => text.push(escaped),
            None => text.push(c),
        }
    }
    text
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn call(&mut self, depth: usize) -> Option<Call> {
        if depth > MAX_NESTING {
            return None;
        }
        let start = self.rest;
        let name = self.rest.strip_prefix("States.")?;
        let (name, rest) = name.split_once('(')?;
        let function = Function::named(name.trim_end())?;
        self.rest = rest;
        let mut arguments = Vec::new();
        if !self.eat(')') {
            loop {
                arguments.push(self.argument(depth)?);
                if self.eat(')') {
                    break;
                }
                if !self.eat(',') {
                    return None;
                }
            }
        }
        let source = start.get(..start.len() - self.rest.len())?.to_owned();
        function.takes(arguments.len()).then_some(Call { source, function, arguments })
    }

    fn eat(&mut self, wanted: char) -> bool {
        let after = self.rest.trim_start().strip_prefix(wanted);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn argument(&mut self, depth: usize) -> Option<Argument> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with("States.") {
            return self.call(depth + 1).map(Argument::Call);
        }
        if let Some(rest) = self.rest.strip_prefix('\'') {
            let end = closing_quote(rest)?;
            let (raw, after) = rest.split_at(end);
            self.rest = after.strip_prefix('\'')?;
            return Some(Argument::Text(raw.to_owned()));
        }
        let (text, after) = self.rest.split_at(argument_end(self.rest));
        self.rest = after;
        let text = text.trim_end();
        if text.starts_with('$') {
            return Path::parse(text).map(Argument::Path);
        }
        match serde_json::from_str::<Value>(text) {
            Ok(literal @ (Value::Null | Value::Bool(_) | Value::Number(_))) => {
                Some(Argument::Literal(literal))
            }
            _ => text
                .parse::<f64>()
                .ok()
                .and_then(Number::from_f64)
                .map(|number| Argument::Literal(Value::Number(number))),
        }
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(index, c)| {
        let ends = !escaped && c == '\'';
        escaped = !escaped && c == '\\';
        ends.then_some(index)
    })
}

/// Where an unquoted argument ends: at a comma or bracket outside of brackets and quotes.
fn argument_end(text: &str) -> usize {
    let (mut depth, mut quote) = (0_usize, None);
    for (index, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) => quote = quote.filter(|_| c != open),
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ',' | ')') if depth == 0 => return index,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::Call;
    use crate::dice::Dice;
    use crate::doubt::Doubt;
    use crate::outcome::Variables;
    use crate::path::Roots;
    use serde_json::{Value, json};

    fn run(call: &str, input: &Value) -> Result<Value, String> {
        let context = json!({"Execution": {"Name": "run"}, "Map": {"Item": {"Value": "Pikachu"}}});
        let variables: Variables = [("t".to_owned(), json!("It's {}!"))].into_iter().collect();
        Call::parse(call).ok_or("syntax")?.evaluate(
            Roots { input, context: &context, variables: &variables },
            &Dice::from_bytes(b"test"),
            &Doubt::default(),
        )
    }

    #[test]
    fn format_fills_its_placeholders() {
        let input = json!({"name": "Ada", "n": 1.5, "b": true, "none": null});
        assert_eq!(
            run("States.Format('Hi {}, {} {} {}', $.name, $.n, $.b, $.none)", &input).unwrap(),
            json!("Hi Ada, 1.5 true null")
        );
        assert_eq!(run(r"States.Format('\{{}\} \'q\' \\', $.name)", &input).unwrap(), json!(r"{Ada} 'q' \"));
        assert_eq!(run("States.Format($t, $$.Map.Item.Value)", &input).unwrap(), json!("It's Pikachu!"));
        assert!(run("States.Format('{} {}', 1)", &input).is_err());
    }

    #[test]
    fn array_functions_do_what_the_guide_shows() {
        let input = json!({"a": [1, 2, 3, 4, 5, 6, 7, 8, 9], "d": [1, 2, 3, 3, 3.0, 4]});
        let cases = [
            ("States.Array(1, 'x', null, $.d[0])", json!([1, "x", null, 1])),
            ("States.Array()", json!([])),
            ("States.ArrayPartition($.a, 4)", json!([[1, 2, 3, 4], [5, 6, 7, 8], [9]])),
            ("States.ArrayContains($.a, 5)", json!(true)),
            ("States.ArrayContains($.a, 50)", json!(false)),
            ("States.ArrayRange(1, 9, 2)", json!([1, 3, 5, 7, 9])),
            ("States.ArrayRange(9, 1, -4)", json!([9, 5, 1])),
            ("States.ArrayGetItem($.a, 5)", json!(6)),
            ("States.ArrayLength($.a)", json!(9)),
            ("States.ArrayUnique($.d)", json!([1, 2, 3, 4])),
        ];
        for (call, wanted) in cases {
            assert_eq!(run(call, &input).unwrap(), wanted, "{call}");
        }
    }

    #[test]
    fn data_and_string_functions_do_what_the_guide_shows() {
        let input = json!({"a": {"x": 1, "y": {"p": 1}}, "b": {"y": {"q": 2}, "z": 3}, "text": "{\"k\": [1]}", "s": "This.is+a,test=string"});
        let cases = [
            ("States.Base64Encode('Data to encode')", json!("RGF0YSB0byBlbmNvZGU=")),
            ("States.Base64Decode('RGVjb2RlZCBkYXRh')", json!("Decoded data")),
            ("States.Hash('input data', 'SHA-1')", json!("aaff4a450a104cd177d28d18d74485e8cae074b7")),
            ("States.JsonMerge($.a, $.b, false)", json!({"x": 1, "y": {"q": 2}, "z": 3})),
            ("States.MathAdd(111, -1)", json!(110)),
            ("States.StringSplit('1,2,,3', ',')", json!(["1", "2", "3"])),
            ("States.StringSplit($.s, '.+,=')", json!(["This", "is", "a", "test", "string"])),
            ("States.StringToJson($.text)", json!({"k": [1]})),
            ("States.JsonToString($.b)", json!("{\"y\":{\"q\":2},\"z\":3}")),
            ("States.ArrayGetItem(States.StringSplit('a/b', '/'),0)", json!("a")),
        ];
        for (call, wanted) in cases {
            assert_eq!(run(call, &input).unwrap(), wanted, "{call}");
        }
    }

    #[test]
    fn random_functions_stay_in_their_range() {
        let number = run("States.MathRandom(1, 3)", &json!({})).unwrap().as_i64().unwrap();
        assert!((1..3).contains(&number));
        assert_eq!(
            run("States.MathRandom(1, 999, 42)", &json!({})),
            run("States.MathRandom(1, 999, 42)", &json!({}))
        );
        assert_eq!(run("States.UUID()", &json!({})).unwrap().as_str().unwrap().len(), 36);
    }

    #[test]
    fn a_missing_argument_is_told_with_the_function() {
        assert_eq!(
            run("States.StringToJson($.x)", &json!({"a": 1})).unwrap_err(),
            "The function 'States.StringToJson($.x)' had the following error: The JsonPath argument for the field '$.x' could not be found in the input '{\"a\":1}'"
        );
    }

    #[test]
    fn bad_arguments_are_refused_without_a_panic() {
        for call in [
            "States.ArrayPartition('x', 2)",
            "States.ArrayPartition($.a, 0)",
            "States.ArrayRange(0, 9, 0)",
            "States.ArrayRange(1, 100000, 1)",
            "States.ArrayGetItem($.a, 7)",
            "States.Base64Decode('***')",
            "States.Hash('x', 'CRC')",
            "States.JsonMerge($, $, true)",
            "States.MathRandom(5, 1)",
            "States.MathAdd('a', 1)",
            "States.MathAdd(9223372036854775807, 1)",
            "States.StringToJson('{')",
            "States.StringSplit(1, ',')",
            "States.ArrayLength(1)",
            "States.ArrayRange(-9223372036854775808, 9223372036854775807, 1)",
        ] {
            assert!(run(call, &json!({"a": [1]})).is_err(), "{call}");
        }
    }

    #[test]
    fn unknown_functions_wrong_arity_and_bad_syntax_do_not_parse() {
        let deep = format!("{}1{}", "States.Array(".repeat(5000), ")".repeat(5000));
        for call in [
            "States.Nope()",
            "States.UUID(1)",
            "States.Format()",
            "States.Format('a'",
            "States.Format('a' 'b')",
            "States.Array(,)",
            "States.Array($.)",
            &deep,
        ] {
            assert!(Call::parse(call).is_none(), "{call}");
        }
    }
}
