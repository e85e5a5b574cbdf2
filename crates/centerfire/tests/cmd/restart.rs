//! `centerfire restart`.

use crate::{LIMIT, instance, out, recorded, started, text};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use testkit::Terminal;

#[test]
fn the_same_command_runs_in_the_same_folder_as_a_child_of_the_old_session() {
    let instance = instance();
    let folder = instance.work().join("below");
    std::fs::create_dir(&folder).unwrap();
    let run = ["run", "-d", "--name", "s", "--cwd", "below", "--env", "WORD=x", "--"];
    out(&instance, &[&run[..], &["sh", "-c", "pwd; echo word $WORD"]].concat());
    out(&instance, &["wait", "s", "--for", "exit"]);
    let first = instance.json(&["show", "s", "--json"]);
    let again = instance.run(&["restart", "s", "--detached"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert!(text(&again.stderr).contains("WORD"), "{}", text(&again.stderr));
    let id = text(&again.stdout).trim().to_owned();
    out(&instance, &["wait", &id, "--for", "exit"]);
    let second = instance.json(&["show", &id, "--json"]);
    assert_eq!(second["parent"], first["id"]);
    assert_eq!(second["name"], "s");
    assert_eq!(out(&instance, &["output", &id]), format!("{}\r\nword\r\n", folder.display()));
}

/// Names of files and arguments are bytes: a program gets its own, also when it is started again from what was written.
#[test]
fn words_and_folders_that_are_no_text_come_through_a_restart() {
    let instance = instance();
    let name = OsStr::from_bytes(b"no\xfftext");
    std::fs::create_dir(instance.work().join(name)).unwrap();
    let mut command = instance.command(&["run", "-d", "--name", "s", "--cwd"]);
    let script = r#"printf '%s' "$(pwd)" "$1" | od -An -v -tx1 | tr -d ' \n'"#;
    command.arg(name).args(["--", "sh", "-c", script, "sh"]).arg(OsStr::from_bytes(b"\xc3\x28\xfe"));
    let run = testkit::instance::finish(command, LIMIT);
    assert!(run.status.success(), "{}", text(&run.stderr));
    out(&instance, &["wait", "s", "--for", "exit"]);
    let seen = out(&instance, &["output", "s"]);
    assert!(seen.ends_with("6e6fff74657874c328fe"), "{seen}");
    let shown = instance.json(&["show", "s", "--json"]);
    assert_eq!(shown["command"][4], "\u{fffd}(\u{fffd}");
    assert_eq!(shown["bytes"]["command"][4], serde_json::json!([0xc3, 0x28, 0xfe]));
    let id = out(&instance, &["restart", "s", "--detached"]).trim().to_owned();
    out(&instance, &["wait", &id, "--for", "exit"]);
    assert_eq!(out(&instance, &["output", &id]), seen);
}

/// The folder in which a shell stands may be such a one without anybody naming it.
#[test]
fn a_session_starts_in_a_folder_whose_name_is_no_text() {
    let instance = instance();
    let folder = instance.work().join(OsStr::from_bytes(b"\xff"));
    std::fs::create_dir(&folder).unwrap();
    let script = r"pwd | od -An -v -tx1 | tr -d ' \n'";
    let mut command = instance.command(&["run", "-d", "--name", "s", "--", "sh", "-c", script]);
    command.current_dir(&folder);
    let run = testkit::instance::finish(command, LIMIT);
    assert!(run.status.success(), "{}", text(&run.stderr));
    out(&instance, &["wait", "s", "--for", "exit"]);
    assert!(out(&instance, &["output", "s"]).contains("2fff0a"));
    assert!(out(&instance, &["list", "--all"]).contains("pwd"));
}

#[test]
fn one_that_runs_is_refused() {
    let instance = instance();
    started(&instance, "read line");
    let output = instance.run(&["restart", "s", "--detached"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(text(&output.stderr).contains("centerfire kill s"), "{}", text(&output.stderr));
}

#[test]
fn joining_an_ended_session_names_the_ways_on() {
    let instance = instance();
    recorded(&instance, "true");
    let output = instance.run(&["attach", "s"]);
    assert_eq!(output.status.code(), Some(4));
    let told = text(&output.stderr);
    assert!(told.contains("centerfire replay s") && told.contains("centerfire restart s"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn of_a_conversation_the_command_that_resumes_it_is_told() {
    let instance = instance();
    let claude = instance.work().join("claude");
    std::fs::copy("/bin/true", &claude).unwrap();
    let id = "0196a1b2-0000-7000-8000-123456789abc";
    let claude = claude.to_str().unwrap();
    out(&instance, &["run", "-d", "--name", "s", "--", claude, "--session-id", id]);
    out(&instance, &["wait", "s", "--for", "exit"]);
    let resume = format!("{claude} --resume {id}");
    assert_eq!(instance.json(&["show", "s", "--json"])["resume"], resume);
    assert_eq!(instance.json(&["list", "--all", "--json"])[0]["resume"], resume);
    assert!(out(&instance, &["list", "--all"]).contains(&resume));
    let narrow = Terminal::spawn(instance.command(&["list", "--all"]), 60, 24).unwrap();
    narrow.wait(LIMIT).unwrap();
    assert!(text(&narrow.output()).contains("`centerfire show NAME` tells how to resume one that ended"));
    let told = text(&instance.run(&["attach", "s"]).stderr);
    assert!(told.contains(&resume), "{told}");
}

/// What is wrong with the session itself has its own word, also where no host was asked; the exit codes are those of
/// the table.
#[test]
fn a_session_that_runs_and_one_that_ended_are_told_by_a_word_and_a_code() {
    let instance = instance();
    started(&instance, "read line");
    let told = |arguments: &[&str]| {
        let output = instance.run(&[&["--json"], arguments].concat());
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), value["code"].as_str().unwrap().to_owned())
    };
    assert_eq!(told(&["restart", "s"]), (Some(5), "RUNNING".to_owned()));
    assert_eq!(told(&["remove", "s"]), (Some(5), "RUNNING".to_owned()));
    out(&instance, &["kill", "s"]);
    assert_eq!(told(&["attach", "s"]), (Some(4), "ENDED".to_owned()));
    assert_eq!(told(&["kill", "s"]), (Some(4), "ENDED".to_owned()));
}
