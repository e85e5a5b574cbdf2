//! Waits for more of a session: whoever reads its journal asks here when to read on, and when to stop.
//!
//! The host says when more is stored. If it dies, its successor is asked; only when nobody holds the session any more
//! is it over.

use crate::Result;
use crate::client::{HostClient, insist};
use crate::folder::Folder;
use protocol::Meta;
use protocol::frame::{Event, Request};
use std::time::{Duration, Instant};

/// How long to listen before looking whether the session still lives: its processes may all have been killed without
/// a word.
const LISTEN: Duration = Duration::from_secs(5);

/// What to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// More may be stored: read on to the present end, and ask again.
    More,
    /// Nothing will be stored any more: read what is left, and stop.
    Over,
}

/// A look-out over one session.
pub struct Follow<'a> {
    folder: &'a Folder,
    meta: &'a Meta,
    name: &'static str,
    client: Option<HostClient>,
    over: bool,
}

impl<'a> Follow<'a> {
    /// Of a session, by a client that calls itself `name`.
    pub fn new(folder: &'a Folder, meta: &'a Meta, name: &'static str) -> Self {
        Self { folder, meta, name, client: None, over: false }
    }

    /// Waits until more may be stored or nothing will be.
    pub fn wait(&mut self) -> Result<Next> {
        loop {
            if self.over {
                return Ok(Next::Over);
            }
            let Some(client) = &mut self.client else { return self.connect() };
            match listen(client) {
                Ok(Some(Next::Over)) => self.over = true,
                Ok(Some(Next::More)) => return Ok(Next::More),
                Ok(None) if self.folder.is_held(self.meta) => return Ok(Next::More),
                Ok(None) => self.over = true,
                Err(error) if error.is_gone() => self.client = None,
                Err(error) => return Err(error),
            }
        }
    }

    /// Finds the host. What was stored before it said hello must be read before it is listened to.
    fn connect(&mut self) -> Result<Next> {
        let asked = insist(self.folder, self.meta, self.name, None, |mut client| {
            client.call(Request::Follow)?;
            Ok(client)
        });
        match asked {
            Ok(client) => {
                self.client = Some(client);
                Ok(Next::More)
            }
            Err(error) if error.is_gone() => {
                self.over = true;
                Ok(Next::Over)
            }
            Err(error) => Err(error),
        }
    }
}

/// The next thing that the host says; `None` if it said nothing for a while.
fn listen(client: &mut HostClient) -> Result<Option<Next>> {
    let end = Instant::now() + LISTEN;
    loop {
        let mut more = false;
        while let Some(event) = client.event()? {
            match event {
                Event::Exited { .. } => return Ok(Some(Next::Over)),
                _ => more = true,
            }
        }
        if more {
            return Ok(Some(Next::More));
        }
        match client.receive(end) {
            Ok(()) => {}
            Err(error) if error.is_timeout() => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}
