//! Vectors from a server, over plain blocking HTTP: one that speaks as OpenAI does (`POST /v1/embeddings`), or Ollama
//! (`POST /api/embed`). The texts leave this machine if the server is not on it: this is for whoever wants that.

use super::{Embedder, Error, Result, normalise};
use crate::caller::agent;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use ureq::Agent;

/// Bytes that make a piece of a word, at the least as it is met in code: only a guess, for who has no vocabulary.
pub const BYTES_PER_PIECE: usize = 3;
/// Texts in one request.
const BATCH_TEXTS: usize = 64;
/// Ollama loads a model at its first use, which takes a while; more is not waited.
const WHOLE: Duration = Duration::from_secs(60);
/// Of a question, for which somebody waits.
const QUESTION: Duration = Duration::from_secs(5);
/// Bytes of an answer: 64 vectors of 4096 numbers, each of 20 characters, and some room.
const ANSWER_BYTES: u64 = 8 << 20;
/// Bytes of an error's text that are passed on.
const SAID_BYTES: u64 = 500;

/// How a server is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// As OpenAI: `POST /v1/embeddings`.
    OpenAi,
    /// As Ollama: `POST /api/embed`.
    Ollama,
}

impl Dialect {
    fn word(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Ollama => "ollama",
        }
    }
}

/// A server and its model.
#[derive(Clone, PartialEq, Eq)]
pub struct Service {
    /// How it is asked.
    pub dialect: Dialect,
    /// Up to the path, such as `http://127.0.0.1:11434`; for OpenAI's dialect with or without `/v1`.
    pub url: String,
    /// The model.
    pub model: String,
    /// Shown to the server, never to anybody else.
    pub key: Option<String>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {} {}", self.dialect, self.url, self.model)
    }
}

impl Service {
    /// The id of its model.
    pub(crate) fn id(&self) -> String {
        format!("{}:{}", self.dialect.word(), self.model)
    }

    fn endpoint(&self) -> String {
        let base = self.url.trim_end_matches('/');
        match self.dialect {
            Dialect::OpenAi => format!("{}/v1/embeddings", base.strip_suffix("/v1").unwrap_or(base)),
            Dialect::Ollama => format!("{base}/api/embed"),
        }
    }
}

/// A server that has answered once.
pub struct Remote {
    service: Service,
    endpoint: String,
    id: String,
    dim: usize,
    agent: Agent,
    /// Longest wait for an answer.
    whole: Duration,
}

impl Remote {
    /// Asks for one vector, by which it is known that the server is there and how long its vectors are.
    pub fn connect(service: Service) -> Result<Self> {
        Self::within(service, WHOLE)
    }

    fn within(service: Service, whole: Duration) -> Result<Self> {
        let endpoint = service.endpoint();
        let agent = agent(&endpoint, whole);
        let id = service.id();
        let mut remote = Self { service, endpoint, id, dim: 0, agent, whole };
        remote.dim = remote.ask(&["dimensions"], whole)?.first().map_or(0, Vec::len);
        Ok(remote)
    }

    fn ask(&self, texts: &[&str], within: Duration) -> Result<Vec<Vec<f32>>> {
        let unreachable =
            |error: ureq::Error| Error::Unreachable { url: self.endpoint.clone(), what: error.to_string() };
        let mut request = self.agent.post(&self.endpoint).config().timeout_global(Some(within)).build();
        if let Some(key) = &self.service.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let asked = json!({ "model": self.service.model, "input": texts });
        let mut answer = request.send_json(asked).map_err(unreachable)?;
        let status = answer.status();
        if !status.is_success() {
            let said = answer.body_mut().with_config().limit(SAID_BYTES).lossy_utf8(true).read_to_string();
            return Err(Error::Refused {
                url: self.endpoint.clone(),
                what: format!("{status}: {}", said.unwrap_or_default().trim()),
                is_of_texts: matches!(status.as_u16(), 400 | 413 | 422),
            });
        }
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec().map_err(unreachable)?;
        let answer: Answer =
            serde_json::from_slice(&body).map_err(|error| self.refused(error.to_string()))?;
        let mut vectors = answer.vectors();
        let dim = if self.dim == 0 { vectors.first().map_or(0, Vec::len) } else { self.dim };
        if vectors.len() != texts.len() || dim == 0 || vectors.iter().any(|vector| vector.len() != dim) {
            return Err(self.refused(format!("not {} vectors of one length", texts.len())));
        }
        vectors.iter_mut().for_each(|vector| normalise(vector));
        Ok(vectors)
    }

    fn refused(&self, what: String) -> Error {
        Error::Refused { url: self.endpoint.clone(), what, is_of_texts: false }
    }
}

impl Embedder for Remote {
    fn id(&self) -> &str {
        &self.id
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH_TEXTS) {
            vectors.append(&mut self.ask(batch, self.whole)?);
        }
        Ok(vectors)
    }

    fn embed_question(&self, question: &str) -> Result<Vec<f32>> {
        Ok(self.ask(&[question], self.whole.min(QUESTION))?.swap_remove(0))
    }
}

/// What both dialects answer; OpenAI's in any order.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    OpenAi { data: Vec<Numbered> },
    Ollama { embeddings: Vec<Vec<f32>> },
}

#[derive(Deserialize)]
struct Numbered {
    index: usize,
    embedding: Vec<f32>,
}

impl Answer {
    fn vectors(self) -> Vec<Vec<f32>> {
        match self {
            Self::Ollama { embeddings } => embeddings,
            Self::OpenAi { mut data } => {
                data.sort_by_key(|one| one.index);
                data.into_iter().map(|one| one.embedding).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests;
