//! How soon a client that lost its connection sees the screen again, and how soon after the death of the server.
//! Ours alone: the peers' sessions end with either.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::super::Field;
use crate::bench::peer::{Named, OURS};
use crate::bench::statistics::percentile;
use crate::bench::table::{Row, Table};
use crate::bench::web::server::Running;
use crate::bench::web::viewer::Viewer;
use crate::bench::workload::{END, GO};

/// What the session wrote before: a screen with a past.
const PAST_BYTES: &str = "4000000";
/// Longest wait for anything here.
const LIMIT: Duration = Duration::from_secs(10);
/// How often a client tries to connect again.
const RETRY: Duration = Duration::from_millis(2);

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let found = field.our_server()?;
    let columns = &["p50 ms", "p99 ms"];
    let row = |delays: &[f64]| Row {
        peer: OURS.to_owned(),
        cells: vec![percentile(delays, 50.0), percentile(delays, 99.0)],
    };
    let mut again = Table::new(
        "web-reconnect",
        &format!("{}: connection lost, to the whole screen", found.name()),
        columns,
    );
    again.rows.push(row(&reconnects(field)?));
    let mut anew =
        Table::new("web-restart", "Server killed under load, to the first byte behind the last", columns);
    anew.rows.push(row(&restarts(field)?));
    Ok(vec![again, anew])
}

/// Milliseconds from the connect to the end marker on the last row of a full screen.
fn reconnects(field: &Field) -> Result<Vec<f64>> {
    let server = Running::start(field.our_server()?, &["flood", PAST_BYTES])?;
    let mut viewer = server.join()?;
    viewer.press(&server, &char::from(GO).to_string())?;
    viewer.await_text(END, LIMIT)?;
    drop(viewer);
    let mut delays = Vec::new();
    for _ in 0..field.scale.reconnects {
        let began = Instant::now();
        let seen = Viewer::join(&server, None)?.await_text(END, LIMIT)?;
        delays.push((seen - began).as_secs_f64() * 1e3);
    }
    Ok(delays)
}

/// Milliseconds from the server's death to the first byte that a client has of the new one.
fn restarts(field: &Field) -> Result<Vec<f64>> {
    let mut server = Running::start(field.our_server()?, &["busy", "2000000"])?;
    let mut viewer = server.join()?;
    viewer.press(&server, &char::from(GO).to_string())?;
    viewer.read(Instant::now() + LIMIT)?;
    let mut delays = Vec::new();
    for _ in 0..field.scale.restarts {
        let from = viewer.offset();
        let began = server.restart()?;
        viewer = loop {
            match Viewer::join(&server, Some(from)) {
                Ok(viewer) => break viewer,
                Err(error) if began.elapsed() > LIMIT => return Err(error),
                Err(_) => std::thread::sleep(RETRY),
            }
        };
        viewer.read(began + LIMIT)?;
        delays.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(delays)
}
