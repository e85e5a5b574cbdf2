//! How fast the scanner is: `cargo run --release -p terminal --example scan`.
//!
//! It prints MB/s for plain text, for a TUI dense with colours and cursor moves, and for images in strings.

use protocol::Offset;
use std::hint::black_box;
use std::time::{Duration, Instant};
use terminal::scan::Scanner;

/// Bytes of one mix; more than a second-level cache holds.
const MIX: usize = 8 << 20;
/// Bytes of a chunk, as read from a pseudo-terminal.
const CHUNK: usize = 64 << 10;
/// How long each mix is scanned.
const SPAN: Duration = Duration::from_secs(1);

fn main() {
    let line = "The quick brown fox jumps over the lazy dog · and then some — 0123456789\r\n";
    let tui = "\x1b[H\r\x1b[3B\x1b[12G\x1b[38;2;153;153;153m│\x1b[39m ok \x1b[1m12\x1b[22m\x1b[48;5;236m file.rs\x1b[m\x1b[K";
    let frame = format!("\x1b[?2026h{}\x1b[?25l\x1b[24;3H\x1b[?2026l", tui.repeat(20));
    let image = format!("\x1b_Gf=24,a=t,m=1;{}\x1b\\", "QUJD".repeat(1024));
    for (name, unit, chunk) in [
        ("plain text", line, CHUNK),
        ("TUI", frame.as_str(), CHUNK),
        ("TUI, 4 KB reads", frame.as_str(), 4096),
        ("images", image.as_str(), CHUNK),
    ] {
        let bytes = unit.repeat(MIX / unit.len());
        println!("{name:16} {:7.0} MB/s", rate(bytes.as_bytes(), chunk));
    }
}

/// Megabytes (10^6) a second.
fn rate(bytes: &[u8], chunk: usize) -> f64 {
    let mut scanner = Scanner::new(Offset::ZERO);
    let mut found = Vec::new();
    let (begin, mut scanned) = (Instant::now(), 0);
    while begin.elapsed() < SPAN {
        for part in bytes.chunks(chunk) {
            black_box(scanner.scan(black_box(part), &mut found));
        }
        scanned += bytes.len();
        found.clear();
    }
    scanned as f64 / begin.elapsed().as_secs_f64() / 1e6
}
