//! An encoder that never sees a secret: records reach it masked, in their order and with their times.
//!
//! A record waits here until it is certain that no secret begins in it that only the next one completes. Masks are as
//! long as what they hide, so that each record keeps its bytes, and a log that is taken up goes on with the same entry.

use super::{Encoder, Format, Options};
use protocol::{Body, ClientNumber, Meta, Offset, ProgramReport, Record, Time};
use redact::{Stream, redact};
use std::collections::VecDeque;

/// Bytes that wait at most, those of their records' own among them. Of what was typed there may be too little to be certain.
const WAITING_MAX_BYTES: usize = 4 << 20; // 4 MiB

pub(super) struct Masked {
    inner: Box<dyn Encoder>,
    waiting: VecDeque<Waiting>,
    /// Bytes of them.
    weight: usize,
    output: Stream,
    input: Stream,
}

/// A record whose bytes are in a stream.
struct Waiting {
    time: Time,
    offset: Offset,
    body: Kept,
}

enum Kept {
    Output { length: usize, held: u16 },
    Input { length: usize, client: ClientNumber },
    Other(Body<'static>),
}

impl Masked {
    /// Of a format, told of the session without its secrets.
    pub(super) fn new(format: &Format, meta: &Meta, name: &str, options: &Options) -> Self {
        let command = vec![masked(&meta.command.join(" "))];
        let meta = Meta { command, cwd: masked(&meta.cwd), ..meta.clone() };
        let inner = (format.encoder)(&meta, &masked(name), options);
        let (output, input) = Default::default();
        Self { inner, waiting: VecDeque::new(), weight: 0, output, input }
    }

    /// Passes on what is certain.
    fn pass_on(&mut self, out: &mut Vec<u8>) {
        while let Some(first) = self.waiting.front() {
            let is_certain = match first.body {
                Kept::Output { length, .. } => length <= self.output.ready(),
                Kept::Input { length, .. } => length <= self.input.ready(),
                Kept::Other(_) => true,
            };
            if !is_certain {
                break;
            }
            let Some(first) = self.waiting.pop_front() else { break };
            self.weight -= first.weight();
            let body = match first.body {
                Kept::Output { length, held } => Body::Output { bytes: self.output.take(length), held },
                Kept::Input { length, client } => Body::Input { bytes: self.input.take(length), client },
                Kept::Other(body) => body,
            };
            self.inner.encode(&Record { time: first.time, offset: first.offset, body }, out);
        }
    }
}

impl Encoder for Masked {
    fn encode(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let body = match &record.body {
            Body::Output { bytes, held } => {
                self.output.push(bytes);
                Kept::Output { length: bytes.len(), held: *held }
            }
            Body::Input { bytes, client } => {
                self.input.push(bytes);
                Kept::Input { length: bytes.len(), client: *client }
            }
            other => Kept::Other(without_secrets(other)),
        };
        let waiting = Waiting { time: record.time, offset: record.offset, body };
        self.weight += waiting.weight();
        self.waiting.push_back(waiting);
        self.pass_on(out);
        if self.weight > WAITING_MAX_BYTES {
            self.settle(false, out);
        }
        if self.weight > WAITING_MAX_BYTES {
            self.settle(true, out);
        }
    }

    fn settle(&mut self, quiet: bool, out: &mut Vec<u8>) {
        for stream in [&mut self.output, &mut self.input] {
            if quiet { stream.rest() } else { stream.settle() }
        }
        self.pass_on(out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.output.finish();
        self.input.finish();
        self.pass_on(out);
        self.inner.finish(out);
    }
}

impl Waiting {
    fn weight(&self) -> usize {
        let length = match self.body {
            Kept::Output { length, .. } | Kept::Input { length, .. } => length,
            Kept::Other(_) => 0,
        };
        size_of::<Self>() + length
    }
}

fn masked(text: &str) -> String {
    redact(text).text.into_owned()
}

/// A record that is no stream, as something that can wait. What no form tells is left out of it.
fn without_secrets(body: &Body<'_>) -> Body<'static> {
    match body {
        Body::Secret { client, length } => Body::Secret { client: *client, length: *length },
        Body::Resize(size) => Body::Resize(*size),
        Body::Gap(bytes) => Body::Gap(*bytes),
        Body::Exit(status) => Body::Exit(*status),
        Body::Notice(notice) => Body::Notice(notice.clone()),
        Body::Report(report) => {
            let ProgramReport { msg, title, .. } = report;
            let (msg, title) = (msg.as_deref().map(masked), title.as_deref().map(masked));
            Body::Report(ProgramReport { msg, title, ..report.clone() })
        }
        _ => Body::Answered { ranges: Vec::new() },
    }
}
