//! What the program does, if it is an agent: what is said of it, by its reports, its hooks, the screen and others, becomes
//! one state (`adapter/src/state/`), which is recorded, and told to whoever follows.
//!
//! The screen is looked at only for CLIs of which there are rules, a while after output: nothing is looked at in the middle
//! of a frame if that can be helped, and what it says counts once it has said it twice.

use super::Host;
use super::notify::{News, Occasion};
use adapter::Adapter;
use adapter::state::{Decided, Fusion, Shown};
use protocol::frame::{Event, Status};
use protocol::{AgentState, AgentStatus, Body, Claim, ExitStatus, Meta, Offset, Source, Time};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// From output to a look at the screen, and between two looks.
const LOOK_AFTER: Duration = Duration::from_millis(250);

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
    /// States of this turn, of which nobody was told yet.
    changes: Vec<AgentStatus>,
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
        Self {
            fusion: known.map_or_else(|| Fusion::new(meta.created), Fusion::resume),
            adapter: adapter::of_command(&meta.words()),
            version: meta.cli_version.clone(),
            // What it asks may have been settled while no host was there.
            heard: true,
            look_at: None,
            glimpse: None,
            changes: Vec::new(),
        }
    }

    pub(super) fn hear(&mut self, claim: Claim) {
        self.fusion.hear(claim);
        self.heard = true;
    }

    /// The questions that wait are others.
    pub(super) fn questions_changed(&mut self) {
        self.heard = true;
    }

    /// A question was settled: whoever was blocked on it goes on, until something else is said.
    pub(super) fn settled(&mut self, agent: Option<&String>, by: &str) {
        let blocked = self.fusion.status().claims.iter().find(|claim| {
            claim.source == Source::Hook
                && claim.agent.as_ref() == agent
                && claim.state == AgentState::Blocked
        });
        if let Some(blocked) = blocked {
            let evidence = format!("settled by {by}");
            let (state, since) = (AgentState::Working, Time::now());
            let claim = Claim { state, on: None, reason: None, since, evidence, ..blocked.clone() };
            self.fusion.hear(claim);
        }
        self.heard = true;
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
        self.look_at.into_iter().chain(settles).min()
    }

    pub(super) fn status(&self) -> &AgentStatus {
        self.fusion.status()
    }

    /// Whether anything was ever said of it.
    pub(super) fn is_known(&self) -> bool {
        self.adapter.is_some() || !self.status().claims.is_empty()
    }

    /// Looks at the screen, if that is due.
    fn look(&mut self, title: &str, lines: impl FnOnce() -> Vec<String>) {
        if self.look_at.is_none_or(|due| Instant::now() < due) {
            return;
        }
        self.look_at = None;
        let Some(adapter) = self.adapter else { return };
        let shown = Shown { title, lines: &lines() };
        let Some(claim) = adapter.rules().judge(&shown, self.version.as_deref(), Time::now()) else { return };
        let is_same = |other: &Claim| (other.state, other.on) == (claim.state, claim.on);
        let said = self.status().claims.iter().find(|claim| claim.source == Source::Screen);
        if said.is_some_and(is_same) {
            self.glimpse = None;
        } else if let Some(before) = self.glimpse.take_if(|glimpse| is_same(glimpse)) {
            self.hear(Claim { since: before.since, ..claim });
        } else {
            self.glimpse = Some(claim);
            self.look_at = Some(Instant::now() + LOOK_AFTER);
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
            // The record has a time of its own.
            let claim = Claim { since: Time::default(), ..self.agent.status().claim.clone() };
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
        let (title, screen) = (&self.output.title, self.output.canvas.screen());
        self.agent.look(title, || screen.lines());
        let settles = self.agent.fusion.settles().is_some_and(|due| Time::now() >= due);
        if self.agent.heard || settles {
            // By the last byte of the output.
            self.decide_agent(Offset(self.recording.offset().0.saturating_sub(1)));
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
