//! Sleeping until something happens to a descriptor, or until a time.

use rustix::event::{PollFd, Timespec, poll};
use std::io;
use std::time::Instant;

/// Sleeps until something happens to one of the descriptors, or the deadline; gives to how many it did, 0 at the
/// deadline. One that is further away than the system can count is none. A signal alone wakes nobody: who waits for one
/// has it in a pipe ([`crate::signals::pipe`]).
pub(crate) fn poll_until(fds: &mut [PollFd<'_>], deadline: Option<Instant>) -> io::Result<usize> {
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(fds, timeout.as_ref()) {
            Err(rustix::io::Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::PollFlags;
    use rustix::pipe::pipe;
    use std::time::Duration;

    #[test]
    fn it_wakes_for_what_happens_and_at_the_deadline() {
        let (read, write) = pipe().unwrap();
        let fds = &mut [PollFd::new(&read, PollFlags::IN)];
        let begin = Instant::now();
        let soon = begin + Duration::from_millis(10);
        assert_eq!(poll_until(fds, Some(soon)).unwrap(), 0);
        assert!(Instant::now() >= soon);
        assert_eq!(poll_until(fds, Some(begin)).unwrap(), 0, "a deadline that is over does not wait");
        rustix::io::write(&write, b"x").unwrap();
        assert_eq!(poll_until(fds, None).unwrap(), 1);
    }
}
