//! What waits, who may go first, and what is taken back.

use super::*;
use protocol::SessionId;
use std::io::Read;
use std::os::unix::net::UnixStream;

const ME: ClientNumber = ClientNumber(1);
const OTHER: ClientNumber = ClientNumber(2);

fn sent(client: ClientNumber, call: u64, parts: &[&str]) -> Transaction {
    let parts = parts.iter().map(|part| part.as_bytes().to_vec()).collect();
    Transaction { client, parts, typed: false, receipt: Some(Receipt { client, call }) }
}

fn queue(transactions: impl IntoIterator<Item = Transaction>) -> InputQueue {
    let mut queue = InputQueue::default();
    transactions.into_iter().for_each(|transaction| queue.push(transaction));
    queue
}

fn calls(receipts: &[Receipt]) -> Vec<u64> {
    receipts.iter().map(|receipt| receipt.call).collect()
}

#[test]
fn a_full_queue_takes_nothing_more_and_a_terminal_stops_earlier() {
    let long = "x".repeat(TERMINAL_BYTES);
    let queue = queue([sent(ME, 1, &[&long])]);
    assert!(!queue.takes_keys());
    assert!(queue.has_room(QUEUE_BYTES - TERMINAL_BYTES));
    assert!(!queue.has_room(QUEUE_BYTES - TERMINAL_BYTES + 1));
}

#[test]
fn who_is_gone_takes_back_what_was_not_begun_and_nothing_of_others() {
    let all = [sent(ME, 1, &["one"]), sent(OTHER, 2, &["two"]), sent(ME, 3, &["three"])];
    let mut queue = queue(all);
    queue.written = Some(1);
    queue.withdraw(ME);
    assert_eq!(queue.bytes, "onetwo".len());
    assert_eq!(calls(&queue.abandon()), [1, 2]);
}

#[test]
fn keys_of_a_terminal_that_is_gone_are_typed_all_the_same() {
    let mut queue = queue([Transaction { receipt: None, ..sent(ME, 0, &["key"]) }]);
    queue.withdraw(ME);
    assert!(queue.wants_write());
}

/// A terminal tells it of itself: who left its window did not type there.
#[test]
fn a_window_that_is_left_is_no_typing() {
    let begin = Instant::now();
    for (told, is_key) in [("\x1b[O", false), ("\x1b[O\x1b[I", false), ("\x1b[A", true), ("\x1b[Oy", true)] {
        let queue = queue([sent(ME, 1, &[told])]);
        assert_eq!(queue.typed_since(begin), is_key, "{}", told.escape_debug());
        assert!(queue.wants_write(), "the program hears of it");
    }
}

#[test]
fn an_abandoned_queue_is_empty_and_says_who_waited() {
    let mut queue = queue([sent(ME, 1, &["a"]), sent(OTHER, 2, &["b", "\r"])]);
    queue.reply(b"answer");
    assert_eq!(calls(&queue.abandon()), [1, 2]);
    assert!(!queue.wants_write() && queue.has_room(QUEUE_BYTES) && queue.deadline().is_none());
}

#[test]
fn answers_that_nobody_reads_are_dropped_whole() {
    let mut queue = InputQueue::default();
    queue.reply(&[b'a'; TERMINAL_BYTES]);
    queue.reply(b"b");
    assert_eq!(queue.replies.len(), TERMINAL_BYTES);
}

#[test]
fn a_line_is_as_long_as_all_that_is_typed_of_it_before_and_behind() {
    let length = |queue: &InputQueue, part: &str| queue.longest_line([part.as_bytes()].into_iter());
    assert_eq!(length(&InputQueue::default(), "ab\rcde\x03f"), 3);
    let mut queue = queue([sent(ME, 1, &["abc", "de"])]);
    assert_eq!(length(&queue, "fg\rh"), 7, "what waits is a part of the line");
    queue.open_line = 4;
    queue.written = Some(2);
    assert_eq!(length(&queue, ""), 4 + 3, "what was written counts once");
}

#[test]
fn between_a_paste_and_its_enter_the_program_is_given_time_up_to_a_limit() {
    let mut queue = queue([sent(ME, 1, &["\r"])]);
    let now = Instant::now();
    queue.settling = Some(Settling { begun: now, unread: Some(now), read: None, output: None });
    assert!(!queue.wants_write());
    assert_eq!(queue.deadline(), Some(now + LOOK_EVERY), "it has not read the paste");
    queue.settling = Some(Settling { begun: now, unread: None, read: Some(now), output: None });
    assert_eq!(queue.deadline(), Some(now + SETTLE_LIMIT));
    queue.program_wrote(now);
    assert_eq!(queue.deadline(), Some(now + SETTLE_QUIET));
    queue.program_wrote(now + SETTLE_LIMIT);
    assert_eq!(queue.deadline(), Some(now + SETTLE_LIMIT));
}

/// T8: what a program reads together it takes as one.
#[test]
fn enter_waits_until_the_paste_was_read_and_not_for_ever() {
    let pty = terminal::pty::open(protocol::Size::DEFAULT, None).unwrap();
    let mut raw = rustix::termios::tcgetattr(&pty.slave).unwrap();
    raw.make_raw();
    rustix::termios::tcsetattr(&pty.slave, rustix::termios::OptionalActions::Now, &raw).unwrap();
    let now = Instant::now();
    let mut settling = Settling { begun: now, unread: None, read: None, output: Some(now) };
    rustix::io::write(&pty.master, b"paste").unwrap();
    let unread = || terminal::pty::has_unread(&pty.master).unwrap().then_some(());
    while unread().is_none() {
        std::thread::yield_now();
    }
    assert!(!settling.is_over(&pty.master, now + READ_WITHIN / 2));
    assert!(settling.read.is_none());
    rustix::io::read(&pty.slave, &mut [0; 5]).unwrap();
    assert!(!settling.is_over(&pty.master, now + READ_WITHIN / 2), "now it is given time");
    assert!(settling.is_over(&pty.master, now + READ_WITHIN / 2 + SETTLE_QUIET));
    rustix::io::write(&pty.master, b"paste").unwrap();
    let mut deaf = Settling { begun: now, unread: None, read: None, output: None };
    assert!(!deaf.is_over(&pty.master, now + READ_WITHIN) && deaf.read.is_some());
}

/// A queue before a program that reads everything.
struct Desk {
    queue: InputQueue,
    master: UnixStream,
    program: UnixStream,
    recording: Recording,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let of_session = crate::folder::Folder::at(folder.path());
        let _alive = crate::process::hold(&of_session.alive_path()).unwrap();
        let (recording, _) = Recording::open(&of_session, SessionId::generate(), 0).unwrap();
        let (master, program) = UnixStream::pair().unwrap();
        program.set_nonblocking(true).unwrap();
        Self { queue: InputQueue::default(), master, program, recording, folder }
    }

    /// A read of the controlling terminal.
    fn typed(&mut self, bytes: &str) {
        self.queue.push(Transaction { typed: true, receipt: None, ..sent(ME, 0, &[bytes]) });
    }

    /// Writes what is taken now.
    fn written(&mut self) -> Vec<Receipt> {
        self.queue.write(&self.master, &mut self.recording, || false).unwrap()
    }

    /// What the program gets now.
    fn got(&mut self) -> String {
        self.written();
        self.read()
    }

    /// What the journal has of input.
    fn recorded(&self) -> String {
        let journal = crate::folder::Folder::at(self.folder.path()).journal();
        let mut reader = journal::Reader::open(&journal, protocol::Offset::ZERO).unwrap();
        let mut typed = Vec::new();
        while let Some(record) = reader.next().unwrap() {
            if let Body::Input { bytes, .. } = record.body {
                typed.extend_from_slice(bytes);
            }
        }
        String::from_utf8(typed).unwrap()
    }

    fn read(&mut self) -> String {
        let mut bytes = [0; 1024];
        let count = self.program.read(&mut bytes).unwrap_or(0);
        String::from_utf8(bytes[..count].to_vec()).unwrap()
    }
}

#[test]
fn a_queue_is_idle_when_all_of_a_transaction_is_written_and_no_paste_is_open() {
    let mut desk = Desk::new();
    assert!(desk.queue.is_idle(Instant::now()));
    desk.queue.push(sent(ME, 1, &["paste", "\r"]));
    assert_eq!(desk.got(), "paste");
    assert!(!desk.queue.wants_write() && !desk.queue.is_idle(Instant::now()), "the Enter waits");
    desk.queue.settling = None;
    assert_eq!(desk.got(), "\r");
    assert!(desk.queue.is_idle(Instant::now()));
    desk.typed("\x1b[200~one");
    desk.got();
    let until = desk.queue.floor.until().expect("a paste is open");
    assert!(!desk.queue.is_idle(Instant::now()), "the rest of the paste is on its way");
    assert!(desk.queue.is_idle(until), "and is given up at some time");
}

#[test]
fn nobody_elses_input_comes_into_a_paste() {
    let mut desk = Desk::new();
    desk.typed("a\x1b[200~one ");
    assert_eq!(desk.got(), "a\x1b[200~one ");
    desk.queue.push(sent(OTHER, 1, &["sent"]));
    desk.queue.reply(b"answer");
    assert_eq!(desk.got(), "");
    assert!(desk.queue.deadline().is_some(), "a paste without an end is given up");
    assert!(!desk.queue.wants_write(), "nothing may be written, so nobody waits for the program to take it");
    desk.typed("two\x1b[20");
    desk.typed("1~b");
    assert_eq!(desk.got(), "two\x1b[201~banswersent");
    assert_eq!(desk.queue.deadline(), None);
}

#[test]
fn nobody_elses_input_comes_into_a_key() {
    let mut desk = Desk::new();
    desk.typed("\x1b[1;");
    desk.got();
    desk.queue.push(sent(OTHER, 1, &["sent"]));
    desk.typed("5A");
    assert_eq!(desk.got(), "5Asent");
}

#[test]
fn a_paste_whose_terminal_is_gone_holds_nobody_up() {
    let mut desk = Desk::new();
    desk.typed("\x1b[200~one");
    desk.got();
    desk.queue.push(sent(OTHER, 1, &["sent"]));
    desk.queue.withdraw(ME);
    assert_eq!(desk.got(), "sent");
}

#[test]
fn what_waits_for_the_end_of_a_paste_does_not_keep_it_from_being_read() {
    let mut desk = Desk::new();
    desk.typed("\x1b[200~one");
    desk.got();
    desk.queue.push(sent(OTHER, 1, &[&"x".repeat(TERMINAL_BYTES)]));
    assert!(desk.queue.takes_keys());
    desk.typed(&"x".repeat(TERMINAL_BYTES));
    assert!(!desk.queue.takes_keys());
}

/// A program that reads slowly leaves its terminal room for pieces only, wherever they end.
#[test]
fn what_is_taken_in_pieces_arrives_whole_and_in_order_and_is_recorded_once() {
    let mut desk = Desk::new();
    desk.master.set_nonblocking(true).unwrap();
    rustix::net::sockopt::set_socket_send_buffer_size(&desk.master, 4096).unwrap();
    let long: String = (0..30_000).map(|number| format!("{number} ")).collect();
    desk.queue.push(sent(ME, 1, &[&long]));
    desk.queue.push(sent(OTHER, 2, &["other"]));
    let written = desk.written();
    assert!(written.is_empty() && desk.queue.wants_write());
    let begun = desk.queue.written.expect("a part was taken");
    assert!((1..long.len()).contains(&begun), "{begun} of {}", long.len());
    assert_eq!(desk.queue.bytes, long.len() - begun + "other".len());
    // Nothing of this may come into what was begun, nor take it back.
    desk.queue.reply(b"answer");
    desk.queue.withdraw(ME);
    let mut done = Vec::new();
    let mut got = String::new();
    let mut pieces = 0;
    while done.len() < 2 {
        got += &desk.read();
        let written = desk.written();
        assert!(written.is_empty() || desk.queue.written.is_none(), "a receipt is for a whole");
        done.extend(written);
        pieces += 1;
        assert!(pieces < long.len(), "it comes no further: {} bytes", got.len());
    }
    loop {
        let rest = desk.read();
        if rest.is_empty() {
            break;
        }
        got += &rest;
    }
    assert_eq!(calls(&done), [1, 2]);
    assert!(pieces > 10, "only {pieces} pieces");
    assert!(got == format!("{long}answerother"), "{} bytes", got.len());
    assert!(!desk.queue.wants_write() && desk.queue.has_room(QUEUE_BYTES));
    assert!(desk.recorded() == format!("{long}other"), "each byte stands in the journal once");
}
