//! The page: what a browser loads before it shows a terminal, and how soon a key is on its screen.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::super::Field;
use crate::bench::command;
use crate::bench::ground::Ground;
use crate::bench::peer::{OURS, on_path};
use crate::bench::statistics::percentile;
use crate::bench::table::{Row, Table};
use crate::bench::web::server::{Found, SESSION, start_session};

/// A browser that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(120);
const SCRIPT: &str = "tests/page/figures.mjs";
const KEYS: &str = "200";

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let said = ask_browser(field.our_server()?)?;
    let delays: Vec<f64> =
        said["delays"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    let at = |percent| percentile(&delays, percent);
    let columns = &["loaded kB", "key to screen p50 ms", "p95 ms", "p99 ms"];
    let mut table = Table::new("web-page", "The page in Chromium", columns);
    let loaded = said["bytes"].as_f64().map(|bytes| bytes / 1e3);
    table.rows.push(Row { peer: OURS.to_owned(), cells: vec![loaded, at(50.0), at(95.0), at(99.0)] });
    Ok(vec![table])
}

/// What a real browser found; the script starts the server itself.
fn ask_browser(found: &Found) -> Result<Value> {
    let ground = Ground::new()?;
    start_session(found, &ground, SESSION, &["echo"])?;
    let node = on_path("node").context("node is not installed")?;
    let chromium = on_path("chromium").context("chromium is not installed")?;
    let mut command = ground.command(&node);
    command.arg(found.script(SCRIPT)).args([SESSION, KEYS]);
    command.env("CENTERFIRE", found.program()).env("CHROMIUM", chromium);
    let path = ground.folder().join("page.json");
    let file = std::fs::File::create(&path).context("create a file for the browser's figures")?;
    let status = command::run(command.stdout(file), LIMIT)?;
    ensure!(status.success(), "the browser's script failed: {status}");
    serde_json::from_slice(&std::fs::read(&path)?).context("parse the browser's figures")
}
