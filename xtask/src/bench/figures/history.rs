//! A session with a long past: how much its processes grew over it, and how long a new client takes from its start
//! to a full screen. The marker on the last row tells when the screen is full; where a peer keeps no screen, the
//! child repaints when asked.

use std::time::Duration;

use anyhow::{Context, Result};

use super::Field;
use crate::bench::ground::Ground;
use crate::bench::peer::{ATTACH_YARDSTICK, BARE, Present};
use crate::bench::processes::{of_peer, rss_kb};
use crate::bench::scale::{flood_limit, megabytes};
use crate::bench::session::Session;
use crate::bench::statistics::{Rounds, median};
use crate::bench::table::Table;
use crate::bench::workload::{END, GO};

/// Longest wait for the screen after a reattach.
const SCREEN_LIMIT: Duration = Duration::from_secs(10);
/// Between hang-up and reattach: a server may notice that its client has left, and screen sleeps a second over it.
const AWAY: Duration = Duration::from_millis(1500);
/// The terminal is quiet when nothing came for so long.
const QUIET: Duration = Duration::from_millis(200);

/// Places of the values.
const GROWTH: usize = 0;
const REATTACH: usize = 1;

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let bytes = field.scale.history_bytes;
    let title =
        format!("A past of {} MB: growth of all processes, and reattach to a full screen", megabytes(bytes));
    let rounds = Rounds::play(&title, &field.peers, 1, |_, peer| {
        if peer.is(BARE) { Ok([f64::NAN; 2]) } else { live_through(peer, bytes, field.scale.reattaches) }
    });
    let tmux = field.place(ATTACH_YARDSTICK);
    let columns = ["grew KB", "reattach ms", "reattach × tmux"];
    let table = Table::new("history", &title, &columns).fill(&field.peers, |peer, _| {
        let value =
            |which| rounds.spread(peer, which).map(|spread| spread.median).filter(|value| !value.is_nan());
        vec![value(GROWTH), value(REATTACH), rounds.ratio(peer, tmux, REATTACH)]
    });
    Ok(vec![table.noting(rounds.notes(&field.peers))])
}

/// KB grown, and the median milliseconds of a reattach (not a number for a peer without one).
fn live_through(peer: &Present, bytes: usize, reattaches: usize) -> Result<[f64; 2]> {
    let ground = Ground::new()?;
    let mut session = Session::start(peer, &ground, "history", &["flood", &bytes.to_string()])?;
    session.outer.settle(QUIET);
    let before = rss_kb(&of_peer(ground.tag()));
    session.outer.type_byte(GO)?;
    session.outer.await_text(END, flood_limit(bytes))?;
    session.outer.settle(QUIET);
    let grew = rss_kb(&of_peer(ground.tag())) as f64 - before as f64;
    let mut times = Vec::new();
    for _ in 0..if peer.can_attach() { reattaches } else { 0 } {
        let (again, began) = session.reattach(AWAY)?;
        session = again;
        let full = session.outer.await_text(END, SCREEN_LIMIT).context("wait for the screen")?;
        times.push((full - began).as_secs_f64() * 1e3);
        session.outer.settle(QUIET);
    }
    session.end();
    Ok([grew, median(&times).unwrap_or(f64::NAN)])
}
