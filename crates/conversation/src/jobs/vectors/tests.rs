//! With a model that counts letters, and answers that are written as they would come.

use super::*;
use crate::embed::Choice;
use crate::ledger::Ledger;
use crate::meaning::Meaning;
use crate::search::{Mode, search};
use crate::store::Store;

/// A vector of how often each letter is in a text; some texts it cannot read.
struct Letters(&'static str);

impl Embedder for Letters {
    fn id(&self) -> &str {
        self.0
    }

    fn dim(&self) -> usize {
        26
    }

    fn embed(&self, texts: &[&str]) -> embed::Result<Vec<Vec<f32>>> {
        if texts.iter().any(|text| text.contains("unreadable")) {
            let what = "too long".to_owned();
            return Err(embed::Error::Refused { url: String::new(), what, is_of_texts: true });
        }
        let vector = |text: &&str| {
            let count = |letter: u8| text.bytes().filter(|byte| byte.eq_ignore_ascii_case(&letter)).count();
            (b'a'..=b'z').map(|letter| count(letter) as f32).collect()
        };
        Ok(texts.iter().map(vector).collect())
    }
}

/// A state with one conversation, of which an older version has a title.
fn state() -> tempfile::TempDir {
    let state = tempfile::tempdir().expect("a folder");
    let older = rusqlite::Connection::open(Ledger::path(state.path())).expect("it opens");
    older.execute_batch(include_str!("../../ledger/schema.sql")).expect("the tables");
    older.execute_batch("PRAGMA user_version = 1; INSERT INTO made VALUES ('claude', 'c1', 'Marmalade', 'It was cooked.', 'm', 1);
        INSERT INTO told VALUES ('claude', 'c1', 'claude:1', 'decision', 'unreadable sugar'), ('claude', 'c1', 'claude:gone', 'todo', 'unreadable honey')").expect("what was made");
    let mut store = Store::open_to_write(state.path()).expect("it opens").expect("nobody else has it");
    store
        .connection()
        .execute_batch(
            "INSERT INTO conversation (id, cli, name, started, ended) VALUES (1, 'claude', 'c1', 1, 2);
             INSERT INTO entry (id, key, time, role, kind, text, rest, source) VALUES (1, 'claude:1', 1, 'user', 'message', 'go', '{}', 'transcript');
             INSERT INTO part VALUES (1, 1, 1, 0)",
        )
        .expect("a conversation");
    state
}

fn found(state: &Path, query: &str) -> Vec<String> {
    let store = Store::open(state).expect("it opens").expect("it is there");
    let meaning = Meaning::new(state.join("models"), Choice::Off);
    let answer = search(&store, &meaning, query, &Default::default(), Some(Mode::Words), 9);
    answer.expect("it is searched").hits.into_iter().map(|hit| hit.kind).collect()
}

#[test]
fn what_an_older_version_made_is_found_once_somebody_writes() {
    let state = state();
    assert_eq!(found(state.path(), "marmalade"), ["summary"]);
    assert_eq!(found(state.path(), "sugar"), ["decision"]);
    let ledger = Ledger::open(state.path()).expect("it opens");
    let again = "INSERT INTO made VALUES ('claude', 'c1', 'Jam', NULL, 'm', 2)
         ON CONFLICT DO UPDATE SET title = excluded.title, summary = excluded.summary";
    ledger.connection.execute(again, []).expect("it is made anew");
    assert_eq!((found(state.path(), "marmalade").len(), found(state.path(), "jam").len()), (0, 1));
    // What an entry said that is gone is not told.
    assert!(found(state.path(), "honey").is_empty());
}

#[test]
fn every_piece_gets_its_vectors_once_and_anew_of_another_model() {
    let state = state();
    let rows = |sql: &str| -> Vec<String> {
        let ledger = Ledger::open(state.path()).expect("it opens");
        let mut select = ledger.connection.prepare(sql).expect("a query");
        let rows = select.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<rusqlite::Result<_>>().expect("texts")
    };
    let with_vectors = "SELECT p.text || ' by ' || v.model FROM vectors v JOIN piece p ON p.id = v.entry";
    for model in ["one", "other"] {
        assert!(batch(state.path(), &Letters(model)).expect("vectors"));
        assert!(!batch(state.path(), &Letters(model)).expect("nothing is left"));
        // One that the model cannot read stands in nobody's way.
        assert_eq!(rows(with_vectors), [format!("Marmalade\nIt was cooked. by {model}")]);
    }
    let target = crate::purge::Target::Conversation("claude".to_owned(), "c1".to_owned());
    crate::jobs::purge::purge(state.path(), &target, &[("claude".to_owned(), "c1".to_owned())].into(), false)
        .expect("a purge");
    assert!(rows("SELECT text FROM piece").is_empty() && rows(with_vectors).is_empty());
}
