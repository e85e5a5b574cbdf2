//! From the last byte of a message, as a CLI writes it into its transcript, to a browser that has painted it in the chat. Goal: less
//! than 50 ms (p99).

use anyhow::{Context, Result};

use super::super::Field;
use super::row;
use crate::bench::ground::Ground;
use crate::bench::peer::Named as _;
use crate::bench::statistics::percentile;
use crate::bench::table::Table;
use crate::bench::web::browser;

const SCRIPT: &str = "tests/page/chat_figures.mjs";
/// Messages for each query of the scale.
const MESSAGES: usize = 3;
/// Less than this, by the plan.
const GOAL_MS: f64 = 50.0;

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let found = field.our_server()?;
    let messages = MESSAGES * field.scale.queries;
    eprintln!("Chat: {messages} messages in Chromium");
    let said = browser::ask(found, &Ground::new()?, SCRIPT, &[&messages.to_string()])?;
    let delays = browser::delays(&said);
    let at = |percent| percentile(&delays, percent);
    let p99 = at(99.0).context("messages were painted")?;
    let title = format!("A message's last byte to a painted page, {messages} times");
    let mut table = Table::new("talk-chat", &title, &["p50 ms", "p95 ms", "p99 ms"]);
    table.rows.push(row(found.name(), vec![at(50.0), at(95.0), Some(p99)]));
    let met = if p99 < GOAL_MS { "met" } else { "missed" };
    Ok(vec![table.noting(vec![format!("Goal {met}: p99 {p99:.1} ms, less than {GOAL_MS} wanted.")])])
}
