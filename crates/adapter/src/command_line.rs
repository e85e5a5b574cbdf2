//! Command lines of CLIs: which of their words are values of options, and which stand for themselves.

/// Flags of Claude Code and Gemini CLI that name a conversation.
const NAMING_FLAGS: &[&str] = &["--session-id", "--resume", "-r"];

/// The first word that is neither an option nor the value of one, where options `with_value` take the word behind them.
pub(crate) fn first_free<'a>(
    words: impl IntoIterator<Item = &'a str>,
    with_value: &[&str],
) -> Option<&'a str> {
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word {
            "--" => return None,
            _ if with_value.contains(&word) => drop(words.next()),
            _ if word.starts_with('-') && word.len() > 1 => {}
            free => return Some(free),
        }
    }
    None
}

/// The id of the conversation among arguments in which such a flag names it.
pub(crate) fn conversation(arguments: &[String]) -> Option<&str> {
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

#[test]
fn a_value_is_no_word_of_its_own() {
    let first = |words: &str| first_free(words.split(' '), &["-C", "--profile"]).map(str::to_owned);
    assert_eq!(first("-C exec resume"), Some("resume".to_owned()));
    assert_eq!(first("--profile review --last -x"), None);
    assert_eq!(first("--profile=review say exec"), Some("say".to_owned()));
    assert_eq!(first("-- exec"), None);
}
