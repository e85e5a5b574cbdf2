//! Our hooks in the user's own settings, for a Claude Code that is started without us.
//!
//! The text is changed where it must be and nowhere else: each of our pieces goes behind an opening bracket, with the comma
//! that it needs, and is taken out with exactly that.

use super::settings::entries;
use serde_json::Value;
use std::ops::Range;

/// Behind the words of the role: hooks that are put in at the start take the place of these.
pub const INSTALLED: &str = "installed";

/// Settings with our hooks in them; those of another install are replaced.
pub fn install(text: &str, role: &[&str]) -> Result<String, String> {
    let mut text = uninstall(if text.trim().is_empty() { "{}\n" } else { text })?;
    for (event, entry) in entries(role, false) {
        let root = members(&text, opening(&text, 0));
        let Some(hooks) = find(&root, "hooks") else {
            let at = opening(&text, 0);
            insert(&mut text, at, "\n  ", "\"hooks\": {}");
            let hooks = find(&members(&text, at), "hooks").expect("it was just put in").value;
            insert(&mut text, hooks.start, "\n    ", &format!("\"{event}\": [{entry}]"));
            continue;
        };
        let at = opening(&text, hooks.value.start);
        match find(&members(&text, at), event) {
            Some(list) => insert(&mut text, list.value.start, "\n      ", &entry.to_string()),
            None => insert(&mut text, at, "\n    ", &format!("\"{event}\": [{entry}]")),
        }
    }
    checked(&text)?;
    Ok(text)
}

/// The same settings without any hook of ours, and without what held nothing else.
pub fn uninstall(text: &str) -> Result<String, String> {
    checked(text)?;
    let mut text = text.to_owned();
    while let Some(piece) = ours(&text) {
        remove(&mut text, piece);
    }
    Ok(text)
}

/// The next piece that is ours alone.
fn ours(text: &str) -> Option<Range<usize>> {
    let hooks = find(&members(text, opening(text, 0)), "hooks")?;
    let events = members(text, hooks.value.start);
    let is_ours = |piece: &Piece| is_our_entry(&text[piece.value.clone()]);
    let of_event = |event: &Piece| -> Option<Range<usize>> {
        let entries = elements(text, event.value.start);
        let first = entries.iter().find(|entry| is_ours(entry))?;
        Some(if entries.iter().all(is_ours) { event.whole.clone() } else { first.whole.clone() })
    };
    let piece = events.iter().find_map(of_event)?;
    let is_last = events.len() == 1 && events[0].whole == piece;
    Some(if is_last { hooks.whole } else { piece })
}

fn is_our_entry(text: &str) -> bool {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let is_ours = |hook: &Value| hook["args"][0] == "__hook" && hook["args"][1] == "claude";
    value["hooks"].as_array().is_some_and(|hooks| !hooks.is_empty() && hooks.iter().all(is_ours))
}

fn checked(text: &str) -> Result<(), String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
    let hooks = &value["hooks"];
    let lists = hooks.as_object().is_none_or(|events| events.values().all(Value::is_array));
    match (value.is_object(), hooks.is_object() || hooks.is_null() && value.get("hooks").is_none(), lists) {
        (true, true, true) => Ok(()),
        _ => Err("it is not in the form of settings: `hooks` has an object of lists".to_owned()),
    }
}

/// Puts a piece behind the bracket at `at`.
fn insert(text: &mut String, at: usize, space: &str, piece: &str) {
    let is_empty = text[at + 1..].trim_start().starts_with(['}', ']']);
    let comma = if is_empty { "" } else { "," };
    text.insert_str(at + 1, &format!("{space}{piece}{comma}"));
}

/// Takes a piece out, with the space before it and one comma.
fn remove(text: &mut String, piece: Range<usize>) {
    let before = text[..piece.start].trim_end().len();
    let rest = &text[piece.end..];
    let behind = rest.trim_start();
    if behind.starts_with(',') {
        text.replace_range(before..piece.end + rest.len() - behind.len() + 1, "");
    } else {
        let before = if text[..before].ends_with(',') { before - 1 } else { before };
        text.replace_range(before..piece.end, "");
    }
}

/// A member of an object or an element of a list: all of it, and its value.
struct Piece {
    key: String,
    whole: Range<usize>,
    value: Range<usize>,
}

fn find(pieces: &[Piece], key: &str) -> Option<Piece> {
    let found = pieces.iter().rfind(|piece| piece.key == key)?;
    Some(Piece { key: found.key.clone(), whole: found.whole.clone(), value: found.value.clone() })
}

/// Where the bracket is that opens at `from` or behind space.
fn opening(text: &str, from: usize) -> usize {
    skip_space(text, from)
}

/// The members of the object that opens at `at`, in a text that is JSON.
fn members(text: &str, at: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = skip_space(text, at + 1);
    while !text[start..].starts_with('}') {
        let key = start..end_of_value(text, start);
        let value = skip_space(text, skip_space(text, key.end) + 1);
        let value = value..end_of_value(text, value);
        let name = serde_json::from_str(&text[key]).unwrap_or_default();
        pieces.push(Piece { key: name, whole: start..value.end, value: value.clone() });
        start = next(text, value.end);
    }
    pieces
}

/// The elements of the list that opens at `at`.
fn elements(text: &str, at: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = skip_space(text, at + 1);
    while !text[start..].starts_with(']') {
        let value = start..end_of_value(text, start);
        pieces.push(Piece { key: String::new(), whole: value.clone(), value: value.clone() });
        start = next(text, value.end);
    }
    pieces
}

/// Where the next piece begins, or the closing bracket is.
fn next(text: &str, end: usize) -> usize {
    let at = skip_space(text, end);
    if text[at..].starts_with(',') { skip_space(text, at + 1) } else { at }
}

fn skip_space(text: &str, from: usize) -> usize {
    from + text[from..].len() - text[from..].trim_start().len()
}

/// Behind the value that begins at `from`.
fn end_of_value(text: &str, from: usize) -> usize {
    let mut values = serde_json::Deserializer::from_str(&text[from..]).into_iter::<Value>();
    let _ = values.next();
    from + values.byte_offset()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &[&str] = &["/bin/cf", "__hook", "claude", INSTALLED];
    const OWN: &str = "{\n  \"model\": \"opus\",\n  \"hooks\": {\n    \"Stop\": [\n      {\"hooks\": [{\"type\": \"command\", \"command\": \"mine\"}]}\n    ],\n    \"Setup\": [ ]\n  },\n  \"z\": 1.50\n}\n";

    #[test]
    fn what_was_put_in_comes_out_byte_for_byte() {
        for text in [
            OWN,
            "{}",
            "{ }\n",
            "{\n}",
            "{\"a\":[1, 2]}",
            "{\"hooks\": {}, \"a\": 1}",
            "{\"hooks\":{\"Stop\":[]}}",
        ] {
            let put = install(text, ROLE).unwrap();
            let value: Value = serde_json::from_str(&put).unwrap();
            assert_eq!(value["hooks"]["Notification"][0]["hooks"][0]["args"][2], INSTALLED, "{put}");
            // What holds nothing else goes with the hooks, also if it held nothing before.
            let empty = text == "{\"hooks\": {}, \"a\": 1}" || text.contains("\"Stop\":[]");
            if !empty {
                assert_eq!(uninstall(&put).unwrap(), text);
                assert_eq!(install(&put, ROLE).unwrap(), put, "again it changes nothing");
            }
            assert!(!uninstall(&put).unwrap().contains("__hook"));
        }
        let value: Value = serde_json::from_str(&install(OWN, ROLE).unwrap()).unwrap();
        assert_eq!(value["hooks"]["Stop"][1]["hooks"][0]["command"], "mine", "behind ours, and still there");
    }

    #[test]
    fn hooks_that_somebody_formatted_anew_are_found() {
        let put: Value = serde_json::from_str(&install(OWN, ROLE).unwrap()).unwrap();
        let left: Value =
            serde_json::from_str(&uninstall(&serde_json::to_string_pretty(&put).unwrap()).unwrap()).unwrap();
        assert_eq!(left, serde_json::from_str::<Value>(OWN).unwrap());
    }

    #[test]
    fn what_is_no_settings_is_refused() {
        for text in [
            "{",
            "[]",
            "{\"hooks\": 3}",
            "{\"hooks\": {\"Stop\": {}}}",
            "// comment\n{}",
            "{\"hooks\": null}",
        ] {
            assert!(install(text, ROLE).is_err() && uninstall(text).is_err(), "{text}");
        }
        assert!(install("", ROLE).unwrap().starts_with("{\n  \"hooks\": {"), "no file yet");
    }
}
