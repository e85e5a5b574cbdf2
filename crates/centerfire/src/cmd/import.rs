//! `centerfire import`: takes in the histories of the CLIs.

use crate::context::Context;
use crate::exit::Usage;
use crate::intake::{make_vectors, meaning, to_write, warn_of, with_history};
use crate::term::{bytes, counted, one_line};
use conversation::history::Outcome;
use serde_json::json;
use session::import::Taken;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Take in the conversations that AI CLIs had on this machine
///
/// What they keep is copied before they delete it (Claude Code does after 30 days), read, and made searchable:
/// `centerfire search`, `centerfire conversation`. Nothing of theirs is changed. What was taken in before is not taken in
/// again. The other commands do the same by themselves; this one tells what came of it.
///
/// With --log it takes in files that other programs wrote: conversation logs (lines of JSON with an `entry_type`, as
/// `centerfire export --format log` writes them) become conversations, and asciicasts of version 2 and 3 become sessions that
/// have ended: to be played, searched and exported.
///
/// Where a model is installed (`centerfire models`), entries are then read for search by meaning, the newest first: some tens
/// of them a second. C-c ends that without loss, and it goes on the next time, or beside a running server.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire import\n  centerfire import --log ~/old-logs demo.cast\n  centerfire import --rebuild"
)]
pub(crate) struct Args {
    /// Only this CLI
    #[arg(value_name = "CLI")]
    cli: Option<String>,
    /// Make the store anew of what was copied before
    #[arg(long, conflicts_with = "cli")]
    rebuild: bool,
    /// Take in these conversation logs and asciicasts, and those in these folders
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["cli", "rebuild"], value_hint = clap::ValueHint::AnyPath)]
    log: Vec<PathBuf>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        if let Some(cli) = &self.cli
            && adapter::by_name(cli).is_none()
        {
            let known: Vec<&str> = adapter::ADAPTERS.iter().map(|adapter| adapter.name()).collect();
            return Err(Usage(format!("no such CLI: {cli}; known are {}", known.join(", "))).into());
        }
        let state = &context.home.state;
        let mut store = to_write(context)?;
        if self.rebuild {
            store = store.anew(state)?;
        }
        let outcome = with_history(context, |history, line| match self.rebuild {
            true => history.rebuild(&mut store, line),
            false if !self.log.is_empty() => history.take_in(&mut store, &self.log, line),
            false => history.catch_up(&mut store, self.cli.as_deref(), line),
        })?;
        conversation::relations::catch_up(&mut store, &|| false)?;
        let vectors = make_vectors(context, &mut store, &meaning(context)?, None);
        if let Err(error) = &vectors {
            crate::exit::warn(&format!("search by meaning: {error}"));
        }
        let vectors = vectors.unwrap_or_default();
        let garbled = store.garbled()?;
        let Outcome { report, placed, failed, recordings } = &outcome;
        let value = json!({
            "files": report.files, "records": report.records, "entries": report.entries, "bytes": report.bytes,
            "garbled": garbled.iter().map(|(file, count, last)| json!({ "file": file, "records": count, "last": last })).collect::<Vec<_>>(),
            "placed": placed, "read_for_meaning": vectors,
            "recordings": recordings.iter().map(|(path, taken)| json!({
                "file": path.to_string_lossy(), "session": taken.id, "name": taken.name, "new": taken.is_new, "garbled": taken.garbled,
            })).collect::<Vec<_>>(),
            "failed": failed.iter().map(|(path, reason)| json!({ "file": path.to_string_lossy(), "error": reason })).collect::<Vec<_>>(),
        });
        warn_of(&outcome);
        context.say(&value, || {
            let mut lines = Vec::new();
            let (files, sessions) = (report.files, recordings.len() as u64);
            if sessions > 0 {
                let new = recordings.iter().filter(|(_, taken)| taken.is_new).count() as u64;
                lines.push(counted(new, "new session"));
            }
            let came = report.bytes + report.entries + placed + vectors;
            if came + sessions == 0 {
                lines.push("Nothing new.".to_owned());
            } else if files > sessions || sessions == 0 {
                lines.push(format!(
                    "{}, {} new in {} entries, {} of them in recordings",
                    counted(files - sessions, "file"),
                    bytes(report.bytes),
                    report.entries,
                    placed
                ));
            }
            lines.extend(recordings.iter().map(|(path, taken)| recording(path, taken)));
            if vectors > 0 {
                lines.push(format!(
                    "{} can now be found by meaning",
                    if vectors == 1 { "1 entry".to_owned() } else { format!("{vectors} entries") }
                ));
            }
            lines.extend(garbled.iter().map(|(file, count, last)| {
                one_line(&format!(
                    "{file}: {} could not be read, the last one: {last}",
                    counted(*count, "record")
                ))
            }));
            lines.join("\n")
        });
        Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// A line for an asciicast that is a session now.
fn recording(path: &Path, taken: &Taken) -> String {
    let word = if taken.is_new { "is session" } else { "was session" };
    let path = one_line(&path.display().to_string());
    let mut line = format!("{path} {word} {} ({})", taken.name, taken.id.short());
    if taken.is_new && taken.garbled > 0 {
        line.push_str(&format!(", without {} that are no events", counted(taken.garbled, "line")));
    }
    line
}
