//! From the start of the peer's client to the child's first byte in the outer terminal. Servers are started anew
//! each time, on ground where nothing ran before.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};

use super::Field;
use crate::bench::ground::Ground;
use crate::bench::peer::{BARE, Present, YARDSTICK};
use crate::bench::session::Session;
use crate::bench::statistics::Rounds;
use crate::bench::table::Table;
use crate::bench::workload::FIRST;

/// A peer that has shown nothing by then counts as hanging.
const FIRST_LIMIT: Duration = Duration::from_secs(10);

const COLUMNS: &[&str] = &["min ms", "median ms", "max ms", "child began ms", "over bare ms", "× script"];

/// Places of the values of one start.
const SHOWN: usize = 0;
const BEGAN: usize = 1;

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let title = "Start: client's start to the child's first byte on the screen";
    let rounds = Rounds::play(title, &field.peers, field.scale.starts, |_, peer| start(peer));
    let (bare, script) = (field.place(BARE), field.place(YARDSTICK));
    let table = Table::new("start", title, COLUMNS).fill(&field.peers, |peer, present| {
        let spread = rounds.spread(peer, SHOWN);
        vec![
            spread.map(|spread| spread.min),
            spread.map(|spread| spread.median),
            spread.map(|spread| spread.max),
            rounds.spread(peer, BEGAN).map(|spread| spread.median),
            rounds.above(peer, bare, SHOWN).filter(|_| !present.is(BARE)),
            rounds.ratio(peer, script, SHOWN),
        ]
    });
    Ok(vec![table.noting(rounds.notes(&field.peers))])
}

/// Milliseconds until the first byte was seen, and until the child began.
fn start(peer: &Present) -> Result<[f64; 2]> {
    let ground = Ground::new()?;
    let before = monotonic_nanos();
    let mut session = Session::launch(peer, &ground, "start", &["first-byte"])?;
    let deadline = Instant::now() + FIRST_LIMIT;
    let mut shown = Vec::new();
    let mut seen = None;
    let child_began = loop {
        let read = session.outer.read(deadline).context("wait for the first byte")?;
        let now = monotonic_nanos();
        shown.extend_from_slice(read);
        let text = String::from_utf8_lossy(&shown);
        let Some((_, rest)) = text.split_once(FIRST) else { continue };
        let seen = *seen.get_or_insert(now);
        let Some((nanos, _)) = rest.split_once('@') else { continue };
        break (seen, nanos.parse::<i128>().context("read when the child began")?);
    };
    session.end();
    let (seen, child_began) = child_began;
    Ok([(seen - before) as f64 / 1e6, (child_began - before) as f64 / 1e6])
}

/// The clock that the child reads too.
fn monotonic_nanos() -> i128 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as i128 * 1_000_000_000 + now.tv_nsec as i128
}
