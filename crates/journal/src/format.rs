//! How records lie in a segment. This comment is the specification; `docs/journal-format.md` is its longer form.
//!
//! A segment is a header of 64 bytes and then records, each a header of 28 bytes and a payload. All numbers are
//! little-endian. A record's checksum (CRC-32, the one of zlib) covers everything behind the checksum itself.
//!
//! ```text
//! segment  0 magic "CFJRNL\r\n"   8 version u16   10 header bytes u16   12 segment number u32, from 1
//!         16 session id 16 bytes  32 offset u64: output bytes before this segment
//!         40 time u64, µs         48 zero, 12 bytes                     60 checksum u32 of bytes 0..60
//! record   0 payload bytes u32    4 checksum u32      8 time u64, µs    16 offset u64
//!         24 kind u8              25 flags u8, zero   26 aux u16: `held` of output, client of input,
//!                                                                     1 for a hook that was cut
//! ```
//!
//! A record whose end lies past the end of the file was being written when its writer died: it is no record.

use protocol::{Body, ClientNumber, LengthClass, Offset, Record, SessionId, Size, Time};
use std::ops::Range;

/// Version of the layout above.
pub(crate) const VERSION: u16 = 1;
/// Bytes of a segment's header.
pub(crate) const SEGMENT_HEADER_BYTES: usize = 64;
/// Bytes of a record's header.
pub(crate) const RECORD_HEADER_BYTES: usize = 28;
/// Bytes of a record's payload at most; a longer length is damage, whatever its checksum says. One read of a
/// terminal gives far less.
pub const MAX_PAYLOAD_BYTES: usize = 1 << 20; // 1 MiB

const MAGIC: [u8; 8] = *b"CFJRNL\r\n";

const OUTPUT: u8 = 1;
const INPUT: u8 = 2;
const SECRET: u8 = 3;
const REPLY: u8 = 4;
const ANSWERED: u8 = 5;
const RESIZE: u8 = 6;
const GAP: u8 = 7;
const REPORT: u8 = 8;
const EXIT: u8 = 9;
const NOTICE: u8 = 10;
const HOOK: u8 = 11;
const ASKED: u8 = 12;
const SETTLED: u8 = 13;
const STATE: u8 = 14;

/// The first bytes of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SegmentHeader {
    pub session: SessionId,
    pub number: u32,
    pub offset: Offset,
    pub time: Time,
}

/// Why some bytes are no segment header.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadHeader {
    Short,
    Magic,
    Checksum,
    Version(u16),
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut out = [0; SEGMENT_HEADER_BYTES];
        out[0..8].copy_from_slice(&MAGIC);
        out[8..10].copy_from_slice(&VERSION.to_le_bytes());
        out[10..12].copy_from_slice(&(SEGMENT_HEADER_BYTES as u16).to_le_bytes());
        out[12..16].copy_from_slice(&self.number.to_le_bytes());
        out[16..32].copy_from_slice(&self.session.to_bytes());
        out[32..40].copy_from_slice(&self.offset.0.to_le_bytes());
        out[40..48].copy_from_slice(&self.time.0.to_le_bytes());
        let crc = crc32fast::hash(&out[..60]);
        out[60..].copy_from_slice(&crc.to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, BadHeader> {
        let head: &[u8; SEGMENT_HEADER_BYTES] = bytes.first_chunk().ok_or(BadHeader::Short)?;
        if head[0..8] != MAGIC {
            return Err(BadHeader::Magic);
        }
        // The version comes before the checksum, so that a newer layout is named and not called damage.
        let version = u16_at(head, 8);
        if version != VERSION {
            return Err(BadHeader::Version(version));
        }
        if crc32fast::hash(&head[..60]) != u32_at(head, 60) {
            return Err(BadHeader::Checksum);
        }
        Ok(Self {
            number: u32_at(head, 12),
            session: SessionId::from_bytes(head[16..32].try_into().expect("16 bytes")),
            offset: Offset(u64_at(head, 32)),
            time: Time(u64_at(head, 40)),
        })
    }
}

/// What stands at the beginning of some bytes of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Framed {
    /// A whole record of this many bytes, its checksum right.
    Record(usize),
    /// The record, or its header, is not all there.
    Partial,
    /// No writer wrote this.
    Damaged(&'static str),
}

/// Measures the record at the beginning of `bytes` and checks its sum.
pub(crate) fn frame(bytes: &[u8]) -> Framed {
    let Some(head) = bytes.first_chunk::<RECORD_HEADER_BYTES>() else { return Framed::Partial };
    let payload = u32_at(head, 0) as usize;
    if payload > MAX_PAYLOAD_BYTES {
        return Framed::Damaged("impossible record length");
    }
    let Some(record) = bytes.get(..RECORD_HEADER_BYTES + payload) else { return Framed::Partial };
    if crc32fast::hash(&record[8..]) != u32_at(head, 4) {
        return Framed::Damaged("wrong checksum");
    }
    Framed::Record(record.len())
}

/// Appends one record to `out`.
pub(crate) fn encode(record: &Record<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + RECORD_HEADER_BYTES, 0);
    let (kind, aux) = encode_body(&record.body, out);
    let payload = out.len() - start - RECORD_HEADER_BYTES;
    let head = &mut out[start..];
    head[0..4].copy_from_slice(&(payload as u32).to_le_bytes());
    head[8..16].copy_from_slice(&record.time.0.to_le_bytes());
    head[16..24].copy_from_slice(&record.offset.0.to_le_bytes());
    head[24] = kind;
    head[26..28].copy_from_slice(&aux.to_le_bytes());
    let crc = crc32fast::hash(&head[8..]);
    head[4..8].copy_from_slice(&crc.to_le_bytes());
}

/// Puts another payload of the same length into a whole record.
pub(crate) fn refill(record: &mut [u8], payload: &[u8]) {
    record[RECORD_HEADER_BYTES..].copy_from_slice(payload);
    let crc = crc32fast::hash(&record[8..]);
    record[4..8].copy_from_slice(&crc.to_le_bytes());
}

fn encode_body(body: &Body<'_>, out: &mut Vec<u8>) -> (u8, u16) {
    match body {
        Body::Output { bytes, held } => {
            out.extend_from_slice(bytes);
            (OUTPUT, *held)
        }
        Body::Input { client, bytes } => {
            out.extend_from_slice(bytes);
            (INPUT, client.0)
        }
        Body::Secret { client, length } => {
            out.push(*length as u8);
            (SECRET, client.0)
        }
        Body::Reply { bytes } => {
            out.extend_from_slice(bytes);
            (REPLY, 0)
        }
        Body::Answered { ranges } => {
            for range in ranges {
                out.extend_from_slice(&range.start.0.to_le_bytes());
                out.extend_from_slice(&(range.end.since(range.start) as u32).to_le_bytes());
            }
            (ANSWERED, 0)
        }
        Body::Resize(size) => {
            out.extend_from_slice(&size.cols.to_le_bytes());
            out.extend_from_slice(&size.rows.to_le_bytes());
            (RESIZE, 0)
        }
        Body::Gap(bytes) => {
            out.extend_from_slice(&bytes.to_le_bytes());
            (GAP, 0)
        }
        Body::Report(report) => (REPORT, encode_json(report, out)),
        Body::Exit(status) => (EXIT, encode_json(status, out)),
        Body::Notice(notice) => (NOTICE, encode_json(notice, out)),
        Body::Hook { bytes, cut } => {
            out.extend_from_slice(bytes);
            (HOOK, u16::from(*cut))
        }
        Body::Asked(approval) => (ASKED, encode_json(approval, out)),
        Body::Settled(settled) => (SETTLED, encode_json(settled, out)),
        Body::State(claim) => (STATE, encode_json(claim, out)),
        Body::Unknown { kind, bytes } => {
            out.extend_from_slice(bytes);
            (*kind, 0)
        }
    }
}

fn encode_json(value: &impl serde::Serialize, out: &mut Vec<u8>) -> u16 {
    serde_json::to_writer(out, value).expect("plain structs of strings and numbers always serialise");
    0
}

/// Reads the whole record that [`frame`] found. A known kind with a payload that makes no sense is given as
/// [`Body::Unknown`]: its sum is right, so it was written on purpose, by a version with other ideas.
pub(crate) fn decode(record: &[u8]) -> Record<'_> {
    let payload = &record[RECORD_HEADER_BYTES..];
    let kind = record[24];
    Record {
        time: Time(u64_at(record, 8)),
        offset: Offset(u64_at(record, 16)),
        body: decode_body(kind, u16_at(record, 26), payload)
            .unwrap_or(Body::Unknown { kind, bytes: payload }),
    }
}

fn decode_body(kind: u8, aux: u16, payload: &[u8]) -> Option<Body<'_>> {
    let client = ClientNumber(aux);
    Some(match kind {
        OUTPUT => Body::Output { bytes: payload, held: aux },
        INPUT => Body::Input { client, bytes: payload },
        SECRET => Body::Secret { client, length: length_class(*payload.first()?)? },
        REPLY => Body::Reply { bytes: payload },
        ANSWERED => Body::Answered { ranges: payload.chunks_exact(12).map(decode_range).collect() },
        RESIZE => Body::Resize(Size::new(
            u16::from_le_bytes(payload.get(..2)?.try_into().ok()?),
            u16::from_le_bytes(payload.get(2..4)?.try_into().ok()?),
        )?),
        GAP => Body::Gap(u64::from_le_bytes(payload.get(..8)?.try_into().ok()?)),
        REPORT => Body::Report(serde_json::from_slice(payload).ok()?),
        EXIT => Body::Exit(serde_json::from_slice(payload).ok()?),
        NOTICE => Body::Notice(serde_json::from_slice(payload).ok()?),
        HOOK => Body::Hook { bytes: payload, cut: aux != 0 },
        ASKED => Body::Asked(serde_json::from_slice(payload).ok()?),
        SETTLED => Body::Settled(serde_json::from_slice(payload).ok()?),
        STATE => Body::State(serde_json::from_slice(payload).ok()?),
        _ => return None,
    })
}

fn decode_range(bytes: &[u8]) -> Range<Offset> {
    let start = Offset(u64_at(bytes, 0));
    start..start + u64::from(u32_at(bytes, 8))
}

fn length_class(byte: u8) -> Option<LengthClass> {
    [LengthClass::One, LengthClass::Short, LengthClass::Long].get(usize::from(byte)).copied()
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("two bytes"))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{ExitStatus, Notice, ProgramReport, ProgramState};

    fn bodies() -> Vec<Body<'static>> {
        vec![
            Body::Output { bytes: b"\x00\xff\x1b[31mred", held: 3 },
            Body::Input { client: ClientNumber(7), bytes: b"ls\r" },
            Body::Secret { client: ClientNumber(7), length: LengthClass::Short },
            Body::Reply { bytes: b"\x1b[1;1R" },
            Body::Answered { ranges: vec![Offset(5)..Offset(9), Offset(1 << 40)..Offset((1 << 40) + 3)] },
            Body::Resize(Size { cols: 120, rows: 40 }),
            Body::Gap(12345),
            Body::Report(ProgramReport { state: ProgramState::Working, ..Default::default() }),
            Body::Exit(ExitStatus::Signal(9)),
            Body::Notice(Notice::Recovered),
            Body::Hook { bytes: b"{\"hook_event_name\":\"Stop\"}", cut: true },
            Body::Asked(Box::new(
                serde_json::from_str(
                    r#"{"id":1,"since":2,"offset":3,"kind":"plan","tool":"ExitPlanMode","input":{}}"#,
                )
                .unwrap(),
            )),
            Body::Settled(Box::new(
                serde_json::from_str(r#"{"id":1,"time":4,"by":"the terminal"}"#).unwrap(),
            )),
            Body::Unknown { kind: 200, bytes: b"from the future" },
        ]
    }

    #[test]
    fn every_kind_of_record_is_read_as_it_was_written() {
        let mut out = Vec::new();
        for body in bodies() {
            let record = Record { time: Time(1_700_000_000_000_000), offset: Offset(42), body };
            out.clear();
            encode(&record, &mut out);
            assert_eq!(frame(&out), Framed::Record(out.len()));
            assert_eq!(decode(&out), record);
        }
    }

    /// The bytes of version 1, frozen: a change here is a new version.
    #[test]
    fn version_1_stays_as_it_is() {
        let mut out = Vec::new();
        let body = Body::Output { bytes: b"hi", held: 1 };
        encode(&Record { time: Time(2), offset: Offset(3), body }, &mut out);
        assert_eq!(
            out,
            [
                2, 0, 0, 0, 40, 209, 178, 16, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0,
                b'h', b'i'
            ]
        );
    }

    #[test]
    fn a_flipped_bit_is_seen_and_a_cut_is_partial() {
        let mut whole = Vec::new();
        let body = Body::Output { bytes: b"some output", held: 0 };
        encode(&Record { time: Time(1), offset: Offset(1), body }, &mut whole);
        for cut in 0..whole.len() {
            assert_eq!(frame(&whole[..cut]), Framed::Partial);
        }
        for bit in 0..whole.len() * 8 {
            let mut bent = whole.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(frame(&bent), Framed::Record(_)), "bit {bit}");
        }
    }

    #[test]
    fn a_header_says_what_is_wrong_with_it() {
        let header = SegmentHeader {
            session: SessionId::from_bytes([7; 16]),
            number: 3,
            offset: Offset(99),
            time: Time(5),
        };
        let bytes = header.encode();
        assert_eq!(SegmentHeader::decode(&bytes), Ok(header));
        assert_eq!(SegmentHeader::decode(&bytes[..63]), Err(BadHeader::Short));
        let bend = |at: usize| {
            let mut bent = bytes;
            bent[at] ^= 1;
            SegmentHeader::decode(&bent)
        };
        assert_eq!(bend(0), Err(BadHeader::Magic));
        assert_eq!(bend(8), Err(BadHeader::Version(0)));
        assert_eq!(bend(33), Err(BadHeader::Checksum));
    }
}
