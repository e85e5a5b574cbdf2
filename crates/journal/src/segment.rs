//! Segments as files: their names, their order, how one is opened.
//!
//! `00000001.seg` is being written or was closed; `00000001.seg.zst` is the same, sealed. Where both exist a seal
//! was interrupted before it removed the first, and either may be read.

use crate::format::{BadHeader, SEGMENT_HEADER_BYTES, SegmentHeader, VERSION};
use crate::{Error, Result};
use protocol::Offset;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes after which a segment is closed and the next begun. Small enough to be scanned within some 10 ms when a
/// host is restarted, large enough that a gigabyte is only 64 files.
pub const SEGMENT_BYTES: u64 = 16 << 20; // 16 MiB

/// One segment in a journal's folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SegmentFile {
    pub number: u32,
    pub path: PathBuf,
    pub sealed: bool,
}

/// The path of a segment that is written or closed.
pub(crate) fn open_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:08}.seg"))
}

/// The path of a sealed segment.
pub(crate) fn sealed_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:08}.seg.zst"))
}

/// All segments in order of their numbers, sealed ones preferred.
pub(crate) fn list(dir: &Path) -> Result<Vec<SegmentFile>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::Missing(dir.to_owned()));
        }
        Err(error) => return Err(Error::io(dir, error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Error::io(dir, error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let (digits, sealed) = match (name.strip_suffix(".seg"), name.strip_suffix(".seg.zst")) {
            (Some(digits), _) => (digits, false),
            (_, Some(digits)) => (digits, true),
            _ => continue,
        };
        let Ok(number) = digits.parse() else { continue };
        found.push(SegmentFile { number, path, sealed });
    }
    found.sort_by_key(|segment| (segment.number, !segment.sealed));
    found.dedup_by_key(|segment| segment.number);
    Ok(found)
}

/// The bytes that a journal's segments take on disk.
pub(crate) fn bytes_on_disk(dir: &Path) -> Result<u64> {
    let sizes = list(dir)?.into_iter().map(|segment| fs::metadata(&segment.path).map(|meta| meta.len()));
    Ok(sizes.filter_map(std::result::Result::ok).sum())
}

/// Opens a segment that was listed: where it was sealed since, the sealed one, which was there before the other went.
pub(crate) fn open(segment: &SegmentFile) -> Result<(File, SegmentFile)> {
    match File::open(&segment.path) {
        Ok(file) => Ok((file, segment.clone())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !segment.sealed => {
            let path = segment.path.with_extension("seg.zst");
            let file = File::open(&path).map_err(|_| Error::io(&segment.path, error))?;
            Ok((file, SegmentFile { number: segment.number, path, sealed: true }))
        }
        Err(error) => Err(Error::io(&segment.path, error)),
    }
}

/// Reads a segment's header; `None` where the file is too short to have one.
pub(crate) fn read_header(file: &mut File, path: &Path) -> Result<Option<SegmentHeader>> {
    let mut bytes = Vec::with_capacity(SEGMENT_HEADER_BYTES);
    file.take(SEGMENT_HEADER_BYTES as u64).read_to_end(&mut bytes).map_err(|error| Error::io(path, error))?;
    let corrupt = |why| Error::Corrupt { path: path.to_owned(), position: 0, why };
    match SegmentHeader::decode(&bytes) {
        Ok(header) => Ok(Some(header)),
        Err(BadHeader::Short) => Ok(None),
        Err(BadHeader::Magic) => Err(corrupt("no journal segment")),
        Err(BadHeader::Checksum) => Err(corrupt("wrong checksum of the header")),
        Err(BadHeader::Version(found)) => {
            Err(Error::Version { path: path.to_owned(), found, known: VERSION })
        }
    }
}

/// The segment to start from in order to read what was written at `offset`: the last that begins before it. One that
/// begins at it may follow others with records that stand at the same offset, because they are no output.
pub(crate) fn position_of(segments: &[SegmentFile], offset: Offset) -> Result<usize> {
    let (mut low, mut high) = (0, segments.len());
    while high - low > 1 {
        let middle = (low + high) / 2;
        let (mut file, segment) = open(&segments[middle])?;
        match read_header(&mut file, &segment.path) {
            Ok(Some(header)) if header.offset < offset => low = middle,
            // A header that cannot be read must not hide the segments around it: search before it.
            Ok(_) | Err(Error::Corrupt { .. }) => high = middle,
            Err(error) => return Err(error),
        }
    }
    Ok(low)
}

/// The segment of that number, sealed or not.
pub(crate) fn find(dir: &Path, number: u32) -> Option<SegmentFile> {
    let sealed = SegmentFile { number, path: sealed_path(dir, number), sealed: true };
    let open = SegmentFile { number, path: open_path(dir, number), sealed: false };
    [sealed, open].into_iter().find(|segment| segment.path.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_was_sealed_since_it_was_listed_is_opened_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(open_path(dir.path(), 1), b"plain").unwrap();
        let listed = list(dir.path()).unwrap().remove(0);
        assert!(!open(&listed).unwrap().1.sealed);
        fs::rename(&listed.path, sealed_path(dir.path(), 1)).unwrap();
        let (_, found) = open(&listed).unwrap();
        assert_eq!(found, list(dir.path()).unwrap()[0]);
        fs::remove_file(&found.path).unwrap();
        assert!(matches!(open(&listed), Err(Error::Io { path, .. }) if path == listed.path));
    }
}
