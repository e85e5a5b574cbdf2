//! `centerfire verify`: reads every byte of a recording.

use crate::completion;
use crate::context::Context;
use crate::progress::Progress;
use crate::term::counted;
use clap_complete::ArgValueCandidates;
use serde_json::json;
use std::process::ExitCode;

/// Check every byte of a session's recording
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one; without it the latest
    #[arg(add = ArgValueCandidates::new(completion::all))]
    session: Option<String>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(self.session.as_deref())?;
        let total = entry.status.as_ref().map_or(0, |status| status.offset.0);
        let mut progress = Progress::new(context, "verify", total);
        let report = journal::verify(&entry.folder.journal(), |done| progress.at(done));
        drop(progress);
        let report = report.map_err(session::Error::from)?;
        let value = json!({
            "sound": report.is_sound(),
            "segments": report.segments,
            "sealed": report.sealed,
            "records": report.records,
            "output_bytes": report.output_bytes,
            "input_bytes": report.input_bytes,
            "disk_bytes": report.disk_bytes,
            "gap_bytes": report.gap_bytes,
            "torn_bytes": report.torn_bytes,
            "damage": report.damage,
        });
        context.say(&value, || {
            let mut lines = vec![format!(
                "{}: {} of output in {}, {} ({} sealed), {} on disk",
                if report.is_sound() { "sound" } else { "damaged" },
                counted(report.output_bytes, "byte"),
                counted(report.records, "record"),
                counted(report.segments, "segment"),
                report.sealed,
                counted(report.disk_bytes, "byte")
            )];
            if report.gap_bytes > 0 {
                lines.push(format!(
                    "shown while the disk took nothing: {}",
                    counted(report.gap_bytes, "byte")
                ));
            }
            if report.torn_bytes > 0 {
                lines.push(format!("{} of a torn record at the end", counted(report.torn_bytes, "byte")));
            }
            lines.extend(report.damage.iter().cloned());
            lines.join("\n")
        });
        Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
