//! No process holds a file that is not its own, and no terminal is left over.

use crate::rig::{LIMIT, Rig};
use std::path::PathBuf;
use std::process::Command;
use testkit::{eventually, proc};

/// How many pseudo-terminals are open on this machine; other tests open some, too.
fn open_terminals(pids: &[u32]) -> usize {
    let files = pids.iter().filter_map(|pid| proc::open_files(*pid).ok()).flatten();
    files.filter(|path| path.ends_with("ptmx") || path.starts_with("/dev/pts")).count()
}

/// T22: the program has its three streams and nothing else, all of them its terminal.
#[test]
fn a_program_has_no_files_but_its_terminal() {
    let rig = Rig::new();
    let output = rig.run(&["run", "--detached", "--name", "clean", "--", "sleep", "600"]);
    assert!(output.status.success(), "{output:?}");
    let files = proc::open_files(rig.session("clean").pids().child).unwrap();
    assert_eq!(files.len(), 3, "{files:?}");
    assert!(files.iter().all(|file| file.starts_with("/dev/pts") && *file == files[0]), "{files:?}");
}

/// T22: keeper and host hold nothing of who started them, neither pipes nor terminal nor folder.
#[test]
fn keeper_and_host_let_go_of_the_launcher() {
    let rig = Rig::new();
    let terminal = rig.shell(
        "exec 7</etc/hostname; $cf run --detached --name apart -- sleep 600 | cat; echo returned; cat",
    );
    terminal.wait_for_text("returned").unwrap();
    let pids = rig.session("apart").pids();
    let launcher = proc::open_files(terminal.pid()).unwrap();
    assert!(launcher.iter().any(|file| file.starts_with("/etc")), "{launcher:?}");
    for pid in [pids.keeper, pids.host] {
        let files = proc::open_files(pid).unwrap();
        let shared: Vec<&PathBuf> =
            files.iter().filter(|file| launcher.contains(file) && !file.ends_with("null")).collect();
        assert!(shared.is_empty(), "{}: {shared:?}", proc::command_line(pid));
        assert_eq!(std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap(), PathBuf::from("/"));
    }
}

/// T22: a pipeline that starts a session in the background ends, whoever runs on.
#[test]
fn a_pipeline_that_starts_a_session_ends() {
    let rig = Rig::new();
    let mut command = Command::new("/bin/bash");
    rig.instance.settle(&mut command);
    command.args(["-c", "$cf run --detached -- sleep 600 2>&1 | cat"]).env("cf", rig.instance.binary());
    let output = testkit::instance::finish(command, LIMIT);
    assert!(output.status.success(), "{output:?}");
}

/// T23: fifty sessions that ended leave no process, no terminal and no socket.
#[test]
fn fifty_sessions_leave_nothing_open() {
    let rig = Rig::new();
    for number in 0..50 {
        rig.run(&["run", "--detached", "--name", &format!("s{number}"), "--", "true"]);
    }
    let gone = eventually(LIMIT, || rig.instance.leaked().is_empty().then_some(()));
    assert!(gone.is_some(), "{:?}", rig.instance.leaked());
    let sockets = std::fs::read_dir(rig.instance.home().join("run")).unwrap().count();
    assert_eq!(sockets, 0);
    let all = rig.instance.json(&["list", "--all", "--json"]);
    assert_eq!(all.as_array().map(Vec::len), Some(50));
}

/// T23: fifty sessions at once, and each holds its own terminal only.
#[test]
fn fifty_sessions_run_side_by_side() {
    let rig = Rig::new();
    for number in 0..50 {
        rig.start(&format!("s{number}"), "echo ready; cat");
    }
    assert_eq!(rig.instance.json(&["list", "--json"]).as_array().map(Vec::len), Some(50));
    let pids = rig.session("s49").pids();
    // A master each for keeper and host, and the slave that the keeper holds.
    assert_eq!(open_terminals(&[pids.keeper]), 2, "{:?}", proc::open_files(pids.keeper));
    assert_eq!(open_terminals(&[pids.host]), 1, "{:?}", proc::open_files(pids.host));
    for number in [0, 25, 49] {
        let name = format!("s{number}");
        assert!(rig.run(&["send", &name, "--submit", &format!("to {name}")]).status.success());
        rig.wait_for_line(&name, &format!("to {name}"));
    }
}
