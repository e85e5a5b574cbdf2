//! A name, an id, or the beginning of one leads to one session.

use crate::rig::Rig;
use serde_json::json;
use std::thread;

/// A name is one running session's, and free again after its end.
#[test]
fn a_name_is_unique_while_its_session_runs_and_free_afterwards() {
    let rig = Rig::new();
    let first = rig.start("mine", "echo ready; cat");
    let output = rig.run(&["run", "--detached", "--name", "mine", "--", "true"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`centerfire attach mine` joins"), "{output:?}");
    assert!(rig.run(&["kill", "mine"]).status.success());
    let second = rig.start("mine", "echo second; cat");
    assert_ne!(first.meta.id, second.meta.id);
    rig.wait_for_line("mine", "second");
    assert_eq!(rig.instance.json(&["show", &first.meta.id.to_string(), "--json"])["phase"], "exited");
}

/// Names made from the program's are numbered, and of many started at once no two are the same.
#[test]
fn sessions_started_at_once_get_names_of_their_own() {
    let rig = Rig::new();
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| assert!(rig.run(&["run", "--detached", "--", "sleep", "600"]).status.success()));
        }
    });
    let list = rig.instance.json(&["list", "--json"]);
    let mut names: Vec<&str> =
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 10, "{names:?}");
    assert!(names.contains(&"sleep") && names.contains(&"sleep-10"), "{names:?}");
}

/// Renaming takes effect at once, for running sessions too; a bad name is refused with the reason.
#[test]
fn a_session_can_be_renamed() {
    let rig = Rig::new();
    let session = rig.start("before", "echo ready; cat");
    rig.start("taken", "cat");
    assert!(rig.run(&["rename", "before", "after"]).status.success());
    assert_eq!(rig.instance.json(&["show", "after", "--json"])["id"], json!(session.meta.id));
    assert_eq!(rig.run(&["show", "before"]).status.code(), Some(3));
    for (name, why, code) in [("taken", "a running session", 1), ("a/b", "slash", 2), ("", "empty", 2)] {
        let output = rig.run(&["rename", "after", name]);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(why), "{output:?}");
    }
    let terminal = rig.attach("after", &[]);
    terminal.wait_for_shown("ready").unwrap();
}

/// A name that cannot be told from another, or that leads to another session, is refused.
#[test]
fn a_name_that_misleads_is_refused() {
    let rig = Rig::new();
    let other = rig.start("other", "cat").meta.id;
    rig.start("mine", "cat");
    for (name, why) in [
        (other.to_string().as_str(), "another session's id"),
        (&other.to_string().replace('-', ""), "another session's id"),
        (&other.short(), "another session's id"),
        ("oth\u{200b}er", "invisible"),
        ("\u{feff}other", "invisible"),
        ("a\u{202e}b", "invisible"),
        ("a\u{2066}b", "invisible"),
        ("   ", "space"),
        ("other ", "space"),
        (".", "folder"),
        ("..", "folder"),
    ] {
        // What no session could be called is wrong whatever sessions there are.
        let code = Some(if why.contains("session") { 1 } else { 2 });
        let output = rig.run(&["rename", "mine", name]);
        assert_eq!(output.status.code(), code, "{name:?}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(why), "{name:?}: {output:?}");
        let output = rig.run(&["run", "--detached", "--name", name, "--", "true"]);
        assert_eq!(output.status.code(), code, "{name:?}: {output:?}");
    }
    for name in ["two words", "naïve-日本", "..."] {
        assert!(rig.run(&["rename", "mine", name]).status.success(), "{name}");
        assert!(rig.run(&["rename", name, "mine"]).status.success(), "{name}");
    }
}

/// The beginning of an id is enough where it is one session's, and more is asked for where it is not.
#[test]
fn the_beginning_of_an_id_leads_to_its_session() {
    let rig = Rig::new();
    let session = rig.start("one", "exit 0");
    rig.start("two", "exit 0");
    let id = session.meta.id.to_string();
    assert_eq!(rig.instance.json(&["show", &id, "--json"])["name"], "one");
    let output = rig.run(&["show", &id[..4], "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["code"], "AMBIGUOUS");
    assert_eq!(rig.instance.json(&["show", &session.meta.id.short(), "--json"])["name"], "one");
    let listed = rig.instance.json(&["list", "--all", "--json"]);
    assert!(listed.as_array().unwrap().iter().any(|one| one["id"] == id), "{listed}");
}

#[test]
fn a_command_that_nobody_could_read_again_is_refused_before_it_runs() {
    let rig = Rig::new();
    let long = "\u{1}".repeat(100_000);
    let mut words = vec!["run", "--detached", "--", "true"];
    words.extend([long.as_str(); 12]);
    let output = rig.run(&words);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("4 MiB is the most"), "{output:?}");
    assert_eq!(rig.instance.json(&["list", "--all", "--json"]), json!([]));
}
