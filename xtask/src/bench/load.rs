//! Load beside a measurement: one spinning process per core, either of the lowest priority (cores never sleep,
//! yet are free for anyone) or of the usual one (cores are truly busy). Ends with the value.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::{Signal, nice, set_parent_process_death_signal, setsid};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity, sched_yield};

/// What the cores do while a figure is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cores {
    /// They may sleep between two keys.
    Idle,
    /// A spinner of nice 19 keeps each awake: no wake-up latency, no deep sleep.
    Awake,
    /// A spinner of usual priority competes on each.
    Busy,
}

impl Cores {
    pub fn label(self) -> &'static str {
        match self {
            Cores::Idle => "cores idle",
            Cores::Awake => "cores kept awake",
            Cores::Busy => "cores busy",
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            Cores::Idle => "idle",
            Cores::Awake => "awake",
            Cores::Busy => "busy",
        }
    }
}

/// The spinners of one measurement.
pub struct Load {
    spinners: Vec<Child>,
}

impl Load {
    /// Starts what `cores` asks for, one spinner per core this process may use.
    pub fn start(cores: Cores) -> Result<Load> {
        let niceness = match cores {
            Cores::Idle => return Ok(Load { spinners: Vec::new() }),
            Cores::Awake => 19,
            Cores::Busy => 0,
        };
        let mut load = Load { spinners: Vec::new() };
        for core in usable_cores()? {
            load.spinners.push(start_spinner(core, niceness)?);
        }
        Ok(load)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for spinner in &mut self.spinners {
            // A spinner that is gone already is what we want.
            let _ = spinner.kill();
            let _ = spinner.wait();
        }
    }
}

fn usable_cores() -> Result<Vec<usize>> {
    let set = sched_getaffinity(None).context("ask for usable cores")?;
    Ok((0..CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).collect())
}

fn start_spinner(core: usize, niceness: i32) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe().context("find this program")?);
    command.args(["workload", "spin", &core.to_string(), &niceness.to_string()]).stdin(Stdio::null());
    // SAFETY: both are plain system calls, without allocation or locks.
    unsafe {
        command.pre_exec(|| {
            setsid()?;
            set_parent_process_death_signal(Some(Signal::KILL))?;
            Ok(())
        });
    }
    command.spawn().context("start a spinner")
}

/// Body of a spinner: pins itself and never rests. Niceness counts only inside a session where the kernel groups
/// by session, so the group's own niceness is set as well (where the kernel has no such groups, it needs none).
/// One that only keeps the core awake yields at every turn: the kernel may let even the lowest finish its slice,
/// and a key that waits milliseconds for that says nothing about a peer.
pub fn spin(core: usize, niceness: i32) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).context("pin to a core")?;
    nice(niceness).context("lower the priority")?;
    let _ = std::fs::write("/proc/self/autogroup", niceness.to_string());
    loop {
        if niceness > 0 {
            sched_yield();
        }
        std::hint::spin_loop();
    }
}
