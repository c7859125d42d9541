//! What each intrinsic function computes.

use super::{Function, unescape};
use crate::dice::Dice;
use crate::hash::hash;
use crate::limits::same;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The guide bounds ranges to 1,000 items and Base64 and hash input to 10,000 characters.
const MAX_RANGE: i128 = 1000;
const MAX_TEXT: usize = 10_000;

/// Whether the guide leaves open what the function makes of these arguments: random numbers, also of a seed, ranges that go down,
/// data to hash that is no text, numbers halfway between two integers, and numbers whose text has an exponent.
pub(super) fn is_open(function: Function, values: &[Value]) -> bool {
    let halfway = |value: &Value| {
        value.as_f64().is_some_and(|number| (number.fract().abs() - 0.5).abs() < f64::EPSILON)
    };
    match (function, values) {
        (Function::ArrayRange, [first, last, step]) => {
            let downwards = first.as_f64() > last.as_f64() || step.as_f64() < Some(0.0);
            downwards || values.iter().any(halfway)
        }
        (Function::MathRandom, _) => true,
        (Function::MathAdd, _) => values.iter().any(halfway),
        (Function::Hash, [data, ..]) => !data.is_string(),
        (Function::Format, _) => values.iter().any(has_exponent),
        (Function::JsonToString, [value @ Value::Number(_)]) => has_exponent(value),
        _ => false,
    }
}

/// Whether Java writes a number in it with an exponent: all but those from 0.001 to 10 million.
fn has_exponent(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            let size = number.as_f64().map(f64::abs).unwrap_or_default();
            number.is_f64() && size > 0.0 && !(1e-3..1e7).contains(&size)
        }
        Value::Array(items) => items.iter().any(has_exponent),
        Value::Object(members) => members.values().any(has_exponent),
        _ => false,
    }
}

pub(super) fn apply(function: Function, values: Vec<Value>, dice: &Dice<'_>) -> Result<Value, String> {
    let mut values = values.into_iter();
    let mut next = || values.next().unwrap_or_default();
    match function {
        Function::Array => Ok(Value::Array(values.collect())),
        Function::ArrayPartition => {
            let (items, size) = (array(next())?, integer(&next())?);
            let size = usize::try_from(size)
                .ok()
                .filter(|size| *size > 0)
                .ok_or("The chunk size must be a positive integer")?;
            Ok(Value::Array(items.chunks(size).map(|chunk| Value::Array(chunk.to_vec())).collect()))
        }
        Function::ArrayContains => {
            let (items, wanted) = (array(next())?, next());
            Ok(Value::Bool(items.iter().any(|item| same(item, &wanted))))
        }
        Function::ArrayRange => range(integer(&next())?, integer(&next())?, integer(&next())?),
        Function::ArrayGetItem => {
            let (items, index) = (array(next())?, integer(&next())?);
            let item = usize::try_from(index).ok().and_then(|index| items.into_iter().nth(index));
            item.ok_or_else(|| format!("Index {index} is out of bounds"))
        }
        Function::ArrayLength => array(next()).map(|items| Value::from(items.len())),
        Function::ArrayUnique => {
            let mut unique: Vec<Value> = Vec::new();
            for item in array(next())? {
                if !unique.iter().any(|known| same(known, &item)) {
                    unique.push(item);
                }
            }
            Ok(Value::Array(unique))
        }
        Function::Base64Encode => Ok(Value::String(STANDARD.encode(bounded(text(next())?)?))),
        Function::Base64Decode => {
            let bytes =
                STANDARD.decode(bounded(text(next())?)?).map_err(|_| "Invalid Base64 data".to_owned())?;
            Ok(Value::String(String::from_utf8_lossy(&bytes).into_owned()))
        }
        Function::Hash => {
            let data = match next() {
                Value::String(data) => data,
                other => other.to_string(),
            };
            let (data, algorithm) = (bounded(data)?, text(next())?);
            hash(&data, &algorithm)
                .map(Value::String)
                .ok_or_else(|| format!("Invalid hash algorithm '{algorithm}'"))
        }
        Function::JsonMerge => match (next(), next(), next()) {
            (Value::Object(mut first), Value::Object(second), Value::Bool(false)) => {
                first.extend(second);
                Ok(Value::Object(first))
            }
            (Value::Object(_), Value::Object(_), _) => {
                Err("Only shallow merging (false) is supported".to_owned())
            }
            _ => Err("The first two arguments must be JSON objects".to_owned()),
        },
        Function::MathRandom => {
            let (start, end, seed) = (integer(&next())?, integer(&next())?, next());
            let width = i128::from(end) - i128::from(start);
            if width <= 0 {
                return Err("The start of the range must be less than its end".to_owned());
            }
            let drawn = match seed {
                Value::Null => dice.next(),
                seed => Dice::from_bytes(integer(&seed)?.to_string().as_bytes()).next(),
            };
            let number = i128::from(start) + i128::from(drawn) % width;
            i64::try_from(number).map(Value::from).map_err(|_| "The number is out of range".to_owned())
        }
        Function::MathAdd => {
            let (first, second) = (integer(&next())?, integer(&next())?);
            first.checked_add(second).map(Value::from).ok_or_else(|| "The sum is out of range".to_owned())
        }
        Function::StringSplit => {
            let (whole, separators) = (text(next())?, text(next())?);
            let parts = whole.split(|c| separators.contains(c)).filter(|part| !part.is_empty());
            Ok(Value::Array(parts.map(Value::from).collect()))
        }
        Function::UUID => Ok(Value::String(dice.uuid())),
        Function::Format => {
            let template = text(next())?;
            fill(&template, values)
        }
        Function::StringToJson => {
            let source = text(next())?;
            serde_json::from_str(&source).map_err(|_| format!("Invalid JSON: '{source}'"))
        }
        Function::JsonToString => Ok(Value::String(next().to_string())),
    }
}

fn fill(template: &str, mut values: impl Iterator<Item = Value>) -> Result<Value, String> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '\\']) {
        let (before, after) = rest.split_at(at);
        filled.push_str(before);
        if let Some(after) = after.strip_prefix("{}") {
            filled.push_str(&java_text(
                &values.next().ok_or("Invalid arguments: fewer arguments than placeholders")?,
            ));
            rest = after;
            continue;
        }
        let length =
            after.chars().take(if after.starts_with('\\') { 2 } else { 1 }).map(char::len_utf8).sum();
        let (escape, after) = after.split_at(length);
        filled.push_str(&unescape(escape));
        rest = after;
    }
    filled.push_str(rest);
    match values.next() {
        Some(_) => Err("Invalid arguments: more arguments than placeholders".to_owned()),
        None => Ok(Value::String(filled)),
    }
}

/// A value as Java prints it: `{Arg1=1, Arg2=[]}` (recorded: other-intrinsic, format-2).
fn java_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(java_text).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members = members.iter().map(|(name, member)| format!("{name}={}", java_text(member)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn range(start: i64, end: i64, step: i64) -> Result<Value, String> {
    if step == 0 {
        return Err("The increment must not be 0".to_owned());
    }
    let length = ((i128::from(end) - i128::from(start)) / i128::from(step) + 1).max(0);
    let beyond = (end > start && step < 0) || (end < start && step > 0);
    if length > MAX_RANGE {
        return Err("The range contains more than 1000 items".to_owned());
    }
    let length = if beyond { 0 } else { length };
    let items = (0..length).map(|index| i128::from(start) + index * i128::from(step));
    Ok(Value::Array(items.filter_map(|number| i64::try_from(number).ok()).map(Value::from).collect()))
}

fn array(value: Value) -> Result<Vec<Value>, String> {
    match value {
        Value::Array(items) => Ok(items),
        other => Err(format!("Expected an array but got: {other}")),
    }
}

fn text(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(format!("Expected a string but got: {other}")),
    }
}

fn bounded(text: String) -> Result<String, String> {
    if text.chars().count() > MAX_TEXT {
        return Err("The argument is longer than 10000 characters".to_owned());
    }
    Ok(text)
}

/// Numbers are rounded to integers, as the guide says of MathAdd, MathRandom and ArrayRange.
fn integer(value: &Value) -> Result<i64, String> {
    // Halves go up, as Java rounds.
    let rounded = value
        .as_f64()
        .map(|number| (number + 0.5).floor())
        .filter(|number| number.abs() < 9.2e18)
        .map(|number| number as i64);
    value.as_i64().or(rounded).ok_or_else(|| format!("Expected a number but got: {value}"))
}
