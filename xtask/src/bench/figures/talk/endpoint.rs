//! A server of embeddings, as OpenAI's, that knows its answers beforehand: what costs time is not the model.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::Value;

use super::corpus::Chance;

const DIM: usize = 384;
/// Different vectors; a text has the one that its length and letters say.
const VECTORS: usize = 8_192;
/// A request at most.
const BODY_BYTES: usize = 16 << 20;

/// Answers until this program ends; where.
pub fn start() -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("listen for texts")?;
    let address = listener.local_addr().context("ask for the port")?;
    let mut chance = Chance(7);
    let mut vector = || {
        let numbers: Vec<String> = (0..DIM).map(|_| format!("{:.3}", chance.share() - 0.5)).collect();
        format!("[{}]", numbers.join(","))
    };
    let vectors: Arc<Vec<String>> = Arc::new((0..VECTORS).map(|_| vector()).collect());
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let vectors = Arc::clone(&vectors);
            // One that leaves in the middle is no matter.
            std::thread::spawn(move || answer(client, &vectors).ok());
        }
    });
    Ok(address)
}

fn answer(client: TcpStream, vectors: &[String]) -> Result<()> {
    client.set_nodelay(true)?;
    let mut reader = BufReader::new(client.try_clone()?);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse::<usize>()?.min(BODY_BYTES);
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let asked: Value = serde_json::from_slice(&body)?;
        let texts = asked["input"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let of = |text: &str| {
            let mark =
                text.bytes().fold(7_usize, |mark, byte| mark.wrapping_mul(31).wrapping_add(byte.into()));
            &vectors[mark % VECTORS]
        };
        let data: Vec<String> = texts
            .enumerate()
            .map(|(index, text)| format!("{{\"index\":{index},\"embedding\":{}}}", of(text)))
            .collect();
        let answer = format!("{{\"data\":[{}]}}", data.join(","));
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length";
        (&client).write_all(format!("{head}: {}\r\n\r\n{answer}", answer.len()).as_bytes())?;
    }
}
