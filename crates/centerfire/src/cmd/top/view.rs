//! The board in a person's terminal: painted anew when something changes, with a row that is chosen.

use super::board::Board;
use crate::cmd::held::Held;
use crate::context::Context;
use crate::fit::cut;
use protocol::{SessionId, Size};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use session::registry::Registry;
use session::{role, signals};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, ExitCode};
use std::time::Duration;
use terminal::key::DetachKey;
use terminal::tty::{self, Raw};

/// How often it is looked what the sessions do, and how long ago things are.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const WINDOW_CHANGED: i32 = 28;
/// Ways to be told to leave: HUP, INT, QUIT, TERM.
const LEAVE: [i32; 4] = [1, 2, 3, 15];
/// Lines above the sessions.
const HEAD: usize = 2;

struct View<'a> {
    registry: Registry,
    held: Held,
    detach_key: DetachKey,
    board: Board,
    /// The session that is chosen, wherever its row goes.
    chosen: Option<SessionId>,
    /// What was painted last.
    painted: Vec<String>,
    signals: &'a OwnedFd,
    raw: Raw<io::Stdin>,
}

/// Why the board is left.
enum Leave {
    Attach,
    Quit(ExitCode),
}

/// Shows the board until its user quits; who goes into a session comes back to it.
pub(super) fn show_board(context: &Context) -> anyhow::Result<ExitCode> {
    let signals = signals::pipe(&[&[WINDOW_CHANGED], &LEAVE[..]].concat())?;
    let mut chosen = None;
    loop {
        let mut view = View::open(context, &signals, chosen)?;
        match view.run()? {
            Leave::Quit(code) => return Ok(code),
            Leave::Attach => view.attach()?,
        }
        chosen = view.chosen;
    }
}

impl<'a> View<'a> {
    fn open(context: &Context, signals: &'a OwnedFd, chosen: Option<SessionId>) -> anyhow::Result<Self> {
        let registry = Registry::remembering(&context.home);
        let held = Held::open(context);
        let board = Board::read(&registry, &held)?;
        let raw = Raw::enter(io::stdin())?;
        tty::restore_on_panic(raw.twin(io::stdin()), tty::RESET);
        let detach_key = context.config.detach_key;
        Ok(Self { registry, held, detach_key, board, chosen, painted: Vec::new(), signals, raw })
    }

    fn run(&mut self) -> anyhow::Result<Leave> {
        show("\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J")?;
        let turned = self.turns();
        io::stdout().write_all(tty::RESET)?;
        io::stdout().flush()?;
        self.raw.restore();
        turned
    }

    fn turns(&mut self) -> anyhow::Result<Leave> {
        loop {
            self.paint()?;
            if let Some(leave) = self.wait()? {
                return Ok(leave);
            }
            self.board = Board::read(&self.registry, &self.held)?;
        }
    }

    fn wait(&mut self) -> anyhow::Result<Option<Leave>> {
        let stdin = io::stdin();
        let mut fds = [PollFd::new(self.signals, PollFlags::IN), PollFd::new(&stdin, PollFlags::IN)];
        let timeout = Timespec::try_from(LOOK_EVERY)?;
        let _ = poll(&mut fds, Some(&timeout));
        let ready = [0, 1].map(|at| !fds[at].revents().is_empty());
        if ready[0] {
            for signal in signals::drain(self.signals) {
                if LEAVE.contains(&signal) {
                    return Ok(Some(Leave::Quit(ExitCode::from(u8::try_from(128 + signal).unwrap_or(1)))));
                }
            }
            self.painted.clear();
        }
        if !ready[1] {
            return Ok(None);
        }
        let mut buffer = [0; 64];
        let count = io::stdin().lock().read(&mut buffer)?;
        let mut keys = &buffer[..count];
        if matches!(keys, b"" | b"\x1b") {
            return Ok(Some(Leave::Quit(ExitCode::SUCCESS)));
        }
        while let Some(first) = keys.first() {
            let (up, down) = (&[b"\x1b[A", b"\x1bOA"], &[b"\x1b[B", b"\x1bOB"]);
            let begins = |arrows: &[&[u8; 3]; 2]| arrows.iter().any(|arrow| keys.starts_with(*arrow));
            let length = match first {
                b'q' | 3 => return Ok(Some(Leave::Quit(ExitCode::SUCCESS))),
                b'\r' | b'\n' if !self.board.rows.is_empty() => return Ok(Some(Leave::Attach)),
                b'k' => self.choose(-1, 1),
                b'j' => self.choose(1, 1),
                _ if begins(up) => self.choose(-1, 3),
                _ if begins(down) => self.choose(1, 3),
                // Another sequence is passed over as a whole.
                0x1b => keys.len(),
                _ => 1,
            };
            keys = &keys[length..];
        }
        Ok(None)
    }

    /// Goes so many rows on, by a key of that length.
    fn choose(&mut self, by: isize, length: usize) -> usize {
        let last = self.board.rows.len().saturating_sub(1);
        let row = self.row().saturating_add_signed(by).min(last);
        self.chosen = self.board.rows.get(row).map(|row| row.entry.meta.id);
        length
    }

    /// The row that is chosen; the first, if that session is gone.
    fn row(&self) -> usize {
        self.board.rows.iter().position(|row| Some(row.entry.meta.id) == self.chosen).unwrap_or(0)
    }

    fn paint(&mut self) -> anyhow::Result<()> {
        let Size { cols, rows } = tty::size(io::stdout()).unwrap_or(Size::DEFAULT);
        let mut lines: Vec<String> =
            self.board.lines(Some(usize::from(cols))).iter().map(|line| cut(line, cols)).collect();
        let chosen = HEAD + self.row();
        if !self.board.rows.is_empty() {
            let line = &mut lines[chosen];
            *line = format!("\x1b[7m{}\x1b[0m", line.replace("\x1b[0m", "\x1b[0;7m"));
        }
        // The head stays, and the chosen one is seen.
        let room = usize::from(rows).saturating_sub(HEAD + 1).max(1);
        let first = (chosen + 1).saturating_sub(HEAD + room);
        lines.drain(HEAD..HEAD + first);
        lines.truncate(HEAD + room);
        if lines == self.painted {
            return Ok(());
        }
        let mut out = String::from("\x1b[H");
        for line in &lines {
            out += &format!("{line}\x1b[K\r\n");
        }
        out += &format!("\x1b[J\x1b[{rows};1H\x1b[2m{}\x1b[0m\x1b[K", cut(&self.keys(), cols));
        self.painted = lines;
        show(&out)
    }

    fn keys(&self) -> String {
        let back = match self.detach_key.to_string().as_str() {
            "none" => String::new(),
            key => format!("; there {key} twice leads back"),
        };
        format!("\u{2191} \u{2193} choose, Enter attaches, q quits{back}")
    }

    /// Goes into the chosen session, and waits until its terminal is left.
    fn attach(&mut self) -> anyhow::Result<()> {
        let Some(row) = self.board.rows.get(self.row()) else { return Ok(()) };
        self.chosen = Some(row.entry.meta.id);
        let mut attach = Command::new(role::this_binary());
        attach.arg("attach").arg(row.entry.meta.id.to_string());
        attach.args(["--detach-key", &self.detach_key.to_string()]);
        // How it ended it has said itself, and the board shows.
        attach.status()?;
        Ok(())
    }
}

fn show(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
