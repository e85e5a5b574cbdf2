//! `centerfire show`.

use crate::{LIMIT, instance, out, recorded, text};
use rustix::process::{Pid, Signal, kill_process};
use testkit::{Terminal, eventually};

#[test]
fn who_was_attached_when_all_was_killed_is_not_attached_any_more() {
    let instance = instance();
    let run = instance.command(&["run", "--name", "s", "--", "sh", "-c", "echo begun; read line"]);
    let terminal = Terminal::spawn(run, 80, 24).unwrap();
    terminal.wait_for_text("begun").unwrap();
    let attached = || {
        let shown = instance.json(&["show", "s", "--json"]);
        let status = std::path::Path::new(shown["folder"].as_str()?).join("status.json");
        let written: serde_json::Value = serde_json::from_slice(&std::fs::read(status).ok()?).ok()?;
        (written["clients"][0]["control"] == true).then_some(shown)
    };
    let shown = eventually(LIMIT, attached).unwrap();
    // Stopped first, so that none of them brings another one back.
    for signal in [Signal::STOP, Signal::KILL] {
        for role in ["keeper", "host", "child"] {
            let pid = Pid::from_raw(shown["pids"][role].as_i64().unwrap() as i32).unwrap();
            let _ = kill_process(pid, signal);
        }
    }
    let lost = || {
        let shown = instance.json(&["show", "s", "--json"]);
        (shown["phase"] == "lost").then_some(shown)
    };
    let shown = eventually(LIMIT, lost).unwrap();
    assert_eq!(shown["clients"], serde_json::json!([]));
    let page = out(&instance, &["show", "s"]);
    assert!(page.contains("state    lost") && !page.contains("client"), "{page}");
    let told = text(&instance.run(&["send", "s", "--text", "x"]).stderr);
    assert!(told.contains("`centerfire show s` tells what is left of it"), "{told}");
}

#[test]
fn sessions_are_told_by_name_and_signals_too() {
    let instance = instance();
    recorded(&instance, "kill -TERM $$");
    assert!(out(&instance, &["show", "s"]).contains("state    signal TERM\n"));
    assert!(out(&instance, &["doctor"]).contains("1 session, 0 running"));
    out(&instance, &["restart", "s", "--detached", "--name", "next"]);
    let page = out(&instance, &["show", "next"]);
    assert!(page.contains("\nparent   s ("), "{page}");
    let told = text(&instance.run(&["show", "0"]).stderr);
    assert!(told.contains("`0` fits 2 sessions (s ") && told.contains(", next "), "{told}");
}
