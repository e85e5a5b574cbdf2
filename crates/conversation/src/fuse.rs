//! One ranking of several: reciprocal rank fusion. Only places count, so that scores of different kinds, such as those of
//! words and of vectors, need not be made comparable.

use std::collections::HashMap;
use std::hash::Hash;

/// How little the first places stand out; the usual value, from the paper that proposed the method.
const K: f64 = 60.0;

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
    fn scores_are_the_sums_of_reciprocal_ranks() {
        assert_eq!(fuse(&[&[7], &[8, 7]])[0], (7, 1.0 / 61.0 + 1.0 / 62.0));
    }
}
