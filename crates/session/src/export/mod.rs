//! A session in another form: a recording for other players, plain text, raw bytes, a log or events as JSON lines.
//!
//! An [`Encoder`] does no I/O: records in, bytes out. [`FORMATS`] is the one list of them; a new format is a file and
//! a line. [`Export`] drives one over a journal, to its end or for as long as the session goes on.

mod asciicast;
mod asciicast_v2;
mod asciicast_v3;
mod decode;
mod events;
mod log;
mod log_file;
mod masked;
mod raw;
mod text;

pub use decode::Decoder;
pub use log_file::LogFile;

use crate::follow::{Follow, Next};
use crate::registry::Entry;
use crate::source::{Kind, Source};
use crate::{Error, Result};
use masked::Masked;
use protocol::{Meta, Offset, Record};
use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

/// Turns the records of one session into one form.
pub trait Encoder {
    /// Appends what the form has to say of the next record.
    fn encode(&mut self, record: &Record<'_>, out: &mut Vec<u8>);
    /// Appends what it held back and can tell now: all that is stored was read, and if it is `quiet` nothing came for a while.
    fn settle(&mut self, _quiet: bool, _out: &mut Vec<u8>) {}
    /// Appends what comes after the last one.
    fn finish(&mut self, out: &mut Vec<u8>);
}

/// A form that a session can be exported in.
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in half a line.
    pub about: &'static str,
    /// Which output it wants: all of it, or what terminals were shown.
    pub source: Kind,
    /// Whether it is the recording itself, byte by byte, in which secrets stay.
    pub exact: bool,
    /// Makes its encoder, which writes its own head before the first record.
    pub encoder: fn(&Meta, &str, &Options) -> Box<dyn Encoder>,
}

/// All forms.
pub const FORMATS: &[Format] = &[
    Format {
        name: "asciicast-v3",
        about: "recording for asciinema 3 and its players",
        source: Kind::Shown,
        exact: false,
        encoder: |meta, name, options| Box::new(asciicast_v3::AsciicastV3::new(meta, name, options)),
    },
    Format {
        name: "asciicast-v2",
        about: "recording for asciinema 2 and most players",
        source: Kind::Shown,
        exact: false,
        encoder: |meta, name, options| Box::new(asciicast_v2::AsciicastV2::new(meta, name, options)),
    },
    Format {
        name: "text",
        about: "all lines as a person saw them, without colours",
        source: Kind::Shown,
        exact: false,
        encoder: |meta, _, _| Box::new(text::Text::new(meta)),
    },
    Format {
        name: "raw",
        about: "every byte that the program wrote",
        source: Kind::Stored,
        exact: true,
        encoder: |_, _, _| Box::new(raw::Raw),
    },
    Format {
        name: "log",
        about: "conversation log: a line of JSON for each input, output and event",
        source: Kind::Shown,
        exact: false,
        encoder: |meta, _, options| Box::new(log::Log::new(meta, options)),
    },
    Format {
        name: "events",
        about: "a line of JSON for each input and output, its bytes as numbers",
        source: Kind::Shown,
        exact: true,
        encoder: |meta, _, options| Box::new(events::Events::new(meta, options)),
    },
];

/// What may be chosen for an export.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Leave secrets in it, also in forms that are not exact anyway.
    pub unmasked: bool,
    /// Include what was typed, in formats that can leave it out.
    pub input: bool,
    /// Seconds of silence at most that a player should play.
    pub idle_limit: Option<f64>,
    /// For a log that goes on: entries of this session that stand in it already.
    pub written: u64,
    /// For a log that goes on: the number of its next entry.
    pub next_number: u64,
}

/// Silence after which nobody waits for the rest of what begins like a secret.
const QUIET: Duration = Duration::from_secs(1);
/// Bytes that are collected before they are written.
const WRITE_BYTES: usize = 256 << 10; // 256 KiB

/// An export under way.
pub struct Export<'a> {
    entry: &'a Entry,
    source: Source,
    encoder: Box<dyn Encoder>,
    out: Vec<u8>,
    damaged: Vec<String>,
}

impl<'a> Export<'a> {
    /// Begins at the session's start.
    pub fn new(entry: &'a Entry, format: &Format, options: &Options) -> Result<Self> {
        let source = Source::of(&entry.folder, &entry.meta, Offset::ZERO, format.source)?;
        let encoder: Box<dyn Encoder> = if format.exact || options.unmasked {
            (format.encoder)(&entry.meta, &entry.name, options)
        } else {
            Box::new(Masked::new(format, &entry.meta, &entry.name, options))
        };
        Ok(Self { entry, source, encoder, out: Vec::new(), damaged: Vec::new() })
    }

    /// Writes all that is stored now, and the end. Gives a line for each damaged place that was left out.
    pub fn write(mut self, to: &mut dyn Write, progress: &mut dyn FnMut(Offset)) -> Result<Vec<String>> {
        self.copy(to, progress)?;
        self.finish(to)
    }

    /// Writes what is stored and what comes, until the program ends.
    pub fn follow(mut self, to: &mut dyn Write, progress: &mut dyn FnMut(Offset)) -> Result<Vec<String>> {
        let mut follow = Follow::new(&self.entry.folder, &self.entry.meta, "export");
        let mut last = Instant::now();
        while follow.wait()? == Next::More {
            if self.copy(to, progress)? {
                last = Instant::now();
            }
            self.encoder.settle(last.elapsed() >= QUIET, &mut self.out);
            self.flush(to)?;
        }
        self.copy(to, progress)?;
        self.finish(to)
    }

    /// Tells whether there was anything.
    fn copy(&mut self, to: &mut dyn Write, progress: &mut dyn FnMut(Offset)) -> Result<bool> {
        let mut any = false;
        while let Some(record) = self.source.next()? {
            let offset = record.offset;
            any = true;
            self.encoder.encode(&record, &mut self.out);
            if self.out.len() >= WRITE_BYTES {
                self.flush(to)?;
                progress(offset);
            }
        }
        self.damaged.extend(self.source.take_damage().iter().map(ToString::to_string));
        self.flush(to)?;
        Ok(any)
    }

    fn finish(mut self, to: &mut dyn Write) -> Result<Vec<String>> {
        if let Some(record) = self.source.rest() {
            self.encoder.encode(&record, &mut self.out);
        }
        self.encoder.finish(&mut self.out);
        self.flush(to)?;
        Ok(self.damaged)
    }

    fn flush(&mut self, to: &mut dyn Write) -> Result<()> {
        let written = to.write_all(&self.out).and_then(|()| to.flush());
        self.out.clear();
        written.map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Error::OutputClosed,
            _ => Error::System { doing: "write the export", source: error },
        })
    }
}

#[cfg(test)]
mod tests;
