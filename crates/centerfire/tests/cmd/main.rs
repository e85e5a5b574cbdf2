//! Commands, each with the real binary in an isolated instance. A file here bears its command's name.
//!
//! - `attach`: a detach key that is none
//! - `completions`: what shells are offered
//! - `config`: values and their origins, the reference, what a slip is told
//! - `doctor`: each fault is found, with a next step
//! - `export`: every format of a recording, judged by other programs; logs that are taken up again
//! - `list`: fits into narrow terminals
//! - `man`: pages and help for all commands
//! - `models`: a model from its wheel to the list, and how to get one
//! - `orchestrator`: the program's second name and its own command line
//! - `output`: what a program wrote: from an offset, as JSON, followed through the death of its host
//! - `prune`: which sessions go, and that those that run never do
//! - `replay`: plays, steps, winds back, and gives the terminal back
//! - `reset`: a broken terminal is usable again
//! - `restart`: the same command again, and what takes a conversation up again
//! - `run`: what is in the way of a start is told
//! - `show`: who is there, and everything by its name
//! - `status`: the instance in figures
//! - `upgrade_hosts`: running sessions under a new binary
//! - `usage`: a wrong command line, as JSON and in colours; help

mod attach;
mod completions;
mod config;
mod doctor;
mod export;
mod list;
mod man;
mod models;
mod orchestrator;
mod output;
mod prune;
mod replay;
mod reset;
mod restart;
mod run;
mod show;
mod status;
mod upgrade_hosts;
mod usage;

use testkit::Instance;
use testkit::instance::LIMIT;

fn instance() -> Instance {
    Instance::new(env!("CARGO_BIN_EXE_centerfire"))
}

/// Runs a shell script as a session named `s` to its end.
fn recorded(instance: &Instance, script: &str) {
    started(instance, script);
    instance.out(&["wait", "s", "--for", "exit"]);
}

/// Starts a shell script as a session named `s`.
fn started(instance: &Instance, script: &str) {
    instance.out(&["run", "-d", "--name", "s", "--", "sh", "-c", script]);
}

/// Runs a command that must succeed and gives its output.
fn out(instance: &Instance, arguments: &[&str]) -> String {
    text(&instance.out(arguments))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Kills the process of that role of a session as `kill -9` does.
fn kill_host(instance: &Instance, session: &str) {
    let pid = instance.json(&["show", session, "--json"])["pids"]["host"].as_i64().unwrap();
    let pid = rustix::process::Pid::from_raw(pid as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

/// Waits until every process of the instance is gone: until its recordings are packed and change no more.
fn settle(instance: &Instance) {
    let gone = || instance.leaked().is_empty().then_some(());
    testkit::eventually(LIMIT, gone).unwrap_or_else(|| panic!("still there: {:?}", instance.leaked()));
}

/// Bends a byte in the middle of a recording that is packed already.
fn damage(instance: &Instance, session: &str) {
    let folder = instance.json(&["show", session, "--json"])["folder"].as_str().unwrap().to_owned();
    let segment = std::path::Path::new(&folder).join("journal/00000001.seg.zst");
    let mut bytes =
        testkit::eventually(LIMIT, || std::fs::read(&segment).ok()).expect("the recording is packed");
    let middle = 64 + (bytes.len() - 64) / 3;
    bytes[middle] ^= 1;
    std::fs::write(segment, bytes).unwrap();
}
