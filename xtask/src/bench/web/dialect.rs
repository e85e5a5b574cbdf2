//! How a server puts terminal output and keys into WebSocket messages.

use std::borrow::Cow;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tungstenite::Message;

/// Kinds of binary frames of `centerfire.v1`; see docs/websocket.md.
const OUTPUT: u8 = 1;
const SNAPSHOT: u8 = 2;
const OUTPUT_HEAD_BYTES: usize = 9;
const SNAPSHOT_HEAD_BYTES: usize = 13;
/// Output after which a client says that it has drawn it: often enough for every server's limit, seldom enough to
/// cost nothing.
const ACKNOWLEDGE_BYTES: usize = 128 << 10;

/// See the head of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dialect {
    /// Messages are output, and keys.
    Plain,
    /// `centerfire.v1`, as the page speaks it.
    Centerfire,
    /// Socket.IO 4 over one WebSocket, as wetty speaks it.
    SocketIo,
}

/// One client's part of the conversation.
pub struct Speaker {
    dialect: Dialect,
    /// Output since the last acknowledgement.
    unacknowledged: usize,
    /// Where the last frame of `centerfire.v1` ended.
    pub offset: u64,
}

impl Dialect {
    /// The path of the one session of a bench.
    pub fn path(self, session: &str) -> String {
        match self {
            Dialect::Plain => "/".to_owned(),
            Dialect::Centerfire => format!("/ws/{session}"),
            Dialect::SocketIo => "/socket.io/?EIO=4&transport=websocket".to_owned(),
        }
    }

    pub fn subprotocol(self) -> Option<&'static str> {
        (self == Dialect::Centerfire).then_some("centerfire.v1")
    }

    /// A message that types these keys.
    pub fn keys(self, keys: &str) -> Message {
        match self {
            Dialect::Plain => Message::text(keys),
            // The id 0 asks for no answer but a refusal.
            Dialect::Centerfire => Message::binary([&[1], &[0; 8][..], keys.as_bytes()].concat()),
            Dialect::SocketIo => Message::text(format!("42{}", json!(["input", keys]))),
        }
    }
}

impl Speaker {
    pub fn new(dialect: Dialect) -> Speaker {
        Speaker { dialect, unacknowledged: 0, offset: 0 }
    }

    /// Appends the output in a message, and returns what is to be answered.
    pub fn take(&mut self, message: &Message, output: &mut Vec<u8>) -> Result<Option<Message>> {
        if let Message::Close(reason) = message {
            bail!("the server closed: {reason:?}");
        }
        let before = output.len();
        let answer = match self.dialect {
            Dialect::Plain => {
                output.extend_from_slice(&payload(message));
                return Ok(None);
            }
            Dialect::Centerfire => {
                self.take_frame(message, output)?;
                None
            }
            Dialect::SocketIo => take_packet(message, output)?,
        };
        self.unacknowledged += output.len() - before;
        Ok(answer.or_else(|| self.acknowledge()))
    }

    fn take_frame(&mut self, message: &Message, output: &mut Vec<u8>) -> Result<()> {
        let Message::Binary(frame) = message else { return Ok(()) };
        let offset = frame.get(1..OUTPUT_HEAD_BYTES).context("a frame has an offset")?;
        self.offset = u64::from_le_bytes(offset.try_into().context("an offset has 8 bytes")?);
        let head = match frame[0] {
            OUTPUT => OUTPUT_HEAD_BYTES,
            SNAPSHOT => SNAPSHOT_HEAD_BYTES,
            kind => bail!("a frame of the unknown kind {kind}"),
        };
        output.extend_from_slice(frame.get(head..).context("a frame has a whole head")?);
        Ok(())
    }

    fn acknowledge(&mut self) -> Option<Message> {
        if self.unacknowledged < ACKNOWLEDGE_BYTES {
            return None;
        }
        let drawn = std::mem::take(&mut self.unacknowledged);
        Some(match self.dialect {
            Dialect::SocketIo => Message::text(format!("42{}", json!(["commit", drawn]))),
            _ => Message::text(json!({ "type": "painted", "offset": self.offset }).to_string()),
        })
    }
}

fn payload(message: &Message) -> Cow<'_, [u8]> {
    match message {
        Message::Text(text) => Cow::Borrowed(text.as_bytes()),
        Message::Binary(bytes) => Cow::Borrowed(bytes),
        _ => Cow::Borrowed(&[]),
    }
}

/// Engine.IO packets begin with a digit: 0 opens, 2 is a ping, 4 a message, whose 0 connects and whose 2 is an event.
fn take_packet(message: &Message, output: &mut Vec<u8>) -> Result<Option<Message>> {
    let Message::Text(text) = message else { return Ok(None) };
    match text.as_bytes() {
        [b'0', ..] => Ok(Some(Message::text("40"))),
        [b'2', ..] => Ok(Some(Message::text("3"))),
        [b'4', b'2', event @ ..] => {
            let event: Value = serde_json::from_slice(event).context("parse an event of Socket.IO")?;
            if event[0] == "data" {
                output.extend_from_slice(event[1].as_str().unwrap_or_default().as_bytes());
            }
            Ok(None)
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(speaker: &mut Speaker, message: Message) -> (String, Option<Message>) {
        let mut output = Vec::new();
        let answer = speaker.take(&message, &mut output).unwrap();
        (String::from_utf8(output).unwrap(), answer)
    }

    #[test]
    fn output_is_found_in_every_dialect() {
        let mut plain = Speaker::new(Dialect::Plain);
        assert_eq!(heard(&mut plain, Message::text("ab")), ("ab".to_owned(), None));
        let mut ours = Speaker::new(Dialect::Centerfire);
        let frame = [&[OUTPUT], &7u64.to_le_bytes()[..], b"ab"].concat();
        assert_eq!(heard(&mut ours, Message::binary(frame)), ("ab".to_owned(), None));
        assert_eq!(ours.offset, 7);
        let mut wetty = Speaker::new(Dialect::SocketIo);
        assert_eq!(heard(&mut wetty, Message::text(r#"42["data","ab"]"#)), ("ab".to_owned(), None));
        assert_eq!(heard(&mut wetty, Message::text("2")), (String::new(), Some(Message::text("3"))));
    }

    #[test]
    fn much_output_is_acknowledged_and_a_close_is_an_error() {
        let mut ours = Speaker::new(Dialect::Centerfire);
        let frame = [&[OUTPUT], &9u64.to_le_bytes()[..], &vec![b'x'; ACKNOWLEDGE_BYTES]].concat();
        let answer = heard(&mut ours, Message::binary(frame)).1;
        assert_eq!(answer, Some(Message::text(r#"{"offset":9,"type":"painted"}"#)));
        assert!(ours.take(&Message::Close(None), &mut Vec::new()).is_err());
    }
}
