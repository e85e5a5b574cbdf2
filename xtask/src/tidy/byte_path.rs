//! What a program writes is bytes. Only the parsers of the terminal crate, which keep state, decode it; on the way
//! through journal and host nothing does: half a character at the end of a read is no error.

use super::tree::{Finding, Tree};

/// Where output and input flow.
const FOLDERS: &[&str] = &["crates/protocol/src/", "crates/journal/src/", "crates/session/src/host/"];
const LOSSY: &str = concat!("from_utf8", "_lossy");

/// Finds lossy decoding on the way of a session's bytes.
pub fn byte_path(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let on_the_way = |path: &str| FOLDERS.iter().any(|folder| path.starts_with(folder));
    for file in tree.ending(".rs").filter(|file| on_the_way(&file.path)) {
        let lines = file.text.lines().enumerate().filter(|(_, line)| line.contains(LOSSY));
        found.extend(lines.map(|(index, _)| {
            Finding::at(file, index, "bytes stay bytes here; decode in a parser with state")
        }));
    }
    found
}

#[test]
fn lossy_decoding_on_the_byte_path_is_found_and_elsewhere_it_is_not() {
    let line = format!("String::{LOSSY}(bytes)");
    let tree = Tree::of(&[
        ("crates/session/src/host/output.rs", &line),
        ("crates/centerfire/src/cmd/run.rs", &line),
    ]);
    assert_eq!(byte_path(&tree).len(), 1);
}
