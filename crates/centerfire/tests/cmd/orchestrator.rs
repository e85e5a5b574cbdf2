//! `orchestrator`: the program's second name.

use crate::{LIMIT, instance, out, text};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Output};
use testkit::{Instance, Terminal};

/// The second name, and a folder in the PATH with a `claude` that says what it is called with.
fn installed(instance: &Instance) -> PathBuf {
    let name = instance.work().join("orchestrator");
    symlink(instance.binary(), &name).unwrap();
    let claude = instance.work().join("bin/claude");
    std::fs::create_dir(claude.parent().unwrap()).unwrap();
    std::fs::write(&claude, "#!/bin/sh\necho claude is here: $*; pwd\n").unwrap();
    std::fs::set_permissions(claude, std::fs::Permissions::from_mode(0o755)).unwrap();
    name
}

fn command(instance: &Instance, arguments: &[&str]) -> Command {
    let mut command = Command::new(installed(instance));
    command.args(arguments);
    instance.settle(&mut command);
    command.env("PATH", format!("{}:/usr/bin:/bin", instance.work().join("bin").display()));
    command
}

fn run(instance: &Instance, arguments: &[&str]) -> Output {
    testkit::instance::finish(command(instance, arguments), LIMIT)
}

/// A26: the command line works as written, and a missing `claude-code` falls back to `claude`.
#[test]
fn a_missing_claude_code_is_claude_and_it_says_so() {
    let instance = instance();
    let command = command(&instance, &["--mode", "pty-proxy", "--claude-command", "claude-code"]);
    let terminal = Terminal::spawn(command, 80, 24).unwrap();
    assert!(terminal.wait(LIMIT).unwrap().success());
    let seen = text(&terminal.output());
    assert!(seen.contains("`claude-code` is not installed; running `claude`"), "{seen}");
    assert!(seen.contains("claude is here"), "{seen}");
    assert!(out(&instance, &["output"]).contains("claude is here"), "it is a session like any other");
}

#[test]
fn a_file_names_command_folder_and_log_and_the_rest_is_said_to_be_unused() {
    let instance = instance();
    std::fs::create_dir_all(instance.work().join("config")).unwrap();
    std::fs::create_dir(instance.work().join("below")).unwrap();
    let file = "pty_proxy:\n  claude_command: claude -p\n  session_id: first\n  working_directory: below\n  \
                log_file: log.jsonl\n  buffer_size: 8192\nsocket_path: /tmp/orchestrator.sock\n";
    std::fs::write(instance.work().join("config/test.yaml"), file).unwrap();
    let output = run(&instance, &["--config", "config/test.yaml"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = text(&output.stderr);
    assert!(told.contains("`pty_proxy.buffer_size` is not used yet"), "{told}");
    assert!(told.contains("`socket_path` is not used yet"), "{told}");
    let shown = text(&output.stdout);
    assert!(shown.contains("claude is here: --settings ") && shown.contains("} -p"), "{shown}");
    assert!(shown.contains("/below"), "{shown}");
    assert_eq!(instance.json(&["show", "first", "--json"])["name"], "first");
    let log = instance.work().join("log.jsonl");
    let written = || std::fs::read_to_string(&log).is_ok_and(|log| log.contains("session ended"));
    testkit::eventually(LIMIT, || written().then_some(())).expect("the log is written to its end");
}

#[test]
fn a_file_that_is_not_there_is_one_clear_error() {
    let instance = instance();
    let output = run(&instance, &["--config", "config/none.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("read config/none.yaml: No such file"), "{}", text(&output.stderr));
}
