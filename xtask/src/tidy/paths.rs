//! Files of our crates that documents name are there.

use super::tree::{Finding, Tree};

/// Finds `crates/…` in code of a line of Markdown where there is no such file or folder. What has a place for a name in it, as
/// `crates/<crate>`, is no path, and what was once is told in the changelog without one.
pub fn paths(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.ending(".md") {
        for (index, line) in file.text.lines().enumerate() {
            let code = line.split('`').skip(1).step_by(2);
            let named =
                code.filter(|text| text.starts_with("crates/") && !text.contains(['<', '*', '…', ' ']));
            let gone = named.filter(|path| !is_there(tree, path.trim_end_matches('/')));
            found.extend(gone.map(|path| Finding::at(file, index, format!("`{path}` is not there"))));
        }
    }
    found
}

fn is_there(tree: &Tree, path: &str) -> bool {
    let below = format!("{path}/");
    tree.paths.iter().any(|known| *known == path || known.starts_with(&below))
}

#[test]
fn a_path_that_is_gone_is_found() {
    let page =
        "`crates/a/src/lib.rs` `crates/a/` `crates/<crate>/x.rs` crates/b\n`run`, `crates/a/src/gone.rs`\n";
    let tree = Tree::of(&[("crates/a/src/lib.rs", ""), ("docs/a.md", page)]);
    let found = paths(&tree);
    assert_eq!((found.len(), found[0].line), (1, 2), "{found:?}");
}
