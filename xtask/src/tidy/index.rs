//! A test binary with modules lists all of them at its top: one look tells what is tested, and none is left out of
//! the build.

use super::tree::{File, Finding, Tree};

/// Finds modules beside a `tests/*/main.rs` that it does not declare, or declares without a word about them.
pub fn index(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for main in tree.ending("/main.rs").filter(|file| is_index(&file.path)) {
        let folder = main.path.strip_suffix("main.rs").unwrap_or_default();
        for module in modules(tree, folder) {
            let declared = declaration(&main.text, &module);
            let what = match declared {
                None => format!("`{module}` is not declared, so it is not run"),
                Some(line) if !is_told(&main.text, line, &module) => {
                    format!("say in the head what `{module}` tests")
                }
                Some(_) => continue,
            };
            found.push(Finding::at(main, declared.unwrap_or(0), what));
        }
    }
    found
}

fn is_index(path: &str) -> bool {
    path.rsplit('/').nth(2) == Some("tests")
}

/// The names of the modules that lie in a folder, without those below them.
fn modules(tree: &Tree, folder: &str) -> Vec<String> {
    let name = |file: &File| {
        let rest = file.path.strip_prefix(folder)?;
        let name = rest.strip_suffix("/mod.rs").or_else(|| rest.strip_suffix(".rs"))?;
        (name != "main" && !name.contains('/')).then(|| name.to_owned())
    };
    tree.files.iter().filter_map(name).collect()
}

fn declaration(text: &str, module: &str) -> Option<usize> {
    let word = format!("mod {module};");
    text.lines().position(|line| line.strip_prefix("pub(crate) ").unwrap_or(line) == word)
}

/// Whether the head names the module, or a comment stands above its declaration.
fn is_told(text: &str, declared: usize, module: &str) -> bool {
    let mut head = text.lines().take_while(|line| line.starts_with("//!"));
    let named = format!("`{module}`");
    let above = declared.checked_sub(1).and_then(|above| text.lines().nth(above));
    head.any(|line| line.contains(&named)) || above.is_some_and(|line| line.starts_with("///"))
}

#[test]
fn a_module_that_the_index_leaves_out_is_found() {
    let main = "//! - `told`: what it tests\n\nmod silent;\nmod told;\n/// Told too.\nmod above;\n";
    let tree = Tree::of(&[
        ("crates/a/tests/it/main.rs", main),
        ("crates/a/tests/it/told.rs", ""),
        ("crates/a/tests/it/above/mod.rs", ""),
        ("crates/a/tests/it/silent.rs", ""),
        ("crates/a/tests/it/left_out.rs", ""),
    ]);
    let found: Vec<_> = index(&tree).into_iter().map(|found| found.line).collect();
    assert_eq!(found, [3, 1]);
}
