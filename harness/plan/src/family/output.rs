//! What workers may and may not answer with: outputs, errors, causes (TOK-08 to TOK-12, IO-08, IO-10).

use proptest::strategy::Strategy;
use serde_json::json;

use super::Family;
use super::tokens::plain;
use crate::definition::{callback, machine, pass, shared, with};
use crate::generate::{Draft, Draw};
use crate::payload::{self, DATA_LIMIT, json_string_of};
use crate::{Answer, Step};
use record::Operation;

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "output", fixed: outputs, drawn: any_output },
        Family { name: "output-limit", fixed: limits, drawn: super::nothing },
        Family { name: "failure-text", fixed: failures, drawn: any_failure },
    ]
}

fn told(exec: u32, answer: Answer) -> Vec<Step> {
    vec![
        Step::start(exec, "plain", json!({})),
        Step::take(exec, 1),
        Step::Tell { token: format!("{exec}.1"), answer },
        Step::settle(exec),
    ]
}

fn outputs() -> Vec<Draft> {
    let good = [
        "\"text\"",
        "1",
        "null",
        "[]",
        "{}",
        "true",
        "-0.5",
        " {\"a\" : [1, 2]} ",
        "\"\\u00e9\\ud83d\\ude00\"",
    ];
    let bad = ["text", "{", "{'a':1}", "", "[1,]", "{} {}", "NaN", "01", "\"open", "undefined", "\"a\nb\""];
    let mut steps = vec![Step::start(1, "plain", json!({})), Step::take(1, 1)];
    for output in bad {
        steps.push(Step::Tell { token: "1.1".to_owned(), answer: Answer::Success(output.to_owned()) });
    }
    steps.push(Step::call(Operation::SendTaskSuccess, json!({"taskToken": "${token:1.1}"})));
    steps.push(Step::call(Operation::SendTaskSuccess, json!({"output": "{}"})));
    steps.push(Step::call(Operation::GetExecutionHistory, json!({"executionArn": "${exec:1}"})));
    steps.push(Step::succeed("1.1", &json!({"good": "at last"})));
    steps.push(Step::settle(1));
    let mut drafts = vec![Draft::new("outputs that are no JSON, then one that is", vec![plain()], steps)];
    let texts = json!({
        " around ": "  white space around  ", "empty": "", "blank": " ", "lines": "a\r\nb\tc\n", "markup": "<a href=\"x\">1 < 2 && 3 > 2</a> &amp; 'q'",
        "composed": "\u{e9}", "decomposed": "e\u{301}", "number": "1.0", "flag": "true", "nothing": "null", "object": "{\"a\": [1]}",
        "percent": "%20+%C3%A9", "slash": "\\/\\u0041", "absent": null, "list": [null, "", [], {}], "long": "${fill:1000:x}", "exact": 16_777_217, "fine": 0.1
    });
    let steps = [
        told(1, Answer::Success(texts.to_string())),
        told(2, Answer::Success("\" a text alone \"".to_owned())),
    ];
    drafts.push(Draft::new("texts that are not to be touched, as output", vec![plain()], steps.concat()));
    let mended = json!({
        "delete": "a\u{7f}b", "separators": "a\u{2028}b\u{2029}c", "unseen": "\u{feff}a\u{200b}b\u{200d}c", "zeros": "007", "exponent": "1e5",
        "CamelCase": {"UPPER": 1}, "": "a key of no character", "a.b": {"c.d": 1}, "path.$": "$.no.path", "$": 1, "$.x": 2,
        "again": [1, 1, "a", "a", {}, {}], "digits": [0.123_456_789_012_345_6, 1e-7, 1.797_693_134_862_315_7e308, 9_007_199_254_740_991_i64]
    });
    let nested = format!("{}\"at the bottom\"{}", "{\"a\": [".repeat(20), "]}".repeat(20));
    let like_others =
        [mended.to_string(), nested, json!("{\"a\": [1]}").to_string(), json!("42").to_string()];
    let steps = like_others.into_iter().zip(1..).flat_map(|(text, exec)| told(exec, Answer::Success(text)));
    drafts.push(Draft::new(
        "what services like to mend, as output: characters, keys, digits, depth, texts that look like JSON",
        vec![plain()],
        steps.collect(),
    ));
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let edges =
        ["-0", "1e300", "{\"a\": {\"a\": {}}}", "\"\\ud834\\udd1e\"", "[[], {}, \"\"]", deep.as_str()];
    let steps =
        edges.into_iter().zip(1..).flat_map(|(text, exec)| told(exec, Answer::Success(text.to_owned())));
    drafts.push(Draft::new("JSON at its edges as output", vec![plain()], steps.collect()).in_core());
    for (number, outputs) in good.chunks(3).enumerate() {
        let steps = outputs
            .iter()
            .zip(1..)
            .flat_map(|(output, exec)| told(exec, Answer::Success((*output).to_owned())))
            .collect();
        drafts.push(Draft::new(
            format!("JSON of every type as output, part {}", number + 1),
            vec![plain()],
            steps,
        ));
    }
    drafts
}

fn any_output() -> Vec<Draw> {
    vec![
        proptest::collection::vec(payload::json(), 3)
            .prop_map(|outputs| {
                let steps = outputs
                    .iter()
                    .zip(1..)
                    .flat_map(|(output, exec)| told(exec, Answer::Success(output.to_string())))
                    .collect();
                Draft::new("any JSON as output", vec![plain()], steps)
            })
            .boxed(),
    ]
}

fn limits() -> Vec<Draft> {
    let mut drafts = Vec::new();
    for width in [1, 2, 4] {
        let over = json_string_of(DATA_LIMIT + 1, width);
        let edge = json_string_of(DATA_LIMIT, width);
        drafts.push(Draft::new(
            format!("outputs of 262,145 and 262,144 bytes in characters of {width}"),
            vec![plain()],
            vec![
                Step::start(1, "plain", json!({})),
                Step::take(1, 1),
                Step::Tell { token: "1.1".to_owned(), answer: Answer::Success(over) },
                Step::Tell { token: "1.1".to_owned(), answer: Answer::Success(edge) },
                Step::settle(1),
            ],
        ));
    }
    let wide = json_string_of(DATA_LIMIT, 3);
    let under = json_string_of(DATA_LIMIT - 1, 4);
    let steps =
        [(1, under), (2, wide)].into_iter().flat_map(|(exec, text)| told(exec, Answer::Success(text)));
    drafts.push(
        Draft::new(
            "outputs of 262,143 bytes and of 262,144 in characters of 3",
            vec![plain()],
            steps.collect(),
        )
        .in_core(),
    );
    let big = json_string_of(200_000, 1);
    drafts.push(Draft::new(
        "an output that with the input is beyond the limit of a state",
        vec![shared(
            "keeps-input",
            machine([
                ("Wait for callback", with(callback(), json!({"ResultPath": "$.result", "Next": "After", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "After", "ResultPath": "$.error"}]}))),
                ("After", pass()),
            ]),
        )],
        vec![
            Step::start(1, "keeps-input", json!({"ballast": "${fill:100000:b}"})),
            Step::take(1, 1),
            Step::Tell { token: "1.1".to_owned(), answer: Answer::Success(big) },
            Step::settle(1),
        ],
    ));
    let heavy = with(
        callback(),
        json!({"Parameters": {"QueueUrl.$": "$$.Execution.Input.queue", "MessageBody": {"TaskToken.$": "$$.Task.Token", "all.$": "$", "again.$": "$.ballast"}}}),
    );
    drafts.push(Draft::new(
        "parameters beyond the limit: nothing is sent",
        vec![shared("heavy-message", machine([("Wait for callback", heavy)]))],
        vec![
            Step::start(1, "heavy-message", json!({"ballast": "${fill:140000:b}"})),
            Step::settle(1),
            Step::Drain { queue: "queue".to_owned(), messages: 1, wait_ms: 500 },
        ],
    ));
    drafts
}

fn failures() -> Vec<Draft> {
    let fail = |error: Option<&str>, cause: Option<&str>| Answer::Failure {
        error: error.map(str::to_owned),
        cause: cause.map(str::to_owned),
    };
    let mut edges = vec![Step::start(1, "plain", json!({})), Step::take(1, 1)];
    for (error, cause) in [("${fill:257:e}", "c"), ("e", "${fill:32769:c}")] {
        edges.push(Step::Tell { token: "1.1".to_owned(), answer: fail(Some(error), Some(cause)) });
    }
    edges.push(Step::Tell {
        token: "1.1".to_owned(),
        answer: fail(Some("${fill:256:é}"), Some("${fill:32768:c}")),
    });
    edges.push(Step::settle(1));
    let absent = [fail(None, None), fail(Some("Only.Error"), None), fail(None, Some("only a cause"))];
    let reserved = [
        fail(Some("States.Made.Up"), Some("c")),
        fail(Some("States.Timeout"), None),
        fail(Some(""), Some("")),
    ];
    let whole = fail(
        Some(" Spaced.Érror "),
        Some("  a cause\nof two lines, with <b>markup</b> &amp; é, e\u{301} and 😀: ${fill:2000:c} "),
    );
    let like_others = [
        fail(Some("e\u{301}rr"), Some("{\"errorMessage\":  \"x\", \"list\": [1, 2]}")),
        fail(Some("Quoted"), Some("say \"x\" and \\ 'back', 100 %")),
        fail(Some("Wide"), Some("${fill:32768:é}")),
    ];
    let catching = machine([
        (
            "Wait for callback",
            with(
                callback(),
                json!({"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "After"}], "Next": "After"}),
            ),
        ),
        ("After", pass()),
    ]);
    let caught = vec![
        Step::start(1, "plain", json!({})),
        Step::take(1, 1),
        Step::Tell { token: "1.1".to_owned(), answer: whole.clone() },
        Step::settle(1),
    ];
    vec![
        Draft::new("error and cause at and beyond their lengths", vec![plain()], edges),
        Draft::new("a long cause of many letters, not caught", vec![plain()], told(1, whole)),
        Draft::new("a long cause of many letters, caught", vec![shared("plain", catching)], caught),
        Draft::new(
            "causes that look like something else",
            vec![plain()],
            like_others.into_iter().zip(1..).flat_map(|(answer, exec)| told(exec, answer)).collect(),
        ),
        Draft::new(
            "failures without error, cause or both",
            vec![plain()],
            absent.into_iter().zip(1..).flat_map(|(answer, exec)| told(exec, answer)).collect(),
        ),
        Draft::new(
            "failures with reserved or empty names",
            vec![plain()],
            reserved.into_iter().zip(1..).flat_map(|(answer, exec)| told(exec, answer)).collect(),
        ),
    ]
}

fn any_failure() -> Vec<Draw> {
    vec![
        (payload::text(), payload::text())
            .prop_map(|(error, cause)| {
                let answer = Answer::Failure { error: Some(format!("E{error}")), cause: Some(cause) };
                Draft::new("any text as error and cause", vec![plain()], told(1, answer))
            })
            .boxed(),
    ]
}
