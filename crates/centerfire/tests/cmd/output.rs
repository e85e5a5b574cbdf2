//! `centerfire output`.

use crate::{LIMIT, instance, kill_host, out, recorded, started, text};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use testkit::{Terminal, eventually};

#[test]
fn it_prints_what_terminals_were_shown_and_raw_prints_all() {
    let instance = instance();
    // A question to the terminal that the host answers stands between two words.
    recorded(&instance, "stty raw -echo; printf 'one\\033[5ntwo'; dd bs=1 count=4 2>/dev/null >answer");
    assert_eq!(out(&instance, &["output", "s"]), "onetwo");
    assert_eq!(out(&instance, &["output", "s", "--raw"]), "one\x1b[5ntwo");
    assert_eq!(out(&instance, &["output", "s", "--from", "2"]), "etwo");
    assert_eq!(out(&instance, &["output", "s", "--from", "2", "--raw"]), "e\x1b[5ntwo");
    let file = instance.work().join("copy");
    assert_eq!(out(&instance, &["output", "s", "-o", file.to_str().unwrap()]), "");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "onetwo");
}

#[test]
fn as_json_each_piece_has_its_offset_and_text_is_never_cut_in_a_character() {
    let instance = instance();
    let [second, third] =
        ["until [ -e second ]; do sleep 0.02; done", "until [ -e third ]; do sleep 0.02; done"];
    started(&instance, &format!("printf 'a\\303'; {second}; printf '\\244b'; {third}; printf '\\377'"));
    for (stored, gate) in [(2, "second"), (4, "third")] {
        let is_stored = || (instance.out(&["output", "s", "--raw"]).len() == stored).then_some(());
        eventually(LIMIT, is_stored).expect("a piece is stored");
        std::fs::write(instance.work().join(gate), "").unwrap();
    }
    out(&instance, &["wait", "s", "--for", "exit"]);
    let printed = out(&instance, &["output", "s", "--json"]);
    let lines: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut end = 0;
    let mut all = String::new();
    for line in &lines {
        assert_eq!(line["offset"], end, "{printed}");
        let text = line["text"].as_str().unwrap_or("?");
        end += text.len();
        all += text;
    }
    assert_eq!(all, "aäb?", "{printed}");
    assert_eq!(lines.last().unwrap()["base64"], "/w==");
}

#[test]
fn followed_it_goes_on_when_the_host_is_killed_and_ends_with_the_program() {
    let instance = instance();
    started(&instance, "echo one; read line; echo two $line; read line; echo three $line");
    let follow = Terminal::spawn(instance.command(&["output", "s", "--follow"]), 80, 24).unwrap();
    follow.wait_for_text("one").unwrap();
    kill_host(&instance, "s");
    out(&instance, &["send", "s", "--text", "a\n"]);
    follow.wait_for_text("two a").unwrap();
    out(&instance, &["send", "s", "--text", "b\n"]);
    assert!(follow.wait(LIMIT).unwrap().success());
    let seen = text(&follow.output());
    assert!(seen.contains("three b"), "{seen}");
}

#[test]
fn a_reader_that_leaves_ends_a_command_without_a_word() {
    let instance = instance();
    recorded(&instance, "seq 100000");
    let every = [
        "output s",
        "output s --json",
        "export s --format log",
        "list --all",
        "show s",
        "screen s",
        "man",
        "doctor",
    ];
    for arguments in every {
        // A reader that is gone before the first byte.
        let script = format!("{{ sleep 0.05; {} {arguments}; }} | true", instance.binary().display());
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &script]);
        instance.settle(&mut command);
        let output = testkit::instance::finish(command, LIMIT);
        assert_eq!(text(&output.stderr), "", "{arguments}");
    }
}

#[test]
fn followed_it_ends_when_the_whole_session_is_killed() {
    let instance = instance();
    started(&instance, "echo one; read line");
    let follow = Terminal::spawn(instance.command(&["output", "s", "--follow"]), 80, 24).unwrap();
    follow.wait_for_text("one").unwrap();
    let pids = instance.json(&["show", "s", "--json"])["pids"].clone();
    // Stopped first, so that none of them brings another one back.
    for signal in [Signal::STOP, Signal::KILL] {
        for role in ["keeper", "host", "child"] {
            let pid = Pid::from_raw(pids[role].as_i64().unwrap() as i32).unwrap();
            let _ = kill_process(pid, signal);
        }
    }
    assert!(follow.wait(LIMIT).unwrap().success());
}
