//! Queries by meaning over many vectors, and what they cost in memory.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::super::Field;
use super::corpus::{self, word};
use super::{asked, endpoint, goal, of_queries, path, percentiles, row};
use crate::bench::command;
use crate::bench::ground::Ground;
use crate::bench::processes::rss_kb;
use crate::bench::statistics::percentile;
use crate::bench::table::Table;
use crate::bench::web::http::Client;
use crate::bench::web::server::Running;

/// Of an entry, so that it is one chunk.
const TEXT_BYTES: usize = 200;
const IMPORT_LIMIT: Duration = Duration::from_secs(3600);
/// Different questions.
const QUESTIONS: usize = 5;
/// Less than this, by the plan.
const GOAL_MS: f64 = 60.0;

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let found = field.our_server()?;
    let chunks = field.scale.chunks;
    let mut ground = Ground::new()?;
    ground.set("CENTERFIRE_SEARCH_ENDPOINT", format!("http://{}", endpoint::start()?));
    ground.set("CENTERFIRE_SEARCH_MODEL", "known".to_owned());
    corpus::write(&ground.folder().join("home"), chunks, TEXT_BYTES)?;
    eprintln!("By meaning: vectors of {chunks} entries");
    let mut import = ground.command(found.program());
    let began = Instant::now();
    let status =
        command::run(import.arg("import").stdout(Stdio::null()).stderr(Stdio::null()), IMPORT_LIMIT)?;
    ensure!(status.success(), "the import ended with {status}");
    let seconds = began.elapsed().as_secs_f64();
    let server = Running::over(found, ground, &[])?;
    let mut client = Client::connect(&server, "")?;
    let memory = || rss_kb(&BTreeSet::from([server.process()])) as f64 / 1024.0;
    let before = memory();
    let first = Instant::now();
    client.get(&path(&[("mode", "meaning"), ("q", "first")]))?;
    let first = first.elapsed().as_secs_f64() * 1e3;
    let grown = memory() - before;
    let title = format!("Queries by meaning over {chunks} chunks");
    let mut table = of_queries("talk-meaning", &title, &["hits", "p50 ms", "p95 ms"]);
    let mut alone = Vec::new();
    for (name, mode, filter) in [
        ("by meaning", "meaning", None),
        ("by meaning, of the user", "meaning", Some(("role", "user"))),
        ("by meaning, in one folder", "meaning", Some(("folder", "/w/p7"))),
        ("by both", "both", None),
    ] {
        eprintln!("By meaning: {name}");
        let mut times = Vec::new();
        let mut hits = 0;
        for number in 0..QUESTIONS as u64 {
            let words = format!("{} {} {}", word(300 + number), word(7_000 + number), word(40 + number));
            let mut query = vec![("mode", mode), ("q", words.as_str()), ("limit", "20")];
            query.extend(filter);
            let (taken, found) = asked(&mut client, &path(&query), field.scale.queries.div_ceil(QUESTIONS))?;
            times.extend(taken);
            hits = hits.max(found);
        }
        let [p50, p95] = percentiles(&times);
        table.rows.push(row(name, vec![Some(hits as f64), p50, p95]));
        if name == "by meaning" {
            alone = times;
        }
    }
    Ok(vec![table.noting(vec![
        goal("by meaning without a filter", percentile(&alone, 95.0), GOAL_MS),
        format!(
            "The first query loads the vectors: {first:.0} ms; the server grew by {grown:.0} MB. Taking in the entries and their \
             vectors took {seconds:.0} s."
        ),
    ])])
}
