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

#[test]
fn a_bad_file_is_one_clear_error() {
    let instance = instance();
    std::fs::create_dir_all(instance.home()).unwrap();
    std::fs::write(instance.home().join("centerfire.yaml"), "detach_kye: C-a\n").unwrap();
    let output = instance.run(&["list"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(
        told.ends_with("centerfire.yaml: line 1: there is no key `detach_kye`; did you mean `detach_key`?\n"),
        "{told}"
    );
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
