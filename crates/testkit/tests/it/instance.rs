//! An isolated instance: its clean environment, its limits, and that nothing of it stays behind.
//!
//! A shell stands in for the binary under test: what is judged here is the care around it.

use std::time::Duration;

use testkit::terminal::PATIENCE;
use testkit::{Instance, Terminal, eventually, proc};

fn shell() -> Instance {
    Instance::new("/bin/bash")
}

#[test]
fn a_command_sees_only_the_environment_of_its_instance() {
    let instance = shell();
    let output = instance.run(&["-c", "env"]);
    let output = String::from_utf8(output.stdout).unwrap();
    let mut names: Vec<&str> = output.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.sort_unstable();
    let bash_adds = ["PWD", "SHLVL", "_"];
    names.retain(|name| !bash_adds.contains(name));
    assert_eq!(names, ["CENTERFIRE_HOME", "HOME", "LANG", "PATH", "SHELL", "TERM", "TMPDIR"]);
    assert!(instance.home().as_os_str().len() < 20, "room for the paths of sockets: {:?}", instance.home());
}

#[test]
fn json_is_read_from_what_a_command_prints() {
    assert_eq!(shell().json(&["-c", r#"echo '{"a": 1}'"#])["a"], 1);
}

#[test]
#[should_panic(expected = "some words")]
fn a_command_without_end_is_killed_and_its_words_are_told() {
    shell().run_within(&["-c", "echo some words; sleep 600"], Duration::from_millis(300));
}

#[test]
#[should_panic(expected = "another process holds its output")]
fn a_command_that_leaves_its_output_open_is_found_out() {
    shell().run_within(&["-c", "setsid sleep 600 & exit 0"], Duration::from_millis(300));
}

#[test]
fn what_outlives_a_command_is_reported_and_ends_with_the_instance() {
    let instance = shell();
    let folder = instance.home();
    instance.run(&["-c", "setsid sleep 600 >/dev/null 2>&1 </dev/null & exit 0"]);
    let leaked =
        eventually(PATIENCE, || instance.leaked().into_iter().find(|process| process.command == "sleep 600"));
    let pid = leaked.expect("the sleeper is reported").pid;
    drop(instance);
    assert!(!proc::is_running(pid));
    assert!(!folder.exists());
}

#[test]
fn a_command_runs_in_a_terminal_too() {
    let instance = shell();
    let terminal = Terminal::spawn(instance.command(&["-c", "pwd; read"]), 80, 24).unwrap();
    terminal.wait_for_text(instance.work().to_str().unwrap()).unwrap();
    assert_eq!(instance.leaked().len(), 1, "{:?}", instance.leaked());
}
