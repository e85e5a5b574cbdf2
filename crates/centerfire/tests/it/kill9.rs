//! `kill -9` at 200 moments of chance, under full output: what a terminal had received is in the journal, in order.

use crate::rig::{LIMIT, Rig, Session, after, client_in, kill, signal};
use crate::stream::Chance;
use protocol::{ExitStatus, Notice, Phase};
use rustix::process::Signal;
use rustix::termios::LocalModes;
use serde_json::json;
use std::io::Write;
use std::time::Duration;
use testkit::{Terminal, eventually, proc};

/// Numbered lines without end, as fast as they are taken: each stretch of them stands at one place only.
const FLOOD: &str = "stty raw -echo; echo ready; seq 1 1000000000";
/// Joins again whenever its client dies; its own words stay out of the terminal.
const FAITHFUL: &str = "exec 2>/dev/null; while $cf attach flood; [ $? = 137 ]; do :; done; sleep 600";

/// Who dies.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Client,
    Host,
    Keeper,
}

/// What a terminal had received since it was last painted, up to the moment of a kill and what was on its way then:
/// plain numbers between two escape sequences.
fn received(terminal: &Terminal, mark: usize) -> Vec<u8> {
    let bytes = terminal.output();
    let start = bytes[..mark].iter().rposition(|byte| *byte == 0x1b).map_or(0, |at| at + 1);
    let end = bytes[mark..].iter().position(|byte| *byte == 0x1b).map_or(bytes.len(), |at| mark + at);
    let plain = &bytes[start..end];
    let first_line = plain.iter().position(|byte| *byte == b'\n').map_or(plain.len(), |at| at + 1);
    plain[first_line..].to_vec()
}

/// Waits until numbers flow again, for a while of chance.
fn flow(terminal: &Terminal, chance: &mut Chance) {
    let mark = terminal.mark();
    let bytes = 20_000 + chance.below(200_000) as usize;
    let flows = |output: &[u8]| {
        let fresh = &output[mark.min(output.len())..];
        let painted = fresh.iter().rposition(|byte| *byte == 0x1b).unwrap_or(0);
        fresh.len() - painted > bytes
    };
    terminal.wait_for(flows, LIMIT).expect("the numbers flow again");
}

/// Kills one and waits until the session is whole again; gives what the terminal had got.
fn strike(victim: Victim, session: &Session, terminal: &Terminal) -> Vec<u8> {
    let before = session.pids();
    let client = client_in(terminal);
    let mark = terminal.mark();
    match victim {
        Victim::Client => kill(client),
        Victim::Host => kill(before.host),
        Victim::Keeper => kill(before.keeper),
    }
    session.settled("the session goes on", |status| match victim {
        Victim::Client => status.clients.iter().any(|one| one.control && one.pid != client),
        Victim::Host => status.pids.host != before.host && status.clients.iter().any(|one| one.control),
        Victim::Keeper => status.pids.keeper != before.keeper,
    });
    received(terminal, mark)
}

/// One session: `strikes` kills and a last one of everything but the program.
fn survive(seed: u64, strikes: usize) {
    let rig = Rig::new();
    let mut chance = Chance::new(seed);
    let session = rig.start("flood", FLOOD);
    let terminal = rig.shell(FAITHFUL);
    let mut seen = Vec::new();
    let mut hosts = 0;
    for round in 0..strikes {
        flow(&terminal, &mut chance);
        let victim = match chance.below(4) {
            0 => Victim::Client,
            1 => Victim::Keeper,
            _ => Victim::Host,
        };
        hosts += usize::from(matches!(victim, Victim::Host));
        seen.push((format!("seed {seed}, round {round}, {victim:?}"), strike(victim, &session, &terminal)));
    }
    flow(&terminal, &mut chance);
    let pids = session.pids();
    let mark = terminal.mark();
    let client = client_in(&terminal);
    // A keeper that sleeps starts no other host before it dies, and a client does not see that nobody is left.
    signal(pids.keeper, Signal::STOP);
    signal(client, Signal::STOP);
    kill(pids.host);
    kill(pids.keeper);
    kill(client);
    let gone =
        eventually(LIMIT, || (!proc::is_running(pids.host) && !proc::is_running(pids.child)).then_some(()));
    assert!(gone.is_some(), "a program whose terminal is gone is hung up");
    seen.push((format!("seed {seed}, all"), received(&terminal, mark)));

    let stored = session.output();
    let mut from = 0;
    for (when, stretch) in &seen {
        let at = find(&stored[from..], stretch);
        let at = at.unwrap_or_else(|| panic!("{when}: {}", lost(&stored, stretch)));
        // The next terminal may have been painted with the end of this.
        from += at;
    }
    let total: usize = seen.iter().map(|(_, stretch)| stretch.len()).sum();
    assert!(total > strikes * 20_000, "only {total} bytes were seen in {strikes} rounds");
    let restarts = session.notices().iter().filter(|one| matches!(one, Notice::HostStarted { .. })).count();
    assert_eq!(restarts, hosts);
    assert!(rig.run(&["verify", "flood"]).status.success());
    assert_eq!(session.exit(), None, "nobody could see how the program ended");
    assert_eq!(rig.instance.json(&["show", "flood", "--json"])["phase"], json!(Phase::Lost));
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    let (bytes, what) = (str::from_utf8(bytes).expect("numbers"), str::from_utf8(what).expect("numbers"));
    bytes.find(what)
}

/// How much of a stretch is stored, and what follows that is not.
fn lost(stored: &[u8], stretch: &[u8]) -> String {
    let ends: Vec<usize> = (0..=stretch.len()).collect();
    let good = ends.partition_point(|end| find(stored, &stretch[..*end]).is_some()) - 1;
    let next = &stretch[good.saturating_sub(40)..stretch.len().min(good + 40)];
    format!("of {} bytes that were shown {good} are stored: {}", stretch.len(), next.escape_ascii())
}

/// Invariants 1 and 3, T21: 100 of the 200 moments.
#[test]
fn nothing_shown_is_lost_whatever_is_killed() {
    (1..=4).for_each(|seed| survive(seed, 24));
}

/// Invariants 1 and 3, T21: the other 100.
#[test]
fn nothing_shown_is_lost_whatever_is_killed_by_another_chance() {
    (5..=8).for_each(|seed| survive(seed, 24));
}

/// T21: how a program ended after its keeper's death is what the kernel tells, where it does (Linux 6.15), or lost.
#[test]
fn the_exit_status_outlives_the_keeper_or_is_called_lost() {
    let rig = Rig::new();
    let session = rig.start("seven", "read line; exit 7");
    let before = session.pids();
    kill(before.keeper);
    session.settled("a new keeper", |status| status.pids.keeper != before.keeper);
    assert!(rig.run(&["send", "seven", "--key", "Enter"]).status.success());
    let told = rig.end_of("seven");
    assert_eq!(told, if kernel_tells() { json!({ "code": 7 }) } else { json!("lost") });
    assert_ne!(session.exit().map(|exit| exit.status), Some(ExitStatus::Code(0)));
}

/// Whether the kernel tells how a process ended to one that is not its parent.
pub(crate) fn kernel_tells() -> bool {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let mut numbers = release.split(['.', '-']).map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next(), numbers.next()) >= (Some(6), Some(15))
}

/// T21: with keeper and host dead at once, a program that went on regardless and exited 0 is lost, not 0.
#[test]
fn an_exit_that_nobody_saw_is_not_called_zero() {
    let rig = Rig::new();
    let session =
        rig.start("alone", "trap '' HUP; echo ready; while [ ! -e go ]; do sleep 0.02; done; exit 0");
    rig.wait_for_line("alone", "ready");
    let pids = session.pids();
    signal(pids.keeper, Signal::STOP);
    kill(pids.host);
    kill(pids.keeper);
    rig.file("go", b"");
    let all = [pids.child, pids.keeper, pids.host];
    let ended = eventually(LIMIT, || (!all.iter().any(|pid| proc::is_running(*pid))).then_some(()));
    assert!(ended.is_some(), "the program ends, and whoever was killed is dead");
    let shown = rig.instance.json(&["show", "alone", "--json"]);
    assert_eq!((&shown["phase"], &shown["exit"]), (&json!("lost"), &json!(null)), "{shown}");
    assert_eq!(rig.run(&["attach", "alone"]).status.code(), Some(4));
    assert!(rig.screen("alone").contains("ready"), "what it showed can still be seen");
}

/// Invariant 3: a record that was cut off by a crash is cut away by the next host, and both say so.
#[test]
fn a_torn_record_is_recovered_and_reported() {
    let rig = Rig::new();
    let session = rig.start("torn", "echo ready; cat");
    rig.wait_for_line("torn", "ready");
    let pids = session.pids();
    // The keeper sleeps while the last record of the dead host is torn by hand.
    signal(pids.keeper, Signal::STOP);
    kill(pids.host);
    eventually(LIMIT, || (!proc::is_running(pids.host)).then_some(())).expect("the host is dead");
    let mut segments: Vec<_> = std::fs::read_dir(session.journal())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    segments.sort();
    let segment = segments.last().expect("a journal has a segment");
    let bytes = std::fs::read(segment).unwrap();
    // The beginning of a true record: the header of the segment is followed by one.
    let mut file = std::fs::OpenOptions::new().append(true).open(segment).unwrap();
    let first = bytes.len() - 7;
    file.write_all(&bytes[first..]).unwrap();
    let report = rig.instance.json(&["verify", "torn", "--json"]);
    assert_eq!((&report["torn_bytes"], &report["sound"]), (&json!(7), &json!(true)), "{report}");

    signal(pids.keeper, Signal::CONT);
    session.settled("a new host", |status| status.pids.host != pids.host);
    let told = session.notices().into_iter().find_map(|notice| match notice {
        Notice::HostStarted { torn_bytes, .. } => Some(torn_bytes),
        _ => None,
    });
    assert_eq!(told, Some(7));
    assert!(rig.run(&["send", "torn", "--submit", "goes on"]).status.success());
    rig.wait_for_line("torn", "goes on");
    let report = rig.instance.json(&["verify", "torn", "--json"]);
    assert_eq!((&report["torn_bytes"], &report["sound"]), (&json!(0), &json!(true)), "{report}");
}

/// T25: a client that is killed leaves no raw terminal behind; the session goes on.
#[test]
fn a_killed_client_leaves_a_terminal_that_edits_lines() {
    let rig = Rig::new();
    let terminal = rig
        .shell("$cf run --name left -- bash -c 'echo ready; cat'; echo status $?; read line; echo got $line");
    terminal.wait_for_text("ready").unwrap();
    let raw = terminal.termios().unwrap().local_modes;
    assert!(!raw.intersects(LocalModes::ICANON | LocalModes::ECHO), "{raw:?}");
    let client = client_in(&terminal);
    kill(client);
    terminal.wait_for_text("status 137").unwrap();
    let cooked = eventually(LIMIT, || {
        let modes = terminal.termios().ok()?.local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG).then_some(())
    });
    assert!(cooked.is_some(), "{:?}", terminal.termios());
    terminal.write(b"line\r").unwrap();
    terminal.wait_for_text("got line\r\n").unwrap();
    assert!(rig.run(&["send", "left", "--submit", "it goes on"]).status.success());
    rig.wait_for_line("left", "it goes on");
}

/// T11: a client finds the new host by itself, and its terminal shows what it should.
#[test]
fn a_client_joins_the_next_host_and_its_screen_is_right() {
    let rig = Rig::new();
    let terminal =
        rig.open("again", r"printf '\033[2J\033[5;10Hin the \033[1mmiddle\033[m'; stty -echo; cat");
    terminal.wait_for_shown("middle").unwrap();
    let session = rig.session("again");
    let mark = terminal.mark();
    let before = session.pids();
    kill(before.host);
    terminal.wait_for_shown_since(mark, "in the middle", LIMIT).unwrap();
    session.settled("the client controls", |status| status.clients.iter().any(|client| client.control));
    assert!(rig.screen("again").lines().nth(4).is_some_and(|line| line == "         in the middle"));
    let mark = terminal.mark();
    terminal.write(b"typed\r").unwrap();
    terminal.wait_for_shown_since(mark, "typed", LIMIT).unwrap();
    assert!(after(&terminal.output(), b"middle").len() > 5);
}

/// Where nobody is left to bring the host back, a client does not wait for it.
#[test]
fn a_client_whose_session_is_lost_leaves_at_once() {
    let rig = Rig::new();
    let terminal = rig.open("alone", "echo ready; read line");
    terminal.wait_for_text("ready").expect("the program starts");
    let pids = rig.session("alone").pids();
    signal(pids.keeper, Signal::STOP);
    kill(pids.host);
    kill(pids.keeper);
    // Less than the 10 s that a host may be away.
    let status = terminal.wait(Duration::from_secs(9)).expect("the client leaves");
    assert_eq!(status.code(), Some(4));
}
