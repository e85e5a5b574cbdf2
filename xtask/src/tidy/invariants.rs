//! An invariant that a file cites by its number stands in the table of ARCHITECTURE.md.

use super::tree::{Finding, Tree};

/// Where the table is.
const TABLE: &str = "ARCHITECTURE.md";

/// Finds numbers of invariants that the table does not have.
pub fn invariants(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let known = tree.ending(TABLE).find(|file| file.path == TABLE).map(|file| numbers(&file.text));
    for file in tree.ending(".rs").chain(tree.ending(".md")) {
        for (index, line) in file.text.lines().enumerate() {
            let unknown = cited(line)
                .into_iter()
                .filter(|number| !known.as_ref().is_some_and(|all| all.contains(number)));
            let what = |number| format!("{TABLE} has no invariant {number}");
            found.extend(unknown.map(|number| Finding::at(file, index, what(number))));
        }
    }
    found
}

/// The numbers of the rows under the heading.
fn numbers(text: &str) -> Vec<u32> {
    let table = text.lines().skip_while(|line| *line != "## Invariants").skip(1);
    let rows = table.take_while(|line| !line.starts_with("## "));
    rows.filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok()).collect()
}

/// The numbers behind the word: one, or several with `and` or a comma between them.
fn cited(line: &str) -> Vec<u32> {
    let line = line.to_lowercase();
    let mut cited = Vec::new();
    for (at, word) in line.match_indices("invariant") {
        let rest = &line[at + word.len()..];
        let words = rest.strip_prefix('s').unwrap_or(rest).split_whitespace();
        for word in words.filter(|word| *word != "and") {
            let digits = word.trim_end_matches(|c: char| c.is_ascii_punctuation());
            let Ok(number) = digits.parse() else { break };
            cited.push(number);
            if !(digits == word || word.ends_with(',')) {
                break;
            }
        }
    }
    cited
}

#[test]
fn an_invariant_that_is_not_in_the_table_is_found() {
    let table =
        "## Invariants\n\n| # | Invariant |\n|---|---|\n| 1 | one |\n| 2 | two |\n\n## Else\n\n| 3 | x |\n";
    let code = "/// Invariants 1 and 3, T5: a.\n/// T4, invariant 2: 7 times.\n/// (Invariant 4)\n/// An invariant.\n";
    let found = invariants(&Tree::of(&[("ARCHITECTURE.md", table), ("a.rs", code)]));
    assert_eq!(found.iter().map(|found| found.line).collect::<Vec<_>>(), [1, 3], "{found:?}");
}
