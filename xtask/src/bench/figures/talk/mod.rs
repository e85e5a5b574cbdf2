//! The figures of conversations: taking them in, and finding them again.

pub mod chat;
mod corpus;
mod endpoint;
pub mod meaning;
pub mod quality;
pub mod search;

use std::time::Instant;

use anyhow::Result;

use crate::bench::statistics::percentile;
use crate::bench::table::{Row, Table};
use crate::bench::web::http::Client;

/// A path of the API with its query.
fn path(query: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        let escaped = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        text.bytes().map(escaped).collect()
    };
    let fields: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    format!("/api/v1/search?{}", fields.join("&"))
}

/// Milliseconds that something takes.
fn timed(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}

/// Asks a path so many times; milliseconds of each, and how many hits the last one had.
fn asked(client: &mut Client, path: &str, times: usize) -> Result<(Vec<f64>, usize)> {
    let mut hits = 0;
    let mut taken = Vec::with_capacity(times);
    for _ in 0..times {
        taken.push(timed(|| client.get(path).map(drop))?);
    }
    if let Some(found) = client.json(path)?["hits"].as_array() {
        hits = found.len();
    }
    Ok((taken, hits))
}

fn percentiles(times: &[f64]) -> [Option<f64>; 2] {
    [percentile(times, 50.0), percentile(times, 95.0)]
}

/// A table whose rows are queries.
fn of_queries(key: &str, title: &str, columns: &[&str]) -> Table {
    Table { rows_are: "query", ..Table::new(key, title, columns) }
}

fn row(name: &str, cells: Vec<Option<f64>>) -> Row {
    Row { peer: name.to_owned(), cells }
}

/// Says plainly whether a goal was met.
fn goal(what: &str, p95: Option<f64>, most_ms: f64) -> String {
    match p95 {
        Some(p95) if p95 < most_ms => format!("Goal met: {what} p95 {p95:.1} ms, less than {most_ms} ms."),
        Some(p95) => format!("Goal missed: {what} p95 {p95:.1} ms, and not less than {most_ms} ms."),
        None => format!("{what}: not measured."),
    }
}
