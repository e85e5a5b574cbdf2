//! A session and the terminals around it: started detached at 80x24, joined by clients in terminals of that size.
//!
//! [`NeverLeft`] is the measure of what clients see: the stream of a terminal that was there from the first byte to
//! the last, read from the journal. That a client which really never left gets these very bytes is a test of its
//! own (`reconnect`).

use crate::rig::kill;
use journal::{Piece, Shown};
use protocol::Offset;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;
use terminal::tty::REPAINT;
use testkit::terminal::PATIENCE;
use testkit::xterm::Window;
use testkit::{Answers, Instance, Terminal, eventually, proc, tools};

pub const COLS: u16 = 80;
pub const ROWS: u16 = 24;
/// Lines of history that sessions keep here: enough to fill it many times, few enough to compare often.
pub const HISTORY: u32 = 200;
/// How long a dialog may stand after a key until the key is taken for unheard.
const PRESS_AGAIN: Duration = Duration::from_secs(5);
/// The name of the session.
pub const NAME: &str = "s";

/// One session in an instance of its own.
pub struct Session {
    pub instance: Instance,
    pub folder: PathBuf,
}

impl Session {
    /// Starts a program.
    pub fn start(program: &[&str]) -> Session {
        Session::start_with(program, |_| {})
    }

    /// Starts a program, the command of the start changed before, such as its environment.
    pub fn start_with(program: &[&str], change: impl FnOnce(&mut Command)) -> Session {
        let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
        std::fs::write(instance.home().join("centerfire.yaml"), format!("history_lines: {HISTORY}\n"))
            .unwrap();
        let size = format!("{COLS}x{ROWS}");
        let mut words = vec!["--json", "run", "--detached", "--name", NAME, "--size", &size, "--"];
        words.extend(program);
        let mut command = instance.command(&words);
        change(&mut command);
        let output = testkit::instance::finish(command, PATIENCE);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let folder = PathBuf::from(told["folder"].as_str().unwrap());
        Session { instance, folder }
    }

    /// Starts one of the programs in `tests/programs`.
    pub fn start_python(file: &str, arguments: &[&str]) -> Session {
        let path = tools::repository().join("tests/programs").join(file);
        let mut words = vec!["python3", path.to_str().unwrap()];
        words.extend(arguments);
        Session::start(&words)
    }

    /// Runs a command on the session: `words[0]` is the command, the session's name is put behind it.
    pub fn run(&self, words: &[&str]) -> Output {
        let mut all = vec![words[0], NAME];
        all.extend(&words[1..]);
        self.instance.run_within(&all, 3 * PATIENCE)
    }

    /// As [`run`](Session::run), for a command that must succeed.
    pub fn get(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {} {error}\n{}", output.status, self.text());
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command on the session prints as JSON.
    pub fn json(&self, words: &[&str]) -> Value {
        let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&self.get(&words)).unwrap()
    }

    /// The screen as text, for the story of a failure.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.run(&["screen"]).stdout).into_owned()
    }

    /// Waits until a line of the screen matches; returns the offset.
    pub fn wait_for_line(&self, pattern: &str) -> u64 {
        self.json(&["wait", "--for", "text", "--match", pattern, "--timeout", "20"])["offset"]
            .as_u64()
            .unwrap()
    }

    /// Presses a key in the dialog that has these words, until they are gone. In its first 200 ms a dialog takes no key; but a
    /// key that is pressed again because the program is slow would be one for the prompt, or the next dialog.
    pub fn press_in_dialog(&self, words: &str, key: &str) {
        let gone = || (!self.text().contains(words)).then_some(());
        let press = || {
            self.get(&["send", "--key", key]);
            eventually(PRESS_AGAIN, gone)
        };
        self.wait_for_line(words);
        eventually(2 * PATIENCE, press).unwrap_or_else(|| panic!("{}", self.text()));
    }

    /// The process id of the `host`, the `keeper` or the `child`.
    pub fn pid(&self, of: &str) -> proc::Pid {
        proc::Pid::try_from(self.json(&["show"])["pids"][of].as_u64().unwrap()).unwrap()
    }

    /// Kills the host the hard way, and waits for another.
    pub fn kill_host(&self) {
        let host = self.pid("host");
        kill(host);
        let another = || {
            let status = std::fs::read(self.folder.join("status.json")).ok()?;
            let status: Value = serde_json::from_slice(&status).ok()?;
            (status["pids"]["host"] != host).then_some(())
        };
        let log = || std::fs::read_to_string(self.folder.join("host.log")).unwrap_or_default();
        eventually(PATIENCE, another).unwrap_or_else(|| panic!("no other host: {}", log()));
    }

    /// A terminal that joins and was painted.
    pub fn attach(&self, arguments: &[&str]) -> Terminal {
        let words: Vec<&str> = ["attach", NAME].iter().chain(arguments).copied().collect();
        let mut answers = Answers::xterm();
        let reply = move |piece: &[u8]| answers.reply(piece);
        let command = self.instance.command(&words);
        let terminal = Terminal::spawn_answering(command, COLS, ROWS, reply).unwrap();
        let painted = str::from_utf8(REPAINT).unwrap();
        terminal.wait_for_text(painted).unwrap();
        terminal
    }

    /// Follows the session from its first byte on.
    pub fn never_left(&self) -> NeverLeft {
        let shown = Shown::open(&self.folder.join("journal"), Offset::ZERO).unwrap();
        NeverLeft { shown, bytes: Vec::new() }
    }
}

/// A terminal of the session's size for the judge.
pub fn window() -> Window {
    Window::new(COLS, ROWS, HISTORY)
}

/// Where `wanted` ends in `bytes` for the first time.
pub fn end_of(wanted: &[u8], bytes: &[u8]) -> Option<usize> {
    let found = bytes.windows(wanted.len()).position(|window| window == wanted);
    found.map(|start| start + wanted.len())
}

/// What a watcher was shown but for the titles by which it is told that it watches.
pub fn without_our_titles(bytes: &[u8]) -> Vec<u8> {
    const OURS: &[u8] = b"\x1b]2;watching ";
    let mut rest = bytes;
    let mut without = Vec::new();
    while let Some(end) = end_of(OURS, rest) {
        without.extend(&rest[..end - OURS.len()]);
        rest = &rest[end..];
        rest = &rest[end_of(b"\x1b\\", rest).unwrap_or(rest.len())..];
    }
    without.extend(rest);
    without
}

/// A terminal that is there from the first byte on.
pub struct NeverLeft {
    shown: Shown,
    /// What it was shown so far.
    pub bytes: Vec<u8>,
}

impl NeverLeft {
    /// Reads up to now.
    pub fn pull(&mut self) {
        while let Some(piece) = self.shown.next().unwrap() {
            if let Piece::Output { bytes, .. } = piece {
                self.bytes.extend(bytes);
            }
        }
    }
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
pub struct Random(pub u64);

impl Random {
    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    /// One of these.
    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}
