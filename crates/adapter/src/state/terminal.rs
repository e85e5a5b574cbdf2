//! What a terminal tells of a process of which nothing else is known, without a look at what it means: who has the foreground,
//! whether it shows something, whether it reads a secret, and the marks that shells send (OSC 133).

use crate::gist::line;
use memchr::memchr;
use protocol::{AgentState, BlockKind, Claim, Source, Time};
use std::time::Duration;

/// What was shown less long ago is still going on.
const QUIET_AFTER: Duration = Duration::from_secs(2);
const MARK: &[u8] = b"\x1b]133;";
const ESC: u8 = 0x1b;

/// The marks of a shell: where its prompt begins (`A`), where what is typed there does (`B`), where a command begins to run
/// (`C`) and where it has ended (`D`).
#[derive(Default, Debug)]
pub struct Marks {
    /// Bytes of a mark that have come.
    begun: usize,
    last: Option<u8>,
    /// It also tells where commands begin: then a prompt means that none runs.
    tells_commands: bool,
}

impl Marks {
    /// Takes output.
    pub fn take(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            if self.begun == 0 {
                let Some(next) = memchr(ESC, &bytes[at..]) else { return };
                at += next;
            }
            let byte = bytes[at];
            at += 1;
            if self.begun < MARK.len() {
                let fits = MARK[self.begun] == byte;
                self.begun = if fits { self.begun + 1 } else { usize::from(byte == ESC) };
                continue;
            }
            self.begun = 0;
            if matches!(byte, b'A'..=b'D') {
                self.last = Some(byte);
                self.tells_commands |= byte == b'C';
            }
        }
    }
}

/// What is seen of a terminal.
pub struct Seen<'a> {
    /// The group in the foreground, if that is not the program's own, and the name of the process that leads it.
    pub other: Option<(u32, Option<String>)>,
    /// What stands before the cursor where lines are read without an echo.
    pub secret: Option<String>,
    /// The shell's marks.
    pub marks: &'a Marks,
    /// How long nothing was shown.
    pub quiet: Duration,
}

impl Seen<'_> {
    /// What it says of the program.
    pub fn judge(&self, now: Time) -> Claim {
        let (state, reason, evidence) = self.say();
        Claim {
            state,
            on: (state == AgentState::Blocked).then_some(BlockKind::Question),
            reason,
            source: Source::Process,
            since: now,
            evidence,
            agent: None,
        }
    }

    fn say(&self) -> (AgentState, Option<String>, String) {
        if let Some(prompt) = &self.secret {
            let evidence = "lines are read without an echo".to_owned();
            return (AgentState::Blocked, Some(format!("password: {}", line(prompt))), evidence);
        }
        if let Some(mark) = self.marks.last.filter(|_| self.marks.tells_commands) {
            let state = if mark == b'C' { AgentState::Working } else { AgentState::Idle };
            return (state, None, format!("mark {} of the shell (OSC 133)", char::from(mark)));
        }
        if let Some((group, name)) = &self.other {
            let name = name.as_deref().map(|name| format!(" ({})", line(name))).unwrap_or_default();
            return (AgentState::Working, None, format!("group {group}{name} has the foreground"));
        }
        let seconds = QUIET_AFTER.as_secs();
        if self.is_quiet() {
            let reason = format!("quiet for {seconds} s");
            return (AgentState::Idle, Some(reason), "it has the foreground, and shows nothing".to_owned());
        }
        (AgentState::Working, None, format!("output within the last {seconds} s"))
    }

    fn is_quiet(&self) -> bool {
        self.quiet >= QUIET_AFTER
    }

    /// When what is seen says something else, if nothing happens.
    pub fn changes_in(&self) -> Option<Duration> {
        (!self.is_quiet()).then(|| QUIET_AFTER.saturating_sub(self.quiet))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_tells_what_its_program_does() {
        let marked = |bytes: &[u8]| {
            let mut marks = Marks::default();
            bytes.iter().for_each(|byte| marks.take(&[*byte]));
            marks
        };
        let prompts = marked(b"\x1b]133;A\x07$ \x1b]133;B\x07");
        let commands = marked(b"\x1b]133;C\x07x\x1b\x1b]133;D;0\x07\x1b]133;A\x07$ ");
        let runs = marked(b"\x1b]133;A\x07$ \x1b]133;C;x\x07");
        let secret = || Some("Password: ".to_owned());
        let other = || Some((7, Some("make".to_owned())));
        for (quiet, other, secret, marks, state) in [
            (0, None, None, &prompts, AgentState::Working),
            (3, None, None, &prompts, AgentState::Idle),
            (3, other(), None, &prompts, AgentState::Working),
            (3, other(), secret(), &prompts, AgentState::Blocked),
            (0, None, None, &commands, AgentState::Idle),
            (3, None, None, &runs, AgentState::Working),
        ] {
            let seen = Seen { other, secret, marks, quiet: Duration::from_secs(quiet) };
            let claim = seen.judge(Time(1));
            assert_eq!(claim.state, state, "{claim:?}");
            assert_eq!(seen.changes_in().is_some(), quiet == 0);
        }
    }
}
