//! Memory of idle attached sessions: the proportional sizes of all the peer's processes (clients, servers, keepers)
//! divided by the number of sessions; fresh, and after each has shown a few screens.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::Field;
use crate::bench::ground::Ground;
use crate::bench::peer::{BARE, Present, YARDSTICK};
use crate::bench::processes::{of_peer, pss_kb};
use crate::bench::scale::flood_limit;
use crate::bench::session::Session;
use crate::bench::statistics::Rounds;
use crate::bench::table::Table;
use crate::bench::workload::{END, GO};

/// Output of each session between both looks.
const SHOWN_BYTES: usize = 256 << 10;
/// Peers may tidy up so long before a look.
const SETTLE: Duration = Duration::from_millis(300);

const COLUMNS: &[&str] = &["fresh KB", "after 256 KB, KB", "fresh × script", "after × script"];

/// Places of the values.
const FRESH: usize = 0;
const AFTER: usize = 1;

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let count = field.scale.idle_sessions;
    let title = format!("Memory per session, {count} sessions attached at 120 × 40");
    let rounds = Rounds::play(&title, &field.peers, 1, |_, peer| {
        if peer.is(BARE) { Ok([0.0, 0.0]) } else { sessions(peer, count) }
    });
    let script = field.place(YARDSTICK);
    let table = Table::new("memory", &title, COLUMNS).fill(&field.peers, |peer, present| {
        let kb = |which| rounds.spread(peer, which).map(|spread| spread.median);
        let ratio = |which| rounds.ratio(peer, script, which).filter(|_| !present.is(BARE));
        vec![kb(FRESH), kb(AFTER), ratio(FRESH), ratio(AFTER)]
    });
    Ok(vec![table.noting(rounds.notes(&field.peers))])
}

/// KB per session, fresh and after output.
fn sessions(peer: &Present, count: usize) -> Result<[f64; 2]> {
    let ground = Ground::new()?;
    let work = ["flood", &SHOWN_BYTES.to_string()];
    let start = |number| Session::start(peer, &ground, &format!("idle{number}"), &work);
    let mut sessions: Vec<Session> = (0..count).map(start).collect::<Result<_>>()?;
    std::thread::sleep(SETTLE);
    let fresh = per_session(&ground, count)?;
    for session in &mut sessions {
        session.outer.type_byte(GO)?;
        session.outer.await_text(END, flood_limit(SHOWN_BYTES))?;
    }
    std::thread::sleep(SETTLE);
    let after = per_session(&ground, count)?;
    sessions.into_iter().for_each(Session::end);
    Ok([fresh, after])
}

fn per_session(ground: &Ground, count: usize) -> Result<f64> {
    let kb = pss_kb(&of_peer(ground.tag()))?;
    ensure!(kb > 0, "no process of the peer was found");
    Ok(kb as f64 / count as f64)
}
