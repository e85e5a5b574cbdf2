//! One ranking of several: reciprocal rank fusion. Only places count, so that scores of different kinds, such as those of
//! words and of vectors, need not be made comparable.
//!
//! It takes both lists for equally good, and a list of words has somebody in its first place even if they share with the
//! question no more than `what` and `one`. So of the entries that words find only those take part that have a good [`share`] of
//! the question: where an identifier or an error's text is known words decide, and where nothing fits meaning does.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// How little the first places stand out; the usual value, from the paper that proposed the method.
const K: f64 = 60.0;

/// The share of a question that an entry must have for its place among those that words found to count. Whether a
/// third or two thirds makes little difference (`tests/quality`); without it the fused list is worse than meaning alone.
const SHARE: f64 = 0.5;

/// How much of a question an entry has, from 0 to 1. For each word of the question: how many of all `entries` have it, and
/// whether this one does. A word counts by its rarity, as in the usual ranking (BM25).
pub fn share(entries: u64, words: impl IntoIterator<Item = (u64, bool)>) -> f64 {
    let (mut all, mut here) = (0.0, 0.0);
    for (having, has) in words {
        let missing = entries.saturating_sub(having) as f64;
        let weight = (1.0 + (missing + 0.5) / (having as f64 + 0.5)).ln();
        all += weight;
        here += if has { weight } else { 0.0 };
    }
    if all > 0.0 { here / all } else { 0.0 }
}

/// The ranking of a search by words and by meaning: what words found, each with its share of the question, and what meaning
/// found, the best first. What words found with a small share comes last: it may have no vector yet.
pub fn hybrid<Key: Copy + Eq + Hash>(words: &[(Key, f64)], meaning: &[Key]) -> Vec<Key> {
    let good: Vec<Key> = words.iter().filter(|(_, share)| *share >= SHARE).map(|(key, _)| *key).collect();
    let mut found: Vec<Key> = fuse(&[&good, meaning]).into_iter().map(|(key, _)| key).collect();
    let known: HashSet<Key> = found.iter().copied().collect();
    found.extend(words.iter().map(|(key, _)| *key).filter(|key| !known.contains(key)));
    found
}

/// Fuses lists, each with its best first and no key twice: all keys with their scores, the best first. Of two that are
/// equal the one that was met first comes first.
pub fn fuse<Key: Copy + Eq + Hash>(lists: &[&[Key]]) -> Vec<(Key, f64)> {
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut fused: Vec<(Key, f64)> = Vec::new();
    for list in lists {
        for (rank, key) in list.iter().enumerate() {
            let place = *places.entry(*key).or_insert(fused.len());
            if place == fused.len() {
                fused.push((*key, 0.0));
            }
            fused[place].1 += 1.0 / (K + rank as f64 + 1.0);
        }
    }
    fused.sort_by(|a, b| b.1.total_cmp(&a.1));
    fused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(lists: &[&[u32]]) -> Vec<u32> {
        fuse(lists).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn what_both_lists_have_comes_before_what_is_first_in_one() {
        assert_eq!(keys(&[&[1, 2, 3], &[4, 3, 5]]), [3, 1, 4, 2, 5]);
    }

    #[test]
    fn one_list_keeps_its_order_and_none_gives_nothing() {
        assert_eq!(keys(&[&[3, 1, 2], &[]]), [3, 1, 2]);
        assert!(keys(&[]).is_empty());
    }

    #[test]
    fn a_rare_word_is_most_of_a_question_and_a_common_one_is_little() {
        let share = |words: &[(u64, bool)]| share(1000, words.iter().copied());
        assert!(share(&[(2, true), (900, false), (700, false)]) > SHARE);
        assert!(share(&[(2, false), (900, true), (700, true)]) < SHARE / 2.0);
        assert_eq!((share(&[(5, true)]), share(&[(0, false)]), share(&[])), (1.0, 0.0, 0.0));
    }

    #[test]
    fn a_small_share_of_the_question_only_comes_last() {
        assert_eq!(hybrid(&[(1, 0.2), (2, 0.9), (3, 0.1)], &[4, 5, 2, 1]), [2, 4, 5, 1, 3]);
        assert_eq!(hybrid(&[(1, 0.2), (2, 0.9)], &[]), [2, 1]);
    }

    #[test]
    fn scores_are_the_sums_of_reciprocal_ranks() {
        assert_eq!(fuse(&[&[7], &[8, 7]])[0], (7, 1.0 / 61.0 + 1.0 / 62.0));
    }
}
