//! DEF-32..34: validation has a result, and creation and update agree with it.

use std::collections::BTreeMap;

use record::Operation as Api;
use serde_json::Value;

use crate::check::machines::invalid_definition::flaws;
use crate::check::{Check, Group, Sink};
use crate::view::{Answer, Call, View};

const RESULT: Check = Check::of(
    "DEF-32",
    "validation-has-a-result",
    "validation answers OK or FAIL; FAIL goes with an ERROR diagnostic",
);
const AGREE: Check =
    Check::of("DEF-33", "validate-and-create-agree", "validation says FAIL exactly where creation refuses");
const UPDATE: Check =
    Check::of("DEF-34", "update-and-create-agree", "update takes the definitions that creation takes");

pub(in crate::check) const GROUPS: &[Group] = &[Group { checks: &[RESULT, AGREE, UPDATE], run: validation }];

fn validation(view: &View<'_>, sink: &mut Sink) {
    let mut by_text: BTreeMap<(&str, bool), Vec<&Call<'_>>> = BTreeMap::new();
    for call in &view.calls {
        if matches!(
            call.operation,
            Api::CreateStateMachine | Api::UpdateStateMachine | Api::ValidateStateMachineDefinition
        ) && let Some(text) = call.text("definition")
        {
            by_text.entry((text, call.text("type") == Some("EXPRESS"))).or_default().push(call);
        }
    }
    for call in view.calls_of(Api::ValidateStateMachineDefinition) {
        let Some(reply) = call.answer.done() else { continue };
        let result = reply.get("result").and_then(Value::as_str);
        let diagnostics = reply.get("diagnostics").and_then(Value::as_array);
        let errors = diagnostics
            .into_iter()
            .flatten()
            .filter(|d| d.get("severity").and_then(Value::as_str) == Some("ERROR"))
            .count();
        let warnings = diagnostics.map_or(0, Vec::len) - errors;
        let wants_warnings = call.text("severity") == Some("WARNING");
        let most =
            call.input.get("maxResults").and_then(Value::as_u64).filter(|most| *most > 0).unwrap_or(100);
        let held = match result {
            Some("OK") => errors == 0,
            Some("FAIL") => errors > 0,
            _ => false,
        } && diagnostics.is_some()
            && (wants_warnings || warnings == 0)
            && diagnostics.map_or(0, Vec::len) as u64 <= most;
        sink.expect(RESULT, held, || {
            format!("validation answered {result:?} with {errors} errors and {warnings} warnings")
        });
        let Some(text) = call.text("definition") else { continue };
        // What is surely wrong, or surely right because it was created, must be said so.
        let express = call.text("type") == Some("EXPRESS");
        if let Some((_, what)) = flaws(text, express).first() {
            sink.expect(AGREE, result == Some("FAIL"), || {
                format!("validation says {result:?} though {what}")
            });
        }
        for other in by_text.get(&(text, express)).into_iter().flatten() {
            if other.operation == Api::CreateStateMachine {
                let created = match other.answer {
                    Answer::Done(_) => true,
                    Answer::Refused(error) if error.code == "InvalidDefinition" => false,
                    _ => continue,
                };
                sink.expect(AGREE, created == (result == Some("OK")), || {
                    format!("validation says {result:?}, CreateStateMachine answered {}", other.answer.says())
                });
            }
        }
    }
    for calls in by_text.values() {
        let taken = |operation: Api| {
            calls.iter().filter(|call| call.operation == operation).find_map(|call| match call.answer {
                Answer::Done(_) => Some(true),
                Answer::Refused(error) if error.code == "InvalidDefinition" => Some(false),
                _ => None,
            })
        };
        if let (Some(created), Some(updated)) =
            (taken(Api::CreateStateMachine), taken(Api::UpdateStateMachine))
        {
            sink.expect(UPDATE, created == updated, || {
                "update and creation disagree on a definition".to_owned()
            });
        }
    }
}
