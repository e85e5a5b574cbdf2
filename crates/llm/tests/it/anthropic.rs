//! Streams of the Messages API.

use crate::stream::{bytes, each_beginning, each_cut};
use llm::anthropic::{Event, Folding, usage, whole};
use llm::{Answer, sse};
use protocol::Usage;
use serde_json::{Value, json};

fn fold(events: Vec<sse::Event>) -> Answer {
    let mut folding = Folding::default();
    events.iter().for_each(|event| folding.take(Event::read(event)));
    folding.finish()
}

fn delta(index: u64, delta: Value) -> Value {
    json!({ "type": "content_block_delta", "index": index, "delta": delta })
}

fn stream() -> Vec<Value> {
    let usage = json!({
        "input_tokens": 10, "cache_read_input_tokens": 2000, "cache_creation_input_tokens": 300, "output_tokens": 1,
        "cache_creation": { "ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200 },
    });
    let start = |index: u64, block: Value| json!({ "type": "content_block_start", "index": index, "content_block": block });
    vec![
        json!({ "type": "message_start", "message": { "id": "msg_1", "model": "claude-x", "content": [], "usage": usage } }),
        json!({ "type": "ping" }),
        start(0, json!({ "type": "thinking", "thinking": "", "signature": "" })),
        delta(0, json!({ "type": "thinking_delta", "thinking": "hm … " })),
        delta(0, json!({ "type": "thinking_delta", "thinking": "well" })),
        delta(0, json!({ "type": "signature_delta", "signature": "seal" })),
        json!({ "type": "content_block_stop", "index": 0 }),
        start(1, json!({ "type": "text", "text": "" })),
        delta(1, json!({ "type": "text_delta", "text": "Grüße, " })),
        delta(1, json!({ "type": "text_delta", "text": "Welt 🌍" })),
        delta(1, json!({ "type": "citations_delta", "citation": { "cited_text": "x" } })),
        json!({ "type": "content_block_stop", "index": 1 }),
        start(2, json!({ "type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {} })),
        delta(2, json!({ "type": "input_json_delta", "partial_json": "" })),
        delta(2, json!({ "type": "input_json_delta", "partial_json": "{\"command\": \"da" })),
        delta(2, json!({ "type": "input_json_delta", "partial_json": "te\"}" })),
        json!({ "type": "content_block_stop", "index": 2 }),
        start(3, json!({ "type": "hologram", "shape": [1, 2] })),
        delta(3, json!({ "type": "hologram_delta", "more": 3 })),
        json!({ "type": "content_block_stop", "index": 3 }),
        json!({ "type": "weather", "sun": true }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "tool_use", "stop_sequence": null }, "usage": { "output_tokens": 40 } }),
        json!({ "type": "message_delta", "delta": {}, "usage": { "output_tokens": 42, "input_tokens": null } }),
        json!({ "type": "message_stop" }),
    ]
}

#[test]
fn a_stream_is_the_same_answer_wherever_its_bytes_are_cut() {
    let expect = Answer {
        id: Some("msg_1".to_owned()),
        model: Some("claude-x".to_owned()),
        content: vec![
            json!({ "type": "thinking", "thinking": "hm … well", "signature": "seal" }),
            json!({ "type": "text", "text": "Grüße, Welt 🌍", "citations": [{ "cited_text": "x" }] }),
            json!({ "type": "tool_use", "id": "toolu_1", "name": "Bash", "input": { "command": "date" } }),
            json!({ "type": "hologram", "shape": [1, 2], "unknown_deltas": [{ "type": "hologram_delta", "more": 3 }] }),
        ],
        stop: Some("tool_use".to_owned()),
        usage: Usage { input: 10, output: 42, cache_read: 2000, cache_write: 100, cache_write_hour: 200 },
        is_complete: true,
        failure: None,
        unknown: vec![json!({ "type": "weather", "sun": true })],
    };
    for answer in each_cut(&bytes(&stream()), fold) {
        assert_eq!(answer, expect);
    }
}

#[test]
fn a_stream_that_breaks_off_anywhere_gives_what_came_and_is_not_complete() {
    each_beginning(&bytes(&stream()), |events| {
        let answer = fold(events);
        assert!(!answer.is_complete);
    });
    let half = fold(sse::Parser::default().feed(&bytes(&stream()[..15])));
    assert_eq!(half.content[2]["partial_json"], "{\"command\": \"da");
    assert_eq!(half.usage.output, 1);
}

#[test]
fn an_error_in_the_stream_and_one_in_its_place_are_told_alike() {
    let error = json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Overloaded" } });
    let streamed = fold(sse::Parser::default().feed(&bytes(&[stream()[0].clone(), error.clone()])));
    assert_eq!(streamed.failure, whole(&error).failure);
    assert_eq!(streamed.failure.unwrap().kind, "overloaded_error");
    assert!(!streamed.is_complete && !whole(&error).is_complete);
}

#[test]
fn an_answer_in_one_piece_is_read() {
    let body = json!({
        "id": "msg_2", "type": "message", "model": "claude-x", "content": [{ "type": "text", "text": "hi" }],
        "stop_reason": "end_turn", "usage": { "input_tokens": 3, "output_tokens": 4, "cache_creation_input_tokens": 5 },
    });
    let answer = whole(&body);
    assert_eq!((answer.stop.as_deref(), answer.is_complete), (Some("end_turn"), true));
    assert_eq!(answer.usage, Usage { input: 3, output: 4, cache_write: 5, ..Usage::default() });
    assert_eq!(usage(&Value::Null), Usage::default());
}

#[test]
fn what_makes_no_sense_is_kept_and_harms_nothing() {
    let odd = [
        json!({ "type": "content_block_delta", "index": 9, "delta": { "type": "text_delta", "text": "late" } }),
        json!({ "type": "content_block_start", "index": "x" }),
        json!({ "type": "content_block_start", "index": 1, "content_block": "text" }),
        json!({ "type": "content_block_delta", "index": 1, "delta": { "type": "text_delta", "text": "y" } }),
        json!([1]),
        json!(null),
    ];
    let answer = fold(sse::Parser::default().feed(&bytes(&odd)));
    assert_eq!(answer.content, [json!("text"), json!({ "text": "late" })]);
    assert_eq!(answer.unknown.len(), 3);
}
