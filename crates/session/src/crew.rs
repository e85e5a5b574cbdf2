//! Who works for a session, found without its socket: for when nobody answers there.
//!
//! On Linux, keeper and host are known by their own command lines, and the program by the descriptor with which they
//! watch it. No number that was written down earlier is believed: another process may have it by now (T5). Nor is a
//! command line of another user's process, as anybody writes there what they like, nor a watched process that is not
//! the one written down. Elsewhere the numbers of `status.json` are all there is.

use crate::folder::Folder;
use crate::poll::poll_until;
use crate::process;
use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, Signal};
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// The processes of a session.
#[derive(Default)]
pub struct Crew {
    /// Its keeper; none or one, but for the moment in which one follows another.
    pub keepers: Vec<Member>,
    /// Its host, as well.
    pub hosts: Vec<Member>,
    /// What runs in its terminal, until its keeper knows how it ended.
    pub program: Option<Member>,
    /// Whether the program was collected: it is gone, whatever is written down.
    pub collected: bool,
}

/// One process, which no other can be taken for.
pub struct Member {
    pid: Pid,
    watch: OwnedFd,
}

impl Member {
    /// Sends a signal to it alone.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        process::signal(&self.watch, self.pid, signal)
    }

    /// Sends a signal to its group, and to the one in the foreground of its terminal, as closing the terminal would.
    pub fn signal_groups(&self, signal: Signal) -> io::Result<()> {
        // While it is not collected its number is nobody else's, and a program that we started leads a group.
        if self.ended_within(Duration::ZERO) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if let Some(group) = find::foreground_group(self.pid).filter(|group| *group != self.pid) {
            let _ = rustix::process::kill_process_group(group, signal);
        }
        Ok(rustix::process::kill_process_group(self.pid, signal)?)
    }

    /// Whether it ends in this time.
    pub fn ended_within(&self, limit: Duration) -> bool {
        let watch = &mut [PollFd::new(&self.watch, PollFlags::IN)];
        matches!(poll_until(watch, Some(Instant::now() + limit)), Ok(1..))
    }
}

impl Crew {
    /// Finds the processes of the session in `folder`.
    pub fn find(folder: &Folder) -> Self {
        find::crew(folder)
    }

    /// Whether nobody is left.
    pub fn is_empty(&self) -> bool {
        self.keepers.is_empty() && self.hosts.is_empty() && self.program.is_none()
    }

    /// Lets keeper and host go on if somebody stopped them.
    pub fn resume(&self) {
        for member in self.keepers.iter().chain(&self.hosts) {
            let _ = member.signal(Signal::CONT);
        }
    }
}

/// Asks a session's host to open its socket again: somebody removed the file. SIGURG, because whoever does not expect
/// it does not notice it.
pub fn ring(folder: &Folder) {
    for host in Crew::find(folder).hosts {
        let _ = host.signal(Signal::URG);
    }
}

#[cfg(target_os = "linux")]
mod find {
    use super::{Crew, Member};
    use crate::folder::Folder;
    use crate::{process, role};
    use rustix::process::{Pid, geteuid, getsid};
    use serde::Deserialize;
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::PathBuf;

    /// What keeper and host both are told.
    #[derive(Deserialize)]
    struct Told {
        folder: PathBuf,
    }

    pub(super) fn crew(folder: &Folder) -> Crew {
        // Named by the session's id, which no other has, however the way there is written.
        let id = folder.path().file_name();
        let mut crew = Crew::default();
        for pid in pids() {
            match role_in(pid, id).as_deref() {
                Some(role::KEEPER) => crew.keepers.extend(member(pid, || role_in(pid, id).is_some())),
                Some(role::HOST) => crew.hosts.extend(member(pid, || role_in(pid, id).is_some())),
                _ => {}
            }
        }
        let watched: Vec<i32> = crew.watchers().flat_map(watched_by).collect();
        let mut living =
            watched.iter().filter(|number| **number > 0).filter_map(|number| Pid::from_raw(*number));
        let program = living.find(|pid| is_program(*pid, folder));
        let is_watched =
            |pid: Pid| crew.watchers().flat_map(watched_by).any(|it| it == pid.as_raw_nonzero().get());
        crew.program = program.and_then(|pid| member(pid, || is_watched(pid) && is_program(pid, folder)));
        crew.collected = watched.contains(&COLLECTED);
        crew
    }

    impl Crew {
        fn watchers(&self) -> impl Iterator<Item = Pid> {
            self.hosts.iter().chain(&self.keepers).map(|watcher| watcher.pid)
        }
    }

    fn pids() -> impl Iterator<Item = Pid> {
        let entries = fs::read_dir("/proc").into_iter().flatten();
        entries.filter_map(|entry| Pid::from_raw(entry.ok()?.file_name().to_str()?.parse().ok()?))
    }

    /// Takes hold of a process, and then looks whether it still is the one that was meant.
    fn member(pid: Pid, is_meant: impl Fn() -> bool) -> Option<Member> {
        let watch = process::watch(pid).ok()?;
        is_meant().then_some(Member { pid, watch })
    }

    /// Whether a process is what a session's host wrote down as its program, and leads a session as every program does.
    fn is_program(pid: Pid, folder: &Folder) -> bool {
        let recorded = folder.status().ok().flatten().map(|status| status.pids.child);
        let leads = getsid(Some(pid)) == Ok(pid);
        leads && recorded.is_none_or(|recorded| recorded.cast_signed() == pid.as_raw_nonzero().get())
    }

    /// The role that a process of our user was started in for this session.
    fn role_in(pid: Pid, id: Option<&OsStr>) -> Option<String> {
        let owner = fs::metadata(format!("/proc/{pid}")).ok()?.uid();
        if owner != geteuid().as_raw() {
            return None;
        }
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let mut words = line.split(|byte| *byte == 0).skip(1);
        let role =
            words.next().filter(|role| [role::KEEPER, role::HOST].map(str::as_bytes).contains(role))?;
        let told: Told = serde_json::from_slice(words.next()?).ok()?;
        (told.folder.file_name() == id).then(|| String::from_utf8_lossy(role).into_owned())
    }

    /// What the kernel gives for the number of a process that was collected.
    const COLLECTED: i32 = -1;

    /// The processes that another one holds a pidfd of: keeper and host hold one, of the program.
    fn watched_by(pid: Pid) -> Vec<i32> {
        let facts = fs::read_dir(format!("/proc/{pid}/fdinfo")).into_iter().flatten();
        let number =
            |text: String| text.lines().find_map(|line| line.strip_prefix("Pid:")?.trim().parse().ok());
        facts.filter_map(|file| number(fs::read_to_string(file.ok()?.path()).ok()?)).collect()
    }

    /// The group in the foreground of a process's terminal.
    pub(super) fn foreground_group(pid: Pid) -> Option<Pid> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may hold blanks and parentheses; behind it come state, parent, group, session,
        // terminal, and this.
        let field = text[text.rfind(')')? + 1..].split_ascii_whitespace().nth(5)?;
        field.parse().ok().filter(|group| *group > 1).and_then(Pid::from_raw)
    }
}

#[cfg(not(target_os = "linux"))]
mod find {
    use super::{Crew, Member};
    use crate::folder::Folder;
    use crate::process;
    use rustix::process::{Pid, getsid};

    pub(super) fn crew(folder: &Folder) -> Crew {
        let held = folder.meta().is_ok_and(|meta| meta.boot == process::boot_id());
        let Some(status) = folder.status().ok().flatten().filter(|_| held) else { return Crew::default() };
        // Each leads a session of its own, which few processes do.
        let member = |pid: u32| {
            let pid = Pid::from_raw(pid.cast_signed())?;
            let watch = process::watch(pid).ok()?;
            (getsid(Some(pid)) == Ok(pid)).then_some(Member { pid, watch })
        };
        Crew {
            keepers: member(status.pids.keeper).into_iter().collect(),
            hosts: member(status.pids.host).into_iter().collect(),
            program: member(status.pids.child),
            collected: false,
        }
    }

    /// Elsewhere only a terminal's holder is told.
    pub(super) fn foreground_group(_: Pid) -> Option<Pid> {
        None
    }
}
