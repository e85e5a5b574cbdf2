//! What is known of a session from its start on: `meta.json`, written once.

use crate::{ExitStatus, SessionId, Size, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// The facts with which a session was started.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Meta {
    /// The version of this form.
    pub version: u16,
    /// The session.
    pub id: SessionId,
    /// The program and its arguments, for people: [`Meta::words`] has them as they were.
    pub command: Vec<String>,
    /// Where it was started, for people: [`Meta::folder`] has it as it was.
    pub cwd: String,
    /// The bytes of both, where they are no UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Bytes>,
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
    /// Variables that say where its CLI keeps its conversations, with their values: folders such as HOME.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// The socket of its host.
    pub socket: String,
    /// The version of the AI CLI that it runs, where its package tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cli_version: Option<String>,
    /// From where it was taken in, if nothing of ours ever ran it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
}

/// A recording that somebody else made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Imported {
    /// The file that it was read from.
    pub file: String,
    /// In which form, such as `asciicast-v2`.
    pub format: String,
    /// When it was taken in.
    pub time: Time,
}

/// A command and its folder as numbers, byte for byte: what JSON cannot hold as text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bytes {
    /// The program and its arguments.
    pub command: Vec<Vec<u8>>,
    /// Where it was started.
    pub cwd: Vec<u8>,
}

impl Bytes {
    /// Keeps what text would lose; `None` if that is nothing.
    pub fn beyond_text(command: &[OsString], cwd: &Path) -> Option<Self> {
        let is_text = |word: &OsStr| word.to_str().is_some();
        if command.iter().all(|word| is_text(word)) && is_text(cwd.as_os_str()) {
            return None;
        }
        let command = command.iter().map(|word| word.as_bytes().to_vec()).collect();
        Some(Self { command, cwd: cwd.as_os_str().as_bytes().to_vec() })
    }
}

impl Meta {
    /// Gives the program and its arguments, byte for byte.
    pub fn words(&self) -> Vec<OsString> {
        match &self.bytes {
            Some(bytes) => bytes.command.iter().cloned().map(OsString::from_vec).collect(),
            None => self.command.iter().map(OsString::from).collect(),
        }
    }

    /// Gives the folder where it was started, byte for byte.
    pub fn folder(&self) -> PathBuf {
        match &self.bytes {
            Some(bytes) => PathBuf::from(OsString::from_vec(bytes.cwd.clone())),
            None => PathBuf::from(&self.cwd),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"version":1,"id":"01a1fd8e-d0f9-75a2-ac16-15a3f4e38958","command":["sh","-c"],"cwd":"/w","size":{"cols":80,"rows":24},"created":1,"boot":"b","machine":"m","env":[],"socket":"/s"}"#;
    const BYTES: &str = r#"{"version":1,"id":"01a1fd8e-d0f9-75a2-ac16-15a3f4e38958","command":["sh","?"],"cwd":"/?","bytes":{"command":[[115,104],[255]],"cwd":[47,254]},"size":{"cols":80,"rows":24},"created":1,"boot":"b","machine":"m","env":[],"socket":"/s"}"#;

    #[test]
    fn the_facts_of_version_1_stay_as_they_are() {
        for text in [TEXT, BYTES] {
            let meta: Meta = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&meta).unwrap(), text);
        }
    }

    #[test]
    fn words_of_any_bytes_come_back() {
        let words = [OsString::from("sh"), OsString::from_vec(vec![255])];
        let folder = PathBuf::from(OsString::from_vec(vec![b'/', 254]));
        let meta: Meta = serde_json::from_str(TEXT).unwrap();
        assert_eq!((meta.words(), meta.folder()), (vec!["sh".into(), "-c".into()], PathBuf::from("/w")));
        assert_eq!(Bytes::beyond_text(&meta.words(), &meta.folder()), None);
        for (words, folder) in [(&words[..], &folder), (&words[..1], &folder), (&words[..], &"/w".into())] {
            let meta = Meta { bytes: Bytes::beyond_text(words, folder), ..meta.clone() };
            assert_eq!((meta.words().as_slice(), &meta.folder()), (words, folder));
        }
    }
}
