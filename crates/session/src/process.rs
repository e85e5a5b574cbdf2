//! Facts about processes that outlive a call: is it alive, how did it end, which boot is this.

use crate::poll::poll_until;
use protocol::ExitStatus;
use rustix::event::{PollFd, PollFlags};
use rustix::process::Pid;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The boot of this machine: a session of another boot is lost.
pub(crate) fn boot_id() -> &'static str {
    static ID: OnceLock<String> = OnceLock::new();
    ID.get_or_init(read_boot_id)
}

fn read_boot_id() -> String {
    #[cfg(target_os = "linux")]
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    #[cfg(not(target_os = "linux"))]
    let text = std::process::Command::new("sysctl")
        .args(["-n", "kern.bootsessionuuid"])
        .output()
        .map(|out| String::from_utf8_lossy(&out.stdout).into_owned());
    text.map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// This machine's name.
pub(crate) fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// A descriptor that becomes readable when the process ends. Whoever is not its parent cannot wait for it, but can
/// watch it.
pub(crate) fn watch(pid: Pid) -> io::Result<OwnedFd> {
    #[cfg(target_os = "linux")]
    return Ok(rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())?);
    #[cfg(not(target_os = "linux"))]
    watch_by_kqueue(pid)
}

/// Whether a process that is watched has ended.
pub(crate) fn has_ended(watch: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(watch, PollFlags::IN)];
    matches!(poll_until(&mut fds, Some(Instant::now())), Ok(1..))
}

#[cfg(not(target_os = "linux"))]
fn watch_by_kqueue(pid: Pid) -> io::Result<OwnedFd> {
    use rustix::event::kqueue::{Event, EventFilter, EventFlags, ProcessEvents, kevent, kqueue};
    let queue = kqueue()?;
    let filter = EventFilter::Proc { pid, flags: ProcessEvents::EXIT };
    let change = Event::new(filter, EventFlags::ADD, std::ptr::null_mut());
    // SAFETY: no event list is given, so nothing is written through a pointer.
    unsafe { kevent(&queue, &[change], Vec::<Event>::new(), None)? };
    Ok(queue)
}

/// How a process ended that we are not the parent of: Linux 6.15 and later tell it of every process whose pidfd was
/// open when it ended, from the moment its parent collects it. Waits for that moment, not for long: a process that
/// just ended is still its parent's. `None` where nobody can know; that is a lost status, never 0 (T21).
pub(crate) fn exit_status_of_stranger(pidfd: impl AsFd) -> Option<ExitStatus> {
    #[cfg(target_os = "linux")]
    return linux::exit_status(pidfd, COLLECTED_WITHIN);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = pidfd;
        None
    }
}

/// How long the parent of an orphan, the system's init, may take to collect it: most do at once, the small ones of
/// containers look only every few seconds.
#[cfg(target_os = "linux")]
const COLLECTED_WITHIN: Duration = Duration::from_secs(5);

#[cfg(target_os = "linux")]
mod linux {
    use crate::poll::poll_until;
    use protocol::ExitStatus;
    use rustix::event::{PollFd, PollFlags};
    use std::os::fd::{AsFd, AsRawFd};
    use std::time::{Duration, Instant};

    /// `struct pidfd_info` of `linux/pidfd.h` in its first form, 64 bytes.
    #[repr(C)]
    #[derive(Default)]
    struct PidfdInfo {
        mask: u64,
        cgroup: u64,
        pids_and_ids: [u32; 11],
        exit_code: i32,
    }

    const PIDFD_INFO_EXIT: u64 = 1 << 3;
    /// `_IOWR(0xFF, 11, struct pidfd_info)`.
    const PIDFD_GET_INFO: libc::c_ulong = (3 << 30) | (64 << 16) | (0xff << 8) | 11;
    const _: () = assert!(size_of::<PidfdInfo>() == 64);

    /// What the kernel tells of a process.
    enum Told {
        Status(i32),
        /// It has not been collected yet.
        NotYet,
        /// This kernel does not say.
        Never,
    }

    pub(super) fn exit_status(pidfd: impl AsFd, limit: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + limit;
        let mut collected = false;
        loop {
            match ask(&pidfd) {
                Told::Status(status) => return Some(ExitStatus::from_wait(status)),
                Told::NotYet if !collected => {}
                Told::NotYet | Told::Never => return None,
            }
            // Asked for nothing, a pidfd wakes us only by its hang-up: the process was collected.
            match poll_until(&mut [PollFd::new(&pidfd, PollFlags::empty())], Some(end)) {
                Ok(1..) => collected = true,
                _ => return None,
            }
        }
    }

    fn ask(pidfd: impl AsFd) -> Told {
        let mut info = PidfdInfo { mask: PIDFD_INFO_EXIT, ..PidfdInfo::default() };
        // SAFETY: the kernel writes at most the 64 bytes that the request's number names, into a struct of 64 bytes.
        let result = unsafe { libc::ioctl(pidfd.as_fd().as_raw_fd(), PIDFD_GET_INFO, &raw mut info) };
        match result {
            0 if info.mask & PIDFD_INFO_EXIT != 0 => Told::Status(info.exit_code),
            0 => Told::NotYet,
            _ => Told::Never,
        }
    }
}

/// Takes the lock that says "this session is alive" for as long as the descriptor stays open, in this process or
/// in one that inherits it.
pub(crate) fn hold(path: &Path) -> io::Result<OwnedFd> {
    let mut options = std::fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.write(true).create(true).truncate(false).open(path)?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)?;
    Ok(file.into())
}

/// Whether anybody holds that lock. Looking takes the shared lock for an instant; the holder took his for good
/// before the session had a name, so it can never miss it because of us. Where it cannot be looked at, for want of
/// descriptors or memory, nobody says that a session ended.
pub(crate) fn is_held(path: &Path) -> bool {
    match File::open(path) {
        Ok(file) => rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockShared).is_err(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Sleeps until nobody holds that lock. Whoever waits holds nothing, so that others may look meanwhile.
pub(crate) fn wait_until_left(path: &Path) -> io::Result<()> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    Ok(rustix::io::retry_on_intr(|| rustix::fs::flock(&file, rustix::fs::FlockOperation::LockShared))?)
}

/// Waits until nobody holds that lock; false if somebody does all this time.
pub(crate) fn is_left_within(path: &Path, limit: Duration) -> bool {
    let end = Instant::now() + limit;
    while is_held(path) {
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(TRY_EVERY);
    }
    true
}

/// How often a lock is tried that somebody else holds.
const TRY_EVERY: Duration = Duration::from_millis(5);

/// Takes the exclusive lock on a file for as long as it stays open; false if somebody else holds it all this time.
pub(crate) fn lock_within(file: &File, limit: Duration) -> io::Result<bool> {
    let end = Instant::now() + limit;
    loop {
        match rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(true),
            Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < end => std::thread::sleep(TRY_EVERY),
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(false),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Becomes the parent of every orphan below (T5).
pub(crate) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Sends a signal to a process that is watched: never to another one that got its number (T5).
pub(crate) fn signal(watch: impl AsFd, pid: Pid, signal: rustix::process::Signal) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        let _ = pid;
        Ok(rustix::process::pidfd_send_signal(watch, signal)?)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = watch;
        Ok(rustix::process::kill_process(pid, signal)?)
    }
}

/// Returns what a burst left unused in the allocator to the system; there are many hosts, and most are idle.
pub(crate) fn give_back_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: touches nothing but the allocator's own lists, under its own lock.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Has all threads of this process take memory from the same place: those beside the loop of a host need little and seldom,
/// and an arena is 8 KB at least.
pub(crate) fn share_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: sets a number of the allocator, before there is a second thread.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// Lets this thread run only when nobody else wants to.
pub(crate) fn lower_priority() {
    #[cfg(target_os = "linux")]
    // SAFETY: on Linux this sets the nice value of the calling thread alone.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, 19);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_cannot_be_looked_at_is_not_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alive");
        assert!(!is_held(&path), "no file, no holder");
        let held = hold(&path).unwrap();
        assert!(is_held(&path));
        drop(held);
        assert!(!is_held(&path));
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("alive", &path).unwrap();
        assert!(File::open(&path).is_err() && is_held(&path), "a link to itself cannot be opened");
    }
}
