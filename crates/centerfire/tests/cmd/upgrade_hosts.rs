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
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(text(&output.stdout), format!("s: upgraded from {version} to {version}\n"));
    let host = instance.json(&["show", "s", "--json"])["pids"]["host"].as_u64().unwrap();
    assert_eq!(std::fs::read_link(format!("/proc/{host}/exe")).unwrap(), new);
    let again = by(&new, &instance, &["upgrade-hosts", "s", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    let session = &told["sessions"][0];
    assert_eq!((&session["result"], &session["from"]), (&"skipped".into(), &version.into()), "{told}");
    assert_eq!((&told["binary"], &told["version"]), (&new.to_str().into(), &version.into()), "{told}");
    out(&instance, &["send", "s", "--text", "words\n"]);
    out(&instance, &["wait", "s", "--for", "text", "--match", "two words"]);
}

/// A host that knows of input which the program has not read would lose it.
#[test]
fn a_session_that_cannot_be_handed_over_goes_on_and_says_why() {
    let instance = instance();
    started(&instance, "stty raw -echo; echo deaf; sleep 1000");
    recorded_end(&instance);
    out(&instance, &["wait", "s", "--for", "text", "--match", "deaf"]);
    let meta: protocol::Meta = {
        let folder = instance.json(&["show", "s", "--json"])["folder"].as_str().unwrap().to_owned();
        session::folder::Folder::at(folder.as_ref()).meta().unwrap()
    };
    let mut typist = session::client::HostClient::connect(&meta, "test").unwrap();
    let form = protocol::frame::InputForm::Raw;
    typist.post(protocol::frame::Request::Input { form }, &[b'x'; 256 << 10]).unwrap();
    typist.call(protocol::frame::Request::Status).unwrap();
    let new = instance.work().join("newer");
    std::fs::copy(instance.binary(), &new).unwrap();
    let output = by(&new, &instance, &["upgrade-hosts"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    let version = env!("CARGO_PKG_VERSION");
    let why = format!("`s` goes on under {version}: input waits for the program to read it");
    assert!(told.contains(&why), "{told}");
    assert!(told.ends_with("`centerfire upgrade-hosts s` tries again\n"), "{told}");
    let output = by(&new, &instance, &["upgrade-hosts", "--json", "s", "ended"]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let [running, ended] = told["sessions"].as_array().unwrap().as_slice() else { panic!("{told}") };
    assert_eq!((&running["result"], &ended["result"]), (&"failed".into(), &"failed".into()), "{told}");
    assert_eq!(running["next"], "centerfire upgrade-hosts s");
    assert!(ended["error"].as_str().unwrap().contains("has ended"), "{told}");
}

/// Leaves a session named `ended` behind.
fn recorded_end(instance: &Instance) {
    out(instance, &["run", "-d", "--name", "ended", "--", "true"]);
    out(instance, &["wait", "ended", "--for", "exit"]);
}

#[test]
fn with_nothing_to_do_it_says_so() {
    assert_eq!(out(&instance(), &["upgrade-hosts"]), "no session runs\n");
}
