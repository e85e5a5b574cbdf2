//! What `approve` and `deny` have in common: which question is meant, and how it is answered.

use crate::completion;
use crate::context::Context;
use clap_complete::ArgValueCandidates;
use protocol::Approval;
use protocol::approval::Decision;
use protocol::frame::{Answer, Request};
use serde_json::json;
use session::summary::present_status;
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
    let pending = super::approvals::pending(context, &entry, command)?;
    let id = match (which.id, &pending[..]) {
        (Some(id), _) => id,
        (None, [only]) => only.id,
        // Who answers late is told who was first.
        (None, []) => match present_status(&entry, command).map_or(0, |status| status.last_approval) {
            0 => anyhow::bail!("`{}` has asked for nothing", entry.name),
            last => last,
        },
        (None, several) => {
            let ids: Vec<String> = several.iter().map(|approval| approval.id.to_string()).collect();
            anyhow::bail!(
                "several questions wait ({}); say which, as in `centerfire {command} {} {}`",
                ids.join(", "),
                entry.name,
                ids[0]
            )
        }
    };
    let whole = match context.ask(&entry, command, Request::Approvals { approval: Some(id) }) {
        Ok(Answer::Approvals { approvals }) => approvals.into_iter().next(),
        Ok(_) => None,
        Err(error) => return Err(error.into()),
    };
    let decision = Box::new(decision(whole.as_ref())?);
    let by = format!("{} with centerfire {command}", user());
    match context.ask(&entry, command, Request::Decide { approval: id, by, decision })? {
        Answer::Settled { settled } => {
            context.say(&json!(settled), String::new);
            Ok(ExitCode::SUCCESS)
        }
        other => anyhow::bail!("unexpected answer {other:?}"),
    }
}

/// Who sits here, for the record.
fn user() -> String {
    let named = std::env::var("USER").ok().filter(|name| !name.is_empty());
    named.unwrap_or_else(|| format!("user {}", rustix::process::getuid().as_raw()))
}
