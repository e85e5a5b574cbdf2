//! What the terminal of a program tells of it of which nothing is known: looked at a while after output, and once more when it
//! has been quiet. While nothing is shown nothing is looked at.

use super::Host;
use adapter::state::{Marks, Seen};
use protocol::{Claim, Source, Time};
use std::time::{Duration, Instant};
use terminal::pty;

/// From output to a look.
const LOOK_AFTER: Duration = Duration::from_millis(250);

/// What is known of a program's terminal.
pub(super) struct Foreground {
    marks: Marks,
    /// When something was shown last that was no echo.
    active: Option<Instant>,
    /// When to look.
    pub(super) look_at: Option<Instant>,
}

impl Foreground {
    /// Of a program of which another host may have told something that is to be looked at again.
    pub(super) fn new(is_known: bool) -> Self {
        let look_at = is_known.then(|| Instant::now() + LOOK_AFTER);
        Self { marks: Marks::default(), active: None, look_at }
    }

    /// The program wrote something; `typed` says whether somebody has just typed.
    pub(super) fn wrote(&mut self, bytes: &[u8], typed: impl FnOnce() -> bool) {
        let now = Instant::now();
        self.marks.take(bytes);
        if bytes.contains(&b'\n') || !typed() {
            self.active = Some(now);
        }
        let soon = now + LOOK_AFTER;
        self.look_at = Some(self.look_at.map_or(soon, |due| due.min(soon)));
    }
}

impl Host {
    /// Looks at the terminal, if that is due.
    pub(super) fn look_at_foreground(&mut self) {
        let now = Instant::now();
        if self.output.ended {
            self.agent.foreground = None;
        }
        let is_due = |foreground: &Foreground| foreground.look_at.is_some_and(|due| due <= now);
        if !self.agent.foreground.as_ref().is_some_and(is_due) {
            return;
        }
        let secret = self.secret_prompt();
        let own = self.args.child.unsigned_abs();
        let group = pty::foreground(&self.master).map(|group| group.as_raw_nonzero().get().unsigned_abs());
        let other = group.filter(|group| *group != own).map(|group| (group, name_of(group)));
        let Some(foreground) = &mut self.agent.foreground else { return };
        let quiet = foreground.active.map_or(Duration::MAX, |active| now.duration_since(active));
        let seen = Seen { other, secret, marks: &foreground.marks, quiet };
        foreground.look_at = seen.changes_in().map(|rest| now + rest);
        let claim = seen.judge(Time::now());
        let is_same = |known: &Claim| {
            known.source == Source::Process
                && (known.state, &known.reason, &known.evidence)
                    == (claim.state, &claim.reason, &claim.evidence)
        };
        if !self.agent.status().claims.iter().any(is_same) {
            self.agent.hear(claim);
        }
    }

    /// What stands before the cursor where lines are read without an echo: a prompt for a secret.
    fn secret_prompt(&self) -> Option<String> {
        let mode = pty::input_mode(&self.master).ok()?;
        if mode.echo || !mode.canonical || self.output.canvas.is_behind() {
            return None;
        }
        let screen = self.output.canvas.glance();
        let cursor = screen.cursor();
        Some(screen.text_in(cursor.row, 0..cursor.col)).filter(|prompt| !prompt.trim().is_empty())
    }
}

/// What a process is called, where the system tells.
fn name_of(process: u32) -> Option<String> {
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}
