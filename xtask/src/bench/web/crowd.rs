//! Many viewers of one session on one thread, and when each of them saw what. The child's clock is in its output:
//! every frame of the workload `paced` begins with the moment at which it was written.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::server::Running;
use super::viewer::Viewer;
use crate::bench::workload::{END, MARK, STAMP, now_nanos};

/// Longest time between two looks at the deadline.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
/// Longest text between two marks.
const MARKED_BYTES: usize = 40;

/// See the head of the file.
pub struct Crowd {
    members: Vec<Member>,
}

/// One viewer and what it saw.
struct Member {
    viewer: Viewer,
    marks: Marks,
    seen: Seen,
    done: bool,
}

/// What one viewer saw.
#[derive(Debug, Default)]
pub struct Seen {
    pub bytes: usize,
    /// Milliseconds from a frame's writing to its sight.
    pub delays: Vec<f64>,
    /// The first and the last moment that the child wrote, in nanoseconds.
    pub written: Option<(u64, u64)>,
}

impl Crowd {
    pub fn join(server: &Running, count: usize) -> Result<Crowd> {
        let members = (0..count).map(|_| {
            let viewer = server.join()?;
            viewer.stop_waiting()?;
            Ok(Member::new(viewer))
        });
        Ok(Crowd { members: members.collect::<Result<_>>().context("join the viewers")? })
    }

    pub fn press(&mut self, server: &Running, keys: &str) -> Result<()> {
        self.members[0].viewer.press(server, keys)
    }

    /// Reads until everyone has seen the end, or the limit has passed.
    pub fn watch(&mut self, limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline && self.members.iter().any(|member| !member.done) {
            for index in self.ready()? {
                self.members[index].look()?;
            }
        }
        Ok(())
    }

    /// What each of them saw.
    pub fn seen(self) -> Vec<Seen> {
        self.members.into_iter().map(|member| member.seen).collect()
    }

    fn ready(&self) -> Result<Vec<usize>> {
        let members = &self.members;
        let mut waits: Vec<PollFd> =
            members.iter().map(|member| PollFd::new(&member.viewer, PollFlags::IN)).collect();
        match poll(&mut waits, Some(&LOOK)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).context("wait for the viewers"),
        }
        let ready = waits.iter().enumerate().filter(|(_, wait)| !wait.revents().is_empty());
        Ok(ready.map(|(index, _)| index).collect())
    }
}

impl Member {
    fn new(viewer: Viewer) -> Member {
        Member { viewer, marks: Marks::default(), seen: Seen::default(), done: false }
    }

    fn look(&mut self) -> Result<()> {
        let Member { viewer, marks, seen, done } = self;
        let output = viewer.take()?;
        let now = now_nanos();
        seen.bytes += output.len();
        marks.feed(output, |text| {
            if let Some(at) = text.strip_prefix(STAMP).and_then(|at| at.parse::<u64>().ok()) {
                seen.delays.push(now.saturating_sub(at) as f64 / 1e6);
                seen.written = Some((seen.written.map_or(at, |(first, _)| first), at));
            }
            *done |= text == END.trim_matches(MARK as char);
        });
        Ok(())
    }
}

/// Finds short texts between two marks in a stream of reads.
#[derive(Default)]
struct Marks {
    /// What came since the mark that is open.
    open: Option<Vec<u8>>,
}

impl Marks {
    fn feed(&mut self, mut read: &[u8], mut found: impl FnMut(&str)) {
        while !read.is_empty() {
            let at = memchr::memchr(MARK, read);
            let before = &read[..at.unwrap_or(read.len())];
            read = &read[at.map_or(read.len(), |at| at + 1)..];
            let Some(text) = &mut self.open else {
                self.open = at.map(|_| Vec::new());
                continue;
            };
            if text.len() + before.len() > MARKED_BYTES {
                // Not ours: the mark that ends it may begin another.
                self.open = at.map(|_| Vec::new());
                continue;
            }
            text.extend_from_slice(before);
            if at.is_some() {
                found(std::str::from_utf8(text).unwrap_or_default());
                self.open = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_texts_are_found_however_they_are_cut() {
        let stream = format!("ab@{STAMP}17@cd{END}");
        for size in 1..=stream.len() {
            let (mut marks, mut texts) = (Marks::default(), Vec::new());
            stream
                .as_bytes()
                .chunks(size)
                .for_each(|read| marks.feed(read, |text| texts.push(text.to_owned())));
            assert_eq!(texts, [format!("{STAMP}17"), "cf-end".to_owned()], "reads of {size} bytes");
        }
    }

    #[test]
    fn a_lone_mark_costs_one_text_and_no_more() {
        let (mut marks, mut texts) = (Marks::default(), Vec::new());
        let stream = format!("@{}{END}{END}", "x".repeat(MARKED_BYTES + 1));
        marks.feed(stream.as_bytes(), |text| texts.push(text.to_owned()));
        assert!(texts.contains(&"cf-end".to_owned()), "{texts:?}");
    }
}
