//! What is said over a WebSocket, which Codex uses where a server has one: each request is a text, and so is each event of its
//! answer.

use super::exchange::{Api, Exchange, Outcome};
use super::frames::Texts;
use llm::{openai, sse};
use serde_json::Value;
use std::time::Instant;

/// A connection under way.
pub(super) struct Talk {
    /// What all of its requests have in common.
    head: Exchange,
    asked: Texts,
    answered: Texts,
    turn: Option<Turn>,
}

/// A request, and its answer as far as it came.
struct Turn {
    exchange: Exchange,
    since: Instant,
    folding: openai::Folding,
}

impl Talk {
    /// One that begins with this exchange.
    pub(super) fn new(head: &Exchange) -> Self {
        let agreed = head.header("sec-websocket-extensions").unwrap_or_default();
        let asked = Texts::new(agreed.contains("client_no_context_takeover"));
        let answered = Texts::new(agreed.contains("server_no_context_takeover"));
        Self { head: head.clone(), asked, answered, turn: None }
    }

    /// Takes bytes of the client; returns what is over.
    pub(super) fn asked(&mut self, bytes: &[u8], at: Instant) -> Vec<Exchange> {
        let mut over = Vec::new();
        for text in self.asked.feed(bytes) {
            let Ok(asked) = serde_json::from_slice::<Value>(&text) else { continue };
            if asked["type"] == "response.create" {
                over.extend(self.finish(Outcome::HungUp, at));
                let exchange = Exchange { api: Api::OpenAi, asked: Some(asked), ..self.head.begin_again() };
                self.turn = Some(Turn { exchange, since: at, folding: openai::Folding::default() });
            }
        }
        over
    }

    /// Takes bytes of the server; returns what is over.
    pub(super) fn answer(&mut self, bytes: &[u8], at: Instant) -> Vec<Exchange> {
        let mut over = Vec::new();
        for text in self.answered.feed(bytes) {
            if let Some(turn) = &mut self.turn
                && turn.take(&text, at)
            {
                over.extend(self.finish(Outcome::Whole, at));
            }
        }
        over
    }

    /// The connection is over; returns the request that was under way.
    pub(super) fn finish(&mut self, outcome: Outcome, at: Instant) -> Option<Exchange> {
        let Turn { mut exchange, since, folding } = self.turn.take()?;
        let mut answer = folding.finish();
        answer.is_complete &= outcome == Outcome::Whole;
        exchange.answer = Some(answer);
        exchange.took = at - since;
        exchange.is_partial = self.is_partial();
        exchange.outcome = outcome;
        Some(exchange)
    }

    /// Whether something was not understood.
    pub(super) fn is_partial(&self) -> bool {
        self.asked.is_partial() || self.answered.is_partial()
    }
}

impl Turn {
    /// Takes an event; says whether it is the last.
    fn take(&mut self, text: &[u8], at: Instant) -> bool {
        let Ok(data) = String::from_utf8(text.to_vec()) else { return false };
        let event: Value = serde_json::from_str(&data).unwrap_or_default();
        self.exchange.first_byte.get_or_insert(at - self.since);
        let kind = event["type"].as_str().unwrap_or_default();
        if kind == "error"
            && let Some(status) = event["status"].as_u64().and_then(|status| u16::try_from(status).ok())
        {
            self.exchange.status = Some(status);
        }
        self.folding.take(&sse::Event { name: kind.to_owned(), data, id: None });
        matches!(kind, "response.completed" | "response.incomplete" | "response.failed" | "error")
    }
}
