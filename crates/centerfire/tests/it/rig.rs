//! An instance with sessions in it, and what a test wants to know of them.
//!
//! Programs are scripts of bash: they start in raw mode where a test counts bytes, say `ready` when they are, and
//! wait for a key before they do what is measured.

use journal::Reader;
use protocol::frame::{Answer, Request};
use protocol::{Body, Exit, Meta, Notice, Offset, Pids, Status};
use rustix::process::{Pid, Signal, kill_process};
use session::client::HostClient;
use session::folder::Folder;
use std::process::Output;
use std::time::Duration;
pub(crate) use testkit::instance::LIMIT;
use testkit::{Instance, Terminal, eventually};

/// Ctrl-], the detach key, pressed twice. In one write, because two that are written apart may be read further apart than
/// two presses may be, however busy the machine is; both in one read count as well.
const DETACH_KEY_TWICE: &[u8] = b"\x1d\x1d";
/// After this time the presses are taken for unheard: an answer of the terminal may have come in one read with them.
const HEARD: Duration = Duration::from_secs(10);

/// An isolated instance of the binary under test.
pub(crate) struct Rig {
    pub instance: Instance,
}

/// One session of it.
pub(crate) struct Session {
    pub folder: Folder,
    pub meta: Meta,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self { instance: Instance::new(env!("CARGO_BIN_EXE_centerfire")) }
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.instance.run(arguments)
    }

    /// Starts a script in a session without a terminal.
    pub(crate) fn start(&self, name: &str, script: &str) -> Session {
        self.start_with(name, &[], script)
    }

    /// The same, with options of `run`.
    pub(crate) fn start_with(&self, name: &str, options: &[&str], script: &str) -> Session {
        let arguments = [&["run", "--detached", "--name", name], options, &["--", "bash", "-c", script]];
        let output = self.run(&arguments.concat());
        assert!(output.status.success(), "{output:?}");
        self.session(name)
    }

    /// Runs a script in a session, in a terminal of 80 x 24.
    pub(crate) fn open(&self, name: &str, script: &str) -> Terminal {
        self.open_with(name, &[], script)
    }

    /// The same, with options of `run`.
    pub(crate) fn open_with(&self, name: &str, options: &[&str], script: &str) -> Terminal {
        let arguments = [&["run", "--name", name], options, &["--", "bash", "-c", script]].concat();
        Terminal::spawn(self.instance.command(&arguments), 80, 24).expect("open a terminal")
    }

    /// Joins a session in a terminal of 80 x 24.
    pub(crate) fn attach(&self, name: &str, options: &[&str]) -> Terminal {
        let arguments = [&["attach", name], options].concat();
        Terminal::spawn(self.instance.command(&arguments), 80, 24).expect("open a terminal")
    }

    /// A shell script in a terminal, with `$cf` as the binary: for what happens around our processes there.
    pub(crate) fn shell(&self, script: &str) -> Terminal {
        let mut command = std::process::Command::new("/bin/bash");
        self.instance.settle(&mut command);
        command.args(["-c", script]).env("cf", self.instance.binary());
        Terminal::spawn(command, 80, 24).expect("open a terminal")
    }

    /// The session of a name; waits until there is one.
    pub(crate) fn session(&self, name: &str) -> Session {
        let sessions = self.instance.home().join("state/sessions");
        let found = eventually(LIMIT, || {
            let mut folders: Vec<Folder> =
                std::fs::read_dir(&sessions).ok()?.map(|entry| Folder::at(&entry.unwrap().path())).collect();
            folders.sort_by(|one, other| one.path().cmp(other.path()));
            folders.into_iter().rev().find(|folder| folder.name().is_ok_and(|found| found == name))
        });
        let folder = found.unwrap_or_else(|| panic!("there is no session {name}"));
        let meta = folder.meta().expect("a session has its facts");
        Session { folder, meta }
    }

    /// Waits for a session's end and gives what `wait` says of it: the code, a signal, or that it is lost.
    pub(crate) fn end_of(&self, name: &str) -> serde_json::Value {
        self.instance.json(&["wait", name, "--for", "exit", "--timeout", "25", "--json"])["exit"].clone()
    }

    /// Waits until a line of a session's screen fits.
    pub(crate) fn wait_for_line(&self, name: &str, pattern: &str) {
        let output = self.run(&["wait", name, "--for", "text", "--match", pattern, "--timeout", "25"]);
        assert!(output.status.success(), "{output:?}\n{}", self.screen(name));
    }

    /// A session's screen.
    pub(crate) fn screen(&self, name: &str) -> String {
        String::from_utf8(self.run(&["screen", name]).stdout).expect("a screen is text")
    }

    /// Puts a file where scripts find it.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.instance.work().join(name), bytes).expect("write a file of the test");
    }
}

impl Session {
    /// A connection to its host, whichever that is now.
    pub(crate) fn client(&self) -> HostClient {
        let connect = || HostClient::connect(&self.meta, "test").ok();
        eventually(LIMIT, connect).expect("a session has a host")
    }

    /// What its host says; a host that dies meanwhile is asked again.
    pub(crate) fn status(&self) -> Status {
        let ask = || match self.client().call(Request::Status) {
            Ok(Answer::Status(status)) => Some(*status),
            _ => None,
        };
        eventually(LIMIT, ask).expect("a host tells its status")
    }

    pub(crate) fn pids(&self) -> Pids {
        self.status().pids
    }

    /// Waits until keeper, host and clients are as they should be.
    pub(crate) fn settled(&self, what: &str, mut seen: impl FnMut(&Status) -> bool) -> Status {
        let look = || Some(self.status()).filter(&mut seen);
        eventually(LIMIT, look).unwrap_or_else(|| panic!("{what}: {:?}", self.status()))
    }

    /// All output that is stored.
    pub(crate) fn output(&self) -> Vec<u8> {
        let mut output = Vec::new();
        self.records(|body| {
            if let Body::Output { bytes, .. } = body {
                output.extend_from_slice(bytes);
            }
        });
        output
    }

    /// All input that is stored.
    pub(crate) fn input(&self) -> Vec<u8> {
        let mut input = Vec::new();
        self.records(|body| {
            if let Body::Input { bytes, .. } = body {
                input.extend_from_slice(bytes);
            }
        });
        input
    }

    /// What happened to its recording.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        self.records(|body| {
            if let Body::Notice(notice) = body {
                notices.push(notice.clone());
            }
        });
        notices
    }

    /// Every record from the beginning on.
    pub(crate) fn records(&self, mut take: impl FnMut(&Body<'_>)) {
        let mut reader = Reader::open(&self.journal(), Offset::ZERO).expect("a session has a journal");
        while let Some(record) = reader.next().expect("a journal can be read") {
            take(&record.body);
        }
    }

    pub(crate) fn journal(&self) -> std::path::PathBuf {
        self.folder.journal()
    }

    /// How it ended, as its keeper wrote it down.
    pub(crate) fn exit(&self) -> Option<Exit> {
        self.folder.exit().expect("an exit can be read")
    }
}

/// Sends a signal to any process.
pub(crate) fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid as i32).expect("a process has a number"), signal)
        .expect("signal a process");
}

/// `kill -9`.
pub(crate) fn kill(pid: u32) {
    signal(pid, Signal::KILL);
}

/// The client that a shell in a terminal started: its one child.
pub(crate) fn client_in(terminal: &Terminal) -> u32 {
    let find = || testkit::proc::children(terminal.pid()).ok()?.first().copied();
    eventually(LIMIT, find).unwrap_or_else(|| {
        let output = terminal.output();
        panic!("the shell runs no client: {}", output[output.len().saturating_sub(500)..].escape_ascii())
    })
}

/// What stands behind the first `mark`.
#[track_caller]
pub(crate) fn after<'a>(bytes: &'a [u8], mark: &[u8]) -> &'a [u8] {
    let at = bytes.windows(mark.len()).position(|window| window == mark);
    &bytes[at.unwrap_or_else(|| panic!("no {}", mark.escape_ascii())) + mark.len()..]
}

/// Presses the detach key until the client has left.
pub(crate) fn detach(terminal: &Terminal) {
    press_detach_key(terminal, |limit| terminal.wait_for_text_since(0, "[detached from", limit).ok());
}

/// Presses the detach key twice, until `left` sees in time that this was heard.
pub(crate) fn press_detach_key<T>(terminal: &Terminal, left: impl Fn(Duration) -> Option<T>) -> T {
    let press_twice = || {
        let _ = terminal.write(DETACH_KEY_TWICE);
        left(HEARD)
    };
    eventually(LIMIT, press_twice).expect("the detach key leads out")
}
