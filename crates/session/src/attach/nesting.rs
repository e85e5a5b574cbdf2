//! A session that was shown inside itself would record its own picture, show that, and so on without end.
//!
//! Which session a terminal is in, its environment says (`CENTERFIRE_SESSION`), and every client tells its host: so
//! the way from this terminal outward can be walked, and must not lead to the session that is to be shown. Whether to
//! type or only to look on makes no difference. Where the environment was lost on the way, as by `ssh` or `sudo`, or
//! leads to another instance, only a host that is passed its own terminal sees the loop; a longer one is not seen.

use crate::client::HostClient;
use crate::folder::Folder;
use crate::{Error, Result};
use protocol::SessionId;
use protocol::frame::{Answer, Request};
use std::collections::VecDeque;

/// Hosts asked at most; nobody looks through that many sessions.
const MAX_HOSTS: usize = 64;

/// Refuses to show a session in a terminal that is `inside` another one, if that is shown by the first.
pub(super) fn refuse_loop(folder: &Folder, session: SessionId, inside: SessionId) -> Result<()> {
    let Some(sessions) = folder.path().parent() else { return Ok(()) };
    let Some(way) = way_out(session, inside, |id| shown_in(&Folder::of(sessions, id))) else { return Ok(()) };
    let name = |id: &SessionId| Folder::of(sessions, *id).name().unwrap_or_else(|_| id.to_string());
    let through = match way.iter().map(|id| format!("`{}`", name(id))).collect::<Vec<_>>() {
        way if way.is_empty() => String::new(),
        way => format!(" through {}", way.join(", ")),
    };
    Err(Error::Inside { session: name(&session), through })
}

/// The sessions between a terminal `inside` one and `session` around it; `None` if `session` is not around it.
fn way_out(
    session: SessionId,
    inside: SessionId,
    mut shown_in: impl FnMut(SessionId) -> Vec<SessionId>,
) -> Option<Vec<SessionId>> {
    let mut seen = vec![inside];
    let mut ways = VecDeque::from([vec![inside]]);
    while let Some(mut way) = ways.pop_front() {
        let here = *way.last()?;
        if here == session {
            way.pop();
            return Some(way);
        }
        for outer in shown_in(here) {
            if !seen.contains(&outer) && seen.len() < MAX_HOSTS {
                seen.push(outer);
                ways.push_back(way.iter().copied().chain([outer]).collect());
            }
        }
    }
    None
}

/// The sessions in whose terminals a session is shown now, as its host knows. One that cannot be asked shows nothing.
fn shown_in(folder: &Folder) -> Vec<SessionId> {
    let ask = || HostClient::connect(&folder.meta()?, "attach")?.call(Request::Status);
    match ask() {
        Ok(Answer::Status(status)) => status.clients.iter().filter_map(|client| client.inside).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_found_around_itself_and_through_others() {
        let ids: Vec<SessionId> = (0..5).map(|_| SessionId::generate()).collect();
        // 0 is shown in 1, 1 in 2 and 3, those two in each other, 4 nowhere.
        let shown = |id| match ids.iter().position(|other| *other == id) {
            Some(0) => vec![ids[1]],
            Some(1) => vec![ids[2], ids[3]],
            Some(2) => vec![ids[3]],
            Some(3) => vec![ids[2]],
            _ => Vec::new(),
        };
        for (session, inside, way) in [
            (0, 0, Some(vec![])),
            (1, 0, Some(vec![0])),
            (3, 0, Some(vec![0, 1])),
            (4, 0, None),
            (0, 1, None),
            (0, 4, None),
        ] {
            let way: Option<Vec<SessionId>> =
                way.map(|way: Vec<usize>| way.iter().map(|at| ids[*at]).collect());
            assert_eq!(way_out(ids[session], ids[inside], shown), way, "{session} inside {inside}");
        }
    }
}
