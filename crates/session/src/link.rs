//! The socket between a keeper and its host. Each learns from it that the other died.
//!
//! A message is a tag and a number, four bytes each, in the machine's order: both ends are on one machine. At an
//! upgrade the ends are of two versions ([`crate::role::VERSION`]): tags are only ever added, and a host knows from its
//! arguments which ones its keeper understands.

use protocol::ExitStatus;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

const MESSAGE_BYTES: usize = 8;

/// What keeper and host tell each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum News {
    /// Keeper to host: the program ended.
    Exited(ExitStatus),
    /// Host to keeper: all is stored and the terminal is closed; nobody is needed any more.
    Finished,
    /// Host to keeper, since version 1: start the next host from the binary whose descriptor comes along.
    Binary,
    /// Keeper to host, since version 1: the end is written down. Until then the host stays, because nobody else
    /// could tell it.
    WrittenDown,
}

impl News {
    fn encode(self) -> [u8; MESSAGE_BYTES] {
        let (tag, number): (i32, i32) = match self {
            Self::Exited(ExitStatus::Code(code)) => (1, code),
            Self::Exited(ExitStatus::Signal(signal)) => (2, signal),
            Self::Exited(ExitStatus::Lost) => (3, 0),
            Self::Finished => (4, 0),
            Self::Binary => (5, 0),
            Self::WrittenDown => (6, 0),
        };
        let mut bytes = [0; MESSAGE_BYTES];
        bytes[..4].copy_from_slice(&tag.to_ne_bytes());
        bytes[4..].copy_from_slice(&number.to_ne_bytes());
        bytes
    }

    /// `None` for a word of a newer version.
    fn decode(bytes: [u8; MESSAGE_BYTES]) -> Option<Self> {
        let [tag, number] =
            [&bytes[..4], &bytes[4..]].map(|part| i32::from_ne_bytes(part.try_into().expect("four bytes")));
        Some(match tag {
            1 => Self::Exited(ExitStatus::Code(number)),
            2 => Self::Exited(ExitStatus::Signal(number)),
            3 => Self::Exited(ExitStatus::Lost),
            4 => Self::Finished,
            5 => Self::Binary,
            6 => Self::WrittenDown,
            _ => return None,
        })
    }
}

/// One end.
pub(crate) struct Link(OwnedFd);

/// What reading gave.
pub(crate) enum Heard {
    News(News),
    /// The next host's binary.
    Binary(OwnedFd),
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
        self.send(news, &[]);
    }

    /// Tells a keeper from which binary it is to start the next host.
    pub(crate) fn tell_binary(&self, binary: BorrowedFd<'_>) {
        self.send(News::Binary, &[binary]);
    }

    fn send(&self, news: News, pass: &[BorrowedFd<'_>]) {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !pass.is_empty() {
            control.push(SendAncillaryMessage::ScmRights(pass));
        }
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        let _ = sendmsg(&self.0, &[IoSlice::new(&news.encode())], &mut control, flags);
    }

    /// Reads without waiting.
    pub(crate) fn hear(&self) -> Heard {
        let mut bytes = [0; MESSAGE_BYTES];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::DONTWAIT | cloexec();
        match recvmsg(&self.0, &mut [IoSliceMut::new(&mut bytes)], &mut control, flags) {
            Ok(received) if received.bytes == MESSAGE_BYTES => {}
            Err(Errno::AGAIN | Errno::INTR) => return Heard::Nothing,
            _ => return Heard::Gone,
        }
        let passed = control.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        match (News::decode(bytes), passed) {
            (Some(News::Binary), Some(binary)) => Heard::Binary(binary),
            (Some(News::Binary) | None, _) => Heard::Nothing,
            (Some(news), _) => Heard::News(news),
        }
    }
}

fn cloexec() -> RecvFlags {
    #[cfg(target_os = "linux")]
    return RecvFlags::CMSG_CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    RecvFlags::empty()
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
            News::WrittenDown,
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
        rustix::io::write(&one.0, &[0xff; MESSAGE_BYTES]).unwrap();
        one.tell(News::Finished);
        assert!(matches!(other.hear(), Heard::Nothing));
        assert!(matches!(other.hear(), Heard::News(News::Finished)));
    }

    fn sample(tag: i32, number: i32) -> [u8; MESSAGE_BYTES] {
        let bytes = [tag.to_ne_bytes(), number.to_ne_bytes()].concat();
        bytes.try_into().expect("eight bytes")
    }

    /// Version 0 had the first four; a keeper of any age must understand them.
    #[test]
    fn the_words_of_the_link_stay_as_they_are() {
        let samples = [
            (News::Exited(ExitStatus::Code(7)), sample(1, 7)),
            (News::Exited(ExitStatus::Signal(9)), sample(2, 9)),
            (News::Exited(ExitStatus::Lost), sample(3, 0)),
            (News::Finished, sample(4, 0)),
            (News::Binary, sample(5, 0)),
            (News::WrittenDown, sample(6, 0)),
        ];
        for (news, bytes) in samples {
            assert_eq!((news.encode(), News::decode(bytes)), (bytes, Some(news)));
        }
        assert_eq!(News::decode(sample(7, 1)), None);
    }

    /// A word of a newer version, with whatever it brings along, is passed over, and the next one is heard.
    #[test]
    fn an_unknown_word_does_not_hide_the_next() {
        let (keeper, other) = Link::pair().unwrap();
        let host = Link::from_fd(other);
        rustix::io::write(&host.0, &sample(99, 1)).unwrap();
        host.tell_binary(host.as_fd());
        host.tell(News::Finished);
        assert!(matches!(keeper.hear(), Heard::Nothing));
        assert!(matches!(keeper.hear(), Heard::Binary(_)));
        assert!(matches!(keeper.hear(), Heard::News(News::Finished)));
        assert!(matches!(keeper.hear(), Heard::Nothing));
        drop(host);
        assert!(matches!(keeper.hear(), Heard::Gone));
    }

    /// A keeper of version 0 reads eight bytes and no descriptor: what is new must cost it neither.
    #[test]
    fn a_reader_of_version_0_is_not_put_out_of_step() {
        let (host, keeper) = Link::pair().unwrap();
        host.tell_binary(host.as_fd());
        host.tell(News::Finished);
        let read = || {
            let mut bytes = [0; MESSAGE_BYTES];
            rustix::net::recv(&keeper, &mut bytes, RecvFlags::DONTWAIT).unwrap();
            bytes
        };
        assert_eq!([read(), read()], [sample(5, 0), sample(4, 0)]);
    }
}
