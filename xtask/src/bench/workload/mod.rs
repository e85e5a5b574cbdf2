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
/// Around every marker; the drawn pattern has none.
pub const MARK: u8 = b'@';
/// Begins the marker with the moment, in nanoseconds, at which a frame of `paced` was written.
pub const STAMP: &str = "cf-at ";
/// The key that lets a child's output begin.
pub const GO: u8 = b'g';

/// Size of one write of a flood: what a program with a stdio buffer writes at once.
const WRITE_BYTES: usize = 4096;
/// Repaints of a busy program per second, a common rate of full-screen programs.
const FRAMES_PER_SECOND: usize = 30;
/// Frames of `paced` per second: enough for a smooth rate and a good look at delays.
pub const PACED_FRAMES_PER_SECOND: usize = 100;
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
        ["paced", rate, seconds] => paced(rate.parse()?, seconds.parse()?),
        ["first-byte"] => first_byte(),
        ["spin", core, nice] => super::load::spin(core.parse()?, nice.parse()?),
        _ => bail!(
            "usage: xtask workload echo | flood BYTES | random BYTES | busy RATE | paced RATE SECONDS | first-byte"
        ),
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

/// Waits for `GO`, writes so many seconds of frames at a steady rate, each with the moment of its writing, then the
/// end, and stays. All of it is `paced_bytes` long.
fn paced(bytes_per_second: usize, seconds: usize) -> Result<()> {
    make_raw()?;
    // Plain ASCII: a server that takes output for text would change the length of characters that frames cut.
    let pattern: Vec<u8> = tui::pattern(PATTERN_BYTES)
        .into_iter()
        .map(|byte| if byte.is_ascii() { byte } else { b'.' })
        .collect();
    say(READY.as_bytes())?;
    await_go()?;
    let mut pieces = pattern.chunks_exact(bytes_per_second / PACED_FRAMES_PER_SECOND).cycle();
    let mut next = Instant::now();
    for _ in 0..seconds * PACED_FRAMES_PER_SECOND {
        let mut frame = pieces.next().context("a frame is shorter than the pattern")?.to_vec();
        let stamp = format!("{0}{STAMP}{1}{0}", MARK as char, now_nanos());
        frame
            .get_mut(..stamp.len())
            .context("a frame is longer than its stamp")?
            .copy_from_slice(stamp.as_bytes());
        say(&frame)?;
        next += Duration::from_secs(1) / PACED_FRAMES_PER_SECOND as u32;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    say(END.as_bytes())?;
    stay::until_hangup()
}

/// Length of all that `paced` writes behind `GO`.
pub fn paced_bytes(bytes_per_second: usize, seconds: usize) -> usize {
    bytes_per_second / PACED_FRAMES_PER_SECOND * PACED_FRAMES_PER_SECOND * seconds + END.len()
}

/// Nanoseconds of the clock that all processes of a machine share.
pub fn now_nanos() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Says at once when it began, and stays.
fn first_byte() -> Result<()> {
    say(format!("{FIRST}{}@", now_nanos()).as_bytes())?;
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
