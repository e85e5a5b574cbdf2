//! An isolated Centerfire: its own folder under /tmp, a clean environment, and nothing left behind.
//!
//! The binary under test is handed in, as `env!("CARGO_BIN_EXE_centerfire")` of the calling test. Everything that a
//! command starts inherits CENTERFIRE_HOME, and by it dropping the instance finds and kills what still runs, so
//! that no test leaks a keeper or a host. That also ends runs meant to outlive their terminal: a test which must see
//! that nothing was left asks [`Instance::leaked`] first.

use std::io::Read;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::proc;
use crate::wait::{eventually, exit_of};

/// How long anything may take before a test gives up: much longer than it takes on a busy machine, and longer than the
/// time-outs that tests give to commands (30 s at most), whose own words tell more than ours.
pub const LIMIT: Duration = Duration::from_secs(40);

/// How long killed processes may take to be gone: a bound for a broken kernel rather than an expectation.
const GONE: Duration = Duration::from_secs(5);

/// The variable that tells Centerfire, and this module, which instance a process belongs to.
const HOME_VARIABLE: &str = "CENTERFIRE_HOME";

/// One isolated Centerfire; see the module's head.
pub struct Instance {
    binary: PathBuf,
    folder: TempDir,
}

/// A process of an instance that still runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaked {
    /// Its process id.
    pub pid: proc::Pid,
    /// Its command line.
    pub command: String,
}

impl Instance {
    /// Makes the folders for a new instance of this binary.
    ///
    /// They lie in /tmp whatever TMPDIR says, since the path of a socket must stay under 108 bytes.
    pub fn new(binary: impl Into<PathBuf>) -> Instance {
        let folder = tempfile::Builder::new().prefix("cf").tempdir_in("/tmp").expect("make a folder in /tmp");
        let instance = Instance { binary: binary.into(), folder };
        for folder in [instance.home(), instance.user_home(), instance.work(), instance.temp()] {
            std::fs::create_dir(folder).expect("make a folder of the instance");
        }
        // Its user knows the detach key: nobody is told of it in the midst of what is compared.
        let state = instance.home().join("state");
        std::fs::DirBuilder::new().mode(0o700).create(&state).expect("make the state's folder");
        std::fs::write(state.join("detach-key.told"), "").expect("write a file of the state");
        instance
    }

    /// CENTERFIRE_HOME of this instance.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("c")
    }

    /// HOME of its user.
    pub fn user_home(&self) -> PathBuf {
        self.folder.path().join("h")
    }

    /// The folder its commands start in, empty at first.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("w")
    }

    /// TMPDIR of its commands.
    fn temp(&self) -> PathBuf {
        self.folder.path().join("t")
    }

    /// The binary under test.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// The command with these arguments, in a clean environment; for a [`crate::Terminal`], or to be changed first.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments);
        self.settle(&mut command);
        command
    }

    /// Gives any command the environment and folder of this instance, and nothing of the test's own.
    pub fn settle(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        command.env_clear().env("PATH", path).env(HOME_VARIABLE, self.home()).env("HOME", self.user_home());
        command.env("TMPDIR", self.temp()).env("SHELL", "/bin/sh").env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8").current_dir(self.work());
    }

    /// Runs the command to its end, without input.
    ///
    /// # Panics
    /// When it does not end in time, or leaves its output open to another process; says what it printed.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.run_within(arguments, LIMIT)
    }

    /// As [`run`](Instance::run), with another limit.
    pub fn run_within(&self, arguments: &[&str], limit: Duration) -> Output {
        finish(self.command(arguments), limit)
    }

    /// What the command prints, as JSON.
    ///
    /// # Panics
    /// When it fails, or prints something else.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let printed = self.out(arguments);
        serde_json::from_slice(&printed).unwrap_or_else(|error| {
            panic!("{arguments:?} printed no JSON ({error}): {}", story(&printed, b""))
        })
    }

    /// What the command prints.
    ///
    /// # Panics
    /// When it fails.
    pub fn out(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?} failed: {}", story(&output.stdout, &output.stderr));
        output.stdout
    }

    /// The processes of this instance that run now.
    pub fn leaked(&self) -> Vec<Leaked> {
        let home = self.home();
        let ours = |&pid: &proc::Pid| {
            pid != std::process::id()
                && proc::variable(pid, HOME_VARIABLE).is_some_and(|value| value.as_path() == home)
                && proc::is_running(pid)
        };
        let pids = proc::all().unwrap_or_default().into_iter().filter(ours);
        pids.map(|pid| Leaked { pid, command: proc::command_line(pid) }).collect()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // A process may start another one between the look and the kill: look until there is none.
        let gone = eventually(GONE, || {
            let running = self.leaked();
            for Leaked { pid, .. } in &running {
                if let Some(pid) = Pid::from_raw(*pid as i32) {
                    let _ = kill_process(pid, Signal::KILL);
                }
            }
            running.is_empty().then_some(())
        });
        if gone.is_none() {
            eprintln!("left behind by a test: {:?}", self.leaked());
        }
    }
}

/// Runs any command to its end, without input, with the panics of [`Instance::run`].
pub fn finish(mut command: Command, limit: Duration) -> Output {
    let deadline = Instant::now() + limit;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("start {command:?}: {error}"));
    let stdout = collect(child.stdout.take().expect("stdout is piped"));
    let stderr = collect(child.stderr.take().expect("stderr is piped"));
    let status = exit_of(&mut child, limit).expect("wait for a command");
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let (stdout, stdout_ended) = take(&stdout, deadline);
    let (stderr, stderr_ended) = take(&stderr, deadline);
    match status {
        Some(status) if stdout_ended && stderr_ended => Output { status, stdout, stderr },
        Some(status) => panic!(
            "{command:?} ended ({status}), but another process holds its output after {limit:?}: {}",
            story(&stdout, &stderr)
        ),
        None => panic!("{command:?} did not end within {limit:?}: {}", story(&stdout, &stderr)),
    }
}

/// Reads a stream to its end in a thread; pieces arrive as they come.
fn collect(mut stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

/// What came, and whether the stream ended; waits for the end until the deadline.
fn take(pieces: &Receiver<Vec<u8>>, deadline: Instant) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    loop {
        match pieces.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(piece) => bytes.extend(piece),
            Err(error) => return (bytes, error == mpsc::RecvTimeoutError::Disconnected),
        }
    }
}

fn story(stdout: &[u8], stderr: &[u8]) -> String {
    let [stdout, stderr] = [stdout, stderr].map(String::from_utf8_lossy);
    format!("\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
}
