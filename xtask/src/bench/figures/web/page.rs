//! The page: what a browser loads before it shows a terminal, and how soon a key is on its screen.

use anyhow::Result;

use super::super::Field;
use crate::bench::ground::Ground;
use crate::bench::peer::OURS;
use crate::bench::statistics::percentile;
use crate::bench::table::{Row, Table};
use crate::bench::web::browser;
use crate::bench::web::server::{SESSION, start_session};

const SCRIPT: &str = "tests/page/figures.mjs";
const KEYS: &str = "200";

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let found = field.our_server()?;
    let ground = Ground::new()?;
    start_session(found, &ground, SESSION, &["echo"])?;
    let said = browser::ask(found, &ground, SCRIPT, &[SESSION, KEYS])?;
    let delays = browser::delays(&said);
    let at = |percent| percentile(&delays, percent);
    let columns = &["loaded kB", "key to screen p50 ms", "p95 ms", "p99 ms"];
    let mut table = Table::new("web-page", "The page in Chromium", columns);
    let loaded = said["bytes"].as_f64().map(|bytes| bytes / 1e3);
    table.rows.push(Row { peer: OURS.to_owned(), cells: vec![loaded, at(50.0), at(95.0), at(99.0)] });
    Ok(vec![table])
}
