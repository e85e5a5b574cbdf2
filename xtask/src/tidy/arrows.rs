//! Crates depend on lower ones only, and bear the names of their folders.

use super::tree::{Finding, Package, Tree};

/// The crates that ship, the lowest first; those of one row do not know each other.
const ROWS: &[&[&str]] = &[
    &["protocol"],
    &["journal", "llm", "redact", "terminal"],
    &["adapter"],
    &["session"],
    &["conversation"],
    &["gateway"],
    &["centerfire"],
];
/// Beside the rows: for tests alone.
const TESTKIT: &str = "testkit";
/// Beside the rows: nobody depends on it.
const XTASK: &str = "xtask";

/// Finds dependencies that point upward or sideways.
pub fn arrows(tree: &Tree) -> Vec<Finding> {
    tree.packages.iter().flat_map(of_package).collect()
}

fn of_package(package: &Package) -> Vec<Finding> {
    let finding = |what: String| Finding { path: package.manifest.clone(), line: 1, what };
    if package.name != XTASK && package.name != TESTKIT && row(&package.name).is_none() {
        let name = &package.name;
        return vec![finding(format!("`{name}` has no row; give it one in xtask/src/tidy/arrows.rs"))];
    }
    let wrong = package.uses.iter().filter_map(|(used, dev)| why_not(&package.name, used, *dev));
    wrong.map(finding).collect()
}

fn row(name: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&name))
}

/// Why one crate may not use another.
fn why_not(user: &str, used: &str, dev: bool) -> Option<String> {
    match (user, used) {
        (_, XTASK) => Some(format!("`{user}` uses `{XTASK}`, which stands apart")),
        (XTASK, _) => None,
        (TESTKIT, _) => Some(format!("`{TESTKIT}` judges the others from outside and may not use `{used}`")),
        (_, TESTKIT) if dev => None,
        (_, TESTKIT) => Some(format!("`{TESTKIT}` is for tests: name it under [dev-dependencies]")),
        _ if row(used) < row(user) => None,
        _ => Some(format!("`{user}` uses `{used}`, which does not lie below it")),
    }
}

/// Finds crates whose folder has another name.
pub fn crate_names(tree: &Tree) -> Vec<Finding> {
    let differs = |package: &&Package| {
        let folder = package.manifest.rsplit('/').nth(1);
        folder != Some(package.name.as_str())
    };
    let finding = |package: &Package| {
        let what = format!("the crate is called `{}`: call its folder so", package.name);
        Finding { path: package.manifest.clone(), line: 1, what }
    };
    tree.packages.iter().filter(differs).map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, uses: &[(&str, bool)]) -> Package {
        let uses = uses.iter().map(|(used, dev)| ((*used).to_owned(), *dev)).collect();
        Package { name: name.to_owned(), manifest: format!("crates/{name}/Cargo.toml"), uses }
    }

    fn found(packages: Vec<Package>) -> usize {
        arrows(&Tree { packages, ..Tree::default() }).len()
    }

    #[test]
    fn an_arrow_upward_or_sideways_is_found() {
        assert_eq!(found(vec![package("session", &[("journal", false), ("testkit", true)])]), 0);
        assert_eq!(found(vec![package("journal", &[("session", false)])]), 1);
        assert_eq!(found(vec![package("journal", &[("terminal", true)])]), 1);
        assert_eq!(found(vec![package("session", &[("testkit", false)])]), 1);
        assert_eq!(found(vec![package("testkit", &[("protocol", false)])]), 1);
        assert_eq!(found(vec![package("centerfire", &[("xtask", true)])]), 1);
        assert_eq!(found(vec![package("stray", &[])]), 1);
    }

    #[test]
    fn a_folder_of_another_name_is_found() {
        let mut stray = package("journal", &[]);
        stray.manifest = "crates/log/Cargo.toml".to_owned();
        let tree = Tree { packages: vec![package("session", &[]), stray], ..Tree::default() };
        assert_eq!(crate_names(&tree).len(), 1);
    }
}
