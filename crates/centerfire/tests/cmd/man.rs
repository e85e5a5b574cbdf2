//! `centerfire man` and the help of all commands.

use crate::{instance, out, text};

#[test]
fn there_is_a_page_for_each_command() {
    let instance = instance();
    assert!(out(&instance, &["man"]).contains(".TH centerfire 1"));
    out(&instance, &["man", "--dir", "man1"]);
    let page = |name: &str| std::fs::read_to_string(instance.work().join("man1").join(name)).unwrap();
    assert!(page("centerfire-run.1").contains("terminal of its own"));
    assert!(page("centerfire-config-reference.1").contains("reference"));
}

/// Every command's help teaches with its words; those that take more than a name have examples.
#[test]
fn help_is_there_for_every_command() {
    let instance = instance();
    let all = out(&instance, &["--help"]);
    let commands =
        all.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // What is indented further goes on with the line before.
    let first = commands.filter(|line| line.find(|c| c != ' ') == Some(2));
    let names: Vec<&str> = first.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 20, "{all}");
    for name in names.into_iter().filter(|name| *name != "help") {
        let help = instance.run(&[name, "--help"]);
        assert!(help.status.success(), "{name}");
        assert!(text(&help.stdout).lines().next().is_some_and(|line| line.len() > 15), "{name}");
    }
}
