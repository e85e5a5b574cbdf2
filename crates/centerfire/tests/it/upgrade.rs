//! Another binary takes over a running session: same program, same process, not one byte lost.

use crate::kill9::kernel_tells;
use crate::rig::{LIMIT, Rig, Session, after, kill};
use crate::stream::noise_without_queries;
use protocol::Notice;
use protocol::frame::{Answer, InputForm, Refusal, Request};
use serde_json::json;
use session::Error;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use testkit::{assert_same, eventually};

/// T20: five upgrades under full output; the journal has every byte, the program has noticed nothing.
#[test]
fn no_byte_is_lost_over_upgrades_under_output() {
    let rig = Rig::new();
    let stream = noise_without_queries(8, 16 << 20);
    rig.file("stream", &stream);
    let terminal =
        rig.open("moves", "stty raw -echo; echo BEGIN; head -c 1 >/dev/null; cat stream; printf END; cat");
    terminal.wait_for_text("BEGIN\n").unwrap();
    let session = rig.session("moves");
    let before = session.pids();
    // A copy, as a new version is another file.
    let copy = rig.instance.work().join("another-centerfire");
    std::fs::copy(rig.instance.binary(), &copy).unwrap();
    terminal.write(b"x").unwrap();
    for round in 1..=5 {
        let binary = copy.display().to_string();
        let answer = session.client().call(Request::Upgrade { binary }).unwrap();
        assert!(matches!(answer, Answer::Done { .. }), "{answer:?}");
        session.settled("the client is back", |status| {
            let starts =
                session.notices().iter().filter(|one| matches!(one, Notice::HostStarted { .. })).count();
            starts == round && status.clients.iter().any(|client| client.control)
        });
    }
    terminal.wait_for(|bytes| bytes.ends_with(b"END"), LIMIT).unwrap();
    assert_same(after(&session.output(), b"BEGIN\n"), &[&stream[..], b"END"].concat(), "journal");
    assert_eq!(session.pids(), before, "a host that is upgraded keeps its number");
    assert!(
        session.notices().iter().all(|one| !matches!(one, Notice::HostStarted { possible_gap: true, .. })),
        "nothing can be missing"
    );
    let host = std::fs::read_link(format!("/proc/{}/exe", before.host)).unwrap();
    assert_eq!(host, copy);
    terminal.write(b"typed on").unwrap();
    terminal.wait_for_shown("typed on").unwrap();
}

/// T20: what is no program is refused before anything happens; what cannot run leaves the old host in charge.
#[test]
fn an_upgrade_to_nothing_changes_nothing() {
    let rig = Rig::new();
    let session = rig.start("stays", "echo ready; cat");
    rig.wait_for_line("stays", "ready");
    let before = session.pids();
    let refused = session.client().call(Request::Upgrade { binary: "/no/such/binary".to_owned() });
    assert!(matches!(refused, Err(Error::Refused { code: Refusal::BadRequest, .. })), "{refused:?}");
    assert!(rig.run(&["send", "stays", "--submit", "as before"]).status.success());
    rig.wait_for_line("stays", "as before");
    assert_eq!(session.pids(), before);
}

/// Makes a file that can be executed, for all its mode says.
fn program(rig: &Rig, name: &str, bytes: &[u8]) -> PathBuf {
    let path = rig.instance.work().join(name);
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    path
}

/// T20: a candidate that does not work here, in whatever way, is refused by its name, and the old host stays.
#[test]
fn a_broken_binary_is_refused_and_the_old_host_stays() {
    let rig = Rig::new();
    let session = rig.start("stays", "echo ready; cat");
    rig.wait_for_line("stays", "ready");
    let before = session.pids();
    let whole = std::fs::read(rig.instance.binary()).unwrap();
    let mut foreign = whole.clone();
    foreign[18] ^= 0xff; // `e_machine` of an ELF file
    let busy = program(&rig, "busy", &whole);
    let written = std::fs::OpenOptions::new().append(true).open(&busy).unwrap();
    let candidates = [
        // Far into its code: behind that stands only what debuggers read.
        (program(&rig, "cut", &whole[..1 << 20]), ""),
        (program(&rig, "header", &whole[..64]), ""),
        (program(&rig, "foreign", &foreign), "cannot be started: Exec format error"),
        (program(&rig, "words", b"touch ran\n"), "cannot be started: Exec format error"),
        (program(&rig, "empty", b""), "cannot be started: Exec format error"),
        (busy, "cannot be started: Text file busy"),
        (PathBuf::from("/bin/false"), "is no centerfire that works here: tried, it ended with"),
        (program(&rig, "crash", b"#!/bin/sh\nkill -SEGV $$\n"), "signal"),
        (program(&rig, "mute", b"#!/bin/sh\necho no library; exit 0\n"), "said: no library"),
        (program(&rig, "hangs", b"#!/bin/sh\nexec sleep 600\n"), "does not answer within 5 s"),
    ];
    for (candidate, cause) in candidates {
        let binary = candidate.display().to_string();
        let refused = session.client().call(Request::Upgrade { binary: binary.clone() });
        let Err(Error::Refused { code: Refusal::BadRequest, message }) = &refused else {
            panic!("{binary}: {refused:?}")
        };
        assert!(message.starts_with(&binary) && message.contains(cause), "{message}");
        assert_eq!(session.pids(), before, "{binary}");
    }
    assert!(!rig.instance.work().join("ran").exists(), "a text was run as a script");
    assert!(rig.run(&["send", "stays", "--submit", "as before"]).status.success());
    rig.wait_for_line("stays", "as before");
    drop(written);
}

/// T8, T20: between a paste and its Enter a host knows of something that its successor would not: it stays until the
/// Enter is typed and whoever sent it has the receipt.
#[test]
fn an_upgrade_between_a_paste_and_its_enter_loses_neither() {
    let rig = Rig::new();
    // A program that says nothing to its input: then the pause before the Enter is the longest.
    let session = rig.start("stays", "mkfifo gate; stty raw -echo; echo ready; cat >/dev/null");
    rig.wait_for_line("stays", "ready");
    let real = rig.instance.binary().display();
    let gate = rig.instance.work().join("gate");
    let script = format!("#!/bin/sh\n[ $1 = __check ] && read go <{}\nexec {real} \"$@\"\n", gate.display());
    let binary = program(&rig, "waits", script.as_bytes()).display().to_string();
    let upgrade = |session: &Session| session.client().call(Request::Upgrade { binary: binary.clone() });
    std::thread::scope(|scope| {
        let trial = scope.spawn(|| upgrade(&session));
        let mut gate = std::fs::OpenOptions::new().write(true).open(&gate).unwrap();
        let typed = scope.spawn(|| {
            let submit = Request::Input { form: InputForm::Submit };
            session.client().call_with(submit, b"words", None, LIMIT).map(|(answer, _)| answer)
        });
        eventually(LIMIT, || (session.input() == b"words").then_some(())).expect("the paste is typed");
        gate.write_all(b"go\n").unwrap();
        let told = trial.join().unwrap();
        let typed = typed.join().unwrap();
        assert!(matches!(typed, Ok(Answer::Done { .. })), "{typed:?}");
        assert_eq!(session.input().escape_ascii().to_string(), "words\\r");
        // On a machine that is busy enough the trial lasts longer than the pause.
        let refused = matches!(told, Err(Error::Refused { code: Refusal::Failed, .. }));
        assert!(refused || matches!(told, Ok(Answer::Done { .. })), "{told:?}");
    });
}

/// What a host runs.
fn binary_of(host: u32) -> PathBuf {
    std::fs::read_link(format!("/proc/{host}/exe")).unwrap()
}

/// A session whose host was upgraded to a copy of the binary.
fn upgraded(rig: &Rig) -> (Session, PathBuf) {
    let session = rig.start("moved", "echo ready; cat");
    rig.wait_for_line("moved", "ready");
    let copy = rig.instance.work().join("another-centerfire");
    std::fs::copy(rig.instance.binary(), &copy).unwrap();
    session.client().call(Request::Upgrade { binary: copy.display().to_string() }).unwrap();
    let host = session.settled("upgraded", |status| binary_of(status.pids.host) == copy).host;
    assert_eq!(host.unwrap().path, copy.to_str().unwrap());
    (session, copy)
}

/// Kills the host and gives what its successor runs.
fn successor(session: &Session) -> PathBuf {
    let before = session.pids().host;
    kill(before);
    binary_of(session.settled("a new host", |status| status.pids.host != before).pids.host)
}

/// T20: the keeper is of the old binary, and its next host is of the new one all the same, even when that was replaced
/// by a newer one meanwhile.
#[test]
fn a_killed_host_is_followed_by_one_of_the_binary_it_was_upgraded_to() {
    let rig = Rig::new();
    let (session, copy) = upgraded(&rig);
    let keeper = session.pids().keeper;
    assert_eq!(successor(&session), copy);
    std::fs::remove_file(&copy).unwrap();
    assert_eq!(successor(&session), Path::new(&format!("{} (deleted)", copy.display())));
    assert_eq!(session.pids().keeper, keeper);
    assert!(rig.run(&["send", "moved", "--submit", "as before"]).status.success());
    rig.wait_for_line("moved", "as before");
}

/// T20: where the new binary cannot be started any more, or its hosts die one after the other, the keeper's own serves.
#[test]
fn a_new_binary_that_fails_is_followed_by_the_old_one() {
    let rig = Rig::new();
    let (session, copy) = upgraded(&rig);
    std::fs::set_permissions(&copy, Permissions::from_mode(0o600)).unwrap();
    assert_eq!(successor(&session), rig.instance.binary());
    std::fs::set_permissions(&copy, Permissions::from_mode(0o755)).unwrap();
    let given_up = eventually(LIMIT, || (successor(&session) != copy).then_some(()));
    assert!(given_up.is_some(), "the new binary is never given up");
    assert_eq!(successor(&session), rig.instance.binary());
    assert!(rig.run(&["send", "moved", "--submit", "as before"]).status.success());
    rig.wait_for_line("moved", "as before");
}

/// T20: what passes its trial and fails as a host costs a restart, no more.
#[test]
fn a_binary_that_dies_as_a_host_is_followed_by_the_old_one() {
    let rig = Rig::new();
    let session = rig.start("stays", "echo ready; cat");
    rig.wait_for_line("stays", "ready");
    let before = session.pids();
    let real = rig.instance.binary().display();
    let script = format!("#!/bin/sh\n[ $1 = __check ] || exit 1\nexec {real} \"$@\"\n");
    let binary = program(&rig, "fails", script.as_bytes()).display().to_string();
    session.client().call(Request::Upgrade { binary }).unwrap();
    let after = session.settled("a new host", |status| status.pids.host != before.host).pids;
    assert_eq!((binary_of(after.host), after.child), (rig.instance.binary().to_owned(), before.child));
    assert!(rig.run(&["send", "stays", "--submit", "as before"]).status.success());
    rig.wait_for_line("stays", "as before");
}

/// T20: an upgraded host is revived like any other, and an upgraded session ends like any other.
#[test]
fn an_upgraded_session_lives_and_dies_as_any_other() {
    let rig = Rig::new();
    let session = rig.start("moved", "echo ready; read line; exit 7");
    rig.wait_for_line("moved", "ready");
    let binary = rig.instance.binary().display().to_string();
    session.client().call(Request::Upgrade { binary }).unwrap();
    let upgraded = || session.notices().iter().any(|one| matches!(one, Notice::HostStarted { .. }));
    let before = session.settled("upgraded", |_| upgraded()).pids;
    crate::rig::kill(before.host);
    let after = session.settled("a new host", |status| status.pids.host != before.host).pids;
    crate::rig::kill(after.keeper);
    session.settled("a new keeper", |status| status.pids.keeper != after.keeper);
    assert!(rig.run(&["send", "moved", "--key", "Enter"]).status.success());
    let end = if kernel_tells() { json!({ "code": 7 }) } else { json!("lost") };
    assert_eq!(rig.end_of("moved"), end, "as after the death of any keeper");
    let gone = testkit::eventually(LIMIT, || rig.instance.leaked().is_empty().then_some(()));
    assert!(gone.is_some(), "{:?}", rig.instance.leaked());
}
