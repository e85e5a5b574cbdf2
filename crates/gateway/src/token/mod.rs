//! Who may do what: secrets, and what each of them grants.
//!
//! A secret is shown once. What is kept is its SHA-256, so that the file gives nobody access.

mod store;

pub use store::{Store, StoreError};

use protocol::{SessionId, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How long a login link that nobody uses is good, if nothing else is said.
pub const LOGIN_LASTS: Duration = Duration::from_secs(15 * 60); // 15 minutes
/// How long a link that shares a session is good, if nothing else is said.
pub const SHARE_LASTS: Duration = Duration::from_secs(3600); // 1 hour
/// And at most.
pub const SHARE_LASTS_MAX: Duration = Duration::from_secs(30 * 24 * 3600); // 30 days

/// What a token's holder may do; each includes the ones before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// See sessions.
    View,
    /// Type into them.
    Type,
    /// Start, end, rename and remove them, and manage tokens.
    Manage,
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "view" => Ok(Self::View),
            "type" => Ok(Self::Type),
            "manage" => Ok(Self::Manage),
            _ => Err(format!("`{text}` is none of view, type, manage")),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::View => "view",
            Self::Type => "type",
            Self::Manage => "manage",
        })
    }
}

/// What kind of secret it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// A program sends it with each request.
    Bearer,
    /// It is traded once for a browser's cookie.
    Login,
    /// A browser's cookie.
    Cookie,
    /// There is no secret: where whoever comes is let in.
    Open,
}

/// What a secret grants.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Grant {
    /// A short name for it, which is no secret.
    pub id: String,
    /// What it is for, in the words of who made it.
    pub label: String,
    /// What its holder may do.
    pub role: Role,
    /// How it is used.
    #[serde(rename = "use")]
    pub kind: Use,
    /// The only session that it opens; without one all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// When it was made.
    pub created: Time,
    /// When it ends; without one never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// Of a login: when the access ends that it gives. Without one a browser stays logged in for its own time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

impl Grant {
    /// What whoever comes to an open door may do. It is in no store, and never ends.
    pub(crate) fn open(id: &str, label: &str, role: Role) -> Self {
        Self {
            id: id.to_owned(),
            label: label.to_owned(),
            role,
            kind: Use::Open,
            session: None,
            created: Time::now(),
            expires: None,
            until: None,
        }
    }

    /// Whether it still holds.
    pub fn is_valid(&self, now: Time) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    /// Whether it opens this session.
    pub fn opens(&self, session: SessionId) -> bool {
        self.session.is_none_or(|only| only == session)
    }
}

/// What a new token is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What it is for.
    pub label: String,
    /// What its holder may do.
    pub role: Role,
    /// How it is used.
    pub kind: Use,
    /// The only session that it opens.
    pub session: Option<SessionId>,
    /// When it ends.
    pub expires: Option<Time>,
    /// Of a login: when the access ends that it gives.
    pub until: Option<Time>,
}

impl Wanted {
    /// A token of all sessions, which ends after `lasts`; a login link ends at one time with what it opened. Without it a link
    /// that nobody uses ends all the same, and what it opens lasts as long as any.
    pub fn new(kind: Use, role: Role, label: String, lasts: Option<Duration>) -> Self {
        let micros = |lasts: Duration| u64::try_from(lasts.as_micros()).unwrap_or(u64::MAX);
        let ends = |lasts: Duration| Time(Time::now().0.saturating_add(micros(lasts)));
        let until = lasts.map(ends).filter(|_| kind == Use::Login);
        let expires = lasts.or((kind == Use::Login).then_some(LOGIN_LASTS)).map(ends);
        Self { label, role, kind, session: None, expires, until }
    }

    /// A login link for others, which opens one session.
    pub fn share(session: SessionId, role: Role, label: String, lasts: Duration) -> Self {
        Self { session: Some(session), ..Self::new(Use::Login, role, label, Some(lasts)) }
    }

    /// The same, made by the holder of `maker`: nobody makes what outlives his own token.
    pub(crate) fn within(self, maker: &Grant) -> Self {
        let Some(end) = maker.expires else { return self };
        let sooner = |wanted: Option<Time>| Some(wanted.map_or(end, |wanted| wanted.min(end)));
        let until = if self.kind == Use::Login { sooner(self.until) } else { None };
        Self { expires: sooner(self.expires), until, ..self }
    }
}
