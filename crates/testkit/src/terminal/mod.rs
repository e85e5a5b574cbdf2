//! An outer, real terminal for a program under test: what a window of a terminal emulator is to its shell.
//!
//! The program is a session leader on the slave side of a fresh PTY, with the environment its `Command` says and no
//! other change. Every byte it prints is kept, with the time it came. The terminal can be slow, stop reading, change
//! its size, and answer queries like a terminal of a given kind ([`Answers`]). It has no screen of its own:
//! `wait_for_shown` looks at printed characters, wherever the program drew them.
//!
//! Dropping it kills the whole session of the program and reaps it.

mod answers;
mod output;
mod pty;
mod reader;
mod shown;

use std::io;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{Termios, tcgetattr, tcsetwinsize};

pub use answers::Answers;
pub use output::Read;

use crate::proc;
use crate::wait::{TimedOut, exit_of};
use output::Output;
use pty::{end_session, open, start, type_bytes, winsize};
use reader::{Control, Reader};
use shown::Shown;

/// How long the waits without a limit of their own last: longer than any start on a busy machine, short enough
/// that a failed test still tells its story soon.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How long after the program's end its last output may take; only reached when another process holds the terminal.
const LAST_OUTPUT: Duration = Duration::from_secs(1);

/// A terminal with a program in it; see the module's head.
pub struct Terminal {
    master: Arc<OwnedFd>,
    typing: Arc<Mutex<()>>,
    child: Mutex<Child>,
    output: Arc<Output>,
    control: Arc<Control>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// Starts the program in a terminal that answers no queries.
    pub fn spawn(command: Command, cols: u16, rows: u16) -> io::Result<Terminal> {
        Terminal::spawn_answering(command, cols, rows, |_: &[u8]| Vec::new())
    }

    /// Starts the program in a terminal that types what `answer` returns for each piece of output, such as
    /// [`Answers::reply`] of a kind of terminal.
    pub fn spawn_answering(
        command: Command,
        cols: u16,
        rows: u16,
        answer: impl FnMut(&[u8]) -> Vec<u8> + Send + 'static,
    ) -> io::Result<Terminal> {
        let (master, slave) = open(cols, rows)?;
        let child = Mutex::new(start(command, slave)?);
        let master = Arc::new(master);
        let typing = Arc::new(Mutex::new(()));
        let output = Arc::new(Output::default());
        let control = Arc::new(Control::new()?);
        let reader = Reader {
            master: master.clone(),
            typing: typing.clone(),
            output: output.clone(),
            control: control.clone(),
            answer: Box::new(answer),
        };
        let reader = Some(std::thread::spawn(move || reader.run()));
        Ok(Terminal { master, typing, child, output, control, reader })
    }

    /// The program's process, which is also its session.
    pub fn pid(&self) -> proc::Pid {
        self.child().id()
    }

    /// Types these bytes; waits up to [`PATIENCE`] for a program that does not take them.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        type_bytes(&self.master, &self.typing, bytes, PATIENCE)
    }

    /// Everything printed so far.
    pub fn output(&self) -> Vec<u8> {
        self.output_since(0)
    }

    /// What was printed after a [`mark`](Terminal::mark).
    pub fn output_since(&self, mark: usize) -> Vec<u8> {
        self.output.lock().bytes[mark..].to_vec()
    }

    /// How much was printed so far: a point that later waits can start from.
    pub fn mark(&self) -> usize {
        self.output.lock().bytes.len()
    }

    /// When each piece of the output was read, and where it ends.
    pub fn reads(&self) -> Vec<Read> {
        self.output.lock().reads.clone()
    }

    /// Waits until `seen` holds of everything printed so far, and returns that.
    ///
    /// It is asked anew for every piece that arrives, with the reader held up: it should be quick, and must not use
    /// the terminal.
    pub fn wait_for(&self, seen: impl Fn(&[u8]) -> bool, limit: Duration) -> Result<Vec<u8>, TimedOut> {
        self.output.wait("output of the kind awaited", limit, |bytes| seen(bytes))
    }

    /// Waits for these very bytes, anywhere in the output.
    pub fn wait_for_text(&self, text: &str) -> Result<Vec<u8>, TimedOut> {
        self.wait_for_text_since(0, text, PATIENCE)
    }

    /// Waits for these very bytes, after a [`mark`](Terminal::mark).
    pub fn wait_for_text_since(&self, mark: usize, text: &str, limit: Duration) -> Result<Vec<u8>, TimedOut> {
        let mut from = mark;
        self.output.wait(&format!("text {text:?}"), limit, |bytes| {
            let found = contains(&bytes[from..], text.as_bytes());
            from = mark.max((bytes.len() + 1).saturating_sub(text.len()));
            found
        })
    }

    /// Waits until these characters were printed in this order, whatever escape sequences and blanks lie between.
    pub fn wait_for_shown(&self, text: &str) -> Result<Vec<u8>, TimedOut> {
        self.wait_for_shown_since(0, text, PATIENCE)
    }

    /// As [`wait_for_shown`](Terminal::wait_for_shown), after a [`mark`](Terminal::mark).
    pub fn wait_for_shown_since(
        &self,
        mark: usize,
        text: &str,
        limit: Duration,
    ) -> Result<Vec<u8>, TimedOut> {
        let mut shown = Shown::of(text);
        let mut from = mark;
        self.output.wait(&format!("{text:?} on the screen"), limit, |bytes| {
            let found = shown.feed(&bytes[from..]);
            from = bytes.len();
            found
        })
    }

    /// Changes the size; the kernel tells the program (SIGWINCH) if it is another one.
    pub fn resize(&self, cols: u16, rows: u16) -> io::Result<()> {
        Ok(tcsetwinsize(&self.master, winsize(cols, rows))?)
    }

    /// Sends a signal to the program's own process.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let mut child = self.child();
        match child.try_wait()? {
            None => Ok(kill_process(Pid::from_child(&child), signal)?),
            Some(status) => Err(io::Error::other(format!("the program has ended: {status}"))),
        }
    }

    /// Stops reading, like a terminal that hangs: not one byte more is taken once this returns.
    pub fn pause_reading(&self) {
        let _no_read_under_way = self.output.lock();
        self.control.pause(true);
    }

    /// Reads on.
    pub fn resume_reading(&self) {
        self.control.pause(false);
    }

    /// Reads no faster than this from now on; `None` lifts the limit.
    pub fn throttle(&self, bytes_per_second: Option<u32>) {
        self.control.throttle(bytes_per_second);
    }

    /// Closes the terminal as its window would: the kernel hangs up on the program (SIGHUP). What was printed stays.
    pub fn hang_up(&mut self) {
        self.stop_reading();
        // The reader's hold on the master went with it, so this closes the last one.
        let nothing = std::fs::File::open("/dev/null").expect("open /dev/null");
        self.master = Arc::new(nothing.into());
    }

    fn stop_reading(&mut self) {
        self.control.stop();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }

    /// Waits for the program to end, and for its last output unless reading is stopped.
    pub fn wait(&self, limit: Duration) -> Result<ExitStatus, TimedOut> {
        let start = Instant::now();
        let status = exit_of(&mut self.child(), limit).expect("wait for the program in the terminal");
        let Some(status) = status else {
            return Err(TimedOut {
                awaited: "end of the program".to_owned(),
                after: start.elapsed(),
                tail: self.output.lock().tail(),
            });
        };
        if !self.control.paused() {
            self.output.wait_closed(LAST_OUTPUT);
        }
        Ok(status)
    }

    /// The terminal's modes as the program set them, or left them behind.
    pub fn termios(&self) -> io::Result<Termios> {
        Ok(tcgetattr(&self.master)?)
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        end_session(child);
        self.stop_reading();
    }
}

/// Whether `text` stands somewhere in `bytes`.
fn contains(bytes: &[u8], text: &[u8]) -> bool {
    text.is_empty() || bytes.windows(text.len()).any(|window| window == text)
}
