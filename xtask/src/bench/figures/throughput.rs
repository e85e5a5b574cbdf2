//! How fast a flood of full-screen output comes through, from the start key to the end marker in the outer
//! terminal, and what CPU the peer used for it. A peer with a screen of its own may skip frames; the marker, painted
//! last, tells when it has caught up.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::Field;
use crate::bench::ground::Ground;
use crate::bench::load::{Cores, Load};
use crate::bench::peer::{BARE, Present, YARDSTICK};
use crate::bench::processes::Usage;
use crate::bench::scale::{flood_limit, megabytes};
use crate::bench::session::Session;
use crate::bench::statistics::Rounds;
use crate::bench::table::Table;
use crate::bench::workload::{END, GO};

/// The terminal is quiet when nothing came for so long.
const QUIET: Duration = Duration::from_millis(20);

/// Places of the values of one flood.
const SPEED: usize = 0;
const CPU: usize = 1;

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    for cores in [Cores::Idle, Cores::Awake, Cores::Busy] {
        let count = match cores {
            Cores::Idle => field.scale.flood_rounds,
            Cores::Awake | Cores::Busy => field.scale.loaded_flood_rounds,
        };
        let title = format!("Throughput: {} MB, {}", megabytes(field.scale.flood_bytes), cores.label());
        let _load = Load::start(cores)?;
        let rounds =
            Rounds::play(&title, &field.peers, count, |_, peer| flood(peer, field.scale.flood_bytes));
        tables.push(speeds(&format!("throughput-{}", cores.key()), &title, field, &rounds));
        if cores == Cores::Idle {
            tables.push(cpu(field, &rounds));
        }
    }
    Ok(tables)
}

/// One flood: MB/s, and CPU milliseconds of the peer per MB.
fn flood(peer: &Present, bytes: usize) -> Result<[f64; 2]> {
    let ground = Ground::new()?;
    let mut session = Session::start(peer, &ground, "flood", &["flood", &bytes.to_string()])?;
    session.outer.settle(QUIET);
    let before = Usage::of_peer_at_rest(ground.tag());
    let began = Instant::now();
    session.outer.type_byte(GO)?;
    let ended = session.outer.await_text(END, flood_limit(bytes))?;
    session.outer.settle(QUIET);
    let used = Usage::of_peer_at_rest(ground.tag()).since(&before);
    session.end();
    let speed = megabytes(bytes) / (ended - began).as_secs_f64();
    Ok([speed, used.cpu_nanos as f64 / 1e6 / megabytes(bytes)])
}

fn speeds(key: &str, title: &str, field: &Field, rounds: &Rounds<2>) -> Table {
    let script = field.place(YARDSTICK);
    let columns = ["min MB/s", "median MB/s", "max MB/s", "× script"];
    let table = Table::new(key, title, &columns).fill(&field.peers, |peer, _| {
        let spread = rounds.spread(peer, SPEED);
        vec![
            spread.map(|spread| spread.min),
            spread.map(|spread| spread.median),
            spread.map(|spread| spread.max),
            rounds.ratio(peer, script, SPEED),
        ]
    });
    table.noting(rounds.notes(&field.peers))
}

fn cpu(field: &Field, rounds: &Rounds<2>) -> Table {
    let script = field.place(YARDSTICK);
    let columns = ["min ms/MB", "median ms/MB", "max ms/MB", "× script"];
    let title = "CPU of the peer's processes per MB, user and system, without the child; cores idle";
    Table::new("cpu", title, &columns).fill(&field.peers, |peer, present| {
        let spread = rounds.spread(peer, CPU).filter(|_| !present.is(BARE));
        vec![
            spread.map(|spread| spread.min),
            spread.map(|spread| spread.median),
            spread.map(|spread| spread.max),
            spread.and(rounds.ratio(peer, script, CPU)),
        ]
    })
}
