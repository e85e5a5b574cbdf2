//! What the tap of a session adds until the first byte of an answer: the same request to a server that answers at once, directly and
//! through the tap in turn, so that what else the machine does meets both. Goal: less than a millisecond more (p99).

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::Field;
use crate::bench::command;
use crate::bench::ground::Ground;
use crate::bench::peer::Named as _;
use crate::bench::statistics::percentile;
use crate::bench::table::{Row, Table};

/// Bytes of a request: a conversation of some length.
const REQUEST_BYTES: usize = 64 << 10; // 64 KiB
/// Requests at each place that are not counted, and those that are, for each reconnect of the scale.
const WARM_UP: usize = 50;
const REQUESTS: usize = 10;
/// More than this, by the plan, is too much.
const GOAL_US: f64 = 1000.0;
/// Longest wait for a session, and for an answer.
const LIMIT: Duration = Duration::from_secs(20);
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n\
                        17\r\ndata: {\"type\":\"ping\"}\n\n\r\n0\r\n\r\n";
/// What the session runs: it says where its model is.
const STAND_IN: &str =
    "#!/bin/sh\nprintf %s \"$ANTHROPIC_BASE_URL\" > base.part; mv base.part base; read line\n";

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let found = field.our_server()?;
    let ground = Ground::new()?;
    let direct = serve()?;
    let base = start(found.program(), &ground, direct)?;
    let rest = base.strip_prefix("http://").context("the tap has an address")?;
    let (tapped, secret) = rest.split_at(rest.find('/').context("the address has a secret")?);
    let mut places = [Asking::new(direct, "")?, Asking::new(tapped.parse().context("a place")?, secret)?];
    let requests = REQUESTS * field.scale.reconnects;
    eprintln!("Tap: {requests} requests of {} KiB, directly and through it", REQUEST_BYTES >> 10);
    for _ in 0..WARM_UP + requests {
        places.iter_mut().try_for_each(Asking::ask)?;
    }
    let [direct, tapped] = places.map(|mut place| place.times_us.split_off(WARM_UP));
    let at = |percent| Some((percentile(&direct, percent)?, percentile(&tapped, percent)?));
    let (p50, p99) = (at(50.0).context("requests")?, at(99.0).context("requests")?);
    let title = format!(
        "First byte of an answer through the tap, {requests} requests of {} KiB",
        REQUEST_BYTES >> 10
    );
    let columns = ["p50 µs", "p99 µs", "× directly p50", "× directly p99", "added p50 µs", "added p99 µs"];
    let mut table = Table::new("talk-tap", &title, &columns);
    let row = |name: &str, cells: [Option<f64>; 6]| Row { peer: name.to_owned(), cells: cells.to_vec() };
    table.rows.push(row("directly", [Some(p50.0), Some(p99.0), Some(1.0), Some(1.0), None, None]));
    let added = [p50.1 - p50.0, p99.1 - p99.0];
    let ratios = [p50.1 / p50.0, p99.1 / p99.0];
    let cells = [p50.1, p99.1, ratios[0], ratios[1], added[0], added[1]];
    table.rows.push(row(found.name(), cells.map(Some)));
    let met = if added[1] < GOAL_US { "met" } else { "missed" };
    Ok(vec![
        table.noting(vec![format!(
            "Goal {met}: {:.0} µs added (p99), less than {GOAL_US:.0} wanted.",
            added[1]
        )]),
    ])
}

/// Starts a session with a tap; returns the address that its program was told.
fn start(centerfire: &Path, ground: &Ground, upstream: SocketAddr) -> Result<String> {
    let program = ground.folder().join("claude");
    std::fs::write(&program, STAND_IN).context("write the stand-in")?;
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).context("make it a program")?;
    let mut run = ground.command(centerfire);
    run.env("ANTHROPIC_BASE_URL", format!("http://{upstream}"));
    run.args(["run", "--detached", "--tap", "--"]).arg(&program);
    let said = command::text(&mut run, LIMIT)?;
    let until = Instant::now() + LIMIT;
    loop {
        match std::fs::read_to_string(ground.folder().join("base")) {
            Ok(base) => return Ok(base),
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).context("read the address");
            }
            Err(_) if Instant::now() > until => bail!("no tapped session: {said}"),
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// A server that answers each request at once with one event.
fn serve() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("listen")?;
    let address = listener.local_addr().context("find out where")?;
    thread::spawn(move || {
        for stream in listener.incoming().map_while(std::io::Result::ok) {
            thread::spawn(move || answer(stream));
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; REQUEST_BYTES * 2];
    let mut have = 0;
    loop {
        let count = stream.read(&mut buffer[have..])?;
        if count == 0 {
            return Ok(());
        }
        have += count;
        let head = buffer[..have].windows(4).position(|window| window == b"\r\n\r\n");
        if head.is_some_and(|head| have >= head + 4 + REQUEST_BYTES) {
            have = 0;
            stream.write_all(ANSWER)?;
        }
    }
}

/// A connection on which one request follows another.
struct Asking {
    stream: TcpStream,
    request: Vec<u8>,
    times_us: Vec<f64>,
}

impl Asking {
    fn new(place: SocketAddr, secret: &str) -> Result<Self> {
        let stream = TcpStream::connect(place).with_context(|| format!("connect to {place}"))?;
        stream.set_nodelay(true).context("send at once")?;
        stream.set_read_timeout(Some(LIMIT)).context("limit the wait")?;
        let head = format!(
            "POST {secret}/v1/messages HTTP/1.1\r\nHost: {place}\r\nContent-Length: {REQUEST_BYTES}\r\n\r\n"
        );
        let request = [head.as_bytes(), &vec![b' '; REQUEST_BYTES]].concat();
        Ok(Self { stream, request, times_us: Vec::new() })
    }

    fn ask(&mut self) -> Result<()> {
        let mut buffer = [0; 4096];
        let began = Instant::now();
        self.stream.write_all(&self.request).context("ask")?;
        let mut have = self.stream.read(&mut buffer).context("read the first byte")?;
        self.times_us.push(began.elapsed().as_secs_f64() * 1e6);
        while !buffer[..have].ends_with(b"0\r\n\r\n") {
            let more = self.stream.read(&mut buffer[have..]).context("read the rest")?;
            ensure!(more > 0, "an answer ended early: {}", buffer[..have].escape_ascii());
            have += more;
        }
        Ok(())
    }
}
