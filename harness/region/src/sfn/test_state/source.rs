//! The items in what an ItemReader would have read (DG:input-output-itemreader).
//!
//! What it does not do: manifests and Parquet, which hold no items in text; of those, a list in JSON is taken as it is.

use asl::{Reading, TaskFailure};
use serde_json::{Map, Value};

/// The items of `data`, before MaxItems.
pub(super) fn items(reading: &Reading, data: &str) -> Result<Vec<Value>, TaskFailure> {
    let text = |member: &str| reading.config.get(member).and_then(Value::as_str);
    let items = match text("InputType") {
        _ if reading.max_items.is_some_and(|most| most < 0) => None,
        Some("CSV") => rows(reading, data),
        Some("JSONL") => {
            let lines = data.lines().filter(|line| !line.trim().is_empty());
            lines.map(|line| serde_json::from_str(line).ok()).collect()
        }
        _ => match (serde_json::from_str::<Value>(data).ok(), text("ItemsPointer")) {
            (Some(whole), Some(pointer)) => whole.pointer(pointer).and_then(list),
            (Some(whole), None) => list(&whole),
            (None, _) => None,
        },
    };
    items.ok_or_else(|| {
        let cause =
            format!("The data of '{}' cannot be read as its ReaderConfig says.", reading.resource.arn);
        TaskFailure::new(Some("States.ItemReaderFailed".to_owned()), Some(cause))
    })
}

fn list(value: &Value) -> Option<Vec<Value>> {
    value.as_array().cloned()
}

fn rows(reading: &Reading, data: &str) -> Option<Vec<Value>> {
    let delimiter = match reading.config.get("CSVDelimiter").and_then(Value::as_str) {
        Some("PIPE") => '|',
        Some("SEMICOLON") => ';',
        Some("SPACE") => ' ',
        Some("TAB") => '\t',
        _ => ',',
    };
    let mut rows = split(data, delimiter).into_iter();
    let headers: Vec<String> = match reading.config.get("CSVHeaders").and_then(Value::as_array) {
        Some(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => rows.next()?,
    };
    let item = |row: Vec<String>| {
        let members = headers.iter().cloned().zip(row.into_iter().map(Value::String));
        Value::Object(members.collect::<Map<String, Value>>())
    };
    Some(rows.map(item).collect())
}

/// The fields of each row; a field in quotes may hold delimiters, ends of lines and quotes written twice (RFC 4180).
fn split(data: &str, delimiter: char) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut rest = data.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' if quoted && rest.peek() == Some(&'"') => {
                rest.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            '\r' if !quoted && rest.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            other if other == delimiter && !quoted => row.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows.retain(|row| row.iter().any(|field| !field.is_empty()));
    rows
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn quotes_hold_delimiters_and_ends_of_lines() {
        let rows = split("a,b\r\n\"x,\"\"y\"\"\",\"1\n2\"\n\n3,\n", ',');
        assert_eq!(rows, [vec!["a", "b"], vec!["x,\"y\"", "1\n2"], vec!["3", ""]]);
    }
}
