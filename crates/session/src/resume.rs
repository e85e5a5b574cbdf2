//! The command that takes up a CLI's own conversation again, for a session that ended or was lost: the CLI keeps its
//! conversation in its own files, whatever became of the terminal.

/// Flags of `claude` that name a conversation.
const NAMING_FLAGS: &[&str] = &["--session-id", "--resume", "-r"];

/// Of a session's command; `None` where nothing is known of the program.
pub fn resume_command(command: &[String]) -> Option<String> {
    let (program, arguments) = command.split_first()?;
    let name = program.rsplit('/').next()?;
    if !matches!(name, "claude" | "claude-code") {
        return None;
    }
    Some(match conversation(arguments) {
        Some(id) => format!("{program} --resume {id}"),
        None => format!("{program} --continue"),
    })
}

/// The id of the conversation among the arguments of `claude`, where a flag names it.
pub fn conversation(arguments: &[String]) -> Option<&str> {
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (word, None),
        };
        if NAMING_FLAGS.contains(&flag) {
            let value = value.or_else(|| words.clone().next());
            // `--resume` alone asks; what follows then is a flag or a prompt.
            return value.filter(|value| is_id(value));
        }
    }
    None
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conversation_is_taken_from_the_command_line() {
        let id = "0196a1b2-0000-7000-8000-123456789abc";
        let of = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            resume_command(&words)
        };
        let resumed = |program: &str| Some(format!("{program} --resume {id}"));
        assert_eq!(of(&format!("claude --session-id {id} hello")), resumed("claude"));
        assert_eq!(of(&format!("/opt/bin/claude --model x --resume={id}")), resumed("/opt/bin/claude"));
        assert_eq!(of(&format!("claude -r {id}")), resumed("claude"));
        assert_eq!(of("claude --resume --verbose"), Some("claude --continue".to_owned()));
        assert_eq!(of("claude"), Some("claude --continue".to_owned()));
        assert_eq!(of("vim --resume x"), None);
    }
}
