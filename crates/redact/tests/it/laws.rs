//! What holds for any text, attacked with chance: with any characters, and with pieces of the corpus stuck together.

use crate::corpus::secrets;
use proptest::prelude::*;
use redact::{Cut, redact, redact_part};
use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The secrets of the corpus, each with its surroundings and what comes of it.
static SECRETS: LazyLock<Vec<(String, String)>> = LazyLock::new(secrets);
/// What chance rarely makes by itself.
const GLUE: &[&str] = &[
    "password=",
    "token: ",
    "\"",
    "'",
    "\\\"",
    "://a:",
    "@",
    "Bearer ",
    "-----BEGIN PRIVATE KEY-----",
    "-----END ",
    "\n",
    " ",
    "[redacted:",
    "]",
    "eyJ",
    ".",
    "=",
    "sk-",
    "ghp_",
    "é",
    "\u{1b}[1m",
    "--password ",
    "Basic ",
    "a1B2c3D4e5F6g7H8i9J0",
];
/// Characters at an end that may be seen of a secret that was cut: less than anybody could use.
const HARMLESS: usize = 8;

/// Text with whole secrets, halves of them, and signs that mean something to the rules.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => (0..SECRETS.len()).prop_map(|which| SECRETS[which].0.clone()),
        2 => (0..SECRETS.len(), 0.0..1.0).prop_map(|(which, part)| {
            let text = &SECRETS[which].0;
            text[..text.floor_char_boundary((text.len() as f64 * part) as usize)].to_owned()
        }),
        4 => (0..GLUE.len()).prop_map(|which| GLUE[which].to_owned()),
        2 => "[a-z]{1,8} ?",
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_redacted_twice_is_redacted_once(text in texts()) {
        let once = redact(&text).text.into_owned();
        let twice = redact(&once);
        prop_assert_eq!(&twice.text, &once);
    }

    #[test]
    fn text_without_finds_is_given_back_and_what_was_found_lies_in_order(text in texts(), start: bool, end: bool) {
        let redacted = redact_part(&text, Cut { start, end });
        if redacted.found.is_empty() {
            prop_assert!(matches!(redacted.text, Cow::Borrowed(same) if same == text));
        }
        let mut at = 0;
        for found in &redacted.found {
            prop_assert!(found.range.start >= at && found.range.end > found.range.start);
            prop_assert!(text.get(found.range.clone()).is_some());
            at = found.range.end;
        }
    }

    #[test]
    fn any_text_is_taken(text in any::<String>(), start: bool, end: bool) {
        redact_part(&text, Cut { start, end });
    }
}

#[test]
fn a_secret_that_a_limit_cuts_is_masked_or_gone() {
    let mut seen = Vec::new();
    for (text, expect) in SECRETS.iter() {
        let Some(whole) = redact(text).found.first().cloned() else { continue };
        let secret = whole.range;
        for at in text.char_indices().map(|(at, _)| at).filter(|at| secret.contains(at)) {
            // The last part of a text whose begin is gone, and the first part of one whose end is.
            let parts = [
                (&text[..at], &text[secret.start..at], Cut { start: false, end: true }),
                (&text[at..], &text[at..secret.end], Cut { start: true, end: false }),
            ];
            for (part, rest, cut) in parts {
                // What a vendor's keys begin with tells nothing, and is not counted.
                // Nor do the lines above a key that tell how it is encrypted.
                let shown = !rest.starts_with("\nProc-Type")
                    && rest.len() > HARMLESS + 12
                    && redact_part(part, cut).text.contains(rest);
                if shown {
                    seen.push(format!("{expect}: {rest}\n"));
                }
            }
        }
    }
    assert!(seen.is_empty(), "{} parts are seen:\n{}", seen.len(), seen[..seen.len().min(20)].concat());
}

#[test]
fn a_text_that_is_nothing_but_keywords_takes_no_more_than_its_length() {
    // What is quadratic takes minutes.
    const LIMIT: Duration = Duration::from_secs(10);
    let pieces = [
        "password=",
        "password=\"",
        "curl ",
        "cookie: a=b; ",
        "-----BEGIN PRIVATE KEY-----",
        "eyJ.",
        "sk-ant-a-",
        "://a:",
        "token: ",
        "\\",
        "Bearer ",
        "ghp_",
        "1m",
        "secret=\\\"",
        "[redacted:",
    ];
    for piece in pieces {
        let text = format!("password=\"{}", piece.repeat((1 << 20) / piece.len()));
        let start = Instant::now();
        redact_part(&text, Cut { start: true, end: true });
        assert!(start.elapsed() < LIMIT, "{piece:?} took {:?}", start.elapsed());
    }
}
