//! Each source file says at its top what it is.

use super::tree::{Finding, Tree};

/// Finds Rust files that do not begin with `//!`.
pub fn heads(tree: &Tree) -> Vec<Finding> {
    let headless = tree.ending(".rs").filter(|file| !file.text.starts_with("//!"));
    headless.map(|file| Finding::at(file, 0, "begin with `//!`: what it is, and what it is not")).collect()
}

#[test]
fn a_file_without_a_head_is_found() {
    let tree = Tree::of(&[("a.rs", "//! Says it.\n"), ("b/tests/it/c.rs", "use std::io;\n//! Late.\n")]);
    let found = heads(&tree);
    assert_eq!((found.len(), found[0].path.as_str()), (1, "b/tests/it/c.rs"));
}
