//! The frames of `centerfire.v1`, made from a session's journal. `docs/websocket.md` has their form.

use axum::body::Bytes;
use axum::extract::ws::Utf8Bytes;
use protocol::approval::LISTED_INPUT_BYTES;
use protocol::{Body, ExitStatus, Offset, Size};
use serde_json::{Value, json};
use session::Result;
use session::source::Source;

/// Output in one frame at most: enough that a flood costs few frames, and a page shows the first part soon.
const FRAME_BYTES: usize = 32 << 10; // 32 KiB
/// Frames made at once, so that who waits for the first does not wait for all.
const BATCH: usize = 16;

/// What an allocation costs beside its bytes.
const ALLOCATION_BYTES: usize = 48;

/// Kinds of binary frames.
const OUTPUT: u8 = 1;
const SNAPSHOT: u8 = 2;
/// A kind and an offset.
const HEAD_BYTES: usize = 1 + 8;
/// The same, columns and rows.
pub(crate) const SNAPSHOT_HEAD_BYTES: usize = HEAD_BYTES + 2 + 2;

/// One thing that viewers are told.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// Output.
    Output {
        end: Offset,
        /// The whole frame; [`output_of`] gives its bytes alone.
        frame: Bytes,
    },
    /// Anything else, at an offset.
    Note {
        at: Offset,
        /// Its `type`.
        kind: &'static str,
        text: Utf8Bytes,
        /// Whether it is the last.
        last: bool,
    },
}

impl Item {
    fn output(end: Offset, bytes: &[u8]) -> Self {
        let mut frame = Vec::with_capacity(HEAD_BYTES + bytes.len());
        frame.push(OUTPUT);
        frame.extend_from_slice(&end.0.to_le_bytes());
        frame.extend_from_slice(bytes);
        Self::Output { end, frame: frame.into() }
    }

    /// The program's end; without a status nobody knows how it ended.
    pub(crate) fn exited(status: Option<ExitStatus>, at: Offset) -> Self {
        let text = json!({ "type": "exited", "status": status, "offset": at }).to_string();
        Self::Note { at, kind: "exited", text: text.into(), last: true }
    }

    fn note(at: Offset, kind: &'static str, mut value: Value) -> Self {
        (value["type"], value["offset"]) = (json!(kind), json!(at));
        Self::Note { at, kind, text: value.to_string().into(), last: false }
    }

    /// Where it ends.
    pub(crate) fn end(&self) -> Offset {
        match self {
            Self::Output { end, .. } => *end,
            Self::Note { at, .. } => *at,
        }
    }

    /// Bytes that it takes in memory, roughly. A program may write a byte at a time, of which each is an item.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Self>()
            + ALLOCATION_BYTES
            + match self {
                Self::Output { frame, .. } => frame.len(),
                Self::Note { text, .. } => text.len(),
            }
    }
}

/// The output of a frame, without its head.
pub(crate) fn output_of(frame: &Bytes) -> Bytes {
    frame.slice(HEAD_BYTES..)
}

/// A snapshot as a frame.
pub(crate) fn snapshot(offset: Offset, size: Size, dump: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(SNAPSHOT_HEAD_BYTES + dump.len());
    frame.push(SNAPSHOT);
    frame.extend_from_slice(&offset.0.to_le_bytes());
    frame.extend_from_slice(&size.cols.to_le_bytes());
    frame.extend_from_slice(&size.rows.to_le_bytes());
    frame.extend_from_slice(dump);
    frame.into()
}

/// Makes frames of a journal, from a place on.
pub(crate) struct Frames {
    source: Source,
    ended: bool,
}

impl Frames {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, ended: false }
    }

    /// Up to where output was given.
    pub(crate) fn position(&self) -> Offset {
        self.source.position()
    }

    /// Whether the journal told the program's end.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// The next items, [`BATCH`] at most; none where nothing more is stored yet. Who knows where the journal ends need
    /// not look behind it.
    pub(crate) fn read(&mut self, end: Option<Offset>) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        let mut output = Output::default();
        while items.len() < BATCH && !self.ended {
            let position = self.source.position();
            if end.is_some_and(|end| end <= position) {
                break;
            }
            let record = match self.source.next() {
                Ok(Some(record)) => record,
                // What was read before must not be lost with it: it comes again with the next read.
                Err(error) if items.is_empty() && output.0.is_empty() => return Err(error),
                Ok(None) | Err(_) => break,
            };
            let at = record.offset;
            let (kind, value) = match record.body {
                Body::Output { bytes, .. } => {
                    output.0.extend_from_slice(bytes);
                    if output.0.len() >= FRAME_BYTES {
                        output.flush(self.source.position(), &mut items);
                    }
                    continue;
                }
                Body::Resize(size) => ("resized", json!({ "cols": size.cols, "rows": size.rows })),
                Body::Report(report) => ("program", json!({ "report": report })),
                Body::Asked(approval) => {
                    ("asked", json!({ "approval": approval.within(LISTED_INPUT_BYTES) }))
                }
                Body::Settled(settled) => ("settled", json!({ "settled": settled })),
                Body::Gap(bytes) => ("gap", json!({ "bytes": bytes })),
                Body::Exit(status) => {
                    output.flush(position, &mut items);
                    self.finish(status, &mut items);
                    break;
                }
                _ => continue,
            };
            output.flush(position, &mut items);
            items.push(Item::note(at, kind, value));
        }
        output.flush(self.source.position(), &mut items);
        Ok(items)
    }

    /// The last bytes, which might have become a query and never did, and the end.
    fn finish(&mut self, status: ExitStatus, items: &mut Vec<Item>) {
        let mut output = Output::default();
        if let Some(record) = self.source.rest()
            && let Body::Output { bytes, .. } = record.body
        {
            output.0.extend_from_slice(bytes);
        }
        let end = self.source.position();
        output.flush(end, items);
        items.push(Item::exited(Some(status), end));
        self.ended = true;
    }
}

/// Output that is not a frame yet.
#[derive(Default)]
struct Output(Vec<u8>);

impl Output {
    /// Makes a frame of it, if it is any.
    fn flush(&mut self, end: Offset, items: &mut Vec<Item>) {
        if !self.0.is_empty() {
            items.push(Item::output(end, &self.0));
            self.0.clear();
        }
    }
}
