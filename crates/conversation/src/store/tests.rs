//! Stores of older versions.

use super::*;
use crate::embed::Choice;
use crate::meaning::Meaning;
use crate::search::search;

/// A store as version 1 was, with an entry.
fn version_1(state: &Path) {
    let old = Connection::open(Store::path(state)).expect("SQLite");
    old.execute_batch(&format!("{} PRAGMA user_version = 1;", STEPS.0[0])).expect("the first schema");
    old.execute_batch(
        "INSERT INTO conversation (id, cli, name) VALUES (1, 'claude', 'one');
         INSERT INTO entry (id, key, time, role, kind, text, rest, source)
             VALUES (7, 'claude:a', 1, 'user', 'message', 'marmalade', '{}', 'transcript');
         INSERT INTO part VALUES (1, 7, 1, 0);",
    )
    .expect("an entry");
}

/// What a call of the edit tool left in it.
const EDIT: &str = r#"INSERT INTO entry (id, key, time, role, kind, text, rest, source) VALUES (8, 'claude:b', 2, 'assistant',
    'tool_call', 'Edit', '{"call":"1","name":"Edit","input":{"file_path":"/w/a.rs","new_string":"fn open() {"}}', 'transcript'),
    (9, 'claude:c', 3, 'assistant', 'message', 'We decided to keep it.', '{}', 'transcript');
    INSERT INTO part VALUES (1, 8, 2, 0), (1, 9, 3, 0);
    INSERT INTO mention VALUES (8, 'file_written', '/w/a.rs')"#;

fn found(store: &Store) -> usize {
    let meaning = Meaning::new("/nowhere".into(), Choice::Off);
    search(store, &meaning, "marmalade", &Filter::default(), None, 9).expect("it is searched").hits.len()
}

#[test]
fn a_store_of_version_1_is_read_and_once_it_is_written_brought_up_to_date() {
    let state = tempfile::tempdir().expect("a folder");
    version_1(state.path());
    let old = Store::open(state.path()).expect("it opens").expect("it is there");
    assert_eq!((found(&old), crate::backlog::waiting(&old, None).expect("none")), (1, 0));
    assert!(!old.is_present().expect("a version"));
    let of_project = Filter { project: Some("p".to_owned()), ..Filter::default() };
    assert!(matches!(crate::project::list(&old, &[]), Err(Error::Older)));
    assert!(matches!(old.conversations(&of_project, 9), Err(Error::Older)));
    assert!(Error::Older.to_string().contains("`centerfire import`"));
    drop(old);
    drop(Store::open_to_write(state.path()).expect("it opens").expect("nobody else has it"));
    let store = Store::open(state.path()).expect("it opens").expect("it is there");
    assert_eq!((store.version().expect("a version"), found(&store)), (STEPS.version(), 1));
    assert_eq!(crate::backlog::waiting(&store, None).expect("a number"), 1);
}

#[test]
fn entries_of_before_are_read_again_for_what_is_new() {
    let state = tempfile::tempdir().expect("a folder");
    version_1(state.path());
    Connection::open(Store::path(state.path())).and_then(|old| old.execute_batch(EDIT)).expect("entries");
    let old = Store::open(state.path()).expect("it opens").expect("it is there");
    assert_eq!(old.related(&AskedRelations::default(), 9).expect("nothing").len(), 0);
    drop(old);
    let mut store = Store::open_to_write(state.path()).expect("it opens").expect("nobody else has it");
    assert_eq!(store.to_read_again().expect("a number"), 3);
    assert_eq!(crate::relations::catch_up(&mut store, &|| false).expect("they are read"), 2);
    let of = |kind: &str| {
        let asked = Asked { kind: Some(kind.to_owned()), ..Asked::default() };
        let found = store.mentioned(&asked, 9).expect("they are told");
        found.into_iter().map(|mentioned| mentioned.value).collect::<Vec<_>>()
    };
    assert_eq!(
        [of("symbol"), of("file"), of("decision")],
        [["open"], ["/w/a.rs"], ["We decided to keep it"]]
    );
    let related = store.related(&AskedRelations::default(), 9).expect("they are told");
    assert_eq!(
        (related.len(), related[0].kind.as_str(), related[0].to.value.as_str()),
        (1, "defines", "open")
    );
    assert_eq!(crate::relations::catch_up(&mut store, &|| false).expect("nothing is left"), 0);
}

#[test]
fn what_takes_too_long_is_given_up() {
    let state = tempfile::tempdir().expect("a folder");
    let store = Store::open_to_write(state.path()).expect("it opens").expect("nobody else has it");
    let requests = "INSERT INTO conversation (id, cli, name, cwd) VALUES (1, 'claude', 'one', '/w');
        INSERT INTO project (id, key, root, kind) VALUES (1, 'w', '/w', 'folder');
        INSERT INTO folder (path, project) VALUES ('/w', 1);
        WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 5000)
        INSERT INTO usage SELECT 'claude', n, 1, 'model', n, 1, 1, 0, 0, 0 FROM n";
    store.connection.execute_batch(requests).expect("requests");
    assert_eq!(crate::project::list(&store, &[]).expect("it is told")[0].tokens, 10_000);
    assert!(
        store.knows_project("w").expect("it is asked") && !store.knows_project("v").expect("it is asked")
    );
    let limit = store.within(Duration::ZERO);
    assert!(matches!(crate::project::list(&store, &[]), Err(Error::Late)));
    drop(limit);
    assert_eq!(crate::project::list(&store, &[]).expect("it is told").len(), 1);
}

#[test]
fn a_text_that_is_purged_is_in_no_column() {
    let state = tempfile::tempdir().expect("a folder");
    let mut store = Store::open_to_write(state.path()).expect("it opens").expect("nobody else has it");
    store
        .connection
        .execute_batch(
            "INSERT INTO project VALUES (1, 'k', '/home/hush-hush', 'git'), (2, 'l', '/other', 'git');
             INSERT INTO folder VALUES ('/home/hush-hush/a', 1), ('/home/plain', 1), ('/other/hush-hush', 2), ('/other', 2);
             INSERT INTO conversation (id, cli, name, cwd, branch, title, version, parent) VALUES
                 (1, 'c', 'hush-hush', '/home/hush-hush/a', 'hush-hush', 'hush-hush', 'hush-hush', 'hush-hush'),
                 (2, 'c', '*********', '/other', NULL, NULL, NULL, NULL);
             INSERT INTO named VALUES ('s', 'hush-hush');
             INSERT INTO file (cli, path, done, state, clock, last_garbled) VALUES ('c', 'p', 1, '[\"hush-hush\"]', 1, 'hush-hush');
             INSERT INTO entry (id, key, time, role, kind, text, rest, source)
                 VALUES (7, 'c:a', 1, 'user', 'message', 'run hush-hush', '{}', 'transcript');
             INSERT INTO words (rowid, text) SELECT id, text FROM entry;
             INSERT INTO letters (rowid, text) SELECT id, text FROM entry;
             INSERT INTO part VALUES (1, 7, 1, 0);
             INSERT INTO mention VALUES (7, 'command', 'hush-hush');",
        )
        .expect("rows");
    let lines = "{\"folder\":\"/home/hush-hush/a\"}\n{\"folder\":\"/other\"}\n";
    std::fs::write(state.path().join("projects.jsonl"), lines).expect("a file");
    let target = crate::purge::Target::Text(crate::purge::Text::new("hush-hush").expect("it is long enough"));
    crate::purge::purge(&mut store, state.path(), &target, false).expect("it is purged");
    let columns = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.sql NOT LIKE '%VIRTUAL%' AND c.type IN ('TEXT', '')";
    let mut select = store.connection.prepare(columns).expect("the schema");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("columns");
    let columns: Vec<(String, String)> = rows.collect::<rusqlite::Result<_>>().expect("columns");
    assert!(columns.len() > 30, "{columns:?}");
    for (table, column) in columns {
        let sql = format!(
            "SELECT COUNT(*) FROM \"{table}\" WHERE instr(CAST(\"{column}\" AS TEXT), 'hush-hush') > 0"
        );
        let count: i64 = store.connection.query_row(&sql, [], |row| row.get(0)).expect("a number");
        assert_eq!(count, 0, "{table}.{column}");
    }
    let left: i64 =
        store.connection.query_row("SELECT COUNT(*) FROM folder", [], |row| row.get(0)).expect("a number");
    let known = std::fs::read_to_string(state.path().join("projects.jsonl")).expect("the file");
    assert_eq!((left, known.as_str()), (1, "{\"folder\":\"/other\"}\n"));
}

/// A reader that comes while a store is made sees none or the whole, never one that it calls old.
#[test]
fn a_store_that_is_being_made_is_not_taken_for_an_old_one() {
    for _ in 0..20 {
        let state = tempfile::tempdir().expect("a folder");
        let made = std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                loop {
                    if let Some(store) = Store::open(state.path()).expect("it opens") {
                        return store.version().expect("a version");
                    }
                }
            });
            drop(Store::open_to_write(state.path()).expect("it opens").expect("nobody else has it"));
            reader.join().expect("it reads")
        });
        assert_eq!(made, STEPS.version());
    }
}

/// A message as it was heard: the same one again, with another text, is how it went on.
fn message(id: &str, text: &str) -> protocol::Entry {
    protocol::Entry {
        id: id.to_owned(),
        conversation: "one".to_owned(),
        agent: None,
        time: protocol::Time(1),
        role: protocol::Speaker::User,
        content: protocol::Content::Message { text: text.to_owned() },
        model: None,
        request: None,
        source: protocol::Source::Transcript,
        place: None,
    }
}

#[test]
fn the_indexes_have_what_the_entries_have_however_they_came() {
    let state = tempfile::tempdir().expect("a folder");
    let mut store = Store::open_to_write(state.path()).expect("it opens").expect("nobody else has it");
    let cursor = store.cursor("claude", "a").expect("a cursor");
    let batches: [&[(&str, &str)]; 3] = [
        &[("a", "plums"), ("b", "pears"), ("a", "plums and marmalade"), ("c", "toast"), ("c", "toast")],
        &[("b", "nothing"), ("d", "honey"), ("d", "honey and marmalade"), ("e", "tea")],
        &[("e", "tea"), ("a", "less")],
    ];
    for batch in batches {
        let mut writing = store.begin("claude").expect("a batch");
        for (position, (id, text)) in batch.iter().enumerate() {
            writing.entry(&message(id, text), protocol::Time(1), position as u64).expect("it is kept");
        }
        writing.commit(&cursor).expect("it is written");
        for index in ["words", "letters"] {
            // With a rank it compares with the entries.
            let check = format!("INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)");
            store.connection.execute(&check, []).expect("the index is whole");
        }
    }
    assert_eq!(found(&store), 1);
}

/// A conversation of these contents, as a transcript has them.
fn told(contents: &[(protocol::Speaker, protocol::Content)]) -> (tempfile::TempDir, Store) {
    let state = tempfile::tempdir().expect("a folder");
    let mut store = Store::open_to_write(state.path()).expect("it opens").expect("nobody else has it");
    let cursor = store.cursor("claude", "a").expect("a cursor");
    let mut batch = store.begin("claude").expect("a batch");
    for (number, (role, content)) in (1u64..).zip(contents) {
        let entry = protocol::Entry {
            id: format!("claude:{number}"),
            conversation: "c".into(),
            agent: None,
            time: protocol::Time(number),
            role: *role,
            content: content.clone(),
            model: None,
            request: None,
            source: protocol::Source::Transcript,
            place: None,
        };
        batch.entry(&entry, entry.time, number).expect("it is kept");
    }
    batch.commit(&cursor).expect("it is written");
    (state, store)
}

fn values(store: &Store, kind: &str) -> Vec<String> {
    let asked = Asked { kind: Some(kind.to_owned()), ..Asked::default() };
    let hits = store.mentioning(&asked, 9).expect("they are told");
    hits.into_iter().map(|hit| hit.snippet).collect()
}

#[test]
fn what_was_denied_or_failed_is_nowhere_told_as_done() {
    use protocol::{Content, Speaker};
    let call = |call: &str, name: &str, input: serde_json::Value| {
        (Speaker::Assistant, Content::ToolCall { call: call.into(), name: name.into(), input })
    };
    let write = |id: &str, path: &str, code: &str| {
        call(id, "Write", serde_json::json!({ "file_path": path, "content": format!("fn {code}() {{") }))
    };
    let run = |id: &str, command: &str| call(id, "Bash", serde_json::json!({ "command": command }));
    let result = |call: &str, is_error: bool, is_denied: bool| {
        let content =
            Content::ToolResult { call: call.into(), text: "so".into(), is_error, is_denied, detail: None };
        (Speaker::Tool, content)
    };
    let contents = [
        write("1", "/w/till.rs", "till"),
        result("1", true, true),
        write("2", "/w/failed.rs", "failed"),
        result("2", true, false),
        write("3", "/w/done.rs", "done"),
        result("3", false, false),
        run("4", "rm -r /"),
        result("4", true, true),
        run("5", "make"),
        result("5", true, false),
    ];
    let (_state, mut store) = told(&contents);
    let is_right = |store: &Store| {
        assert_eq!([values(store, "file"), values(store, "symbol")], [["/w/done.rs"], ["done"]]);
        assert_eq!(values(store, "command"), ["make"]);
        let related = store.related(&AskedRelations::default(), 9).expect("they are told");
        assert_eq!(related.iter().map(|one| &one.to.value[..]).collect::<Vec<_>>(), ["done"]);
        let refused: Vec<bool> =
            [1, 3, 5, 7, 9].map(|id| store.was_refused(&format!("claude:{id}")).expect("known")).into();
        assert_eq!(refused, [true, true, false, true, false]);
    };
    is_right(&store);
    // One of before is read again.
    let again = "UPDATE reread SET next = 1, last = 99; INSERT OR IGNORE INTO mention VALUES (1, 'file_written', '/w/till.rs')";
    store.connection.execute_batch(again).expect("a mention");
    crate::relations::catch_up(&mut store, &|| false).expect("it is read");
    is_right(&store);
}

#[test]
fn an_error_is_told_as_it_came_last_and_a_decision_once() {
    use protocol::{Content, Speaker};
    let failure = |text: &str| (Speaker::System, Content::Failure { text: text.into(), status: None });
    let said = |role, text: &str| (role, Content::Message { text: text.into() });
    let (_state, store) = told(&[
        failure("API Error: 500 scripted 1"),
        failure("API Error: 503 scripted 2\nmore"),
        said(Speaker::User, "Use SQLite instead of Redis."),
        said(Speaker::Assistant, "use SQLite instead of Redis."),
    ]);
    assert_eq!(values(&store, "error"), ["API Error: 503 scripted 2", "API Error: 500 scripted 1"]);
    let asked = Asked {
        kind: Some("error".into()),
        value: Some("API Error: 7 scripted 8".into()),
        ..Asked::default()
    };
    let mentioned = store.mentioned(&asked, 9).expect("they are told");
    assert_eq!(
        (mentioned.len(), mentioned[0].times, &mentioned[0].value[..]),
        (1, 2, "API Error: 503 scripted 2")
    );
    let talks = store.latest(&Filter::default(), 9).expect("one");
    let known = store.worth_knowing("'error'", "latest DESC", &talks, 9).expect("they are told");
    assert_eq!(known[0].text, "API Error: 503 scripted 2");
    assert_eq!(values(&store, "decision"), ["use SQLite instead of Redis"]);
}

#[test]
fn a_title_begins_with_its_words() {
    use protocol::{Content, Speaker};
    let (_state, store) = told(&[(Speaker::User, Content::Message { text: "\n\n one\ntwo".into() })]);
    let all = store.conversations(&Filter::default(), 9).expect("they are told");
    assert_eq!(all[0].title.as_deref(), Some("one\ntwo"));
}
