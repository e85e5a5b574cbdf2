//! A server on loopback that speaks both dialects, and misbehaves when it is told to.

use super::*;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

/// What the server was asked: path, key, and the body.
type Asked = (String, Option<String>, serde_json::Value);

/// What it makes of a path and texts: a status and a body, or silence.
type Answer = fn(&str, &[String]) -> Option<(u16, String)>;

/// Answers each request so.
fn serve(answer: Answer) -> (String, Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let (tell, asked) = channel();
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming().map_while(std::io::Result::ok) {
            let mut reader = BufReader::new(stream);
            while let Some(request) = read_request(&mut reader) {
                let texts: Vec<String> = serde_json::from_value(request.2["input"].clone()).expect("texts");
                let answer = answer(&request.0, &texts);
                let _ = tell.send(request);
                let Some((status, body)) = answer else {
                    silent.push(reader);
                    break;
                };
                let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", body.len());
                let _ = reader.get_mut().write_all((head + &body).as_bytes());
            }
        }
    });
    (url, asked)
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut key) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        match header.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().ok()?
            }
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => key = Some(value.to_owned()),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, key, serde_json::from_slice(&body).ok()?))
}

/// Vectors by which a text is known again: its length, and 1.
fn answer(path: &str, texts: &[String]) -> Option<(u16, String)> {
    let vectors: Vec<_> = texts.iter().map(|text| vec![text.len() as f32, 1.0]).collect();
    let body = if path == "/api/embed" {
        json!({ "embeddings": vectors })
    } else {
        let data = vectors.iter().enumerate().rev();
        json!({ "data": data.map(|(index, it)| json!({ "index": index, "embedding": it })).collect::<Vec<_>>() })
    };
    Some((200, body.to_string()))
}

fn service(dialect: Dialect, url: String) -> Service {
    Service { dialect, url, model: "small".to_owned(), key: Some("sesame".to_owned()) }
}

#[test]
fn both_dialects_give_the_vectors_in_the_order_of_the_texts() {
    for (dialect, suffix, path, id) in [
        (Dialect::OpenAi, "", "/v1/embeddings", "openai:small"),
        (Dialect::OpenAi, "/v1/", "/v1/embeddings", "openai:small"),
        (Dialect::Ollama, "/", "/api/embed", "ollama:small"),
    ] {
        let (url, asked) = serve(answer);
        let remote = Remote::connect(service(dialect, url + suffix)).expect("it answers");
        assert_eq!((remote.id(), remote.dim()), (id, 2));
        let texts: Vec<String> = (1..=150).map(|length| "x".repeat(length)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let vectors = remote.embed(&texts).expect("it answers");
        for (text, vector) in texts.iter().zip(&vectors) {
            assert!((vector[0] / vector[1] - text.len() as f32).abs() < 1e-3, "{vector:?} is of {text}");
            assert!((vector[0].hypot(vector[1]) - 1.0).abs() < 1e-6, "it has the length 1");
        }
        let requests: Vec<Asked> = asked.try_iter().collect();
        let sizes: Vec<_> =
            requests.iter().map(|asked| asked.2["input"].as_array().map_or(0, Vec::len)).collect();
        assert_eq!(sizes, [1, 64, 64, 22]);
        assert!(requests.iter().all(|asked| asked.0 == path && asked.1.as_deref() == Some("Bearer sesame")));
    }
}

#[test]
fn what_a_server_answers_instead_is_told_and_the_key_is_not() {
    let cases: [(Answer, &str); 5] = [
        (|_, _| Some((404, "model `small` not found".to_owned())), "404 Not Found: model `small` not found"),
        (|_, _| Some((302, String::new())), "302"),
        (|_, _| Some((200, "<html>".to_owned())), "gave no vectors"),
        (|_, _| Some((200, json!({ "embeddings": [[1.0], [2.0]] }).to_string())), "not 1 vectors"),
        (|_, _| Some((200, " ".repeat(ANSWER_BYTES as usize + 1))), "cannot be asked"),
    ];
    for (answer, expected) in cases {
        let (url, _asked) = serve(answer);
        let error =
            Remote::connect(service(Dialect::Ollama, url)).err().expect("it is no vector").to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("sesame"), "{error}");
    }
    assert!(!format!("{:?}", service(Dialect::OpenAi, String::new())).contains("sesame"));
}

#[test]
fn a_server_that_is_silent_or_gone_is_given_up() {
    let (url, _asked) = serve(|_, _| None);
    let short = Duration::from_millis(200);
    let error = Remote::within(service(Dialect::Ollama, url), short).err().expect("it is silent");
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    // TLS is tried, and what answers does not speak it.
    let (url, _asked) = serve(answer);
    let error = Remote::within(service(Dialect::OpenAi, url.replace("http", "https")), short);
    let error = error.err().expect("no handshake").to_string();
    assert!(error.contains("is it running"), "{error}");
    let gone = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let error =
        Remote::connect(service(Dialect::OpenAi, format!("http://{gone}"))).err().expect("nobody listens");
    assert!(error.to_string().contains("is it running"), "{error}");
}
