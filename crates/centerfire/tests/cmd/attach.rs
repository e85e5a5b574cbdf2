//! `centerfire attach`.

use crate::{LIMIT, instance, out, started, text};
use testkit::Terminal;

#[test]
fn a_detach_key_that_is_none_is_refused_and_not_replaced_by_another() {
    let instance = instance();
    started(&instance, "read line");
    for command in [&["attach", "s"][..], &["run", "--name", "other"]] {
        for (key, why) in
            [("nonsense", "no key is called `nonsense`"), ("a", "would be missing from what you type")]
        {
            let output = instance.run(&[command, &["--detach-key", key]].concat());
            let told = text(&output.stderr);
            assert!(output.status.code() == Some(2) && told.contains(why), "{:?} {told}", output.status);
        }
    }
    assert!(!out(&instance, &["list", "--all"]).contains("other"), "nothing was started");
}

#[test]
fn the_first_time_a_terminal_is_told_how_to_leave_and_never_again() {
    let instance = instance();
    let hint = "[C-] twice leaves it running; centerfire attach 'my work' comes back]";
    out(&instance, &["run", "-d", "--name", "my work", "--", "sh", "-c", "read line; echo heard"]);
    std::fs::remove_file(instance.home().join("state/detach-key.told")).unwrap();
    // In a pipe nobody is told.
    assert!(!text(&instance.run(&["attach", "my work", "--read-only"]).stderr).contains("twice"));
    let leave = || {
        let terminal = Terminal::spawn(instance.command(&["attach", "my work"]), 80, 24).unwrap();
        let attached =
            || (instance.json(&["show", "my work", "--json"])["clients"][0]["control"] == true).then_some(());
        testkit::eventually(LIMIT, attached).expect("it is attached");
        terminal.write(b"\x1d\x1d").unwrap();
        terminal.wait_for_text("[detached from my work; centerfire attach 'my work']").unwrap();
        terminal.wait(LIMIT).unwrap();
        text(&terminal.output())
    };
    let first = leave();
    assert_eq!(first.matches(hint).count(), 1, "{first:?}");
    // Above the session, not in the midst of it.
    assert!(first.starts_with(hint), "{first:?}");
    assert!(!leave().contains("twice"));
}
