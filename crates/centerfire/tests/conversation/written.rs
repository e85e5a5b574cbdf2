//! A history that a test writes, in the form of Claude Code, into the home of an instance's user.

use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use testkit::Instance;

/// A transcript that grows.
pub struct Transcript {
    pub path: PathBuf,
    pub name: String,
    lines: u64,
}

impl Transcript {
    /// One of a conversation, which has an id like those of the CLI.
    pub fn new(instance: &Instance, number: u64) -> Transcript {
        let folder = instance.user_home().join(".claude/projects/-w");
        fs::create_dir_all(&folder).unwrap();
        let name = format!("{number:08x}-0000-4000-8000-000000000000");
        Transcript { path: folder.join(format!("{name}.jsonl")), name, lines: 0 }
    }

    /// The next line, of one turn's kind after the other: what the user says, thinks to call, is given, says.
    pub fn next_line(&mut self) -> Value {
        let number = self.lines;
        self.lines += 1;
        let (turn, step) = (number / 4, number % 4);
        let (kind, message) = match step {
            0 => ("user", json!({ "role": "user", "content": format!("question {turn} of {}", self.name) })),
            1 => ("assistant", self.said(turn, json!({ "type": "tool_use", "id": format!("call{turn}"), "name": "Bash", "input": { "command": format!("make part{turn}") } }))),
            2 => ("user", json!({ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": format!("call{turn}"), "content": format!("made part{turn}") }] })),
            _ => ("assistant", self.said(turn, json!({ "type": "text", "text": format!("answer {turn}, naïve_name::part{turn}() -> done") }))),
        };
        json!({
            "type": kind, "uuid": format!("{}-{number}", self.name), "sessionId": self.name, "cwd": "/w", "version": "2.1.329",
            "gitBranch": "main", "isSidechain": false, "message": message,
            "timestamp": format!("2026-01-01T{:02}:{:02}:{:02}.{:03}Z", number / 3600 % 24, number / 60 % 60, number % 60, number % 1000),
        })
    }

    fn said(&self, turn: u64, block: Value) -> Value {
        let usage = json!({ "input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 7,
            "cache_creation": { "ephemeral_1h_input_tokens": 3, "ephemeral_5m_input_tokens": 4 } });
        json!({ "role": "assistant", "id": format!("msg-{}-{turn}", self.name), "model": "claude-opus-5-5", "content": [block],
            "stop_reason": "end_turn", "usage": usage })
    }

    /// Appends so many lines.
    pub fn grow(&mut self, lines: usize) {
        let text: String = (0..lines).map(|_| format!("{}\n", self.next_line())).collect();
        self.append(text.as_bytes());
    }

    /// Appends any bytes.
    pub fn append(&self, bytes: &[u8]) {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path).unwrap();
        file.write_all(bytes).unwrap();
    }
}

/// What Codex and Gemini CLI really wrote, as conversations of any number: each grows by a half at a time.
pub struct Recorded {
    folder: PathBuf,
    file: &'static str,
    text: &'static str,
    id: &'static str,
}

impl Recorded {
    pub fn all(instance: &Instance) -> [Recorded; 2] {
        let of = |folder: &str, file, text, id| Recorded {
            folder: instance.user_home().join(folder),
            file,
            text,
            id,
        };
        [
            of(
                ".codex/sessions/2026/11/21",
                "rollout-2026-11-21T22-13-49-ID.jsonl",
                include_str!(
                    "../../../adapter/cases/codex/tools/rollout-2026-11-21T22-13-49-01a2002c-3f83-72e2-875c-c06ee4a58a55.jsonl"
                ),
                "01a2002c-3f83-72e2-875c-c06ee4a58a55",
            ),
            of(
                ".gemini/tmp/w/chats",
                "session-2026-11-21T22-37-ID.jsonl",
                include_str!("../../../adapter/cases/gemini/tools/session-2026-11-21T22-37-dff4e220.jsonl"),
                "dff4e220-c71d-4c32-95f9-1b349cf4dd59",
            ),
        ]
    }

    /// Writes the first half of one, and the second half of the one before.
    pub fn grow(&self, number: u64) {
        fs::create_dir_all(&self.folder).unwrap();
        let lines: Vec<&str> = self.text.lines().collect();
        let (first, second) = lines.split_at(lines.len() / 2);
        self.append(number, first);
        if let Some(before) = number.checked_sub(1) {
            self.append(before, second);
        }
    }

    fn append(&self, number: u64, lines: &[&str]) {
        let id = format!("{number:08x}{}", &self.id[8..]);
        let path = self.folder.join(self.file.replace("ID", &id));
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        let text: String = lines.iter().map(|line| format!("{}\n", line.replace(self.id, &id))).collect();
        file.write_all(text.as_bytes()).unwrap();
    }
}

/// All conversations with their entries, by id.
pub fn told(instance: &Instance) -> Vec<Value> {
    let listed = instance.json(&["conversation", "--list", "--limit", "1000", "--json"]);
    let mut names: Vec<String> =
        listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names.iter().map(|name| instance.json(&["conversation", name, "--json"])[0].clone()).collect()
}

/// The same without what only orders them in one store.
pub fn told_without_cursors(instance: &Instance) -> Vec<Value> {
    let mut told = told(instance);
    for entry in told.iter_mut().flat_map(|one| one["entries"].as_array_mut().unwrap()) {
        entry.as_object_mut().unwrap().remove("cursor");
    }
    told
}
