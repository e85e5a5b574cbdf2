//! How well search finds what was meant: questions over a corpus of conversations, in `cases/quality`.
//!
//! `entries/PROJECT.txt` has an entry on each line, `id|role|text`, with `\n` for the end of a line in the text.
//! `questions.txt` has a question on each line, `kind|question|ids of the right entries`: *exact* has a word of the entry,
//! an identifier or an error's text; *paraphrase* says the same in other words; *recalled* is what somebody half remembers.
//!
//! The entries are written as a CLI writes them, taken in, and given vectors, as an instance does; then each question is asked.
//!
//! recall@5 is how many of the right entries are among the first five; MRR is 1 where the first result is right, 1/2 where
//! the second is the first right one, and so on; both as a mean over the questions.

use conversation::backlog;
use conversation::embed::Choice;
use conversation::history::History;
use conversation::meaning::Meaning;
use conversation::search::{Mode, search};
use conversation::store::{Filter, Store};
use serde_json::json;
use session::home::Home;
use session::registry::Registry;
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fmt::Write;
use std::path::PathBuf;

/// Results that are asked for.
const DEPTH: usize = 50;
/// Results that somebody looks at.
const SEEN: usize = 5;

struct Entry {
    id: String,
    project: String,
    role: String,
    text: String,
}

struct Question {
    kind: String,
    text: String,
    /// The ids of the right entries.
    right: Vec<String>,
}

fn cases() -> (Vec<Entry>, Vec<Question>) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cases/quality");
    let files = std::fs::read_dir(folder.join("entries")).expect("the entries");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let mut entries = Vec::new();
    for file in files {
        let project = file.file_stem().expect("a name").to_string_lossy().into_owned();
        for line in std::fs::read_to_string(&file).expect("entries").lines() {
            let parts: Vec<&str> = line.splitn(3, '|').collect();
            let [id, role, text] = parts[..] else { panic!("{line}") };
            assert!(["user", "assistant", "tool"].contains(&role), "{line}");
            let (id, role, text) = (id.to_owned(), role.to_owned(), text.replace("\\n", "\n"));
            entries.push(Entry { id, project: project.clone(), role, text });
        }
    }
    let questions = std::fs::read_to_string(folder.join("questions.txt")).expect("the questions");
    let question = |line: &str| {
        let parts: Vec<&str> = line.split('|').collect();
        let [kind, text, ids] = parts[..] else { panic!("{line}") };
        let known = |id: &&str| entries.iter().any(|entry| entry.id == *id);
        assert!(ids.split(' ').all(|id| known(&id)), "{line}");
        let right = ids.split(' ').map(str::to_owned).collect();
        Question { kind: kind.to_owned(), text: text.to_owned(), right }
    };
    let questions = questions.lines().map(question).collect();
    (entries, questions)
}

/// An instance with all entries.
struct Instance {
    _home: tempfile::TempDir,
    store: Store,
    meaning: Meaning,
}

impl Instance {
    fn with(entries: &[Entry]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (number, entry) in entries.iter().enumerate() {
            write(folder.path(), number, entry);
        }
        let home = Home::at(&folder.path().join("instance"));
        let registry = Registry::new(&home);
        let user = folder.path().as_os_str().to_owned();
        let variables = |name: &str| -> Option<OsString> { (name == "HOME").then(|| user.clone()) };
        let history = History { state: &home.state, registry: &registry, variables: &variables };
        let mut store = Store::open_to_write(&home.state).expect("it opens").expect("nobody else");
        let taken = history.catch_up(&mut store, None, &mut |_| true).expect("it is taken in");
        assert_eq!(taken.report.entries, entries.len() as u64);
        let model = testkit::tools::minilm().expect("the model");
        let models = model.parent().expect("a folder").to_owned();
        let name = model.file_name().expect("a name").to_string_lossy().into_owned();
        let meaning = Meaning::new(models, Choice::Local { name });
        let model = meaning.model().expect("it loads").expect("it is there");
        while backlog::batch(&mut store, &*model).expect("vectors") != backlog::Batch::Nothing {}
        Self { _home: folder, store, meaning }
    }

    /// The ids of what is found, the best first.
    fn ask(&self, question: &str, mode: Mode) -> Vec<String> {
        let filter = Filter::default();
        let answer =
            search(&self.store, &self.meaning, question, &filter, Some(mode), DEPTH).expect("an answer");
        // `claude:ID`, or more behind it where a message has several blocks.
        let id = |entry: &str| entry.split([':', '/']).nth(1).unwrap_or(entry).to_owned();
        answer.hits.iter().map(|hit| id(&hit.entry)).collect()
    }
}

/// Appends an entry to the transcript of its project.
fn write(home: &std::path::Path, number: usize, entry: &Entry) {
    let folder = home.join(".claude/projects/-w");
    std::fs::create_dir_all(&folder).expect("a folder");
    let (kind, message) = match entry.role.as_str() {
        "user" => ("user", json!({ "role": "user", "content": entry.text })),
        "tool" => (
            "user",
            json!({ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": entry.id, "content": entry.text }] }),
        ),
        _ => (
            "assistant",
            json!({ "role": "assistant", "id": entry.id, "model": "m", "content": [{ "type": "text", "text": entry.text }] }),
        ),
    };
    let line = json!({
        "type": kind, "uuid": entry.id, "sessionId": entry.project, "cwd": "/w", "version": "2.1.329", "message": message,
        "timestamp": format!("2026-01-01T{:02}:{:02}:00Z", number / 60 % 24, number % 60),
    });
    let path = folder.join(format!("{}.jsonl", entry.project));
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).expect("it opens");
    std::io::Write::write_all(&mut file, format!("{line}\n").as_bytes()).expect("it is written");
}

/// Sums over questions.
#[derive(Default, Clone, Copy)]
struct Score {
    questions: usize,
    recall: f64,
    rank: f64,
}

impl Score {
    fn add(&mut self, found: &[String], right: &[String]) {
        let seen = found.iter().take(SEEN).filter(|key| right.contains(key)).count();
        self.questions += 1;
        self.recall += seen as f64 / right.len() as f64;
        self.rank +=
            found.iter().position(|key| right.contains(key)).map_or(0.0, |place| 1.0 / (place + 1) as f64);
    }

    fn recall(&self) -> f64 {
        self.recall / self.questions as f64
    }

    fn mrr(&self) -> f64 {
        self.rank / self.questions as f64
    }
}

const WAYS: [(&str, Mode); 3] = [("text", Mode::Words), ("semantic", Mode::Meaning), ("hybrid", Mode::Both)];

#[test]
fn search_by_words_and_meaning_together_finds_more_than_either() {
    let (entries, questions) = cases();
    let instance = Instance::with(&entries);
    let mut scores: BTreeMap<&str, [Score; 3]> = BTreeMap::new();
    for question in &questions {
        let lists = WAYS.map(|(_, mode)| instance.ask(&question.text, mode));
        for kind in [question.kind.as_str(), "all"] {
            let row = scores.entry(kind).or_default();
            for (score, found) in row.iter_mut().zip(&lists) {
                score.add(found, &question.right);
            }
        }
    }
    let mut table = format!("{} entries, {} questions\n", entries.len(), questions.len());
    for (kind, row) in &scores {
        for ((way, _), score) in WAYS.iter().zip(row) {
            let (recall, mrr) = (score.recall(), score.mrr());
            writeln!(
                table,
                "{kind:<10} {:>3}  {way:<8}  recall@5 {recall:.3}  MRR {mrr:.3}",
                score.questions
            )
            .expect("it is written");
        }
    }
    println!("{table}");
    let [text, semantic, hybrid] = scores["all"];
    assert!(hybrid.recall() >= text.recall().max(semantic.recall()), "{table}");
    assert!(hybrid.mrr() >= text.mrr().max(semantic.mrr()), "{table}");
}

#[test]
fn the_corpus_is_as_large_as_it_must_be_and_names_each_entry_once() {
    let (entries, questions) = cases();
    let ids: HashSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids.len(), entries.len());
    assert!(entries.len() >= 400 && questions.len() >= 60);
    assert!(questions.iter().all(|question| (1..=SEEN).contains(&question.right.len())));
}
