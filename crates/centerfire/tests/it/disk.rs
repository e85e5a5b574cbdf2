//! A disk that refuses to take more: nothing ends for it, and what it cost is said exactly. And one that gives back
//! something else than it took.
//!
//! The kernel refuses for real, without a disk being filled: a process that may not let its files grow gets an error
//! from each write that would.

use crate::rig::{LIMIT, Rig, Session, kill};
use protocol::{Body, ExitStatus, Status};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;
use session::role::{self, AttachArgs};
use std::os::unix::fs::FileExt;
use std::time::Duration;
use testkit::{Terminal, eventually, proc};

/// How long files of a process may become from now on.
fn limit_files(pid: u32, bytes: Option<u64>) {
    let limit = Rlimit { current: bytes, maximum: None };
    prlimit(Pid::from_raw(pid as i32), Resource::Fsize, limit).expect("limit the files of a process of ours");
}

/// A session whose program ended with status 5 while the disk refused its keeper every byte.
fn ended_unwritten(rig: &Rig) -> Session {
    let session = rig.start("late", "echo ready; read line; exit 5");
    rig.wait_for_line("late", "ready");
    limit_files(session.pids().keeper, Some(0));
    assert!(rig.run(&["send", "late", "--submit", "go"]).status.success());
    assert_eq!(rig.end_of("late"), json!({ "code": 5 }));
    session
}

/// T21: the end is told at once, the keeper stays until it stands on disk, and then all leave.
#[test]
fn an_end_that_the_disk_refuses_is_written_later() {
    let rig = Rig::new();
    let session = ended_unwritten(&rig);
    let pids = session.pids();
    assert_eq!(session.status().exit, Some(ExitStatus::Code(5)), "the host still answers");
    assert_eq!(rig.instance.json(&["kill", "late", "--json"])["exit"], json!({ "code": 5 }));
    assert_eq!(session.exit(), None);
    assert_eq!(session.pids(), pids, "nobody left, and nobody was started");
    limit_files(pids.keeper, None);
    let gone = eventually(LIMIT, || rig.instance.leaked().is_empty().then_some(()));
    assert!(gone.is_some(), "{:?}", rig.instance.leaked());
    assert_eq!(session.exit().map(|exit| exit.status), Some(ExitStatus::Code(5)));
    assert!(rig.run(&["verify", "late"]).status.success());
}

/// T21: the keeper dies before the disk takes the end; the next one has it from the host.
#[test]
fn an_end_that_the_disk_refused_outlives_the_keeper() {
    let rig = Rig::new();
    let session = ended_unwritten(&rig);
    let pids = session.pids();
    kill(pids.keeper);
    let gone = eventually(LIMIT, || rig.instance.leaked().is_empty().then_some(()));
    assert!(gone.is_some(), "{:?}", rig.instance.leaked());
    assert_eq!(session.exit().map(|exit| exit.status), Some(ExitStatus::Code(5)));
}

/// A keeper that waits for the disk does not spin.
#[test]
fn a_keeper_that_waits_for_the_disk_sleeps() {
    let rig = Rig::new();
    let session = ended_unwritten(&rig);
    let keeper = session.pids().keeper;
    let used = proc::processor_time(keeper).unwrap();
    let mut client = session.client();
    let error = client.receive(std::time::Instant::now() + Duration::from_secs(2)).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    let used = proc::processor_time(keeper).unwrap() - used;
    assert!(used < Duration::from_millis(200), "{used:?} of two seconds");
    limit_files(keeper, None);
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
    // Nothing may grow any more, not even the status.
    limit_files(host, Some(8));
    let degraded = go_on(begin + 2 * part).degraded.expect("nothing can be stored");
    assert!(degraded.contains("File too large"), "{degraded}");
    kill(host);
    session.settled("a new host", |status| status.pids.host != host && status.degraded.is_none());
    let (output, gaps) = stored(&session);
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(output + gaps[0], begin + 2 * part);
    assert_eq!(gaps[0], part, "none of it was stored");
    go_on(begin + 3 * part);
    assert_eq!(stored(&session), (output + part, gaps), "and it is recorded again");
    assert!(rig.run(&["verify", "full"]).status.success());
}

/// A1: a terminal that joins a young session gets its very bytes; where the recording is damaged, the screen instead.
#[test]
fn a_terminal_that_joins_over_a_damaged_recording_is_painted_from_the_screen() {
    let rig = Rig::new();
    let session = rig.start("bent", "echo one; read line; echo two; cat");
    rig.wait_for_line("bent", "one");
    assert!(rig.run(&["send", "bent", "--text", "\n"]).status.success());
    rig.wait_for_line("bent", "two");
    bend(&session, b"two");
    let options = session::attach::Options {
        control: true,
        take: false,
        fresh: true,
        detach_key: terminal::key::DetachKey::default(),
        history: 0,
        inside: None,
    };
    let folder = session.folder.path().to_owned();
    let args = AttachArgs { version: role::VERSION, folder, name: "bent".to_owned(), options };
    let json = serde_json::to_string(&args).unwrap();
    let terminal = Terminal::spawn(rig.instance.command(&[role::ATTACH, &json]), 80, 24).unwrap();
    terminal.wait_for_shown("two").unwrap();
}

/// Damages the record of an output.
fn bend(session: &Session, output: &[u8]) {
    let segments = std::fs::read_dir(session.journal()).unwrap().map(|entry| entry.unwrap().path());
    let found = segments.filter_map(|path| {
        let bytes = std::fs::read(&path).unwrap();
        let at = bytes.windows(output.len()).position(|window| window == output)?;
        Some((path, bytes[at], at))
    });
    let (path, byte, at) = found.last().expect("the output is recorded");
    let segment = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    segment.write_all_at(&[byte ^ 1], at as u64).unwrap();
}
