//! Many sessions that nobody is attached to, as they pile up on one machine: how long it takes to list them, and the
//! memory of each. Ours alone; the peers have no list that says as much.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::Field;
use crate::bench::command;
use crate::bench::ground::Ground;
use crate::bench::peer::{OURS, Present};
use crate::bench::processes::{of_peer, pss_kb};
use crate::bench::session::child;
use crate::bench::statistics::median;
use crate::bench::table::Table;

/// Sessions started at once: more would only wait for the processors.
const BATCH: usize = 10;
/// A batch that takes longer hangs.
const BATCH_LIMIT: Duration = Duration::from_secs(60);
/// Times that the list is asked for.
const LISTS: usize = 5;
/// A list that takes longer hangs.
const LIST_LIMIT: Duration = Duration::from_secs(60);
/// What the starts leave to do is done by then.
const SETTLE: Duration = Duration::from_secs(2);

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let Some(ours) = field.place(OURS) else { bail!("{OURS} is not here") };
    let count = field.scale.detached_sessions;
    let title = format!("{count} idle sessions, nobody attached");
    let [list, memory] = sessions(&field.peers[ours], count)?;
    let table =
        Table::new("sessions", &title, &["list ms", "keeper and host KB"]).fill(&field.peers, |_, peer| {
            if peer.is(OURS) { vec![Some(list), Some(memory)] } else { vec![None; 2] }
        });
    let note =
        format!("`list` is the median of {LISTS}; the memory is the proportional one, divided by {count}.");
    Ok(vec![table.noting(vec![note])])
}

/// Milliseconds of a list, and KB of a session. Leaving the ground ends all of them, each by its process id.
fn sessions(peer: &Present, count: usize) -> Result<[f64; 2]> {
    let ground = Ground::new()?;
    for first in (0..count).step_by(BATCH) {
        eprintln!("Sessions: {first} of {count}");
        start(peer, &ground, first..count.min(first + BATCH))?;
    }
    std::thread::sleep(SETTLE);
    let mut times = Vec::new();
    for _ in 0..LISTS {
        times.push(list(peer, &ground, count)?);
    }
    let kb = pss_kb(&of_peer(ground.tag()))?;
    ensure!(kb > 0, "no process of a session was found");
    Ok([median(&times).context("the list was asked for")?, kb as f64 / count as f64])
}

fn start(peer: &Present, ground: &Ground, numbers: std::ops::Range<usize>) -> Result<()> {
    let work = child(&["echo"])?;
    let begin = |number: usize| -> Result<Child> {
        let mut command = peer.command(ground);
        command.args(["run", "--detached", "--name", &format!("idle{number}"), "--"]).args(&work);
        command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context("start a session")
    };
    let mut starting = numbers.map(begin).collect::<Result<Vec<_>>>()?;
    let deadline = Instant::now() + BATCH_LIMIT;
    for starter in &mut starting {
        let status = loop {
            match starter.try_wait().context("wait for a session's start")? {
                Some(status) => break status,
                None if Instant::now() > deadline => {
                    starter.kill().context("kill a start that hangs")?;
                }
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        ensure!(status.success(), "a session did not start: {status}");
    }
    Ok(())
}

fn list(peer: &Present, ground: &Ground, count: usize) -> Result<f64> {
    // A pipe that nobody reads meanwhile would be too small for the longest of them.
    let path = ground.folder().join("list");
    let file = std::fs::File::create(&path).context("create a file for the list")?;
    let begin = Instant::now();
    let status = command::run(peer.command(ground).arg("list").stdout(file), LIST_LIMIT)?;
    let took = begin.elapsed();
    ensure!(status.success(), "the list failed: {status}");
    let said = std::fs::read_to_string(&path).context("read the list")?;
    let listed = said.lines().filter(|line| line.contains("idle")).count();
    ensure!(listed == count, "{listed} of {count} sessions are listed");
    Ok(took.as_secs_f64() * 1e3)
}
