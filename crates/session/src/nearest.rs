//! What somebody may have meant: the known name that is nearest to a wrong one.

/// `; did you mean …?`, or nothing where no name is near.
pub fn did_you_mean<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    // A third of the letters may differ: more is another word.
    let limit = (wrong.chars().count() / 3).max(1);
    let near = known.map(|name| (distance(wrong, name), name)).filter(|(distance, _)| *distance <= limit);
    near.min().map_or(String::new(), |(_, name)| format!("; did you mean `{name}`?"))
}

/// How many letters must be changed, added, left out or swapped with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // Names are short; a long one is no slip of the finger.
    if one.len() > 64 || other.len() > 64 {
        return usize::MAX;
    }
    let mut rows = vec![(0..=other.len()).collect::<Vec<_>>()];
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(a != b);
            let mut best = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let known = ["build", "claude", "history_lines"];
        let meant = |wrong| did_you_mean(wrong, known.into_iter());
        assert_eq!(meant("biuld"), "; did you mean `build`?");
        assert_eq!(meant("claud"), "; did you mean `claude`?");
        assert_eq!(meant("history_line"), "; did you mean `history_lines`?");
        assert_eq!(meant("zzz"), "");
    }
}
