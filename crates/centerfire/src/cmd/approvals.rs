//! `centerfire approvals`: what programs ask leave for.

use super::asked;
use super::pending::pending;
use crate::completion;
use crate::context::Context;
use crate::fit;
use crate::term::{one_line, say};
use clap_complete::ArgValueCandidates;
use protocol::frame::{Answer, Request};
use protocol::{Approval, Phase, Time};
use serde_json::{Value, json};
use session::client::HostClient;
use session::registry::Entry;
use std::process::ExitCode;
use std::time::Duration;

/// How long one host is waited for when all are asked; of a slower one its last words count.
const HOST_WITHIN: Duration = Duration::from_secs(1);

/// Columns of a tool's name, which may be that of a server and a tool of it.
const TOOL_MAX: usize = 24;

/// List what programs ask leave for: permissions, questions and plans that wait for an answer
///
/// Each waits in its session's terminal as well; the first answer counts. With a session its questions are shown whole.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire approvals\n  centerfire approvals claude --json\nThen:      centerfire approve claude, centerfire deny claude --message 'use git mv'"
)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one; without it all that run
    #[arg(add = ArgValueCandidates::new(completion::running))]
    session: Option<String>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let mut waiting = Vec::new();
        match &self.session {
            Some(session) => {
                let entry = context.find(Some(session))?;
                for approval in pending(context, &entry, "approvals")?.approvals {
                    waiting.push((entry.clone(), whole(context, &entry, approval)?));
                }
            }
            None => waiting = of_all(context)?,
        }
        if context.json {
            let all: Vec<Value> = waiting.iter().map(|(entry, approval)| describe(entry, approval)).collect();
            say(json!(all));
        } else if waiting.is_empty() {
            eprintln!("nothing waits for an answer");
        } else if self.session.is_some() {
            waiting.iter().for_each(|(_, approval)| say(asked::whole(approval)));
        } else {
            table(&waiting);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What waits in all sessions.
pub(super) fn of_all(context: &Context) -> anyhow::Result<Vec<(Entry, Approval)>> {
    let mut waiting = Vec::new();
    for entry in context.registry().list()?.into_iter().flatten() {
        if entry.phase == Phase::Running {
            waiting.extend(of(&entry).into_iter().map(|approval| (entry.clone(), approval)));
        }
    }
    Ok(waiting)
}

/// A question with all of its input.
fn whole(context: &Context, entry: &Entry, approval: Approval) -> anyhow::Result<Approval> {
    if !approval.ask.cut {
        return Ok(approval);
    }
    match context.ask(entry, "approvals", Request::Approvals { approval: Some(approval.id) }) {
        Ok(Answer::Approvals { approvals }) => Ok(approvals.into_iter().next().unwrap_or(approval)),
        // It was settled just now.
        _ => Ok(approval),
    }
}

/// The same of one session among all, none of which may hold up the others. One that ended meanwhile asks for nothing, whatever
/// its last words were.
fn of(entry: &Entry) -> Vec<Approval> {
    let ask = || {
        let mut client = HostClient::connect_within(&entry.meta, "approvals", HOST_WITHIN)?;
        client.call_with(Request::Approvals { approval: None }, &[], None, HOST_WITHIN)
    };
    match ask() {
        Ok((Answer::Approvals { approvals }, _)) => approvals,
        _ if entry.folder.exit().is_ok_and(|exit| exit.is_some()) => Vec::new(),
        _ => entry.status.as_ref().map(|status| status.approvals.clone()).unwrap_or_default(),
    }
}

fn describe(entry: &Entry, approval: &Approval) -> Value {
    let mut value = json!(approval);
    value["session"] = json!(entry.meta.id);
    value["name"] = json!(entry.name);
    value
}

fn table(waiting: &[(Entry, Approval)]) {
    let now = Time::now();
    let width = waiting.iter().map(|(entry, _)| entry.name.chars().count()).max().unwrap_or(0).max(7);
    let tools = waiting.iter().map(|(_, approval)| approval.ask.tool.chars().count()).max();
    let tools = tools.unwrap_or(0).clamp(4, TOOL_MAX);
    fit::say(&format!(
        "{:<width$}  {:>3}  {:>5}  {:<10}  {:<tools$}  WHAT",
        "SESSION", "ID", "AGE", "KIND", "TOOL"
    ));
    for (entry, approval) in waiting {
        let ask = &approval.ask;
        fit::say(&format!(
            "{:<width$}  {:>3}  {:>5}  {:<10}  {:<tools$}  {}",
            entry.name,
            approval.id,
            super::token::in_words(now.since(approval.since)),
            asked::kind(ask.kind),
            crate::fit::cut(&one_line(&ask.tool), TOOL_MAX as u16),
            one_line(&adapter::gist(&ask.input)),
        ));
    }
}
