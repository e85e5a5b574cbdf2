//! Search by meaning, with the real model: what no common word finds is found, and whoever makes vectors may be killed.

use crate::kills::{Kills, time};
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use testkit::Instance;

/// Of which each says something that no other one does.
const SAID: [&str; 6] = [
    "the kernel killed the worker because no memory was left",
    "the invoice is a cent higher than what the customer paid",
    "after the upgrade the login page asks for the password twice",
    "the shadow of the player flickers when the camera turns",
    "the nightly backup was never restored, and nobody noticed",
    "dates in the report are one day off for people in Tokyo",
];

fn instance() -> Instance {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let wheel = testkit::tools::minilm_wheel().expect("the wheel").display().to_string();
    instance.out(&["models", "install", &wheel]);
    instance
}

/// Appends what users said, in the form of Claude Code.
fn say<T: AsRef<str>>(instance: &Instance, conversation: &str, first: usize, texts: &[T]) {
    let folder = instance.user_home().join(".claude/projects/-w");
    fs::create_dir_all(&folder).unwrap();
    let line = |(number, text): (usize, &T)| {
        let line = json!({
            "type": "user", "uuid": format!("{conversation}-{}", first + number), "sessionId": conversation, "cwd": "/w",
            "version": "2.1.329", "timestamp": format!("2026-01-01T00:{:02}:{:02}Z", number / 60, number % 60),
            "message": { "role": "user", "content": text.as_ref() },
        });
        format!("{line}\n")
    };
    let lines: String = texts.iter().enumerate().map(line).collect();
    let path: PathBuf = folder.join(format!("{conversation}.jsonl"));
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(lines.as_bytes()).unwrap();
}

fn search(instance: &Instance, words: &[&str]) -> Vec<Value> {
    let output = instance.run(&[&["search", "--json"], words].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// What is shown of a hit, without what sets words off.
fn shown(hit: &Value) -> String {
    hit["snippet"].as_str().unwrap().replace(['\u{2}', '\u{3}'], "")
}

/// Issue 4, "Search": without a common word it is found by what it means; filters hold; what was found says how; off is off.
#[test]
fn what_no_common_word_finds_is_found_by_its_meaning() {
    let instance = instance();
    say(&instance, "one", 0, &SAID);
    say(&instance, "two", 0, &["lunch is at noon", "the trains are late again"]);
    let imported = instance.json(&["import", "--json"]);
    assert_eq!((&imported["entries"], &imported["read_for_meaning"]), (&json!(8), &json!(8)));
    let question = "process ran out of RAM";
    assert!(search(&instance, &["--mode", "words", question]).is_empty());
    for mode in [&["--mode", "meaning"][..], &["--mode", "both"], &[]] {
        let hits = search(&instance, &[mode, &[question]].concat());
        assert_eq!(
            (shown(&hits[0]).as_str(), &hits[0]["found_by"]),
            (SAID[0], &json!("meaning")),
            "{mode:?}"
        );
    }
    let both = search(&instance, &["kernel killed"]);
    assert_eq!((&both[0]["found_by"], &both[0]["kind"]), (&json!("both"), &json!("message")));
    // Filters.
    let by_meaning = |more: &[&str]| search(&instance, &[&["--mode", "meaning", question], more].concat());
    for none in [
        ["--role", "assistant"],
        ["--cli", "codex"],
        ["--folder", "/usr"],
        ["--kind", "tool_call"],
        ["--until", "2025-01-01"],
    ] {
        assert!(by_meaning(&none).is_empty(), "{none:?}");
    }
    for one in [["--role", "user"], ["--folder", "/w"], ["--since", "2025-01-01"]] {
        assert_eq!(shown(&by_meaning(&one)[0]), SAID[0], "{one:?}");
    }
    let without = search(&instance, &["--mode", "meaning", "--", "memory was exhausted", "-kernel"]);
    assert!(without.iter().all(|hit| shown(hit) != SAID[0]), "{without:?}");
    // Who asks for what there is not is told what to do.
    let refused = instance.run(&["--set", "search.model=off", "search", "--mode", "meaning", question]);
    assert!(
        !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("models list"),
        "{refused:?}"
    );
    let off = instance.run(&["--set", "search.model=off", "search", "--json", "kernel"]);
    assert!(off.status.success() && off.stderr.is_empty(), "{off:?}");
    assert!(!String::from_utf8_lossy(&off.stdout).contains("meaning"), "{off:?}");
    // What comes later is found as well, and so is what the store that is made anew has.
    say(&instance, "two", 2, &["the fan of the server is very loud"]);
    // A search reads for a second at most, and on a busy machine the next one goes on.
    let found = || {
        let hits = search(&instance, &["--mode", "meaning", "noisy computer"]);
        (shown(&hits[0]) == "the fan of the server is very loud").then_some(())
    };
    testkit::eventually(testkit::terminal::PATIENCE, found).expect("what came later is found");
    assert_eq!(instance.json(&["import", "--rebuild", "--json"])["read_for_meaning"], 9);
    assert_eq!(shown(&by_meaning(&[])[0]), SAID[0]);
}

/// Whoever makes vectors is killed at any moment: it goes on where it was, and each entry is found. Another model reads all
/// anew.
#[test]
fn who_is_killed_while_making_vectors_goes_on_where_it_was() {
    let (calm, instance) = (instance(), instance());
    let numbered = |number: usize| format!("{} (note {number})", SAID[number % SAID.len()].repeat(4));
    let texts: Vec<String> = (0..150).map(numbered).collect();
    say(&calm, "one", 0, &texts);
    let whole = time(|| drop(calm.out(&["import"])));
    say(&instance, "one", 0, &texts);
    let mut kills = Kills::new(5);
    for round in 0..8 {
        // Together they take longer than one that is not killed.
        let at = whole.mul_f64((f64::from(round) + kills.chance()) / 8.0);
        kills.strike_after(instance.command(&["import"]), at, &instance.home().join("state"));
    }
    assert!(kills.in_the_middle > 0, "none was killed in the middle");
    let rest = instance.json(&["import", "--json"])["read_for_meaning"].as_u64().unwrap();
    assert!(rest < 150, "what was made before the kills was made again");
    let found = search(
        &instance,
        &["--mode", "meaning", "-n", "1000", SAID[0], SAID[1], SAID[2], SAID[3], SAID[4], SAID[5]],
    );
    let mut notes: Vec<&str> = found.iter().map(|hit| hit["entry"].as_str().unwrap()).collect();
    notes.sort_unstable();
    notes.dedup();
    assert_eq!((notes.len(), found.len()), (150, 150), "each entry is found once");
    assert_eq!(instance.json(&["import", "--json"])["read_for_meaning"], 0);
    let wheel = testkit::tools::minilm_wheel().unwrap().display().to_string();
    instance.out(&["models", "install", &wheel, "--name", "mine"]);
    let mine = instance.json(&["--set", "search.model=mine", "import", "--json"]);
    assert_eq!(mine["read_for_meaning"], 150, "vectors of another model are of no use");
}
