//! The dialog of an approval: whether the screen shows the one of a question, and the key that answers it.
//!
//! A key is typed only at the dialog that was asked about, so what is asked for must be read there.

use protocol::approval::Ask;

/// In the last line of each dialog.
const LAST: &str = "Press enter to confirm or esc to cancel";
/// In its first.
const COMMAND: &str = "Would you like to run the following command?";
const EDITS: &str = "Would you like to make the following edits?";
/// Characters of a command, without its blanks, that are looked for.
const COMPARED_CHARS: usize = 120;
/// What begins the line of a file in a patch.
const FILES: [&str; 3] = ["*** Add File: ", "*** Update File: ", "*** Delete File: "];

/// Whether the lines show the dialog of this question.
pub(super) fn shown(ask: &Ask, lines: &[String]) -> bool {
    find(ask, lines).unwrap_or_default()
}

fn find(ask: &Ask, lines: &[String]) -> Option<bool> {
    let last = lines.iter().rposition(|line| !line.trim().is_empty())?;
    let first = if ask.tool == "apply_patch" { EDITS } else { COMMAND };
    let begin = lines.iter().rposition(|line| line.contains(first))?;
    let asked = ask.input["command"].as_str().filter(|_| lines[last].contains(LAST))?;
    let shown = dense(lines.get(begin..last)?.iter().map(String::as_str));
    Some(match ask.tool.as_str() {
        "Bash" => shown.contains(&dense([asked]).chars().take(COMPARED_CHARS).collect::<String>()),
        "apply_patch" => {
            let files = asked.lines().find_map(|line| FILES.iter().find_map(|mark| line.strip_prefix(mark)));
            shown.contains(&dense([files?]))
        }
        _ => false,
    })
}

/// A text without its blanks: where it is broken into lines makes no difference.
fn dense<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    lines.into_iter().flat_map(str::chars).filter(|char| !char.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::BlockKind;
    use serde_json::json;

    const RUN: &str = "• Running\n\n  Would you like to run the following command?\n\n  Environment: local\n\n  $ touch a\n  b && ls\n\n› 1. Yes, proceed (y)\n  2. No, and tell Codex what to do differently (esc)\n\n  Press enter to confirm or esc to cancel\n\n";
    const EDIT: &str = "  Would you like to make the following edits?\n\n  Description: Apply proposed file edits\n  Destination: /w/g.txt\n\n› 1. Yes, proceed (y)\n\n  Press enter to confirm or esc to cancel";

    fn shows(tool: &str, command: &str, screen: &str) -> bool {
        let ask = Ask {
            kind: BlockKind::Permission,
            tool: tool.to_owned(),
            input: json!({ "command": command }),
            cut: false,
            suggestions: None,
            agent: None,
            turn: None,
            unseen: false,
            typed: true,
            screen: false,
        };
        let lines: Vec<String> = screen.lines().map(str::to_owned).collect();
        shown(&ask, &lines)
    }

    #[test]
    fn a_dialog_is_that_of_its_own_question_alone() {
        let patch = "*** Begin Patch\n*** Add File: /w/g.txt\n+hi\n*** End Patch";
        assert!(shows("Bash", "touch a b && ls", RUN));
        assert!(shows("apply_patch", patch, EDIT));
        for (tool, command, screen) in [
            ("Bash", "rm -r /", RUN),
            ("apply_patch", patch, RUN),
            ("apply_patch", "*** Begin Patch\n*** Add File: /w/other", EDIT),
            ("other", "touch a b && ls", RUN),
            // What was answered stands higher up.
            ("Bash", "touch a b && ls", &format!("{RUN}› Ask Codex to do anything")),
            ("Bash", "touch a b && ls", ""),
        ] {
            assert!(!shows(tool, command, screen), "{tool} {command}");
        }
    }
}
