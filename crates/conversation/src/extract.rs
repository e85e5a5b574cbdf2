//! What entries mention: files that were read or written, symbols that edits define, commands, errors, addresses, things to
//! do, decisions; and how these belong together.
//!
//! Tools tell files and commands in their input, by names that CLIs have in common; all else is found in text. What takes
//! more than one entry to see is found by [`crate::relations`].

mod decisions;
mod errors;
mod symbols;
#[cfg(test)]
mod tests;

pub use errors::error_line;

/// What the result of a tool tells that the user decided, each with what was turned down.
pub(crate) fn decisions_in_result(text: &str, detail: Option<&Value>) -> Vec<(String, Vec<String>)> {
    let told = decisions::in_result(limited(text), detail);
    told.into_iter().map(|decision| (decision.text, decision.rejected)).collect()
}

/// The line of a text that is this error, with its numbers.
pub(crate) fn line_of<'a>(text: &'a str, error: &str) -> Option<&'a str> {
    let is_it = |line: &&str| mention("error", &error_line(line)).value == error;
    text.lines().map(str::trim).find(is_it).map(|line| &line[..line.floor_char_boundary(VALUE_MAX_BYTES)])
}

use decisions::Decision;
use protocol::{Content, Entry, Speaker};
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use symbols::Language;

/// Things of one kind that are kept of one entry, and relations.
const EACH_MAX: usize = 20;
/// A thing at most; what is longer is cut.
const VALUE_MAX_BYTES: usize = 500;
/// Of a text, what is looked through.
const TEXT_MAX_BYTES: usize = 64 << 10; // 64 KiB

/// Something that an entry mentions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Mention {
    /// `file_read`, `file_written`, `symbol`, `command`, `error`, `url`, `todo`, `decision`.
    pub kind: &'static str,
    /// The path, the name, the command's line, the error without its numbers, the address, the words.
    pub value: String,
}

/// Two things that belong together.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Relation {
    /// A kind of a thing, and the thing.
    pub from: (&'static str, String),
    /// `in`, `defines`, `about`, `instead_of`; of several entries `failed_with`, `fixed_by`.
    pub kind: &'static str,
    /// The same of the other thing; `option` is what was turned down.
    pub to: (&'static str, String),
}

/// What is found in an entry.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Found {
    /// What it mentions, each thing once.
    pub mentions: Vec<Mention>,
    /// What it tells of how these belong together.
    pub relations: Vec<Relation>,
}

/// Fields of a tool's input that name a file.
const FILE_FIELDS: &[&str] = &["file_path", "path", "notebook_path", "absolute_path", "filePath"];
/// Fields that hold a command line.
const COMMAND_FIELDS: &[&str] = &["command", "cmd"];
/// Fields that tell that the tool changes the file.
const CHANGE_FIELDS: &[&str] = &["content", "new_string", "old_string", "edits", "newString", "new_source"];
/// Fields with text that is in the file before or afterwards.
const CODE_FIELDS: &[&str] = &["content", "new_string", "old_string", "newString", "oldString", "new_source"];

static URL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"\bhttps?://[^\s<>"'`)\]}|\\]+"#).expect("a regular expression"));
static TODO: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:TODO|FIXME|XXX)\b:? ?.{0,200}").expect("a regular expression"));
/// A file of a patch in the form of `apply_patch`.
static PATCHED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^\*\*\* (?:Add|Update|Delete) File: (.+)$").expect("a regular expression")
});
/// A block of code in Markdown, by its fence.
static BLOCK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?ms)^ {0,3}```([\w+-]+)[^\n]*\n(.*?)^ {0,3}```").expect("a regular expression")
});
/// A file in a sentence.
static FILE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[\w./~-]*[\w-]\.(?:rs|py|tsx?|jsx?|mjs|go|c|h|cc|cpp|hpp|java|toml|json|ya?ml|md|sql|sh|css|html)\b")
        .expect("a regular expression")
});

/// Finds what an entry mentions.
pub fn found(entry: &Entry) -> Found {
    let mut found = Found::default();
    match &entry.content {
        Content::ToolCall { name, input, .. } => found.of_call(name, input),
        // It never ran, and what stands there is of the CLI.
        Content::ToolResult { is_denied: true, .. } => {}
        Content::ToolResult { text, is_error, detail, .. } => {
            found.of_text(text);
            if !is_error {
                found.decided(decisions::in_result(limited(text), detail.as_ref()));
            }
        }
        Content::Message { text } => {
            found.of_text(text);
            let text = limited(text);
            for block in BLOCK.captures_iter(text) {
                if let Some(language) = Language::named(&block[1]) {
                    let names = symbols::defined(language, block.get(2).map_or("", |code| code.as_str()));
                    found.mentions.extend(names.map(|name| mention("symbol", name)));
                }
            }
            if entry.role == Speaker::Assistant {
                found.mentions.extend(TODO.find_iter(text).map(|todo| mention("todo", todo.as_str())));
            }
            if matches!(entry.role, Speaker::Assistant | Speaker::User) {
                found.decided(decisions::in_words(text));
            }
        }
        Content::Failure { text, .. } => {
            found.mentions.extend(text.lines().next().map(|line| mention("error", &error_line(line))));
        }
        _ => {}
    }
    found.limit();
    found
}

impl Found {
    fn of_call(&mut self, name: &str, input: &Value) {
        let text = |field: &&str| input[*field].as_str();
        let changes = CHANGE_FIELDS.iter().any(|field| !input[*field].is_null());
        let kind = if changes { "file_written" } else { "file_read" };
        let files: Vec<&str> = FILE_FIELDS.iter().filter_map(text).collect();
        self.mentions.extend(files.iter().map(|path| mention(kind, path)));
        self.mentions
            .extend(COMMAND_FIELDS.iter().filter_map(text).map(|command| mention("command", command)));
        if let Some(words) = COMMAND_FIELDS.iter().find_map(|field| input[*field].as_array()) {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            self.mentions.push(mention("command", &words.join(" ")));
        }
        let patch = input["input"]
            .as_str()
            .or(input["patch"].as_str())
            .or_else(|| name.contains("patch").then(|| input.as_str())?);
        if let Some(patch) = patch {
            self.of_patch(limited(patch));
        }
        if let (true, Some(path)) = (changes, files.first()) {
            let edits = input["edits"].as_array().into_iter().flatten();
            for code in std::iter::once(input)
                .chain(edits)
                .flat_map(|edit| CODE_FIELDS.iter().filter_map(move |field| edit[*field].as_str()))
            {
                self.defines(path, limited(code));
            }
        }
        self.mentions.extend(["url"].iter().filter_map(text).map(|url| mention("url", url)));
    }

    /// Each file of a patch, with the lines that it has before or afterwards.
    fn of_patch(&mut self, patch: &str) {
        let files: Vec<_> =
            PATCHED.captures_iter(patch).filter_map(|file| file.get(0).zip(file.get(1))).collect();
        for (number, (line, path)) in files.iter().enumerate() {
            self.mentions.push(mention("file_written", path.as_str()));
            let end = files.get(number + 1).map_or(patch.len(), |(next, _)| next.start());
            let lines = patch[line.end()..end]
                .lines()
                .filter_map(|line| line.strip_prefix("@@ ").or_else(|| line.strip_prefix(['+', '-'])));
            let code: Vec<&str> = lines.collect();
            self.defines(path.as_str(), &code.join("\n"));
        }
    }

    fn defines(&mut self, path: &str, code: &str) {
        let Some(language) = Language::of_path(path) else { return };
        for name in symbols::defined(language, code) {
            self.mentions.push(mention("symbol", name));
            self.relate(("file", path), "defines", ("symbol", name));
        }
    }

    fn of_text(&mut self, text: &str) {
        let text = limited(text);
        let addresses = URL.find_iter(text).map(|url| url.as_str().trim_end_matches(['.', ',', ';', ':']));
        self.mentions.extend(addresses.map(|url| mention("url", url)));
        for failed in errors::in_text(text) {
            self.mentions.push(mention("error", &failed.error));
            if let Some(file) = &failed.file {
                self.relate(("error", &failed.error), "in", ("file", file));
            }
        }
    }

    fn decided(&mut self, decisions: Vec<Decision>) {
        for Decision { text, rejected } in &decisions {
            self.mentions.push(mention("decision", text));
            for option in rejected {
                self.relate(("decision", text), "instead_of", ("option", option));
            }
            for file in FILE.find_iter(text) {
                self.relate(("decision", text), "about", ("file", file.as_str()));
            }
        }
    }

    fn relate(&mut self, from: (&'static str, &str), kind: &'static str, to: (&'static str, &str)) {
        let of = |(kind, value)| (kind, mention(kind, value).value);
        self.relations.push(Relation { from: of(from), kind, to: of(to) });
    }

    /// Each thing once, and not too many.
    fn limit(&mut self) {
        self.mentions.sort();
        self.mentions.dedup();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        self.mentions.retain(|mention| few(&mut counts, mention.kind));
        self.relations.sort();
        self.relations.dedup();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        self.relations.retain(|relation| few(&mut counts, relation.kind));
    }
}

fn few<'a>(counts: &mut BTreeMap<&'a str, usize>, kind: &'a str) -> bool {
    let count = counts.entry(kind).or_default();
    *count += 1;
    *count <= EACH_MAX
}

fn limited(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_MAX_BYTES)]
}

fn mention(kind: &'static str, value: &str) -> Mention {
    Mention { kind, value: value[..value.floor_char_boundary(VALUE_MAX_BYTES)].trim().to_owned() }
}
