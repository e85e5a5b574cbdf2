//! Entries that have some of a question's words: for who remembers the rest otherwise. A word counts by its rarity; one that
//! very many entries have is not looked for at all.

use super::words::{Scored, Source, fold, score};
use crate::Result;
use crate::fuse::share;
use crate::store::{Filter, SCORED_CHARS, Store};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Words of a question that are looked for.
const WORDS_MAX: usize = 16;
/// A word that more entries have says little, and to count them all takes long.
const COMMON: usize = 2_000;
/// Entries that are ranked.
const RANKED_MAX: usize = 100;

/// Those that have the most of a question, the best first.
pub(super) fn partly(store: &Store, question: &str, filter: &Filter) -> Result<Vec<Scored>> {
    let words: BTreeSet<String> = fold(question)
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .take(WORDS_MAX)
        .collect();
    let mut having: Vec<(String, HashSet<i64>)> = Vec::new();
    for word in words {
        let entries = store.having(&word, COMMON + 1)?;
        if entries.len() <= COMMON {
            having.push((word, entries.into_iter().collect()));
        }
    }
    let entries = store.cursor_of_all()?.max(0) as u64;
    let share_of = |entry: i64| {
        share(entries, having.iter().map(|(_, having)| (having.len() as u64, having.contains(&entry))))
    };
    let all: HashSet<i64> = having.iter().flat_map(|(_, having)| having.iter().copied()).collect();
    let mut shares: Vec<(i64, f64)> = all.into_iter().map(|entry| (entry, share_of(entry))).collect();
    // Of equals the newest.
    shares.sort_by(|one, other| other.1.total_cmp(&one.1).then(other.0.cmp(&one.0)));
    shares.truncate(if filter.fits_all() { RANKED_MAX } else { COMMON });
    let order: Vec<i64> = shares.iter().map(|(entry, _)| *entry).collect();
    let shares: HashMap<i64, f64> = shares.into_iter().collect();
    let mut found = store.candidates_of(&order, filter, SCORED_CHARS)?;
    found.truncate(RANKED_MAX);
    let scored = |candidate: crate::store::Candidate| {
        let share = shares.get(&candidate.id).copied().unwrap_or_default();
        let times = |(word, having): &(String, HashSet<i64>)| {
            let weight = share_weight(entries, having.len() as u64);
            weight * score(&candidate, std::slice::from_ref(word))
        };
        Scored { source: Source::Entries, score: having.iter().map(times).sum(), share, candidate }
    };
    let mut found: Vec<Scored> = found.into_iter().map(scored).collect();
    found.sort_by(|one, other| other.score.total_cmp(&one.score));
    Ok(found)
}

/// What a word counts that so many of all entries have.
fn share_weight(entries: u64, having: u64) -> f64 {
    let missing = entries.saturating_sub(having) as f64;
    (1.0 + (missing + 0.5) / (having as f64 + 0.5)).ln()
}
