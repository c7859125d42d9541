//! The functions of AWS, and the replacements for those that would look outside.
//!
//! What chance or the clock gives is no more than likely, and noted as a doubt; but where it is handed on whole, as `$now()`
//! alone, whoever reads it can see that it may be any.

use crate::dice::Dice;
use crate::doubt::Doubt;
use crate::env::Env;
use crate::hash::hash;
use chrono::DateTime;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use serde_json::Value;
use std::fmt::Write as _;
use std::rc::Rc;

/// The guide bounds ranges to 1,000 items, as `States.ArrayRange` is.
const MAX_RANGE: f64 = 1000.0;

/// In characters: more than any field may hold (262,144 bytes).
const MAX_PADDING: f64 = 1_000_000.0;

/// Registers the functions that the expression mentions.
pub(super) fn register(evaluator: &mut Evaluator, env: &Env<'_>, source: &str) {
    let mentions = |name: &str| source.contains(name);
    let whole = matches!(source, "$now()" | "$millis()" | "$random()");
    let doubt = if whole { Doubt::default() } else { env.doubt.clone() };
    // No name is refused: four are new to the library, the others are not among those that it compiles.
    for (name, function) in PURE {
        if mentions(name) {
            let _ = evaluator.register_fn_override(*name, *function);
        }
    }
    // `text.$pad(3)` is left to the library: what is registered here is not given what stands before it.
    if mentions("$pad") && !mentions(".$pad") {
        let _ = evaluator.register_fn_override("pad", pad);
    }
    if mentions("uuid") || mentions("random") || mentions("shuffle") {
        let dice = Rc::new(Dice::from_bytes(&env.dice.next().to_be_bytes()));
        register_draws(evaluator, &dice, &doubt);
    }
    if mentions("now") || mentions("millis") {
        let now = entered_at(env);
        let doubts = doubt.clone();
        let _ = evaluator.register_fn_override("millis", move |_: &[JValue]| {
            doubts.note();
            Ok(JValue::Number(now as f64))
        });
        let _ = evaluator.register_fn_override("now", move |arguments: &[JValue]| {
            doubt.note();
            format(now, arguments)
        });
    }
}

type Pure = fn(&[JValue]) -> Result<JValue, EvaluatorError>;

const PURE: &[(&str, Pure)] = &[
    ("partition", partition),
    ("range", range),
    ("hash", digest),
    ("parse", parse),
    ("eval", no_eval),
    ("clone", clone),
    ("encodeUrl", encode_url),
];

fn register_draws(evaluator: &mut Evaluator, dice: &Rc<Dice<'static>>, doubt: &Doubt) {
    let uuids = Rc::clone(dice);
    let _ = evaluator.register_fn_override("uuid", move |_: &[JValue]| Ok(JValue::string(uuids.uuid())));
    let (draws, doubts) = (Rc::clone(dice), doubt.clone());
    let _ = evaluator.register_fn_override("random", move |arguments: &[JValue]| {
        doubts.note();
        Ok(JValue::Number(match arguments.first() {
            Some(JValue::Number(seed)) => Dice::from_bytes(&seed.to_be_bytes()).fraction(),
            _ => draws.fraction(),
        }))
    });
    let (dice, doubt) = (Rc::clone(dice), doubt.clone());
    let _ = evaluator.register_fn_override("shuffle", move |arguments: &[JValue]| {
        doubt.note();
        Ok(shuffle(arguments, &dice))
    });
}

fn no_eval(_: &[JValue]) -> Result<JValue, EvaluatorError> {
    refuse("T1006", "$eval is not supported")
}

/// The time of an evaluation: when its state was entered.
fn entered_at(env: &Env<'_>) -> i64 {
    let entered = env.inputs.context.pointer("/State/EnteredTime").and_then(Value::as_str);
    entered
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
        .map(|time| time.timestamp_millis())
        .unwrap_or_default()
}

/// `$now(picture, zone)` is `$fromMillis` of the time of the evaluation.
fn format(millis: i64, arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    let mut context = Context::new();
    context.bind("millis".to_owned(), JValue::Number(millis as f64));
    for (name, argument) in ["picture", "zone"].into_iter().zip(arguments) {
        context.bind(name.to_owned(), argument.clone());
    }
    let ast = parser::parse("$fromMillis($millis, $picture, $zone)")
        .map_err(|error| EvaluatorError::EvaluationError(error.to_string()))?;
    Evaluator::with_context(context).evaluate(&ast, &JValue::Undefined)
}

fn refuse(code: &str, what: &str) -> Result<JValue, EvaluatorError> {
    Err(EvaluatorError::EvaluationError(format!("{code}: {what}")))
}

fn partition(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    match arguments {
        [JValue::Undefined, ..] => Ok(JValue::Undefined),
        [JValue::Array(items), JValue::Number(size)] if *size >= 1.0 => {
            let items: Vec<JValue> = items.iter().cloned().collect();
            Ok(JValue::array(
                items
                    .chunks(size.floor() as usize)
                    .map(|chunk| JValue::array(chunk.to_vec()))
                    .collect::<Vec<_>>(),
            ))
        }
        [JValue::Array(_), JValue::Number(_)] => {
            refuse("D3137", "The chunk size of $partition must be a positive number")
        }
        [single, JValue::Number(size)] if *size >= 1.0 => {
            Ok(JValue::array(vec![JValue::array(vec![single.clone()])]))
        }
        _ => refuse("T0410", "The arguments of function $partition do not match its signature"),
    }
}

fn range(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    let (first, last, step) = match arguments {
        [JValue::Number(first), JValue::Number(last), JValue::Number(step)] => (*first, *last, *step),
        [JValue::Number(first), JValue::Number(last)] => (*first, *last, 1.0),
        _ => return refuse("T0410", "The arguments of function $range do not match its signature"),
    };
    let length = ((last - first) / step).floor() + 1.0;
    if step == 0.0 || !length.is_finite() || length > MAX_RANGE {
        return refuse("D3137", "$range must have a step other than 0 and at most 1000 items");
    }
    Ok(JValue::array(
        (0..length.max(0.0) as usize)
            .map(|index| JValue::Number(first + index as f64 * step))
            .collect::<Vec<_>>(),
    ))
}

fn digest(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    let [data, rest @ ..] = arguments else {
        return refuse("T0410", "The arguments of function $hash do not match its signature");
    };
    let text = match data {
        JValue::Undefined => return Ok(JValue::Undefined),
        JValue::String(text) => text.to_string(),
        other => super::json(other).unwrap_or_default().to_string(),
    };
    let algorithm = rest.first().and_then(JValue::as_str).unwrap_or("SHA-256");
    match hash(&text, algorithm) {
        Some(digest) => Ok(JValue::string(digest)),
        None => refuse("D3137", &format!("Invalid hash algorithm '{algorithm}'")),
    }
}

fn parse(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    match arguments {
        [JValue::Undefined, ..] => Ok(JValue::Undefined),
        [JValue::String(text), ..] => match serde_json::from_str::<Value>(text) {
            Ok(value) => Ok(JValue::from(value)),
            Err(error) => refuse("D3137", &format!("$parse was given invalid JSON: {error}")),
        },
        _ => refuse("T0410", "The argument of function $parse is not a string"),
    }
}

/// JSONata's own, which the library lacks.
fn clone(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    match arguments.first() {
        Some(value @ (JValue::Object(_) | JValue::Array(_) | JValue::Undefined)) => Ok(value.clone()),
        _ => refuse("T0410", "Argument 1 of function $clone does not match function signature"),
    }
}

/// JavaScript's `encodeURI`; that of the library keeps blanks.
fn encode_url(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    const KEPT: &str = ";,/?:@&=+$-_.!~*'()#";
    match arguments.first() {
        Some(JValue::String(text)) => {
            let mut encoded = String::with_capacity(text.len());
            for byte in text.bytes() {
                let c = char::from(byte);
                if c.is_ascii_alphanumeric() || KEPT.contains(c) {
                    encoded.push(c);
                } else {
                    let _ = write!(encoded, "%{byte:02X}");
                }
            }
            Ok(JValue::string(encoded))
        }
        Some(JValue::Undefined) => Ok(JValue::Undefined),
        _ => refuse("T0410", "Argument 1 of function $encodeUrl does not match function signature"),
    }
}

/// That of the library has no bound.
fn pad(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    let (text, width, filling) = match arguments {
        [JValue::Undefined, ..] => return Ok(JValue::Undefined),
        [JValue::String(text)] | [JValue::String(text), JValue::Undefined, ..] => {
            return Ok(JValue::string(&**text));
        }
        [JValue::String(text), JValue::Number(width)] => (text, *width, " "),
        [JValue::String(text), JValue::Number(width), JValue::String(filling)] => (text, *width, &**filling),
        _ => return refuse("T0410", "The arguments of function $pad do not match its signature"),
    };
    if !width.is_finite() || width.abs() > MAX_PADDING {
        return refuse("D3137", "$pad makes strings of at most 1000000 characters");
    }
    let missing = (width.abs() as usize).saturating_sub(text.chars().count());
    let filling = if filling.is_empty() { " " } else { filling };
    let padding: String = filling.chars().cycle().take(missing).collect();
    Ok(JValue::string(if width < 0.0 { padding + text } else { format!("{text}{padding}") }))
}

fn shuffle(arguments: &[JValue], dice: &Dice<'_>) -> JValue {
    let Some(JValue::Array(items)) = arguments.first() else {
        return arguments.first().cloned().unwrap_or(JValue::Undefined);
    };
    let mut items: Vec<JValue> = items.iter().cloned().collect();
    for index in (1..items.len()).rev() {
        items.swap(index, (dice.next() % (index as u64 + 1)) as usize);
    }
    JValue::array(items)
}
