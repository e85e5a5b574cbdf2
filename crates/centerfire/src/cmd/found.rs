//! An entry that was found, in lines: whose it is, some of its words, and the command that shows where it stands.

use crate::fit;
use crate::term::{one_line, paint, say};
use crate::when::ago;
use conversation::store::Hit;
use session::name::shell_word;

/// Prints a hit: `what` it is, `note` behind that, and words of it.
pub(super) fn print(hit: &Hit, what: &str, note: &str, words: &str) {
    let about = one_line(hit.title.as_deref().or(hit.cwd.as_deref()).unwrap_or_default());
    let head = format!("{} ago  {}  {what}{note}  {}", ago(hit.time), hit.cli, about.trim());
    fit::say(&paint(&head, "2"));
    say(format!("  {words}"));
    say(paint(&format!("  {}", place(hit)), "2"));
}

/// The command that shows it: the recording where it stands, or its conversation.
pub(super) fn place(hit: &Hit) -> String {
    match &hit.place {
        Some(place) => format!("centerfire replay {} --from {}", place.session.short(), place.offset),
        None => format!("centerfire conversation {}", shell_word(&one_line(&hit.conversation))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Offset, Place, SessionId, Time};

    #[test]
    fn the_command_can_be_copied() {
        let mut hit = Hit {
            entry: "e".to_owned(),
            cli: "log".to_owned(),
            conversation: "my talk".to_owned(),
            title: None,
            cwd: None,
            time: Time(1),
            role: "user".to_owned(),
            kind: "message".to_owned(),
            snippet: String::new(),
            place: None,
            found_by: None,
            said_by: None,
        };
        assert_eq!(place(&hit), "centerfire conversation 'my talk'");
        let session = SessionId::generate();
        hit.place = Some(Place { session, offset: Offset(7) });
        assert_eq!(place(&hit), format!("centerfire replay {} --from 7", session.short()));
    }
}
