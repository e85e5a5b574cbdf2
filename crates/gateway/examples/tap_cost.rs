//! What the tap adds to the time until the first byte of an answer.
//!
//! `cargo run --release -p gateway --example tap_cost`

use gateway::tap::{Exchange, Sink, Tap};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// Requests of each client, and those before them that are not counted.
const REQUESTS: usize = 2_000;
const WARM_UP: usize = 50;
/// Bytes of a request: a conversation of some length.
const REQUEST_BYTES: usize = 64 << 10; // 64 KiB
/// Between two requests of one of 50 clients; fewer wait less.
const PAUSE: Duration = Duration::from_millis(50);
const EVENT: &str = "data: {\"type\":\"ping\"}\n\n";

struct Nobody;

impl Sink for Nobody {
    fn hear(&mut self, _: Exchange) {}
}

fn main() {
    let upstream = serve();
    let (told, base) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let tap = Tap::start(Box::new(Nobody)).await.expect("start a tap");
            told.send(tap.open("s", &format!("http://{upstream}")).expect("open it")).expect("tell");
            std::future::pending::<()>().await;
        });
    });
    let base = base.recv().expect("the tap begins");
    let rest = base.strip_prefix("http://").expect("an address");
    let (host, secret) = rest.split_at(rest.find('/').expect("a secret"));
    let tap: SocketAddr = host.parse().expect("a place");
    for clients in [1, 50] {
        let [direct, tapped] = measure([(upstream, ""), (tap, secret)], clients);
        for (name, at) in [("p50", 50), ("p99", 99)] {
            let of = |all: &[Duration]| all[all.len() * at / 100].as_secs_f64() * 1e6;
            let (direct, tapped) = (of(&direct), of(&tapped));
            println!(
                "{clients:3} clients, {name}: {direct:6.0} us direct, {tapped:6.0} us tapped, {:+6.0} us",
                tapped - direct
            );
        }
    }
}

/// A server that answers each request at once with one event.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let _ = stream.set_nodelay(true);
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
                let answer = format!("{head}{:x}\r\n{EVENT}\r\n0\r\n\r\n", EVENT.len());
                let mut buffer = vec![0; 128 << 10];
                let mut have = 0;
                loop {
                    let Ok(count @ 1..) = stream.read(&mut buffer[have..]) else { return };
                    have += count;
                    let head = buffer[..have].windows(4).position(|window| window == b"\r\n\r\n");
                    if head.is_some_and(|head| have >= head + 4 + REQUEST_BYTES) {
                        have = 0;
                        if stream.write_all(answer.as_bytes()).is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    address
}

/// The times until the first byte, sorted: at both places in turn, so that what else the machine does meets both.
fn measure(places: [(SocketAddr, &str); 2], clients: usize) -> [Vec<Duration>; 2] {
    let each = || {
        let mut asking = places.map(|(place, secret)| Asking::new(place, secret));
        for _ in 0..WARM_UP + REQUESTS / clients {
            for one in &mut asking {
                one.ask();
                thread::sleep(PAUSE * clients as u32 / 50);
            }
        }
        asking.map(|mut one| one.times.split_off(WARM_UP))
    };
    let mut all: [Vec<Duration>; 2] = Default::default();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..clients).map(|_| scope.spawn(each)).collect();
        for client in clients {
            for (all, more) in all.iter_mut().zip(client.join().expect("a client")) {
                all.extend(more);
            }
        }
    });
    all.iter_mut().for_each(|times| times.sort());
    all
}

/// A connection on which one request follows another.
struct Asking {
    stream: TcpStream,
    request: Vec<u8>,
    times: Vec<Duration>,
}

impl Asking {
    fn new(place: SocketAddr, secret: &str) -> Self {
        let stream = TcpStream::connect(place).expect("connect");
        stream.set_nodelay(true).expect("no delay");
        let head = format!(
            "POST {secret}/v1/messages HTTP/1.1\r\nHost: {place}\r\nContent-Length: {REQUEST_BYTES}\r\n\r\n"
        );
        let request = [head.as_bytes(), &vec![b' '; REQUEST_BYTES]].concat();
        Self { stream, request, times: Vec::new() }
    }

    fn ask(&mut self) {
        let mut buffer = [0; 4096];
        let start = Instant::now();
        self.stream.write_all(&self.request).expect("ask");
        let mut have = self.stream.read(&mut buffer).expect("the first byte");
        self.times.push(start.elapsed());
        while !buffer[..have].ends_with(b"0\r\n\r\n") {
            have += self.stream.read(&mut buffer[have..]).expect("the rest");
        }
    }
}
