//! The ground of one measurement: a folder of its own that is every peer's home, and a tag that marks every
//! process begun on it. Leaving the ground ends those processes, and only those, and removes the folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::processes;

/// Processes that survive being killed for so long are left to the kernel.
const SWEEP_LIMIT: Duration = Duration::from_secs(5);

static GROUNDS: AtomicU32 = AtomicU32::new(0);

/// See the head of the file.
pub struct Ground {
    tag: String,
    folder: PathBuf,
    variables: Vec<(&'static str, String)>,
}

/// What all tags of this run begin with. Short: some peers put a socket below the folder, and the path of a socket
/// has room for 107 bytes.
pub fn run_tag() -> String {
    format!("cfb{}-", std::process::id())
}

impl Ground {
    pub fn new() -> Result<Ground> {
        let tag = format!("{}{}-", run_tag(), GROUNDS.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(&tag);
        for part in ["", "home", "screens", "run"] {
            create_private(&folder.join(part))?;
        }
        Ok(Ground { tag, folder, variables: Vec::new() })
    }

    /// Has a variable in the environment of every command from now on.
    pub fn set(&mut self, name: &'static str, value: String) {
        self.variables.push((name, value));
    }

    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Where peers keep their files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path on the ground as a word for a command line.
    pub fn path(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    /// A command with nothing of the caller's environment but the search path, so that no setting of the person who
    /// measures, and no enclosing tmux, has a say.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(&self.folder);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env("SHELL", "/bin/sh");
        command.env("HOME", self.folder.join("home")).env("XDG_RUNTIME_DIR", self.folder.join("run"));
        command.env("TMUX_TMPDIR", &self.folder).env("SCREENDIR", self.folder.join("screens"));
        command.env("CENTERFIRE_HOME", self.folder.join("centerfire")).env("CENTERFIRE_BENCH", &self.tag);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        sweep(&self.tag);
        // What cannot be removed is in the folder for temporary files, where others clean up.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Ends every process with this tag.
pub fn sweep(tag: &str) {
    let deadline = Instant::now() + SWEEP_LIMIT;
    while !processes::kill_tagged(tag) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn create_private(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("create {}", folder.display()))
}
