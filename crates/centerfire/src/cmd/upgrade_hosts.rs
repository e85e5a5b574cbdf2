//! `centerfire upgrade-hosts`: running sessions go on under this binary.

use crate::completion;
use crate::context::Context;
use crate::term::say;
use anyhow::Context as _;
use clap_complete::ArgValueCandidates;
use protocol::frame::{Answer, Request};
use protocol::{Binary, Phase};
use serde_json::{Value, json};
use session::client::{HostClient, insist};
use session::registry::Entry;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Have the hosts of running sessions become this binary, without touching their programs
///
/// After an upgrade of Centerfire the sessions that run are still hosted by the old one. Each host tries the new binary
/// first; one that cannot become it goes on as it is.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  centerfire upgrade-hosts\n  centerfire upgrade-hosts claude build")]
pub(crate) struct Args {
    /// Names, ids or beginnings of ids; without one all that run
    #[arg(add = ArgValueCandidates::new(completion::running))]
    sessions: Vec<String>,
}

/// How long a host may take to answer again: it may replay a long recording.
const COMES_BACK: Duration = Duration::from_secs(20);

/// What came of one session.
enum Outcome {
    Upgraded,
    /// It runs this very binary already.
    Skipped,
    Failed(anyhow::Error),
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let binary = std::env::current_exe().context("find this program's own file")?;
        let own = session::binary::own();
        let mut failed = false;
        let mut results = Vec::new();
        for entry in self.entries(context)? {
            let before = if entry.phase == Phase::Running { host_of(context, &entry) } else { Ok(None) };
            let from = before.as_ref().ok().and_then(Clone::clone);
            let outcome = match before.and_then(|before| upgrade(context, &entry, before, &own, &binary)) {
                Ok(outcome) => outcome,
                Err(error) => Outcome::Failed(error),
            };
            failed |= matches!(outcome, Outcome::Failed(_));
            if !context.json {
                tell(&entry, from.as_ref(), &own, &outcome);
            }
            results.push(describe(&entry, from.as_ref(), &own, &outcome));
        }
        if context.json {
            say(json!({ "binary": binary, "version": own.version, "sessions": results }));
        } else if results.is_empty() {
            say("no session runs");
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn entries(&self, context: &Context) -> anyhow::Result<Vec<Entry>> {
        if !self.sessions.is_empty() {
            return self.sessions.iter().map(|session| context.find(Some(session))).collect();
        }
        let mut running = Vec::new();
        for entry in context.registry().list()? {
            match entry {
                Ok(entry) if entry.phase == Phase::Running => running.push(entry),
                Ok(_) => {}
                Err(error) => eprintln!("centerfire: {error}"),
            }
        }
        Ok(running)
    }
}

fn upgrade(
    context: &Context,
    entry: &Entry,
    before: Option<Binary>,
    own: &Binary,
    binary: &Path,
) -> anyhow::Result<Outcome> {
    if entry.phase != Phase::Running {
        return Err(session::summary::ended(entry).into());
    }
    if before.is_some_and(|before| is_same(&before, own)) {
        return Ok(Outcome::Skipped);
    }
    let binary = binary.to_str().context("this program's path is no text")?.to_owned();
    context.ask(entry, "upgrade-hosts", Request::Upgrade { binary })?;
    match await_host(entry)? {
        Some(after) if is_same(&after, own) => Ok(Outcome::Upgraded),
        after => anyhow::bail!(
            "its host could not become this binary and runs {} now; {} may tell why",
            version(after.as_ref()),
            entry.folder.log().display()
        ),
    }
}

/// Whether two are one file, of one release.
fn is_same(one: &Binary, other: &Binary) -> bool {
    (&one.file, &one.version) == (&other.file, &other.version)
}

/// What a host runs; `None` for one that is too old to tell.
fn host_of(context: &Context, entry: &Entry) -> anyhow::Result<Option<Binary>> {
    match context.ask(entry, "upgrade-hosts", Request::Status)? {
        Answer::Status(status) => Ok(status.host),
        other => anyhow::bail!("it gave an answer that does not fit: {other:?}"),
    }
}

/// Waits until a host answers again, whichever that is.
fn await_host(entry: &Entry) -> anyhow::Result<Option<Binary>> {
    let end = Some(Instant::now() + COMES_BACK);
    // A connection may be one that the old host took and the new one knows nothing of.
    let ask = |mut client: HostClient| client.call(Request::Status);
    match insist(&entry.folder, &entry.meta, "upgrade-hosts", end, ask) {
        Ok(Answer::Status(status)) => Ok(status.host),
        Ok(other) => anyhow::bail!("it gave an answer that does not fit: {other:?}"),
        Err(error) => Err(error).context("it does not answer any more"),
    }
}

/// A release for people.
fn version(binary: Option<&Binary>) -> &str {
    binary.map_or("a version that does not tell its number", |binary| &binary.version)
}

fn tell(entry: &Entry, from: Option<&Binary>, own: &Binary, outcome: &Outcome) {
    let (name, old, new) = (&entry.name, version(from), &own.version);
    match outcome {
        Outcome::Upgraded => say(format!("{name}: upgraded from {old} to {new}")),
        Outcome::Skipped => say(format!("{name}: skipped, its host runs this {new} already")),
        Outcome::Failed(error) if entry.phase == Phase::Running => eprintln!(
            "centerfire: `{name}` goes on under {old}: {error:#}; `centerfire upgrade-hosts {name}` tries again"
        ),
        Outcome::Failed(error) => eprintln!("centerfire: {error:#}"),
    }
}

fn describe(entry: &Entry, from: Option<&Binary>, own: &Binary, outcome: &Outcome) -> Value {
    let (result, to, error) = match outcome {
        Outcome::Upgraded => ("upgraded", Some(own), None),
        Outcome::Skipped => ("skipped", Some(own), None),
        Outcome::Failed(error) => ("failed", from, Some(format!("{error:#}"))),
    };
    let again = error.is_some() && entry.phase == Phase::Running;
    json!({
        "id": entry.meta.id,
        "name": entry.name,
        "result": result,
        "from": from.map(|binary| &binary.version),
        "to": to.map(|binary| &binary.version),
        "error": error,
        "next": again.then(|| format!("centerfire upgrade-hosts {}", entry.name)),
    })
}
