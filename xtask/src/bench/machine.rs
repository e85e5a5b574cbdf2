//! Where the figures were made: without it a figure in a document says nothing.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::command;

/// Facts of this machine that move the figures.
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub memory_mb: u64,
    pub kernel: String,
    /// File system of the folder in which recordings are written.
    pub recordings_on: String,
    /// One-minute load before the run began: 0 on a quiet machine.
    pub load_before: String,
    /// The day of the run, UTC.
    pub date: String,
}

impl Machine {
    pub fn look() -> Machine {
        Machine {
            cpu: value_in("/proc/cpuinfo", "model name").unwrap_or_else(|| said("uname", &["-m"])),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mb: memory_mb(),
            kernel: said("uname", &["-sr"]),
            recordings_on: said("stat", &["-f", "-c", "%T", &std::env::temp_dir().to_string_lossy()]),
            load_before: first_word("/proc/loadavg"),
            date: said("date", &["-u", "+%F"]),
        }
    }

    /// The facts as pairs for text and JSON.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("date", self.date.clone()),
            ("cpu", self.cpu.clone()),
            ("cores", self.cores.to_string()),
            ("memory", format!("{} MB", self.memory_mb)),
            ("kernel", self.kernel.clone()),
            ("recordings on", self.recordings_on.clone()),
            ("load before the run", self.load_before.clone()),
        ]
    }
}

fn memory_mb() -> u64 {
    let kb = value_in("/proc/meminfo", "MemTotal").unwrap_or_default();
    kb.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// The text behind `name :` in a file of such lines.
fn value_in(path: impl AsRef<Path>, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn first_word(path: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

fn said(program: &str, words: &[&str]) -> String {
    let text = command::text(Command::new(program).args(words), Duration::from_secs(5));
    text.map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
}
