//! `centerfire wait`: until something is true of a session.

mod text;

use super::quantity::seconds;
use crate::completion;
use crate::context::Context;
use crate::exit;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap_complete::ArgValueCandidates;
use protocol::frame::{Answer, Event, Request};
use protocol::{AgentState, AgentStatus, Offset, Phase};
use regex::Regex;
use serde_json::json;
use session::client::{HostClient, insist};
use session::name::shell_word;
use session::registry::Entry;
use session::wait::{Condition, Seen};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use text::TextWatch;

/// Wait until a session's program ends, shows a text, or is in a state
///
/// A state that was reached before `--since` does not count: give it the offset that `send` printed, and an answer
/// from before the question is not taken for the answer. The exit code is 124 after the time-out.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire wait claude --for done --since 12345\n  centerfire wait build --for text --match 'error|finished'"
)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one
    #[arg(add = ArgValueCandidates::new(completion::running))]
    session: String,
    /// What to wait for. `idle` is satisfied by done as well
    #[arg(long = "for", value_parser = awaited(), value_name = "STATE")]
    condition: Awaited,
    /// For `text`: a regular expression for a line of the screen
    #[arg(long = "match", value_name = "REGEX", required_if_eq("condition", "text"))]
    pattern: Option<Regex>,
    /// Only what comes after this output offset counts
    #[arg(long, value_name = "OFFSET")]
    since: Option<u64>,
    /// Give up after this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
}

/// What is waited for: the screen is looked at for a text, and of the rest the host tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Awaited {
    Text,
    Told(Condition),
}

fn awaited() -> impl TypedValueParser<Value = Awaited> {
    let names = Condition::NAMES.into_iter().chain(["text"]);
    PossibleValuesParser::new(names).map(|name| Condition::named(&name).map_or(Awaited::Text, Awaited::Told))
}

/// What waiting at a host came to.
enum Waited {
    Seen(Seen),
    TimedOut,
    /// The program ended: what is not in the past by now will not come.
    Over,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(Some(&self.session))?;
        // A time beyond the clock's end is none.
        let end = self.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        match self.wait(context, &entry, end)? {
            Some(seen) => {
                context.say(&seen.json(), String::new);
                Ok(ExitCode::SUCCESS)
            }
            None => {
                let why = self.waited_in_vain(&entry);
                match context.json {
                    true => crate::term::say(json!({ "error": why, "code": "TIMED_OUT" })),
                    false => eprintln!("centerfire: {why}"),
                }
                Ok(ExitCode::from(exit::TIMED_OUT))
            }
        }
    }

    fn waited_in_vain(&self, entry: &Entry) -> String {
        let seconds = self.timeout.unwrap_or_default().as_secs_f64();
        let name = &entry.name;
        let state = entry.status.as_ref().map(|status| status.agent().claim.state);
        let silent = state.is_none_or(|state| state == AgentState::Unknown);
        let what = match self.condition {
            Awaited::Text => "showed no line that matches",
            Awaited::Told(Condition::Exit) => "did not end",
            Awaited::Told(Condition::Idle) => "was not idle",
            Awaited::Told(Condition::Blocked) => "was not blocked",
            Awaited::Told(Condition::Done) => "was not done",
            Awaited::Told(Condition::Working) => "did not work",
            Awaited::Told(Condition::Error) => "met no error",
            Awaited::Told(Condition::Limit) => "met no limit",
        };
        let why = match self.condition {
            Awaited::Told(Condition::Exit) | Awaited::Text => "",
            _ if silent => ", and its program has never told its state",
            _ => "",
        };
        format!(
            "`{name}` {what} within {seconds} s{why}; `centerfire screen {}` shows where it is",
            shell_word(name)
        )
    }

    /// Waits through the death of a host: its successor is asked, or the past where there is none.
    fn wait(&self, context: &Context, entry: &Entry, end: Option<Instant>) -> anyhow::Result<Option<Seen>> {
        let mut text = match (&self.pattern, self.since) {
            (Some(pattern), Some(since)) => Some(TextWatch::since(entry, pattern, Offset(since))?),
            _ => None,
        };
        if entry.phase == Phase::Running {
            let ask = |client| self.wait_on_host(client, entry, end, &mut text);
            match insist(&entry.folder, &entry.meta, "wait", end, ask) {
                Ok(Waited::Seen(seen)) => return Ok(Some(seen)),
                Ok(Waited::TimedOut) => return Ok(None),
                Ok(Waited::Over) => {}
                Err(error) if !error.is_gone() => return Err(error.into()),
                Err(_) if entry.folder.exit()?.is_some() || !entry.folder.is_held(&entry.meta) => {}
                Err(_) if end.is_some_and(|end| Instant::now() >= end) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        let entry = context.find(Some(&entry.meta.id.to_string()))?;
        self.look_at_the_past(&entry, text).map(Some)
    }

    fn wait_on_host<'a>(
        &'a self,
        mut client: HostClient,
        entry: &Entry,
        end: Option<Instant>,
        text: &mut Option<TextWatch<'a>>,
    ) -> session::Result<Waited> {
        client.call(Request::Follow)?;
        if let Answer::Status(status) = client.call(Request::Status)?
            && let Some(seen) = self.state(&status.agent())
        {
            return Ok(Waited::Seen(seen));
        }
        if let (None, Some(pattern)) = (&text, &self.pattern) {
            *text = Some(TextWatch::from_now(&mut client, entry, pattern)?);
        }
        loop {
            if let Some((line, offset)) = text.as_mut().map(TextWatch::look).transpose()?.flatten() {
                return Ok(Waited::Seen(Seen::Line(line, offset)));
            }
            while let Some(event) = client.event()? {
                match event {
                    Event::Exited { status, offset } if self.condition == Awaited::Told(Condition::Exit) => {
                        return Ok(Waited::Seen(Seen::Exit(status, offset)));
                    }
                    Event::Exited { .. } => return Ok(Waited::Over),
                    Event::State { agent } => {
                        if let Some(seen) = self.state(&agent) {
                            return Ok(Waited::Seen(seen));
                        }
                    }
                    _ => {}
                }
            }
            if !listen(&mut client, end)? {
                return Ok(Waited::TimedOut);
            }
        }
    }

    fn state(&self, agent: &AgentStatus) -> Option<Seen> {
        match self.condition {
            Awaited::Text => None,
            Awaited::Told(condition) => condition.met(agent, self.since.map(Offset)),
        }
    }

    /// A session that does not run any more can still have shown a text, and has its exit; no state will come.
    fn look_at_the_past(&self, entry: &Entry, text: Option<TextWatch<'_>>) -> anyhow::Result<Seen> {
        if self.condition == Awaited::Told(Condition::Exit)
            && let Some(exit) = entry.folder.exit()?
        {
            return Ok(Seen::end(&exit, &entry.folder)?);
        }
        let text = match (text, &self.pattern) {
            (None, Some(pattern)) => Some(TextWatch::since(entry, pattern, Offset::ZERO)?),
            (text, _) => text,
        };
        if let Some((line, offset)) = text.map(|mut text| text.look()).transpose()?.flatten() {
            return Ok(Seen::Line(line, offset));
        }
        Err(session::summary::ended(entry).into())
    }
}

/// Waits for the host to say something; false after the time-out.
fn listen(client: &mut HostClient, end: Option<Instant>) -> session::Result<bool> {
    let far = Instant::now() + Duration::from_secs(3600);
    match client.receive(end.unwrap_or(far).min(far)) {
        Ok(()) => Ok(true),
        Err(error) if error.is_timeout() => Ok(end.is_none_or(|end| Instant::now() < end)),
        Err(error) => Err(error),
    }
}
