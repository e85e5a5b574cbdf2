//! Search by words, all of which must be there: `"several words"` in their order, `begin*` for a beginning, `-word` for one
//! that must not be there. What is no word, such as `foo::bar(`, must be there letter by letter. Where no entry has the words,
//! beginnings of words count, and then any letters.
//!
//! Of all entries that fit, the newest [`RANKED_MAX`] are ranked: by how much of the entry the words are, and by what the entry
//! is. How rare a word is among all is not asked: to count a word that is everywhere takes longer than the search.

use super::query::{Query, is_of_word, is_words, quote};
use crate::Result;
use crate::store::{Candidate, Filter, Hit, Limit, Lookup, Store};
use unicode_normalization::UnicodeNormalization as _;

/// Entries that are ranked.
const RANKED_MAX: usize = 1_000;
/// Pieces of what models made that are ranked: some of these are of one conversation, of which one is told.
const PIECES_MAX: usize = 300;
/// Of what is looked for letter by letter, so many threes narrow down where it can be.
const THREES_MAX: usize = 24;
/// Of a text, what is told around the place where it was found, in characters before and behind.
const SNIPPET_BEFORE: usize = 60;
const SNIPPET_BEHIND: usize = 140;
/// Words of a text by which what is related to it is looked for, and letters of each at least.
const RELATED_WORDS_MAX: usize = 12;
const RELATED_MIN_CHARS: usize = 4;
/// The length of a text, in bytes, from which a word in it counts for less.
const USUAL_BYTES: f64 = 400.0;

/// Of what something is that was found.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Source {
    /// What was said and done.
    Entries,
    /// What models made of it.
    Pieces,
}

/// What was found, and how well it fits.
pub(super) struct Scored {
    pub source: Source,
    pub score: f64,
    /// How much of what was asked for it has, from 0 to 1.
    pub share: f64,
    pub candidate: Candidate,
}

impl Query<'_> {
    /// Entries that have all that is asked for, the best first.
    pub fn whole(&self, store: &Store, filter: &Filter, limit: &Limit) -> Result<Vec<Scored>> {
        let look = |found| store.candidates(found, filter, RANKED_MAX);
        Ok(match self.by_words(limit, look)? {
            found if found.is_empty() && !limit.is_over() => self.by_letters(look)?,
            found => found,
        })
    }

    /// Pieces of what models made that have all that is asked for, the best first; by any letters only where entries had to be
    /// looked for by them, too.
    pub fn pieces(
        &self,
        store: &Store,
        filter: &Filter,
        limit: &Limit,
        is_alone: bool,
    ) -> Result<Vec<Scored>> {
        if limit.is_over() {
            return Ok(Vec::new());
        }
        let look = |found| store.pieces(found, filter, PIECES_MAX);
        let mut found = self.by_words(limit, look)?;
        if found.is_empty() && is_alone && !limit.is_over() {
            found = self.by_letters(look)?;
        }
        found.iter_mut().for_each(|one| one.source = Source::Pieces);
        Ok(found)
    }

    /// What an index of words finds, or else one of beginnings.
    fn by_words(
        &self,
        limit: &Limit,
        look: impl Fn(Lookup) -> Result<Vec<Candidate>>,
    ) -> Result<Vec<Scored>> {
        let signs: Vec<&String> = self.wanted.iter().filter(|text| !is_words(text)).collect();
        for begins in [false, true] {
            let Some(expression) = self.expression(begins) else { break };
            let mut found = look(Lookup::Words(expression))?;
            found.retain(|one| {
                signs.is_empty() || signs.iter().all(|signs| fold(&one.text).contains(signs.as_str()))
            });
            if !found.is_empty() || limit.is_over() {
                return Ok(ranked(found, &self.wanted));
            }
        }
        Ok(Vec::new())
    }

    /// What has the query's letters as they stand.
    fn by_letters(&self, look: impl Fn(Lookup) -> Result<Vec<Candidate>>) -> Result<Vec<Scored>> {
        let letters = self.letters();
        if letters.chars().count() < 3 {
            return Ok(Vec::new());
        }
        let escape = |c: char| ['%', '_', '\\'].contains(&c).then_some('\\').into_iter().chain([c]);
        let pattern = format!("%{}%", letters.chars().flat_map(escape).collect::<String>());
        let found = look(Lookup::Letters { threes: threes(letters), pattern })?;
        Ok(ranked(found, &[fold(letters)]))
    }
}

/// What shares words with a text, such as a prompt, the best first: the more of its longest words, the better.
pub(crate) fn related(store: &Store, text: &str, filter: &Filter, limit: usize) -> Result<Vec<Hit>> {
    let mut words: Vec<String> = fold(text)
        .split(|c: char| !is_of_word(c))
        .filter(|word| word.chars().count() >= RELATED_MIN_CHARS)
        .map(str::to_owned)
        .collect();
    words.sort();
    words.dedup();
    // Long words tell more than short ones, and need no list of those that tell nothing.
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    words.truncate(RELATED_WORDS_MAX);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let any: Vec<String> = words.iter().map(|word| quote(word)).collect();
    let found = store.candidates(Lookup::Words(any.join(" OR ")), filter, RANKED_MAX)?;
    let best = ranked(found, &words).into_iter().take(limit).map(|one| one.candidate);
    best.map(|one| store.hit(one.id, snippet(&one.text, &words))).collect()
}

/// Any three letters that follow each other, in the words of FTS5: all of them are where the letters are.
fn threes(letters: &str) -> String {
    let chars: Vec<char> = letters.chars().collect();
    let quoted = chars.windows(3).take(THREES_MAX).map(|three| quote(&three.iter().collect::<String>()));
    quoted.collect::<Vec<_>>().join(" AND ")
}

fn ranked(found: Vec<Candidate>, wanted: &[String]) -> Vec<Scored> {
    let scored = |candidate| Scored {
        source: Source::Entries,
        score: score(&candidate, wanted),
        share: 1.0,
        candidate,
    };
    let mut scored: Vec<Scored> = found.into_iter().map(scored).collect();
    // Of equals, the newest: so they came.
    scored.sort_by(|one, other| other.score.total_cmp(&one.score));
    scored
}

/// How well an entry fits: how often each word is in it, the more the less each time, and the less the longer it is.
pub(super) fn score(candidate: &Candidate, wanted: &[String]) -> f64 {
    let text = fold(&candidate.text);
    let length = 0.25 + 0.75 * text.len() as f64 / USUAL_BYTES;
    let of_word = |word: &String| {
        let times = text.matches(word.as_str()).take(100).count() as f64;
        times / (times + 1.2 * length)
    };
    // What people and models say tells more than what a tool printed.
    let weight = match candidate.kind.as_str() {
        "message" | "compaction" | "summary" | "decision" | "todo" => 1.0,
        "tool_call" | "failure" => 0.9,
        "thinking" => 0.8,
        _ => 0.7,
    };
    weight * wanted.iter().map(of_word).sum::<f64>()
}

/// Some of a text around the first place where something of it was found, which stands between U+0002 and U+0003.
pub(super) fn snippet(text: &str, wanted: &[String]) -> String {
    let chars: Vec<char> = text.chars().filter(|c| !matches!(c, '\u{2}' | '\u{3}')).collect();
    let folded: Vec<char> = chars.iter().map(|c| fold_char(*c)).collect();
    let words: Vec<Vec<char>> = wanted.iter().map(|word| word.chars().collect()).collect();
    let at = |start: usize| words.iter().find(|word| folded[start..].starts_with(word));
    let first = (0..chars.len()).find(|start| at(*start).is_some()).unwrap_or_default();
    let from = first.saturating_sub(SNIPPET_BEFORE);
    let to = (first + SNIPPET_BEHIND).min(chars.len());
    let mut snippet = if from > 0 { "…".to_owned() } else { String::new() };
    let mut place = from;
    while place < to {
        match at(place) {
            Some(word) if !word.is_empty() => {
                snippet.push('\u{2}');
                snippet.extend(&chars[place..place + word.len()]);
                snippet.push('\u{3}');
                place += word.len();
            }
            _ => {
                snippet.push(chars[place]);
                place += 1;
            }
        }
    }
    if to < chars.len() {
        snippet.push('…');
    }
    snippet
}

/// A text as it is compared: without case and marks, one character for each of its own.
pub(super) fn fold(text: &str) -> String {
    // Most texts are, and a thousand of them are looked at for one search.
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.chars().map(fold_char).collect() }
}

/// The letter below the marks, and small.
fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let letter = std::iter::once(c).nfd().next().unwrap_or(c);
    letter.to_lowercase().next().unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_shows_what_was_found() {
        let wanted = ["naive".to_owned(), "b".to_owned()];
        assert_eq!(snippet("a Naïve b", &wanted), "a \u{2}Naïve\u{3} \u{2}b\u{3}");
        let long = snippet(&format!("{}naive{}", "x".repeat(100), "y".repeat(300)), &wanted[..1]);
        assert!(long.starts_with("…x") && long.ends_with("y…") && long.contains("\u{2}naive\u{3}"), "{long}");
        assert_eq!(snippet("nothing \u{2}here", &["zz".to_owned()]), "nothing here");
    }
}
