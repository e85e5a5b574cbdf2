//! What may be a session's name. Whether it is free, only the [`crate::registry`] knows.

use std::borrow::Cow;

/// Bytes of a name at most.
const NAME_BYTES: usize = 64;

/// Says what keeps a text from being any session's name.
pub fn fault(name: &str) -> Option<&'static str> {
    Some(match name {
        "" => "it is empty",
        _ if name.len() > NAME_BYTES => "it is longer than 64 bytes",
        _ if name.starts_with('-') => "it begins with a dash",
        _ if name.chars().any(|c| c.is_control() || c == '/') => "it has a slash or a control character",
        "." | ".." => "it means a folder",
        _ if name.trim() != name => "it begins or ends with a space, or is nothing else",
        _ if name.chars().any(is_invisible) => "it has an invisible character",
        _ => return None,
    })
}

/// A text as a word of a shell's command line, for commands that are printed to be copied.
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./,:@%+=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

/// The program's name, with a number behind it where that is taken.
pub(crate) fn free(command: &[String], taken: &[String]) -> String {
    let program = command.first().map_or("session", |program| program.rsplit('/').next().unwrap_or(program));
    let clean: String =
        program.chars().filter(|c| !c.is_control() && !is_invisible(*c)).take(NAME_BYTES / 4).collect();
    let clean = clean.trim();
    let base =
        if clean.is_empty() || clean.starts_with('-') { "session".to_owned() } else { clean.to_owned() };
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.clone())
        .chain(numbered)
        .find(|name| !taken.contains(name))
        .expect("there are more numbers than sessions")
}

/// Characters that show nothing, or turn what stands around them: marks of direction, joiners, breaks of no width.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_a_shell_would_split_or_read_otherwise_is_quoted() {
        assert_eq!(shell_word("build-2"), "build-2");
        assert_eq!(shell_word("my work"), "'my work'");
        assert_eq!(shell_word("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(shell_word(""), "''");
    }
}
