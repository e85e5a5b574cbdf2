//! Against a server on loopback that says what it is told to, at times that are told.

mod harm;

use super::answer::{self, SUMMARY_MAX, TITLE_MAX};
use super::budget::{Attempt, Reserved};
use super::work::{QUIET, TRIES_MAX};
use super::*;
use crate::store::Store;
use llm::anthropic;
use protocol::Time;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SECOND: u64 = 1_000_000;
const HOUR: u64 = 3_600 * SECOND;
const DAY: u64 = 24 * HOUR;
/// Noon of some day.
const NOON: Time = Time(20_000 * DAY + 12 * HOUR);

/// What a server says: a status, headers of its own, a body.
type Words = (u16, &'static str, String);

/// Says these words, one after the other, and then the last again; with what it was asked.
fn serve(words: Vec<Words>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("bound"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    std::thread::spawn(move || {
        let mut words = VecDeque::from(words);
        for stream in listener.incoming().map_while(std::io::Result::ok) {
            let mut reader = BufReader::new(stream);
            heard.lock().expect("no panic").push(hear(&mut reader));
            let next = if words.len() > 1 { words.pop_front() } else { words.front().cloned() };
            say_back(reader, next.expect("words"));
        }
    });
    (url, asked)
}

/// A request, whole.
fn hear(reader: &mut BufReader<TcpStream>) -> String {
    let mut head = String::new();
    while reader.read_line(&mut head).is_ok_and(|read| read > 2) {}
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    let _ = reader.read_exact(&mut body);
    head + &String::from_utf8_lossy(&body)
}

fn say_back(mut reader: BufReader<TcpStream>, (status, more, said): Words) {
    let answer = format!(
        "HTTP/1.1 {status} x\r\nconnection: close\r\n{more}content-length: {}\r\n\r\n{said}",
        said.len()
    );
    let _ = reader.get_mut().write_all(answer.as_bytes());
}

fn report(input: Value) -> Value {
    json!({ "type": "message", "model": "m", "stop_reason": "tool_use", "usage": { "input_tokens": 1_000, "output_tokens": 100 },
        "content": [{ "type": "tool_use", "name": "report", "input": input }] })
}

fn good() -> Words {
    let told = json!([{ "entry": 0, "text": "Use jam." }, { "entry": 99, "text": "of no entry" }]);
    (
        200,
        "",
        report(json!({ "title": "Jam", "summary": "All of it.", "decisions": told, "todos": [] }))
            .to_string(),
    )
}

/// Who writes the store waits for no job, nor a job for him; a state without jobs, or with what is none, is read all the same.
#[test]
fn conversations_are_read_and_written_whatever_jobs_do() {
    let state = state(1);
    let titles = |state: &Path| {
        let store = Store::open(state).expect("it opens").expect("it is there");
        let all = store.conversations(&Default::default(), 9).expect("they are told");
        all.into_iter().map(|one| one.title.expect("its first words")).collect::<Vec<_>>()
    };
    assert!(!Ledger::path(state.path()).exists());
    assert_eq!(titles(state.path()), ["marmalade"]);
    std::fs::write(Ledger::path(state.path()), "no database at all").unwrap();
    assert_eq!(titles(state.path()), ["marmalade"]);
    std::fs::remove_file(Ledger::path(state.path())).unwrap();
    let ledger = Ledger::open(state.path()).unwrap();
    let mut store = Store::open_to_write(state.path()).unwrap().unwrap();
    let begin = rusqlite::TransactionBehavior::Immediate;
    let _writes = store.connection().transaction_with_behavior(begin).unwrap();
    ledger.connection.busy_timeout(Duration::ZERO).unwrap();
    ledger.connection.execute_batch("BEGIN IMMEDIATE; UPDATE queue SET failures = 1; COMMIT").unwrap();
    ledger.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(titles(state.path()), ["marmalade"]);
}

/// A state with so many conversations, that ended an hour before.
fn state(count: u64) -> tempfile::TempDir {
    let state = tempfile::tempdir().expect("a folder");
    drop(Store::open_to_write(state.path()).expect("it opens").expect("nobody else has it"));
    for number in 1..=count {
        say(state.path(), number, number * 10, "marmalade", Time(NOON.0 - HOUR + number));
    }
    state
}

/// Has somebody say something in a conversation.
fn say(state: &Path, conversation: u64, entry: u64, text: &str, time: Time) {
    let mut store = Store::open_to_write(state).expect("it opens").expect("nobody else has it");
    let sql = format!(
        "INSERT INTO conversation (id, cli, name, started, ended) VALUES ({conversation}, 'claude', 'c{conversation}', 1, {0})
             ON CONFLICT DO UPDATE SET ended = excluded.ended;
         INSERT INTO entry (id, key, time, role, kind, text, rest, source)
             VALUES ({entry}, 'claude:{entry}', {0}, 'user', 'message', '{text}', '{{}}', 'transcript');
         INSERT INTO part VALUES ({conversation}, {entry}, {0}, 0);",
        time.0
    );
    store.connection().execute_batch(&sql).expect("an entry");
}

fn settings(endpoint: String) -> Settings {
    let key = Some(Key("sesame-key".to_owned()));
    Settings { endpoint, key, model: "claude-haiku-4-5".to_owned(), daily_budget: SECOND, kinds: Kinds::ALL }
}

fn step(state: &Path, settings: &Settings, now: Time) -> Step {
    Worker::new(state, settings).expect("it is known").step(now, None).expect("it works")
}

fn failed(step: &Step) -> &str {
    match step {
        Step::Tried(report) => report.failed.as_deref().expect("it fails"),
        other => panic!("{other:?}"),
    }
}

fn read(state: &Path, settings: &Settings, now: Time) -> Overview {
    Overview::read(state, &Choice::On(settings.clone()), now).expect("it is told")
}

#[test]
fn a_conversation_is_read_once_and_again_when_it_changed_and_was_quiet() {
    let (state, (url, asked)) = (state(1), serve(vec![good()]));
    let settings = settings(url);
    let Step::Tried(report) = step(state.path(), &settings, NOON) else { panic!() };
    // 1000 tokens at $1 and 100 at $5 for a million.
    assert_eq!((report.cost, report.failed), (Some(1_500), None));
    assert!(matches!(step(state.path(), &settings, NOON), Step::Idle(None)));
    let head = asked.lock().unwrap()[0].clone();
    assert!(head.starts_with("POST /v1/messages ") && head.contains("x-api-key: sesame-key"), "{head}");
    let made = Store::open(state.path()).unwrap().unwrap().conversation("claude", "c1").unwrap().unwrap();
    let (title, made) = (made.title.unwrap(), made.made.unwrap());
    assert_eq!((title.as_str(), made.is_title, made.decisions.len()), ("Jam", true, 1));
    say(state.path(), 1, 11, "more", NOON);
    let quiet = Time(NOON.0 + QUIET.as_micros() as u64);
    assert!(matches!(step(state.path(), &settings, Time(quiet.0 - 1)), Step::Idle(None)));
    assert!(matches!(step(state.path(), &settings, quiet), Step::Tried(_)));
    assert_eq!(asked.lock().unwrap().len(), 2);
    // Touched, and no other words in it: it is looked at, and costs nothing.
    let mut store = Store::open_to_write(state.path()).unwrap().unwrap();
    store.connection().execute("UPDATE conversation SET ended = ended + 1", []).unwrap();
    drop(store);
    assert!(matches!(step(state.path(), &settings, Time(quiet.0 + HOUR)), Step::PassedOver));
    assert!(matches!(step(state.path(), &settings, Time(quiet.0 + HOUR)), Step::Idle(None)));
    assert_eq!(asked.lock().unwrap().len(), 2);
}

#[test]
fn a_days_budget_is_not_exceeded_and_the_rest_waits_for_the_next_day() {
    let (state, (url, asked)) = (state(9), serve(vec![good()]));
    // A request is reckoned at some 15,000 millionths and costs 1,500.
    let settings = Settings { daily_budget: 20_000, ..settings(url) };
    let until = loop {
        match step(state.path(), &settings, NOON) {
            Step::Tried(report) => assert_eq!(report.failed, None),
            Step::Waits { until, why } => break (until, why),
            other => panic!("{other:?}"),
        }
    };
    let overview = read(state.path(), &settings, NOON);
    assert!(overview.spent <= 20_000 && overview.waiting > 0, "{overview:?}");
    assert_eq!(until.0, Time(20_001 * DAY));
    assert_eq!((overview.why, overview.until), (Some(until.1.clone()), Some(until.0)));
    let raised = Settings { daily_budget: 30_000, ..settings.clone() };
    assert_eq!(read(state.path(), &raised, NOON).why, None);
    assert!(until.1.contains("raise `jobs.daily_budget`"), "{}", until.1);
    let count = asked.lock().unwrap().len();
    assert!(matches!(step(state.path(), &settings, Time(20_001 * DAY - 1)), Step::Waits { .. }));
    assert!(matches!(step(state.path(), &settings, Time(20_001 * DAY)), Step::Tried(_)));
    assert_eq!(asked.lock().unwrap().len(), count + 1);
    assert_eq!(read(state.path(), &settings, Time(20_001 * DAY)).spent, 1_500);
}

#[test]
fn what_was_reserved_by_who_was_killed_counts_and_the_conversation_is_given_up_in_the_end() {
    let (state, (url, asked)) = (state(1), serve(vec![good()]));
    let mut ledger = Ledger::open(state.path()).unwrap();
    let ended = Time(NOON.0 - HOUR + 1);
    let attempt =
        Attempt { cli: "claude", name: "c1", ended, model: "m", at_most: 300, daily_budget: SECOND };
    for tries in 1..=TRIES_MAX {
        let Reserved::Yes { tries: counted, .. } = ledger.reserve(NOON, &attempt).unwrap() else { panic!() };
        assert_eq!(counted, tries);
    }
    let settings = settings(url);
    assert!(matches!(step(state.path(), &settings, NOON), Step::PassedOver));
    let overview = read(state.path(), &settings, NOON);
    assert_eq!((overview.failed, overview.spent), (1, 1_500));
    assert!(overview.failures[0].why.contains("ended in the middle of it"), "{overview:?}");
    assert_eq!(asked.lock().unwrap().len(), 0);
    assert_eq!(ledger.retry(None).unwrap(), 1);
    assert!(matches!(step(state.path(), &settings, NOON), Step::Tried(_)));
    assert_eq!(read(state.path(), &settings, NOON).spent, 3_000);
}

/// A busy server is left alone for as long as it says; what it says is told without the key.
#[test]
fn a_server_that_is_busy_is_left_alone() {
    let body = r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down, sesame-key"}}"#;
    let busy = (429, "retry-after: 90\r\n", body.to_owned());
    let (state, (url, asked)) = (state(2), serve(vec![busy, (529, "", "so busy".to_owned()), good()]));
    let settings = settings(url);
    let first = step(state.path(), &settings, NOON);
    assert!(failed(&first).contains("said 429: slow down, [key]; it is tried again"), "{first:?}");
    let soon = Time(NOON.0 + 89 * SECOND);
    assert!(matches!(step(state.path(), &settings, soon), Step::Waits { .. }));
    assert_eq!(asked.lock().unwrap().len(), 1, "the other conversation waits as well");
    let overview = read(state.path(), &settings, soon);
    assert!(overview.why.as_ref().unwrap().contains("slow down") && overview.spent == 0, "{overview:?}");
    // One try more, which takes moments of its own.
    let then = Time(NOON.0 + 91 * SECOND);
    assert!(failed(&step(state.path(), &settings, then)).contains("said 529: so busy"));
    assert!(matches!(step(state.path(), &settings, then), Step::Waits { .. }));
    assert!(matches!(step(state.path(), &settings, Time(then.0 + HOUR)), Step::Tried(_)));
    assert!(matches!(step(state.path(), &settings, Time(then.0 + HOUR)), Step::Tried(_)));
    assert_eq!(read(state.path(), &settings, then).done, 2);
}

#[test]
fn what_only_a_person_can_mend_stops_all_and_costs_no_try() {
    let (state, (url, _)) = (state(1), serve(vec![(401, "", "{}".to_owned())]));
    let settings = settings(url);
    for hours in 0..9 {
        let tried = step(state.path(), &settings, Time(NOON.0 + hours * (HOUR + SECOND * 60)));
        assert!(failed(&tried).contains("said 401: {}; check the key"), "{tried:?}");
    }
    let unknown = Settings { model: "nobody-knows".to_owned(), ..settings.clone() };
    let error = Worker::new(state.path(), &unknown).err().unwrap().to_string();
    assert!(error.contains("no price is known of the model `nobody-knows`"), "{error}");
    assert_eq!(read(state.path(), &unknown, NOON).state, "wrong");
    let prices = r#"{"models":{"nobody-knows":{"input":1,"output":1,"cache_read":1,"cache_write":1,"cache_write_hour":1}}}"#;
    std::fs::write(state.path().join("prices.json"), prices).unwrap();
    assert!(Worker::new(state.path(), &unknown).is_ok());
}

/// Whatever comes in the place of an answer is a failed try, which is told and paid for as far as it says.
#[test]
fn no_answer_is_taken_that_is_none() {
    let with = |name: &str, value: Value| {
        let mut answer = report(json!({ "title": "t", "summary": "s", "decisions": [], "todos": [] }));
        match name {
            "stop_reason" => answer["stop_reason"] = value,
            _ => answer["content"][0]["input"][name] = value,
        }
        answer.to_string()
    };
    let said = json!({ "content": [{ "type": "text", "text": "{\"title\":\"t\"}" }], "usage": { "input_tokens": 1_000 } });
    let cases = [
        (with("stop_reason", json!("max_tokens")), "was cut", Some(1_500)),
        (with("title", json!(7)), "no `title`", Some(1_500)),
        (with("summary", json!(" \u{1b} ")), "no `summary`", Some(1_500)),
        (with("todos", json!("none")), "`todos` is no list", Some(1_500)),
        (said.to_string(), "it calls no tool", Some(1_000)),
        ("<html>".to_owned(), "is no JSON", None),
        (r#"{"type":"error","error":{"message":"odd"}}"#.to_owned(), "answered an error: odd", None),
    ];
    for (body, why, cost) in cases {
        let (state, (url, _)) = (state(1), serve(vec![(200, "", body)]));
        let settings = settings(url);
        let tried = step(state.path(), &settings, NOON);
        assert!(failed(&tried).contains(why), "{tried:?}");
        let Step::Tried(report) = tried else { panic!() };
        assert_eq!(report.cost, cost);
        let spent = read(state.path(), &settings, NOON).spent;
        // One of unknown cost counts with all that it could have been.
        assert!(cost.map_or(spent > 5_000, |cost| spent == cost), "{why} {spent}");
    }
}

#[test]
fn who_fails_again_and_again_is_given_up_until_somebody_asks_for_it() {
    let (state, (url, asked)) = (state(1), serve(vec![(200, "", "{}".to_owned())]));
    let settings = Settings { daily_budget: 100 * SECOND, ..settings(url) };
    for hours in 0..u64::from(TRIES_MAX) {
        failed(&step(state.path(), &settings, Time(NOON.0 + 2 * hours * HOUR)));
    }
    let later = Time(NOON.0 + DAY);
    assert!(matches!(step(state.path(), &settings, later), Step::Idle(None)));
    let given = &read(state.path(), &settings, later).failures[0];
    assert!(
        given.is_given_up && given.tries == TRIES_MAX && given.why.contains("given up after 5 tries"),
        "{given:?}"
    );
    assert_eq!(Ledger::open(state.path()).unwrap().retry(Some("c1")).unwrap(), 1);
    failed(&step(state.path(), &settings, later));
    assert_eq!(asked.lock().unwrap().len(), TRIES_MAX as usize + 1);
}

#[test]
fn silence_ends_and_may_have_cost_something() {
    let state = state(1);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = settings(format!("http://{}", silent.local_addr().unwrap()));
    let mut worker = Worker::within(state.path(), &settings, Duration::from_millis(200)).unwrap();
    let tried = worker.step(NOON, None).unwrap();
    assert!(failed(&tried).contains("cannot be reached"), "{tried:?}");
    assert!(read(state.path(), &settings, NOON).spent > 5_000);
    drop(silent);
    // Nobody is there: nothing was sent.
    let before = read(state.path(), &settings, NOON).spent;
    let tried = worker.step(Time(NOON.0 + HOUR), None).unwrap();
    assert!(failed(&tried).contains("cannot be reached"), "{tried:?}");
    assert_eq!(read(state.path(), &settings, NOON).spent, before);
}

#[test]
fn what_comes_out_of_an_answer_is_a_line_of_plain_text() {
    let nasty = "A\u{1b}[31m title\n# of\u{202e} mine ghp_16C7e42F292c6912E7710c838347Ae178B4a".to_owned()
        + &" x".repeat(999);
    let input = json!({ "title": nasty, "summary": nasty.repeat(9), "decisions": [], "todos":
        (0..99).map(|_| json!({ "entry": 0, "text": nasty })).chain([json!({ "entry": -1, "text": "t" }), json!(7)]).collect::<Vec<_>>() });
    let found =
        answer::read(&anthropic::whole(&report(input)), Kinds::ALL, &["claude:1".to_owned()]).unwrap();
    let title = found.title.unwrap();
    assert!(title.starts_with("A [31m title # of mine [redacted:github-token] x"), "{title}");
    assert_eq!((title.chars().count(), found.told.len()), (TITLE_MAX + 1, answer::LINES_MAX));
    assert!(found.summary.unwrap().chars().count() <= SUMMARY_MAX + 1);
}

/// The day, the file's rights, and what a purge that came in between leaves.
#[test]
fn what_was_read_before_a_purge_is_not_kept_after_it() {
    let (state, (url, _)) = (state(2), serve(vec![good()]));
    let settings = settings(url);
    let mut ledger = Ledger::open(state.path()).unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(Ledger::path(state.path())).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let attempt =
        Attempt { cli: "claude", name: "c1", ended: NOON, model: "m", at_most: 300, daily_budget: SECOND };
    let Reserved::Yes { id, .. } = ledger.reserve(NOON, &attempt).unwrap() else { panic!() };
    let purges = ledger.purges().unwrap();
    let target = crate::purge::Target::Conversation("claude".to_owned(), "c2".to_owned());
    purge::purge(state.path(), &target, &Default::default(), false).unwrap();
    let found = answer::Findings { title: Some("t".to_owned()), ..Default::default() };
    let tried =
        results::Tried { id, cli: "claude", name: "c1", model: "m", purges, cost: Some(200), now: NOON };
    assert!(!ledger.keep(&tried, "d", Kinds::ALL, &found).unwrap());
    let overview = read(state.path(), &settings, NOON);
    assert_eq!((overview.done, overview.waiting, overview.spent), (0, 2, 200));
}
