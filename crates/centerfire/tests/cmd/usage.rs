//! A command line that is wrong.

use crate::{instance, text};
use serde_json::Value;
use testkit::instance::LIMIT;
use testkit::{Instance, Terminal};

#[test]
fn with_json_an_error_of_the_command_line_is_json_on_standard_error() {
    let instance = instance();
    for (arguments, error) in [
        (
            &["list", "--al", "--json"][..],
            "unexpected argument '--al' found tip: a similar argument exists: '--all'",
        ),
        (&["--json", "send"], "the following required arguments were not provided: <--submit <TEXT>"),
        (&["--json", "lsit"], "unrecognized subcommand 'lsit' tip: "),
        (&["token", "--json"], "a command is missing; `--help` lists all"),
        (
            &["list", "--json", "--set", "colour=x"],
            "--set: there is no key `colour`; did you mean `colours`?",
        ),
        (&["--json"], "a command is missing; `--help` lists all"),
        (
            &["kill", "s", "--signal", "NO", "--json"],
            "invalid value 'NO' for '--signal <SIGNAL>': no signal `NO`",
        ),
    ] {
        let output = instance.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        let told: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(told["code"], "USAGE");
        let said = told["error"].as_str().unwrap();
        assert!(said.starts_with(error) && !said.contains('\n') && !said.contains("Usage"), "{said}");
    }
}

/// Whatever the value is of: what makes no sense before anything was looked at is wrong on the command line.
#[test]
fn a_wrong_value_is_an_error_of_the_command_line() {
    let instance = instance();
    crate::started(&instance, "read line");
    for (arguments, why) in [
        (&["send", "s", "--key", "Entre"][..], "no key is called `Entre`"),
        (&["run", "-d", "--name", "a/b", "--", "true"], "it has a slash or a control character"),
        (&["restart", "s", "--name", "a/b"], "it has a slash or a control character"),
        (&["rename", "s", "a/b"], "it has a slash or a control character"),
        (&["kill", "s", "--grace", "soon"], "write seconds"),
        (&["export", "s", "--format", "asciicast-v2", "--idle-limit", "NaN"], "write seconds"),
        (&["replay", "s", "--idle-limit", "x"], "write seconds"),
        (&["wait", "s", "--for", "text", "--match", "("], "unclosed group"),
        (&["resize", "s", "wide"], "invalid value 'wide'"),
        (&["token", "create", "--role", "all"], "invalid value 'all'"),
    ] {
        let output = instance.run(arguments);
        let told = text(&output.stderr);
        assert!(output.status.code() == Some(2) && told.contains(why), "{arguments:?} {told}");
    }
    assert_eq!(instance.json(&["list", "--json"]).as_array().unwrap().len(), 1, "nothing began or ended");
}

#[test]
fn the_json_of_a_program_behind_two_dashes_is_not_meant_for_us() {
    let instance = instance();
    let output = instance.run(&["run", "--nonsense", "--", "jq", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: unexpected argument '--nonsense' found"));
}

/// What is shown in a terminal, to the end.
fn shown(instance: &Instance, arguments: &[&str], variable: (&str, &str)) -> (String, Option<i32>) {
    let mut command = instance.command(arguments);
    command.env(variable.0, variable.1);
    let terminal = Terminal::spawn(command, 80, 24).unwrap();
    let code = terminal.wait(LIMIT).unwrap().code();
    (text(&terminal.output()), code)
}

#[test]
fn errors_and_help_have_colours_where_they_are_wanted() {
    let instance = instance();
    let none = ("X", "");
    for (arguments, code) in [(&["lsit"][..], 2), (&["--help"], 0), (&["list", "--help"], 0)] {
        let (told, ended) = shown(&instance, arguments, none);
        assert!(told.contains("\x1b[") && ended == Some(code), "{told:?}");
        for variable in [("NO_COLOR", "1"), ("CENTERFIRE_COLOURS", "never")] {
            let (told, ended) = shown(&instance, arguments, variable);
            assert!(!told.contains('\x1b') && ended == Some(code), "{variable:?} {told:?}");
        }
        let (told, _) = shown(&instance, &[&["--set", "colours=never"], arguments].concat(), none);
        assert!(!told.contains('\x1b'), "{told:?}");
    }
    std::fs::write(instance.home().join("centerfire.yaml"), "colours: never\n").unwrap();
    assert!(!shown(&instance, &["lsit"], none).0.contains('\x1b'));
    std::fs::write(instance.home().join("centerfire.yaml"), "colours: always\n").unwrap();
    assert!(text(&instance.run(&["lsit"]).stderr).contains('\x1b'));
}
