//! JSON that a program reads again, without texts in its values: keys, numbers and words such as `true` stay.

use std::ops::Range;

/// Overwrites texts in the strings that are values; what is left is JSON, as long as it was.
pub(super) fn replace(bytes: &mut [u8], texts: &[String]) {
    let mut at = 0;
    while let Some(string) = next(bytes, at) {
        at = string.end;
        let is_key = bytes[at..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
        let has = |token: &[u8]| match serde_json::from_slice::<String>(token) {
            Ok(words) => texts.iter().any(|text| words.contains(text)),
            Err(_) => true,
        };
        if is_key || !has(&bytes[string.clone()]) {
            continue;
        }
        super::replace(&mut bytes[string.clone()], texts);
        // It is spelled in another way, or what stood before it is half an escape now.
        if has(&bytes[string.clone()]) {
            bytes[string.start + 1..string.end - 1].fill(b'*');
        }
    }
}

/// The next string, with its quotes.
fn next(bytes: &[u8], from: usize) -> Option<Range<usize>> {
    let start = from + bytes[from..].iter().position(|byte| *byte == b'"')?;
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(start..at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_values_change_and_it_is_json_still() {
        for (text, before, after) in [
            ("true", r#"{"true": true, "a": "it is true"}"#, r#"{"true": true, "a": "it is ****"}"#),
            ("name", r#"{"name" : ["name", "x"]}"#, r#"{"name" : ["****", "x"]}"#),
            ("nbad", r#"{"a": "\nbad", "b": "nbad"}"#, r#"{"a": "\nbad", "b": "****"}"#),
            ("b\u{e4}d!", r#"{"a": "b\u00e4d!"}"#, r#"{"a": "*********"}"#),
        ] {
            let mut bytes = before.as_bytes().to_vec();
            super::replace(&mut bytes, &[text.to_owned()]);
            assert_eq!(String::from_utf8_lossy(&bytes), after);
        }
    }
}
