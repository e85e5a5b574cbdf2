//! Search by words, all of which must be there: `"several words"` in their order, `begin*` for a beginning, `-word` for one
//! that must not be there. What is no word, such as `foo::bar(`, must be there letter by letter. Where no entry has the words,
//! beginnings of words count, and then any letters.
//!
//! Of all entries that fit, the newest [`RANKED_MAX`] are ranked: by how much of the entry the words are, and by what the entry
//! is. How rare a word is among all is not asked: to count a word that is everywhere takes longer than the search.

use crate::store::{Candidate, Filter, Found, Hit, Limit, Store};
use crate::{Error, Result};
use unicode_normalization::UnicodeNormalization as _;

/// A query at most.
const QUERY_MAX_BYTES: usize = 1 << 10; // 1 KiB
/// Entries that are ranked.
const RANKED_MAX: usize = 1_000;
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

/// One part of a query.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Term {
    Word { text: String, is_beginning: bool },
    Phrase(String),
    Not(String),
}

/// A query, taken apart.
pub(super) struct Query<'a> {
    text: &'a str,
    terms: Vec<Term>,
    /// What is to be there, as it is compared.
    pub wanted: Vec<String>,
}

/// An entry that was found, and how well it fits.
pub(super) struct Scored {
    pub score: f64,
    /// How much of what was asked for it has, from 0 to 1.
    pub share: f64,
    pub candidate: Candidate,
}

impl<'a> Query<'a> {
    pub fn parse(text: &'a str) -> Result<Self> {
        if text.len() > QUERY_MAX_BYTES {
            return Err(Error::Query("a query has 1 KiB at most".to_owned()));
        }
        let terms = parse(text);
        let wanted: Vec<String> =
            terms.iter().filter(|term| !matches!(term, Term::Not(_))).map(|term| fold(term.text())).collect();
        if wanted.is_empty() {
            return Err(Error::Query("say at least one word to search for".to_owned()));
        }
        Ok(Self { text, terms, wanted })
    }

    /// What is asked for, without what must not be there: what a model understands.
    pub fn question(&self) -> String {
        let wanted = self.terms.iter().filter(|term| !matches!(term, Term::Not(_)));
        wanted.map(Term::text).collect::<Vec<_>>().join(" ")
    }

    /// Whether an entry has none of the words that must not be there.
    pub fn allows(&self, text: &str) -> bool {
        let text = if self.forbids() { fold(text) } else { return true };
        let has = |word: &str| text.split(|c: char| !is_of_word(c)).any(|other| other == word);
        !self.terms.iter().any(|term| matches!(term, Term::Not(_)) && has(&fold(term.text())))
    }

    /// Entries that have all that is asked for, the best first.
    pub fn whole(&self, store: &Store, filter: &Filter, limit: &Limit) -> Result<Vec<Scored>> {
        let signs: Vec<&String> = self.wanted.iter().filter(|text| !is_words(text)).collect();
        for begins in [false, true] {
            let Some(expression) = expression(&self.terms, begins) else { break };
            let mut found = store.candidates(Found::Words(expression), filter, RANKED_MAX)?;
            found.retain(|one| {
                signs.is_empty() || signs.iter().all(|signs| fold(&one.text).contains(signs.as_str()))
            });
            if !found.is_empty() || limit.is_over() {
                return Ok(ranked(found, &self.wanted));
            }
        }
        let letters = self.letters();
        if letters.chars().count() < 3 {
            return Ok(Vec::new());
        }
        let escape = |c: char| ['%', '_', '\\'].contains(&c).then_some('\\').into_iter().chain([c]);
        let pattern = format!("%{}%", letters.chars().flat_map(escape).collect::<String>());
        let found = Found::Letters { threes: threes(letters), pattern };
        let found = store.candidates(found, filter, RANKED_MAX)?;
        Ok(ranked(found, &[fold(letters)]))
    }

    /// Whether anything must not be there.
    pub fn forbids(&self) -> bool {
        self.terms.iter().any(|term| matches!(term, Term::Not(_)))
    }

    /// What a snippet shows: words, and the letters as they stand.
    pub fn shown(&self) -> Vec<String> {
        let letters = fold(self.letters());
        self.wanted.iter().cloned().chain([letters]).collect()
    }

    /// The query as it may stand in a text, letter by letter.
    fn letters(&self) -> &'a str {
        self.text.trim().trim_matches('"')
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
    let found = store.candidates(Found::Words(any.join(" OR ")), filter, RANKED_MAX)?;
    let best = ranked(found, &words).into_iter().take(limit).map(|one| one.candidate);
    best.map(|one| store.hit(one.id, snippet(&one.text, &words))).collect()
}

/// Any three letters that follow each other, in the words of FTS5: all of them are where the letters are.
fn threes(letters: &str) -> String {
    let chars: Vec<char> = letters.chars().collect();
    let quoted = chars.windows(3).take(THREES_MAX).map(|three| quote(&three.iter().collect::<String>()));
    quoted.collect::<Vec<_>>().join(" AND ")
}

/// A text as FTS5 takes it for no more than a text.
fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn ranked(found: Vec<Candidate>, wanted: &[String]) -> Vec<Scored> {
    let scored = |candidate| Scored { score: score(&candidate, wanted), share: 1.0, candidate };
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
        "message" | "compaction" => 1.0,
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

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a text has nothing but what the index of words knows.
fn is_words(text: &str) -> bool {
    text.chars().all(|c| is_of_word(c) || c.is_whitespace())
}

impl Term {
    fn text(&self) -> &str {
        match self {
            Self::Word { text, .. } | Self::Phrase(text) | Self::Not(text) => text,
        }
    }
}

fn parse(query: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut rest = query.trim();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (phrase, after) = quoted.split_once('"').unwrap_or((quoted, ""));
            terms.push(Term::Phrase(phrase.to_owned()));
            rest = after.trim_start();
            continue;
        }
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        rest = after.trim_start();
        terms.push(match (word.strip_prefix('-'), word.strip_suffix('*')) {
            (Some(word), _) if word.chars().next().is_some_and(char::is_alphanumeric) => {
                Term::Not(word.to_owned())
            }
            (_, Some(word)) if !word.is_empty() => Term::Word { text: word.to_owned(), is_beginning: true },
            _ => Term::Word { text: word.to_owned(), is_beginning: false },
        });
    }
    terms.retain(|term| term.text().chars().any(|c| !c.is_whitespace()));
    terms
}

/// The query in the words of FTS5, in which every text is quoted; with `begins`, beginnings of words are enough. `None` where
/// it has no word that the index could know.
fn expression(terms: &[Term], begins: bool) -> Option<String> {
    let has_word = |text: &str| text.chars().any(is_of_word);
    let (not, wanted): (Vec<&Term>, Vec<&Term>) =
        terms.iter().filter(|term| has_word(term.text())).partition(|term| matches!(term, Term::Not(_)));
    let wanted: Vec<String> = wanted
        .iter()
        .map(|term| match term {
            Term::Word { text, is_beginning } if *is_beginning || begins => format!("{}*", quote(text)),
            term => quote(term.text()),
        })
        .collect();
    let first = (!wanted.is_empty()).then(|| wanted.join(" AND "))?;
    Some(not.iter().fold(first, |expression, term| format!("({expression}) NOT {}", quote(term.text()))))
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

    #[test]
    fn every_query_becomes_one_that_the_index_takes() {
        let cases = [
            ("two words", "\"two\" AND \"words\""),
            ("\"two words\" more", "\"two words\" AND \"more\""),
            ("begin* -not", "(\"begin\"*) NOT \"not\""),
            ("AND OR NOT NEAR(", "\"AND\" AND \"OR\" AND \"NOT\" AND \"NEAR(\""),
            ("\"open", "\"open\""),
            ("foo::bar( ->", "\"foo::bar(\""),
        ];
        for (query, expected) in cases {
            assert_eq!(expression(&parse(query), false).as_deref(), Some(expected), "{query}");
        }
    }
}
