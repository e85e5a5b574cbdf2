//! `cargo xtask tidy`: the house rules that no compiler knows, each a file here with a sample on which it fails.
//!
//! A rule is a plain function from the [`Tree`] to what it found; [`RULES`] is the table of them. A rule without an
//! exception is a rule: there is no list of files that it passes over.

mod arrows;
mod byte_path;
mod dependencies;
mod heads;
mod hosts;
mod index;
mod invariants;
mod links;
mod names;
mod paths;
mod tree;
mod words;

use anyhow::{Result, ensure};
use std::path::Path;
use tree::{Finding, Tree};

/// Looks for the places that break one rule.
type Rule = fn(&Tree) -> Vec<Finding>;

/// Every rule with its name.
const RULES: &[(&str, Rule)] = &[
    ("arrow", arrows::arrows),
    ("crate-name", arrows::crate_names),
    ("head", heads::heads),
    ("file-name", names::names),
    ("unused-dependency", dependencies::unused),
    ("version-in-root", dependencies::versions),
    ("forbidden-word", words::words),
    ("registry-host", hosts::hosts),
    ("broken-link", links::links),
    ("gone-path", paths::paths),
    ("test-index", index::index),
    ("invariant", invariants::invariants),
    ("byte-path", byte_path::byte_path),
];

/// Checks the repository and names every place that breaks a rule.
pub fn run(words: &[String]) -> Result<()> {
    ensure!(words.is_empty(), "usage: cargo xtask tidy");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in the repository");
    let tree = Tree::read(root)?;
    let mut count = 0;
    for (rule, find) in RULES {
        for Finding { path, line, what } in find(&tree) {
            eprintln!("{path}:{line}: {rule}: {what}");
            count += 1;
        }
    }
    ensure!(count == 0, "{count} places break a house rule (xtask/src/tidy has the rules)");
    Ok(())
}
