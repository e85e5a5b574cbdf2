//! A query, taken apart: words, texts in quotes, beginnings, and what must not be there; and how FTS5 is asked for them.

use super::words::fold;
use crate::{Error, Result};

/// A query at most.
const QUERY_MAX_BYTES: usize = 1 << 10; // 1 KiB

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

    /// The query in the words of FTS5, in which every text is quoted; with `begins`, beginnings of words are enough. `None`
    /// where it has no word that the index could know.
    pub fn expression(&self, begins: bool) -> Option<String> {
        expression(&self.terms, begins)
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
    pub fn letters(&self) -> &'a str {
        self.text.trim().trim_matches('"')
    }
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

/// A text as FTS5 takes it for no more than a text.
pub(super) fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

pub(super) fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a text has nothing but what the index of words knows.
pub(super) fn is_words(text: &str) -> bool {
    text.chars().all(|c| is_of_word(c) || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

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
