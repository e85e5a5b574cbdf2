//! Streams of the Responses API.

use crate::stream::{bytes, each_beginning, each_cut};
use llm::openai::{Folding, whole};
use llm::{Answer, sse};
use protocol::Usage;
use serde_json::{Value, json};

fn fold(events: Vec<sse::Event>) -> Answer {
    let mut folding = Folding::default();
    events.iter().for_each(|event| folding.take(event));
    folding.finish()
}

fn message(text: &str) -> Value {
    json!({ "type": "message", "id": "m", "role": "assistant", "content": [{ "type": "output_text", "text": text }] })
}

fn call(arguments: &str) -> Value {
    json!({ "type": "function_call", "id": "f", "call_id": "c", "name": "shell", "arguments": arguments })
}

fn stream() -> Vec<Value> {
    let response = |status: &str| json!({ "id": "resp_1", "model": "gpt-x", "status": status, "output": [] });
    let mut last = response("completed");
    last["output"] = json!([message("Grüße 🌍"), call("{\"a\":1}")]);
    last["usage"] = json!({
        "input_tokens": 100, "input_tokens_details": { "cached_tokens": 64 }, "output_tokens": 7, "total_tokens": 107,
    });
    vec![
        json!({ "type": "response.created", "response": response("in_progress") }),
        json!({ "type": "response.in_progress", "response": response("in_progress") }),
        json!({ "type": "response.output_item.added", "output_index": 0, "item": { "type": "message", "id": "m", "role": "assistant", "content": [] } }),
        json!({ "type": "response.content_part.added", "output_index": 0, "content_index": 0, "part": { "type": "output_text", "text": "" } }),
        json!({ "type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Grüße " }),
        json!({ "type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "🌍" }),
        json!({ "type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "Grüße 🌍" }),
        json!({ "type": "response.output_item.added", "output_index": 1, "item": call("") }),
        json!({ "type": "response.function_call_arguments.delta", "output_index": 1, "delta": "{\"a\":" }),
        json!({ "type": "response.function_call_arguments.delta", "output_index": 1, "delta": "1}" }),
        json!({ "type": "response.output_item.done", "output_index": 1, "item": call("{\"a\":1}") }),
        json!({ "type": "response.rainbow", "colours": 7 }),
        json!({ "type": "response.completed", "response": last }),
    ]
}

#[test]
fn a_stream_is_the_same_answer_wherever_its_bytes_are_cut() {
    let expect = Answer {
        id: Some("resp_1".to_owned()),
        model: Some("gpt-x".to_owned()),
        content: vec![message("Grüße 🌍"), call("{\"a\":1}")],
        stop: Some("completed".to_owned()),
        usage: Usage { input: 36, output: 7, cache_read: 64, ..Usage::default() },
        is_complete: true,
        failure: None,
        unknown: vec![json!({ "type": "response.rainbow", "colours": 7 })],
    };
    for answer in each_cut(&bytes(&stream()), fold) {
        assert_eq!(answer, expect);
    }
}

#[test]
fn a_stream_that_breaks_off_gives_the_pieces_that_came() {
    let all = stream();
    each_beginning(&bytes(&all), |events| assert!(!fold(events).is_complete));
    let half = fold(sse::Parser::default().feed(&bytes(&all[..10])));
    assert_eq!(half.content, [message("Grüße 🌍"), call("{\"a\":1}")]);
    assert_eq!((half.model.as_deref(), half.stop), (Some("gpt-x"), None));
}

#[test]
fn an_answer_that_failed_or_stopped_early_says_why() {
    let failed = json!({ "type": "response.failed", "response": { "id": "r", "status": "failed", "error": { "code": "server_error", "message": "oh" } } });
    let answer = fold(sse::Parser::default().feed(&bytes(&[failed])));
    assert_eq!((answer.failure.unwrap().kind.as_str(), answer.is_complete), ("server_error", false));
    let short = json!({ "status": "incomplete", "incomplete_details": { "reason": "max_output_tokens" }, "output": [] });
    assert_eq!((whole(&short).stop.as_deref(), whole(&short).is_complete), (Some("max_output_tokens"), true));
    let error = json!({ "type": "error", "code": "rate_limit_exceeded", "message": "slow down" });
    assert_eq!(
        fold(sse::Parser::default().feed(&bytes(&[error]))).failure.unwrap().kind,
        "rate_limit_exceeded"
    );
}

#[test]
fn what_makes_no_sense_harms_nothing() {
    let odd = [
        json!({ "type": "response.output_text.delta", "output_index": 3, "content_index": 99999999, "delta": "x" }),
        json!({ "type": "response.output_text.delta", "delta": 7 }),
        json!({ "type": "response.output_item.added", "item": "x" }),
        json!({ "type": "response.function_call_arguments.delta", "delta": "y" }),
        json!({ "type": "response.completed" }),
        json!(7),
    ];
    assert!(!fold(sse::Parser::default().feed(&bytes(&odd))).is_complete);
}
