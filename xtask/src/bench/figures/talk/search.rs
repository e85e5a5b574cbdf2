//! Taking in transcripts, and queries by words over all of them: of the server, of the command, and of ripgrep.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::super::Field;
use super::corpus::{self, word};
use super::{asked, goal, of_queries, path, percentiles, row, timed};
use crate::bench::command;
use crate::bench::ground::Ground;
use crate::bench::peer::Named as _;
use crate::bench::processes::peak_kb;
use crate::bench::scale::megabytes;
use crate::bench::statistics::{median, percentile};
use crate::bench::table::Table;
use crate::bench::web::http::Client;
use crate::bench::web::server::{Found, Running};

/// Text of an entry; what is around it in its line makes it a kilobyte.
const TEXT_BYTES: usize = 750;
const LINE_BYTES: usize = 1 << 10;
/// Longest wait for an import, and for a search of the command.
const IMPORT_LIMIT: Duration = Duration::from_secs(3600);
const SEARCH_LIMIT: Duration = Duration::from_secs(60);
/// Times that the command and ripgrep are asked.
const OTHERS: usize = 5;
/// Less than this, by the plan.
const GOAL_MS: f64 = 20.0;

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let found = field.our_server()?;
    let ground = Ground::new()?;
    let entries = field.scale.transcript_bytes / LINE_BYTES;
    eprintln!("Taking in: {entries} entries");
    let bytes = corpus::write(&ground.folder().join("home"), entries, TEXT_BYTES)? as usize;
    let taken_in = take_in(found, &ground, entries, bytes)?;
    let server = Running::over(found, ground, &[])?;
    let queries = queries(field, &server, entries)?;
    Ok(vec![taken_in, queries])
}

fn take_in(found: &Found, ground: &Ground, entries: usize, bytes: usize) -> Result<Table> {
    let mut import = ground.command(found.program());
    import.arg("import").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let mut child = import.spawn().context("start the import")?;
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_kb(child.id() as i32));
        match child.try_wait().context("wait for the import")? {
            Some(status) => break status,
            None if began.elapsed() > IMPORT_LIMIT => {
                child.kill().context("end the import")?;
                break child.wait().context("wait for its end")?;
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    ensure!(status.success(), "the import ended with {status}");
    let store = std::fs::metadata(ground.folder().join("centerfire/state/conversation.db"));
    let store = store.or_else(|_| std::fs::metadata(ground.folder().join("centerfire/conversation.db")));
    let title = format!("Taking in {:.0} MB of transcripts, {entries} entries", megabytes(bytes));
    let columns = ["entries/s", "MB/s", "peak memory MB", "store ÷ transcripts"];
    let mut table = Table::new("talk-ingest", &title, &columns);
    table.rows.push(row(
        found.name(),
        vec![
            Some(entries as f64 / seconds),
            Some(megabytes(bytes) / seconds),
            Some(peak as f64 / 1024.0),
            store.ok().map(|facts| facts.len() as f64 / bytes as f64),
        ],
    ));
    Ok(table)
}

/// What is asked.
struct Query {
    name: &'static str,
    words: String,
    filter: Option<(&'static str, &'static str)>,
    /// What ripgrep looks for.
    pattern: String,
}

fn kinds(entries: usize) -> Vec<Query> {
    // Of a million entries of a hundred words, a word of this rank is in some tens; in fewer entries it is a lower one.
    let rare = (entries as u64 / 2).max(100);
    let [a, b, c, d, everywhere, next] = [rare, 20_000.min(rare), 300, 301, 1, 2].map(word);
    let phrase = format!("{everywhere} {next}");
    let (begin, part) = (c[..4].to_owned(), a[1..a.len() - 1].to_owned());
    let query = |name, words: &str, pattern: &str| Query {
        name,
        words: words.to_owned(),
        filter: None,
        pattern: pattern.to_owned(),
    };
    vec![
        query("a rare word", &a, &a),
        query("a word of one in thousands", &b, &b),
        query("a usual word", &c, &c),
        query("a word that is everywhere", &everywhere, &everywhere),
        query("two usual words", &format!("{c} {d}"), &format!("{c} .*{d}")),
        query("two words that are everywhere", &phrase, &phrase),
        query("a phrase", &format!("\"{phrase}\""), &phrase),
        query("the begin of a word", &format!("{begin}*"), &begin),
        Query { filter: Some(("role", "user")), ..query("a usual word of the user", &c, &c) },
        Query { filter: Some(("folder", "/w/p7")), ..query("a usual word in one folder", &c, &c) },
        query("a word that is nowhere", "yacht", "yacht"),
        query("a part of a word", &part, &part),
    ]
}

fn queries(field: &Field, server: &Running, entries: usize) -> Result<Table> {
    let title = format!("Queries by words over {entries} entries");
    let columns = ["hits", "p50 ms", "p95 ms", "command ms", "ripgrep ms", "ripgrep ÷ server"];
    let mut table = of_queries("talk-search", &title, &columns);
    let mut client = Client::connect(server, "")?;
    let mut all = Vec::new();
    for Query { name, words, filter, pattern } in kinds(entries) {
        eprintln!("Search: {name}");
        let mut query = vec![("mode", "words"), ("q", words.as_str()), ("limit", "20")];
        query.extend(filter);
        let (times, hits) = asked(&mut client, &path(&query), field.scale.queries)?;
        let mut of_command = server.ground.command(field.our_server()?.program());
        of_command.args(["search", "--mode", "words", "--json"]);
        if let Some((name, value)) = filter {
            of_command.arg(format!("--{name}")).arg(value);
        }
        of_command.arg("--").arg(&words).stdout(Stdio::null()).stderr(Stdio::null());
        let command_ms = repeated(&mut of_command)?;
        let rg = match &field.ripgrep {
            Some(_) => {
                let mut rg = Command::new("rg");
                rg.args(["-i", "--no-messages", "-e", &pattern])
                    .arg(server.ground.folder().join("home/.claude"));
                Some(repeated(rg.stdout(Stdio::null()))?)
            }
            None => None,
        };
        let [p50, p95] = percentiles(&times);
        let ratio = rg.zip(p50).map(|(rg, ours)| rg / ours);
        table.rows.push(row(name, vec![Some(hits as f64), p50, p95, Some(command_ms), rg, ratio]));
        all.extend(times);
    }
    let [p50, p95] = percentiles(&all);
    table.rows.push(row("all together", vec![None, p50, p95, None, None, None]));
    Ok(table.noting(vec![goal("all queries together over HTTP", percentile(&all, 95.0), GOAL_MS)]))
}

/// The median of some runs, in milliseconds; what is not found is no failure.
fn repeated(command: &mut Command) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..OTHERS {
        times.push(timed(|| command::run(command, SEARCH_LIMIT).map(drop))?);
    }
    median(&times).context("some runs")
}
