//! The processes of a peer, daemons included, and what they used. A process belongs to a measurement when the
//! measurement's unique tag stands in its environment or its command line, or when it descends from such a one:
//! that finds servers that left their parent, whatever the peer calls them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

/// A peer that uses no CPU for so long is at rest; one that never rests is looked at so often.
const REST: Duration = Duration::from_millis(200);
const REST_LOOKS: usize = 15;

/// CPU time and sleeps of a set of processes at one moment.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// By process: nanoseconds of CPU, voluntary context switches.
    by_process: BTreeMap<i32, (u64, u64)>,
}

/// Used between two moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Used {
    pub cpu_nanos: u64,
    pub voluntary_switches: u64,
}

/// Every process that bears `tag`, with all descendants, without this one.
pub fn tagged(tag: &str) -> BTreeSet<i32> {
    let all = all_processes();
    let own = std::process::id() as i32;
    let mut found: BTreeSet<i32> =
        all.iter().copied().filter(|&process| process != own && bears(process, tag)).collect();
    let parents: Vec<(i32, i32)> =
        all.iter().filter_map(|&process| Some((process, parent(process)?))).collect();
    loop {
        let before = found.len();
        found.extend(
            parents
                .iter()
                .filter(|(_, parent)| found.contains(parent))
                .map(|(child, _)| *child)
                .collect::<Vec<_>>(),
        );
        if found.len() == before {
            return found;
        }
    }
}

/// The tagged processes that are the peer's own: without the workloads, which run this program.
pub fn of_peer(tag: &str) -> BTreeSet<i32> {
    let own = std::env::current_exe().ok();
    tagged(tag).into_iter().filter(|&process| own.is_none() || program(process) != own).collect()
}

/// Kills everything that bears `tag`; true when nothing was left.
pub fn kill_tagged(tag: &str) -> bool {
    let found = tagged(tag);
    for process in found.iter().filter_map(|&process| Pid::from_raw(process)) {
        // A process that ended meanwhile is what we want.
        let _ = kill_process(process, Signal::KILL);
    }
    found.is_empty()
}

impl Usage {
    /// What the peer's processes have used so far.
    pub fn of_peer(tag: &str) -> Usage {
        let processes = of_peer(tag).into_iter();
        let used = processes.filter_map(|process| Some((process, (cpu_nanos(process)?, switches(process)))));
        Usage { by_process: used.collect() }
    }

    /// The same once two looks agree: daemons may still be at work on what the terminal has shown already.
    pub fn of_peer_at_rest(tag: &str) -> Usage {
        let mut usage = Usage::of_peer(tag);
        for _ in 0..REST_LOOKS {
            std::thread::sleep(REST);
            let earlier = std::mem::replace(&mut usage, Usage::of_peer(tag));
            if usage.since(&earlier).cpu_nanos == 0 {
                break;
            }
        }
        usage
    }

    /// What was used since `earlier`; a process that ended in between no longer counts.
    pub fn since(&self, earlier: &Usage) -> Used {
        let mut used = Used { cpu_nanos: 0, voluntary_switches: 0 };
        for (process, (cpu, switches)) in &self.by_process {
            let (cpu_before, switches_before) = earlier.by_process.get(process).copied().unwrap_or((0, 0));
            used.cpu_nanos += cpu.saturating_sub(cpu_before);
            used.voluntary_switches += switches.saturating_sub(switches_before);
        }
        used
    }
}

/// Sum of the proportional set sizes in KB: shared pages are divided among those who share them. An error when one
/// of them may not be read, as that of a program with rights of its own (screen) may not by others than root.
pub fn pss_kb(processes: &BTreeSet<i32>) -> Result<u64> {
    for &process in processes {
        match std::fs::read(proc_path(process, "smaps_rollup")) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(error).with_context(|| format!("read the memory of process {process}"));
            }
            _ => {}
        }
    }
    Ok(processes.iter().map(|&process| field(process, "smaps_rollup", "Pss:")).sum())
}

/// CPU time of one process so far.
pub fn cpu_of(process: i32) -> Duration {
    Duration::from_nanos(cpu_nanos(process).unwrap_or(0))
}

/// Sum of the resident set sizes in KB.
pub fn rss_kb(processes: &BTreeSet<i32>) -> u64 {
    processes.iter().map(|&process| field(process, "status", "VmRSS:")).sum()
}

/// The most memory that a process had so far, in KB.
pub fn peak_kb(process: i32) -> u64 {
    field(process, "status", "VmHWM:")
}

fn all_processes() -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn bears(process: i32, tag: &str) -> bool {
    let holds = |file: &str| {
        let bytes = std::fs::read(proc_path(process, file)).unwrap_or_default();
        bytes.windows(tag.len()).any(|window| window == tag.as_bytes())
    };
    holds("cmdline") || holds("environ")
}

fn parent(process: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(proc_path(process, "stat")).ok()?;
    // The name in brackets may hold anything, brackets too: state and parent follow the last one.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn program(process: i32) -> Option<PathBuf> {
    std::fs::read_link(proc_path(process, "exe")).ok()
}

/// User and system time of all threads, ended ones too, in nanoseconds where /proc/PID/stat has only ticks.
fn cpu_nanos(process: i32) -> Option<u64> {
    let mut clock: libc::clockid_t = 0;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: both calls write only to the locals behind the pointers, and a process that is gone is an error.
    let read = unsafe {
        libc::clock_getcpuclockid(process, &mut clock) == 0 && libc::clock_gettime(clock, &mut time) == 0
    };
    read.then_some(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

fn switches(process: i32) -> u64 {
    let threads = std::fs::read_dir(proc_path(process, "task")).into_iter().flatten().flatten();
    threads.map(|thread| number_in(&thread.path().join("status"), "voluntary_ctxt_switches:")).sum()
}

fn field(process: i32, file: &str, name: &str) -> u64 {
    number_in(&proc_path(process, file), name)
}

/// The number behind `name` in a file of `name: number` lines; 0 for a process that is gone.
fn number_in(path: &Path, name: &str) -> u64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let value =
        text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
    value.unwrap_or(0)
}

fn proc_path(process: i32, file: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{process}/{file}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_process_and_its_children_are_found_by_the_tag_and_can_be_killed() {
        let tag = format!("cfb-test-{}", std::process::id());
        let mut shell = Command::new("/bin/sh")
            .args(["-c", "env -i sleep 60 & wait"])
            .env("CENTERFIRE_BENCH", &tag)
            .spawn()
            .unwrap();
        while tagged(&tag).len() < 2 {
            std::thread::yield_now();
        }
        assert!(tagged(&tag).contains(&(shell.id() as i32)));
        assert!(!kill_tagged(&tag));
        assert!(!shell.wait().unwrap().success());
        while !kill_tagged(&tag) {}
    }

    #[test]
    fn cpu_time_of_a_living_process_grows_and_of_none_is_unknown() {
        let own = std::process::id() as i32;
        let before = cpu_nanos(own).unwrap();
        while cpu_nanos(own).unwrap() == before {}
        let mut gone = Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        assert_eq!(cpu_nanos(gone.id() as i32), None);
        assert!(rss_kb(&BTreeSet::from([own])) > 0);
    }
}
