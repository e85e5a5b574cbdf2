//! Command lines of CLIs: which of their words are values of options, and which stand for themselves.

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

#[test]
fn a_value_is_no_word_of_its_own() {
    let first = |words: &str| first_free(words.split(' '), &["-C", "--profile"]).map(str::to_owned);
    assert_eq!(first("-C exec resume"), Some("resume".to_owned()));
    assert_eq!(first("--profile review --last -x"), None);
    assert_eq!(first("--profile=review say exec"), Some("say".to_owned()));
    assert_eq!(first("-- exec"), None);
}
