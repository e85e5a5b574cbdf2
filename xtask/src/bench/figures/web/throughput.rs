//! How fast one viewer gets the output of a child that writes as fast as it can.

use std::time::Instant;

use anyhow::Result;

use super::super::Field;
use crate::bench::processes::Usage;
use crate::bench::scale::{flood_limit, megabytes};
use crate::bench::statistics::Rounds;
use crate::bench::table::Table;
use crate::bench::web::server::{NODE_PTY, Running};
use crate::bench::workload::{END, GO};

const COLUMNS: &[&str] = &["median MB/s", "min", "max", "× node-pty", "CPU ms/MB"];
const SPEED: usize = 0;
const CPU: usize = 1;

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let bytes = field.scale.flood_bytes;
    let size = bytes.to_string();
    let title = format!("One viewer, {} MB of a full-screen program's output", megabytes(bytes));
    let rounds = Rounds::play(&title, &field.servers, field.scale.flood_rounds, |_, found| {
        let server = Running::start(found, &["flood", &size])?;
        let mut viewer = server.join()?;
        let before = Usage::of_peer(server.ground.tag());
        let began = Instant::now();
        viewer.press(&server, &char::from(GO).to_string())?;
        let took = viewer.await_text(END, flood_limit(bytes))? - began;
        let used = Usage::of_peer(server.ground.tag()).since(&before);
        Ok([megabytes(bytes) / took.as_secs_f64(), used.cpu_nanos as f64 / 1e6 / megabytes(bytes)])
    });
    let yardstick = field.server_place(NODE_PTY);
    let table = Table::new("web-throughput", &title, COLUMNS).fill(&field.servers, |index, _| {
        let spread = rounds.spread(index, SPEED);
        let of = |pick: fn(crate::bench::statistics::Spread) -> f64| spread.map(pick);
        let cpu = rounds.spread(index, CPU).map(|spread| spread.median);
        let ratio = rounds.ratio(index, yardstick, SPEED);
        vec![of(|spread| spread.median), of(|spread| spread.min), of(|spread| spread.max), ratio, cpu]
    });
    Ok(vec![table.noting(rounds.notes(&field.servers))])
}
