//! The documents, held to their word: what they show is run against the real binary.
//!
//! - `block`: the fenced blocks of a document
//! - `console`: blocks of commands with the output they print
//! - `typed`: blocks in which somebody sits at a terminal
//! - `shapes`: the examples of files and frames

mod block;
mod console;
mod shapes;
mod typed;

use block::Block;
use std::path::PathBuf;
use testkit::Instance;

/// A document of the repository, by its path from the root.
fn document(path: &str) -> (PathBuf, Vec<Block>) {
    let path = testkit::tools::repository().join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    (path, block::all(&text))
}

/// An instance whose commands find `centerfire` on their path.
fn instance() -> Instance {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let bin = instance.user_home().join("bin");
    std::fs::create_dir(&bin).expect("make a folder for programs");
    std::os::unix::fs::symlink(instance.binary(), bin.join("centerfire")).expect("link the binary");
    instance
}

/// A command line in a shell of the instance.
fn shell(instance: &Instance, line: &str) -> std::process::Command {
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", line]);
    instance.settle(&mut command);
    let path = std::env::var("PATH").expect("a path to programs");
    command.env("PATH", format!("{}:{path}", instance.user_home().join("bin").display()));
    command
}

/// Runs the blocks of a document in their order, in one instance.
fn run(path: &str) {
    let (path, blocks) = document(path);
    let instance = instance();
    let mut run = 0;
    for block in &blocks {
        let place = format!("{}:{}", path.display(), block.line);
        match block.info.as_str() {
            "sh console" => console::run(&instance, block, &place),
            "sh terminal" => typed::run(&instance, block, &place),
            _ => continue,
        }
        run += 1;
    }
    assert!(run > 0, "{} shows no command that can be run", path.display());
}

#[test]
fn the_readme_shows_what_happens() {
    run("README.md");
}

#[test]
fn the_tutorial_shows_what_happens() {
    run("docs/tutorial.md");
}

#[test]
fn purging_and_importing_are_as_they_are_told() {
    run("docs/purge.md");
    run("docs/import.md");
}

#[test]
fn the_document_of_projects_shows_what_happens() {
    run("docs/projects.md");
}

#[test]
fn the_document_of_jobs_shows_what_happens() {
    run("docs/jobs.md");
}

/// Set-up cannot be run from within a test of itself; that its words exist can be seen.
#[test]
fn every_make_target_that_a_document_names_is_in_the_makefile() {
    let makefile =
        std::fs::read_to_string(testkit::tools::repository().join("Makefile")).expect("a Makefile");
    for path in ["README.md", "CONTRIBUTING.md"] {
        let (path, blocks) = document(path);
        let lines = blocks.iter().filter(|block| block.info == "sh").flat_map(|block| block.text.lines());
        for target in lines.filter_map(|line| line.strip_prefix("make ")?.split_whitespace().next()) {
            let rule = format!("\n{target}:");
            assert!(makefile.contains(&rule), "{} names `make {target}`, which is none", path.display());
        }
    }
}

/// A guard that was renamed guards nothing a reader can find.
#[test]
fn every_test_that_the_architecture_names_exists() {
    let root = testkit::tools::repository();
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).expect("an ARCHITECTURE.md");
    let sources = sources(&root.join("crates")) + &sources(&root.join("xtask"));
    let words = text.split('`').skip(1).step_by(2);
    let named: Vec<&str> =
        words.filter(|word| word.matches('_').count() >= 2 && !word.contains("::")).collect();
    assert!(named.len() > 10, "the table of invariants is gone");
    for name in named {
        assert!(is_test(&sources, name), "ARCHITECTURE.md names `{name}`, which is no test");
    }
}

/// Whether a function stands under `#[test]`, other attributes and comments in between.
fn is_test(sources: &str, name: &str) -> bool {
    let between = |line: &&str| line.trim_start().starts_with("#[") || line.trim_start().starts_with("//");
    let attributed = |(at, _): (usize, &str)| {
        let mut above = sources[..at].lines().rev().skip_while(|line| line.trim().is_empty());
        above.by_ref().take_while(between).any(|line| line.trim() == "#[test]")
    };
    sources.match_indices(&format!("fn {name}(")).any(attributed)
}

#[test]
fn a_function_that_is_no_test_guards_nothing() {
    let sources = "    #[test]\n    // Why.\n    fn guards() {}\n\n#[test]\nfn one() {}\nfn helps() {}\n";
    assert!(is_test(sources, "guards") && is_test(sources, "one"));
    assert!(!is_test(sources, "helps") && !is_test(sources, "gone"));
}

/// All Rust code in a folder.
fn sources(folder: &std::path::Path) -> String {
    let entries =
        std::fs::read_dir(folder).expect("a folder of code").map(|entry| entry.expect("an entry").path());
    let text = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(end) if end == "rs" => std::fs::read_to_string(&path).expect("code is text"),
        _ => String::new(),
    };
    entries.map(text).collect()
}
