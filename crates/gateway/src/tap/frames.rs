//! The texts in the bytes of one side of a WebSocket (RFC 6455), read from a copy that may be cut anywhere.

use super::decode::Decoder;

/// A text at most; longer ones go through, and are not understood.
const TEXT_MAX_BYTES: usize = 64 << 20; // 64 MiB
/// What was left out behind each packed text (RFC 7692).
const PACKED_END: &[u8] = &[0, 0, 0xff, 0xff];
/// The bits of a frame's first byte.
const IS_LAST: u8 = 0x80;
const IS_PACKED: u8 = 0x40;
const KIND: u8 = 0x0f;
/// Kinds of frames: those from here on may stand between the frames of a text.
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CONTROL: u8 = 8;

/// Reads texts.
pub(super) struct Texts {
    /// The beginning of a frame's head.
    head: Vec<u8>,
    frame: Option<Frame>,
    text: Text,
    unpacks: Decoder,
    /// Each text is packed for itself.
    packs_alone: bool,
    is_partial: bool,
}

/// What there is of a text, in one frame or several.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    is_text: bool,
    is_packed: bool,
}

struct Frame {
    first: u8,
    mask: [u8; 4],
    at: usize,
    left: u64,
}

impl Texts {
    /// Of a side for which the extensions say whether it packs each text for itself.
    pub(super) fn new(packs_alone: bool) -> Self {
        let (head, frame, text) = (Vec::new(), None, Text::default());
        Self { head, frame, text, unpacks: Decoder::raw(), packs_alone, is_partial: false }
    }

    /// Whether something was not understood.
    pub(super) fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// Takes the next bytes; returns the texts that are whole now.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut whole = Vec::new();
        while let Some(first) = bytes.first() {
            if let Some(frame) = &mut self.frame {
                let count = usize::try_from(frame.left).unwrap_or(usize::MAX).min(bytes.len());
                let (piece, rest) = bytes.split_at(count);
                bytes = rest;
                let plain = frame.take(piece);
                if frame.first & KIND < CONTROL {
                    self.keep(&plain);
                }
            } else {
                self.head.push(*first);
                bytes = &bytes[1..];
                self.frame = Frame::read(&self.head);
                self.begin();
            }
            if self.frame.as_ref().is_some_and(|frame| frame.left == 0) {
                whole.extend(self.end());
            }
        }
        whole
    }

    /// A frame begins, if its head is whole.
    fn begin(&mut self) {
        let Some(frame) = &self.frame else { return };
        self.head.clear();
        if matches!(frame.first & KIND, TEXT | BINARY) {
            let (is_text, is_packed) = (frame.first & KIND == TEXT, frame.first & IS_PACKED != 0);
            self.text = Text { bytes: Vec::new(), is_text, is_packed };
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let plain = if self.text.is_packed { self.unpacks.decode(bytes) } else { bytes };
        if self.text.bytes.len() + plain.len() > TEXT_MAX_BYTES {
            self.text.is_text = false;
            self.is_partial = true;
        } else {
            self.text.bytes.extend_from_slice(plain);
        }
    }

    /// A frame is over, and perhaps the text with it.
    fn end(&mut self) -> Option<Vec<u8>> {
        let frame = self.frame.take()?;
        if frame.first & KIND >= CONTROL || frame.first & IS_LAST == 0 {
            return None;
        }
        if self.text.is_packed {
            self.keep(PACKED_END);
            self.is_partial |= self.unpacks.failed();
            if self.packs_alone {
                self.unpacks = Decoder::raw();
            } else {
                self.unpacks.renew();
            }
        }
        let text = std::mem::take(&mut self.text);
        text.is_text.then_some(text.bytes)
    }
}

impl Frame {
    /// A frame, once its head is whole.
    fn read(head: &[u8]) -> Option<Self> {
        let (&first, &second) = (head.first()?, head.get(1)?);
        let short = u64::from(second & 0x7f);
        let length_bytes = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let (length, mask) = head[2..].split_at_checked(length_bytes)?;
        let mask_bytes = if second & 0x80 == 0 { 0 } else { 4 };
        if mask.len() < mask_bytes {
            return None;
        }
        let long = length.iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
        let left = if length.is_empty() { short } else { long };
        Some(Self { first, mask: mask.try_into().unwrap_or_default(), at: 0, left })
    }

    /// The next bytes of its payload, without the mask.
    fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        let plain = bytes.iter().zip(self.at..).map(|(byte, at)| byte ^ self.mask[at % 4]).collect();
        self.at += bytes.len();
        self.left -= bytes.len() as u64;
        plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![first];
        match u16::try_from(payload.len()) {
            Ok(short) if short < 126 => bytes.push(short.to_le_bytes()[0]),
            Ok(middle) => bytes.extend([&[126][..], &middle.to_be_bytes()].concat()),
            Err(_) => bytes.extend([&[127][..], &(payload.len() as u64).to_be_bytes()].concat()),
        }
        bytes.extend(payload);
        bytes
    }

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [1, 200, 3, 77];
        let mut bytes = vec![first, 0x80 | u8::try_from(payload.len()).unwrap()];
        bytes.extend(mask);
        bytes.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
        bytes
    }

    #[test]
    fn texts_are_read_wherever_they_are_cut() {
        let long = vec![b'l'; 70_000];
        let all = [
            masked(0x81, b"hello"),
            frame(0x01, b"in "),
            frame(0x89, b"ping"),
            frame(0x80, b"two"),
            frame(0x82, b"binary"),
            frame(0x81, b""),
            frame(0x81, &long[..300]),
            frame(0x81, &long),
        ]
        .concat();
        let expected = [&b"hello"[..], b"in two", b"", &long[..300], &long];
        for size in [1, 7, all.len()] {
            let mut texts = Texts::new(false);
            let told: Vec<Vec<u8>> = all.chunks(size).flat_map(|piece| texts.feed(piece)).collect();
            assert!(told == expected && !texts.is_partial(), "in pieces of {size}");
        }
    }

    #[test]
    fn packed_texts_go_on_from_those_before() {
        let text = b"one and the same text, one and the same text";
        for packs_alone in [false, true] {
            let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            let mut pack = || {
                if packs_alone {
                    packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
                }
                packer.write_all(text).unwrap();
                packer.flush().unwrap();
                let mut packed = std::mem::take(packer.get_mut());
                assert!(packed.ends_with(PACKED_END));
                packed.truncate(packed.len() - PACKED_END.len());
                masked(0xc1, &packed)
            };
            let mut texts = Texts::new(packs_alone);
            for _ in 0..3 {
                assert_eq!(texts.feed(&pack()), [text]);
            }
            assert_eq!(texts.feed(&frame(0x81, b"plain")), [b"plain"]);
            assert!(!texts.is_partial());
            texts.feed(&frame(0xc1, b"\xff\xff\xff"));
            assert!(texts.is_partial());
        }
    }
}
