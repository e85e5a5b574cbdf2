//! What entries mention: files that were read or written, commands and whether they failed, errors, addresses, things to do.
//!
//! Tools tell files and commands in their input, by names that CLIs have in common; errors and addresses are found in text.

use protocol::{Content, Entry, Speaker};
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// Things of one kind that are kept of one entry.
const EACH_MAX: usize = 20;
/// A thing at most; what is longer is cut.
const VALUE_MAX_BYTES: usize = 500;
/// Of a text, what is looked through for errors and addresses.
const TEXT_MAX_BYTES: usize = 64 << 10; // 64 KiB

/// Something that an entry mentions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Mention {
    /// `file_read`, `file_written`, `command`, `error`, `url`, `todo`, `decision`.
    pub kind: &'static str,
    /// The path, the command's line, the error without its numbers, the address, the words.
    pub value: String,
}

/// Fields of a tool's input that name a file.
const FILE_FIELDS: &[&str] = &["file_path", "path", "notebook_path", "absolute_path", "filePath"];
/// Fields that hold a command line.
const COMMAND_FIELDS: &[&str] = &["command", "cmd"];
/// Fields that tell that the tool changes the file.
const CHANGE_FIELDS: &[&str] = &["content", "new_string", "old_string", "edits", "newString", "new_source"];

static URL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"\bhttps?://[^\s<>"'`)\]}|\\]+"#).expect("a regular expression"));
/// Lines that tell an error, in the words of compilers, shells and runtimes.
static ERROR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?m)^\s*(?:error(?:\[\w+\])?: .+|Error: .+|fatal: .+|panicked at .+|thread '.*' panicked.*|",
        r"\w*(?:Error|Exception)(?:: .+)|.*: command not found|npm ERR! .+|FAILED .+|E\s{3}.+|.+: No such file or directory)$"
    ))
    .expect("a regular expression")
});
static TODO: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:TODO|FIXME|XXX)\b:? ?.{0,200}").expect("a regular expression"));
/// A sentence that tells what was decided.
static DECISION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?im)^[\s>*#-]*(?:\*\*)?(?:decision|decided)(?:\*\*)?:.{1,300}$|\b(?:we|I)(?: have|'ve)? (?:decided|agreed|chose|settled on)\b.{1,300}")
        .expect("a regular expression")
});
/// What differs between two times that the same error comes.
static NUMBERS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"0x[0-9a-fA-F]+|\b\d+\b").expect("a regular expression"));
/// A file of a patch in the form of `apply_patch`.
static PATCHED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^\*\*\* (?:Add|Update|Delete) File: (.+)$").expect("a regular expression")
});

/// Finds what an entry mentions, each thing once.
pub fn mentions(entry: &Entry) -> Vec<Mention> {
    let mut found = Vec::new();
    match &entry.content {
        Content::ToolCall { name, input, .. } => of_call(name, input, &mut found),
        Content::ToolResult { text, .. } => of_text(text, &mut found),
        Content::Message { text } => {
            of_text(text, &mut found);
            if entry.role == Speaker::Assistant {
                found.extend(TODO.find_iter(limited(text)).map(|todo| mention("todo", todo.as_str())));
            }
            found.extend(
                DECISION.find_iter(limited(text)).map(|one| mention("decision", one.as_str().trim())),
            );
        }
        Content::Failure { text, .. } => {
            found.extend(text.lines().next().map(|line| mention("error", &error_line(line))));
        }
        _ => {}
    }
    found.sort();
    found.dedup();
    let mut count = (String::new(), 0);
    found.retain(|mention| {
        if count.0 != mention.kind {
            count = (mention.kind.to_owned(), 0);
        }
        count.1 += 1;
        count.1 <= EACH_MAX
    });
    found
}

/// The error without what differs each time: by this it is found where it was before.
pub fn error_line(line: &str) -> String {
    NUMBERS.replace_all(line.trim(), "#").into_owned()
}

fn of_call(name: &str, input: &Value, found: &mut Vec<Mention>) {
    let text = |field: &&str| input[*field].as_str();
    let changes = CHANGE_FIELDS.iter().any(|field| !input[*field].is_null());
    let kind = if changes { "file_written" } else { "file_read" };
    found.extend(FILE_FIELDS.iter().filter_map(text).map(|path| mention(kind, path)));
    found.extend(COMMAND_FIELDS.iter().filter_map(text).map(|command| mention("command", command)));
    if let Some(words) = COMMAND_FIELDS.iter().find_map(|field| input[*field].as_array()) {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        found.push(mention("command", &words.join(" ")));
    }
    let patch = input["input"]
        .as_str()
        .or(input["patch"].as_str())
        .or_else(|| name.contains("patch").then(|| input.as_str())?);
    if let Some(patch) = patch {
        found.extend(PATCHED.captures_iter(limited(patch)).map(|file| mention("file_written", &file[1])));
    }
    found.extend(["url"].iter().filter_map(text).map(|url| mention("url", url)));
}

fn of_text(text: &str, found: &mut Vec<Mention>) {
    let text = limited(text);
    found.extend(
        URL.find_iter(text).map(|url| mention("url", url.as_str().trim_end_matches(['.', ',', ';', ':']))),
    );
    found.extend(ERROR.find_iter(text).map(|error| mention("error", &error_line(error.as_str()))));
}

fn limited(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_MAX_BYTES)]
}

fn mention(kind: &'static str, value: &str) -> Mention {
    Mention { kind, value: value[..value.floor_char_boundary(VALUE_MAX_BYTES)].trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Source, Time};
    use serde_json::json;

    fn of(content: Content) -> Vec<(&'static str, String)> {
        let entry = Entry {
            id: "x".into(),
            conversation: "c".into(),
            agent: None,
            time: Time(0),
            role: Speaker::Assistant,
            content,
            model: None,
            request: None,
            source: Source::Transcript,
            place: None,
        };
        mentions(&entry).into_iter().map(|mention| (mention.kind, mention.value)).collect()
    }

    fn call(name: &str, input: Value) -> Content {
        Content::ToolCall { call: "1".into(), name: name.into(), input }
    }

    #[test]
    fn tools_tell_files_and_commands() {
        let read = json!({ "file_path": "/w/a.rs" });
        assert_eq!(of(call("Read", read)), [("file_read", "/w/a.rs".into())]);
        let edit = json!({ "file_path": "/w/a.rs", "old_string": "1", "new_string": "2" });
        assert_eq!(of(call("Edit", edit)), [("file_written", "/w/a.rs".into())]);
        assert_eq!(of(call("Bash", json!({ "command": "make test" }))), [("command", "make test".into())]);
        assert_eq!(of(call("shell", json!({ "command": ["ls", "-l"] }))), [("command", "ls -l".into())]);
        let patch =
            json!({ "input": "*** Begin Patch\n*** Update File: src/a.rs\n@@\n*** Add File: b.rs\n" });
        assert_eq!(
            of(call("apply_patch", patch)),
            [("file_written", "b.rs".into()), ("file_written", "src/a.rs".into())]
        );
    }

    #[test]
    fn an_error_is_the_same_wherever_it_comes() {
        let of_text = |text: &str| {
            let result =
                Content::ToolResult { call: "1".into(), text: text.into(), is_error: true, detail: None };
            of(result)
        };
        let one = of_text("warning: x\nerror[E0425]: cannot find value `a` in line 12\nmore");
        assert_eq!(one, [("error", "error[E0425]: cannot find value `a` in line #".to_owned())]);
        assert_eq!(one, of_text("error[E0425]: cannot find value `a` in line 99"));
        assert_eq!(
            of_text("sh: 1: foo: command not found"),
            [("error", "sh: #: foo: command not found".to_owned())]
        );
        assert_eq!(of_text("ValueError: bad 3"), [("error", "ValueError: bad #".to_owned())]);
        assert_eq!(of_text("all is well, no error here"), []);
        assert_eq!(of_text("see https://a.example/b?c=1."), [("url", "https://a.example/b?c=1".to_owned())]);
    }

    #[test]
    fn there_is_a_limit_to_what_is_kept() {
        let text: String = (0..100).map(|number| format!("https://a.example/{number}\n")).collect();
        assert_eq!(of(Content::Message { text }).len(), EACH_MAX);
        let long = of(call("Bash", json!({ "command": "é".repeat(1000) })));
        assert_eq!(long[0].1.len(), VALUE_MAX_BYTES);
        assert_eq!(of(Content::Message { text: "TODO: later".into() }), [("todo", "TODO: later".to_owned())]);
    }
}
