//! `centerfire config`, and what a wrong configuration says.

use crate::{instance, out, text};
use testkit::tools::repository;

#[test]
fn the_reference_and_the_example_in_the_repository_are_those_of_the_program() {
    let instance = instance();
    for (what, file) in [("reference", "docs/configuration.md"), ("example", "contrib/centerfire.yaml")] {
        let committed = std::fs::read_to_string(repository().join(file)).unwrap();
        let made = out(&instance, &["config", what]);
        assert!(committed == made, "`centerfire config {what} > {file}` brings it up to date");
    }
}

#[test]
fn the_example_is_the_defaults() {
    let instance = instance();
    let values = |arguments: &[&str]| {
        let shown = instance.json(arguments);
        let keys = shown["keys"].as_object().unwrap().clone();
        keys.into_iter().map(|(key, value)| (key, value["value"].clone())).collect::<Vec<_>>()
    };
    let example = repository().join("contrib/centerfire.yaml");
    let defaults = values(&["config", "--json"]);
    assert_eq!(values(&["config", "--json", "--config", example.to_str().unwrap()]), defaults);
}

#[test]
fn a_value_is_shown_with_its_origin() {
    let instance = instance();
    std::fs::create_dir_all(instance.home()).unwrap();
    let file = instance.home().join("centerfire.yaml");
    std::fs::write(&file, "history_lines: 7\nprofiles:\n  p:\n    quota_mb: 5\n").unwrap();
    let shown = instance.json(&["config", "--json", "--profile", "p", "--set", "detach_key=C-a"]);
    let of = |key: &str| (shown["keys"][key]["value"].clone(), shown["keys"][key]["from"].clone());
    let place = |line: u32| format!("{}:{line}", file.display());
    assert_eq!(of("history_lines"), (7.into(), place(1).into()));
    assert_eq!(of("quota_mb"), (5.into(), format!("profile p, {}", place(4)).into()));
    assert_eq!(of("detach_key"), ("C-a".into(), "--set".into()));
    assert_eq!(of("colours"), ("auto".into(), "default".into()));
}

const SLIP: &str = "centerfire.yaml: line 1: there is no key `detach_kye`; did you mean `detach_key`?";

#[test]
fn a_bad_file_is_one_clear_error_where_something_would_start_or_go() {
    let instance = instance();
    std::fs::write(instance.home().join("centerfire.yaml"), "detach_kye: C-a\n").unwrap();
    for command in [&["run", "-d", "--", "true"][..], &["restart", "s"], &["prune"], &["serve"], &["config"]]
    {
        let output = instance.run(command);
        let told = text(&output.stderr);
        assert!(
            output.status.code() == Some(1) && told.ends_with(&format!("{SLIP}\n")),
            "{command:?} {told}"
        );
    }
}

#[test]
fn a_bad_file_keeps_nobody_from_looking_at_a_session_or_ending_it() {
    let instance = instance();
    crate::started(&instance, "echo begun; read line");
    let file = instance.home().join("centerfire.yaml");
    std::fs::write(&file, "detach_kye: C-a\n").unwrap();
    let warning = format!("centerfire: {}", file.display()).replace("centerfire.yaml", SLIP);
    let warning = format!("{warning} (going on with the defaults)\n");
    let commands = "list;show s;screen s;output s;replay s;export s --format raw;status;token list;verify s;\
                    wait s --for text --match begun;send s --text x;kill s";
    for command in commands.split(';') {
        let output = instance.run(&command.split(' ').collect::<Vec<_>>());
        let told = text(&output.stderr);
        assert!(output.status.success() && told.starts_with(&warning), "{command}: {told}");
    }
    let output = instance.run(&["attach", "s"]);
    assert_eq!(output.status.code(), Some(4), "that the session ended is what is wrong");
    assert!(text(&output.stderr).starts_with(&warning));
    let told = text(&instance.run(&["doctor"]).stderr);
    assert_eq!(told, "", "the doctor has a finding of it");
}

#[test]
fn a_wrong_flag_is_an_error_of_the_command_line_whatever_the_file_says() {
    let instance = instance();
    std::fs::write(instance.home().join("centerfire.yaml"), "profiles: {big: {}}\n").unwrap();
    let told = |arguments: &[&str]| {
        let output = instance.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        text(&output.stderr)
    };
    assert!(told(&["list", "--profile", "bgi"]).ends_with("no profile `bgi`; did you mean `big`?\n"));
    let unknown = "centerfire: --set: there is no key `colour`; did you mean `colours`?\n";
    assert_eq!(told(&["list", "--set", "colour=never"]), unknown);
    std::fs::write(instance.home().join("centerfire.yaml"), "x: 1\n").unwrap();
    assert_eq!(told(&["list", "--set", "colour=never"]), unknown);
}

#[test]
fn a_wrong_session_name_is_told_the_nearest() {
    let instance = instance();
    crate::started(&instance, "read line");
    out(&instance, &["rename", "s", "builder"]);
    let output = instance.run(&["show", "bulider"]);
    assert_eq!(output.status.code(), Some(3));
    let told = text(&output.stderr);
    assert!(told.contains("no session `bulider`; did you mean `builder`?"), "{told}");
}
