//! A file is called after the thing in it; these names are given when the thing was not found.

use super::tree::{Finding, Tree};

const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "manager", "misc"];

/// Finds files and folders with a name that says nothing.
pub fn names(tree: &Tree) -> Vec<Finding> {
    let is_empty = |part: &str| {
        let stem = part.split('.').next().unwrap_or(part).to_ascii_lowercase();
        stem.split(['_', '-']).any(|word| EMPTY_NAMES.contains(&word))
    };
    let called = |path: &&String| path.split('/').any(is_empty);
    let finding = |path: &String| {
        let what = "call it after the thing that is in it".to_owned();
        Finding { path: path.clone(), line: 1, what }
    };
    tree.paths.iter().filter(called).map(finding).collect()
}

#[test]
fn a_name_that_says_nothing_is_found() {
    let tree = Tree::of(&[
        ("crates/a/src/utils.rs", ""),
        ("crates/a/src/common/mod.rs", ""),
        ("crates/a/src/session_manager.rs", ""),
        ("crates/a/src/utility.rs", ""),
        ("crates/a/src/journal.rs", ""),
    ]);
    assert_eq!(names(&tree).len(), 3);
}
