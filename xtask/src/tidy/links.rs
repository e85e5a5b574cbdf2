//! Links between our documents lead somewhere.

use super::tree::{File, Finding, Tree};

/// Finds relative links in Markdown that lead to no file and no folder. Code is passed over.
pub fn links(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.ending(".md") {
        let mut code = false;
        for (index, line) in file.text.lines().enumerate() {
            code ^= line.starts_with("```");
            if code {
                continue;
            }
            let broken = targets(line).into_iter().filter(|target| !leads_somewhere(tree, file, target));
            found.extend(broken.map(|target| Finding::at(file, index, format!("`{target}` is not there"))));
        }
    }
    found
}

/// The targets of the links in a line, those in `code` left out.
fn targets(line: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    for text in line.split('`').step_by(2) {
        let ends = text.match_indices("](").map(|(at, _)| &text[at + 2..]);
        targets.extend(ends.filter_map(|rest| rest.split([')', ' ']).next()));
    }
    targets
}

fn leads_somewhere(tree: &Tree, file: &File, target: &str) -> bool {
    let path = target.split('#').next().unwrap_or_default();
    if path.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let mut parts: Vec<&str> = file.path.split('/').collect();
    parts.pop();
    for part in path.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let path = parts.join("/");
    let below = format!("{path}/");
    tree.paths.iter().any(|known| *known == path || known.starts_with(&below))
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = "[a](../README.md#top) [b](https://example.com) [c](decisions)\n[d](gone.md) `[e](code.md)`\n";
    let tree = Tree::of(&[("README.md", ""), ("docs/a.md", page), ("docs/decisions/0001-x.md", "")]);
    let found = links(&tree);
    assert_eq!((found.len(), found[0].line), (1, 2), "{found:?}");
}
