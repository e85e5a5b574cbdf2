//! A conversation log on disk that is written while its session runs, and taken up again after whoever wrote it died.

use super::Options;
use crate::{Error, Result, process};
use protocol::SessionId;
use serde::Deserialize;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes of a line at most; a longer one is not ours. An entry holds one record, whose bytes may each be escaped.
const LINE_BYTES: u64 = 8 << 20; // 8 MiB

/// How long the writer of a session that ended may take to leave.
const LEAVES: Duration = Duration::from_secs(3);

/// A log file, open for appending. Only one process at a time has it.
pub struct LogFile {
    file: File,
    path: PathBuf,
    written: u64,
    next_number: u64,
}

/// What is read of a line that was written before.
#[derive(Deserialize)]
struct Line {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    session_id: String,
    sequence_number: u64,
}

impl LogFile {
    /// Opens or makes the file, cuts off a line that was not written to its end, and counts the others.
    pub fn open(path: &Path, session: SessionId) -> Result<Self> {
        let failed = |error: io::Error| Error::io(path, error);
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).mode(0o600).open(path).map_err(failed)?;
        lock(&file).map_err(failed)?;
        let mut log = Self { file, path: path.to_owned(), written: 0, next_number: 0 };
        log.count(&session.to_string()).map_err(failed)?;
        Ok(log)
    }

    /// Options of an export that goes on where the file ends.
    pub fn options(&self) -> Options {
        Options { written: self.written, next_number: self.next_number, ..Options::default() }
    }

    fn count(&mut self, session: &str) -> io::Result<()> {
        let mut reader = BufReader::new(&self.file);
        let (mut whole, mut line) = (0, Vec::new());
        loop {
            line.clear();
            let length = io::Read::take(&mut reader, LINE_BYTES).read_until(b'\n', &mut line)?;
            if line.last() != Some(&b'\n') {
                if length as u64 == LINE_BYTES {
                    return Err(io::Error::other("this is no conversation log; name another file"));
                }
                break;
            }
            whole += length as u64;
            if let Ok(Line { metadata }) = serde_json::from_slice(&line) {
                self.next_number = metadata.sequence_number + 1;
                self.written += u64::from(metadata.session_id == session);
            }
        }
        self.file.set_len(whole)
    }
}

/// Takes the file for this process. Who wrote the session before may just be leaving.
fn lock(file: &File) -> io::Result<()> {
    match process::lock_within(file, LEAVES)? {
        true => Ok(()),
        false => Err(io::Error::other("another session's log is being written to it; name another file")),
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file
            .write(bytes)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.path.display())))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
