//! Dependencies are entered once, in the root, and used where they are entered.

use super::tree::{File, Finding, Tree};

/// A line of a manifest that names a dependency.
struct Entry<'a> {
    name: &'a str,
    value: &'a str,
    index: usize,
}

/// The dependencies in the sections of a manifest whose headings end so.
fn entries<'a>(manifest: &'a File, section: &str) -> Vec<Entry<'a>> {
    let mut inside = false;
    let mut found = Vec::new();
    for (index, line) in manifest.text.lines().enumerate() {
        if let Some(heading) = line.strip_prefix('[') {
            inside = heading.trim_end().strip_suffix(']').is_some_and(|heading| heading.ends_with(section));
            continue;
        }
        let entry = line.split_once('=').filter(|_| inside && !line.starts_with([' ', '#']));
        found.extend(entry.map(|(name, value)| Entry { name: name.trim(), value: value.trim(), index }));
    }
    found
}

fn members(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.ending("/Cargo.toml")
}

/// The word by which a dependency stands in the code; `name.workspace` is one way to write its line.
fn word(name: &str) -> String {
    name.split('.').next().unwrap_or(name).replace('-', "_")
}

/// Finds dependencies of the root that no member has, and of members that none of their files names.
pub fn unused(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for manifest in members(tree) {
        let folder = manifest.path.strip_suffix("Cargo.toml").unwrap_or_default();
        let sources: Vec<&File> = tree.ending(".rs").filter(|file| file.path.starts_with(folder)).collect();
        for entry in entries(manifest, "dependencies") {
            let word = word(entry.name);
            if !sources.iter().any(|file| names_crate(&file.text, &word)) {
                found.push(Finding::at(manifest, entry.index, format!("no file here uses `{word}`")));
            }
        }
    }
    let Some(root) = tree.files.iter().find(|file| file.path == "Cargo.toml") else { return found };
    for entry in entries(root, "workspace.dependencies") {
        let has = |manifest: &File| {
            let all = entries(manifest, "dependencies");
            all.iter().any(|other| word(other.name) == word(entry.name))
        };
        if !members(tree).any(has) {
            found.push(Finding::at(root, entry.index, format!("no crate uses `{}`", entry.name)));
        }
    }
    found
}

/// Whether the code names a crate: in a path, a `use` or an attribute.
fn names_crate(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = &text[at + word.len()..];
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
            && (after.starts_with("::") || after.starts_with(';'))
    })
}

/// Finds versions and paths of dependencies outside the root.
pub fn versions(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for manifest in members(tree) {
        for entry in entries(manifest, "dependencies") {
            if !entry.name.ends_with(".workspace") && !entry.value.contains("workspace = true") {
                let what = format!("enter `{}` in the root, and here `workspace = true`", entry.name);
                found.push(Finding::at(manifest, entry.index, what));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str =
        "[workspace.dependencies]\n# Why.\nserde = \"1\"\nserde-saphyr = \"2\"\nunwanted = \"1\"\n";

    #[test]
    fn a_dependency_that_nobody_uses_is_found() {
        let member = "[dependencies]\nserde = { workspace = true }\nserde-saphyr = { workspace = true }\n";
        let tree = Tree::of(&[
            ("Cargo.toml", ROOT),
            ("crates/a/Cargo.toml", member),
            ("crates/a/src/lib.rs", "use serde::Serialize;\n// serde_saphyr is not named\n"),
        ]);
        let found: Vec<_> = unused(&tree).into_iter().map(|found| (found.path, found.line)).collect();
        assert_eq!(found, [("crates/a/Cargo.toml".to_owned(), 3), ("Cargo.toml".to_owned(), 5)]);
    }

    #[test]
    fn a_version_outside_the_root_is_found() {
        let member = "[package]\nversion = \"1\"\n[dev-dependencies]\ngood.workspace = true\nbad = \"1\"\n";
        let found = versions(&Tree::of(&[("Cargo.toml", ROOT), ("crates/a/Cargo.toml", member)]));
        assert_eq!(found.iter().map(|found| found.line).collect::<Vec<_>>(), [5]);
    }
}
