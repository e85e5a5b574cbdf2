//! What came of one request to a model, whoever made it.

use protocol::Usage;
use serde_json::Value;

/// What is kept of a stream that this version does not know, in events.
pub(crate) const UNKNOWN_MAX: usize = 64;

/// One answer of a model, whole or as far as it came.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Answer {
    /// The vendor's id of it.
    pub id: Option<String>,
    /// The model that gave it.
    pub model: Option<String>,
    /// Its blocks or items in the vendor's own form, those of unknown kinds as they are.
    pub content: Vec<Value>,
    /// Why the model stopped, in the vendor's own words.
    pub stop: Option<String>,
    /// What it took.
    pub usage: Usage,
    /// Whether it came to its end.
    pub is_complete: bool,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// Events of kinds that this version does not know, the first 64.
    pub unknown: Vec<Value>,
}

/// What a model's server says went wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Its kind, such as `overloaded_error`.
    pub kind: String,
    /// Its words for people.
    pub message: String,
}

impl Failure {
    /// Reads it from an object with `type` or `code`, and `message`.
    pub(crate) fn read(error: &Value) -> Self {
        let word = |name: &str| error[name].as_str().map(str::to_owned);
        Self {
            kind: word("code").or_else(|| word("type")).unwrap_or_default(),
            message: word("message").unwrap_or_default(),
        }
    }
}

impl Answer {
    pub(crate) fn keep_unknown(&mut self, event: Value) {
        if self.unknown.len() < UNKNOWN_MAX {
            self.unknown.push(event);
        }
    }
}

/// Takes a whole number from an object, 0 where there is none.
pub(crate) fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or(0)
}

/// Takes a text from an object.
pub(crate) fn text(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(str::to_owned)
}

/// Appends to a text in an object; what is no text, or is not there, becomes one.
pub(crate) fn append(object: &mut Value, name: &str, piece: &str) {
    let Value::Object(object) = object else { return };
    match object.entry(name).or_insert(Value::Null) {
        Value::String(text) => text.push_str(piece),
        other => *other = piece.into(),
    }
}
