//! Bytes of a stream, cut at every place and in pieces of every length: the answer is the same.

use llm::sse::{Event, Parser};
use serde_json::Value;

/// The bytes of a stream with these events.
pub fn bytes(events: &[Value]) -> Vec<u8> {
    let event =
        |data: &Value| format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default());
    events.iter().map(event).collect::<String>().into_bytes()
}

/// Feeds bytes in all ways, and tells of each what came of it.
pub fn each_cut<T>(bytes: &[u8], mut fold: impl FnMut(Vec<Event>) -> T) -> Vec<T> {
    let mut results = Vec::new();
    for at in 0..=bytes.len() {
        let mut parser = Parser::default();
        let mut events = parser.feed(&bytes[..at]);
        events.extend(parser.feed(&bytes[at..]));
        results.push(fold(events));
    }
    for size in 1..=bytes.len().min(64) {
        let mut parser = Parser::default();
        results.push(fold(bytes.chunks(size).flat_map(|piece| parser.feed(piece)).collect()));
    }
    results
}

/// What comes of the first part of a stream, for each length of it.
pub fn each_beginning(bytes: &[u8], mut fold: impl FnMut(Vec<Event>)) {
    for at in 0..bytes.len() {
        fold(Parser::default().feed(&bytes[..at]));
    }
}
