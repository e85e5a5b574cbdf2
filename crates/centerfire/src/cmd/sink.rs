//! Where `output` and `export` write to: standard output or a file, in large pieces.

use anyhow::Context as _;
use session::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Bytes that are collected before they are written.
const WRITE_BYTES: usize = 256 << 10; // 256 KiB

pub(crate) struct Sink {
    to: Box<dyn Write>,
    waiting: Vec<u8>,
}

impl Sink {
    /// Standard output, unless a file is named. What a session shows may be private, and so is the file.
    pub(crate) fn open(file: Option<&Path>) -> anyhow::Result<Self> {
        Self::open_with(file, create)
    }

    /// The same; a file that something stands in is refused.
    pub(crate) fn open_new(file: Option<&Path>) -> anyhow::Result<Self> {
        Self::open_with(file, create_new)
    }

    fn open_with(file: Option<&Path>, create: fn(&Path) -> anyhow::Result<File>) -> anyhow::Result<Self> {
        let to: Box<dyn Write> = match file {
            Some(path) if path.as_os_str() != "-" => Box::new(create(path)?),
            _ => Box::new(Stdout(io::stdout())),
        };
        Ok(Self { to, waiting: Vec::new() })
    }

    /// Writes now or with what comes next.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> session::Result<()> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= WRITE_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes what waits.
    pub(crate) fn flush(&mut self) -> session::Result<()> {
        let written = self.to.write_all(&self.waiting).and_then(|()| self.to.flush());
        self.waiting.clear();
        written.map_err(|source| match source.kind() {
            ErrorKind::BrokenPipe => Error::OutputClosed,
            _ => Error::Io { path: "output".into(), source },
        })
    }

    /// For those who collect by themselves.
    pub(crate) fn writer(&mut self) -> &mut dyn Write {
        &mut *self.to
    }
}

fn create(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    file.with_context(|| format!("write {}", path.display()))
}

/// What is no file, such as /dev/null or a pipe, has nothing that could be lost; nor has one that is empty, as `mktemp`
/// makes it.
fn create_new(path: &Path) -> anyhow::Result<File> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let full = std::fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.len() > 0);
            anyhow::ensure!(
                !full,
                "{} exists; name another file, or write over it with --force",
                path.display()
            );
            create(path)
        }
        made => made.with_context(|| format!("write {}", path.display())),
    }
}

/// Standard output without its search for line ends, which a copy of bytes has no use for.
struct Stdout(io::Stdout);

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.0, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
