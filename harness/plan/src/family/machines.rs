//! Generated machines around the callback: chains of states that nobody wrote, valid by construction (HIS-29).

use proptest::strategy::Strategy;
use serde_json::{Map, Value, json};

use super::Family;
use crate::definition::{callback_of_many, own, with};
use crate::generate::{Draft, Draw};
use crate::{MachineSpec, Step};

pub(super) fn families() -> Vec<Family> {
    vec![Family { name: "generated-machine", fixed: Vec::new, drawn: any_machines }]
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Callback,
    Pass,
    Choice,
    Parallel,
    Wait,
}

fn any_machines() -> Vec<Draw> {
    let kind = proptest::sample::select(vec![
        Kind::Callback,
        Kind::Callback,
        Kind::Pass,
        Kind::Choice,
        Kind::Parallel,
        Kind::Wait,
    ]);
    let drawn = (
        proptest::collection::vec((kind, 0u8..4), 1..5),
        proptest::collection::vec(proptest::bool::weighted(0.8), 12),
    )
        .prop_map(|(kinds, successes)| draft(&kinds, &successes));
    vec![drawn.clone().boxed(), drawn.boxed()]
}

fn draft(kinds: &[(Kind, u8)], successes: &[bool]) -> Draft {
    let mut states = Map::new();
    let mut steps = Vec::new();
    let mut token = 0u32;
    let mut answers = successes.iter().copied();
    for (at, (kind, variant)) in kinds.iter().enumerate() {
        let name = format!("S{at}");
        let next = format!("S{}", at + 1);
        let state = match kind {
            Kind::Callback => {
                token += 1;
                let text = format!("1.{token}");
                steps.push(Step::take(1, token));
                steps.push(if answers.next().unwrap_or(true) {
                    Step::succeed(&text, &json!({"value": at}))
                } else {
                    Step::fail(&text, "Drawn.Error")
                });
                let place = ["$.data", "$.data.deep", "$.other", "$.data"]
                    .get(usize::from(*variant))
                    .copied()
                    .unwrap_or("$.data");
                with(
                    callback_of_many(),
                    json!({"ResultPath": place, "Next": next, "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": next}]}),
                )
            }
            Kind::Pass => {
                json!({"Type": "Pass", "Result": {"n": at}, "ResultPath": "$.passed", "Next": next})
            }
            Kind::Choice => json!({
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.error", "IsPresent": true, "Next": next},
                    {"And": [{"Variable": "$.queue", "IsString": true}, {"Not": {"Variable": "$.queue", "StringEquals": ""}}], "Next": next}
                ],
                "Default": "Last"
            }),
            Kind::Wait => json!({"Type": "Wait", "Seconds": 1, "Next": next}),
            Kind::Parallel => {
                let branch = format!("B{at}");
                token += 1;
                steps.push(Step::take(1, token));
                steps.push(Step::succeed(&format!("1.{token}"), &json!([at])));
                let mut left = Map::new();
                left.insert(branch.clone(), callback_of_many());
                json!({
                    "Type": "Parallel",
                    "Branches": [
                        {"StartAt": branch, "States": left},
                        {"StartAt": format!("P{at}"), "States": {format!("P{at}"): {"Type": "Pass", "Result": 1, "End": true}}}
                    ],
                    "ResultPath": "$.both",
                    "Next": next
                })
            }
        };
        states.insert(name, state);
    }
    states.insert(format!("S{}", kinds.len()), json!({"Type": "Pass", "Next": "Last"}));
    states.insert("Last".to_owned(), json!({"Type": "Succeed"}));
    let definition: Value = json!({"StartAt": "S0", "States": states});
    let machine: (String, MachineSpec) = own("drawn", definition);
    let waits = kinds.iter().filter(|(kind, _)| matches!(kind, Kind::Wait)).count() as u64 * 1000;
    let mut all = vec![Step::start(1, "drawn", json!({}))];
    all.extend(steps);
    all.push(Step::settle_after(1, waits));
    Draft::new("a machine that nobody wrote", vec![machine], all)
}
