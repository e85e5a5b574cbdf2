//! Lines of JSON without what is to go, as long as they were and JSON still.

use super::Text;

/// A line without a text; `None` where it does not have it.
pub(super) fn without(line: &[u8], text: &Text) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(line.len());
    let mut at = 0;
    while at < line.len() {
        let Some(length) = string(&line[at..]) else {
            out.push(line[at]);
            at += 1;
            continue;
        };
        let token = &line[at..at + length];
        match cleaned(token, text) {
            // What is left over is put behind the string, where JSON may have any blanks.
            Some(token) => {
                out.extend_from_slice(&token);
                out.resize(at + length, b' ');
            }
            None => out.extend_from_slice(token),
        }
        at += length;
    }
    // What is no JSON, and numbers.
    session::purge::replace(&mut out, &text.spellings);
    (out != line).then_some(out)
}

/// The length of the string that stands at the beginning, with its quotes.
fn string(bytes: &[u8]) -> Option<usize> {
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// A string without a text, no longer than it was.
fn cleaned(token: &[u8], text: &Text) -> Option<Vec<u8>> {
    let decoded: String = serde_json::from_slice(token).ok()?;
    let cleaned = serde_json::to_vec(&text.out_of(&decoded)?).ok()?;
    let stars = || [b"\"", &b"*".repeat(token.len() - 2)[..], b"\""].concat();
    Some(if cleaned.len() <= token.len() { cleaned } else { stars() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_line_stays_json_and_as_long_as_it_was() {
        let secret = "pä\"ss\nword";
        let text = Text::new(secret).unwrap();
        let inner = json!({ "command": format!("echo {secret}") }).to_string();
        let value = json!({ secret: 1, "a": [format!("<{secret}>"), inner], "b": "other \" words" });
        let ascii = value.to_string().replace('ä', "\\u00e4");
        for line in [value.to_string(), ascii] {
            let cleaned = without(line.as_bytes(), &text).unwrap();
            assert_eq!(cleaned.len(), line.len());
            let after: Value = serde_json::from_slice(&cleaned).unwrap();
            assert_eq!((&after["b"], after["a"][0].as_str()), (&value["b"], Some("<**********>")));
            let after = after.to_string();
            assert!(!after.contains("ss") && !after.contains("word\""), "{after}");
            assert_eq!(without(&cleaned, &text), None);
        }
        assert_eq!(without(b"half \"a p\xc3\xa4\"ss", &text), None);
        let garbled = without("{\"x\": \"pä\\\"ss\\nword".as_bytes(), &text).unwrap();
        assert!(garbled.ends_with(b"***"));
    }
}
