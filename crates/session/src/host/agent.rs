//! What the program does, if it is an agent: what is said of it, by its reports, its hooks, the screen and others, becomes
//! one state (`adapter/src/state/`), which is recorded, and told to whoever follows.
//!
//! The screen is looked at only for CLIs of which there are rules, a while after output: nothing is looked at in the middle
//! of a frame if that can be helped, and what it says counts once it has said it twice.

use super::Host;
use super::foreground::Foreground;
use super::notify::{News, Occasion};
use super::output::Output;
use adapter::Adapter;
use adapter::state::{Decided, Fusion, Shown, of_ask};
use protocol::approval::Ask;
use protocol::frame::Event;
use protocol::{AgentState, AgentStatus, Body, Claim, ExitStatus, Meta, Offset, Source, Status, Time};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// From output to a look at the screen, and between two looks.
const LOOK_AFTER: Duration = Duration::from_millis(250);
/// Looks that fit no rule until what the screen said is taken back.
const UNFIT_MAX: u8 = 4;
/// What the screen goes on saying counts against what others said so long ago.
const STILL_AFTER_US: u64 = 1_000_000; // 1 s
/// Characters of each text of a claim that comes from outside.
const TEXT_CHARS: usize = 200;

/// What is known of the program as an agent.
pub(super) struct Agent {
    fusion: Fusion,
    adapter: Option<&'static dyn Adapter>,
    version: Option<String>,
    /// Something was said since the last decision.
    heard: bool,
    look_at: Option<Instant>,
    /// What the screen said last, which does not count yet.
    glimpse: Option<Claim>,
    /// Looks in a row that fitted no rule.
    unfit: u8,
    /// Of a program of which nothing is known.
    pub(super) foreground: Option<Foreground>,
    /// States of this turn, of which nobody was told yet.
    changes: Vec<AgentStatus>,
}

/// What somebody outside says, with texts of which `status.json` can hold many.
pub(super) fn cut_texts(claim: Claim) -> Claim {
    let cut = |text: String| match text.char_indices().nth(TEXT_CHARS) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    };
    let Claim { reason, evidence, agent, .. } = claim;
    Claim { reason: reason.map(cut), evidence: cut(evidence), agent: agent.map(cut), ..claim }
}

impl Agent {
    /// Of a program that starts.
    pub(super) fn new(meta: &Meta) -> Self {
        let mut agent = Self::resume(meta, None);
        if let Some(adapter) = agent.adapter {
            agent.fusion = Fusion::starting(Time::now(), adapter.name(), adapter.reports());
        }
        agent
    }

    /// Of a program that another host started.
    pub(super) fn resume(meta: &Meta, status: Option<&Status>) -> Self {
        let known = status.and_then(|status| status.agent.as_deref().cloned());
        let adapter = adapter::of_command(&meta.words());
        Self {
            foreground: adapter.is_none().then(|| Foreground::new(known.is_some())),
            fusion: known.map_or_else(|| Fusion::new(meta.created), Fusion::resume),
            adapter,
            version: meta.cli_version.clone(),
            // What it asks may have been settled while no host was there.
            heard: true,
            look_at: None,
            glimpse: None,
            unfit: 0,
            changes: Vec::new(),
        }
    }

    pub(super) fn hear(&mut self, claim: Claim) {
        self.fusion.hear(claim);
        self.heard = true;
    }

    /// Takes what somebody outside knows: of its records alone, nothing of the future, and nothing older than what is known.
    pub(super) fn hear_witness(&mut self, claim: Claim) {
        if !matches!(claim.source, Source::Transcript | Source::Register) {
            return;
        }
        let is_same = |known: &&Claim| (known.source, &known.agent) == (claim.source, &claim.agent);
        let known = self.status().claims.iter().find(is_same);
        if known.is_none_or(|known| known.since <= claim.since) {
            let since = claim.since.min(Time::now());
            self.hear(cut_texts(Claim { since, ..claim }));
            // It comes later than what it tells of, and perhaps nothing more is painted.
            self.painted();
        }
    }

    /// The questions that wait are others.
    pub(super) fn questions_changed(&mut self) {
        self.heard = true;
    }

    /// A question was settled: whoever was blocked on it goes on, until something else is said.
    pub(super) fn settled(&mut self, ask: &Ask, by: &str) {
        let source = of_ask(ask);
        let blocked = self.fusion.status().claims.iter().find(|claim| {
            claim.source == source && claim.agent == ask.agent && claim.state == AgentState::Blocked
        });
        if let Some(blocked) = blocked {
            let evidence = format!("settled by {by}");
            let (state, since) = (AgentState::Working, Time::now());
            let claim = Claim { state, on: None, reason: None, since, evidence, ..blocked.clone() };
            self.fusion.hear(claim);
        }
        self.heard = true;
    }

    /// The dialogs in which the program asks.
    pub(super) fn dialogs(&self) -> Option<&'static dyn adapter::dialog::Dialogs> {
        self.adapter?.dialogs()
    }

    /// What a screen says of it.
    pub(super) fn judges(&self, shown: &Shown<'_>, now: Time) -> Option<Claim> {
        self.adapter?.rules().judge(shown, self.version.as_deref(), now)
    }

    /// More was painted.
    pub(super) fn painted(&mut self) {
        if self.adapter.is_some() && self.look_at.is_none() {
            self.look_at = Some(Instant::now() + LOOK_AFTER);
        }
    }

    pub(super) fn ended(&mut self, status: ExitStatus) {
        let claim = Claim::of_process(AgentState::Exited, Time::now(), &status.to_string());
        self.hear(claim);
    }

    /// When to look again without an event.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let settles = self.fusion.settles().map(|due| {
            let now = UNIX_EPOCH.elapsed().unwrap_or_default();
            Instant::now() + Duration::from_micros(due.0).saturating_sub(now)
        });
        let foreground = self.foreground.as_ref().and_then(|foreground| foreground.look_at);
        self.look_at.into_iter().chain(settles).chain(foreground).min()
    }

    pub(super) fn status(&self) -> &AgentStatus {
        self.fusion.status()
    }

    /// Whether anything was ever said of it.
    pub(super) fn is_known(&self) -> bool {
        self.adapter.is_some() || !self.status().claims.is_empty()
    }

    /// Whether it is one, for all that is known: of any process its terminal tells something.
    pub(super) fn is_agent(&self) -> bool {
        self.adapter.is_some() || self.status().claims.iter().any(|claim| claim.source != Source::Process)
    }

    /// Looks at the screen, if that is due.
    fn look(&mut self, title: &str, lines: impl FnOnce() -> Vec<String>) {
        if self.look_at.is_none_or(|due| Instant::now() < due) {
            return;
        }
        self.look_at = None;
        let Some(adapter) = self.adapter else { return };
        let shown = Shown { title, lines: &lines() };
        let now = Time::now();
        let Some(claim) = adapter.rules().judge(&shown, self.version.as_deref(), now) else {
            return self.sees_nothing();
        };
        self.unfit = 0;
        let is_same = |other: &Claim| (other.state, other.on) == (claim.state, claim.on);
        let claims = &self.status().claims;
        if let Some(said) =
            claims.iter().find(|claim| claim.source == Source::Screen).filter(|said| is_same(said))
        {
            // What is still there outlives what a transcript tells of the time before it.
            let since = said.since;
            let later = claims
                .iter()
                .filter(|other| other.agent.is_none() && other.state != claim.state && other.since > since);
            let age = later.map(|other| now.0.saturating_sub(other.since.0)).max();
            self.glimpse = None;
            match age {
                Some(age) if age > STILL_AFTER_US => self.hear(claim),
                Some(age) => {
                    let rest = Duration::from_micros(STILL_AFTER_US - age);
                    self.look_at = Some(Instant::now() + rest + LOOK_AFTER);
                }
                None => {}
            }
        } else if let Some(before) = self.glimpse.take_if(|glimpse| is_same(glimpse)) {
            self.hear(Claim { since: before.since, ..claim });
        } else {
            self.glimpse = Some(claim);
            self.look_at = Some(Instant::now() + LOOK_AFTER);
        }
    }

    /// Nothing on the screen tells a state. In the middle of a picture that is no wonder; what stays so takes back what was
    /// said.
    fn sees_nothing(&mut self) {
        self.glimpse = None;
        let Some(said) = self.status().claims.iter().find(|claim| claim.source == Source::Screen) else {
            return;
        };
        if said.state == AgentState::Unknown {
            return;
        }
        let evidence = "nothing on the screen is known".to_owned();
        let (state, since) = (AgentState::Unknown, Time::now());
        let unknown = Claim { state, on: None, reason: None, since, evidence, ..said.clone() };
        self.unfit += 1;
        if self.unfit < UNFIT_MAX {
            self.look_at = Some(Instant::now() + LOOK_AFTER);
        } else {
            self.unfit = 0;
            self.hear(unknown);
        }
    }
}

impl Host {
    /// Decides anew what the program does, by what stands at this offset, and records a change.
    pub(super) fn decide_agent(&mut self, offset: Offset) {
        self.agent.heard = false;
        // What single sources say is seen in the file.
        self.status_file.age.changed();
        let decided = self.agent.fusion.decide(self.approvals.oldest(), Time::now(), offset);
        if decided == Decided::Other {
            // The record has a time of its own, and behind a report the report itself.
            let mut claim = Claim { since: Time::default(), ..self.agent.status().claim.clone() };
            if claim.source == Source::Report {
                (claim.reason, claim.evidence) = (None, String::new());
            }
            self.recording.note(Body::State(Box::new(claim)));
            if self.args.shared.settings.notify_on.contains(&self.agent.status().claim.state) {
                let agent = self.agent.status().clone();
                self.notifier.tell(News::new(Occasion::State, &self.meta, agent));
            }
        }
        if decided != Decided::Same {
            self.agent.changes.push(self.agent.status().clone());
        }
    }

    /// Looks at the screen and decides, if there is reason to, and tells the changes of this turn.
    pub(super) fn tend_agent(&mut self) {
        self.look_at_foreground();
        let Output { title, canvas, .. } = &mut self.output;
        if !canvas.is_behind() {
            self.agent.look(title, || canvas.screen().lines());
        }
        let settles = self.agent.fusion.settles().is_some_and(|due| Time::now() >= due);
        if self.agent.heard || settles {
            // By the last byte of the output. A question waits behind it: it may be asked before the program writes a byte, and who
            // sent a prompt up to here waits for it.
            let waits = self.approvals.oldest().is_some();
            let end = self.recording.offset().0;
            self.decide_agent(Offset(if waits { end } else { end.saturating_sub(1) }));
        }
        if self.agent.changes.is_empty() {
            return;
        }
        self.tend_status();
        for agent in std::mem::take(&mut self.agent.changes) {
            self.clients.publish(&Event::State { agent: Box::new(agent) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{SessionId, Size};

    /// Gemini CLI writes down what it was asked when it has answered, and paints nothing more.
    #[test]
    fn what_the_screen_goes_on_saying_outlives_a_late_transcript() {
        let meta = Meta {
            version: 1,
            id: SessionId::generate(),
            command: vec!["gemini".to_owned()],
            cwd: "/".to_owned(),
            bytes: None,
            size: Size::DEFAULT,
            created: Time::now(),
            boot: String::new(),
            machine: String::new(),
            parent: None,
            env: Vec::new(),
            variables: Default::default(),
            socket: String::new(),
            cli_version: Some("0.61.0".to_owned()),
            imported: None,
        };
        let mut agent = Agent::new(&meta);
        let state_at_rest = |agent: &mut Agent| {
            while let Some(due) = agent.look_at {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                agent.look("◇  Ready (shop)", Vec::new);
            }
            agent.fusion.decide(None, Time::now(), Offset::ZERO);
            agent.status().claim.state
        };
        agent.painted();
        assert_eq!(state_at_rest(&mut agent), AgentState::Idle);
        let (state, source, since) = (AgentState::Working, Source::Transcript, Time::now());
        let evidence = "user".to_owned();
        agent.hear_witness(Claim { state, on: None, reason: None, source, since, evidence, agent: None });
        assert_eq!(state_at_rest(&mut agent), AgentState::Idle);
    }
}
