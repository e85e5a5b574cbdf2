//! How far the program's output was shown while nothing could be stored (T29): eight bytes, an offset, in the file
//! `alive`. `run` made room for them there, so a disk that is full takes them still, and the host that comes next knows
//! the exact gap. A file system that copies on write may refuse; then the gap is unknown to it.

use crate::Result;
use crate::folder::Folder;
use protocol::Offset;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Bytes of the offset, little end first.
pub(crate) const TALLY_BYTES: usize = 8;

/// The place of the offset. It holds no lock: that is the business of the descriptor that is inherited.
pub(super) struct Tally(File);

impl Tally {
    pub(super) fn open(folder: &Folder) -> Result<Self> {
        let path = folder.alive_path();
        let file = File::options().read(true).write(true).open(&path);
        file.map(Self).map_err(|error| crate::Error::io(&path, error))
    }

    /// How far output was shown that was not stored at that time; the start where that never happened.
    pub(super) fn read(&self) -> Offset {
        let mut bytes = [0; TALLY_BYTES];
        let read = self.0.read_exact_at(&mut bytes, 0);
        Offset(read.map_or(0, |()| u64::from_le_bytes(bytes)))
    }

    /// Output up to here was shown, and the last of it is not stored.
    pub(super) fn write(&self, end: Offset) {
        let _ = self.0.write_all_at(&end.0.to_le_bytes(), 0);
    }
}
