//! What a thousand viewers cost that watch a session in which nothing happens.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;

use super::super::Field;
use crate::bench::processes::{cpu_of, rss_kb};
use crate::bench::statistics::Rounds;
use crate::bench::table::Table;
use crate::bench::web::crowd::Crowd;
use crate::bench::web::server::Running;

const VIEWERS: usize = 1000;
/// How long they watch.
const WATCH: Duration = Duration::from_secs(5);

const COLUMNS: &[&str] = &["grown MB", "server MB", "CPU %"];

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let title = format!("{VIEWERS} viewers of an idle session");
    // Each viewer of a server that shares nothing would be a program of its own.
    let rounds = Rounds::play(&title, &field.servers, 1, |_, found| {
        anyhow::ensure!(found.server.shares, "it shares no session");
        let server = Running::start(found, &["echo"])?;
        let memory = || rss_kb(&BTreeSet::from([server.process()])) as f64 / 1e3;
        let first = server.join()?;
        let before = memory();
        let mut crowd = Crowd::join(&server, VIEWERS)?;
        let cpu = cpu_of(server.process());
        crowd.watch(WATCH)?;
        let used = (cpu_of(server.process()) - cpu).as_secs_f64() / WATCH.as_secs_f64();
        let after = memory();
        drop((first, crowd));
        Ok([after - before, after, used * 100.0])
    });
    let table = Table::new("web-idle", &title, COLUMNS).fill(&field.servers, |index, _| {
        (0..COLUMNS.len()).map(|which| rounds.spread(index, which).map(|spread| spread.median)).collect()
    });
    Ok(vec![table.noting(rounds.notes(&field.servers))])
}
