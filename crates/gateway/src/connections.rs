//! Who is connected now: one entry for each WebSocket and event stream that a token opened, for as long
//! as it is open. How many there may be is the business of `accept`.

use crate::guard::Access;
use protocol::{SessionId, Time};
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All of them, in the order in which they came.
#[derive(Default)]
pub(crate) struct Connections {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    last: u64,
    all: BTreeMap<u64, Connection>,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Connection {
    /// The session that it follows; none where it is the list.
    session: Option<SessionId>,
    /// How it is told what happens.
    by: By,
    /// The token's id, label and role.
    token: String,
    label: String,
    role: crate::token::Role,
    since: Time,
    from: IpAddr,
}

/// How a client is told what happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    /// A WebSocket of a session.
    Terminal,
    /// Server-sent events of a session.
    Events,
    /// The WebSocket that tells of all sessions.
    List,
}

/// Held by whoever serves a connection.
pub(crate) struct Presence {
    of: Arc<Connections>,
    number: u64,
}

impl Connections {
    /// Tells of a connection, until what it gives is dropped.
    pub(crate) fn enter(
        self: &Arc<Self>,
        access: &Access,
        from: SocketAddr,
        by: By,
        session: Option<SessionId>,
    ) -> Presence {
        let grant = &access.0;
        let (token, label, role) = (grant.id.clone(), grant.label.clone(), grant.role);
        let connection = Connection { session, by, token, label, role, since: Time::now(), from: from.ip() };
        let mut open = self.open();
        open.last += 1;
        let number = open.last;
        open.all.insert(number, connection);
        Presence { of: Arc::clone(self), number }
    }

    /// Those that a token's holder may know of, the oldest first.
    pub(crate) fn list(&self, access: &Access) -> Vec<Connection> {
        let own = access.0.session;
        let known = |connection: &&Connection| own.is_none() || connection.session == own;
        self.open().all.values().filter(known).cloned().collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.open().all.len()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.of.open().all.remove(&self.number);
    }
}
