//! The language of `host.sock`, version 1: how a client and the host of one session talk.
//!
//! A frame is `u32` length of the rest, `u32` length of the head, the head (JSON), then a tail of raw bytes; both
//! numbers little-endian. The first frame of a client is [`Request::Hello`]: a version before anything else. The
//! host answers each request with one [`Answer`] that bears the request's id, and may send [`Message::Event`]s in
//! between once a client follows or attaches. Output does not travel here: clients read the journal.
//! `docs/host-protocol.md` has the longer form.

use crate::approval::{Approval, Ask, Decision, Ends, Settled};
use crate::{AgentStatus, Claim, ClientNumber, ExitStatus, Offset, ProgramReport, SessionId, Size, Status};
use serde::{Deserialize, Serialize};

/// The version a client names in its hello. A host takes its own version and the two before it.
pub const HOST_PROTOCOL: u16 = 1;

/// The oldest version of a host that a client of ours talks to: two before its own. Version 0 is what was spoken before
/// the first release: the frames of version 1 without what may be left out there.
pub const OLDEST_HOST_PROTOCOL: u16 = HOST_PROTOCOL.saturating_sub(2);

/// Bytes of a frame at most, both directions: a screen with 10,000 lines of history fits, and no peer can make the
/// other allocate more.
pub const MAX_FRAME_BYTES: usize = 8 << 20; // 8 MiB

/// Bytes of one input transaction at most.
pub const MAX_INPUT_BYTES: usize = 1 << 20; // 1 MiB

/// A request with its number, which comes back in the answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Chosen by the client, in any way.
    pub id: u64,
    /// What is asked.
    #[serde(flatten)]
    pub request: Request,
}

/// What a client may ask of a host.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// Must come first.
    Hello {
        /// [`HOST_PROTOCOL`] of the client.
        version: u16,
        /// What the client calls itself, for people: `centerfire attach`.
        name: String,
        /// The client's process id.
        pid: u32,
    },
    /// Brings a terminal: to control the session, or only to be listed as one that watches.
    Attach(Attach),
    /// Gives the terminal back: answered when the host no longer touches it.
    Release,
    /// Types; the tail holds the bytes. Answered when the program's terminal has taken all of it.
    Input {
        /// How the bytes are meant.
        form: InputForm,
    },
    /// Changes the size. Refused to a client that does not control, while another one does.
    Resize {
        /// The new size.
        size: Size,
    },
    /// Asks for the screen; the answer's tail is its dump.
    Snapshot {
        /// Lines that scrolled off to include at most.
        history: usize,
    },
    /// Asks for events from now on.
    Follow,
    /// Asks for the status.
    Status,
    /// Sends a signal to the program.
    Signal {
        /// Its number.
        signal: i32,
    },
    /// Replaces the host by another binary without touching the program.
    Upgrade {
        /// Path of the binary.
        binary: String,
    },
    /// A hook of the program tells what happened; the tail holds its JSON, or the beginning of it.
    Hook {
        /// What the program calls this: `Stop`.
        event: String,
        /// Whether the JSON goes on behind the tail.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cut: bool,
        /// What it says of the agent's state. The host sets the time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claim: Option<Box<Claim>>,
        /// What the program asks leave for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ask: Option<Box<Ask>>,
        /// Which questions are over by it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ends: Option<Ends>,
    },
    /// Tells what somebody else knows of the agent's state: its transcript, its register.
    Claim {
        /// It.
        claim: Box<Claim>,
    },
    /// Waits until a question is settled. Who asks this is the hook: when it goes, so does the question.
    AwaitApproval {
        /// Its number.
        approval: u32,
    },
    /// Asks for the questions that wait for an answer.
    Approvals {
        /// Only this one, with all of its input.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<u32>,
    },
    /// Answers a question. The first answer counts.
    Decide {
        /// Its number.
        approval: u32,
        /// Who decides, in words.
        by: String,
        /// What.
        decision: Box<Decision>,
    },
}

/// How a terminal joins.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Attach {
    /// Whether it wants to type and to set the size.
    pub control: bool,
    /// Whether to take control from whoever has it.
    #[serde(default)]
    pub take: bool,
    /// The size of its terminal.
    pub size: Size,
    /// Whether the terminal's file descriptor comes with this frame; otherwise the client relays.
    #[serde(default)]
    pub tty: bool,
    /// Whether the terminal shows the very beginning of the session, so that nothing has to be painted.
    #[serde(default)]
    pub fresh: bool,
    /// Whether the terminal shows lines of its user, which scroll off into its own history before it is painted.
    #[serde(default)]
    pub keep_lines: bool,
    /// The key that detaches, as in the configuration; `none` for none, empty for the default.
    #[serde(default)]
    pub detach_key: String,
    /// Lines of history to paint before the screen.
    #[serde(default)]
    pub history: usize,
    /// The session whose program shows this terminal, if it is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<SessionId>,
}

/// How input bytes are meant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputForm {
    /// As a terminal would send them.
    Raw,
    /// Text that is typed: line feeds become returns.
    Text,
    /// Pasted: in brackets if the program asked for them.
    Paste,
    /// Pasted, and then Enter as a key of its own, as one transaction.
    Submit,
    /// The end of what a pipe had to say: the bytes, if the program's terminal edits lines; else the first of them.
    EndOfFile,
    /// Key names, one per line, encoded as the program's modes ask.
    Keys,
}

/// What a host sends.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// The answer to the call of that id.
    Answer {
        /// The call's id.
        id: u64,
        /// The answer.
        #[serde(flatten)]
        answer: Answer,
    },
    /// Something happened.
    Event(Event),
}

/// An answer to a request.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// To a hello.
    Welcome {
        /// The host's [`HOST_PROTOCOL`].
        version: u16,
        /// The session.
        session: SessionId,
        /// The number that this client's input will bear.
        client: ClientNumber,
    },
    /// To an attach.
    Attached {
        /// Whether the client controls the session now.
        control: bool,
        /// Whether the host writes to the client's terminal itself. Otherwise the client reads the journal from the
        /// snapshot's offset on and writes it.
        direct: bool,
    },
    /// It was done, at this offset.
    Done {
        /// Output so far.
        offset: Offset,
    },
    /// The screen; its dump is the tail.
    Snapshot(Snapshot),
    /// The status.
    Status(Box<Status>),
    /// The hook's question has this number.
    Asked {
        /// The number.
        approval: u32,
    },
    /// The questions that wait for an answer, oldest first.
    Approvals {
        /// Them.
        approvals: Vec<Approval>,
    },
    /// What became of a question.
    Settled {
        /// It.
        settled: Box<Settled>,
    },
    /// It was not done.
    Refused {
        /// A word for programs.
        code: Refusal,
        /// A sentence for people.
        message: String,
    },
}

/// Why a host refuses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Refusal {
    /// The request makes no sense.
    BadRequest,
    /// The client speaks a version the host does not.
    Version,
    /// Another client controls the session.
    NotInControl,
    /// The program does not read, and the queue of input is full: nothing of this transaction was taken.
    WriteRejected,
    /// The program has ended.
    Ended,
    /// The question was settled before.
    Settled,
    /// The system refused.
    Failed,
}

/// The facts of a screen that is sent along.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// The dump stands for all output before this offset.
    pub offset: Offset,
    /// The size of the screen.
    pub size: Size,
}

/// What happened in a session.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// More is stored. Sent only to a client for which nothing waits in the host: a slow one gets fewer.
    Head {
        /// Output so far.
        offset: Offset,
    },
    /// The size changed.
    Resized {
        /// The new one.
        size: Size,
    },
    /// Another client controls the session, or none: then whoever attaches gets control.
    Control {
        /// The one that does.
        client: Option<ClientNumber>,
    },
    /// The program told its state.
    Program {
        /// Its report.
        report: ProgramReport,
        /// Output at that moment.
        offset: Offset,
    },
    /// The agent is in another state, by all that is known.
    State {
        /// In which, and what each source says.
        agent: Box<AgentStatus>,
    },
    /// The program ended and all its output is stored.
    Exited {
        /// How.
        status: ExitStatus,
        /// Output in all.
        offset: Offset,
    },
    /// The program asks leave for something.
    Asked {
        /// What, long inputs cut.
        approval: Box<Approval>,
    },
    /// A question is over.
    Settled {
        /// What became of it.
        settled: Box<Settled>,
    },
    /// The host gave the client's terminal back, in the state in which it was.
    Detached {
        /// Why.
        reason: DetachReason,
    },
}

/// Why a terminal was given back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetachReason {
    /// The detach key.
    Key,
    /// Another client took control.
    Taken,
    /// The terminal is gone.
    Hangup,
    /// The host is being replaced, or somebody else set the terminal's modes: connect again.
    Upgrade,
}

/// Writes a frame.
pub fn encode_frame(head: &impl Serialize, tail: &[u8]) -> Vec<u8> {
    let head = serde_json::to_vec(head).expect("plain structs of strings and numbers always serialise");
    let length = 4 + head.len() + tail.len();
    let mut frame = Vec::with_capacity(4 + length);
    frame.extend_from_slice(&(length as u32).to_le_bytes());
    frame.extend_from_slice(&(head.len() as u32).to_le_bytes());
    frame.extend_from_slice(&head);
    frame.extend_from_slice(tail);
    frame
}

/// What stands at the beginning of received bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A whole frame.
    Whole {
        /// The JSON head.
        head: &'a [u8],
        /// The raw tail.
        tail: &'a [u8],
        /// Bytes of the whole frame.
        length: usize,
    },
    /// More bytes are needed.
    Partial,
    /// A length beyond the limit, or a head longer than its frame: the peer is not one of ours.
    Bad,
}

/// Looks for a frame of at most `limit` bytes.
pub fn decode_frame(bytes: &[u8], limit: usize) -> Frame<'_> {
    let number = |at: usize| {
        bytes.get(at..at + 4).map(|four| u32::from_le_bytes(four.try_into().expect("four bytes")))
    };
    let Some(length) = number(0) else { return Frame::Partial };
    let length = length as usize;
    if !(4..=limit).contains(&length) {
        return Frame::Bad;
    }
    let Some(head_length) = number(4) else { return Frame::Partial };
    let head_length = head_length as usize;
    if head_length > length - 4 {
        return Frame::Bad;
    }
    let Some(body) = bytes.get(8..4 + length) else { return Frame::Partial };
    let (head, tail) = body.split_at(head_length);
    Frame::Whole { head, tail, length: 4 + length }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written_and_never_believed_beyond_its_limit() {
        let call = Call { id: 9, request: Request::Input { form: InputForm::Submit } };
        let bytes = encode_frame(&call, b"hello");
        for cut in 0..bytes.len() {
            assert_eq!(decode_frame(&bytes[..cut], MAX_FRAME_BYTES), Frame::Partial, "{cut}");
        }
        let Frame::Whole { head, tail, length } = decode_frame(&bytes, MAX_FRAME_BYTES) else { panic!() };
        assert_eq!((tail, length), (&b"hello"[..], bytes.len()));
        assert_eq!(serde_json::from_slice::<Call>(head).unwrap(), call);
        assert_eq!(decode_frame(&bytes, 10), Frame::Bad);
        assert_eq!(decode_frame(&[255; 8], MAX_FRAME_BYTES), Frame::Bad);
        assert_eq!(decode_frame(&[4, 0, 0, 0, 9, 0, 0, 0], MAX_FRAME_BYTES), Frame::Bad);
    }

    /// The words of version 1, frozen: programs depend on them.
    #[test]
    fn version_1_stays_as_it_is() {
        let text = |value: &Message| serde_json::to_string(value).unwrap();
        let hello = Request::Hello { version: 1, name: "test".into(), pid: 7 };
        assert_eq!(
            serde_json::to_string(&Call { id: 1, request: hello }).unwrap(),
            r#"{"id":1,"request":"hello","version":1,"name":"test","pid":7}"#
        );
        assert_eq!(
            text(&Message::Answer { id: 1, answer: Answer::Done { offset: Offset(5) } }),
            r#"{"answer":{"id":1,"answer":"done","offset":5}}"#
        );
        assert_eq!(
            text(&Message::Event(Event::Exited { status: ExitStatus::Code(0), offset: Offset(5) })),
            r#"{"event":{"event":"exited","status":{"code":0},"offset":5}}"#
        );
        assert_eq!(
            text(&Message::Event(Event::Control { client: None })),
            r#"{"event":{"event":"control","client":null}}"#
        );
        let attach: Call = serde_json::from_str(
            r#"{"id":2,"request":"attach","control":true,"size":{"cols":80,"rows":24},"new":1}"#,
        )
        .unwrap();
        assert!(matches!(attach.request, Request::Attach(Attach { control: true, take: false, .. })));
    }
}
