//! Requests at a steady rate, whether their answers come or not: the list of a hundred sessions, and every other route
//! beside it. Ours alone; the peers have none of these.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use super::super::Field;
use crate::bench::peer::{Named, OURS};
use crate::bench::statistics::percentile;
use crate::bench::table::{Row, Table};
use crate::bench::web::http::Client;
use crate::bench::web::server::{Running, SESSION};

const SESSIONS: usize = 100;
const REQUESTS_PER_SECOND: usize = 2000;
/// Clients among whom the requests are divided, each with a thread and a connection.
const CLIENTS: usize = 4;
/// Requests of each other route, one after the other.
const OTHERS: usize = 100;
const SETTLE: Duration = Duration::from_secs(2);
const LIST: &str = "/api/v1/sessions";

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let server = Running::start(field.our_server()?, &["echo"])?;
    for number in 1..SESSIONS {
        server.add_session(&format!("idle{number}"), &["echo"])?;
    }
    // What the starts leave to do is done by then.
    std::thread::sleep(SETTLE);
    Client::connect(&server, "")?.get(LIST)?;
    let seconds = field.scale.request_seconds;
    eprintln!("Requests: {SESSIONS} sessions, {REQUESTS_PER_SECOND}/s for {seconds} s");
    let (list, others) = std::thread::scope(|scope| {
        let start = Instant::now();
        let listing: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let server = &server;
                scope.spawn(move || ask_steadily(server, start, number, seconds))
            })
            .collect();
        let others = scope.spawn(|| other_routes(&server));
        let lists =
            listing.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a client panicked"))?);
        let lists = lists.collect::<Result<Vec<_>>>().map(|lists| lists.concat());
        (lists, others.join().map_err(|_| anyhow!("a client panicked")))
    });
    let (list, others) = (list?, others??);
    let columns = &["p50 ms", "p95 ms", "p99 ms", "answers/s"];
    let title = format!("{REQUESTS_PER_SECOND} requests per second for the list of {SESSIONS} sessions");
    let mut table = Table::new("web-requests", &title, columns);
    let speed = list.len() as f64 / seconds as f64;
    table.rows.push(row(field.our_server()?.name(), &list, Some(speed)));
    let mut routes = Table::new("web-routes", "Other routes under that load", columns);
    routes.rows.extend(others.iter().map(|(path, delays)| row(path, delays, None)));
    Ok(vec![table, routes])
}

fn row(name: &str, delays: &[f64], speed: Option<f64>) -> Row {
    let at = |percent| percentile(delays, percent);
    Row { peer: name.to_owned(), cells: vec![at(50.0), at(95.0), at(99.0), speed] }
}

/// One client's share of the requests; milliseconds from when each was due to its answer.
fn ask_steadily(server: &Running, start: Instant, number: usize, seconds: usize) -> Result<Vec<f64>> {
    let mut client = Client::connect(server, "")?;
    let every = Duration::from_secs(1) / REQUESTS_PER_SECOND as u32;
    let mut delays = Vec::new();
    for request in (number..REQUESTS_PER_SECOND * seconds).step_by(CLIENTS) {
        let due = start + every * request as u32;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        client.get(LIST)?;
        delays.push(due.elapsed().as_secs_f64() * 1e3);
    }
    Ok(delays)
}

fn other_routes(server: &Running) -> Result<Vec<(String, Vec<f64>)>> {
    let session = format!("{LIST}/{SESSION}");
    let paths = [
        session.clone(),
        format!("{session}/screen"),
        format!("{session}/output"),
        "/api/v1/health".to_owned(),
        "/api/v1/tokens".to_owned(),
        "/metrics".to_owned(),
        "/openapi.json".to_owned(),
    ];
    let mut client = Client::connect(server, "")?;
    let measured = paths.map(|path| {
        let mut delays = Vec::new();
        for _ in 0..OTHERS {
            let began = Instant::now();
            client.get(&path).context(OURS)?;
            delays.push(began.elapsed().as_secs_f64() * 1e3);
        }
        Ok((path.replace(SESSION, "{session}"), delays))
    });
    measured.into_iter().collect()
}
