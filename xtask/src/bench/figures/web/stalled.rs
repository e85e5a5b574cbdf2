//! One viewer that stops reading while others watch: what it costs the server, what the others feel of it, and
//! whether it goes on without a loss.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::super::Field;
use super::viewers::BYTES_PER_SECOND;
use crate::bench::processes::rss_kb;
use crate::bench::statistics::{Rounds, percentile};
use crate::bench::table::Table;
use crate::bench::web::crowd::{Crowd, Seen};
use crate::bench::web::server::{Found, Running};
use crate::bench::workload::{END, GO, paced_bytes};

/// Who watches beside the one that stalls.
const VIEWERS: usize = 10;
/// What a server may be late in the end.
const GRACE: Duration = Duration::from_secs(3);

const COLUMNS: &[&str] =
    &["p99 ms of the others", "with one stalled", "ratio", "server grew MB", "caught up by % of all"];

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let seconds = field.scale.viewed_seconds;
    let title = format!("{VIEWERS} viewers of a session of 2 MB/s, {seconds} s, and one that stops reading");
    let rounds = Rounds::play(&title, &field.servers, field.scale.viewer_rounds, |_, found| {
        ensure!(found.server.shares, "it shares no session");
        let (quiet, ..) = watch(found, seconds, false)?;
        let (stalled, grown, resumed) = watch(found, seconds, true)?;
        Ok([quiet, stalled, stalled / quiet, grown, resumed])
    });
    let table = Table::new("web-stalled", &title, COLUMNS).fill(&field.servers, |index, _| {
        (0..COLUMNS.len()).map(|which| rounds.spread(index, which).map(|spread| spread.median)).collect()
    });
    let note = "The stalled viewer reads on when the session is quiet again, and all got to the end: by all that was \
                written, or by the screen that came of it.";
    Ok(vec![table.noting(rounds.notes(&field.servers)).noting(vec![note.to_owned()])])
}

/// The p99 of the others in ms, what the server grew by in MB, and what the stalled one has in the end in percent.
fn watch(found: &Found, seconds: usize, with_stalled: bool) -> Result<(f64, f64, f64)> {
    let server = Running::start(found, &["paced", &BYTES_PER_SECOND.to_string(), &seconds.to_string()])?;
    let mut stalled = if with_stalled { Some(server.join()?) } else { None };
    let mut crowd = Crowd::join(&server, VIEWERS)?;
    let memory = || rss_kb(&BTreeSet::from([server.process()])) as f64 / 1e3;
    let before = memory();
    crowd.press(&server, &char::from(GO).to_string())?;
    crowd.watch(Duration::from_secs(seconds as u64) + GRACE)?;
    let grown = memory() - before;
    let delays: Vec<f64> = crowd.seen().iter().flat_map(|seen: &Seen| seen.delays.clone()).collect();
    let p99 = percentile(&delays, 99.0).context("frames were seen")?;
    let resumed = stalled.as_mut().map(|viewer| {
        let expected = paced_bytes(BYTES_PER_SECOND, seconds);
        viewer.drain_to(END, GRACE).map(|bytes| 100.0 * bytes as f64 / expected as f64)
    });
    Ok((p99, grown, resumed.transpose()?.unwrap_or(100.0)))
}
