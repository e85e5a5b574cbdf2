//! `centerfire completions`, and what a shell is offered.

use crate::{LIMIT, instance, out, recorded, text};
use std::process::Command;
use testkit::Instance;

/// One session that runs and one that ended.
fn two_sessions() -> Instance {
    let instance = instance();
    recorded(&instance, "true");
    out(&instance, &["rename", "s", "over"]);
    out(&instance, &["run", "-d", "--name", "live", "--", "sh", "-c", "read line"]);
    instance
}

#[test]
fn bash_is_offered_commands_options_and_the_sessions_that_fit() {
    let instance = two_sessions();
    let folder = instance.binary().parent().unwrap().display();
    let offered = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let (last, before) = (words[words.len() - 1], words[words.len() - 2]);
        let script = format!(
            "PATH={folder}:$PATH; . <(centerfire completions bash); COMP_WORDS=({}'{last}'); COMP_CWORD={}; \
             COMP_TYPE=9; _clap_complete_centerfire centerfire '{last}' {before}; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            line.strip_suffix(last).unwrap(),
            words.len() - 1,
        );
        let mut command = Command::new("bash");
        instance.settle(&mut command);
        command.args(["-c", &script]);
        let output = testkit::instance::finish(command, LIMIT);
        assert_eq!(text(&output.stderr), "", "{line}");
        text(&output.stdout).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let has = |line: &str, word: &str| offered(line).iter().any(|offer| offer == word);
    assert!(has("centerfire upg", "upgrade-hosts") && has("centerfire list --a", "--all"));
    assert!(has("centerfire show ", "live") && has("centerfire show ", "over"));
    assert_eq!(offered("centerfire show li"), ["live"]);
    assert!(has("centerfire attach ", "live") && !has("centerfire attach ", "over"));
    out(&instance, &["run", "-d", "--name", "my work", "--", "sh", "-c", "read line"]);
    assert_eq!(offered("centerfire show my"), [r"my\ work"]);
    assert!(has("centerfire remove ", "over") && !has("centerfire remove ", "live"));
}

/// The words of each shell's own script; zsh and fish need not be here for that.
#[test]
fn every_shell_asks_and_is_answered() {
    let instance = two_sessions();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = out(&instance, &["completions", shell]);
        assert!(script.contains("CENTERFIRE_COMPLETE") && script.contains("centerfire"), "{shell}: {script}");
        let mut question = instance.command(&["--", "centerfire", "kill", ""]);
        question.env("CENTERFIRE_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", "2");
        let answer = testkit::instance::finish(question, LIMIT);
        let offered = text(&answer.stdout);
        assert!(
            answer.status.success() && offered.contains("live") && !offered.contains("over"),
            "{shell}: {offered}"
        );
    }
    let mut question = instance.command(&["--", "centerfire", ""]);
    question.env("CENTERFIRE_COMPLETE", "nonesuch");
    let answer = testkit::instance::finish(question, LIMIT);
    assert_eq!(
        (text(&answer.stdout), text(&answer.stderr)),
        (String::new(), String::new()),
        "nothing to stand in a line"
    );
}
