//! The command that takes up Claude Code's own conversation again, for a session that ended or was lost.

use crate::command_line::conversation;

/// Of its program and arguments.
pub(super) fn resume(program: &str, arguments: &[String]) -> String {
    match conversation(arguments) {
        Some(id) => format!("{program} --resume {id}"),
        None => format!("{program} --continue"),
    }
}

#[test]
fn the_conversation_is_taken_from_the_command_line() {
    let id = "0196a1b2-0000-7000-8000-123456789abc";
    let of = |line: &str| {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        crate::resume(&words)
    };
    let resumed = |program: &str| Some(format!("{program} --resume {id}"));
    assert_eq!(of(&format!("claude --session-id {id} hello")), resumed("claude"));
    assert_eq!(of(&format!("/opt/bin/claude --model x --resume={id}")), resumed("/opt/bin/claude"));
    assert_eq!(of(&format!("claude -r {id}")), resumed("claude"));
    assert_eq!(of("claude --resume --verbose"), Some("claude --continue".to_owned()));
    assert_eq!(of("claude"), Some("claude --continue".to_owned()));
    assert_eq!((of("vim --resume x"), of("gemini")), (None, None));
    let gemini = crate::by_name("gemini").expect("known");
    assert_eq!(gemini.named(&["-r".to_owned(), id.to_owned()]), Some(id));
}
