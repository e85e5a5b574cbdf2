//! What is known of a session from its start on: `meta.json`, written once.

use crate::{ExitStatus, SessionId, Size, Time};
use serde::{Deserialize, Serialize};

/// The facts with which a session was started.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Meta {
    /// The version of this form.
    pub version: u16,
    /// The session.
    pub id: SessionId,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Where it was started.
    pub cwd: String,
    /// Its first size.
    pub size: Size,
    /// When.
    pub created: Time,
    /// The boot of the machine it was started in: a session of another boot is lost.
    pub boot: String,
    /// The machine's name.
    pub machine: String,
    /// The session that this one was restarted from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<SessionId>,
    /// Variables given with `--env`, by name only: values may be secrets.
    #[serde(default)]
    pub env: Vec<String>,
    /// The socket of its host.
    pub socket: String,
}

/// The version of [`Meta`] and [`crate::Status`].
pub const META_VERSION: u16 = 1;

/// How and when a session's program ended: `exit.json`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Exit {
    /// How.
    pub status: ExitStatus,
    /// When.
    pub time: Time,
}
