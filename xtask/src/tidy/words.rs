//! Words of the workbench that must not stay in the code.
//!
//! They are put together here from two halves each, so that this file has none of them.

use super::tree::{Finding, Tree};

const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("dbg", "!("), "print nothing, or log it"),
    (concat!("todo", "!("), "do it, or leave the call out"),
    (concat!("unimplemented", "!("), "do it, or leave the call out"),
    (concat!("#[", "ignore"), "a test that does not run says nothing: mend or delete it"),
    (concat!("#[", "allow("), "write #[expect(lint, reason = \"…\")]"),
    (concat!("#![", "allow("), "write #[expect(lint, reason = \"…\")] where it is needed"),
];

/// Finds forbidden words in Rust files, comments included.
pub fn words(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.ending(".rs") {
        for (index, line) in file.text.lines().enumerate() {
            let here = FORBIDDEN.iter().filter(|(word, _)| line.contains(word));
            found
                .extend(here.map(|(word, instead)| Finding::at(file, index, format!("`{word}`: {instead}"))));
        }
    }
    found
}

#[test]
fn a_forbidden_word_is_found_at_its_line() {
    for (word, _) in FORBIDDEN {
        let found = words(&Tree::of(&[("a.rs", &format!("fn a() {{}}\n{word}"))]));
        assert_eq!(found.iter().map(|found| found.line).collect::<Vec<_>>(), [2], "{word}");
    }
    assert!(words(&Tree::of(&[("a.md", FORBIDDEN[0].0)])).is_empty());
}
