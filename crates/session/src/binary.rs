//! The file that this program runs from, and how a role is started from another one.
//!
//! Another file is handed to the system and to nobody else: [`Command`] gives one that is no program to /bin/sh as a
//! script, and a broken binary must be an error.

use crate::role;
use protocol::Binary;
use rustix::io::{FdFlags, fcntl_setfd};
use serde::Serialize;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What this process runs.
pub fn own() -> Binary {
    let path = std::env::current_exe().unwrap_or_default().to_string_lossy().into_owned();
    let file = std::fs::metadata(role::this_binary());
    let file = file.map(|facts| format!("{:x}:{:x}", facts.dev(), facts.ino())).unwrap_or_default();
    Binary { version: env!("CARGO_PKG_VERSION").to_owned(), path, file }
}

/// The file that this program would be if it were started now: its own may have been replaced.
pub fn present() -> io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    let text = path.to_string_lossy();
    Ok(text.strip_suffix(" (deleted)").map_or_else(|| path.clone(), PathBuf::from))
}

/// Holds this process's binary open: from that it can be started also after its file was replaced.
pub(crate) fn hold_own() -> io::Result<OwnedFd> {
    Ok(File::open(role::this_binary())?.into())
}

/// The path of a binary that is held open.
pub(crate) fn path_of(held: &OwnedFd) -> io::Result<PathBuf> {
    #[cfg(target_os = "linux")]
    return Ok(PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd())));
    #[cfg(not(target_os = "linux"))]
    {
        let path = rustix::fs::getpath(held)?;
        Ok(PathBuf::from(std::ffi::OsStr::from_bytes(path.to_bytes())))
    }
}

/// Has the system start the file of a [`role::command`] itself; what is no program is an error of the start.
pub(crate) fn start_directly(command: &mut Command) -> io::Result<()> {
    let path = CString::new(command.get_program().as_bytes())?;
    let mut words = command.get_args().map(|word| CString::new(word.as_bytes()));
    let (Some(role), Some(json), None) = (words.next(), words.next(), words.next()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let (role, json) = (role?, json?);
    // SAFETY: one async-signal-safe call on memory that was prepared before the fork.
    unsafe { command.pre_exec(move || Err(exec_words(&path, &role, &json))) };
    Ok(())
}

/// Becomes a role of another file. Comes back only with the reason why it could not; this process is as before then.
pub(crate) fn exec(binary: &Path, role: &str, args: &impl Serialize, inherit: &[RawFd]) -> io::Error {
    let words = || -> io::Result<_> {
        let json = CString::new(serde_json::to_string(args)?)?;
        Ok((CString::new(binary.as_os_str().as_bytes())?, CString::new(role)?, json))
    };
    let (path, role, json) = match words() {
        Ok(words) => words,
        Err(error) => return error,
    };
    terminal::pty::close_on_exec_from(3);
    set_flags(inherit, FdFlags::empty());
    let error = exec_words(&path, &role, &json);
    set_flags(inherit, FdFlags::CLOEXEC);
    error
}

fn set_flags(numbers: &[RawFd], flags: FdFlags) {
    for number in numbers {
        // SAFETY: the caller holds these descriptors open.
        let _ = fcntl_setfd(unsafe { BorrowedFd::borrow_raw(*number) }, flags);
    }
}

fn exec_words(path: &CStr, role: &CStr, json: &CStr) -> io::Error {
    let words = [c"centerfire".as_ptr(), role.as_ptr(), json.as_ptr(), std::ptr::null()];
    // SAFETY: a path and words that end in zero, and a list of them that ends in null.
    unsafe { libc::execv(path.as_ptr(), words.as_ptr()) };
    io::Error::last_os_error()
}
