//! Output and input of plain programs.

use crate::{contents, instance, log};

#[test]
fn every_byte_that_a_program_writes_is_captured_in_order() {
    let instance = instance();
    let script =
        "stty -opost; i=0; while [ $i -lt 3000 ]; do printf 'line %d \\377\\001\\n' $i; i=$((i+1)); done";
    instance.out(&["run", "-d", "--name", "s", "--", "sh", "-c", script]);
    instance.out(&["wait", "s", "--for", "exit"]);
    let expected: Vec<u8> =
        (0..3000).flat_map(|line| [format!("line {line} ").as_bytes(), b"\xff\x01\n"].concat()).collect();
    assert!(instance.out(&["export", "s", "--format", "raw"]) == expected);
    assert!(instance.out(&["output", "s", "--raw"]) == expected);
    assert_eq!(instance.json(&["verify", "s", "--json"])["output_bytes"], expected.len());
}

#[test]
fn what_is_typed_is_captured_beside_what_comes_of_it() {
    let instance = instance();
    let script = "while read line; do echo \"heard $line\"; done";
    instance.out(&["run", "-d", "--name", "s", "--", "sh", "-c", script]);
    for number in 0..20 {
        instance.out(&["send", "s", "--text", &format!("wörd {number}\n")]);
        instance.out(&["wait", "s", "--for", "text", "--match", &format!("heard wörd {number}$")]);
    }
    instance.out(&["send", "s", "--key", "C-d"]);
    instance.out(&["wait", "s", "--for", "exit"]);
    let log = log(&instance, "s");
    let typed: String = (0..20).map(|number| format!("wörd {number}\r")).collect();
    assert_eq!(contents(&log, "UserInput"), typed + "\u{4}");
    let said = contents(&log, "ClaudeOutput");
    assert!((0..20).all(|number| said.contains(&format!("heard wörd {number}"))), "{said}");
}

#[test]
fn a_password_is_known_to_have_been_typed_and_is_nowhere() {
    let instance = instance();
    let script = "stty -echo; printf 'ready'; read secret; echo \"${#secret} bytes\"";
    instance.out(&["run", "-d", "--name", "s", "--", "sh", "-c", script]);
    instance.out(&["wait", "s", "--for", "text", "--match", "ready"]);
    instance.out(&["send", "s", "--text", "hunter2hunter2\n"]);
    instance.out(&["wait", "s", "--for", "exit"]);
    let log = log(&instance, "s");
    assert!(contents(&log, "ClaudeOutput").contains("14 bytes"));
    assert!(contents(&log, "SystemMessage").contains("secret"));
    assert!(!format!("{log:?}").contains("hunter2"));
}
