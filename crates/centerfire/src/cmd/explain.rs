//! `centerfire explain`: why a session is in its state.

use crate::completion;
use crate::context::Context;
use crate::fit;
use crate::term::{one_line, paint};
use crate::when::{ago, clock};
use clap_complete::ArgValueCandidates;
use protocol::{AgentState, Approval, Claim, Settled, Source};
use serde::Serialize;
use serde_json::json;
use session::explain::{Explained, MOMENTS_MAX, Moment, What, explain};
use std::process::ExitCode;

/// Tell why a session is in its state: which source said what, and when
///
/// A program's own reports (OSC 7501) are believed first; of hooks, the CLI's transcript and register, and the screen,
/// whoever spoke last. A question that waits blocks, whatever else is said.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  centerfire explain\n  centerfire explain claude --last 100 --json")]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one; without it the latest
    #[arg(add = ArgValueCandidates::new(completion::all))]
    session: Option<String>,
    /// Moments of the past to tell, up to 1000
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=MOMENTS_MAX as i64))]
    last: u16,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(self.session.as_deref())?;
        let explained = explain(&entry, "explain", usize::from(self.last))?;
        if context.json {
            context.say(&json!(explained), String::new);
        } else {
            page(&entry.name, &explained);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn page(name: &str, explained: &Explained) {
    let claim = &explained.agent.claim;
    fit::say(&format!("{}: {}, since {} ago", one_line(name), coloured(claim), ago(claim.since)));
    if let Some(reason) = &claim.reason {
        fit::say(&format!("  {}", one_line(reason)));
    }
    if let Some(agent) = &claim.agent {
        fit::say(&format!("  of the sub-agent {}", one_line(agent)));
    }
    fit::say(&format!("  by {}: {}", word(&claim.source), one_line(&claim.evidence)));
    if !explained.agent.claims.is_empty() {
        fit::say(&format!("\n{:<10}  {:<20}  {:>5}  EVIDENCE", "SOURCE", "SAYS", "AGE"));
    }
    let mut claims: Vec<&Claim> = explained.agent.claims.iter().collect();
    claims.sort_by_key(|claim| (claim.agent.is_some(), std::cmp::Reverse(claim.since)));
    for claim in claims {
        let agent = claim.agent.as_ref().map(|agent| format!(" (sub-agent {agent})")).unwrap_or_default();
        fit::say(&format!(
            "{:<10}  {:<20}  {:>5}  {}{}",
            word(&claim.source),
            plain(claim),
            ago(claim.since),
            one_line(&claim.evidence),
            one_line(&agent)
        ));
    }
    if !explained.history.is_empty() {
        fit::say(&format!("\n{:<8}  {:>10}  {:<10}  WHAT", "TIME", "OFFSET", "SOURCE"));
    }
    if explained.left_out > 0 {
        fit::say(&format!("({} moments before; --last tells more)", explained.left_out));
    }
    for moment in &explained.history {
        fit::say(&line(moment));
    }
}

fn line(moment: &Moment) -> String {
    let (who, what) = match &moment.what {
        What::Said { claim } => {
            let agent =
                claim.agent.as_ref().map(|agent| format!(" of sub-agent {agent}")).unwrap_or_default();
            (word(&claim.source), format!("{}{}  {}", plain(claim), one_line(&agent), detail(claim)))
        }
        // What a terminal tells of a process is recorded nowhere else.
        What::Decided { claim } if claim.source == Source::Process => {
            ("=>".to_owned(), format!("{}  {}", coloured(claim), detail(claim)))
        }
        What::Decided { claim } => ("=>".to_owned(), coloured(claim)),
        What::Asked { approval } => ("question".to_owned(), asked(approval)),
        What::Settled { settled } => ("answer".to_owned(), over(settled)),
    };
    format!("{}  {:>10}  {who:<10}  {what}", clock(moment.time), moment.offset.0)
}

fn detail(claim: &Claim) -> String {
    let reason = claim.reason.as_deref().unwrap_or_default();
    one_line(&format!("{} {reason}", claim.evidence)).trim_end().to_owned()
}

fn asked(approval: &Approval) -> String {
    let ask = &approval.ask;
    one_line(&format!("{}: {} {}", approval.id, ask.tool, adapter::gist(&ask.input)))
}

fn over(settled: &Settled) -> String {
    one_line(&format!("{}: {} by {}", settled.id, settled.outcome(), settled.by))
}

pub(super) fn plain(claim: &Claim) -> String {
    let on = claim.on.map(|on| format!(" ({})", word(&on))).unwrap_or_default();
    format!("{}{on}", word(&claim.state))
}

fn coloured(claim: &Claim) -> String {
    paint(&plain(claim), colour(claim.state))
}

/// The colour of a state, as in `list`.
pub(super) fn colour(state: AgentState) -> &'static str {
    match state {
        AgentState::Blocked | AgentState::Error | AgentState::Limit => "31",
        AgentState::Working | AgentState::Starting => "33",
        AgentState::Idle | AgentState::Done => "32",
        AgentState::Exited | AgentState::Unknown => "2",
    }
}

/// The word of a value, as it is in JSON.
fn word(value: &impl Serialize) -> String {
    json!(value).as_str().unwrap_or_default().to_owned()
}
