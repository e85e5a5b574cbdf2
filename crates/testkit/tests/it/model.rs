//! The model server's own manners, by a raw socket: what clients rarely do, and how it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::ModelServer;

const LIMIT: Duration = Duration::from_secs(20);

/// Sends a prompt and returns the reader of the reply.
fn post(server: &ModelServer, path: &str, prompt: &str, stream: bool) -> BufReader<TcpStream> {
    let tools = json!([{ "name": "Bash" }]);
    let messages = json!([{ "role": "user", "content": prompt }]);
    let body = json!({ "model": "m", "stream": stream, "tools": tools, "messages": messages }).to_string();
    let mut socket = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    let head = format!("POST {path}?beta=true HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
    socket.write_all((head + &body).as_bytes()).unwrap();
    BufReader::new(socket)
}

/// The status and the JSON of a whole reply.
fn whole(mut reader: BufReader<TcpStream>) -> (u16, Value) {
    let (mut status, mut length) = (0, 0);
    for line in reader.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
            status = rest[..3].parse().unwrap();
        } else if let Some(rest) = line.strip_prefix("content-length: ") {
            length = rest.parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[test]
fn without_a_stream_the_message_comes_whole() {
    let server = ModelServer::start().unwrap();
    let prompt = "[[think:hm]] [[say:hi]] [[usage:7|8]] [[bash:date]]";
    let (status, message) = whole(post(&server, "/v1/messages", prompt, false));
    assert_eq!((status, &message["stop_reason"]), (200, &json!("tool_use")));
    let kinds: Vec<&Value> =
        message["content"].as_array().unwrap().iter().map(|block| &block["type"]).collect();
    assert_eq!(kinds, ["thinking", "text", "tool_use"]);
    assert_eq!(
        (&message["usage"]["input_tokens"], &message["usage"]["output_tokens"]),
        (&json!(7), &json!(8))
    );
    let request = server.wait_for_request(|request| request.query == "beta=true", LIMIT).unwrap();
    assert_eq!(request.header("host"), Some("x"));
}

#[test]
fn tokens_are_counted_and_strange_paths_refused() {
    let server = ModelServer::start().unwrap();
    let (status, count) = whole(post(&server, "/v1/messages/count_tokens", "hello", false));
    assert!(status == 200 && count["input_tokens"].as_u64().unwrap() > 10, "{count}");
    let (status, error) = whole(post(&server, "/v1/else", "hello", false));
    assert_eq!((status, &error["error"]["type"]), (404, &json!("not_found_error")));
}

#[test]
fn events_leave_at_their_rate() {
    let server = ModelServer::start().unwrap();
    let mut lines =
        post(&server, "/v1/messages", "[[rate:20]] [[lorem:10]]", true).lines().map(Result::unwrap);
    lines.by_ref().find(|line| line.contains("lorem")).unwrap();
    let first = Instant::now();
    lines.find(|line| line.contains("message_stop")).unwrap();
    assert!((0.4..2.0).contains(&first.elapsed().as_secs_f64()), "{:?}", first.elapsed());
}

#[test]
fn a_drop_cuts_the_stream_before_its_end() {
    let server = ModelServer::start().unwrap();
    let mut text = String::new();
    post(&server, "/v1/messages", "[[say:half]] [[drop]]", true).read_to_string(&mut text).unwrap();
    assert!(
        text.contains("half") && !text.contains("message_stop") && !text.ends_with("0\r\n\r\n"),
        "{text}"
    );
}

#[test]
fn the_end_of_the_server_ends_pauses_and_silences() {
    let server = ModelServer::start().unwrap();
    let mut clients = Vec::new();
    for prompt in ["[[say:a]] [[stall]]", "[[say:b]] [[sleep:600000]]", "[[rate:0.001]] [[lorem:9]]"] {
        let mut lines = post(&server, "/v1/messages", prompt, true).lines();
        lines.find(|line| line.as_ref().unwrap().contains("content_block_delta")).unwrap().unwrap();
        clients.push(lines);
    }
    let start = Instant::now();
    drop(server);
    // Each of them pauses for longer.
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
}
