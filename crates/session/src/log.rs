//! `host.log`: what keeper and host have to say when something is wrong, a line each, and their panics.
//!
//! It is their standard error. It lies on the disk that may be full: a line that cannot be written is lost, and nobody
//! ends for it.

use protocol::Time;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes of a log that a process may find when it starts; of a longer one the newer half is kept.
const LOG_BYTES: u64 = 256 << 10; // 256 KiB

/// Characters of a line that are shown elsewhere.
const LINE_CHARS: usize = 300;

/// Says that something went wrong, as `keeper`, `host` or `tap`.
pub fn error(who: &str, what: fmt::Arguments<'_>) {
    // In one write: keeper and host append to one file.
    let line = format!("{:.3} {who}: {what}\n", Time::now().utc());
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Makes room in a log that became long. Whoever has it open appends at its new end.
pub(crate) fn trim(path: &Path) -> io::Result<()> {
    let mut log = File::options().read(true).append(true).open(path)?;
    let length = log.metadata()?.len();
    if length <= LOG_BYTES {
        return Ok(());
    }
    let mut newer = Vec::new();
    log.seek(SeekFrom::Start(length - LOG_BYTES / 2))?;
    (&log).take(LOG_BYTES).read_to_end(&mut newer)?;
    let whole = newer.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    log.set_len(0)?;
    log.write_all(&newer[whole..])
}

/// The last thing that a session's processes said went wrong.
pub fn last_words(path: &Path) -> Option<String> {
    let mut log = File::open(path).ok()?;
    let length = log.metadata().ok()?.len();
    log.seek(SeekFrom::Start(length.saturating_sub(LOG_BYTES / 2))).ok()?;
    let mut bytes = Vec::new();
    log.take(LOG_BYTES).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    // A backtrace has lines of its own.
    let is_error = |line: &&str| {
        !line.starts_with([' ', '\t'])
            && !line.starts_with("note:")
            && (line.contains(": ") || line.contains("panicked at"))
    };
    let line = text.lines().rev().find(is_error)?;
    // It goes to a terminal, and may hold what others wrote.
    Some(line.chars().filter(|c| !c.is_control()).take(LINE_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_log_the_newer_half_is_kept_in_whole_lines() {
        let folder = std::env::temp_dir().join(format!("cf-log-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let log = folder.join("host.log");
        let lines: Vec<String> = (0..20_000).map(|number| format!("host: trouble {number}\n")).collect();
        std::fs::write(&log, lines.concat()).unwrap();
        trim(&log).unwrap();
        let left = std::fs::read_to_string(&log).unwrap();
        assert!(left.len() as u64 <= LOG_BYTES / 2 && left.len() as u64 > LOG_BYTES / 2 - 100);
        assert!(lines.concat().ends_with(&left) && left.starts_with("host: trouble"));
        assert_eq!(last_words(&log).unwrap(), "host: trouble 19999");
        trim(&log).unwrap();
        assert_eq!(std::fs::read_to_string(&log).unwrap(), left, "a short one is left alone");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
