//! How well search finds what was meant: questions over a corpus of conversations, in `cases/quality`.
//!
//! `entries/PROJECT.txt` has an entry on each line, `id|role|text`, with `\n` for the end of a line in the text.
//! `questions.txt` has a question on each line, `kind|question|ids of the right entries`: *exact* has a word of the entry,
//! an identifier or an error's text; *paraphrase* says the same in other words; *recalled* is what somebody half remembers.
//!
//! recall@5 is how many of the right entries are among the first five; MRR is 1 where the first result is right, 1/2 where
//! the second is the first right one, and so on; both as a mean over the questions.

use conversation::embed::{Embedder, Local, chunk};
use conversation::{fuse, vectors};
use rusqlite::Connection;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::path::PathBuf;

/// Results of each search that are fused.
const DEPTH: usize = 50;
/// Results that somebody looks at.
const SEEN: usize = 5;

struct Entry {
    id: String,
    text: String,
}

struct Question {
    kind: String,
    text: String,
    /// Numbers of the right entries.
    right: Vec<i64>,
}

fn cases() -> (Vec<Entry>, Vec<Question>) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cases/quality");
    let files = std::fs::read_dir(folder.join("entries")).expect("the entries");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let mut entries = Vec::new();
    for file in files {
        for line in std::fs::read_to_string(&file).expect("entries").lines() {
            let mut parts = line.splitn(3, '|');
            let (id, role, text) = (parts.next(), parts.next(), parts.next());
            assert!(role.is_some_and(|role| ["user", "assistant", "tool"].contains(&role)), "{line}");
            entries.push(Entry {
                id: id.expect("an id").to_owned(),
                text: text.expect("a text").replace("\\n", "\n"),
            });
        }
    }
    let number = |id: &str| entries.iter().position(|entry| entry.id == id).expect(id) as i64;
    let questions = std::fs::read_to_string(folder.join("questions.txt")).expect("the questions");
    let question = |line: &str| {
        let parts: Vec<&str> = line.split('|').collect();
        let [kind, text, ids] = parts[..] else { panic!("{line}") };
        let right = ids.split(' ').map(number).collect();
        Question { kind: kind.to_owned(), text: text.to_owned(), right }
    };
    let questions = questions.lines().map(question).collect();
    (entries, questions)
}

/// The store of this test: full text and vectors.
struct Search {
    store: Connection,
    model: Local,
    matrix: vectors::Matrix,
    entries: u64,
}

impl Search {
    fn over(entries: &[Entry]) -> Self {
        let store = Connection::open_in_memory().expect("SQLite");
        store.execute_batch(vectors::SCHEMA).expect("the vectors' table");
        let table = "CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'unicode61 remove_diacritics 2')";
        store.execute_batch(table).expect("the words' table");
        let model = Local::load(&testkit::tools::minilm().expect("the model")).expect("it loads");
        let mut chunks = Vec::new();
        for (key, entry) in (0_i64..).zip(entries) {
            let sql = "INSERT INTO words (rowid, text) VALUES (?1, ?2)";
            store.execute(sql, (key, &entry.text)).expect("words");
            chunks.extend(
                chunk::chunks(&entry.text, &model).into_iter().map(|range| (key, &entry.text[range])),
            );
        }
        let texts: Vec<&str> = chunks.iter().map(|(_, text)| *text).collect();
        let made: Vec<(i64, Vec<f32>)> =
            chunks.iter().map(|(key, _)| *key).zip(model.embed(&texts).expect("vectors")).collect();
        for one in made.chunk_by(|a, b| a.0 == b.0) {
            let vectors: Vec<Vec<f32>> = one.iter().map(|(_, vector)| vector.clone()).collect();
            vectors::put(&store, one[0].0, model.id(), &vectors).expect("it is written");
        }
        let mut matrix = vectors::Matrix::new(model.id(), model.dim());
        matrix.refresh(&store).expect("the matrix");
        Self { store, model, matrix, entries: entries.len() as u64 }
    }

    /// Entries with any of the question's words, the rarest words first; each with its share of the question.
    fn text(&self, question: &str) -> Vec<(i64, f64)> {
        let words = question.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
        let having: Vec<HashSet<i64>> =
            words.iter().map(|word| self.matches(word, -1).into_iter().collect()).collect();
        let share = |key: i64| {
            let words = having.iter().map(|having| (having.len() as u64, having.contains(&key)));
            fuse::share(self.entries, words)
        };
        self.matches(&words.join(" OR "), DEPTH as i64).into_iter().map(|key| (key, share(key))).collect()
    }

    /// What an expression of FTS5 finds, the best first; all of it where there is no limit.
    fn matches(&self, expression: &str, limit: i64) -> Vec<i64> {
        let sql = "SELECT rowid FROM words WHERE words MATCH ?1 ORDER BY rank LIMIT ?2";
        let mut select = self.store.prepare_cached(sql).expect("a query");
        let rows = select.query_map((expression, limit), |row| row.get(0)).expect("rows");
        rows.map(|row| row.expect("a row")).collect()
    }

    fn semantic(&self, question: &str) -> Vec<i64> {
        let vector = self.model.embed(&[question]).expect("a vector").remove(0);
        self.matrix.nearest(&vector, DEPTH, None).into_iter().map(|near| near.entry).collect()
    }
}

/// Sums over questions.
#[derive(Default, Clone, Copy)]
struct Score {
    questions: usize,
    recall: f64,
    rank: f64,
}

impl Score {
    fn add(&mut self, found: &[i64], right: &[i64]) {
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

/// By words, by meaning, both fused as they are, and both where only good matches of words count.
const WAYS: [&str; 4] = ["text", "semantic", "fused", "hybrid"];

#[test]
fn search_by_words_and_meaning_together_finds_more_than_either() {
    let (entries, questions) = cases();
    let search = Search::over(&entries);
    let mut scores: BTreeMap<&str, [Score; 4]> = BTreeMap::new();
    for question in &questions {
        let (text, semantic) = (search.text(&question.text), search.semantic(&question.text));
        let all: Vec<i64> = text.iter().map(|(key, _)| *key).collect();
        let fused: Vec<i64> = fuse::fuse(&[&all, &semantic]).into_iter().map(|(key, _)| key).collect();
        let lists = [&all, &semantic, &fused, &fuse::hybrid(&text, &semantic)];
        for kind in [question.kind.as_str(), "all"] {
            let row = scores.entry(kind).or_default();
            for (score, found) in row.iter_mut().zip(lists) {
                score.add(found, &question.right);
            }
        }
    }
    let mut table = format!("{} entries, {} questions\n", entries.len(), questions.len());
    for (kind, row) in &scores {
        for (way, score) in WAYS.iter().zip(row) {
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
    let [text, semantic, _, hybrid] = scores["all"];
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
