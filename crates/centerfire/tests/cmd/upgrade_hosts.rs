//! `centerfire upgrade-hosts`.

use crate::{LIMIT, instance, out, started, text};
use testkit::Instance;

/// Runs a command of an instance by another binary.
fn by(binary: &std::path::Path, instance: &Instance, arguments: &[&str]) -> std::process::Output {
    let mut command = std::process::Command::new(binary);
    command.args(arguments);
    instance.settle(&mut command);
    testkit::instance::finish(command, LIMIT)
}

#[test]
fn a_host_becomes_the_new_binary_and_its_program_does_not_notice() {
    let instance = instance();
    started(&instance, "echo one; read line; echo two $line; read line");
    out(&instance, &["wait", "s", "--for", "text", "--match", "one"]);
    let new = instance.work().join("newer");
    std::fs::copy(instance.binary(), &new).unwrap();
    let output = by(&new, &instance, &["upgrade-hosts"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "s: upgraded\n");
    let host = instance.json(&["show", "s", "--json"])["pids"]["host"].as_u64().unwrap();
    assert_eq!(std::fs::read_link(format!("/proc/{host}/exe")).unwrap(), new);
    out(&instance, &["send", "s", "--text", "words\n"]);
    out(&instance, &["wait", "s", "--for", "text", "--match", "two words"]);
}

#[test]
fn with_nothing_to_do_it_says_so() {
    assert_eq!(out(&instance(), &["upgrade-hosts"]), "no session runs\n");
}
