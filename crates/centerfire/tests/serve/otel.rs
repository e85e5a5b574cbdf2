//! Spans of requests, sent to a collector.

use crate::http::Call;
use crate::rig::{LIMIT, Rig};
use rustix::process::Signal;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::channel;

/// Takes what comes, and says that all is well.
fn collect(listener: &TcpListener) -> Vec<u8> {
    let (mut stream, _) = listener.accept().expect("somebody connects");
    stream.set_read_timeout(Some(LIMIT)).expect("set a limit");
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        let count = stream.read(&mut buffer).expect("read what comes");
        bytes.extend_from_slice(&buffer[..count]);
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let length = head.and_then(|end| {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            length.map(|length| end + 4 + length)
        });
        if count == 0 || length.is_some_and(|length| bytes.len() >= length) {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            return bytes;
        }
    }
}

/// A request is a span with its endpoint, sent over HTTP at the latest when the server ends.
#[test]
fn requests_are_sent_as_spans() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = listener.local_addr().expect("an address");
    let (told, heard) = channel();
    std::thread::spawn(move || told.send(collect(&listener)));
    let mut rig = Rig::with_variable("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{address}"));
    assert_eq!(Call::get("/api/v1/sessions").bearer(&rig.manage).send(&rig).status, 200);
    assert!(rig.stop_server(Signal::TERM).success());
    let sent = heard.recv_timeout(LIMIT).expect("spans come");
    let text = String::from_utf8_lossy(&sent);
    for part in ["POST /v1/traces", "application/x-protobuf", "request", "/api/v1/sessions", "centerfire"] {
        assert!(text.contains(part), "{part}: {}", sent.escape_ascii());
    }
    assert!(!text.contains(&rig.manage));
}
