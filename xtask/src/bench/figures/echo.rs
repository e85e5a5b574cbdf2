//! The round trip of one typed byte: written to the outer terminal, echoed by the child, read from the outer
//! terminal again. The sessions of all peers live side by side and are typed at in turn.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Field;
use crate::bench::drain::Drain;
use crate::bench::ground::Ground;
use crate::bench::load::{Cores, Load};
use crate::bench::outer::Outer;
use crate::bench::peer::{BARE, Present, YARDSTICK};
use crate::bench::session::Session;
use crate::bench::statistics::{Rounds, percentile};
use crate::bench::table::Table;

/// Bytes to type, in turn; none of them stands in an escape sequence or status line of a peer.
const KEYS: &[u8] = b"@&+^|~";
/// Longest wait for an echo.
const ECHO_LIMIT: Duration = Duration::from_secs(2);
/// Spacing of keys: faster than anyone types, slow enough for the cores to go to sleep in between.
const SPACING: Duration = Duration::from_millis(5);
/// What each busy session beside the measured one writes: a full-screen program at work.
const BUSY_BYTES_PER_SECOND: &str = "200000";
const BUSY_SESSIONS: usize = 10;
/// Busy sessions run so long before the first key.
const BUSY_LEAD: Duration = Duration::from_millis(300);

const COLUMNS: &[&str] =
    &["p50 µs", "p90 µs", "p99 µs", "added over bare µs", "× script", "added × script's added"];

/// How the keys of one set-up follow each other.
#[derive(Clone, Copy)]
enum Pace {
    Spaced,
    BackToBack,
}

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    let grounds: Vec<Ground> = field.peers.iter().map(|_| Ground::new()).collect::<Result<_>>()?;
    let mut sessions: Vec<Result<Session>> = field
        .peers
        .iter()
        .zip(&grounds)
        .map(|(peer, ground)| Session::start(peer, ground, "echo", &["echo"]))
        .collect();
    for cores in [Cores::Idle, Cores::Awake] {
        let load = Load::start(cores)?;
        for pace in [Pace::Spaced, Pace::BackToBack] {
            tables.push(side_by_side(field, &mut sessions, cores, pace));
        }
        drop(load);
    }
    sessions.into_iter().flatten().for_each(Session::end);
    drop(grounds);
    tables.push(beside_busy_sessions(field));
    Ok(tables)
}

/// Types at the living sessions, round by round.
fn side_by_side(field: &Field, sessions: &mut [Result<Session>], cores: Cores, pace: Pace) -> Table {
    let (key, how) = match pace {
        Pace::Spaced => (format!("echo-{}", cores.key()), "keys 5 ms apart"),
        Pace::BackToBack => (format!("echo-{}-back-to-back", cores.key()), "keys back to back"),
    };
    let title = format!("Echo: {how}, {}", cores.label());
    let mut keys = Keys::new(field);
    let rounds = Rounds::play(&title, &field.peers, field.scale.key_rounds, |index, _| {
        let session = sessions[index].as_mut().map_err(|error| anyhow::anyhow!("{error:#}"))?;
        keys.type_round(index, &mut session.outer, field.scale.keys_per_round, pace)
    });
    keys.table(&key, &title, field, &rounds)
}

/// Types at one session while ten others of the same peer (of the same server, where there is one) are at work.
fn beside_busy_sessions(field: &Field) -> Table {
    let title = "Echo: keys 5 ms apart, beside 10 busy sessions of the same peer";
    let mut keys = Keys::new(field);
    let rounds = Rounds::play(title, &field.peers, field.scale.busy_key_rounds, |index, peer| {
        let ground = Ground::new()?;
        let mut session = Session::start(peer, &ground, "echo", &["echo"])?;
        let drain = start_busy(peer, &ground)?;
        std::thread::sleep(BUSY_LEAD);
        let typed = keys.type_round(index, &mut session.outer, field.scale.busy_keys_per_round, Pace::Spaced);
        drop(drain);
        session.end();
        typed
    });
    keys.table("echo-beside-busy", title, field, &rounds)
}

fn start_busy(peer: &Present, ground: &Ground) -> Result<Drain> {
    let start = |number| {
        let session =
            Session::start(peer, ground, &format!("busy{number}"), &["busy", BUSY_BYTES_PER_SECOND]);
        session.map(|session| session.outer).context("start a busy session")
    };
    Drain::start((0..BUSY_SESSIONS).map(start).collect::<Result<_>>()?)
}

/// All round trips of one set-up, by peer, in microseconds.
struct Keys {
    by_peer: Vec<Vec<f64>>,
}

impl Keys {
    fn new(field: &Field) -> Keys {
        Keys { by_peer: vec![Vec::new(); field.peers.len()] }
    }

    /// Types so many keys and returns the round's median.
    fn type_round(&mut self, peer: usize, outer: &mut Outer, count: usize, pace: Pace) -> Result<[f64; 1]> {
        outer.settle(Duration::from_millis(1));
        let mut trips = Vec::with_capacity(count);
        for key in KEYS.iter().cycle().take(count) {
            if let Pace::Spaced = pace {
                std::thread::sleep(SPACING);
            }
            trips.push(round_trip(outer, *key)?.as_secs_f64() * 1e6);
        }
        let median = percentile(&trips, 50.0).context("no keys were typed")?;
        self.by_peer[peer].extend(trips);
        Ok([median])
    }

    fn table(&self, key: &str, title: &str, field: &Field, rounds: &Rounds<1>) -> Table {
        let (bare, script) = (field.place(BARE), field.place(YARDSTICK));
        let table = Table::new(key, title, COLUMNS).fill(&field.peers, |peer, _| {
            let at = |percent| percentile(&self.by_peer[peer], percent);
            let added = rounds.above(peer, bare, 0).filter(|_| Some(peer) != bare);
            let added_ratio = rounds.ratio_above(peer, script, bare, 0).filter(|_| Some(peer) != bare);
            vec![at(50.0), at(90.0), at(99.0), added, rounds.ratio(peer, script, 0), added_ratio]
        });
        table.noting(rounds.notes(&field.peers))
    }
}

fn round_trip(outer: &mut Outer, key: u8) -> Result<Duration> {
    let began = Instant::now();
    outer.type_byte(key)?;
    let deadline = began + ECHO_LIMIT;
    while !outer.read(deadline).context("wait for an echo")?.contains(&key) {}
    Ok(began.elapsed())
}
