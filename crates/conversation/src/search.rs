//! Searching what was said and done.
//!
//! A query is words, all of which must be there: `"several words"` in their order, `begin*` for a beginning, `-word` for one
//! that must not be there. What is no word, such as `foo::bar(`, must be there letter by letter. Where no entry has the words,
//! beginnings of words count, and then any letters.
//!
//! Of all entries that fit, the newest [`RANKED_MAX`] are ranked: by how much of the entry the words are, and by what the entry
//! is. How rare a word is among all is not asked: to count a word that is everywhere takes longer than the search.

use crate::store::{Candidate, Filter, Found, Hit, Store};
use crate::{Error, Result};

/// A query at most.
const QUERY_MAX_BYTES: usize = 1 << 10; // 1 KiB
/// Entries that are ranked.
const RANKED_MAX: usize = 1_000;
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

impl Store {
    /// What fits a query, the best first.
    pub fn search(&self, query: &str, filter: &Filter, limit: usize) -> Result<Vec<Hit>> {
        if query.len() > QUERY_MAX_BYTES {
            return Err(Error::Query("a query has 1 KiB at most".to_owned()));
        }
        let terms = parse(query);
        let wanted: Vec<String> =
            terms.iter().filter(|term| !matches!(term, Term::Not(_))).map(|term| fold(term.text())).collect();
        if wanted.is_empty() {
            return Err(Error::Query("say at least one word to search for".to_owned()));
        }
        let signs: Vec<&String> = wanted.iter().filter(|text| !is_words(text)).collect();
        for begins in [false, true] {
            let Some(expression) = expression(&terms, begins) else { break };
            let mut found = self.candidates(Found::Words(expression), filter, RANKED_MAX)?;
            found.retain(|one| {
                signs.is_empty() || signs.iter().all(|signs| fold(&one.text).contains(signs.as_str()))
            });
            if !found.is_empty() {
                return self.best(found, &wanted, limit);
            }
        }
        let letters = query.trim().trim_matches('"');
        if letters.chars().count() < 3 {
            return Ok(Vec::new());
        }
        let escape = |c: char| ['%', '_', '\\'].contains(&c).then_some('\\').into_iter().chain([c]);
        let pattern = format!("%{}%", letters.chars().flat_map(escape).collect::<String>());
        let found = self.candidates(Found::Letters(pattern), filter, RANKED_MAX)?;
        self.best(found, &[fold(letters)], limit)
    }

    /// What shares words with a text, such as a prompt, the best first: the more of its longest words, the better.
    pub(crate) fn related(&self, text: &str, filter: &Filter, limit: usize) -> Result<Vec<Hit>> {
        let mut words: Vec<String> = fold(text)
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
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
        let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let found = self.candidates(Found::Words(quoted.join(" OR ")), filter, RANKED_MAX)?;
        self.best(found, &words, limit)
    }

    fn best(&self, found: Vec<Candidate>, wanted: &[String], limit: usize) -> Result<Vec<Hit>> {
        let mut scored: Vec<(f64, Candidate)> =
            found.into_iter().map(|one| (score(&one, wanted), one)).collect();
        // Of equals, the newest: so they came.
        scored.sort_by(|one, other| other.0.total_cmp(&one.0));
        scored.truncate(limit);
        scored.into_iter().map(|(_, one)| self.hit(one.id, snippet(&one.text, wanted))).collect()
    }
}

/// How well an entry fits: how often each word is in it, the more the less each time, and the less the longer it is.
fn score(candidate: &Candidate, wanted: &[String]) -> f64 {
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
fn snippet(text: &str, wanted: &[String]) -> String {
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
fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

fn fold_char(c: char) -> char {
    match c {
        'à'..='å' | 'À'..='Å' => 'a',
        'ç' | 'Ç' => 'c',
        'è'..='ë' | 'È'..='Ë' => 'e',
        'ì'..='ï' | 'Ì'..='Ï' => 'i',
        'ñ' | 'Ñ' => 'n',
        'ò'..='ö' | 'Ò'..='Ö' => 'o',
        'ù'..='ü' | 'Ù'..='Ü' => 'u',
        _ => c.to_lowercase().next().unwrap_or(c),
    }
}

/// Whether a text has nothing but what the index of words knows.
fn is_words(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == '_' || c.is_whitespace())
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
    let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let has_word = |text: &str| text.chars().any(|c| c.is_alphanumeric() || c == '_');
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
