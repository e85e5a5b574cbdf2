//! Size of a recording of bytes that nothing can compress, against those bytes; and for ours, how fast the recording
//! is verified and exported. A command that our program does not have yet is a note.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Field;
use crate::bench::command;
use crate::bench::ground::Ground;
use crate::bench::peer::{Named, OURS, Present};
use crate::bench::scale::{flood_limit, megabytes};
use crate::bench::session::Session;
use crate::bench::statistics::Rounds;
use crate::bench::table::Table;
use crate::bench::workload::{END, GO};

const SESSION: &str = "recording";
/// A recorder may write its last bytes, or pack them, after the child has left: the size counts once it has not
/// changed for so long, and after so many looks in any case.
const SETTLE: Duration = Duration::from_millis(500);
const SETTLE_LOOKS: usize = 20;

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let bytes = field.scale.recording_bytes;
    let title = format!("Recording of {} MB that nothing can compress", megabytes(bytes));
    let mut notes = Vec::new();
    let rounds = Rounds::play(&title, &field.peers, 1, |_, peer| {
        if peer.peer.records { record(peer, bytes, &mut notes) } else { Ok([f64::NAN; 3]) }
    });
    let columns = ["size ÷ data", "verify MB/s", "export raw MB/s"];
    let table = Table::new("recording", &title, &columns).fill(&field.peers, |peer, _| {
        let value =
            |which| rounds.spread(peer, which).map(|spread| spread.median).filter(|value| !value.is_nan());
        vec![value(0), value(1), value(2)]
    });
    Ok(vec![table.noting(rounds.notes(&field.peers)).noting(notes)])
}

/// Size by data, speed of verify, speed of export.
fn record(peer: &Present, bytes: usize, notes: &mut Vec<String>) -> Result<[f64; 3]> {
    let ground = Ground::new()?;
    let before = size_below(ground.folder());
    let mut session = Session::start(peer, &ground, SESSION, &["random", &bytes.to_string()])?;
    session.outer.type_byte(GO)?;
    session.outer.await_text(END, flood_limit(bytes))?;
    session.outer.settle(SETTLE);
    let size = settled_size(ground.folder()).saturating_sub(before) as f64 / bytes as f64;
    let mut speed = |words: &[&str]| {
        if !peer.name().starts_with(OURS) {
            return f64::NAN;
        }
        timed(peer, &ground, words, bytes).unwrap_or_else(|error| {
            notes.push(format!("{}: {} was not measured, {error:#}", peer.name(), words[0]));
            f64::NAN
        })
    };
    let verify = speed(&["verify", SESSION]);
    let export = speed(&["export", SESSION, "--format", "raw"]);
    session.end();
    Ok([size, verify, export])
}

/// MB/s of one of our commands over the recording.
fn timed(peer: &Present, ground: &Ground, words: &[&str], bytes: usize) -> Result<f64> {
    let mut command = peer.command(ground);
    command.args(words).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let status = command::run(&mut command, flood_limit(bytes)).context("run it")?;
    ensure!(status.success(), "it ended with {status}");
    Ok(megabytes(bytes) / began.elapsed().as_secs_f64())
}

fn settled_size(folder: &Path) -> u64 {
    let mut size = size_below(folder);
    for _ in 0..SETTLE_LOOKS {
        std::thread::sleep(SETTLE);
        let earlier = std::mem::replace(&mut size, size_below(folder));
        if size == earlier {
            break;
        }
    }
    size
}

/// Bytes of all files below a folder.
fn size_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        .map(|(path, facts)| if facts.is_dir() { size_below(&path) } else { facts.len() })
        .sum()
}
