//! `centerfire upgrade-hosts`: running sessions go on under this binary.

use crate::context::Context;
use crate::term::say;
use anyhow::Context as _;
use protocol::Phase;
use protocol::frame::{Answer, Request};
use serde_json::json;
use session::client::{HostClient, insist};
use session::registry::Entry;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Have the hosts of running sessions become this binary, without touching their programs
///
/// After an upgrade of Centerfire the sessions that run are still hosted by the old one. A host that cannot become the
/// new binary goes on as it is.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  centerfire upgrade-hosts\n  centerfire upgrade-hosts claude build")]
pub(crate) struct Args {
    /// Names, ids or beginnings of ids; without one all that run
    sessions: Vec<String>,
}

/// How long a host may take to answer again: it may replay a long recording.
const COMES_BACK: Duration = Duration::from_secs(20);

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let binary = std::env::current_exe().context("find this program's own file")?;
        let mut failed = false;
        let mut results = Vec::new();
        for entry in self.entries(context)? {
            let result = upgrade(context, &entry, &binary);
            let error = result.as_ref().err().map(|error| format!("{error:#}"));
            match &error {
                None if !context.json => say(format!("{}: upgraded", entry.name)),
                Some(error) if !context.json => {
                    eprintln!("centerfire: `{}` goes on as it is: {error}", entry.name)
                }
                _ => {}
            }
            failed |= error.is_some();
            results.push(json!({ "id": entry.meta.id, "name": entry.name, "error": error }));
        }
        if context.json {
            say(json!({ "binary": binary, "sessions": results }));
        } else if results.is_empty() {
            say("no session runs");
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn entries(&self, context: &Context) -> anyhow::Result<Vec<Entry>> {
        if self.sessions.is_empty() {
            let all = context.registry().list()?.into_iter().filter_map(Result::ok);
            return Ok(all.filter(|entry| entry.phase == Phase::Running).collect());
        }
        self.sessions.iter().map(|session| context.find(Some(session))).collect()
    }
}

fn upgrade(context: &Context, entry: &Entry, binary: &Path) -> anyhow::Result<()> {
    if entry.phase != Phase::Running {
        return Err(super::show::ended(entry));
    }
    let binary = binary.to_str().context("this program's path is no text")?.to_owned();
    context.ask(entry, "upgrade-hosts", Request::Upgrade { binary })?;
    let end = Some(Instant::now() + COMES_BACK);
    // A connection may be one that the old host took and the new one knows nothing of.
    let ask = |mut client: HostClient| client.call(Request::Status);
    match insist(&entry.folder, &entry.meta, "upgrade-hosts", end, ask) {
        Ok(Answer::Status(_)) => Ok(()),
        Ok(other) => anyhow::bail!("it gave an answer that does not fit: {other:?}"),
        Err(error) => Err(error).context("it does not answer any more"),
    }
}
