//! What a client of `centerfire.v1` may say.

use axum::body::Bytes;
use protocol::frame::InputForm;
use protocol::{Offset, Size};
use serde::Deserialize;

/// The kind of the one binary frame that clients send: keys, as a terminal would send them.
const KEYS: u8 = 1;
const HEAD_BYTES: usize = 1 + 8;

/// A message.
#[derive(Debug)]
pub(super) enum Word {
    /// Typed bytes; answered with an `ack` of that id.
    Keys { id: u64, bytes: Bytes },
    /// Anything else.
    Said(Said),
}

/// A text message.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Said {
    /// Everything before this offset was painted: more may be sent.
    Painted { offset: Offset },
    /// Something to type, as one transaction.
    Input { id: u64, form: InputForm, text: String },
    /// Wants to control the session, and its size.
    Control {
        id: u64,
        size: Size,
        #[serde(default)]
        take: bool,
    },
    /// Gives control back.
    Release { id: u64 },
    /// The size of the terminal that controls.
    Resize { id: u64, size: Size },
    /// Wants the screen anew.
    Resync,
    /// Wants to know whether anybody is there.
    Alive,
}

impl Word {
    /// The client's own name for it.
    pub(super) fn id(&self) -> Option<u64> {
        match self {
            Self::Keys { id, .. } => Some(*id),
            Self::Said(
                Said::Input { id, .. }
                | Said::Control { id, .. }
                | Said::Release { id }
                | Said::Resize { id, .. },
            ) => Some(*id),
            Self::Said(_) => None,
        }
    }

    pub(super) fn of_binary(bytes: &Bytes) -> Result<Self, String> {
        let (Some(&KEYS), Some(id)) = (bytes.first(), bytes.get(1..HEAD_BYTES)) else {
            return Err(
                "a binary message is 1, a u64 id (little-endian), and the bytes that are typed".to_owned()
            );
        };
        let id = u64::from_le_bytes(id.try_into().expect("eight bytes"));
        Ok(Self::Keys { id, bytes: bytes.slice(HEAD_BYTES..) })
    }

    pub(super) fn of_text(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map(Self::Said).map_err(|error| error.to_string())
    }
}
