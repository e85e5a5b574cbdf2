//! A session that writes when it is told to, and clients that follow it through whatever becomes of the server.

use crate::events::{Events, Heard, bytes_of};
use crate::rig::Rig;
use crate::socket::{Came, Socket};
use crate::stream::noise_without_queries;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The session's name.
pub(crate) const NAME: &str = "busy";
/// What the program writes for each word of the test.
pub(crate) const STEP_BYTES: usize = 16 << 10; // 16 KiB

/// Writes a part of the file for each byte of the pipe.
const SCRIPT: &str = "stty raw -echo; exec 3<stream 4<steps; echo ready; \
     while read -r -n 1 -u 4; do head -c 16384 <&3; done";

/// The program's other side.
pub(crate) struct Busy {
    steps: File,
    stream: Vec<u8>,
}

impl Busy {
    /// Starts it, with so much to write.
    pub(crate) fn start(rig: &Rig, seed: u64, steps: usize) -> Self {
        let stream = noise_without_queries(seed, steps * STEP_BYTES);
        rig.file("stream", &stream);
        let pipe = rig.instance.work().join("steps");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("run mkfifo").success());
        // Both ends: neither the program nor the test waits for the other to open it.
        let steps = File::options().read(true).write(true).open(&pipe).expect("open a pipe");
        rig.start(NAME, SCRIPT);
        Self { steps, stream }
    }

    /// Lets the program write so many parts.
    pub(crate) fn write(&mut self, steps: usize) {
        self.steps.write_all(&b"x".repeat(steps)).expect("let the program write");
    }

    /// Lets it end; what it wrote. It reads the pipe to its end, which comes when nobody can write any more.
    pub(crate) fn end(self) -> Vec<u8> {
        self.stream
    }
}

/// What a client speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    WebSocket,
    Events,
}

/// A client that comes back with the offset of what it had last.
pub(crate) struct Follower<'a> {
    pub way: Way,
    pub address: SocketAddr,
    pub secret: &'a str,
    /// How far it is, for the test to see.
    pub seen: &'a AtomicU64,
    pub deadline: Instant,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Story {
    pub output: Vec<u8>,
    pub connections: usize,
    /// Connections that ended without a word.
    pub broken: usize,
    /// Why connections were not taken.
    pub refused: Vec<String>,
}

impl Follower<'_> {
    /// Follows the session from its first byte to its end.
    pub(crate) fn follow(self) -> Story {
        let mut story = Story::default();
        while Instant::now() < self.deadline {
            let over = match self.way {
                Way::WebSocket => self.watch(&mut story),
                Way::Events => self.listen(&mut story),
            };
            match over {
                Ok(true) => return story,
                Ok(false) => {}
                Err(reason) => {
                    story.refused.push(reason);
                    thread::sleep(Duration::from_millis(2));
                }
            }
        }
        panic!("the session did not end; the client has {} bytes", story.output.len());
    }

    /// One connection; whether the session is over.
    fn watch(&self, story: &mut Story) -> Result<bool, String> {
        let query = format!("?from={}", story.output.len());
        let mut client = Socket::open(self.address, self.secret, NAME, &query).map_err(|e| e.to_string())?;
        story.connections += 1;
        let over = loop {
            match client.next_until(self.deadline) {
                Came::Output => {
                    client.paint();
                    self.seen.store(client.offset, Ordering::Relaxed);
                }
                Came::Said(_) => {}
                Came::Closed(1000) => break true,
                Came::Closed(1012) => break false,
                Came::Broken => {
                    story.broken += 1;
                    break false;
                }
                other => panic!("{other:?} at offset {}", client.offset),
            }
        };
        story.output.extend(client.output);
        Ok(over)
    }

    /// The same, of events.
    fn listen(&self, story: &mut Story) -> Result<bool, String> {
        let last = (story.connections > 0).then_some(story.output.len() as u64);
        let mut client = Events::open(self.address, self.secret, NAME, last)?;
        story.connections += 1;
        loop {
            match client.next_until(self.deadline) {
                Heard::Event { id, kind, data } if kind == "output" => {
                    story.output.extend(bytes_of(&data));
                    assert_eq!(id, story.output.len() as u64, "an event does not follow the last one");
                    self.seen.store(id, Ordering::Relaxed);
                }
                Heard::Event { kind, .. } if kind == "exited" => return Ok(true),
                Heard::Event { .. } => {}
                Heard::Ended => return Ok(false),
                Heard::Broken => {
                    story.broken += 1;
                    return Ok(false);
                }
                Heard::Nothing => panic!("nothing came behind {}", story.output.len()),
            }
        }
    }
}
