//! What a session costs in which nothing happens: CPU time and voluntary context switches (wake-ups) of all the
//! peer's processes. The sessions of all peers idle side by side through the same seconds.

use std::time::Duration;

use anyhow::Result;

use super::Field;
use crate::bench::ground::Ground;
use crate::bench::peer::{BARE, Named};
use crate::bench::processes::{Usage, Used};
use crate::bench::session::Session;
use crate::bench::statistics::median;
use crate::bench::table::Table;

/// What a start leaves to do is done by then.
const SETTLE: Duration = Duration::from_secs(1);

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let grounds: Vec<Ground> = field.peers.iter().map(|_| Ground::new()).collect::<Result<_>>()?;
    let sessions: Vec<Result<Session>> = field
        .peers
        .iter()
        .zip(&grounds)
        .map(|(peer, ground)| Session::start(peer, ground, "idle", &["echo"]))
        .collect();
    std::thread::sleep(SETTLE);
    let mut used: Vec<Vec<Used>> = vec![Vec::new(); grounds.len()];
    for round in 1..=field.scale.idle_rounds {
        eprintln!("Idle: round {round} of {}", field.scale.idle_rounds);
        let before: Vec<Usage> = grounds.iter().map(|ground| Usage::of_peer(ground.tag())).collect();
        std::thread::sleep(field.scale.idle_time);
        for ((ground, before), used) in grounds.iter().zip(&before).zip(&mut used) {
            used.push(Usage::of_peer(ground.tag()).since(before));
        }
    }
    let table = table(field, &sessions, &used);
    sessions.into_iter().flatten().for_each(Session::end);
    Ok(vec![table])
}

fn table(field: &Field, sessions: &[Result<Session>], used: &[Vec<Used>]) -> Table {
    let title = format!("Idle: used by one attached session in {} s", field.scale.idle_time.as_secs());
    let table = Table::new("idle", &title, &["CPU ms", "wake-ups"]).fill(&field.peers, |index, peer| {
        if peer.is(BARE) || sessions[index].is_err() {
            return vec![None, None];
        }
        let cpu: Vec<f64> = used[index].iter().map(|used| used.cpu_nanos as f64 / 1e6).collect();
        let switches: Vec<f64> = used[index].iter().map(|used| used.voluntary_switches as f64).collect();
        vec![median(&cpu), median(&switches)]
    });
    let failed =
        field.peers.iter().zip(sessions).filter_map(|(peer, session)| Some((peer, session.as_ref().err()?)));
    table.noting(failed.map(|(peer, error)| format!("{}: failed, {error:#}", peer.name())).collect())
}
