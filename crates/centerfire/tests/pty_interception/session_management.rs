//! Several sessions at once: each has its own recording, and ends by itself.

use crate::{contents, instance, log};

#[test]
fn sessions_beside_each_other_are_told_apart_from_start_to_removal() {
    let instance = instance();
    for name in ["one", "two", "three"] {
        let script = format!("echo I am {name}; read line; echo {name} heard $line; exit 3");
        instance.out(&["run", "-d", "--name", name, "--", "sh", "-c", &script]);
    }
    let names = |arguments: &[&str]| -> Vec<String> {
        let listed = instance.json(arguments);
        let mut names: Vec<_> =
            listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&["list", "--json"]), ["one", "three", "two"]);
    instance.out(&["send", "two", "--text", "words\n"]);
    instance.out(&["wait", "two", "--for", "exit"]);
    assert_eq!(instance.json(&["show", "two", "--json"])["exit"]["code"], 3);
    instance.out(&["kill", "three"]);
    assert_eq!(names(&["list", "--json"]), ["one"]);
    let log = log(&instance, "two");
    let said = contents(&log, "ClaudeOutput");
    assert!(said.contains("I am two") && said.contains("two heard words"), "{said}");
    assert!(!said.contains("one") && !said.contains("three"), "{said}");
    assert_eq!(log[0]["content"].as_str().unwrap().split(':').next(), Some("session started"));
    assert_eq!(log.last().unwrap()["content"], "session ended: exit 3");
    instance.out(&["remove", "two"]);
    assert_eq!(names(&["list", "--all", "--json"]), ["one", "three"]);
    assert_eq!(instance.json(&["show", "one", "--json"])["phase"], "running");
    instance.out(&["kill", "one"]);
}
