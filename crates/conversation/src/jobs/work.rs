//! Works jobs off, one at a time: chooses a conversation, reserves the money, asks, keeps what came.

use super::answer;
use super::budget::{Attempt, Reserved, next_day};
use super::client::{Client, Kind, Paid, Refusal, WHOLE, no_answer};
use super::due::{self, Due};
use super::prompt::{excerpt, prompt, request};
use super::results::{Setback, Tried};
use super::{Settings, dollars};
use crate::intake::Intake;
use crate::ledger::Ledger;
use crate::store::Store;
use crate::{Error, Result};
use llm::Answer;
use llm::messages::Request;
use llm::price::Prices;
use protocol::{Time, Usage};
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A conversation in which nothing happened for so long is over for now: an agent's longest tools run ten minutes.
pub(super) const QUIET: Duration = Duration::from_mins(10);
/// A conversation that failed so often is given up.
pub(super) const TRIES_MAX: u32 = 5;
/// Before the second try; before each further one it is four times as long.
const AGAIN_FIRST: Duration = Duration::from_secs(2);
const AGAIN_MAX: Duration = Duration::from_hours(1);
/// What only a person can mend is tried again after this time, in case one did.
const SETTINGS_AGAIN: Duration = Duration::from_hours(1);
/// Who wants something now waits so long for a server that is busy, or for another who is at a job.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Of what was reserved: figures of an answer that come to more are not believed.
const BELIEVED_TIMES: u64 = 10;
/// While another process is at a job.
const LOCKED_AGAIN: Duration = Duration::from_secs(1);

/// What came of a step.
#[derive(Debug)]
pub enum Step {
    /// A request was made.
    Tried(Report),
    /// A conversation had nothing to be asked about.
    PassedOver,
    /// Nothing can be done before this time, and why.
    Waits {
        /// It may be over before: somebody else may be done, or change something.
        until: Time,
        /// In words, with what to do next.
        why: String,
    },
    /// Nothing is left to do; until this time, if something is tried again then.
    Idle(Option<Time>),
}

/// One request, for a line of a log: no text and no key.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// Whose conversation it was about.
    pub cli: String,
    /// The CLI's own id of it.
    pub conversation: String,
    /// Which model was asked.
    pub model: String,
    /// What it took, where that is known.
    pub usage: Option<Usage>,
    /// What it cost, in millionths of a dollar; unknown where it may have cost something.
    pub cost: Option<u64>,
    /// Whether its own figures come to more than was reserved, which is the most that such a request can cost.
    pub is_odd: bool,
    /// How long it took.
    pub took: Duration,
    /// Why it came to nothing.
    pub failed: Option<String>,
    /// Whether it is tried again, where it came to nothing.
    pub is_tried_again: bool,
}

impl Report {
    /// Whether an answer came, or may have: one in vain costs as much, and counts to what somebody wants at most.
    pub fn is_paid(&self) -> bool {
        self.failed.is_none() || self.cost != Some(0)
    }
}

/// Who works.
pub struct Worker<'a> {
    state: PathBuf,
    settings: &'a Settings,
    client: Client,
    prices: Prices,
    ledger: Ledger,
}

impl<'a> Worker<'a> {
    /// One with these settings; a model without a price is refused, since nobody could say what it spends.
    pub fn new(state: &Path, settings: &'a Settings) -> Result<Self> {
        Self::within(state, settings, WHOLE)
    }

    pub(super) fn within(state: &Path, settings: &'a Settings, whole: Duration) -> Result<Self> {
        let prices = Store::prices_of(state)?;
        if prices.of(&settings.model).is_none() {
            return Err(Error::NoPrice { model: settings.model.clone(), path: state.join("prices.json") });
        }
        let client = Client::new(settings, whole);
        Ok(Self { state: state.to_owned(), settings, client, prices, ledger: Ledger::open(state)? })
    }

    /// Does one job; a run by hand, by when it began, takes conversations that are not quiet yet, each once.
    pub fn step(&mut self, now: Time, run: Option<Time>) -> Result<Step> {
        let Some(_lock) = lock(&self.state)? else {
            let why = "another process is at a job".to_owned();
            return Ok(Step::Waits { until: later(now, LOCKED_AGAIN), why });
        };
        if let Some(pause) = self.ledger.pause(now)? {
            return Ok(Step::Waits { until: pause.until, why: pause.why });
        }
        let purges = self.ledger.purges()?;
        let Some(store) = Store::open(&self.state)? else { return Ok(Step::Idle(None)) };
        due::check(&store)?;
        if Intake::is_under_way(&self.state) {
            return Ok(being_read(now));
        }
        let Some(due) = due::next(&store, self.settings.kinds, now, run)? else {
            return Ok(Step::Idle(due::again(&store, now)?));
        };
        if run.is_none() && due.is_news_of_the_future(now) {
            self.ledger.put_off((&due.cli, &due.name), due.ended, later(now, QUIET), now)?;
            return Ok(Step::PassedOver);
        }
        let kinds = self.settings.kinds;
        let excerpt = excerpt(&store, due.id)?;
        drop(store);
        // Begun since this was read.
        if Intake::is_under_way(&self.state) {
            return Ok(being_read(now));
        }
        let Some(excerpt) = excerpt.filter(|excerpt| !due.is_done(kinds, &excerpt.digest)) else {
            self.ledger.pass_over((&due.cli, &due.name), due.ended, kinds, now)?;
            return Ok(Step::PassedOver);
        };
        let prompt = prompt(&excerpt);
        let request = request(&self.settings.model, &prompt, kinds);
        let (id, tries, at_most) = match self.reserve(now, &due, &request)? {
            Ok(reserved) => reserved,
            Err(step) => return Ok(step),
        };
        let begun = Instant::now();
        let answer = self.client.ask(self.settings, &request);
        let found = answer.and_then(|answer| self.read(&answer, &excerpt.entries));
        // The clock of who called stands still while it is waited.
        let now = later(now, begun.elapsed());
        let model = self.settings.model.as_str();
        let tried = Tried { id, cli: &due.cli, name: &due.name, model, purges, cost: None, now };
        let mut report = self.report(&due, begun);
        match found {
            Ok((usage, found)) => {
                let cost = usage.and_then(|usage| self.believed(&usage, at_most));
                (report.usage, report.cost) = (usage, cost);
                report.is_odd = cost.is_some_and(|cost| cost > at_most);
                if !self.ledger.keep(&Tried { cost, ..tried }, &excerpt.digest, kinds, &found)? {
                    report.failed = Some("something was purged meanwhile; it is asked again".to_owned());
                    report.is_tried_again = true;
                }
            }
            Err(refusal) => self.fail(tried, (tries, at_most), refusal, &mut report)?,
        }
        Ok(Step::Tried(report))
    }

    fn report(&self, due: &Due, begun: Instant) -> Report {
        Report {
            cli: due.cli.clone(),
            conversation: due.name.clone(),
            model: self.settings.model.clone(),
            usage: None,
            cost: None,
            is_odd: false,
            took: begun.elapsed(),
            failed: None,
            is_tried_again: false,
        }
    }

    /// Reserves the most that a request can cost; else says until when there is no money.
    fn reserve(
        &mut self,
        now: Time,
        due: &Due,
        request: &Request,
    ) -> Result<std::result::Result<(i64, u32, u64), Step>> {
        let input = request.input_at_most();
        // The dearest way in which tokens can be read: kept for an hour.
        let most = |usage| self.prices.cost(request.model, &usage).unwrap_or(u64::MAX);
        let read = Usage { input, output: request.max_tokens, ..Usage::default() };
        let kept = Usage { cache_write_hour: input, output: request.max_tokens, ..Usage::default() };
        let at_most = most(read).max(most(kept));
        let daily_budget = self.settings.daily_budget;
        let Due { cli, name, ended, .. } = due;
        let attempt = Attempt { cli, name, ended: *ended, model: request.model, at_most, daily_budget };
        Ok(match self.ledger.reserve(now, &attempt)? {
            Reserved::Yes { id, tries } => Ok((id, tries, at_most)),
            Reserved::GivenUp => Err(Step::PassedOver),
            Reserved::No => {
                let spent = self.ledger.spent(now)?;
                let why = format!(
                    "of the day's budget of {} {} is spent, and the next request may cost {}; raise `jobs.daily_budget`, or wait \
                     for the next day (UTC)",
                    dollars(daily_budget),
                    dollars(spent),
                    dollars(at_most)
                );
                self.ledger.tell_spent(now, daily_budget, &why)?;
                Err(Step::Waits { until: next_day(now), why })
            }
        })
    }

    /// What an answer says, and what it took.
    fn read(
        &self,
        answer: &Answer,
        entries: &[String],
    ) -> std::result::Result<(Option<Usage>, answer::Findings), Refusal> {
        // One that read nothing says nothing of what it took: it counts with all that was reserved.
        let usage = Some(answer.usage).filter(|usage| usage.context() > 0);
        let paid = usage.map_or(Paid::Unknown, Paid::Usage);
        let found = answer::read(answer, self.settings.kinds, entries);
        Ok((usage, found.map_err(|why| no_answer(why, paid))?))
    }

    /// What an answer cost by its own figures, as far as they can be: more than was reserved cannot have been read, but for
    /// what a server adds of its own.
    fn believed(&self, usage: &Usage, at_most: u64) -> Option<u64> {
        let cost = self.prices.cost(&self.settings.model, usage)?;
        Some(cost.min(at_most.saturating_mul(BELIEVED_TIMES)))
    }

    fn fail(
        &mut self,
        tried: Tried,
        (tries, at_most): (u32, u64),
        refusal: Refusal,
        report: &mut Report,
    ) -> Result<()> {
        let Refusal { kind, mut why, retry_after, paid } = refusal;
        let (usage, cost) = match paid {
            Paid::Nothing => (None, Some(0)),
            Paid::Usage(usage) => (Some(usage), self.believed(&usage, at_most)),
            Paid::Unknown => (None, None),
        };
        let is_of_server = matches!(kind, Kind::Busy | Kind::Broken);
        let failures = if is_of_server { self.ledger.failures()? + 1 } else { 0 };
        let wait = match kind {
            Kind::Settings => SETTINGS_AGAIN,
            Kind::Busy => again_after(failures),
            _ => again_after(tries.max(failures)),
        };
        // A server may ask for more patience than ours, and never for less.
        let again = later(tried.now, wait.max(retry_after.unwrap_or_default()));
        let is_given_up = match kind {
            Kind::Settings | Kind::Busy => false,
            Kind::Request => true,
            Kind::Broken | Kind::Answer => tries >= TRIES_MAX,
        };
        if is_given_up && kind != Kind::Request {
            why = format!("{why}; given up after {tries} tries: `centerfire jobs retry` tries again");
        }
        let pause = (is_of_server || kind == Kind::Settings).then_some(again);
        let setback = Setback {
            why: &why,
            again: (!is_given_up).then_some(again),
            is_free: matches!(kind, Kind::Settings | Kind::Busy),
            pause,
        };
        self.ledger.fail(&Tried { cost, ..tried }, &setback)?;
        (report.usage, report.cost) = (usage, cost);
        report.is_odd = cost.is_some_and(|cost| cost > at_most);
        (report.failed, report.is_tried_again) = (Some(why), !is_given_up);
        Ok(())
    }
}

fn being_read(now: Time) -> Step {
    let why = "conversations are being taken in, some of them by halves; `centerfire import` ends what was cut short";
    Step::Waits { until: later(now, LOCKED_AGAIN), why: why.to_owned() }
}

/// Held while a request is made: two processes make none at a time.
fn lock(state: &Path) -> Result<Option<File>> {
    let path = lock_path(state);
    let failed = |source| Error::Io { path: path.clone(), source };
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(failed)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(failed(error.into())),
    }
}

pub(super) fn lock_path(state: &Path) -> PathBuf {
    state.join("jobs.lock")
}

fn later(now: Time, by: Duration) -> Time {
    Time(now.0.saturating_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)))
}

/// Longer after each try, and never the same for two who failed together.
fn again_after(tries: u32) -> Duration {
    let whole = AGAIN_FIRST.saturating_mul(4u32.saturating_pow(tries.saturating_sub(1))).min(AGAIN_MAX);
    let chance = std::hash::RandomState::new().build_hasher().finish() % 1_000;
    whole.mul_f64(0.75 + chance as f64 / 2_000.0)
}

#[test]
fn tries_come_later_and_later_and_never_together() {
    let some = |tries| (0..50).map(|_| again_after(tries)).collect::<std::collections::BTreeSet<_>>();
    assert!(some(1).len() > 10);
    for tries in 1..TRIES_MAX {
        let (now, next) = (some(tries), some(tries + 1));
        assert!(now.last() < next.first(), "{tries}");
    }
    assert!(some(40).into_iter().all(|wait| wait <= AGAIN_MAX.mul_f64(1.25)));
}
