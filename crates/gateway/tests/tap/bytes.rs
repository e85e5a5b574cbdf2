//! What goes through is what came.

use crate::rig::{PATIENCE, Rig};
use crate::wire::{Message, connect, read_message, serve};
use gateway::tap::{Api, Outcome};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::mpsc::{Receiver, channel};

/// A server that gives one answer to each request, and tells of the requests.
fn upstream(answer: &str, has_body: bool) -> (SocketAddr, Receiver<Message>) {
    let (told, asked) = channel();
    let answer = answer.to_owned();
    let address = serve(move |mut stream| {
        while let Some(request) = read_message(&mut stream, has_body) {
            told.send(request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, asked)
}

/// Asks through a tap; returns what the server got and what the client got.
fn through(request: &str, answer: &str, has_answer: bool) -> (Rig, Message, Message, SocketAddr) {
    let (address, asked) = upstream(answer, true);
    let rig = Rig::new(&format!("http://{address}/base"));
    let (host, secret) = rig.place();
    let mut client = connect(host);
    client.write_all(request.replace("SECRET", secret).replace("HOST", host).as_bytes()).unwrap();
    let answered = read_message(&mut client, has_answer).unwrap();
    let asked = asked.recv().unwrap();
    (rig, asked, answered, address)
}

#[test]
fn method_path_query_headers_and_body_go_on_as_they_came() {
    let request = "POST SECRET/v1/messages?beta=true&x=%2F+a HTTP/1.1\r\nHost: HOST\r\nX-Api-Key: k\r\n\
                   anthropic-BETA: a\r\nAnthropic-Beta: b\r\nAccept-Encoding: gzip, br\r\nX-Odd: \t caf\u{e9} \r\n\
                   Connection: keep-alive\r\nContent-Length: 12\r\n\r\n{\"a\":  1.0 }";
    let answer = "HTTP/1.1 200 Fine\r\nX-One: 1\r\ncontent-TYPE: text/plain\r\nContent-Length: 2\r\nx-one: 2\r\n\r\nok";
    let (_rig, asked, answered, address) = through(request, answer, true);
    let host = format!("Host: {address}");
    let expect = [
        "POST /base/v1/messages?beta=true&x=%2F+a HTTP/1.1",
        &host,
        "X-Api-Key: k",
        "anthropic-BETA: a",
        "Anthropic-Beta: b",
        "Accept-Encoding: gzip, br",
        "X-Odd: caf\u{e9}",
        "Connection: keep-alive",
        "Content-Length: 12",
    ];
    assert_eq!(asked.head, expect);
    assert_eq!(asked.body, b"{\"a\":  1.0 }");
    // Lines of one name stand together behind the first; else their order is kept.
    assert_eq!(
        answered.head,
        ["HTTP/1.1 200 Fine", "X-One: 1", "x-one: 2", "content-TYPE: text/plain", "Content-Length: 2"]
    );
    assert_eq!(answered.body, b"ok");
}

#[test]
fn a_chunked_request_stays_one_and_a_head_request_has_no_answer() {
    let request = "POST SECRET/v1/messages HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let (_rig, asked, ..) = through(request, "HTTP/1.1 204 No Content\r\n\r\n", true);
    assert_eq!(
        (asked.head[2].as_str(), asked.body.as_slice()),
        ("Transfer-Encoding: chunked", b"abcde".as_slice())
    );
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n";
    let (_rig, asked, answered, _) = through("HEAD SECRET/ HTTP/1.1\r\nHost: HOST\r\n\r\n", answer, false);
    assert_eq!(asked.head[0], "HEAD /base/ HTTP/1.1");
    assert_eq!(answered.head, ["HTTP/1.1 200 OK", "Content-Length: 1234"]);
}

#[test]
fn errors_go_through_unharmed_and_are_heard() {
    for (status, kind) in
        [(400, "invalid_request_error"), (429, "rate_limit_error"), (529, "overloaded_error")]
    {
        let body =
            json!({ "type": "error", "error": { "type": kind, "message": "no, ‹odd› words" } }).to_string();
        let head = format!(
            "HTTP/1.1 {status} Such\r\nretry-after: 7\r\nrequest-id: req_9\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let request = "POST SECRET/v1/messages HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer k\r\nContent-Length: 9\r\n\r\n{\"m\": \"x\"}";
        let (rig, _, answered, _) = through(&request.replace("9", "10"), &format!("{head}{body}"), true);
        assert_eq!(answered.head[0], format!("HTTP/1.1 {status} Such"));
        assert_eq!(answered.body, body.as_bytes());
        let heard = rig.heard();
        assert_eq!(
            (heard.status, heard.outcome.clone(), heard.api),
            (Some(status), Outcome::Whole, Api::Anthropic)
        );
        assert_eq!(heard.answer.clone().unwrap().failure.unwrap().kind, kind);
        assert_eq!((heard.header("request-id"), heard.header("retry-after")), (Some("req_9"), Some("7")));
        assert_eq!(heard.asked, Some(json!({ "m": "x" })));
        assert!(!format!("{heard:?}").contains("Bearer"), "no credential is kept");
    }
}

#[test]
fn a_stream_with_pings_unknown_events_and_broken_ones_is_passed_on_byte_for_byte() {
    let stream = "event: ping\ndata: {\"type\": \"ping\"}\n\n: note\n\nevent: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\
                  \"model\":\"m\",\"usage\":{\"input_tokens\":3}}}\r\n\r\nevent: new\ndata: {\"type\":\"new\"}\n\ndata: {half\n\nno field\n\n\
                  data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":5}}\n\n\
                  data: {\"type\":\"message_stop\"}\n\n";
    let mut answer = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
    for piece in stream.as_bytes().chunks(7) {
        answer += &format!("{:x}\r\n{}\r\n", piece.len(), std::str::from_utf8(piece).unwrap());
    }
    answer += "0\r\n\r\n";
    let request = "POST SECRET/v1/messages HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\n\r\n{}";
    let (rig, _, answered, _) = through(request, &answer, true);
    assert_eq!(std::str::from_utf8(&answered.body).unwrap(), stream);
    assert_eq!(
        answered.head[1..],
        ["content-type: text/event-stream; charset=utf-8", "transfer-encoding: chunked"]
    );
    let heard = rig.heard();
    let answer = heard.answer.unwrap();
    assert!(answer.is_complete && !heard.is_partial);
    assert_eq!((answer.stop.as_deref(), answer.usage.input, answer.usage.output), (Some("end_turn"), 3, 5));
    assert_eq!(answer.unknown, [json!({ "type": "new" }), json!("{half")]);
}

#[test]
fn nothing_is_behind_another_address() {
    let (address, asked) = upstream("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true);
    let rig = Rig::new(&format!("http://{address}"));
    let (host, secret) = rig.place();
    for path in
        ["/", "/v1/messages", &secret[..secret.len() - 1], &format!("{secret}x"), &format!("/{secret}"), "//"]
    {
        let mut client = connect(host);
        client
            .write_all(
                format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n").as_bytes(),
            )
            .unwrap();
        let answered = read_message(&mut client, true).unwrap();
        assert_eq!(answered.head[0], "HTTP/1.1 404 Not Found", "{path}");
    }
    assert!(asked.try_recv().is_err() && rig.is_silent());
}

#[test]
fn what_comes_compressed_goes_on_compressed_and_is_understood() {
    let body = json!({ "id": "msg_7", "content": [], "usage": { "input_tokens": 1, "output_tokens": 2 } })
        .to_string();
    let packed = zstd::encode_all(body.as_bytes(), 1).unwrap();
    let (told, _asked) = channel();
    let sent = packed.clone();
    let address = serve(move |mut stream| {
        while let Some(request) = read_message(&mut stream, true) {
            let _ = told.send(request);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-encoding: zstd\r\ncontent-length: {}\r\n\r\n",
                sent.len()
            );
            stream.write_all(&[head.as_bytes(), &sent].concat()).unwrap();
        }
    });
    let rig = Rig::new(&format!("http://{address}"));
    let (host, secret) = rig.place();
    let mut client = connect(host);
    client
        .write_all(
            format!("POST {secret}/v1/messages HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n")
                .as_bytes(),
        )
        .unwrap();
    assert_eq!(read_message(&mut client, true).unwrap().body, packed);
    assert_eq!(rig.heard().answer.unwrap().id.as_deref(), Some("msg_7"));
}

/// A text as a WebSocket has it, shorter than 126 bytes; of a client it is masked.
fn text(words: &str, mask: Option<[u8; 4]>) -> Vec<u8> {
    let length = u8::try_from(words.len()).unwrap();
    let (bit, mask) = mask.map_or((0, Vec::new()), |mask| (0x80, mask.to_vec()));
    let payload = words.bytes().enumerate().map(|(at, byte)| byte ^ mask.get(at % 4).copied().unwrap_or(0));
    [0x81, bit | length].into_iter().chain(mask.clone()).chain(payload).collect()
}

/// A WebSocket: its handshake and what both sides say go through as they are, and each request in it is heard.
#[test]
fn what_is_said_over_a_websocket_goes_through_as_it_is_and_is_heard() {
    const AGREED: &str = "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nUpgrade: websocket\r\nsec-websocket-accept: x\r\n\r\n";
    let asked = text(r#"{"type":"response.create","model":"m","input":[]}"#, Some([9, 0, 255, 7]));
    let answer = [
        text(r#"{"type":"response.created","response":{"id":"r"}}"#, None),
        text(r#"{"type":"response.completed","response":{"id":"r","status":"completed"}}"#, None),
    ]
    .concat();
    let (told, heard_by_server) = channel();
    let (length, said) = (asked.len(), answer.clone());
    let address = serve(move |mut stream| {
        let head = read_message(&mut stream, false).unwrap().head;
        stream.write_all(AGREED.as_bytes()).unwrap();
        let mut asked = vec![0; length];
        stream.read_exact(&mut asked).unwrap();
        told.send((head, asked)).unwrap();
        stream.write_all(&said).unwrap();
        while matches!(stream.read(&mut [0; 64]), Ok(1..)) {}
        stream.write_all(&text("bye", None)).unwrap();
    });
    let rig = Rig::new(&format!("http://{address}"));
    let (place, path) = rig.place();
    let mut client = connect(place);
    let wants = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n";
    write!(client, "GET {path}/v1/responses HTTP/1.1\r\nHost: {place}\r\n{wants}\r\n").unwrap();
    let mut agreed = vec![0; AGREED.len()];
    client.read_exact(&mut agreed).unwrap();
    assert_eq!(String::from_utf8(agreed).unwrap(), AGREED);
    client.write_all(&asked).unwrap();
    let mut answered = vec![0; answer.len()];
    client.read_exact(&mut answered).unwrap();
    assert_eq!(answered, answer);
    let (head, asked_there) = heard_by_server.recv_timeout(PATIENCE).unwrap();
    assert_eq!(asked_there, asked);
    let mut expected = vec!["GET /v1/responses HTTP/1.1".to_owned(), format!("Host: {address}")];
    expected.extend(wants.lines().map(str::to_owned));
    assert_eq!(head, expected);
    let turn = rig.heard();
    assert_eq!((turn.outcome, turn.asked.unwrap()["model"].as_str()), (Outcome::Whole, Some("m")));
    assert!(turn.answer.unwrap().is_complete);
    // The next request is hung up on; what the server says to that arrives.
    client.write_all(&asked).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut last = Vec::new();
    client.read_to_end(&mut last).unwrap();
    assert_eq!(last, text("bye", None));
    assert_eq!(rig.heard().outcome, Outcome::HungUp);
    let connection = rig.heard();
    assert_eq!((connection.outcome, connection.status), (Outcome::Whole, Some(101)));
}
