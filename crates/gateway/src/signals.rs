//! What the server is told by signals: to end, or to become the binary that lies where its own lay.

use crate::successor;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::ptr::null;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long the loop may take to tell of a signal that came: it does at its next turn.
const NEXT_TURN: Duration = Duration::from_millis(1);

/// Who hears them. Made before anybody is told that there is a server: a signal that nobody hears yet would end it.
pub(crate) struct Signals {
    stop: Stop,
    hang_up: Signal,
    /// As `nohup` has it.
    hang_up_was_ignored: bool,
    had_terminal: bool,
}

/// Those that tell it to end.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

/// What it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Word {
    Stop,
    Replace,
}

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            hang_up_was_ignored: is_hang_up_ignored(),
            had_terminal: has_terminal(),
            stop: Stop {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            },
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for a word that can be followed: to become a binary that does not start is not one, and none is where
    /// `check` finds that it could not go on.
    pub(crate) async fn heard(
        &mut self,
        check: impl Fn() -> io::Result<()> + Clone + Send + 'static,
    ) -> Word {
        loop {
            tokio::select! {
                biased;
                () = self.stop.told() => return Word::Stop,
                _ = self.hang_up.recv() => {}
            }
            let check = check.clone();
            let tried = async {
                tokio::task::spawn_blocking(check).await.map_err(io::Error::other)??;
                successor::try_out(&session::binary::present()?).await
            };
            let tried = tokio::select! {
                biased;
                () = self.stop.told() => return Word::Stop,
                tried = tried => tried,
            };
            match tried {
                _ if self.lost_its_window() => return Word::Stop,
                Ok(()) => {
                    if self.hang_up_was_ignored {
                        // What it becomes has to find it so as well.
                        ignore_hang_up();
                    }
                    return Word::Replace;
                }
                Err(error) => {
                    tracing::error!(cause = %error, "cannot become the new binary; this one goes on");
                }
            }
        }
    }

    /// Whether it was told to end since it heard that it is to be replaced. From now on such a word ends the process as it
    /// is: it has answered everybody, and what it becomes hears for itself.
    pub(crate) async fn told_to_stop_after_all(mut self) -> bool {
        for signal in [libc::SIGTERM, libc::SIGINT] {
            // SAFETY: no handler is put in place, and the one that was there is needed no longer.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        tokio::select! {
            biased;
            () = self.stop.told() => true,
            () = tokio::time::sleep(NEXT_TURN) => false,
        }
    }

    /// Whether nobody asked: the window in which it ran was closed, which it was not started to outlive.
    fn lost_its_window(&self) -> bool {
        self.had_terminal && !self.hang_up_was_ignored && !has_terminal()
    }
}

impl Stop {
    async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Whether the process belongs to a terminal that is still there.
fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

fn is_hang_up_ignored() -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: it only asks, and what is asked for is there where the answer is 0.
    unsafe {
        libc::sigaction(libc::SIGHUP, null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

fn ignore_hang_up() {
    // SAFETY: no handler is put in place, and the one that was there is needed no longer.
    unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
}
