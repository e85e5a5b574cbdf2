//! Secrets in JSON: in all its strings, and wherever a field's name says that its value is one.

use crate::{mask, redact};
use serde_json::Value;

/// Names of fields, without signs and in small letters, whose value is a secret whatever it looks like.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "clientsecret",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "bearertoken",
    "sessiontoken",
    "idtoken",
    "apitoken",
    "secretaccesskey",
    "authorization",
    "proxyauthorization",
    "cookie",
    "setcookie",
    "xapikey",
    "credential",
    "encryptionkey",
    "signingkey",
    "token",
    "otp",
    "pin",
];
/// Values that only say of what kind it is.
const KINDS: &[&str] = &[
    "string", "boolean", "number", "null", "none", "true", "false", "required", "optional", "password",
    "secret", "token",
];
/// The rule of a mask that a field's name brought about.
const FIELD: &str = "field";

/// Masks the secrets in a value, in place; returns how many there were.
pub fn redact_value(value: &mut Value) -> usize {
    let mut count = 0;
    // No recursion: a value may be as deep as its maker likes.
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        match value {
            Value::String(text) => count += redact_string(text),
            Value::Array(items) => left.extend(items),
            Value::Object(fields) => {
                count += redact_names(fields);
                for (name, value) in fields {
                    match value {
                        Value::String(text) if is_secret(name, text) => {
                            *text = mask(FIELD);
                            count += 1;
                        }
                        value => left.push(value),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    count
}

fn redact_string(text: &mut String) -> usize {
    let redacted = redact(text);
    let count = redacted.found.len();
    if count > 0 {
        *text = redacted.text.into_owned();
    }
    count
}

/// Masks secrets that are names of fields, as in a table of sessions by their tokens.
fn redact_names(fields: &mut serde_json::Map<String, Value>) -> usize {
    let names: Vec<String> = fields.keys().filter(|name| !redact(name).found.is_empty()).cloned().collect();
    for name in &names {
        if let Some(value) = fields.remove(name) {
            fields.insert(redact(name).text.into_owned(), value);
        }
    }
    names.len()
}

/// Whether the value of a field is a secret because of its name.
fn is_secret(name: &str, value: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    let last = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "apikey",
        "accesskey",
        "secretkey",
        "privatekey",
        "authtoken",
        "accesstoken",
    ];
    let named = NAMES.contains(&plain.as_str()) || last.iter().any(|end| plain.ends_with(end));
    // Where it is found by its shape, its own rule names it better.
    named
        && value.len() >= 4
        && redact(value).found.is_empty()
        && !value.contains(crate::MASK)
        && !KINDS.contains(&value.to_ascii_lowercase().as_str())
        && !value.starts_with(['<', '$', '{', '*'])
}
