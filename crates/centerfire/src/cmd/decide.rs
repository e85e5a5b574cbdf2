//! What `approve` and `deny` have in common: which question is meant, and how it is answered.

use super::approvals;
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

/// Questions that are listed where it is not said which is meant, and of each what is told.
const LISTED_MAX: usize = 20;
const WHAT_MAX_CHARS: usize = 60;

/// A question of a session.
#[derive(clap::Args)]
pub(super) struct Which {
    /// The session's name, id or the beginning of one; needless where one question alone waits in all of them
    #[arg(add = ArgValueCandidates::new(completion::running))]
    session: Option<String>,
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
    let (entry, id) = match &which.session {
        Some(session) => (context.find(Some(session))?, which.id),
        None => only_of_all(context, command)?,
    };
    let id = match id {
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

/// The question that is meant where no session is named.
fn only_of_all(context: &Context, command: &str) -> anyhow::Result<(Entry, Option<u32>)> {
    let mut waiting = approvals::of_all(context)?;
    match waiting.len() {
        0 => anyhow::bail!("nothing waits for an answer in any session"),
        1 => Ok(waiting.remove(0)).map(|(entry, approval)| (entry, Some(approval.id))),
        count => {
            let line = |(entry, approval): &(Entry, Approval)| {
                let Approval { id, ask, .. } = approval;
                let what = one_line(&format!("{} {}", ask.tool, adapter::gist(&ask.input)));
                let what: String = what.chars().take(WHAT_MAX_CHARS).collect();
                format!("\n  centerfire {command} {} {id}  # {what}", shell_word(&entry.name))
            };
            let lines: String = waiting.iter().take(LISTED_MAX).map(line).collect();
            anyhow::bail!("{count} questions wait; say which:{lines}")
        }
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
    let answers = settled.decision.iter().flat_map(|decision| &decision.answers);
    let answers: Vec<String> = answers.map(|(question, answer)| format!("{question} {answer}")).collect();
    if !answers.is_empty() {
        return one_line(&format!("answered {}: {}", settled.id, answers.join("; ")));
    }
    let how = match settled.decision.as_ref().map(|decision| decision.behaviour) {
        Some(Behaviour::Deny) => "denied",
        _ => "allowed",
    };
    let what = asked.map(|Approval { ask, .. }| format!(": {} {}", ask.tool, adapter::gist(&ask.input)));
    let always = settled.decision.as_ref().and_then(|decision| decision.always.as_ref());
    let always = always.map(|words| format!("; for later too: {words}"));
    one_line(&format!("{how} {}{}{}", settled.id, what.unwrap_or_default(), always.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Time;
    use std::collections::BTreeMap;

    #[test]
    fn an_answer_is_told_as_it_was_given() {
        let answers = BTreeMap::from([("Which db?".to_owned(), "Redis".to_owned())]);
        let decision =
            Decision { behaviour: Behaviour::Allow, message: None, answers, input: None, always: None };
        let settled =
            |decision| Settled { id: 3, time: Time(0), by: String::new(), decision: Some(decision) };
        assert_eq!(done(&settled(decision.clone()), None), "answered 3: Which db? Redis");
        let leave = Decision { answers: BTreeMap::new(), ..decision };
        assert_eq!(done(&settled(leave.clone()), None), "allowed 3");
        let lasting = Decision { always: Some("touch *".to_owned()), ..leave };
        assert_eq!(done(&settled(lasting), None), "allowed 3; for later too: touch *");
    }
}
