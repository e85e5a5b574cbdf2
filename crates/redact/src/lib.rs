//! Secrets in text: found by the shapes that vendors document, and masked before anything that is derived is stored.
//!
//! A mask names its rule: `[redacted:github-token]`. Text without a secret costs one pass of an automaton and is given
//! back as it was. What is found and what is missed: `docs/secrets.md`; the rules: `rules.rs`; cases, which take no
//! Rust: `cases/`. It reads and writes nothing, and it never sees the journal, which stays whole.

mod block;
mod judge;
mod rules;
mod scan;
mod stream;
mod terminal;
mod value;

use std::borrow::Cow;
use std::ops::Range;

pub use stream::Stream;
pub use value::redact_value;

/// Text whose secrets are masked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redacted<'a> {
    /// The text; borrowed if nothing was found.
    pub text: Cow<'a, str>,
    /// What was found, in the order of the text.
    pub found: Vec<Found>,
}

/// A secret that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Where it stood, in bytes of the text that was given.
    pub range: Range<usize>,
    /// The rule by which it was found.
    pub rule: &'static str,
}

/// At which of its ends a text was cut, by a limit of ours or by whoever wrote it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Cut {
    /// Something is missing before it.
    pub start: bool,
    /// Something is missing behind it.
    pub end: bool,
}

/// Masks the secrets in a text.
pub fn redact(text: &str) -> Redacted<'_> {
    redact_part(text, Cut::default())
}

/// Masks the secrets in a part of a text: also the half ones at the ends where it was cut.
///
/// A half secret can only be guessed at, so more is masked there than elsewhere: at the end, whatever begins like a secret;
/// at the start, a first word that could be the rest of one.
pub fn redact_part(text: &str, cut: Cut) -> Redacted<'_> {
    let mut found = scan::find(text, cut);
    if found.is_empty() {
        return Redacted { text: Cow::Borrowed(text), found };
    }
    let mut masked = apply(text, &found);
    // With a secret gone another may stand out, which had run into it.
    for _ in 0..ROUNDS_MAX {
        let more = scan::find(&masked, Cut::default());
        if more.is_empty() {
            break;
        }
        found = widen(found, more);
        masked = apply(text, &found);
    }
    Redacted { text: Cow::Owned(masked), found }
}

/// A text with masks in the places of what was found.
fn apply(text: &str, found: &[Found]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for one in found {
        masked.push_str(&text[at..one.range.start]);
        masked.push_str(&mask(one.rule));
        at = one.range.end;
    }
    masked.push_str(&text[at..]);
    masked
}

/// Adds what was found in a masked text to what is masked there, in places of the text before.
fn widen(found: Vec<Found>, more: Vec<Found>) -> Vec<Found> {
    let place = |at: usize, is_end: bool| {
        let (mut masked, mut before) = (0, 0);
        for one in &found {
            let start = masked + (one.range.start - before);
            let end = start + mask(one.rule).len();
            if at <= start {
                break;
            }
            if at < end {
                return if is_end { one.range.end } else { one.range.start };
            }
            (masked, before) = (end, one.range.end);
        }
        before + (at - masked)
    };
    let more = more.into_iter().map(|one| {
        let range = place(one.range.start, false)..place(one.range.end, true);
        Found { range, rule: one.rule }
    });
    let mut all: Vec<Found> = more.collect();
    all.extend(found.iter().cloned());
    all.sort_by_key(|one| (one.range.start, std::cmp::Reverse(one.range.end)));
    let mut joined: Vec<Found> = Vec::new();
    for one in all {
        match joined.last_mut() {
            Some(last) if one.range.start < last.range.end => {
                last.range.end = last.range.end.max(one.range.end)
            }
            _ => joined.push(one),
        }
    }
    joined
}

/// What stands in the place of a secret.
pub fn mask(rule: &str) -> String {
    format!("{MASK}{rule}]")
}

/// Each round finds less; in tests with texts made up by chance two were enough.
const ROUNDS_MAX: usize = 8;
/// How each mask begins.
const MASK: &str = "[redacted:";
