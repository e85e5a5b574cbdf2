//! How a program ended: by itself, by a signal, or in a way nobody could see.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A code and a signal are kept apart (T5), and a status that nobody could collect is said to be lost: it is
/// never given as 0 (T21).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitStatus {
    /// It called `exit` with this code.
    Code(i32),
    /// A signal of this number ended it.
    Signal(i32),
    /// It is gone, and no process was left that could collect its status.
    Lost,
}

impl ExitStatus {
    /// What our own process exits with to pass this on, as shells do: 128 + signal. A lost status is 125.
    pub fn shell_code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal,
            Self::Lost => 125,
        }
    }

    /// Reads what `waitpid` gave.
    pub fn from_wait(status: i32) -> Self {
        // The layout of a wait status is the same on Linux and macOS: low seven bits the signal, next byte the code.
        match status & 0x7f {
            0 => Self::Code((status >> 8) & 0xff),
            signal => Self::Signal(signal),
        }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit {code}"),
            Self::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(f, "signal {name}"),
                None => write!(f, "signal {signal}"),
            },
            Self::Lost => f.write_str("exit status lost"),
        }
    }
}

/// The name of a signal that can end a program, without its SIG. The numbers are those of Linux and macOS, which part
/// ways in a few.
fn signal_name(number: i32) -> Option<&'static str> {
    Some(match number {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        4 => "ILL",
        5 => "TRAP",
        6 => "ABRT",
        8 => "FPE",
        9 => "KILL",
        11 => "SEGV",
        13 => "PIPE",
        14 => "ALRM",
        15 => "TERM",
        24 => "XCPU",
        25 => "XFSZ",
        26 => "VTALRM",
        27 => "PROF",
        7 if cfg!(target_os = "linux") => "BUS",
        10 if cfg!(target_os = "linux") => "USR1",
        12 if cfg!(target_os = "linux") => "USR2",
        31 if cfg!(target_os = "linux") => "SYS",
        10 if cfg!(target_os = "macos") => "BUS",
        12 if cfg!(target_os = "macos") => "SYS",
        30 if cfg!(target_os = "macos") => "USR1",
        31 if cfg!(target_os = "macos") => "USR2",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_never_an_exit_code() {
        assert_eq!(ExitStatus::from_wait(0), ExitStatus::Code(0));
        assert_eq!(ExitStatus::from_wait(7 << 8), ExitStatus::Code(7));
        assert_eq!(ExitStatus::from_wait(9), ExitStatus::Signal(9));
        assert_eq!(ExitStatus::from_wait(0x80 | 11), ExitStatus::Signal(11));
        assert_eq!(ExitStatus::Signal(9).shell_code(), 137);
        assert_ne!(ExitStatus::Lost.shell_code(), 0);
    }

    #[test]
    fn a_signal_is_told_by_its_name_where_it_has_one() {
        let told = |signal| ExitStatus::Signal(signal).to_string();
        assert_eq!([1, 9, 15, 34].map(told), ["signal HUP", "signal KILL", "signal TERM", "signal 34"]);
        assert_eq!(ExitStatus::Code(1).to_string(), "exit 1");
    }
}
