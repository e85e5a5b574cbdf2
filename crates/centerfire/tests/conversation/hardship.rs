//! What is killed, damaged, rewritten or removed costs no entry.

use crate::kills::{Kills, time};
use crate::written::{Recorded, Transcript, told, told_without_cursors};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use testkit::Instance;

const KILLS: u64 = 100;

fn instance() -> Instance {
    Instance::new(env!("CARGO_BIN_EXE_centerfire"))
}

fn texts(conversation: &Value) -> Vec<String> {
    let entries = conversation["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["text"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Invariant 3 of the design: whoever takes in the history may be killed anywhere, while it grows: what comes of it is what
/// comes of reading it once.
#[test]
fn who_is_killed_while_taking_in_the_history_loses_and_doubles_nothing() {
    let (killed, calm) = (instance(), instance());
    let mut pairs: Vec<[Transcript; 2]> =
        (1..=4).map(|number| [Transcript::new(&killed, number), Transcript::new(&calm, number)]).collect();
    let recorded = [&killed, &calm].map(Recorded::all);
    let mut kills = Kills::new(7);
    for round in 0..KILLS {
        if round % 4 == 0 {
            recorded.iter().flatten().for_each(|one| one.grow(round / 4));
        }
        for both in &mut pairs {
            both.iter_mut().for_each(|one| one.grow(40));
        }
        // A CLI writes one of its files anew: what was copied of it is another copy from then on.
        if round % 10 == 9 {
            for one in &pairs[0] {
                let before = fs::read(&one.path).unwrap();
                fs::write(&one.path, [b"{\"type\":\"mode\"}\n", &before[..]].concat()).unwrap();
            }
        }
        let whole = time(|| drop(calm.out(&["import"])));
        kills.strike(killed.command(&["import"]), whole, &killed.home().join("state"));
        assert!(round < 20 || kills.in_the_middle > 0, "none was killed in the middle");
    }
    let (after, once) = (told_without_cursors(&killed), told_without_cursors(&calm));
    let of = |cli: &str| once.iter().filter(|one| one["cli"] == cli).collect::<Vec<_>>();
    assert_eq!(
        [of("claude").len(), of("codex").len(), of("gemini").len()],
        [4, KILLS as usize / 4, KILLS as usize / 4]
    );
    assert_eq!(of("claude")[0]["entries"].as_array().unwrap().len(), 40 * KILLS as usize);
    assert!(after == once, "what was killed has another history");
    // And the store that is made anew is the same, too.
    killed.out(&["import", "--rebuild"]);
    assert!(told_without_cursors(&killed) == once, "the store that was made anew is another");
}

/// Point 7: what is no record is told with its place and a reason, and harms nothing beside it.
#[test]
fn what_is_no_record_is_told_and_harms_nothing_beside_it() {
    let instance = instance();
    let mut good = Transcript::new(&instance, 1);
    good.grow(8);
    let mut bad = Transcript::new(&instance, 2);
    bad.grow(4);
    bad.append(b"{\"type\":\"user\",\"mess");
    bad.append(b"age\": broken}\n\xff\xfe\x00 bytes\n[]\n17\n\n");
    bad.append(&[b"[".repeat(100_000), b"\n".to_vec()].concat());
    bad.append(
        &[
            &b"{\"type\":\"user\",\"uuid\":\"long\",\"message\":{\"content\":\""[..],
            &b"x".repeat(33 << 20),
            b"\"}}\n",
        ]
        .concat(),
    );
    // Kinds of tomorrow, a clock that runs wild, fields that are missing or of another form.
    for line in [
        json!({ "type": "tomorrow", "uuid": "t", "sessionId": bad.name, "what": { "is": ["kept", "whole"] } }),
        json!({ "type": "user", "uuid": "early", "sessionId": bad.name, "timestamp": "1969-01-01T00:00:00Z", "message": { "content": "before time" } }),
        json!({ "type": "user", "uuid": "late", "sessionId": bad.name, "timestamp": "2999-01-01T00:00:00Z", "message": { "content": "after time" } }),
        json!({ "type": "user", "uuid": "none", "sessionId": bad.name, "message": { "content": 7 } }),
        json!({ "type": "assistant", "uuid": "odd", "sessionId": bad.name, "message": { "content": [{ "type": "song", "text": "la" }, 7, null] } }),
        json!({ "type": "user" }),
    ] {
        bad.append(format!("{line}\n").as_bytes());
    }
    bad.grow(4);
    bad.append(b"{\"type\":\"user\",\"uuid\":\"half a line");
    let report = instance.json(&["import", "--json"]);
    let garbled = report["garbled"].as_array().unwrap();
    assert_eq!(garbled.len(), 1, "{report}");
    assert!(garbled[0]["file"].as_str().unwrap().contains(&bad.name), "{report}");
    assert!((5..=8).contains(&garbled[0]["records"].as_u64().unwrap()), "{report}");
    let told = told(&instance);
    let of = |name: &str| told.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(texts(of(&good.name)).len(), 8);
    let texts = texts(of(&bad.name));
    for kept in ["before time", "after time", "answer 1, naïve_name::part1() -> done"] {
        assert!(texts.iter().any(|text| text == kept), "{kept} is missing in {texts:?}");
    }
    // Behind the clock that ran ahead it goes on in the order in which it was written.
    assert!(texts.last().unwrap().starts_with("answer 1"), "{texts:?}");
    let unknown = of(&bad.name)["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["name"] == "tomorrow")
        .unwrap();
    assert_eq!(unknown["record"]["what"]["is"], json!(["kept", "whole"]));
    let found = instance.json(&["search", "kept whole", "--json"]);
    assert_eq!(found[0]["kind"], "unknown", "{found}");
    // The half line is read once it is whole.
    bad.append(b"\",\"message\":{\"content\":\"the other half\"}}\n");
    assert_eq!(instance.json(&["search", "\"the other half\"", "--json"]).as_array().unwrap().len(), 1);
}

/// X3: a CLI deletes its history, or rewrites a file; ours keeps what was there.
#[test]
fn what_a_cli_deletes_or_rewrites_is_kept() {
    let instance = instance();
    let (mut removed, mut rewritten) = (Transcript::new(&instance, 1), Transcript::new(&instance, 2));
    removed.grow(8);
    rewritten.grow(8);
    let before = told(&instance);
    fs::remove_file(&removed.path).unwrap();
    fs::remove_file(&rewritten.path).unwrap();
    let line = json!({ "type": "user", "uuid": "new", "sessionId": rewritten.name, "timestamp": "2026-02-01T00:00:00Z", "message": { "content": "begun anew" } });
    rewritten.append(format!("{line}\n").as_bytes());
    let after = told(&instance);
    assert_eq!(after[0], before[0]);
    let (old, new) = (texts(&before[1]), texts(&after[1]));
    assert_eq!(new[..8], old[..]);
    assert_eq!(new[8..], ["begun anew"]);
    rewritten.grow(4);
    let grown = told_without_cursors(&instance);
    assert_eq!(texts(&grown[1]).len(), 13);
    instance.out(&["import", "--rebuild"]);
    assert!(told_without_cursors(&instance) == grown, "the store that was made anew is another");
}

/// X3, A42: a secret that was said stands in our copy, which is private, and in nothing that is made of it.
#[test]
fn a_secret_is_masked_in_all_that_is_told() {
    let instance = instance();
    let transcript = Transcript::new(&instance, 1);
    // Put together here, so that no scanner takes this file for a leak.
    let secret = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    let said = json!({ "type": "user", "uuid": "s", "sessionId": transcript.name, "timestamp": "2026-01-01T00:00:00Z", "cwd": "/w",
        "message": { "role": "user", "content": [
            { "type": "text", "text": format!("push with {secret} please") },
            { "type": "tool_result", "tool_use_id": "c", "content": format!("GITHUB_TOKEN={secret}") },
        ] }, "toolUseResult": { "stdout": format!("token {secret}") } });
    transcript.append(format!("{said}\n").as_bytes());
    let told = told(&instance);
    let page = instance.out(&["conversation", &transcript.name, "--html"]);
    let found = instance.run(&["search", "--json", "--", &secret]);
    let store = fs::read(instance.home().join("state/conversation.db")).unwrap();
    let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
    assert!(told[0].to_string().contains("push with [redacted:"), "{}", told[0]);
    assert!(
        !holds(told[0].to_string().as_bytes()) && !holds(&page) && !holds(&found.stdout) && !holds(&store)
    );
    assert_eq!(serde_json::from_slice::<Value>(&found.stdout).unwrap(), json!([]));
    let mut copies = Vec::new();
    let mut folders = vec![instance.home().join("state/transcripts")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                copies.push((
                    fs::read(entry.path()).unwrap(),
                    entry.metadata().unwrap().permissions().mode() & 0o777,
                ));
            }
        }
    }
    assert!(
        copies.len() == 1 && holds(&copies[0].0) && copies[0].1 == 0o600,
        "our copy is whole and private"
    );
}

/// What is asked for is found: words, beginnings, phrases, names of code, signs; each entry once.
#[test]
fn what_is_searched_for_is_found_once_and_filters_hold() {
    let instance = instance();
    Transcript::new(&instance, 1).grow(40);
    Transcript::new(&instance, 2).grow(40);
    let search = |words: &[&str]| {
        let output = instance.run(&[&["search", "--json", "-n", "1000"], words].concat());
        let hits: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        assert_eq!(
            output.status.success(),
            hits.as_array().is_some_and(|hits| !hits.is_empty()),
            "{output:?}"
        );
        hits
    };
    let count = |words: &[&str]| search(words).as_array().unwrap().len();
    assert_eq!(count(&["answer"]), 20);
    assert_eq!(count(&["answer", "3"]), 2);
    assert_eq!(count(&["--", "answ*", "-3"]), 18);
    assert_eq!(count(&["NAIVE_NAME", "--role", "assistant"]), 20);
    assert_eq!(count(&["naïve_name::part7()"]), 2);
    assert_eq!(count(&["--", "-> done"]), 20);
    assert_eq!(count(&["\"made part3\""]), 2);
    assert_eq!(count(&["\"part3 made\""]), 0);
    assert_eq!(count(&["part3", "--kind", "tool_call"]), 2);
    assert_eq!(count(&["part3", "--tool", "Bash"]), 2);
    assert_eq!(count(&["part3", "--tool", "Edit"]), 0);
    assert_eq!(count(&["answer", "--folder", "/w"]), 20);
    assert_eq!(count(&["answer", "--folder", "/"]), 20);
    assert_eq!(count(&["answer", "--folder", "/usr"]), 0);
    assert_eq!(count(&["answer", "--cli", "codex"]), 0);
    assert_eq!(count(&["answer", "--until", "2026-01-01T00:00:10Z"]), 4);
    assert_eq!(count(&["answer", "--since", "2026-01-01T00:00:10Z"]), 16);
    assert_eq!(count(&["question 2 of 00000001"]), 1);
    for odd in ["\"", "*", "()", "NOT", "a AND (", "😀", "%_\\", "'; DROP TABLE entry; --"] {
        let _ = instance.run(&["search", "--json", "--", odd]);
        assert_eq!(count(&["answer"]), 20, "{odd}");
    }
}

/// One entry may be told again and again with other words, as an answer grows in a database; no model reads them.
#[test]
fn an_entry_that_changes_again_and_again_is_taken_in_each_time() {
    let instance = instance();
    let folder = instance.user_home().join(".claude/projects/p");
    fs::create_dir_all(&folder).unwrap();
    let line = |words: usize| {
        let message = json!({ "role": "user", "content": "word ".repeat(words) });
        json!({ "type": "user", "uuid": "u", "sessionId": "grows", "cwd": "/t", "timestamp": "2026-01-01T09:00:00Z", "message": message })
    };
    let mut text = String::new();
    for words in 1..=4 {
        text += &format!("{}\n{}\n", line(words * 2), line(words * 2 + 1));
        fs::write(folder.join("grows.jsonl"), &text).unwrap();
        instance.out(&["import"]);
    }
    assert_eq!(texts(&told(&instance)[0]), ["word ".repeat(9)]);
    instance.out(&["import", "--rebuild"]);
}

/// What is no file where a file is looked for holds up nobody.
#[test]
fn a_fifo_in_the_place_of_a_file_holds_up_nobody() {
    let instance = instance();
    let folder = instance.work().join("project");
    fs::create_dir_all(folder.join("sub")).unwrap();
    let made =
        std::process::Command::new("mkfifo").arg(folder.join(".git")).arg(folder.join("log.jsonl")).status();
    assert!(made.unwrap().success());
    let folder = folder.join("sub");
    instance.out(&["run", "--detached", "--cwd", folder.to_str().unwrap(), "--", "sleep", "60"]);
    instance.out(&["projects"]);
    let fifo = instance.work().join("project/log.jsonl");
    let output = instance.run(&["import", "--log", fifo.to_str().unwrap(), "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(told["failed"][0]["error"].as_str().unwrap().contains("not a file"), "{told}");
}
