//! HTTP as raw bytes: a server that a test writes by hand, a relay that records both directions, and the messages in them.

use crate::rig::PATIENCE;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A message: its first line and headers as they came, and its body without the frames of chunks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Message {
    pub head: Vec<String>,
    pub body: Vec<u8>,
}

/// Serves each connection with a function, on a thread of its own.
pub fn serve(each: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let each = Arc::new(each);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let each = Arc::clone(&each);
            thread::spawn(move || each(stream));
        }
    });
    address
}

/// A connection to a place, whose reads end.
pub fn connect(place: impl std::net::ToSocketAddrs) -> TcpStream {
    let stream = TcpStream::connect(place).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Reads one whole message; nothing at the end of the connection.
pub fn read_message(stream: &mut TcpStream, has_body: bool) -> Option<Message> {
    let mut bytes = Vec::new();
    loop {
        if let Some((message, _)) = parse(&bytes, has_body) {
            return Some(message);
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece) {
            // Without a length, the end of the connection is the end of the body.
            Ok(0) | Err(_) => {
                return head(&bytes).map(|(head, at)| Message { head, body: bytes[at..].to_vec() });
            }
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    }
}

/// The messages in what one side of a connection said. `has_body` says whether the nth has one by its kind.
pub fn messages(mut bytes: &[u8], has_body: impl Fn(usize) -> bool) -> Vec<Message> {
    let mut messages = Vec::new();
    while let Some((message, length)) = parse(bytes, has_body(messages.len())) {
        messages.push(message);
        bytes = &bytes[length..];
    }
    messages
}

fn head(bytes: &[u8]) -> Option<(Vec<String>, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&bytes[..end]);
    Some((text.split("\r\n").map(str::to_owned).collect(), end + 4))
}

fn parse(bytes: &[u8], has_body: bool) -> Option<(Message, usize)> {
    let (head, at) = head(bytes)?;
    let value = |name: &str| {
        let line =
            head.iter().skip(1).find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
        Some(line[name.len() + 1..].trim().to_owned())
    };
    if !has_body || head[0].contains(" 204 ") {
        return Some((Message { head, body: Vec::new() }, at));
    }
    if value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        let (body, length) = chunks(&bytes[at..])?;
        return Some((Message { head, body }, at + length));
    }
    let is_answer = head[0].starts_with("HTTP/");
    let length: usize = match value("content-length") {
        Some(length) => length.parse().unwrap(),
        None if is_answer => return None,
        None => 0,
    };
    let body = bytes.get(at..at + length)?.to_vec();
    Some((Message { head, body }, at + length))
}

fn chunks(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let line = at + bytes[at..].windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[at..line]).unwrap(), 16).unwrap();
        body.extend_from_slice(bytes.get(line + 2..line + 2 + size)?);
        at = line + 2 + size + 2;
        bytes.get(at - 1)?;
        if size == 0 {
            return Some((body, at));
        }
    }
}

/// What both sides of each connection said.
type Recorded = Arc<Mutex<Vec<(Vec<u8>, Vec<u8>)>>>;

/// A relay that records.
pub struct Relay {
    pub address: SocketAddr,
    recorded: Recorded,
}

impl Relay {
    pub fn to(target: SocketAddr) -> Self {
        let recorded: Recorded = Arc::default();
        let kept = Arc::clone(&recorded);
        let address = serve(move |client| {
            let Ok(server) = TcpStream::connect(target) else { return };
            let index = {
                let mut all = kept.lock().unwrap();
                all.push(Default::default());
                all.len() - 1
            };
            let back = pump(server.try_clone().unwrap(), client.try_clone().unwrap(), {
                let kept = Arc::clone(&kept);
                move |bytes| kept.lock().unwrap()[index].1.extend_from_slice(bytes)
            });
            let kept = Arc::clone(&kept);
            let forth =
                pump(client, server, move |bytes| kept.lock().unwrap()[index].0.extend_from_slice(bytes));
            let _ = (forth.join(), back.join());
        });
        Self { address, recorded }
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests and their answers so far, in an order that does not depend on connections. A request that was not answered to the end
    /// has none.
    pub fn exchanges(&self) -> Said {
        let mut all = Vec::new();
        for (asked, answered) in self.recorded.lock().unwrap().iter() {
            let asked = messages(asked, |_| true);
            let mut answers =
                messages(answered, |at| !asked.get(at).is_some_and(|one| one.head[0].starts_with("HEAD")));
            answers.reverse();
            all.extend(asked.into_iter().map(|one| (one, answers.pop())));
        }
        all.sort();
        all
    }
}

/// Requests and their answers.
pub type Said = Vec<(Message, Option<Message>)>;

/// What was recorded on both sides of a tap, with the two differences that there must be taken out: the secret, which stands for the
/// upstream's path, and the host.
pub fn sides(near: &Relay, far: &Relay, secret: &str, path: &str) -> [Said; 2] {
    let hosts = [near.address.to_string(), far.address.to_string()];
    let plain = |mut all: Said| {
        for (asked, _) in &mut all {
            asked.head[0] = asked.head[0].replace(secret, path).replace("  ", " / ");
            for line in &mut asked.head {
                *line = hosts.iter().fold(line.clone(), |line, host| line.replace(host, "HOST"));
            }
        }
        all.sort();
        all
    };
    [near, far].map(|relay| plain(relay.exchanges()))
}

fn pump(
    mut from: TcpStream,
    mut to: TcpStream,
    record: impl Fn(&[u8]) + Send + 'static,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut piece = vec![0; 64 << 10];
        let copy = |from: &mut TcpStream, to: &mut TcpStream, piece: &mut [u8]| -> io::Result<bool> {
            let count = from.read(piece)?;
            record(&piece[..count]);
            to.write_all(&piece[..count])?;
            Ok(count > 0)
        };
        while copy(&mut from, &mut to, &mut piece).unwrap_or(false) {}
        let _ = (to.shutdown(Shutdown::Write), from.shutdown(Shutdown::Read));
    })
}
