//! What is put in order when there is time for it, at the lowest priority: closed segments of the journal are packed,
//! and memory that a burst took is given back.

use crate::folder::Folder;
use crate::process;

/// Tidies up in a pause of the program, in the thread that writes the screen down, behind that: the memory that the dump
/// took is to be given back too.
pub(super) fn in_pause(folder: &Folder) {
    journal::seal_closed(&folder.journal());
    process::give_back_memory();
}

/// Packs what is left of the journal when all is over, in the thread that calls.
pub(super) fn at_end(folder: &Folder) {
    process::lower_priority();
    journal::seal_all(&folder.journal());
}
