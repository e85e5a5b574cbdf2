//! What /proc says about a process: its children, session, memory, processor time, open files and environment.
//!
//! Every answer is a snapshot of something that moves; a process that is gone is an error of kind `NotFound`, or is
//! simply missing from a list. Linux only, as the figures it gives have no counterpart elsewhere.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::param::clock_ticks_per_second;

/// A process id, as the kernel numbers them.
pub type Pid = u32;

/// All processes that can be seen now.
pub fn all() -> io::Result<Vec<Pid>> {
    let entries = fs::read_dir("/proc")?;
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect())
}

/// The processes whose parent is `pid`.
pub fn children(pid: Pid) -> io::Result<Vec<Pid>> {
    Ok(all()?.into_iter().filter(|&other| Stat::read(other).is_ok_and(|stat| stat.parent == pid)).collect())
}

/// The processes of the session that `leader` opened, without those that wait to be reaped.
pub fn session_members(leader: Pid) -> io::Result<Vec<Pid>> {
    let member = |&pid: &Pid| Stat::read(pid).is_ok_and(|stat| stat.session == leader && stat.state != 'Z');
    Ok(all()?.into_iter().filter(member).collect())
}

/// Whether the process runs: it exists and does not merely wait to be reaped.
pub fn is_running(pid: Pid) -> bool {
    Stat::read(pid).is_ok_and(|stat| stat.state != 'Z')
}

/// Memory in bytes, with pages that several processes share divided between them (PSS).
pub fn memory(pid: Pid) -> io::Result<u64> {
    let rollup = fs::read_to_string(file(pid, "smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes: Option<u64> = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.trim().parse().ok());
    kilobytes.map(|kb| kb * 1024).ok_or_else(|| malformed(pid, "smaps_rollup"))
}

/// Processor time used so far, in user and kernel mode together.
pub fn processor_time(pid: Pid) -> io::Result<Duration> {
    let ticks = Stat::read(pid)?.ticks;
    Ok(Duration::from_millis(ticks * 1000 / clock_ticks_per_second()))
}

/// What the process's file descriptors point to, in no order.
pub fn open_files(pid: Pid) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(file(pid, "fd"))?;
    Ok(entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).collect())
}

/// The value of a variable in the environment that the process was started with.
pub fn variable(pid: Pid, name: &str) -> Option<PathBuf> {
    let environment = fs::read(file(pid, "environ")).ok()?;
    let prefix = format!("{name}=").into_bytes();
    let value = environment.split(|&byte| byte == 0).find_map(|entry| entry.strip_prefix(&prefix[..]))?;
    Some(std::ffi::OsString::from_vec(value.to_vec()).into())
}

/// The command line, its words joined by blanks; empty for a process without one.
pub fn command_line(pid: Pid) -> String {
    let words = fs::read(file(pid, "cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&words).trim_end_matches('\0').replace('\0', " ")
}

/// The fields of /proc/PID/stat that are used here.
struct Stat {
    state: char,
    parent: Pid,
    session: Pid,
    ticks: u64,
}

impl Stat {
    fn read(pid: Pid) -> io::Result<Stat> {
        let text = fs::read_to_string(file(pid, "stat"))?;
        Stat::parse(&text).ok_or_else(|| malformed(pid, "stat"))
    }

    /// The command's name, in parentheses, may hold blanks and parentheses: fields are counted from its end.
    fn parse(text: &str) -> Option<Stat> {
        let fields: Vec<&str> = text[text.rfind(')')? + 1..].split_ascii_whitespace().collect();
        let user: u64 = fields.get(11)?.parse().ok()?;
        let kernel: u64 = fields.get(12)?.parse().ok()?;
        Some(Stat {
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            ticks: user + kernel,
        })
    }
}

fn file(pid: Pid, name: &str) -> PathBuf {
    Path::new("/proc").join(pid.to_string()).join(name)
}

fn malformed(pid: Pid, name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("/proc/{pid}/{name} has an unknown form"))
}
