//! Appends to a journal. One writer per journal at a time: a lock on the folder sees to it.

use crate::format::{MAX_PAYLOAD_BYTES, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES, SegmentHeader, encode};
use crate::recover::{self, Tail};
use crate::sync::Syncer;
use crate::{Error, Result, SEGMENT_BYTES, segment};
use protocol::{Body, Offset, Record, SessionId, Time};
use rustix::fs::{FlockOperation, flock, ftruncate};
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the writer before us may take to leave: one that was killed leaves at once, one that hands over within
/// milliseconds. What takes longer hangs, and nobody may write beside it.
const WRITER_LEAVES_WITHIN: Duration = Duration::from_secs(10);
/// How often it is looked whether it left.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// The writer keeps this much of its encoding buffer when it has been quiet.
const SCRATCH_KEPT_BYTES: usize = 8 << 10; // 8 KiB

/// Where in a journal a record begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The number of its segment.
    pub(crate) segment: u32,
    /// In bytes of the segment as it is written, which stays true when it is packed.
    pub(crate) position: u64,
}

/// The one appender of a journal.
pub struct Writer {
    dir: PathBuf,
    session: SessionId,
    /// Holds the lock for as long as the writer lives.
    folder: Arc<File>,
    file: Arc<File>,
    number: u32,
    /// Where the next record goes, in bytes of the current segment.
    position: u64,
    offset: Offset,
    last: Time,
    scratch: Vec<u8>,
    syncer: Syncer,
    /// Whether something was appended of which the syncer was not told.
    unsynced: bool,
}

/// What a writer found when it took over a journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recovered {
    /// Bytes of a torn record that were cut from the end.
    pub torn_bytes: u64,
    /// How many bytes at the end were held back from terminals (`Body::Output`).
    pub held: u16,
    /// Whether the program's exit is recorded already.
    pub exited: bool,
}

impl Writer {
    /// Begins a journal in `dir`, which is made with mode 0700 if it is not there.
    pub fn create(dir: &Path, session: SessionId) -> Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(dir).map_err(|error| Error::io(dir, error))?;
        let folder = lock(dir)?;
        let header = SegmentHeader { session, number: 1, offset: Offset::ZERO, time: Time::now() };
        let file = begin_segment(dir, &header)?;
        Ok(Self::at_end(dir, folder, file, header, SEGMENT_HEADER_BYTES as u64))
    }

    /// Takes over a journal whose writer is gone: a torn record at its end is cut off.
    pub fn open(dir: &Path) -> Result<(Self, Recovered)> {
        let folder = lock(dir)?;
        let Tail { file, header, position, offset, last, recovered } = recover::tail(dir)?;
        let mut writer = Self::at_end(dir, folder, file, header, position);
        (writer.offset, writer.last) = (offset, last);
        Ok((writer, recovered))
    }

    fn at_end(dir: &Path, folder: Arc<File>, file: File, header: SegmentHeader, position: u64) -> Self {
        let file = Arc::new(file);
        Self {
            dir: dir.to_owned(),
            session: header.session,
            folder,
            syncer: Syncer::new(Arc::clone(&file)),
            file,
            number: header.number,
            position,
            offset: header.offset,
            last: header.time,
            scratch: Vec::new(),
            unsynced: false,
        }
    }

    /// Output bytes stored (or skipped by a gap) so far.
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// Where the next record goes.
    pub fn place(&self) -> Place {
        Place { segment: self.number, position: self.position }
    }

    /// The number of the segment that is written now.
    pub fn segment(&self) -> u32 {
        self.number
    }

    /// Whether bytes could not be put on the disk the last time; they are stored for processes all the same.
    pub fn sync_failed(&self) -> bool {
        self.syncer.failed()
    }

    /// Appends records that happened now, with one `write`. When it returns, `kill -9` of any process loses none of
    /// them. When it fails, none of them is in the journal and it can be tried again.
    pub fn append(&mut self, bodies: &[Body<'_>]) -> Result<()> {
        self.append_at(Time::now(), bodies)
    }

    /// Appends records that happened at `time`, or at the time of the last record if that is later.
    pub fn append_at(&mut self, time: Time, bodies: &[Body<'_>]) -> Result<()> {
        let time = time.max(self.last);
        let mut offset = self.offset;
        self.scratch.clear();
        for body in bodies {
            let start = self.scratch.len();
            encode(&Record { time, offset, body: body.clone() }, &mut self.scratch);
            if self.scratch.len() - start > MAX_PAYLOAD_BYTES + RECORD_HEADER_BYTES {
                // Written, it would be taken for damage and hide all that follows.
                let path = segment::open_path(&self.dir, self.number);
                return Err(Error::io(&path, std::io::Error::from(std::io::ErrorKind::InvalidInput)));
            }
            offset += advance(body);
        }
        self.write_scratch()?;
        (self.offset, self.last) = (offset, time);
        self.unsynced = true;
        if self.scratch.capacity() > SCRATCH_KEPT_BYTES && self.scratch.len() < SCRATCH_KEPT_BYTES / 4 {
            self.scratch = Vec::new();
        }
        if self.position >= SEGMENT_BYTES {
            // A segment may grow past its size: where no new file can be made the old one goes on.
            let _ = self.rotate();
        }
        Ok(())
    }

    /// Has what was appended put on the disk within 50 ms, by a thread beside
    /// this one. To wake it takes longer than to append: a writer in a hurry does first what is urgent.
    pub fn sync_soon(&mut self) {
        if std::mem::take(&mut self.unsynced) {
            self.syncer.dirty();
        }
    }

    fn write_scratch(&mut self) -> Result<()> {
        match self.file.write_all_at(&self.scratch, self.position) {
            Ok(()) => {
                self.position += self.scratch.len() as u64;
                Ok(())
            }
            Err(error) => {
                // A torn record must not stand before later ones. If even this fails the next write covers it.
                let _ = ftruncate(&self.file, self.position);
                Err(Error::io(&segment::open_path(&self.dir, self.number), error))
            }
        }
    }

    fn rotate(&mut self) -> Result<()> {
        let header = SegmentHeader {
            session: self.session,
            number: self.number + 1,
            offset: self.offset,
            time: self.last,
        };
        let file = Arc::new(begin_segment(&self.dir, &header)?);
        self.syncer.switch(Arc::clone(&file), Arc::clone(&self.folder));
        self.file = file;
        self.number = header.number;
        self.position = SEGMENT_HEADER_BYTES as u64;
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.sync_soon();
    }
}

/// How far a record moves the output offset.
pub(crate) fn advance(body: &Body<'_>) -> u64 {
    match body {
        Body::Output { bytes, .. } => bytes.len() as u64,
        Body::Gap(bytes) => *bytes,
        _ => 0,
    }
}

/// Makes a segment and writes its header before it gets its name, so that no reader ever meets a half header.
pub(crate) fn begin_segment(dir: &Path, header: &SegmentHeader) -> Result<File> {
    let path = segment::open_path(dir, header.number);
    let draft = path.with_extension("tmp");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true).mode(0o600);
    let file = options.open(&draft).map_err(|error| Error::io(&draft, error))?;
    file.write_all_at(&header.encode(), 0).map_err(|error| Error::io(&draft, error))?;
    fs::rename(&draft, &path).map_err(|error| Error::io(&path, error))?;
    Ok(file)
}

/// Opens the folder and waits for its lock: the writer before us may just be dying.
fn lock(dir: &Path) -> Result<Arc<File>> {
    let folder = File::open(dir).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::Missing(dir.to_owned()),
        _ => Error::io(dir, error),
    })?;
    let end = Instant::now() + WRITER_LEAVES_WITHIN;
    loop {
        match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Arc::new(folder)),
            Err(Errno::INTR) => {}
            Err(Errno::WOULDBLOCK) if Instant::now() < end => std::thread::sleep(LOOK_EVERY),
            Err(Errno::WOULDBLOCK) => {
                return Err(Error::Busy { path: dir.to_owned(), waited: WRITER_LEAVES_WITHIN });
            }
            Err(error) => return Err(Error::io(dir, error)),
        }
    }
}
