//! Searching what was said and done.
//!
//! A query is words, all of which must be there: `"several words"` in their order, `begin*` for a beginning, `-word` for one
//! that must not be there. What is no word, such as `->` or `foo::bar(`, is found letter by letter where it has three.

use crate::store::{Filter, Hit, Store};
use crate::{Error, Result};

/// A query at most.
const QUERY_MAX_BYTES: usize = 1 << 10; // 1 KiB
/// Entries that are looked at for their rank: of a word that is everywhere, the newest.
const RANKED_MAX: usize = 5_000;

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
        if !terms.iter().any(|term| !matches!(term, Term::Not(_))) {
            return Err(Error::Query("say at least one word to search for".to_owned()));
        }
        if terms.iter().all(Term::is_words) {
            // Ranked among the newest: to rank all that have a word that is everywhere would take long.
            let found = format!(
                "SELECT rowid AS id, rank, snippet(words, 0, char(2), char(3), '…', 24) AS snippet FROM words
                 WHERE words MATCH ? AND rowid IN
                     (SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT {RANKED_MAX})"
            );
            let expression = expression(&terms);
            let hits =
                self.hits(&found, vec![expression.clone().into(), expression.into()], filter, limit)?;
            if !hits.is_empty() {
                return Ok(hits);
            }
        }
        self.search_letters(query.trim(), filter, limit)
    }

    /// What has these letters in this order, the newest first.
    fn search_letters(&self, letters: &str, filter: &Filter, limit: usize) -> Result<Vec<Hit>> {
        let letters = letters.trim_matches('"');
        if letters.chars().count() < 3 {
            return Ok(Vec::new());
        }
        // Some of the text around the place where it is found.
        let found = "SELECT entry.id, -entry.time AS rank, (SELECT CASE WHEN at > 40 THEN '…' ELSE '' END ||
                 substr(entry.text, max(1, at - 40), min(at - 1, 40)) || char(2) || substr(entry.text, at, length(?1)) || char(3)
                 || substr(entry.text, at + length(?1), 80) FROM (SELECT instr(lower(entry.text), lower(?1)) AS at)) AS snippet
             FROM letters JOIN entry ON entry.id = letters.rowid
             WHERE letters.text LIKE ?2 ESCAPE '\\'";
        let escaped: String = letters
            .chars()
            .flat_map(|c| ['%', '_', '\\'].contains(&c).then_some('\\').into_iter().chain([c]))
            .collect();
        self.hits(found, vec![letters.to_owned().into(), format!("%{escaped}%").into()], filter, limit)
    }
}

impl Term {
    fn text(&self) -> &str {
        match self {
            Self::Word { text, .. } | Self::Phrase(text) | Self::Not(text) => text,
        }
    }

    /// Whether it has nothing but what the words' index knows.
    fn is_words(&self) -> bool {
        self.text().chars().all(|c| c.is_alphanumeric() || c == '_' || c.is_whitespace())
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

/// The query in the words of FTS5, in which every text is quoted.
fn expression(terms: &[Term]) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let (not, wanted): (Vec<&Term>, Vec<&Term>) = terms.iter().partition(|term| matches!(term, Term::Not(_)));
    let wanted: Vec<String> = wanted
        .iter()
        .map(|term| match term {
            Term::Word { text, is_beginning: true } => format!("{}*", quote(text)),
            term => quote(term.text()),
        })
        .collect();
    let mut expression = wanted.join(" AND ");
    for term in not {
        expression = format!("({expression}) NOT {}", quote(term.text()));
    }
    expression
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
        ];
        for (query, expected) in cases {
            assert_eq!(expression(&parse(query)), expected, "{query}");
        }
    }
}
