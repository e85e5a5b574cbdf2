//! `centerfire screen`: what a person would see now.

use crate::completion;
use crate::context::Context;
use clap::ValueEnum;
use clap_complete::ArgValueCandidates;
use protocol::Offset;
use session::look::{look, screen_json};
use session::registry::Entry;
use std::io::Write;
use std::process::ExitCode;
use terminal::Screen;

/// Print a session's screen, of an ended session its last one
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one; without it the latest
    #[arg(add = ArgValueCandidates::new(completion::all))]
    session: Option<String>,
    /// text, json (with offset, cursor and size), or ansi (with colours)
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Also this many lines that scrolled off
    #[arg(long, value_name = "LINES", default_value_t = 0)]
    history: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Ansi,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(self.session.as_deref())?;
        let (screen, offset) = see(context, &entry, self.history)?;
        let mut out = std::io::stdout().lock();
        match if context.json { Format::Json } else { self.format } {
            Format::Json => writeln!(out, "{}", screen_json(&screen, offset, self.history))?,
            Format::Text => {
                // The blank rows below the last text only push it off the reader's own screen.
                let lines = [screen.history_lines(self.history), screen.lines()].concat();
                let used = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
                for line in &lines[..used] {
                    writeln!(out, "{line}")?;
                }
            }
            Format::Ansi => {
                for row in 0..screen.size().rows {
                    for run in screen.runs(row) {
                        write!(out, "{}{}", run.style.sgr(), run.text)?;
                    }
                    writeln!(out, "\x1b[0m")?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A session's screen and the offset it stands for; what of the recording is damaged is told.
pub(crate) fn see(context: &Context, entry: &Entry, history: usize) -> anyhow::Result<(Screen, Offset)> {
    let seen = look(entry, "screen", history, context.config.history_lines)?;
    for error in seen.damage {
        eprintln!("centerfire: left out: {error}");
    }
    Ok((seen.screen, seen.offset))
}
