//! Packs a closed segment: the same records, compressed, still readable from any offset.
//!
//! ```text
//! the segment's header, as it was (64 bytes)
//! blocks: zstd frames of about 256 KiB of records each; a block begins with a whole record
//! index:  per block  unpacked position u64, packed position u64, offset of its first record u64
//! footer: index position u64, blocks u32, checksum u32 of the index, magic "CFSEALED"
//! ```
//!
//! Sealing is for quiet times: it never runs on the byte path.

use crate::format::{Framed, MAX_PAYLOAD_BYTES, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES, decode, frame};
use crate::{Error, Result, segment};
use protocol::Offset;
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// Unpacked bytes of a block at least: large enough to compress well, small enough to unpack in a millisecond.
const BLOCK_BYTES: usize = 256 << 10; // 256 KiB
/// Unpacked bytes of a block at most: a block plus the longest record. More is damage.
const BLOCK_MAX_BYTES: usize = 4 << 20; // 4 MiB
const LONGEST_RECORD_BYTES: usize = RECORD_HEADER_BYTES + MAX_PAYLOAD_BYTES;
const _: () = assert!(BLOCK_BYTES + LONGEST_RECORD_BYTES <= BLOCK_MAX_BYTES);
/// Level 1 packs coloured terminal output 4x at 390 MB/s; in blocks of this size level 3 packs no better.
const LEVEL: i32 = 1;
const MAGIC: [u8; 8] = *b"CFSEALED";
const FOOTER_BYTES: usize = 24;
const ENTRY_BYTES: usize = 24;

/// What sealing a segment did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// Bytes before.
    pub plain_bytes: u64,
    /// Bytes after.
    pub packed_bytes: u64,
}

/// Seals segment `number`, which nobody may be writing any more, and removes the plain file. `None` if it is
/// sealed already or is not there. Interrupted anywhere it leaves a readable journal.
pub fn seal(dir: &Path, number: u32) -> Result<Option<Sealed>> {
    let plain = segment::open_path(dir, number);
    let sealed = segment::sealed_path(dir, number);
    let file = match File::open(&plain) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(&plain, error)),
    };
    // Two at once would write the same draft. Who comes second waits, and finds the work done.
    flock(&file, FlockOperation::LockExclusive).map_err(|error| Error::io(&plain, error))?;
    if !plain.exists() {
        return Ok(None);
    }
    let plain_bytes = file.metadata().map_err(|error| Error::io(&plain, error))?.len();
    let draft = dir.join(format!("{number:08}.zst.tmp"));
    let packed_bytes = pack(&file, &draft, &plain)?;
    fs::rename(&draft, &sealed).map_err(|error| Error::io(&sealed, error))?;
    File::open(dir).and_then(|folder| folder.sync_all()).map_err(|error| Error::io(dir, error))?;
    fs::remove_file(&plain).map_err(|error| Error::io(&plain, error))?;
    Ok(Some(Sealed { plain_bytes, packed_bytes }))
}

/// Seals every segment but the newest, which may be written now. What cannot be sealed stays as it is.
pub fn seal_closed(dir: &Path) {
    let Ok(mut segments) = segment::list(dir) else { return };
    segments.pop();
    for segment in segments.iter().filter(|segment| !segment.sealed) {
        let _ = seal(dir, segment.number);
    }
}

/// Seals every segment: the recording is over.
pub fn seal_all(dir: &Path) {
    seal_closed(dir);
    if let Some(last) = segment::list(dir).ok().and_then(|mut segments| segments.pop()) {
        let _ = seal(dir, last.number);
    }
}

fn pack(mut plain: &File, draft: &Path, path: &Path) -> Result<u64> {
    let failed = |error| Error::io(draft, error);
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(draft).map_err(failed)?;
    let mut header = [0; SEGMENT_HEADER_BYTES];
    plain.read_exact(&mut header).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            Error::Corrupt { path: path.to_owned(), position: 0, why: "segment without a header" }
        }
        _ => Error::io(path, error),
    })?;
    file.write_all(&header).map_err(failed)?;
    let mut compressor = zstd::bulk::Compressor::new(LEVEL).map_err(failed)?;
    let mut packed = SEGMENT_HEADER_BYTES as u64;
    let mut index = Vec::new();
    let mut at = SEGMENT_HEADER_BYTES as u64;
    // A block is cut from here once there is enough for any; more is never held.
    let mut bytes = Vec::with_capacity(BLOCK_MAX_BYTES);
    let mut cut = 0;
    loop {
        if bytes.len() - cut < BLOCK_BYTES + LONGEST_RECORD_BYTES {
            bytes.drain(..cut);
            cut = 0;
            let room = (BLOCK_MAX_BYTES - bytes.len()) as u64;
            plain.take(room).read_to_end(&mut bytes).map_err(|error| Error::io(path, error))?;
        }
        let Some((length, offset)) = block(&bytes[cut..], at, path)? else { break };
        let frame = compressor.compress(&bytes[cut..cut + length]).map_err(failed)?;
        file.write_all(&frame).map_err(failed)?;
        for number in [at, packed, offset.0] {
            index.extend_from_slice(&number.to_le_bytes());
        }
        packed += frame.len() as u64;
        at += length as u64;
        cut += length;
    }
    let mut footer = packed.to_le_bytes().to_vec();
    footer.extend_from_slice(&((index.len() / ENTRY_BYTES) as u32).to_le_bytes());
    footer.extend_from_slice(&crc32fast::hash(&index).to_le_bytes());
    footer.extend_from_slice(&MAGIC);
    file.write_all(&index).and_then(|()| file.write_all(&footer)).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(packed + (index.len() + footer.len()) as u64)
}

/// The length of the block of whole records that the bytes begin with, and the offset of its first one; `position` is
/// where they stand in the segment. A torn record at the end is left out; damage is refused, so that sealing never
/// hides it.
fn block(bytes: &[u8], position: u64, path: &Path) -> Result<Option<(usize, Offset)>> {
    let mut length = 0;
    let mut first = None;
    while length < BLOCK_BYTES {
        match frame(&bytes[length..]) {
            Framed::Record(record) => {
                first.get_or_insert(decode(&bytes[length..length + record]).offset);
                length += record;
            }
            Framed::Partial => break,
            Framed::Damaged(why) => {
                let position = position + length as u64;
                return Err(Error::Corrupt { path: path.to_owned(), position, why });
            }
        }
    }
    Ok(first.map(|offset| (length, offset)))
}

/// The blocks of a sealed segment.
pub(crate) struct Blocks {
    file: File,
    index: Vec<Block>,
    index_position: u64,
}

#[derive(Clone, Copy)]
struct Block {
    unpacked: u64,
    packed: u64,
    offset: Offset,
}

impl Blocks {
    pub(crate) fn open(mut file: File, path: &Path) -> Result<Self> {
        let corrupt = |why| Error::Corrupt { path: path.to_owned(), position: 0, why };
        let failed = |error| Error::io(path, error);
        let length = file.metadata().map_err(failed)?.len();
        let footer_at =
            length.checked_sub(FOOTER_BYTES as u64).ok_or(corrupt("sealed segment without a footer"))?;
        let mut footer = [0; FOOTER_BYTES];
        file.read_exact_at(&mut footer, footer_at).map_err(failed)?;
        if footer[16..] != MAGIC {
            return Err(corrupt("sealed segment without a footer"));
        }
        let index_position = u64_at(&footer, 0);
        let index_bytes = footer_at.checked_sub(index_position).ok_or(corrupt("index past the end"))?;
        let mut index = Vec::new();
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(index_position)).map_err(failed)?;
        (&file).take(index_bytes).read_to_end(&mut index).map_err(failed)?;
        let crc = u32::from_le_bytes(footer[12..16].try_into().expect("four bytes"));
        if crc32fast::hash(&index) != crc {
            return Err(corrupt("wrong checksum of the index"));
        }
        let entry = |entry: &[u8]| Block {
            unpacked: u64_at(entry, 0),
            packed: u64_at(entry, 8),
            offset: Offset(u64_at(entry, 16)),
        };
        let blocks =
            Self { file, index: index.chunks_exact(ENTRY_BYTES).map(entry).collect(), index_position };
        if blocks.in_order() { Ok(blocks) } else { Err(corrupt("blocks out of order")) }
    }

    /// Whether each block begins behind the one before it, the first behind the header, and all before the index:
    /// what looks for a block relies on it.
    fn in_order(&self) -> bool {
        let begins = |first: &Block| {
            (first.unpacked, first.packed) == (SEGMENT_HEADER_BYTES as u64, SEGMENT_HEADER_BYTES as u64)
        };
        let follows = |pair: &[Block]| {
            pair[0].unpacked < pair[1].unpacked
                && pair[0].packed < pair[1].packed
                && pair[0].offset <= pair[1].offset
        };
        self.index.first().is_none_or(begins)
            && self.index.windows(2).all(follows)
            && self.index.last().is_none_or(|last| last.packed < self.index_position)
    }

    /// The unpacked position of the last block that begins at or before `offset`.
    pub(crate) fn position_before(&self, offset: Offset) -> u64 {
        let after = self.index.partition_point(|block| block.offset < offset);
        self.index.get(after.saturating_sub(1)).map_or(SEGMENT_HEADER_BYTES as u64, |block| block.unpacked)
    }

    /// Appends the rest of the block that holds the unpacked `position`; 0 at the end.
    pub(crate) fn read_at(&mut self, position: u64, buffer: &mut Vec<u8>, path: &Path) -> Result<usize> {
        let Some(which) = self.index.partition_point(|block| block.unpacked <= position).checked_sub(1)
        else {
            return Ok(0);
        };
        let block = self.index[which];
        let end = self.index.get(which + 1).map_or(self.index_position, |next| next.packed);
        let corrupt = |why| Error::Corrupt { path: path.to_owned(), position, why };
        let packed_bytes = end - block.packed;
        if packed_bytes > BLOCK_MAX_BYTES as u64 {
            return Err(corrupt("impossible block length"));
        }
        let mut packed = vec![0; packed_bytes as usize];
        self.file.read_exact_at(&mut packed, block.packed).map_err(|error| Error::io(path, error))?;
        let plain =
            zstd::bulk::decompress(&packed, BLOCK_MAX_BYTES).map_err(|_| corrupt("block does not unpack"))?;
        let length = self.index.get(which + 1).map(|next| next.unpacked - block.unpacked);
        if length.is_some_and(|length| length != plain.len() as u64) {
            return Err(corrupt("block of another length than the index says"));
        }
        let rest = plain.get((position - block.unpacked) as usize..).unwrap_or_default();
        buffer.extend_from_slice(rest);
        Ok(rest.len())
    }
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
