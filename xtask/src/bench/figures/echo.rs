//! The round trip of one typed byte: written to the outer terminal, echoed by the child, read from the outer
//! terminal again. All peers are typed at in turn, round by round.

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
use crate::bench::workload::GO;

/// Bytes to type, in turn; none of them stands in an escape sequence or status line of a peer.
const KEYS: &[u8] = b"@&+^|~";
/// Longest wait for an echo.
const ECHO_LIMIT: Duration = Duration::from_secs(2);
/// Spacing of keys: faster than anyone types, slow enough for the cores to go to sleep in between.
const SPACING: Duration = Duration::from_millis(5);
/// What each busy session beside the measured one writes: a full-screen program at work.
const BUSY_BYTES_PER_SECOND: &str = "200000";
const BUSY_SESSIONS: usize = 10;
/// A new session may finish its first drawing so long.
const SETTLE: Duration = Duration::from_millis(50);
/// Busy sessions run so long before the first key.
const BUSY_LEAD: Duration = Duration::from_millis(300);

const COLUMNS: &[&str] =
    &["p50 µs", "p90 µs", "p99 µs", "added over bare µs", "× script", "added × script's added"];

/// Places of a round's medians.
const SPACED: usize = 0;
const BACK_TO_BACK: usize = 1;

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let mut tables = alone(field, Cores::Idle)?;
    tables.extend(alone(field, Cores::Awake)?);
    tables.push(beside_busy_sessions(field));
    Ok(tables)
}

/// Types at one session, begun anew in each round: on which core a process landed decides much of its latency for
/// as long as it lives, so one session would be one throw of the dice.
fn alone(field: &Field, cores: Cores) -> Result<Vec<Table>> {
    let _load = Load::start(cores)?;
    let (mut spaced, mut close) = (Keys::new(field), Keys::new(field));
    let title = format!("Echo: {}", cores.label());
    let rounds = Rounds::play(&title, &field.peers, field.scale.key_rounds, |index, peer| {
        let ground = Ground::new()?;
        let mut session = Session::start(peer, &ground, "echo", &["echo"])?;
        session.outer.settle(SETTLE);
        let count = field.scale.keys_per_round;
        let medians = [
            spaced.type_round(index, &mut session.outer, count, SPACING)?,
            close.type_round(index, &mut session.outer, count, Duration::ZERO)?,
        ];
        session.end();
        Ok(medians)
    });
    let key = format!("echo-{}", cores.key());
    Ok(vec![
        spaced.table(&key, &format!("{title}, keys 5 ms apart"), field, &rounds, SPACED),
        close.table(
            &format!("{key}-back-to-back"),
            &format!("{title}, keys back to back"),
            field,
            &rounds,
            BACK_TO_BACK,
        ),
    ])
}

/// Types at one session while ten others of the same peer (of the same server, where there is one) are at work.
fn beside_busy_sessions(field: &Field) -> Table {
    let title = "Echo: keys 5 ms apart, beside 10 busy sessions of the same peer";
    let mut keys = Keys::new(field);
    let rounds = Rounds::play(title, &field.peers, field.scale.busy_key_rounds, |index, peer| {
        let ground = Ground::new()?;
        let mut session = Session::start(peer, &ground, "echo", &["echo"])?;
        let drain = start_busy(peer, &ground)?;
        session.outer.settle(BUSY_LEAD);
        let count = field.scale.busy_keys_per_round;
        let median = keys.type_round(index, &mut session.outer, count, SPACING)?;
        drop(drain);
        session.end();
        Ok([median])
    });
    keys.table("echo-beside-busy", title, field, &rounds, SPACED)
}

/// Nobody reads their terminals before all have started, so none writes before that.
fn start_busy(peer: &Present, ground: &Ground) -> Result<Drain> {
    let start = |number| {
        let session =
            Session::start(peer, ground, &format!("busy{number}"), &["busy", BUSY_BYTES_PER_SECOND]);
        session.map(|session| session.outer).context("start a busy session")
    };
    let outers: Vec<Outer> = (0..BUSY_SESSIONS).map(start).collect::<Result<_>>()?;
    outers.iter().try_for_each(|outer| outer.type_byte(GO))?;
    Drain::start(outers)
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
    fn type_round(&mut self, peer: usize, outer: &mut Outer, count: usize, spacing: Duration) -> Result<f64> {
        let mut trips = Vec::with_capacity(count);
        for key in KEYS.iter().cycle().take(count) {
            if !spacing.is_zero() {
                std::thread::sleep(spacing);
            }
            trips.push(round_trip(outer, *key)?.as_secs_f64() * 1e6);
        }
        let median = percentile(&trips, 50.0).context("no keys were typed")?;
        self.by_peer[peer].extend(trips);
        Ok(median)
    }

    fn table<const K: usize>(
        &self,
        key: &str,
        title: &str,
        field: &Field,
        rounds: &Rounds<K>,
        which: usize,
    ) -> Table {
        let (bare, script) = (field.place(BARE), field.place(YARDSTICK));
        let table = Table::new(key, title, COLUMNS).fill(&field.peers, |peer, _| {
            let at = |percent| percentile(&self.by_peer[peer], percent);
            let added = rounds.above(peer, bare, which).filter(|_| Some(peer) != bare);
            let added_ratio = rounds.ratio_above(peer, script, bare, which).filter(|_| Some(peer) != bare);
            vec![at(50.0), at(90.0), at(99.0), added, rounds.ratio(peer, script, which), added_ratio]
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
