//! What `approve` and `deny` have in common: which question is meant, and how it is answered.

use super::pending::{Pending, pending};
use crate::completion;
use crate::context::Context;
use crate::term::one_line;
use crate::user;
use clap_complete::ArgValueCandidates;
use protocol::approval::{Behaviour, Decision};
use protocol::frame::{Answer, Request};
use protocol::{Approval, Settled};
use serde_json::json;
use session::name::shell_word;
use session::registry::Entry;
use std::process::ExitCode;

/// A question of a session.
#[derive(clap::Args)]
pub(super) struct Which {
    /// The session's name, id or the beginning of one
    #[arg(add = ArgValueCandidates::new(completion::running))]
    session: String,
    /// The question's number, as `centerfire approvals` shows it; needless where one alone waits
    id: Option<u32>,
}

/// Answers it with what `decision` makes of it; it is given the question if that still waits.
pub(super) fn run(
    context: &Context,
    which: &Which,
    command: &str,
    decision: impl FnOnce(Option<&Approval>) -> anyhow::Result<Decision>,
) -> anyhow::Result<ExitCode> {
    let entry = context.find(Some(&which.session))?;
    let id = match which.id {
        Some(id) => id,
        None => only(&entry, command, &pending(context, &entry, command)?)?,
    };
    let whole = match context.ask(&entry, command, Request::Approvals { approval: Some(id) }) {
        Ok(Answer::Approvals { approvals }) => approvals.into_iter().next(),
        Ok(_) => None,
        Err(error) => return Err(error.into()),
    };
    let decision = Box::new(decision(whole.as_ref())?);
    let by = format!("{} with centerfire {command}", user::name());
    match context.ask(&entry, command, Request::Decide { approval: id, by, decision })? {
        Answer::Settled { settled } => {
            context.say(&json!(settled), || done(&settled, whole.as_ref()));
            Ok(ExitCode::SUCCESS)
        }
        other => anyhow::bail!("unexpected answer {other:?}"),
    }
}

/// The number of the question that is meant where none is named.
fn only(entry: &Entry, command: &str, pending: &Pending) -> anyhow::Result<u32> {
    let name = &entry.name;
    let word = shell_word(name);
    match (&pending.approvals[..], pending.last) {
        ([only], _) => Ok(only.id),
        // The one before is not the one that it asks.
        ([], _) if pending.is_awaited => anyhow::bail!(
            "`{name}` asks something that only its terminal can be answered in: `centerfire attach {word}`"
        ),
        ([], 0) => anyhow::bail!("`{name}` has asked for nothing"),
        // Who answers late is told who was first.
        ([], last) => Ok(last),
        (several, _) => {
            let ids: Vec<String> = several.iter().map(|approval| approval.id.to_string()).collect();
            anyhow::bail!(
                "several questions wait ({}); say which, as in `centerfire {command} {word} {}`",
                ids.join(", "),
                ids[0]
            )
        }
    }
}

/// What was done, in a line.
fn done(settled: &Settled, asked: Option<&Approval>) -> String {
    let how = match settled.decision.as_ref().map(|decision| decision.behaviour) {
        Some(Behaviour::Deny) => "denied",
        _ => "allowed",
    };
    let what = asked.map(|Approval { ask, .. }| format!(": {} {}", ask.tool, adapter::gist(&ask.input)));
    one_line(&format!("{how} {}{}", settled.id, what.unwrap_or_default()))
}
