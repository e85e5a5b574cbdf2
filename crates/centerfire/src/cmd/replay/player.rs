//! Plays a tape in a person's terminal: the clock, the keys, the line at the bottom.

use super::keys::{Key, keys};
use crate::fit::cut;
use protocol::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use session::signals;
use session::tape::{Point, Tape};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use terminal::tty::{self, Raw};

/// Pictures a second at most.
const FRAME: Duration = Duration::from_millis(33);
/// How often the time at the bottom moves on where nothing else does.
const CLOCK: Duration = Duration::from_millis(500);
/// How long the line at the bottom tells the keys where it covers the last row of what is played.
const HINT: Duration = Duration::from_secs(3);
/// What the keys do.
const KEYS: &str = "space pauses, . steps, \u{2190} \u{2192} 5 s, + - speed, q quits";
const WINDOW_CHANGED: i32 = 28;
/// Ways to be told to leave: HUP, INT, QUIT, TERM.
const LEAVE: [i32; 4] = [1, 2, 3, 15];

pub(super) struct Player {
    tape: Tape,
    name: String,
    /// When the line at the bottom began to cover the last row, while it does.
    hint: Option<Instant>,
    /// The time of the tape, which runs on between events.
    now: Duration,
    since: Instant,
    speed: f64,
    paused: bool,
    signals: OwnedFd,
    raw: Raw<io::Stdin>,
}

enum Turn {
    On,
    Over(ExitCode),
}

impl Player {
    pub(super) fn new(
        mut tape: Tape,
        name: &str,
        speed: f64,
        paused: bool,
        from: Option<Point>,
    ) -> anyhow::Result<Self> {
        if let Some(from) = from {
            tape.seek(from)?;
        }
        let mut watched = vec![WINDOW_CHANGED];
        watched.extend(LEAVE);
        let signals = signals::pipe(&watched)?;
        let raw = Raw::enter(io::stdin())?;
        tty::restore_on_panic(raw.twin(io::stdin()), tty::RESET);
        let now = match from {
            Some(Point::Time(time)) => time,
            _ => tape.position(),
        };
        let since = Instant::now();
        Ok(Self { tape, name: name.to_owned(), hint: Some(since), now, since, speed, paused, signals, raw })
    }

    pub(super) fn play(mut self) -> anyhow::Result<ExitCode> {
        show(b"\x1b[?1049h\x1b[H\x1b[2J")?;
        let played = self.turns();
        // The reset leaves the full screen; what was below it is as it was.
        show(tty::RESET)?;
        self.raw.restore();
        if self.tape.due()?.is_none() && played.is_ok() {
            self.leave_last_screen()?;
            let sign = format!("[end of {}, {}; keys: {KEYS}]", self.name, clock(self.now));
            show(format!("{}\n", cut(&sign, terminal_size().cols)).as_bytes())?;
        }
        played
    }

    fn turns(&mut self) -> anyhow::Result<ExitCode> {
        self.paint()?;
        loop {
            self.tick();
            let changed = self.tape.play_to(self.now)?;
            if changed {
                self.paint()?;
            }
            let due = self.tape.due()?;
            if due.is_none() && !self.paused {
                return Ok(ExitCode::SUCCESS);
            }
            if let Turn::Over(code) = self.wait(due, changed)? {
                return Ok(code);
            }
        }
    }

    /// Moves the tape's clock on.
    fn tick(&mut self) {
        let passed = self.since.elapsed();
        self.since = Instant::now();
        if !self.paused {
            self.now = (self.now + passed.mul_f64(self.speed)).min(self.tape.duration());
        }
    }

    /// Waits for a key, a signal, or the next event.
    fn wait(&mut self, due: Option<Duration>, painted: bool) -> anyhow::Result<Turn> {
        let until = due.filter(|_| !self.paused).map(|due| due.saturating_sub(self.now).div_f64(self.speed));
        let least = if painted { FRAME } else { Duration::from_millis(1) };
        let timeout = until.map(|until| until.clamp(least, CLOCK.max(least)));
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let stdin = io::stdin();
        let mut fds = [PollFd::new(&self.signals, PollFlags::IN), PollFd::new(&stdin, PollFlags::IN)];
        let _ = poll(&mut fds, timeout.as_ref());
        let ready = [0, 1].map(|at| !fds[at].revents().is_empty());
        if ready[0] {
            for signal in signals::drain(&self.signals) {
                if LEAVE.contains(&signal) {
                    return Ok(Turn::Over(ExitCode::from(u8::try_from(128 + signal).unwrap_or(1))));
                }
            }
            show(b"\x1b[2J")?;
            self.paint()?;
        }
        if ready[1] {
            return self.heed_keys();
        }
        if self.hint.take_if(|begun| begun.elapsed() >= HINT).is_some() {
            self.paint()?;
        }
        if timeout.is_some() && !painted {
            self.tick();
            self.paint_status(terminal_size())?;
        }
        Ok(Turn::On)
    }

    fn heed_keys(&mut self) -> anyhow::Result<Turn> {
        let mut buffer = [0; 64];
        let count = io::stdin().lock().read(&mut buffer)?;
        if count == 0 {
            return Ok(Turn::Over(ExitCode::SUCCESS));
        }
        for key in keys(&buffer[..count]) {
            self.tick();
            match key {
                Key::Quit => return Ok(Turn::Over(ExitCode::SUCCESS)),
                Key::Pause => self.paused = !self.paused,
                Key::Step => {
                    self.paused = true;
                    if let Some(due) = self.tape.due()? {
                        self.tape.step()?;
                        self.now = due;
                    }
                }
                Key::Faster => self.speed = (self.speed * 2.0).min(1000.0),
                Key::Slower => self.speed = (self.speed / 2.0).max(0.01),
                Key::Back(by) => self.seek(self.now.saturating_sub(by))?,
                Key::On(by) => self.seek((self.now + by).min(self.tape.duration()))?,
                Key::Start => self.seek(Duration::ZERO)?,
            }
        }
        self.paint()?;
        Ok(Turn::On)
    }

    fn seek(&mut self, to: Duration) -> anyhow::Result<()> {
        self.tape.seek(Point::Time(to))?;
        self.now = to;
        Ok(())
    }

    fn paint(&self) -> anyhow::Result<()> {
        let terminal = terminal_size();
        show(&self.tape.screen().picture(terminal))?;
        self.paint_status(terminal)
    }

    /// The line at the bottom: where there is room for it, at first, and while it stands still.
    fn paint_status(&self, terminal: Size) -> anyhow::Result<()> {
        let size = self.tape.screen().size();
        if terminal.rows <= size.rows && !self.paused && self.hint.is_none() {
            return Ok(());
        }
        let mut line = format!(
            "{} {} / {}  {}x",
            if self.paused { "paused" } else { "playing" },
            clock(self.now),
            clock(self.tape.duration()),
            self.speed
        );
        if terminal.rows < size.rows || terminal.cols < size.cols {
            line += &format!("  {size} cut to {terminal}");
        }
        line += "  ";
        line += KEYS;
        let fitting = cut(&line, terminal.cols);
        show(format!("\x1b7\x1b[{};1H\x1b[0;7m{fitting}\x1b[0m\x1b[K\x1b8", terminal.rows).as_bytes())
    }

    /// What was seen last stays below the command, as if it had been printed.
    fn leave_last_screen(&self) -> anyhow::Result<()> {
        let screen = self.tape.screen();
        let used = screen.lines().iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        let cols = terminal_size().cols;
        let mut out = String::new();
        for row in 0..u16::try_from(used).unwrap_or(0) {
            let line: String =
                screen.runs(row).iter().map(|run| format!("{}{}", run.style.sgr(), run.text)).collect();
            out += &cut(&line, cols);
            out += "\x1b[0m\n";
        }
        show(out.as_bytes())
    }
}

fn terminal_size() -> Size {
    tty::size(io::stdout()).unwrap_or(Size::DEFAULT)
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

fn show(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}
