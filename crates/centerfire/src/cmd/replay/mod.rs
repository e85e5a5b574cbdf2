//! `centerfire replay`: plays a recording again, as it happened.

mod keys;
mod player;

use super::quantity::seconds;
use super::sink::Sink;
use crate::completion;
use crate::context::Context;
use clap_complete::ArgValueCandidates;
use player::Player;
use rustix::termios::isatty;
use serde_json::json;
use session::tape::{Played, Point, Tape};
use std::io::{stdin, stdout};
use std::process::ExitCode;
use std::time::Duration;

/// Play a session's recording in this terminal, also of one that still runs, up to now
///
/// Space pauses, `.` goes on by one step, the arrows left and right go 5 seconds back and on, + and - change the speed,
/// q quits. Where standard output is no terminal the output is just copied, with its timing if --speed is given.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire replay claude --speed 4 --idle-limit 1\n  centerfire replay claude --from 1:30 --to 2:00\n  centerfire replay build --from 12345 --step"
)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one; without it the latest
    #[arg(add = ArgValueCandidates::new(completion::all))]
    session: Option<String>,
    /// Play X times as fast
    #[arg(long, value_name = "X", value_parser = speed)]
    speed: Option<f64>,
    /// Cut pauses to this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    idle_limit: Option<Duration>,
    /// Begin at an output offset, such as 12345, or at a time, such as 90s or 1:30
    #[arg(long, value_name = "OFFSET|TIME")]
    from: Option<Point>,
    /// End there
    #[arg(long, value_name = "OFFSET|TIME")]
    to: Option<Point>,
    /// Begin paused: `.` goes on by one step
    #[arg(long)]
    step: bool,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.trim_end_matches('x').parse().ok().filter(|speed| (0.01..=1000.0).contains(speed));
    speed.ok_or_else(|| "write a number from 0.01 to 1000, such as 2".to_owned())
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(self.session.as_deref())?;
        let tape = Tape::open_to(&entry, self.idle_limit, self.to)?;
        if context.json {
            let told = json!({ "seconds": tape.duration().as_secs_f64(), "offset": tape.end() });
            context.say(&told, String::new);
            return Ok(ExitCode::SUCCESS);
        }
        if isatty(stdin()) && isatty(stdout()) {
            Player::new(tape, &entry.name, self.speed.unwrap_or(1.0), self.step, self.from)?.play()
        } else {
            self.copy(tape)
        }
    }

    /// Copies the output, waiting between pieces only if a speed is given.
    fn copy(&self, mut tape: Tape) -> anyhow::Result<ExitCode> {
        let mut sink = Sink::open(None)?;
        if let Some(from) = self.from {
            tape.seek(from)?;
        }
        let mut before = tape.position();
        while let Some(due) = tape.due()? {
            if let Some(speed) = self.speed {
                sink.flush()?;
                std::thread::sleep((due - before).div_f64(speed));
                before = due;
            }
            if let Some(Played::Output(bytes)) = tape.step()? {
                sink.write(&bytes)?;
            }
        }
        sink.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}
