//! The hooks of the real Claude Code: beside the user's own, and no burden to anybody.

use crate::approvals::{DIALOG, ask, question, waiting_hooks};
use crate::claude_code::Desk;
use crate::rig::signal;
use crate::session::Session;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use testkit::eventually;
use testkit::terminal::PATIENCE;

/// A hook as Claude Code starts it, with something to tell.
pub(crate) fn hook(session: &Session, payload: &str) -> Command {
    let meta: Value =
        serde_json::from_slice(&std::fs::read(session.folder.join("meta.json")).unwrap()).unwrap();
    let mut command = session.instance.command(&["__hook", "claude"]);
    command.env("CENTERFIRE_SOCKET", meta["socket"].as_str().unwrap());
    let input = session.instance.work().join("payload.json");
    std::fs::File::create(&input).unwrap().write_all(payload.as_bytes()).unwrap();
    command.stdin(std::fs::File::open(input).unwrap());
    command
}

/// The user's own hooks run beside ours, and their configuration is as it was.
#[test]
fn hooks_of_the_user_run_and_their_settings_stay_as_they_are() {
    let desk = Desk::new();
    let settings = desk.claude.config().join("settings.json");
    let own = json!([{ "hooks": [{ "type": "command", "command": "touch stopped.txt" }] }]);
    let text = json!({ "permissions": { "defaultMode": "default" }, "hooks": { "Stop": own } }).to_string();
    std::fs::write(&settings, &text).unwrap();
    let session = desk.session();
    ask(&session, "[[bash:touch made.txt]] [[say:it is made]]");
    session.get(&["approve"]);
    session.wait_for_line("● it is made");
    let ran = || desk.claude.project().join("stopped.txt").exists().then_some(());
    eventually(PATIENCE, ran).expect("the user's own hook ran");
    let meta: Value =
        serde_json::from_slice(&std::fs::read(session.folder.join("meta.json")).unwrap()).unwrap();
    assert_eq!(meta["command"], json!([desk.claude.program().to_str().unwrap()]), "as it was asked for");
    session.get(&["kill"]);
    assert_eq!(std::fs::read_to_string(&settings).unwrap(), text);
    let config = std::fs::read_dir(desk.claude.config()).unwrap().map(|entry| entry.unwrap().path());
    for file in config.filter(|path| path.is_file()) {
        assert!(!std::fs::read_to_string(&file).unwrap_or_default().contains("__hook"), "{file:?}");
    }
    assert!(!desk.claude.project().join(".claude").exists());
    let mut events = Vec::new();
    let mut reader = journal::Reader::open(&session.folder.join("journal"), protocol::Offset::ZERO).unwrap();
    while let Some(record) = reader.next().unwrap() {
        if let protocol::Body::Hook { bytes, cut: false } = record.body {
            let told: Value = serde_json::from_slice(bytes).unwrap();
            events.push(told["hook_event_name"].as_str().unwrap().to_owned());
        }
    }
    for event in ["SessionStart", "UserPromptSubmit", "PermissionRequest", "Stop", "SessionEnd"] {
        assert!(events.iter().any(|seen| seen == event), "{event} is not among {events:?}");
    }
}

/// One that is switched off has no hooks, and asks in its own way.
#[test]
fn hooks_that_are_switched_off_are_not_put_in() {
    let desk = Desk::new();
    let session = desk.session_set(&[("CENTERFIRE_CLAUDE_HOOKS", "false")]);
    session.get(&["send", "--submit", "[[bash:touch made.txt]] [[say:it is made]]"]);
    session.wait_for_line(DIALOG);
    assert_eq!(session.json(&["approvals"]), json!([]));
    assert_eq!(waiting_hooks(&session), 0);
}

/// A host that does not answer, or is not there, slows nobody; a stopped one hears all of it when it goes on.
#[test]
fn a_host_that_is_stopped_slows_the_cli_by_less_than_a_second() {
    let session = Session::start(&["cat"]);
    let payload = r#"{"hook_event_name":"Stop","prompt_id":"p"}"#;
    let run = |payload: &str| {
        let begin = Instant::now();
        let output = hook(&session, payload).output().unwrap();
        assert!(
            output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(),
            "{output:?}"
        );
        begin.elapsed()
    };
    // The best of three, because others use this machine too.
    let best = || (0..3).map(|_| run(payload)).min().unwrap();
    let heard = best();
    let host = session.pid("host");
    signal(host, Signal::STOP);
    let took = best();
    let mut asking =
        hook(&session, r#"{"hook_event_name":"PermissionRequest","tool_name":"Bash","tool_input":{}}"#);
    let mut asking = asking.stdout(Stdio::piped()).spawn().unwrap();
    signal(host, Signal::CONT);
    assert!(took < heard + Duration::from_secs(1), "{took:?} instead of {heard:?}");
    question(&session);
    session.get(&["approve"]);
    assert!(asking.wait().unwrap().success());
    let hooks = || {
        let mut reader =
            journal::Reader::open(&session.folder.join("journal"), protocol::Offset::ZERO).unwrap();
        let mut hooks = 0;
        while let Some(record) = reader.next().unwrap() {
            hooks += usize::from(matches!(record.body, protocol::Body::Hook { .. }));
        }
        (hooks == 7).then_some(())
    };
    eventually(PATIENCE, hooks).expect("all that was told is recorded");
    let long = format!(r#"{{"hook_event_name":"Stop","last":"{}"}}"#, "x".repeat(3 << 20));
    run(&long);
    run("no JSON at all");
    session.get(&["kill"]);
    assert!(best() < heard + Duration::from_secs(1), "a session that is gone");
}

/// Claude Code itself, told of by a hook to a host that is stopped: it answers as soon as it does without hooks.
#[test]
fn the_cli_answers_as_soon_while_the_host_is_stopped() {
    let desk = Desk::new();
    let session = Session::start(&["cat"]);
    let meta: Value =
        serde_json::from_slice(&std::fs::read(session.folder.join("meta.json")).unwrap()).unwrap();
    let binary = session.instance.binary().to_str().unwrap().to_owned();
    let words = [desk.claude.program().as_os_str(), "-p".as_ref(), "hello".as_ref()].map(Into::into);
    let role = [binary.as_str(), "__hook", "claude"];
    let put = adapter::claude::hooks::put_in(&words, &role, None, &|_| None);
    let adapter::claude::hooks::Put::In(with_hooks) = put else { panic!("{put:?}") };
    let run = |words: &[std::ffi::OsString]| {
        let mut command = desk.claude.command();
        command.args(&words[1..]).env("CENTERFIRE_SOCKET", meta["socket"].as_str().unwrap());
        let begin = Instant::now();
        let output = testkit::instance::finish(command, PATIENCE);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains("FAKE: hello"), "{output:?}");
        begin.elapsed()
    };
    signal(session.pid("host"), Signal::STOP);
    // The best of three, because others use this machine too.
    let best = |words: &[std::ffi::OsString]| (0..3).map(|_| run(words)).min().unwrap();
    let (without, with) = (best(&words), best(&with_hooks));
    // A hook that waited would wait with each of the events.
    assert!(with < without.mul_f64(1.5) + Duration::from_secs(1), "{with:?} instead of {without:?}");
}

/// What is installed in the user's settings works without a session, and leaves nothing behind.
#[test]
fn hooks_are_installed_for_a_cli_without_a_session_and_taken_out_again() {
    let desk = Desk::new();
    let instance = testkit::Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let file = desk.claude.config().join("settings.json");
    let before = std::fs::read_to_string(&file).unwrap();
    let entries = || {
        let folder = std::fs::read_dir(desk.claude.config()).unwrap();
        let mut names: Vec<_> = folder.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let names = entries();
    let settings = file.to_str().unwrap();
    for changed in [true, false] {
        let told = instance.json(&["hooks", "install", "--settings", settings, "--json"]);
        assert_eq!(told["changed"], changed);
    }
    let mut command = desk.claude.headless("hello");
    command.env("CENTERFIRE_HOME", instance.home());
    let output = testkit::instance::finish(command, PATIENCE);
    assert!(output.status.success(), "{output:?}");
    let kept = instance.home().join("state/hooks");
    let conversation = std::fs::read_dir(&kept).unwrap().next().unwrap().unwrap().path();
    let ended = || std::fs::read_to_string(&conversation).ok().filter(|text| text.contains("SessionEnd"));
    let text = eventually(PATIENCE, ended).expect("the end is kept");
    let told: Vec<Value> = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(told.iter().any(|line| line["prompt"] == "hello"), "{text}");
    instance.out(&["hooks", "uninstall", "--settings", settings]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    assert!(
        entries().iter().all(|name| names.contains(name) || !name.to_string_lossy().contains("settings"))
    );
    std::fs::write(&file, "{ broken").unwrap();
    let refused = instance.run(&["hooks", "install", "--settings", settings]);
    assert!(!refused.status.success());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{ broken");
}
