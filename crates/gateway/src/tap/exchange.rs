//! A request to a model and what came of it, as it was heard.

use super::decode::Decoder;
use super::talk::Talk;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use llm::{Answer, anthropic, openai, sse};
use protocol::Time;
use serde_json::Value;
use std::time::{Duration, Instant};

/// A body that is parsed in one piece, at most; longer ones are passed on, and not understood.
const BODY_MAX_BYTES: usize = 64 << 20; // 64 MiB
/// Headers that tell which exchange it is. No other is kept: the rest may hold credentials.
const KEPT: &[&str] = &[
    "x-claude-code-session-id",
    "x-claude-code-agent-id",
    "x-claude-code-parent-agent-id",
    "x-client-request-id",
    "session-id",
    "request-id",
    "x-request-id",
    "content-type",
    "content-encoding",
    "retry-after",
    "sec-websocket-extensions",
];

/// Whose form a request has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Api {
    /// Anthropic's Messages.
    Anthropic,
    /// OpenAI's Responses.
    OpenAi,
    /// Another, or a question beside them: it is passed on and not understood.
    Other,
}

/// How an exchange ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The answer came whole.
    Whole,
    /// The model's server broke off.
    Cut,
    /// The CLI hung up.
    HungUp,
    /// The model's server could not be reached, or did not answer in HTTP.
    Unreachable(String),
}

/// A request to a model, and its answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Exchange {
    /// Whose it is.
    pub session: String,
    /// When it began.
    pub began: Time,
    /// Its method.
    pub method: Method,
    /// Its path at the model's server; the query is left out, which may hold a key.
    pub path: String,
    /// Whose form it has.
    pub api: Api,
    /// Those of the headers of both sides that tell which exchange it is.
    pub headers: Vec<(&'static str, String)>,
    /// The request, if it was JSON.
    pub asked: Option<Value>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The answer, as far as it came and was understood.
    pub answer: Option<Answer>,
    /// How long it took until the first byte of the answer's body.
    pub first_byte: Option<Duration>,
    /// How long it took.
    pub took: Duration,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether parts of it were not heard, because parsing was behind or they were too long. What there is, is a beginning.
    pub is_partial: bool,
}

/// An exchange under way.
pub(super) struct Parsing {
    exchange: Exchange,
    since: Instant,
    asked: Vec<u8>,
    decoder: Decoder,
    events: Option<(sse::Parser, Folding)>,
    body: Vec<u8>,
    /// It became a WebSocket.
    talk: Option<Box<Talk>>,
}

enum Folding {
    Anthropic(Box<anthropic::Folding>),
    OpenAi(Box<openai::Folding>),
}

impl Exchange {
    /// What is known of it when its head is read.
    pub(super) fn begin(session: &str, parts: &Parts) -> Self {
        let path = parts.uri.path().to_owned();
        let api = match path.as_str() {
            _ if parts.method != Method::POST => Api::Other,
            path if path.ends_with("/messages") => Api::Anthropic,
            path if path.ends_with("/responses") => Api::OpenAi,
            _ => Api::Other,
        };
        Self {
            session: session.to_owned(),
            began: Time::now(),
            method: parts.method.clone(),
            path,
            api,
            headers: Self::kept(&parts.headers),
            asked: None,
            status: None,
            answer: None,
            first_byte: None,
            took: Duration::ZERO,
            outcome: Outcome::HungUp,
            is_partial: false,
        }
    }

    /// The headers that may be kept.
    pub(super) fn kept(headers: &HeaderMap) -> Vec<(&'static str, String)> {
        let one = |name: &&'static str| Some((*name, headers.get(*name)?.to_str().ok()?.to_owned()));
        KEPT.iter().filter_map(one).collect()
    }

    /// One more that begins now, over the same connection.
    pub(super) fn begin_again(&self) -> Self {
        Self { began: Time::now(), ..self.clone() }
    }

    /// The value of a header that was kept.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

impl Parsing {
    pub(super) fn begin(exchange: Exchange, since: Instant) -> Self {
        let decoder = Decoder::new(exchange.header("content-encoding"));
        let (asked, events, body, talk) = (Vec::new(), None, Vec::new(), None);
        Self { exchange, since, asked, decoder, events, body, talk }
    }

    /// Takes a piece of the request; returns what is over by it.
    pub(super) fn asked(&mut self, bytes: &[u8], at: Instant) -> Vec<Exchange> {
        if let Some(talk) = &mut self.talk {
            return talk.asked(bytes, at);
        }
        let plain = self.decoder.decode(bytes);
        keep(&mut self.asked, plain, &mut self.exchange.is_partial);
        Vec::new()
    }

    /// Takes the head of the answer.
    pub(super) fn answered(&mut self, status: u16, headers: Vec<(&'static str, String)>, at: Instant) {
        self.exchange.status = Some(status);
        self.exchange.took = at - self.since;
        let of_answer =
            |wanted: &str| headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
        self.decoder = Decoder::new(of_answer("content-encoding"));
        let is_stream = of_answer("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
        let folding = match self.exchange.api {
            Api::Anthropic => Some(Folding::Anthropic(Box::default())),
            Api::OpenAi => Some(Folding::OpenAi(Box::default())),
            Api::Other => None,
        };
        self.events = folding.filter(|_| is_stream).map(|folding| (sse::Parser::default(), folding));
        self.exchange.headers.extend(headers);
        if status == StatusCode::SWITCHING_PROTOCOLS.as_u16() {
            self.talk = Some(Box::new(Talk::new(&self.exchange)));
        }
    }

    /// Takes a piece of the answer; returns what is over by it.
    pub(super) fn answer(&mut self, bytes: &[u8], at: Instant) -> Vec<Exchange> {
        if let Some(talk) = &mut self.talk {
            return talk.answer(bytes, at);
        }
        self.exchange.first_byte.get_or_insert(at - self.since);
        let plain = self.decoder.decode(bytes);
        match &mut self.events {
            Some((parser, folding)) => parser.feed(plain).iter().for_each(|event| folding.take(event)),
            None if self.exchange.api == Api::Other => {}
            None => keep(&mut self.body, plain, &mut self.exchange.is_partial),
        }
        Vec::new()
    }

    /// Puts together what there is: of a WebSocket the request that was under way, and the connection.
    pub(super) fn end(mut self, outcome: Outcome, is_behind: bool, at: Instant) -> Vec<Exchange> {
        if let Some(mut talk) = self.talk.take() {
            let last = talk.finish(outcome, at);
            self.exchange.took = at - self.since;
            self.exchange.is_partial = is_behind || talk.is_partial();
            self.exchange.outcome = Outcome::Whole;
            return last.into_iter().chain([self.exchange]).collect();
        }
        self.exchange.asked = serde_json::from_slice(&self.asked).ok();
        let is_whole = outcome == Outcome::Whole && !is_behind;
        self.exchange.answer = match self.events {
            Some((parser, folding)) => {
                self.exchange.is_partial |= parser.dropped() > 0;
                Some(folding.finish())
            }
            None => serde_json::from_slice(&self.body).ok().and_then(|body| match self.exchange.api {
                Api::Anthropic => Some(anthropic::whole(&body)),
                Api::OpenAi => Some(openai::whole(&body)),
                Api::Other => None,
            }),
        };
        if let Some(answer) = self.exchange.answer.as_mut().filter(|_| !is_whole) {
            answer.is_complete = false;
        }
        self.exchange.is_partial |= is_behind || self.decoder.failed();
        self.exchange.took = at - self.since;
        self.exchange.outcome = outcome;
        vec![self.exchange]
    }
}

impl Folding {
    fn take(&mut self, event: &sse::Event) {
        match self {
            Self::Anthropic(folding) => folding.take(anthropic::Event::read(event)),
            Self::OpenAi(folding) => folding.take(event),
        }
    }

    fn finish(self) -> Answer {
        match self {
            Self::Anthropic(folding) => folding.finish(),
            Self::OpenAi(folding) => folding.finish(),
        }
    }
}

/// Keeps more of a body, if it is not too long.
fn keep(body: &mut Vec<u8>, more: &[u8], is_partial: &mut bool) {
    if body.len() + more.len() > BODY_MAX_BYTES {
        *is_partial = true;
    } else if !*is_partial {
        body.extend_from_slice(more);
    }
}
