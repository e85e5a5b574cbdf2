//! A hundred viewers of one session that writes 2 MB/s: what each gets, how late, and what it costs.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::super::Field;
use crate::bench::processes::{cpu_of, rss_kb};
use crate::bench::statistics::{Rounds, percentile};
use crate::bench::table::Table;
use crate::bench::web::crowd::{Crowd, Seen};
use crate::bench::web::server::Running;
use crate::bench::workload::{GO, paced_bytes};

/// The issue is a hundred windows on one busy program.
const VIEWERS: usize = 100;
/// What the session writes: a full-screen program that repaints all the time.
pub const BYTES_PER_SECOND: usize = 2_000_000;
/// What a server may be late in the end before the rest counts as lost.
const GRACE: Duration = Duration::from_secs(3);

const COLUMNS: &[&str] =
    &["delivered %", "least of a viewer %", "p50 ms", "p99 ms", "server cores", "server MB", "session MB/s"];

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let seconds = field.scale.viewed_seconds;
    let title = format!("{VIEWERS} viewers of a session of 2 MB/s, {seconds} s");
    let rounds = Rounds::play(&title, &field.servers, field.scale.viewer_rounds, |_, found| {
        ensure!(found.server.shares, "it shares no session");
        let rate = BYTES_PER_SECOND.to_string();
        let server = Running::start(found, &["paced", &rate, &seconds.to_string()])?;
        let mut crowd = Crowd::join(&server, VIEWERS)?;
        let (began, cpu) = (Instant::now(), cpu_of(server.process()));
        crowd.press(&server, &char::from(GO).to_string())?;
        crowd.watch(Duration::from_secs(seconds as u64) + GRACE)?;
        let cores = (cpu_of(server.process()) - cpu).as_secs_f64() / began.elapsed().as_secs_f64();
        let megabytes = rss_kb(&BTreeSet::from([server.process()])) as f64 / 1e3;
        let [all, least, p50, p99, speed] = summary(&crowd.seen(), seconds)?;
        Ok([all, least, p50, p99, cores, megabytes, speed])
    });
    let table = Table::new("web-viewers", &title, COLUMNS).fill(&field.servers, |index, _| {
        (0..COLUMNS.len()).map(|which| rounds.spread(index, which).map(|spread| spread.median)).collect()
    });
    Ok(vec![table.noting(rounds.notes(&field.servers))])
}

/// Percent of all bytes that came, and of the viewer with the fewest; p50 and p99 of the delays in ms; the child's
/// own speed in MB/s.
fn summary(seen: &[Seen], seconds: usize) -> Result<[f64; 5]> {
    let expected = paced_bytes(BYTES_PER_SECOND, seconds) as f64;
    let percent = |bytes: usize| 100.0 * bytes as f64 / expected;
    let all: usize = seen.iter().map(|seen| seen.bytes).sum();
    let least = seen.iter().map(|seen| seen.bytes).min().context("somebody watched")?;
    let delays: Vec<f64> = seen.iter().flat_map(|seen| &seen.delays).copied().collect();
    let at = |of| percentile(&delays, of).context("frames were seen");
    let (first, last) = seen.iter().find_map(|seen| seen.written).context("frames were seen")?;
    // Between the first frame and the last lie all frames but one.
    let speed = expected / 1e6 / ((last - first) as f64 / 1e9);
    Ok([percent(all) / seen.len() as f64, percent(least), at(50.0)?, at(99.0)?, speed])
}
