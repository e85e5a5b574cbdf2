//! Asks a model over the Messages API, in one request without a stream: a background job has time.

use super::Settings;
use crate::caller::agent;
use llm::messages::{Request, VERSION};
use llm::{Answer, anthropic};
use protocol::Usage;
use redact::redact;
use serde_json::Value;
use std::io::Read as _;
use std::time::{Duration, SystemTime};
use ureq::http::header::RETRY_AFTER;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

/// A model writes two thousand tokens in half a minute; more than this is not waited.
pub(super) const WHOLE: Duration = Duration::from_secs(120);
/// Bytes of an answer: a hundred times what is asked for.
const ANSWER_BYTES: u64 = 1 << 20;
/// Bytes of an error's text that are read, and characters of it that are kept.
const SAID_BYTES: u64 = 4_000;
const SAID_CHARS: usize = 300;
/// A server that wants to be left alone for longer is asked again after this.
pub(super) const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// Who asks.
pub(super) struct Client {
    agent: Agent,
    url: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Refusal {
    pub kind: Kind,
    /// In words, with what to do next.
    pub why: String,
    pub retry_after: Option<Duration>,
    pub paid: Paid,
}

/// What is to be done about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Every request will end so until somebody changes the configuration.
    Settings,
    /// The server cannot just now, whoever asks: it says nothing of the conversation.
    Busy,
    /// The server failed at this request, and may fail at the next.
    Broken,
    /// This request will never be answered.
    Request,
    /// What came is no answer.
    Answer,
}

/// What a request without a result cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Paid {
    /// It was not answered by a model.
    Nothing,
    /// So much.
    Usage(Usage),
    /// It may have been answered, and the answer was lost.
    Unknown,
}

impl Client {
    pub fn new(settings: &Settings, whole: Duration) -> Self {
        let base = settings.endpoint.trim_end_matches('/');
        let url = format!("{}/v1/messages", base.strip_suffix("/v1").unwrap_or(base));
        Self { agent: agent(&url, whole), url }
    }

    /// Asks once.
    pub fn ask(&self, settings: &Settings, request: &Request) -> Result<Answer, Refusal> {
        let mut post = self.agent.post(&self.url).header("anthropic-version", VERSION);
        if let Some(key) = &settings.key {
            post = post.header("x-api-key", &key.0);
        }
        let mut answer = post.send_json(request.body()).map_err(|error| self.unreached(&error))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(self.refused(status, &mut answer, settings));
        }
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec();
        let body = body.map_err(|error| self.lost(&error))?;
        let body: Value = serde_json::from_slice(&body).map_err(|_| {
            no_answer(format!("what {} answered is no JSON; is it a Messages API?", self.url), Paid::Unknown)
        })?;
        let answer = anthropic::whole(&body);
        match &answer.failure {
            Some(failure) => {
                let why = format!("{} answered an error: {}", self.url, said(&failure.message, settings));
                Err(no_answer(why, Paid::Unknown))
            }
            None => Ok(answer),
        }
    }

    /// The connection failed.
    fn unreached(&self, error: &ureq::Error) -> Refusal {
        use ureq::{Error, Timeout};
        let was_sent = match error {
            Error::HostNotFound
            | Error::ConnectionFailed
            | Error::Timeout(Timeout::Connect | Timeout::Resolve) => false,
            Error::Io(error) => error.kind() != std::io::ErrorKind::ConnectionRefused,
            _ => true,
        };
        let why = format!("{} cannot be reached: {error}; it is tried again", self.url);
        let (kind, paid) = if was_sent { (Kind::Broken, Paid::Unknown) } else { (Kind::Busy, Paid::Nothing) };
        Refusal { kind, why, retry_after: None, paid }
    }

    fn lost(&self, error: &ureq::Error) -> Refusal {
        let why = format!("the answer of {} broke off: {error}; it is tried again", self.url);
        Refusal { kind: Kind::Broken, why, retry_after: None, paid: Paid::Unknown }
    }

    /// The server said no.
    fn refused(&self, status: StatusCode, answer: &mut Response<Body>, settings: &Settings) -> Refusal {
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| after(value.to_str().ok()?));
        let mut body = Vec::new();
        // What came until it broke off is told.
        let _ = answer.body_mut().as_reader().take(SAID_BYTES).read_to_end(&mut body);
        let body = String::from_utf8_lossy(&body);
        let told = serde_json::from_str::<Value>(&body).ok().and_then(|body| anthropic::whole(&body).failure);
        let words = said(told.as_ref().map_or(&body, |failure| &failure.message), settings);
        let (kind, next) = match status.as_u16() {
            401 | 403 => (
                Kind::Settings,
                "check the key that `jobs.key_env` names, and `jobs.endpoint`, then `centerfire jobs retry`",
            ),
            404 | 405 | 300..=399 => {
                (Kind::Settings, "check `jobs.endpoint` and `jobs.model`, then `centerfire jobs retry`")
            }
            402 => (Kind::Settings, "look at the account's credit, then `centerfire jobs retry`"),
            409 | 425 | 429 | 503 | 529 => (Kind::Busy, "it is tried again"),
            408 | 500..=599 => (Kind::Broken, "it is tried again"),
            _ => (Kind::Request, "`centerfire jobs retry` tries once more"),
        };
        let why = format!("{} said {}: {words}; {next}", self.url, status.as_u16());
        let paid = match status.as_u16() {
            // Of one between us and the server, or of a server that was too slow: a model may have answered.
            408 | 502 | 504 | 520..=527 => Paid::Unknown,
            _ => Paid::Nothing,
        };
        Refusal { kind, why, retry_after, paid }
    }
}

pub(super) fn no_answer(why: String, paid: Paid) -> Refusal {
    Refusal { kind: Kind::Answer, why, retry_after: None, paid }
}

/// What a server said, on one line, without secrets and without the key.
fn said(text: &str, settings: &Settings) -> String {
    let text = match &settings.key {
        Some(key) if !key.0.is_empty() => text.replace(&key.0, "[key]"),
        _ => text.to_owned(),
    };
    super::answer::line(&redact(&text).text, SAID_CHARS)
}

/// `retry-after`: seconds, or a date.
fn after(value: &str) -> Option<Duration> {
    let after = match value.trim().parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
            SystemTime::from(date).duration_since(SystemTime::now()).unwrap_or_default()
        }
    };
    Some(after.min(RETRY_AFTER_MAX))
}
