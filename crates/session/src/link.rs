//! The socket between a keeper and its host. Each learns from it that the other died.
//!
//! A message is a tag and a number, four bytes each, in the machine's order: both ends are on one machine.

use protocol::ExitStatus;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

const MESSAGE_BYTES: usize = 8;

/// What keeper and host tell each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum News {
    /// Keeper to host: the program ended.
    Exited(ExitStatus),
    /// Host to keeper: all is stored and the terminal is closed; nobody is needed any more.
    Finished,
}

/// One end.
pub(crate) struct Link(OwnedFd);

/// What reading gave.
pub(crate) enum Heard {
    News(News),
    Nothing,
    /// The other end is dead.
    Gone,
}

impl Link {
    pub(crate) fn pair() -> io::Result<(Self, OwnedFd)> {
        let (one, other) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        Ok((Self(one), other))
    }

    pub(crate) fn from_fd(fd: OwnedFd) -> Self {
        Self(fd)
    }

    /// Tells the other end; if it is dead, reading will say so.
    pub(crate) fn tell(&self, news: News) {
        let (tag, number) = match news {
            News::Exited(ExitStatus::Code(code)) => (1, code),
            News::Exited(ExitStatus::Signal(signal)) => (2, signal),
            News::Exited(ExitStatus::Lost) => (3, 0),
            News::Finished => (4, 0),
        };
        let mut bytes = [0; MESSAGE_BYTES];
        bytes[..4].copy_from_slice(&i32::to_ne_bytes(tag));
        bytes[4..].copy_from_slice(&number.to_ne_bytes());
        let _ = send(&self.0, &bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT);
    }

    /// Reads without waiting.
    pub(crate) fn hear(&self) -> Heard {
        let mut bytes = [0; MESSAGE_BYTES];
        match recv(&self.0, &mut bytes, RecvFlags::DONTWAIT) {
            Ok((MESSAGE_BYTES, _)) => {}
            Err(Errno::AGAIN | Errno::INTR) => return Heard::Nothing,
            _ => return Heard::Gone,
        }
        let number = i32::from_ne_bytes(bytes[4..].try_into().expect("four bytes"));
        Heard::News(match i32::from_ne_bytes(bytes[..4].try_into().expect("four bytes")) {
            1 => News::Exited(ExitStatus::Code(number)),
            2 => News::Exited(ExitStatus::Signal(number)),
            3 => News::Exited(ExitStatus::Lost),
            4 => News::Finished,
            // A newer version on the other side may know more words; tags are only ever added.
            _ => return Heard::Nothing,
        })
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_end_tells_the_other_hears_in_order() {
        let (one, other) = Link::pair().unwrap();
        let other = Link::from_fd(other);
        let all = [
            News::Exited(ExitStatus::Code(7)),
            News::Exited(ExitStatus::Signal(9)),
            News::Exited(ExitStatus::Lost),
            News::Finished,
        ];
        for news in all {
            one.tell(news);
        }
        for news in all {
            assert!(matches!(other.hear(), Heard::News(heard) if heard == news), "{news:?}");
        }
        assert!(matches!(other.hear(), Heard::Nothing));
        assert!(matches!(one.hear(), Heard::Nothing), "nobody hears himself");
    }

    #[test]
    fn the_last_word_of_a_dead_end_is_heard_before_its_death() {
        let (one, other) = Link::pair().unwrap();
        let other = Link::from_fd(other);
        one.tell(News::Finished);
        drop(one);
        assert!(matches!(other.hear(), Heard::News(News::Finished)));
        assert!(matches!(other.hear(), Heard::Gone));
        other.tell(News::Finished);
    }

    #[test]
    fn a_word_of_a_newer_version_is_passed_over() {
        let (one, other) = Link::pair().unwrap();
        let other = Link::from_fd(other);
        send(&one, &[0xff; MESSAGE_BYTES], SendFlags::NOSIGNAL).unwrap();
        one.tell(News::Finished);
        assert!(matches!(other.hear(), Heard::Nothing));
        assert!(matches!(other.hear(), Heard::News(News::Finished)));
    }
}
