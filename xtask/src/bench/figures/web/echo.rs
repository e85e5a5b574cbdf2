//! The round trip of one key over a WebSocket: sent by a client, echoed by the child, received by the client.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::super::Field;
use crate::bench::load::{Cores, Load};
use crate::bench::statistics::{Rounds, percentile};
use crate::bench::table::Table;
use crate::bench::web::server::{NODE_PTY, Running};
use crate::bench::web::viewer::Viewer;

/// Keys to type, in turn.
const KEYS: [&str; 6] = ["@", "&", "+", "^", "|", "~"];
/// Longest wait for an echo.
const ECHO_LIMIT: Duration = Duration::from_secs(2);
/// As in the figure of the terminals.
const SPACING: Duration = Duration::from_millis(5);
/// Keys before the first that counts: a server in a language that is compiled as it runs is slow at first.
const WARM_UP_KEYS: usize = 200;

const COLUMNS: &[&str] = &["p50 µs", "p90 µs", "p99 µs", "× node-pty"];
/// Places of a round's medians.
const SPACED: usize = 0;
const BACK_TO_BACK: usize = 1;

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let mut tables = alone(field, Cores::Idle)?;
    tables.extend(alone(field, Cores::Awake)?);
    Ok(tables)
}

fn alone(field: &Field, cores: Cores) -> Result<Vec<Table>> {
    let _load = Load::start(cores)?;
    let servers = &field.servers;
    let mut trips = [vec![Vec::new(); servers.len()], vec![Vec::new(); servers.len()]];
    let title = format!("Key to echo over a WebSocket: {}", cores.label());
    let rounds = Rounds::play(&title, servers, field.scale.key_rounds, |index, found| {
        let server = Running::start(found, &["echo"])?;
        let mut viewer = server.join()?;
        type_keys(&server, &mut viewer, WARM_UP_KEYS, Duration::ZERO)?;
        let mut median = [0.0; 2];
        for (which, spacing) in [(SPACED, SPACING), (BACK_TO_BACK, Duration::ZERO)] {
            let keys = type_keys(&server, &mut viewer, field.scale.keys_per_round, spacing)?;
            median[which] = percentile(&keys, 50.0).context("keys were typed")?;
            trips[which][index].extend(keys);
        }
        Ok(median)
    });
    let table = |which: usize, key: &str, title: &str| {
        let yardstick = field.server_place(NODE_PTY);
        let table = Table::new(key, title, COLUMNS).fill(servers, |index, _| {
            let at = |percent| percentile(&trips[which][index], percent);
            vec![at(50.0), at(90.0), at(99.0), rounds.ratio(index, yardstick, which)]
        });
        table.noting(rounds.notes(servers))
    };
    let key = format!("web-echo-{}", cores.key());
    Ok(vec![
        table(SPACED, &key, &format!("{title}, keys 5 ms apart")),
        table(BACK_TO_BACK, &format!("{key}-back-to-back"), &format!("{title}, keys back to back")),
    ])
}

/// Microseconds of so many round trips.
fn type_keys(server: &Running, viewer: &mut Viewer, count: usize, spacing: Duration) -> Result<Vec<f64>> {
    let mut trips = Vec::with_capacity(count);
    for key in KEYS.iter().cycle().take(count) {
        if !spacing.is_zero() {
            std::thread::sleep(spacing);
        }
        let began = Instant::now();
        viewer.press(server, key)?;
        while !viewer.read(began + ECHO_LIMIT).context("wait for an echo")?.contains(&key.as_bytes()[0]) {}
        trips.push(began.elapsed().as_secs_f64() * 1e6);
    }
    Ok(trips)
}
