//! Secrets in JSON values.

use redact::redact_value;
use serde_json::{Value, json};

fn redacted(mut value: Value) -> (usize, Value) {
    (redact_value(&mut value), value)
}

#[test]
fn a_field_that_is_called_a_password_is_masked_whatever_it_holds() {
    let given = json!({
        "user": "bob", "password": "correct horse", "API-Key": "plainwords", "db": [{ "clientSecret": "hush hush" }],
    });
    let mask = "[redacted:field]";
    let expect =
        json!({ "user": "bob", "password": mask, "API-Key": mask, "db": [{ "clientSecret": mask }] });
    assert_eq!(redacted(given), (3, expect));
}

#[test]
fn secrets_are_found_in_strings_and_in_names_of_fields() {
    let token = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
    let given = json!({ "command": format!("push {token}"), "by": { token.as_str(): 1 } });
    let mask = "[redacted:github-token]";
    assert_eq!(redacted(given), (2, json!({ "command": format!("push {mask}"), "by": { mask: 1 } })));
}

#[test]
fn what_only_speaks_of_secrets_is_kept() {
    let given = json!({
        "max_tokens": 4096, "token": "string", "password": { "type": "string" }, "secret": "${SECRET}", "pin": null,
        "tokens": ["the", "of"], "usage": { "input_tokens": 3 }, "accessKey": "<key>",
    });
    assert_eq!(redacted(given.clone()), (0, given));
}

#[test]
fn what_is_redacted_twice_is_redacted_once() {
    let (_, once) = redacted(json!({ "password": "correct horse", "text": "API_KEY=a1b2c3d4e5f6g7h8i9j0" }));
    assert_eq!(redacted(once.clone()), (0, once));
}
