//! Bytes on their way, and an ear beside it. Nothing waits for the ear.

use super::Outcome;
use super::hear::Ear;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A body that is passed on, frame by frame.
pub(super) struct Heard {
    inner: Incoming,
    ear: Ear,
    side: Side,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Asked,
    Answer,
}

impl Heard {
    pub(super) fn asked(inner: Incoming, ear: Ear) -> Self {
        Self { inner, ear, side: Side::Asked }
    }

    pub(super) fn answer(inner: Incoming, ear: Ear) -> Self {
        Self { inner, ear, side: Side::Answer }
    }
}

impl Body for Heard {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        match (&frame, self.side) {
            (Some(Ok(frame)), side) => {
                if let Some(bytes) = frame.data_ref() {
                    match side {
                        Side::Asked => self.ear.asked(bytes),
                        Side::Answer => self.ear.answer(bytes),
                    }
                }
            }
            (Some(Err(_)), Side::Answer) => self.ear.end(Outcome::Cut),
            (None, Side::Answer) => self.ear.end(Outcome::Whole),
            (_, Side::Asked) => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        // Of a known length, the end is not asked for; else the client hung up, which the ear tells when nobody holds it.
        if self.side == Side::Answer && self.inner.is_end_stream() {
            self.ear.end(Outcome::Whole);
        }
    }
}
