//! `centerfire export`.

use crate::{LIMIT, instance, kill_host, out, recorded, started, text};
use serde_json::Value;
use std::process::Command;
use testkit::{Terminal, eventually, tools};

const SCRIPT: &str =
    "printf 'hello \\033[1mw\\303\\266rld\\033[m\\r\\n'; sleep 0.1; seq 40; printf 'bye\\n'; exit 3";

fn entries(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[test]
fn asciinema_plays_a_recording_of_version_2() {
    let instance = instance();
    recorded(&instance, SCRIPT);
    let file = instance.work().join("s.cast");
    out(&instance, &["export", "s", "--format", "asciicast-v2", "-o", file.to_str().unwrap()]);
    for verb in ["cat", "play"] {
        let mut command = Command::new(tools::asciinema().unwrap());
        command.arg(verb).arg(&file);
        instance.settle(&mut command);
        let output = testkit::instance::finish(command, LIMIT);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), out(&instance, &["output", "s"]), "{verb}");
    }
}

#[test]
fn a_file_is_written_over_only_with_force() {
    let instance = instance();
    recorded(&instance, "printf hello");
    let file = instance.work().join("taken");
    let file = file.to_str().unwrap();
    let export = ["export", "s", "--format", "raw", "-o", file];
    std::fs::write(file, "").unwrap();
    out(&instance, &export);
    std::fs::write(file, "somebody's").unwrap();
    for follow in [&[][..], &["--follow"]] {
        let output = instance.run(&[&export[..], follow].concat());
        let told = text(&output.stderr);
        assert!(output.status.code() == Some(1) && told.contains("--force"), "{told}");
        assert_eq!(std::fs::read_to_string(file).unwrap(), "somebody's");
    }
    out(&instance, &[&export[..], &["--force"]].concat());
    assert_eq!(std::fs::read_to_string(file).unwrap(), "hello");
    out(&instance, &["export", "s", "--format", "raw", "-o", "/dev/null"]);
    assert_eq!(out(&instance, &["export", "s", "--format", "raw", "-o", "-"]), "hello");
}

#[test]
fn version_3_ends_with_the_exit_status() {
    let instance = instance();
    recorded(&instance, SCRIPT);
    let cast = out(&instance, &["export", "s", "--format", "asciicast-v3"]);
    let last: Value = serde_json::from_str(cast.lines().last().unwrap()).unwrap();
    assert_eq!((&last[1], &last[2]), (&Value::from("x"), &Value::from("3")));
    let head: Value = serde_json::from_str(cast.lines().next().unwrap()).unwrap();
    assert_eq!((&head["version"], &head["term"]["cols"]), (&Value::from(3), &Value::from(80)));
}

#[test]
fn text_is_all_that_a_person_saw() {
    let instance = instance();
    recorded(&instance, SCRIPT);
    let numbers: String = (1..=40).map(|number| format!("{number}\n")).collect();
    let expected = format!("hello wörld\n{numbers}bye\n");
    assert_eq!(out(&instance, &["export", "s", "--format", "text"]), expected);
}

#[test]
fn the_log_has_what_was_typed_and_said_in_order() {
    let instance = instance();
    started(&instance, "read line; echo got $line");
    out(&instance, &["send", "s", "--text", "words\n"]);
    out(&instance, &["wait", "s", "--for", "exit"]);
    let log = entries(&out(&instance, &["export", "s", "--format", "log"]));
    let of = |kind: &str| {
        let fitting = log.iter().filter(|entry| entry["entry_type"] == kind);
        fitting.map(|entry| entry["content"].as_str().unwrap()).collect::<String>()
    };
    assert_eq!(of("UserInput"), "words\r");
    assert!(of("ClaudeOutput").contains("got words"));
    let metadata = &log[0]["metadata"];
    assert_eq!(metadata["working_directory"], instance.work().to_str().unwrap());
    let numbers: Vec<u64> =
        log.iter().map(|entry| entry["metadata"]["sequence_number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..log.len() as u64).collect::<Vec<_>>());
    assert!(log.iter().any(|entry| entry["metadata"]["is_complete_message"] == true));
}

/// A3: written live, flushed per entry, and the numbers go on after a reopen.
#[test]
fn a_followed_log_is_whole_after_its_writer_and_its_host_were_killed() {
    let instance = instance();
    started(&instance, "echo one; read line; echo two; read line; echo three");
    let file = instance.work().join("log.jsonl");
    let follow = ["export", "s", "--format", "log", "--follow", "-o", file.to_str().unwrap()];
    let mut writer = instance.command(&follow).spawn().unwrap();
    await_in(&file, "one");
    writer.kill().unwrap();
    writer.wait().unwrap();
    // As if it had died in the middle of a line.
    let mut torn = std::fs::read(&file).unwrap();
    torn.truncate(torn.len() - 9);
    std::fs::write(&file, torn).unwrap();
    kill_host(&instance, "s");
    out(&instance, &["send", "s", "--text", "a\n"]);
    let mut writer = instance.command(&follow).spawn().unwrap();
    await_in(&file, "two");
    out(&instance, &["send", "s", "--text", "b\n"]);
    assert!(writer.wait().unwrap().success());
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written, out(&instance, &["export", "s", "--format", "log"]));
}

/// A3: `run` has the log written while the session runs, by a process that needs neither `run` nor a terminal.
#[test]
fn run_writes_a_log_beside_the_session_and_a_second_run_goes_on_in_it() {
    let instance = instance();
    let file = instance.work().join("log.jsonl");
    let run = ["run", "--detached", "--name", "s", "--log-file", "log.jsonl", "--", "sh", "-c"];
    for word in ["first", "second"] {
        out(&instance, &[&run[..], &[&format!("echo {word}; read line")]].concat());
        await_in(&file, word);
        out(&instance, &["kill", "s"]);
        eventually(LIMIT, || instance.leaked().is_empty().then_some(()))
            .expect("the writer ends with its session");
    }
    let log = entries(&std::fs::read_to_string(&file).unwrap());
    let numbers = log.iter().map(|entry| entry["metadata"]["sequence_number"].as_u64().unwrap());
    assert!(numbers.eq(0..log.len() as u64));
    let ends = log.iter().filter(|entry| entry["content"] == "session ended: signal HUP");
    assert_eq!(ends.count(), 2);
}

#[test]
fn two_sessions_never_write_one_log() {
    let instance = instance();
    let run = ["run", "--detached", "--log-file", "log.jsonl", "--", "sh", "-c", "echo here; read line"];
    out(&instance, &run);
    await_in(&instance.work().join("log.jsonl"), "here");
    let second = instance.run(&run);
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("name another file"), "{}", text(&second.stderr));
    assert_eq!(instance.json(&["list", "--json"]).as_array().unwrap().len(), 1, "nothing was started");
}

/// A5: events as they happen, until the program ends.
#[test]
fn followed_events_hold_what_was_typed_and_said_between_a_start_and_an_end() {
    let instance = instance();
    started(&instance, "read line; echo got $line");
    let follow = instance.command(&["export", "s", "--format", "events", "--follow"]);
    let follow = std::thread::spawn(|| testkit::instance::finish(follow, LIMIT));
    out(&instance, &["send", "s", "--text", "words\n"]);
    let events = entries(&text(&follow.join().unwrap().stdout));
    let id = instance.json(&["show", "s", "--json"])["id"].clone();
    let start = &events[0]["SessionStart"];
    assert_eq!(start["session_id"], id);
    assert_eq!(start["working_directory"], instance.work().to_str().unwrap());
    let end = &events.last().unwrap()["SessionEnd"];
    assert_eq!(end["session_id"], id);
    assert!(end["duration"]["secs"].is_u64() && end["duration"]["nanos"].is_u64(), "{end}");
    let data = |kind: &str| -> Vec<u8> {
        let all = events.iter().filter_map(|event| event[kind]["data"].as_array());
        all.flatten().map(|byte| byte.as_u64().unwrap() as u8).collect()
    };
    assert_eq!(data("UserInput"), b"words\r");
    assert_eq!(text(&data("ClaudeOutput")), out(&instance, &["output", "s"]));
}

fn await_in(file: &std::path::Path, word: &str) {
    let there = || std::fs::read_to_string(file).is_ok_and(|text| text.contains(word));
    eventually(LIMIT, || there().then_some(())).unwrap_or_else(|| panic!("no `{word}` in the log"));
}

#[test]
fn a_damaged_recording_is_exported_around_the_damage_and_says_so() {
    let instance = instance();
    recorded(&instance, "seq 100");
    crate::damage(&instance, "s");
    let output = instance.run(&["export", "s", "--format", "raw"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("left out"), "{}", text(&output.stderr));
    assert_eq!(instance.run(&["output", "s"]).status.code(), Some(1));
    assert!(instance.run(&["replay", "s"]).status.success(), "what is there is played");
}

#[test]
fn a_person_sees_how_far_a_long_export_has_come_and_nobody_else_does() {
    let instance = instance();
    recorded(&instance, "seq 400000");
    // A reader that takes its time makes it long.
    let export = "\"$cf\" $0 export s --format raw | { sleep 0.7; cat >bytes; }; echo over";
    let in_terminal = |option: &str, to: &str| {
        let mut command = Command::new("/bin/sh");
        instance.settle(&mut command);
        command.args(["-c", &format!("exec 2>{to}; {export}"), option]).env("cf", instance.binary());
        let terminal = Terminal::spawn(command, 80, 24).unwrap();
        String::from_utf8(terminal.wait_for_text("over").unwrap()).unwrap()
    };
    let told = in_terminal("", "&1");
    assert_eq!(std::fs::metadata(instance.work().join("bytes")).unwrap().len(), 3_088_895);
    assert!(told.contains("export ") && told.contains(" of 3.1 MB, ") && told.contains("/s"), "{told:?}");
    assert!(told.ends_with("\r\x1b[Kover\r\n"), "the line is gone when all is done: {told:?}");
    assert_eq!(in_terminal("--json", "&1"), "over\r\n");
    assert_eq!(in_terminal("", "told"), "over\r\n");
    assert_eq!(std::fs::read_to_string(instance.work().join("told")).unwrap(), "");
}

/// Made up; two of them, so that each is known by itself.
const SHOWN: &str = "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
const TYPED: &str = "ghp_Zy9Xw8Vu7Ts6Rq5Po4Nm3Lk2Ji1Hg0Fe9Dc8";
/// Writes the one in two pieces, and echoes the other.
const TELLS: &str = "printf 'push %.20s' $0; sleep 0.1; printf '%s\\n' ${0#????????????????????}; read line";

/// Runs it with a secret as its argument, and gives what of it must be seen nowhere.
fn with_secrets(instance: &testkit::Instance, more: &[&str]) -> Vec<&'static str> {
    let run = ["run", "-d", "--name", "s"];
    out(instance, &[&run[..], more, &["--", "sh", "-c", TELLS, SHOWN]].concat());
    out(instance, &["wait", "s", "--for", "text", "--match", &SHOWN[20..], "--since", "0"]);
    out(instance, &["send", "s", "--text", &format!("{TYPED}\n")]);
    out(instance, &["wait", "s", "--for", "exit"]);
    [SHOWN, TYPED].iter().flat_map(|secret| [&secret[4..20], &secret[20..]]).collect()
}

/// The texts of its events or entries, joined: a secret may lie in two of them.
fn joined(format: &str, text: &str) -> String {
    let told = |line: Value| line["content"].as_str().or(line[2].as_str()).unwrap_or_default().to_owned();
    if format == "text" { text.to_owned() } else { entries(text).into_iter().map(told).collect() }
}

#[track_caller]
fn assert_hidden(what: &str, text: &str, halves: &[&str]) {
    for half in halves {
        assert!(!text.contains(half), "{half} is in {what}: {text}");
    }
}

#[test]
fn a_secret_that_was_started_shown_or_typed_is_in_no_derived_form() {
    let instance = instance();
    let halves = with_secrets(&instance, &[]);
    for format in ["asciicast-v3", "asciicast-v2", "text", "log"] {
        let export = ["export", "s", "--format", format, "--input"];
        let (masked, exact) =
            (out(&instance, &export), out(&instance, &[&export[..], &["--unmasked"]].concat()));
        assert_hidden(format, &masked, &halves);
        let (told, meant) = (joined(format, &masked), joined(format, &exact));
        assert_hidden(format, &told, &halves);
        assert!(told.contains("push [redacted:github-token]**"), "{told}");
        assert!(meant.contains(SHOWN) && meant.contains(TYPED), "{meant}");
        // Where the command line is told its masks are as short as they can be; of all else each letter has its place.
        let lines =
            |text: &str| text.lines().skip(usize::from(format != "text")).map(str::len).collect::<Vec<_>>();
        assert_eq!(lines(&masked), lines(&exact), "{format}");
        assert_hidden(format, &out(&instance, &[&export[..], &["--follow"]].concat()), &halves);
    }
    for exact in ["raw", "events"] {
        let export = ["export", "s", "--format", exact];
        let unmasked = out(&instance, &[&export[..], &["--unmasked"]].concat());
        assert_eq!(out(&instance, &export), unmasked, "{exact} is the recording itself");
    }
    let raw = out(&instance, &["export", "s", "--format", "raw"]);
    assert!(raw.contains(SHOWN), "{raw}");
}

#[test]
fn a_log_that_is_written_beside_a_session_has_no_secrets() {
    let instance = instance();
    let halves = with_secrets(&instance, &["--log-file", "log.jsonl"]);
    let file = instance.work().join("log.jsonl");
    await_in(&file, "session ended");
    let written = std::fs::read_to_string(&file).unwrap();
    assert_hidden("the log", &written, &halves);
    assert_hidden("the log", &joined("log", &written), &halves);
    assert_eq!(written.lines().count(), out(&instance, &["export", "s", "--format", "log"]).lines().count());
}

/// The rest of what begins like a secret is not waited for without end.
#[test]
fn half_a_secret_is_masked_in_a_log_that_is_followed_when_nothing_comes_any_more() {
    let instance = instance();
    let run = ["run", "-d", "--name", "s", "--log-file", "log.jsonl", "--"];
    let script = "printf 'push %.20s' $0; read line; printf '%s\\n' ${0#????????????????????}; read line";
    out(&instance, &[&run[..], &["sh", "-c", script, SHOWN]].concat());
    let file = instance.work().join("log.jsonl");
    await_in(&file, "push [redacted:cut]");
    out(&instance, &["kill", "s"]);
    await_in(&file, "session ended");
    assert_hidden("the log", &std::fs::read_to_string(&file).unwrap(), &[&SHOWN[4..20]]);
}
