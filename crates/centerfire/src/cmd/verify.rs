//! `centerfire verify`: reads every byte of a recording.

use crate::context::Context;
use crate::progress::Progress;
use serde_json::json;
use std::process::ExitCode;

/// Check every byte of a session's recording
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one; without it the latest
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
                "{}: {} bytes of output in {} records, {} segments ({} sealed), {} bytes on disk",
                if report.is_sound() { "sound" } else { "damaged" },
                report.output_bytes,
                report.records,
                report.segments,
                report.sealed,
                report.disk_bytes
            )];
            if report.gap_bytes > 0 {
                lines.push(format!("{} bytes were shown while the disk took nothing", report.gap_bytes));
            }
            if report.torn_bytes > 0 {
                lines.push(format!("{} bytes of a torn record at the end", report.torn_bytes));
            }
            lines.extend(report.damage.iter().cloned());
            lines.join("\n")
        });
        Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
