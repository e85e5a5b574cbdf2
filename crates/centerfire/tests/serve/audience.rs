//! A hundred viewers of one flood, read by one thread: a viewer here is a socket and a number, so that the test costs less
//! than the server.

use crate::http::{Call, dial};
use crate::rig::{LIMIT, Rig};
use crate::stream::noise_without_queries;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};
use testkit::{eventually, proc};

const VIEWERS: usize = 100;
/// What the program writes, and how fast.
const FLOOD_BYTES: usize = 20_000_000;
const RATE_BYTES: f64 = 2_000_000.0;
/// How fast the slow one reads until all is written: it is never so far behind that it would get the screen instead.
const SLOW_BYTES: f64 = 1_400_000.0;
/// How often clients say how far they have painted; the server waits after 1 MiB.
const PAINT_EVERY_BYTES: u64 = 256 << 10; // 256 KiB
/// What the server may grow by: 4 MiB of shared frames, and on a busy machine 128 KiB on the way to each viewer. With the
/// flood, kept for one who does not take it, it would be more.
const GROWTH_MAX_BYTES: u64 = 24 << 20; // 24 MiB
/// How much longer than it wanted the program may take: one that waits for the slow viewer takes longer.
const SLOWED_MAX: f64 = 1.3;

/// Writes at its rate as soon as it is told to, and tells how long that took and the longest of its writes.
const PROGRAM: &str = r"
import os, time, tty
tty.setraw(0)
os.write(1, b'ready\n')
data, rate, step = open('flood', 'rb').read(), float(os.environ['RATE']), 4000
os.read(0, 1)
begun, longest = time.monotonic(), 0
for place in range(0, len(data), step):
    early = begun + place / rate - time.monotonic()
    if early > 0: time.sleep(early)
    piece, asked = data[place:place + step], time.monotonic()
    while piece: piece = piece[os.write(1, piece):]
    longest = max(longest, time.monotonic() - asked)
took = time.monotonic() - begun
open('took.new', 'w').write(f'{took} {longest}')
os.rename('took.new', 'took')
os.read(0, 1)
";

/// How a viewer reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Manner {
    Quick,
    Slow,
    /// Not at all, until all is written.
    Stalled,
}

struct Viewer {
    manner: Manner,
    stream: TcpStream,
    /// A frame that is not whole.
    rest: Vec<u8>,
    offset: u64,
    painted: u64,
    /// Where screens came instead of output.
    screens: Vec<u64>,
}

impl Viewer {
    fn join(rig: &Rig, name: &str, manner: Manner) -> Self {
        let mut stream = dial(Ipv4Addr::LOCALHOST, rig.address()).expect("connect to the server");
        let call = Call::get(&format!("/ws/{name}?from=0")).upgrade().bearer(&rig.manage);
        let call = call.header("sec-websocket-protocol", "centerfire.v1");
        stream.write_all(&call.bytes(rig.address())).expect("ask for a socket");
        stream.set_read_timeout(Some(LIMIT)).expect("set a limit");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("read the answer");
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", head.escape_ascii());
        stream.set_nonblocking(true).expect("do not wait");
        Self { manner, stream, rest: Vec::new(), offset: 0, painted: 0, screens: Vec::new() }
    }

    /// Takes in what is there, at most one buffer; output has to be what was written.
    fn read(&mut self, buffer: &mut [u8], written: &[u8]) {
        match self.stream.read(buffer) {
            Ok(0) => panic!("{:?}: the server closed at {}", self.manner, self.offset),
            Ok(count) => self.rest.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(error) => panic!("{:?}: {error} at {}", self.manner, self.offset),
        }
        let mut rest = &self.rest[..];
        while let Some((kind, payload, after)) = frame(rest) {
            match (kind, payload.first()) {
                (BINARY, Some(1)) => {
                    let output = &payload[9..];
                    let place = self.offset as usize..self.offset as usize + output.len();
                    let same = written.get(place.clone()) == Some(output);
                    assert!(same, "{:?}: other bytes than were written at {place:?}", self.manner);
                    self.offset = place.end as u64;
                }
                (BINARY, Some(2)) => {
                    self.offset = u64::from_le_bytes(payload[1..9].try_into().expect("eight bytes"));
                    self.screens.push(self.offset);
                }
                (BINARY | CLOSE, _) => panic!("{:?}: {}", self.manner, payload.escape_ascii()),
                _ => {}
            }
            rest = after;
        }
        self.rest = rest.to_vec();
        if self.offset >= self.painted + PAINT_EVERY_BYTES || self.offset == written.len() as u64 {
            self.paint();
        }
    }

    fn paint(&mut self) {
        self.painted = self.offset;
        let word = format!(r#"{{"type":"painted","offset":{}}}"#, self.offset);
        // A text, masked with zeros.
        let frame = [&[0x81, 0x80 | word.len() as u8, 0, 0, 0, 0], word.as_bytes()].concat();
        self.stream.write_all(&frame).expect("say what is painted");
    }
}

const BINARY: u8 = 2;
const CLOSE: u8 = 8;

/// The first frame, if it is whole: its kind, what is in it, and what follows.
fn frame(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let number = |range: std::ops::Range<usize>| {
        bytes.get(range).map(|bytes| bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    };
    let (head, length) = match bytes.get(1)? & 0x7f {
        126 => (4, number(2..4)?),
        127 => (10, number(2..10)?),
        length => (2, length.into()),
    };
    let payload = bytes.get(head..head + length)?;
    Some((bytes[0] & 0x0f, payload, &bytes[head + length..]))
}

/// Invariants 2 and 10, T28: ninety-eight of a hundred viewers get every byte of a flood while one reads slowly and one not
/// at all; the program is not held up, the server keeps nothing for anybody, the slow one has every byte in the end, and the
/// one that slept goes on with the screen.
#[test]
fn a_hundred_viewers_get_every_byte_whatever_one_of_them_does() {
    let rig = Rig::new();
    let mut flood = noise_without_queries(31, FLOOD_BYTES);
    // CAN ends what the noise began: bytes that might become a query are shown when it is known.
    flood[FLOOD_BYTES - 1] = 0x18;
    rig.file("flood", &flood);
    rig.file("program.py", PROGRAM.as_bytes());
    rig.start("flood", &format!("RATE={RATE_BYTES} exec python3 program.py"));
    let written = [b"ready\n", &flood[..]].concat();
    let all = written.len() as u64;
    let manner = |place| match place {
        0 => Manner::Stalled,
        1 => Manner::Slow,
        _ => Manner::Quick,
    };
    let mut viewers: Vec<Viewer> =
        (0..VIEWERS).map(|place| Viewer::join(&rig, "flood", manner(place))).collect();
    let memory = || proc::memory(rig.server_pid()).expect("the server's memory");
    let (before, used) = (memory(), proc::processor_time(rig.server_pid()).expect("the server's time"));

    rig.press("flood", "x");
    let begun = Instant::now();
    let took = rig.instance.work().join("took");
    let (mut buffer, mut most, mut looked, mut lag) = (vec![0; 256 << 10], before, begun, 0);
    while viewers.iter().any(|viewer| viewer.offset < all) {
        assert!(begun.elapsed() < LIMIT, "{:?}", viewers.iter().map(|one| one.offset).collect::<Vec<_>>());
        let slow = (begun.elapsed().as_secs_f64() * SLOW_BYTES) as u64;
        let over = took.exists();
        let wants = |viewer: &Viewer| match viewer.manner {
            Manner::Quick => true,
            Manner::Slow => over || viewer.offset < slow,
            Manner::Stalled => over,
        };
        let mut wanted: Vec<&mut Viewer> = viewers.iter_mut().filter(|one| wants(one)).collect();
        let mut ready: Vec<PollFd<'_>> = wanted
            .iter()
            .map(|one| PollFd::from_borrowed_fd(std::os::fd::AsFd::as_fd(&one.stream), PollFlags::IN))
            .collect();
        poll(&mut ready, Some(&Timespec { tv_sec: 0, tv_nsec: 10_000_000 })).expect("wait for output");
        let ready: Vec<bool> = ready.iter().map(|one| !one.revents().is_empty()).collect();
        for (viewer, _) in wanted.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
            viewer.read(&mut buffer, &written);
        }
        if looked.elapsed() > Duration::from_millis(250) {
            (looked, most) = (Instant::now(), most.max(memory()));
            let quick = viewers.iter().filter(|viewer| viewer.manner == Manner::Quick).map(|one| one.offset);
            let quick: Vec<u64> = quick.collect();
            lag = lag.max(quick.iter().max().unwrap() - quick.iter().min().unwrap());
        }
    }
    let used = proc::processor_time(rig.server_pid()).expect("the server's time") - used;
    let told = eventually(LIMIT, || std::fs::read_to_string(&took).ok()).expect("the program tells its time");
    let (took, longest) = told.split_once(' ').expect("two numbers");
    println!(
        "{took} s for {:.1} s of output, the longest write {longest} s; the last quick viewer {lag} bytes behind the first; \
         the server used {used:?} in {:?} and grew by {} bytes",
        FLOOD_BYTES as f64 / RATE_BYTES,
        begun.elapsed(),
        most - before
    );
    assert_eq!(rig.stored("flood"), written, "what was written is what is stored");
    for viewer in &viewers {
        let screens = if viewer.manner == Manner::Stalled { 1 } else { 0 };
        assert_eq!(viewer.screens.len(), screens, "{:?}: screens instead of output", viewer.manner);
    }
    let took: f64 = took.parse().expect("a number");
    assert!(took < SLOWED_MAX * FLOOD_BYTES as f64 / RATE_BYTES, "the program was held up: {took} s");
    assert!(most - before < GROWTH_MAX_BYTES, "the server grew by {} bytes", most - before);
}
