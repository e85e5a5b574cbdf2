//! A host has threads beside its loop only while they have something to do, and each has the priority of its work.

use crate::rig::{LIMIT, Rig};
use std::collections::BTreeMap;
use testkit::eventually;

/// The threads of a process beside its first: name and nice value.
fn threads(process: u32) -> BTreeMap<String, i32> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).expect("the host runs");
    let others = tasks.flatten().filter(|task| *task.file_name() != *process.to_string());
    let thread = |task: std::fs::DirEntry| {
        // A thread that ended meanwhile is none.
        let stat = std::fs::read_to_string(task.path().join("stat")).ok()?;
        let (head, tail) = stat.rsplit_once(')')?;
        let name = head.split_once('(')?.1.to_owned();
        // The state behind the name is the third field, the nice value the nineteenth.
        Some((name, tail.split_whitespace().nth(16)?.parse().ok()?))
    };
    others.filter_map(thread).collect()
}

/// In a flood checkpoints are written when nobody else wants to run, and `status.json` by another thread, which does
/// not wait for that. Afterwards both are gone, as in each of the many sessions in which nothing happens.
#[test]
fn a_flood_has_its_threads_and_an_idle_host_has_none_of_them() {
    let rig = Rig::new();
    let script = "until [ -e enough ]; do seq 1 100000; done; echo done; read never";
    let session = rig.start("flood", script);
    let host = session.pids().host;
    // As whoever started the test has it.
    let own = rustix::process::getpriority_process(None).expect("every process has one");
    let busy = |threads: &BTreeMap<String, i32>| {
        threads.get("cf-clerk") == Some(&19) && threads.get("cf-status") == Some(&own)
    };
    let both = eventually(LIMIT, || Some(threads(host)).filter(busy));
    assert!(both.is_some(), "{:?}", threads(host));
    rig.file("enough", b"");
    rig.wait_for_line("flood", "done");
    let idle = |threads: &BTreeMap<String, i32>| threads.keys().all(|name| !name.starts_with("cf-"));
    let left = eventually(LIMIT, || Some(threads(host)).filter(idle));
    assert!(left.is_some(), "{:?}", threads(host));
}
