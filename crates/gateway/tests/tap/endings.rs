//! Streams that break off, clients that hang up, many at once, and a parser that is behind.

use crate::rig::{PATIENCE, Rig};
use crate::wire::{connect, messages, read_message, serve};
use gateway::tap::{Exchange, Outcome, Sink};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, ServerConnection};

const STREAM: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

fn ask(rig: &Rig) -> TcpStream {
    let (host, secret) = rig.place();
    let mut client = connect(host);
    client
        .write_all(
            format!("POST {secret}/v1/messages HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{{}}")
                .as_bytes(),
        )
        .unwrap();
    client
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// Reads until this was said.
fn read_until(client: &mut TcpStream, text: &str) -> String {
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    while !String::from_utf8_lossy(&all).contains(text) {
        let count = client.read(&mut piece).unwrap();
        assert!(count > 0, "ended before `{text}`: {}", String::from_utf8_lossy(&all));
        all.extend_from_slice(&piece[..count]);
    }
    String::from_utf8(all).unwrap()
}

/// What a server saw.
#[derive(PartialEq, Eq, Debug)]
enum Seen {
    Request,
    HangUp,
}

/// A server that begins to answer, or not, and tells when it has the request and when the other side hangs up.
fn endless(begins: bool) -> (String, Receiver<Seen>) {
    let (told, seen) = channel();
    let address = serve(move |mut stream| {
        read_message(&mut stream, true).unwrap();
        if begins {
            stream
                .write_all(format!("{STREAM}{}", chunk("data: {\"type\":\"ping\"}\n\n")).as_bytes())
                .unwrap();
        }
        told.send(Seen::Request).unwrap();
        // It ends when the other side does, in one way or the other.
        while stream.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
        told.send(Seen::HangUp).unwrap();
    });
    (format!("http://{address}"), seen)
}

#[test]
fn who_hangs_up_in_the_middle_ends_the_request_on_the_other_side() {
    let (upstream, seen) = endless(true);
    let rig = Rig::new(&upstream);
    let mut client = ask(&rig);
    read_until(&mut client, "ping");
    assert_eq!(seen.recv_timeout(PATIENCE), Ok(Seen::Request));
    drop(client);
    assert_eq!(seen.recv_timeout(PATIENCE), Ok(Seen::HangUp));
    let heard = rig.heard();
    assert_eq!((heard.outcome, heard.answer.unwrap().is_complete), (Outcome::HungUp, false));
}

#[test]
fn who_hangs_up_before_the_answer_ends_the_request_on_the_other_side() {
    let (upstream, seen) = endless(false);
    let rig = Rig::new(&upstream);
    let client = ask(&rig);
    assert_eq!(seen.recv_timeout(PATIENCE), Ok(Seen::Request));
    client.shutdown(Shutdown::Both).unwrap();
    assert_eq!(seen.recv_timeout(PATIENCE), Ok(Seen::HangUp));
    let heard = rig.heard();
    assert_eq!((heard.outcome, heard.status), (Outcome::HungUp, None));
}

#[test]
fn a_stream_that_breaks_off_breaks_off_for_the_client_too() {
    let address = serve(|mut stream| {
        read_message(&mut stream, true).unwrap();
        let start = json!({ "type": "message_start", "message": { "id": "msg_1" } });
        stream.write_all(format!("{STREAM}{}", chunk(&format!("data: {start}\n\n"))).as_bytes()).unwrap();
    });
    let rig = Rig::new(&format!("http://{address}"));
    let mut client = ask(&rig);
    let mut all = Vec::new();
    // A reset would do, too; an end in order would not.
    let _ = client.read_to_end(&mut all);
    let all = String::from_utf8(all).unwrap();
    assert!(all.contains("msg_1") && !all.ends_with("0\r\n\r\n"), "{all}");
    let heard = rig.heard();
    assert_eq!(heard.outcome, Outcome::Cut);
    let answer = heard.answer.unwrap();
    assert_eq!((answer.id.as_deref(), answer.is_complete), (Some("msg_1"), false));
}

#[test]
fn a_server_that_is_not_there_is_an_error_that_says_so() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let rig = Rig::new(&format!("http://{gone}"));
    let answered = read_message(&mut ask(&rig), true).unwrap();
    assert_eq!(answered.head[0], "HTTP/1.1 502 Bad Gateway");
    let body: serde_json::Value = serde_json::from_slice(&answered.body).unwrap();
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains(&gone.to_string()) && message.contains("refused"), "{message}");
    assert!(matches!(rig.heard().outcome, Outcome::Unreachable(_)));
}

#[test]
fn a_server_whose_certificate_nobody_vouches_for_is_told_nothing() {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let (told, read) = channel();
    let address = serve(move |mut stream| {
        let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let shaken = connection.complete_io(&mut stream);
        let mut plain = Vec::new();
        let _ = connection.reader().read_to_end(&mut plain);
        told.send((shaken.is_ok(), plain)).unwrap();
    });
    let rig = Rig::new(&format!("https://localhost:{}", address.port()));
    let answered = read_message(&mut ask(&rig), true).unwrap();
    assert_eq!(answered.head[0], "HTTP/1.1 502 Bad Gateway");
    let body = String::from_utf8(answered.body).unwrap();
    assert!(body.contains("certificate"), "{body}");
    assert_eq!(read.recv_timeout(PATIENCE), Ok((false, Vec::new())));
}

#[test]
fn fifty_streams_at_once_each_get_their_own_words_when_they_are_said() {
    const STREAMS: usize = 50;
    const WORDS: usize = 20;
    // Each word is said only when all clients have the one before: nothing may be held back on the way.
    let said = Arc::new(Barrier::new(STREAMS * 2));
    let barrier = Arc::clone(&said);
    let address = serve(move |mut stream| {
        let request = read_message(&mut stream, true).unwrap();
        let number = String::from_utf8(request.body).unwrap();
        stream.write_all(STREAM.as_bytes()).unwrap();
        for word in 0..WORDS {
            stream.write_all(chunk(&format!("data: \"{number} {word}\"\n\n")).as_bytes()).unwrap();
            barrier.wait();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
    });
    let rig = Rig::new(&format!("http://{address}"));
    thread::scope(|scope| {
        for number in 0..STREAMS {
            let (said, (host, secret)) = (&said, rig.place());
            scope.spawn(move || {
                let mut client = connect(host);
                let body = format!("{number:03}");
                let head = format!(
                    "POST {secret}/v1/messages HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\n\r\n"
                );
                client.write_all(format!("{head}{body}").as_bytes()).unwrap();
                for word in 0..WORDS {
                    read_until(&mut client, &format!("{body} {word}\""));
                    said.wait();
                }
            });
        }
    });
    let mut answers: Vec<usize> = (0..STREAMS).map(|_| rig.heard().answer.unwrap().unknown.len()).collect();
    answers.dedup();
    assert_eq!(answers, [WORDS]);
}

/// What a server answers, head and body; each but the last to its end.
fn answers() -> [(String, String); 6] {
    let stream = |events: &[&str]| {
        let chunks: String = events.iter().map(|event| chunk(&format!("data: {event}\n\n"))).collect();
        (STREAM.to_owned(), chunks)
    };
    let whole = |(head, chunks): (String, String)| (head, chunks + "0\r\n\r\n");
    let error = |status: &str, kind: &str| {
        let body = json!({ "type": "error", "error": { "type": kind, "message": "scripted" } }).to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        (head, body)
    };
    let start = r#"{"type":"message_start","message":{"id":"msg_1"}}"#;
    let (ping, unknown, stop) =
        (r#"{"type":"ping"}"#, r#"{"type":"of_tomorrow"}"#, r#"{"type":"message_stop"}"#);
    [
        whole(stream(&[start, stop])),
        whole(stream(&[start, ping, unknown, ping, stop])),
        error("400 Bad Request", "invalid_request_error"),
        error("429 Too Many Requests", "rate_limit_error"),
        error("529 ", "overloaded_error"),
        stream(&[start, ping]),
    ]
}

/// Proof 4: fifty at once, of which some fail and some break off, are each what they were.
#[test]
fn fifty_answers_at_once_of_which_many_fail_are_each_what_they_were() {
    const STREAMS: usize = 50;
    // All have been asked before the first is answered.
    let asked = Arc::new(Barrier::new(STREAMS));
    let address = serve(move |mut stream| {
        let request = read_message(&mut stream, true).unwrap();
        let number: usize = String::from_utf8(request.body).unwrap().parse().unwrap();
        let (head, body) = &answers()[number % 6];
        asked.wait();
        stream.write_all(head.as_bytes()).unwrap();
        // In pieces that fit nothing.
        body.as_bytes().chunks(7).for_each(|piece| stream.write_all(piece).unwrap());
    });
    let rig = Rig::new(&format!("http://{address}"));
    thread::scope(|scope| {
        for number in 0..STREAMS {
            let (host, secret) = rig.place();
            scope.spawn(move || {
                let mut client = connect(host);
                let ask = format!(
                    "POST {secret}/v1/messages HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{number:02}"
                );
                client.write_all(ask.as_bytes()).unwrap();
                let (head, body) = &answers()[number % 6];
                let got = read_message(&mut client, true).unwrap();
                assert_eq!(got.head[0], head.lines().next().unwrap(), "{number}");
                if number % 6 == 5 {
                    // Its frames as well, for it has no end.
                    let got = String::from_utf8(got.body).unwrap();
                    assert!(got.contains("ping") && !got.ends_with("0\r\n\r\n"), "{got}");
                } else {
                    let whole = [head.as_bytes(), body.as_bytes()].concat();
                    assert_eq!(got.body, messages(&whole, |_| true)[0].body, "{number}");
                }
            });
        }
    });
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for heard in (0..STREAMS).map(|_| rig.heard()) {
        let failure = heard.answer.and_then(|answer| answer.failure).map(|failure| failure.kind);
        let told = format!("{:?} {} {}", heard.outcome, heard.status.unwrap(), failure.unwrap_or_default());
        *counts.entry(told).or_default() += 1;
    }
    let expected = [
        ("Cut 200 ", 8),
        ("Whole 200 ", 18),
        ("Whole 400 invalid_request_error", 8),
        ("Whole 429 rate_limit_error", 8),
        ("Whole 529 overloaded_error", 8),
    ];
    assert_eq!(counts.iter().map(|(told, count)| (&**told, *count)).collect::<Vec<_>>(), expected);
}

/// A sink that takes nothing until it is let.
struct Slow {
    gate: Arc<Mutex<()>>,
    heard: Sender<Exchange>,
}

impl Sink for Slow {
    fn hear(&mut self, exchange: Exchange) {
        drop(self.gate.lock());
        let _ = self.heard.send(exchange);
    }
}

#[test]
fn a_parser_that_is_behind_holds_nothing_up_and_says_what_it_missed() {
    const PIECE: usize = 1 << 20;
    const PIECES: usize = 100; // 100 MiB: more than may wait
    let address = serve(|mut stream| {
        while let Some(request) = read_message(&mut stream, true) {
            let pieces = if request.head[0].contains("long") { PIECES } else { 0 };
            stream.write_all(STREAM.as_bytes()).unwrap();
            let line = chunk(&format!(": {}\n\n", "x".repeat(PIECE)));
            (0..pieces).for_each(|_| stream.write_all(line.as_bytes()).unwrap());
            stream.write_all(b"0\r\n\r\n").unwrap();
        }
    });
    let gate = Arc::new(Mutex::new(()));
    let (heard, exchanges) = channel();
    let shut = gate.lock().unwrap();
    let sink = Slow { gate: Arc::clone(&gate), heard };
    let rig = Rig::with_sink(&format!("http://{address}"), Box::new(sink), exchanges);
    let (host, secret) = rig.place();
    let mut client = connect(host);
    for path in ["first", "long", "last"] {
        client
            .write_all(
                format!(
                    "POST {secret}/{path}/messages HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n"
                )
                .as_bytes(),
            )
            .unwrap();
        let (mut piece, mut end) = (vec![0; PIECE], Vec::new());
        while !end.ends_with(b"0\r\n\r\n") {
            let count = client.read(&mut piece).unwrap();
            assert!(count > 0, "the answer to `{path}` ended early");
            end.extend_from_slice(&piece[count.saturating_sub(5)..count]);
        }
    }
    drop(shut);
    let told: Vec<bool> = (0..2).map(|_| rig.heard().is_partial).collect();
    assert_eq!(told, [false, true]);
}

/// Every program of this machine can connect, and only the session's knows the secret: it finds a place all the same.
#[test]
fn who_never_shows_the_secret_makes_room_for_others() {
    let (url, seen) = endless(true);
    let rig = Rig::new(&url);
    let (host, _) = rig.place();
    let mut idle: Vec<TcpStream> = (0..160).map(|_| connect(host)).collect();
    // The first of them goes, and the last ones stay.
    assert_eq!(idle[0].read(&mut [0]).unwrap_or(0), 0);
    let mut client = ask(&rig);
    assert_eq!(seen.recv().unwrap(), Seen::Request);
    idle.extend((0..160).map(|_| connect(host)));
    assert_eq!(idle[160].read(&mut [0]).unwrap_or(0), 0);
    read_until(&mut client, "\r\n\r\n");
}
