//! The programs that run inside every peer. They live in this binary so that all peers run the very same child.
//! Each puts its terminal into raw mode, says `READY`, and lives until its terminal hangs up unless told
//! otherwise. Used as `xtask workload NAME [ARGUMENT…]`.

mod stay;
mod tui;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::stdio::{stdin, stdout};
use rustix::termios::{OptionalActions, tcdrain, tcgetattr, tcsetattr};
use rustix::time::{ClockId, clock_gettime};

/// Said once the child's terminal is raw and the child listens.
pub const READY: &str = "@cf-ready@";
/// Said on the last row after everything else was written.
pub const END: &str = "@cf-end@";
/// Begins the line of `first-byte`; the child's own start in nanoseconds and an `@` follow.
pub const FIRST: &str = "@cf-first ";
/// The key that lets a child's output begin.
pub const GO: u8 = b'g';

/// Size of one write of a flood: what a program with a stdio buffer writes at once.
const WRITE_BYTES: usize = 4096;
/// Repaints of a busy program per second, a common rate of full-screen programs.
const FRAMES_PER_SECOND: usize = 30;
/// Length of the pattern that floods repeat: long enough not to fit into a core's first-level cache.
const PATTERN_BYTES: usize = 1 << 20;

/// Runs the workload that `words` name.
pub fn run(words: &[String]) -> Result<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["echo"] => echo(),
        ["flood", bytes] => flood(bytes.parse().context("parse the number of bytes")?),
        ["random", bytes] => random(bytes.parse().context("parse the number of bytes")?),
        ["busy", rate] => busy(rate.parse().context("parse the bytes per second")?),
        ["first-byte"] => first_byte(),
        ["spin", core, nice] => super::load::spin(core.parse()?, nice.parse()?),
        _ => bail!("usage: xtask workload echo | flood BYTES | random BYTES | busy RATE | first-byte"),
    }
}

/// Answers every byte with itself, at once.
fn echo() -> Result<()> {
    make_raw()?;
    say(READY.as_bytes())?;
    let mut buffer = [0; WRITE_BYTES];
    loop {
        match rustix::io::read(stdin(), &mut buffer) {
            Ok(0) | Err(_) => return Ok(()),
            Ok(count) => say(&buffer[..count])?,
        }
    }
}

/// Waits for `GO`, writes so many bytes of a full-screen program's output, paints the end and stays.
fn flood(bytes: usize) -> Result<()> {
    make_raw()?;
    let pattern = tui::pattern(PATTERN_BYTES);
    say(READY.as_bytes())?;
    await_go()?;
    let mut left = bytes;
    for piece in pattern.chunks(WRITE_BYTES).cycle() {
        if left == 0 {
            break;
        }
        let piece = &piece[..piece.len().min(left)];
        say(piece)?;
        left -= piece.len();
    }
    stay::paint_end()?;
    tcdrain(stdout())?;
    stay::until_hangup()
}

/// Waits for `GO`, writes so many bytes that nothing can compress, then the end, and leaves.
fn random(bytes: usize) -> Result<()> {
    make_raw()?;
    say(READY.as_bytes())?;
    await_go()?;
    let mut numbers = tui::Numbers::new();
    let mut left = bytes;
    while left > 0 {
        let piece: Vec<u8> =
            (0..WRITE_BYTES.min(left) / 8).flat_map(|_| numbers.next().to_le_bytes()).collect();
        let piece = if piece.is_empty() { vec![0; left] } else { piece };
        say(&piece)?;
        left -= piece.len();
    }
    say(END.as_bytes())?;
    tcdrain(stdout())?;
    Ok(())
}

/// Waits for `GO` and repaints at a steady rate until the terminal is gone.
fn busy(bytes_per_second: usize) -> Result<()> {
    make_raw()?;
    let pattern = tui::pattern(PATTERN_BYTES);
    say(READY.as_bytes())?;
    await_go()?;
    let mut next = Instant::now();
    for frame in pattern.chunks((bytes_per_second / FRAMES_PER_SECOND).max(1)).cycle() {
        say(frame)?;
        next += Duration::from_secs(1) / FRAMES_PER_SECOND as u32;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

/// Says at once when it began, and stays.
fn first_byte() -> Result<()> {
    let began = clock_gettime(ClockId::Monotonic);
    let nanos = began.tv_sec as i128 * 1_000_000_000 + began.tv_nsec as i128;
    say(format!("{FIRST}{nanos}@").as_bytes())?;
    stay::until_hangup()
}

fn make_raw() -> Result<()> {
    let mut settings = tcgetattr(stdin()).context("read terminal settings")?;
    settings.make_raw();
    tcsetattr(stdin(), OptionalActions::Now, &settings).context("set the terminal raw")
}

fn await_go() -> Result<()> {
    let mut byte = [0; 1];
    while byte[0] != GO {
        if rustix::io::read(stdin(), &mut byte)? == 0 {
            bail!("the terminal ended before the start key");
        }
    }
    Ok(())
}

/// Writes everything to the terminal, past any buffer of the standard library.
fn say(mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(stdout(), bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).context("write to the terminal"),
        }
    }
    Ok(())
}
