//! A disk that refuses to take more: nothing ends for it, and what it cost is said exactly.
//!
//! The kernel refuses for real, without a disk being filled: a process that may not let its files grow gets an error
//! from each write that would.

use crate::rig::{LIMIT, Rig, Session, kill};
use protocol::{Body, Status};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use testkit::eventually;

/// How long files of a process may become from now on.
fn limit_files(pid: u32, bytes: Option<u64>) {
    let limit = Rlimit { current: bytes, maximum: None };
    prlimit(Pid::from_raw(pid as i32), Resource::Fsize, limit).expect("limit the files of a process of ours");
}

/// Bytes of output that the journal has, and of gaps in it.
fn stored(session: &Session) -> (u64, Vec<u64>) {
    let (mut output, mut gaps) = (0, Vec::new());
    session.records(|body| match body {
        Body::Output { bytes, .. } => output += bytes.len() as u64,
        Body::Gap(bytes) => gaps.push(*bytes),
        _ => {}
    });
    (output, gaps)
}

/// T29, invariant 1: the host that was degraded is killed; the next one records how much nobody can read any more.
#[test]
fn what_a_killed_degraded_host_could_not_store_is_a_gap_of_exact_length() {
    let rig = Rig::new();
    let script = "stty raw -echo; printf ready; for part in 1 2 3; do head -c 1 >/dev/null; \
        head -c 300000 /dev/zero | tr '\\0' x; printf part$part; done; head -c 1 >/dev/null";
    let session = rig.start("full", script);
    rig.wait_for_line("full", "ready");
    let go_on = |offset: u64| {
        assert!(rig.run(&["send", "full", "--text", "x"]).status.success());
        session.settled("all of it came", |status: &Status| status.offset.0 == offset)
    };
    let part = 300_000 + "part1".len() as u64;
    let begin = "ready".len() as u64;
    assert_eq!(go_on(begin + part).degraded, None);
    let host = session.pids().host;
    // The journal may not grow any more; the status, which is short, can still be written.
    limit_files(host, Some(100_000));
    let degraded = go_on(begin + 2 * part).degraded.expect("nothing can be stored");
    assert!(degraded.contains("File too large"), "{degraded}");
    let on_disk = || session.folder.status().ok()??.offset.0.eq(&(begin + 2 * part)).then_some(());
    eventually(LIMIT, on_disk).expect("the status on disk follows");
    kill(host);
    session.settled("a new host", |status| status.pids.host != host && status.degraded.is_none());
    let (output, gaps) = stored(&session);
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(output + gaps[0], begin + 2 * part);
    assert!(gaps[0] > 0 && gaps[0] <= part, "{gaps:?}");
    go_on(begin + 3 * part);
    assert_eq!(stored(&session), (output + part, gaps), "and it is recorded again");
    assert!(rig.run(&["verify", "full"]).status.success());
}
