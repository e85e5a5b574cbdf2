//! `centerfire export`: a session as a recording, as text, as a log.

use super::quantity::seconds;
use super::sink::Sink;
use crate::completion;
use crate::context::Context;
use crate::progress::Progress;
use clap::builder::PossibleValuesParser;
use clap_complete::ArgValueCandidates;
use protocol::Offset;
use serde_json::json;
use session::export::{Export, FORMATS, Format, LogFile, Options};
use session::registry::Entry;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Write a session as a recording for other players, as text, raw, or as a conversation log
///
/// Of a session that still runs it writes what there is so far; with --follow it goes on until the program ends. A log
/// that is followed to a file goes on where the file ends: start the command again after a crash, and no entry is
/// lost or written twice.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire export claude --format asciicast-v2 -o claude.cast\n  centerfire export build --format text | grep -n error\n  centerfire export claude --format log --follow -o claude.jsonl"
)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one; without it the latest
    #[arg(add = ArgValueCandidates::new(completion::all))]
    session: Option<String>,
    /// asciicast-v3, asciicast-v2, text (as a person saw it), raw (every byte), log or events (both lines of JSON)
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    format: String,
    /// Write to FILE instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over FILE if it exists. A log that is followed always goes on in it
    #[arg(long, requires = "output")]
    force: bool,
    /// Include what was typed in a recording; a log always has it. What was typed at a prompt for a password is in neither
    #[arg(long)]
    input: bool,
    /// Leave secrets in, which are masked in all forms but raw and events
    #[arg(long)]
    unmasked: bool,
    /// Have players cut pauses to this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    idle_limit: Option<Duration>,
    /// Go on until the program ends
    #[arg(long, short)]
    follow: bool,
}

fn formats() -> PossibleValuesParser {
    FORMATS
        .iter()
        .map(|format| clap::builder::PossibleValue::new(format.name).help(format.about))
        .collect::<Vec<_>>()
        .into()
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(self.session.as_deref())?;
        let known = FORMATS.iter().find(|known| known.name == self.format);
        let format = known.expect("clap takes the names in FORMATS only");
        let damaged = match &self.output {
            Some(path) if self.follow && format.name == "log" => {
                let mut file = LogFile::open(path, entry.meta.id)?;
                let options = Options { unmasked: self.unmasked, ..file.options() };
                Export::new(&entry, format, &options)?.follow(&mut file, &mut |_| ())?
            }
            _ => self.write(context, &entry, format)?,
        };
        for place in &damaged {
            eprintln!("centerfire: left out: {place}");
        }
        if self.output.as_deref().is_some_and(|path| path.as_os_str() != "-") {
            context
                .say(&json!({ "format": format.name, "file": self.output, "damaged": damaged }), String::new);
        }
        Ok(if damaged.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn write(&self, context: &Context, entry: &Entry, format: &Format) -> anyhow::Result<Vec<String>> {
        let idle_limit = self.idle_limit.map(|limit| limit.as_secs_f64());
        let options =
            Options { input: self.input, idle_limit, unmasked: self.unmasked, ..Options::default() };
        let file = self.output.as_deref();
        let mut sink = if self.force { Sink::open(file)? } else { Sink::open_new(file)? };
        let export = Export::new(entry, format, &options)?;
        let total = entry.status.as_ref().map_or(0, |status| status.offset.0);
        let in_between = self.output.is_none() && std::io::stdout().is_terminal();
        // What is followed has no end yet of which it could be a part.
        let mut progress = Progress::new(context, "export", total).quiet_if(in_between || self.follow);
        let mut tell = |offset: Offset| progress.at(offset.0);
        let to = sink.writer();
        Ok(if self.follow { export.follow(to, &mut tell)? } else { export.write(to, &mut tell)? })
    }
}
