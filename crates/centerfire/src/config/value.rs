//! What may be written for a setting, as it is read and written back: texts, numbers, words of a list, or `none`.

use super::tree::Value;
use clap::ValueEnum;
use protocol::AgentState;
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::path::PathBuf;

/// A petabyte: beyond it a number of bytes would not fit.
pub(super) const MEGABYTES_MAX: u64 = 1_000_000_000;

pub(super) fn text(value: &Value) -> Result<&str, String> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(format!("needs a text, not {other}")),
    }
}

/// A text, or the word `none`.
pub(super) fn words(value: &Value) -> Result<Option<String>, String> {
    Ok(Some(text(value)?).filter(|text| *text != "none").map(str::to_owned))
}

pub(super) fn states(text: &str) -> Result<Vec<AgentState>, String> {
    if text == "none" {
        return Ok(Vec::new());
    }
    let state = |word: &str| {
        serde_json::from_value(json!(word.trim())).map_err(|_| format!("{word:?} is no state of a session"))
    };
    text.split(',').map(state).collect()
}

pub(super) fn number(value: &Value, max: u64) -> Result<u64, String> {
    match value {
        Value::Number(number) if *number <= max => Ok(*number),
        Value::Number(number) => Err(format!("{number} is more than {max}")),
        other => Err(format!("needs a number, not {other}")),
    }
}

pub(super) fn optional(value: &Value, max: u64) -> Result<Option<u64>, String> {
    match value {
        Value::Text(text) if text == "none" => Ok(None),
        Value::Null => Ok(None),
        Value::Number(_) => number(value, max).map(Some),
        other => Err(format!("needs a number or `none`, not {other}")),
    }
}

/// A variable and a flag are texts.
pub(super) fn yes_or_no(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::Text(text) if text == "true" => Ok(true),
        Value::Text(text) if text == "false" => Ok(false),
        other => Err(format!("needs true or false, not {other}")),
    }
}

pub(super) fn choice<T: ValueEnum>(value: &Value) -> Result<T, String> {
    let text = text(value)?;
    let names = || T::value_variants().iter().filter_map(T::to_possible_value);
    let known = || names().map(|name| name.get_name().to_owned()).collect::<Vec<_>>().join(", ");
    T::from_str(text, false).map_err(|_| format!("`{text}` is none of {}", known()))
}

pub(super) fn named(value: &impl ValueEnum) -> Json {
    json!(value.to_possible_value().map(|name| name.get_name().to_owned()))
}

pub(super) fn file(value: &Value) -> Result<Option<PathBuf>, String> {
    Ok(optional_text(value)?.map(PathBuf::from))
}

pub(super) fn optional_text(value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        value => Ok(Some(text(value)?).filter(|text| *text != "none").map(str::to_owned)),
    }
}

pub(super) fn or_none(value: Option<impl Serialize>) -> Json {
    value.map_or(json!("none"), |value| json!(value))
}
