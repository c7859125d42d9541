//! StartExecution: names, inputs, idempotency (START).

use proptest::strategy::Strategy;
use record::Operation;
use serde_json::{Value, json};

use super::Family;
use super::tokens::plain;
use crate::Step;
use crate::definition::{machine, one, own, pass, shared};
use crate::generate::{Draft, Draw};
use crate::payload::{self, DATA_LIMIT, FORBIDDEN, json_string_of};

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "execution-name", fixed: names, drawn: any_name },
        Family { name: "execution-input", fixed: inputs, drawn: any_input },
        Family { name: "start-again", fixed: again, drawn: super::nothing },
        Family { name: "start-nowhere", fixed: nowhere, drawn: super::nothing },
        Family { name: "start-a-version", fixed: versions, drawn: super::nothing },
    ]
}

fn quick() -> (String, crate::MachineSpec) {
    shared("quick", machine([("Pass", pass())]))
}

fn raw_start(name: &str, input: &str) -> Step {
    Step::call(
        Operation::StartExecution,
        json!({"stateMachineArn": "${machine:quick}", "name": name, "input": input}),
    )
}

fn names() -> Vec<Draft> {
    let mut forbidden: Vec<Step> =
        FORBIDDEN.iter().map(|sign| raw_start(&format!("a{sign}b${{run}}"), "{}")).collect();
    forbidden.push(raw_start(" ${run}", "{}"));
    forbidden.push(raw_start("${run}/", "{}"));
    let lengths = vec![
        raw_start("", "{}"),
        raw_start("${fill:81:n}", "{}"),
        raw_start("${fill:200:n}", "{}"),
        raw_start("${fill:64:n}-${run}", "{}"),
        raw_start("${fill:64:é}-${run}", "{}"),
        Step::Start { exec: 1, machine: "quick".to_owned(), name: None, input: json!({}) },
        Step::settle(1),
    ];
    let nameless = |exec: u32| {
        let bind = format!("s{exec}");
        vec![
            Step::bind(Operation::StartExecution, json!({"stateMachineArn": "${machine:quick}"}), &bind),
            Step::call(
                Operation::DescribeExecution,
                json!({"executionArn": format!("${{bind:{bind}.executionArn}}")}),
            ),
        ]
    };
    vec![
        Draft::new("names with each forbidden character", vec![quick()], forbidden),
        Draft::new("names of 0, 80 and 81 characters", vec![quick()], lengths),
        Draft::new(
            "starts without a name",
            vec![own("quick", machine([("Pass", pass())]))],
            (1..=3)
                .flat_map(nameless)
                .chain([Step::call(
                    Operation::ListExecutions,
                    json!({"stateMachineArn": "${machine:quick}"}),
                )])
                .collect(),
        ),
        Draft::new(
            "names of several scripts, and of signs",
            vec![quick()],
            ["Ärger-${run}", "имя-${run}", "名前-${run}", "اسم-${run}", "a.b_c+d=e@f!(g)-${run}"]
                .into_iter()
                .zip(1..)
                .flat_map(|(name, exec)| {
                    [
                        Step::Start {
                            exec,
                            machine: "quick".to_owned(),
                            name: Some(name.to_owned()),
                            input: json!({}),
                        },
                        Step::settle(exec),
                    ]
                })
                .collect(),
        ),
        Draft::new(
            "one name on two machines",
            vec![quick(), shared("quick-too", machine([("Also", pass())]))],
            vec![
                Step::Start {
                    exec: 1,
                    machine: "quick".to_owned(),
                    name: Some("twin-${run}".to_owned()),
                    input: json!({}),
                },
                Step::Start {
                    exec: 2,
                    machine: "quick-too".to_owned(),
                    name: Some("twin-${run}".to_owned()),
                    input: json!({}),
                },
                Step::settle(1),
                Step::settle(2),
            ],
        ),
    ]
}

fn any_name() -> Vec<Draw> {
    vec![
        payload::name()
            .prop_map(|name| {
                Draft::new(
                    "any allowed name",
                    vec![plain()],
                    vec![
                        Step::Start {
                            exec: 1,
                            machine: "plain".to_owned(),
                            name: Some(format!("{name}-${{run}}")),
                            input: json!({"queue": "${queue}"}),
                        },
                        Step::take(1, 1),
                        Step::succeed("1.1", &json!({})),
                        Step::settle(1),
                    ],
                )
            })
            .boxed(),
    ]
}

fn inputs() -> Vec<Draft> {
    let bad = ["", "text", "{", "{'a':1}", "[1,]", "{} {}", "nul"];
    let mut drafts = vec![Draft::new(
        "inputs that are no JSON",
        vec![quick()],
        bad.iter().zip(1..).map(|(input, n)| raw_start(&format!("bad{n}-${{run}}"), input)).collect(),
    )];
    let good = ["{}", "[]", "\"text\"", "7", "true", "null"];
    drafts.push(Draft::new(
        "inputs of every JSON type",
        vec![quick()],
        good.iter()
            .zip(1..)
            .flat_map(|(input, exec)| {
                let input: Value = serde_json::from_str(input).unwrap_or_default();
                vec![Step::Start { exec, machine: "quick".to_owned(), name: None, input }, Step::settle(exec)]
            })
            .collect(),
    ));
    drafts.push(Draft::new(
        "a request of more than one megabyte",
        vec![quick()],
        vec![raw_start("huge-${run}", "${fill:1100000:x}")],
    ));
    drafts.push(Draft::new(
        "no input at all",
        vec![quick()],
        vec![
            Step::bind(
                Operation::StartExecution,
                json!({"stateMachineArn": "${machine:quick}", "name": "none-${run}"}),
                "s",
            ),
            Step::Sleep { ms: 300 },
            Step::call(Operation::GetExecutionHistory, json!({"executionArn": "${bind:s.executionArn}"})),
            Step::call(Operation::DescribeExecution, json!({"executionArn": "${bind:s.executionArn}"})),
        ],
    ));
    for width in [1, 2, 3, 4] {
        drafts.push(Draft::new(
            format!("inputs of 262,144 and 262,145 bytes in characters of {width}"),
            vec![quick()],
            vec![
                raw_start(&format!("edge{width}-${{run}}"), &json_string_of(DATA_LIMIT, width)),
                raw_start(&format!("over{width}-${{run}}"), &json_string_of(DATA_LIMIT + 1, width)),
            ],
        ));
    }
    drafts
}

fn any_input() -> Vec<Draw> {
    vec![
        proptest::collection::vec(payload::json(), 3)
            .prop_map(|inputs| {
                let steps = inputs.iter().zip(1..).flat_map(|(input, exec)| {
                    vec![
                        Step::Start { exec, machine: "quick".to_owned(), name: None, input: input.clone() },
                        Step::settle(exec),
                    ]
                });
                Draft::new("any JSON as input", vec![quick()], steps.collect())
            })
            .boxed(),
    ]
}

fn again() -> Vec<Draft> {
    let start = |input: Value| {
        let text = input.to_string();
        Step::call(
            Operation::StartExecution,
            json!({"stateMachineArn": "${machine:plain}", "name": "${name:1}", "input": text}),
        )
    };
    let same = json!({"queue": "${queue}"});
    let other = json!({"queue": "${queue}", "more": 1});
    let respelled = Step::call(
        Operation::StartExecution,
        json!({"stateMachineArn": "${machine:plain}", "name": "${name:1}", "input": " {\"queue\" :  \"${queue}\"}"}),
    );
    let closed = |about: &str, end: Vec<Step>| {
        let mut steps = vec![Step::start(1, "plain", json!({})), Step::take(1, 1)];
        steps.extend(end);
        steps.extend([start(same.clone()), start(other.clone())]);
        Draft::new(about, vec![plain()], steps)
    };
    vec![
        Draft::new(
            "started again while running: same input, other input, respelled input",
            vec![own("plain", one(json!({})))],
            vec![
                Step::start(1, "plain", json!({})),
                Step::take(1, 1),
                start(same.clone()),
                start(same.clone()),
                start(other.clone()),
                respelled,
                Step::Drain { queue: "queue".to_owned(), messages: 1, wait_ms: 300 },
                Step::succeed("1.1", &json!({})),
                Step::settle(1),
                Step::call(Operation::ListExecutions, json!({"stateMachineArn": "${machine:plain}"})),
            ],
        ),
        closed("started again after success", vec![Step::succeed("1.1", &json!({})), Step::settle(1)]),
        closed("started again after failure", vec![Step::fail("1.1", "E"), Step::settle(1)]),
        closed(
            "started again after a stop",
            vec![Step::call(Operation::StopExecution, json!({"executionArn": "${exec:1}"})), Step::settle(1)],
        ),
    ]
}

fn nowhere() -> Vec<Draft> {
    let start =
        |arn: &str| Step::call(Operation::StartExecution, json!({"stateMachineArn": arn, "input": "{}"}));
    vec![Draft::new(
        "machines that do not exist, and texts that are no ARN",
        vec![quick()],
        vec![
            start("${machine:quick}-nowhere"),
            start("not-an-arn"),
            start("arn:aws:states"),
            start("${machine:quick}/label"),
            Step::call(Operation::StartExecution, json!({"input": "{}"})),
            Step::call(
                Operation::StartExecution,
                json!({"stateMachineArn": "${machine:quick}", "name": "t-${run}", "traceHeader": "${fill:257:t}"}),
            ),
        ],
    )]
}

/// A version, an alias of it, and the machine itself after an update: each start runs what it names.
fn versions() -> Vec<Draft> {
    let of = |exec: u32, machine: &str| Step::Start {
        exec,
        machine: machine.to_owned(),
        name: None,
        input: json!({}),
    };
    let arn = json!("${machine:versioned}");
    let to_version =
        json!([{"stateMachineVersionArn": "${bind:version.stateMachineVersionArn}", "weight": 100}]);
    vec![
        Draft::new(
            "a version and an alias started after an update",
            vec![own("versioned", machine([("Published", pass())]))],
            vec![
                Step::bind(Operation::PublishStateMachineVersion, json!({"stateMachineArn": arn}), "version"),
                Step::bind(
                    Operation::CreateStateMachineAlias,
                    json!({"name": "live", "routingConfiguration": to_version}),
                    "alias",
                ),
                Step::call(
                    Operation::UpdateStateMachine,
                    json!({"stateMachineArn": arn, "definition": machine([("Updated", pass())]).to_string()}),
                ),
                of(1, "${bind:version.stateMachineVersionArn}"),
                of(2, "versioned"),
                Step::settle(1),
                Step::settle(2),
                of(3, "${bind:alias.stateMachineAliasArn}"),
                Step::settle(3),
            ],
        )
        .needing("versions"),
    ]
}
