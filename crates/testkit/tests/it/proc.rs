//! What /proc tells about processes whose figures are known.

use std::process::Command;
use std::time::Duration;

use testkit::terminal::PATIENCE;
use testkit::{Terminal, eventually, proc};

#[test]
fn a_process_is_described_by_its_figures() {
    let mut command = Command::new("/bin/bash");
    command
        .args(["-c", "sleep 600 & exec 9</etc/passwd; for i in {1..300000}; do :; done; echo ready; wait"]);
    command.env("MARK", "here");
    let terminal = Terminal::spawn(command, 80, 24).unwrap();
    terminal.wait_for_text("ready").unwrap();
    let pid = terminal.pid();

    let children = proc::children(pid).unwrap();
    assert_eq!(children.len(), 1);
    let is_sleep = || (proc::command_line(children[0]) == "sleep 600").then_some(());
    assert!(eventually(PATIENCE, is_sleep).is_some());
    assert_eq!(proc::variable(pid, "MARK").unwrap().to_str(), Some("here"));
    assert!(proc::open_files(pid).unwrap().iter().any(|file| file.ends_with("passwd")));
    assert!((100 << 10..100 << 20).contains(&proc::memory(pid).unwrap()));
    assert!(proc::processor_time(pid).unwrap() >= Duration::from_millis(50));
    assert!(proc::processor_time(children[0]).unwrap() < Duration::from_millis(50));
}

#[test]
fn a_process_that_is_gone_is_an_error() {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    assert!(proc::memory(child.id()).is_err());
    assert!(!proc::is_running(child.id()));
}
