//! What the rules look at: the files that are or may be committed, and the packages that cargo sees.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// A place that breaks a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The file, from the root.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// What is wrong there, and what to do.
    pub what: String,
}

impl Finding {
    /// A finding at a line that is counted from 0.
    pub fn at(file: &File, index: usize, what: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line: index + 1, what: what.into() }
    }
}

/// A text file.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path from the root, with `/`.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// A package of the workspace.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its manifest, from the root.
    pub manifest: String,
    /// The packages of ours that it depends on, and whether only for tests.
    pub uses: Vec<(String, bool)>,
}

/// The repository, or a sample of one.
#[derive(Clone, Default, Debug)]
pub struct Tree {
    /// Files whose bytes are text.
    pub files: Vec<File>,
    /// The paths of all files, text or not.
    pub paths: Vec<String>,
    /// The packages of the workspace.
    pub packages: Vec<Package>,
}

impl Tree {
    /// Reads the repository: what git tracks, and what it would add.
    pub fn read(root: &Path) -> Result<Self> {
        let listed = output(root, "git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
        let mut tree = Self::default();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            // A file that is deleted and not committed is still listed.
            let Ok(bytes) = std::fs::read(root.join(path)) else { continue };
            tree.paths.push(path.to_owned());
            if let Ok(text) = String::from_utf8(bytes) {
                tree.files.push(File { path: path.to_owned(), text });
            }
        }
        tree.packages = packages(root)?;
        Ok(tree)
    }

    /// Files whose names end so.
    pub fn ending<'a>(&'a self, end: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| file.path.ends_with(end))
    }

    /// A sample of these files, for the tests of the rules.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File { path: (*path).to_owned(), text: (*text).to_owned() };
        let paths = files.iter().map(|(path, _)| (*path).to_owned()).collect();
        Self { files: files.iter().map(file).collect(), paths, packages: Vec::new() }
    }
}

fn packages(root: &Path) -> Result<Vec<Package>> {
    let text = output(root, "cargo", &["metadata", "--format-version", "1", "--no-deps", "--offline"])?;
    let metadata: Value = serde_json::from_str(&text).context("read cargo metadata")?;
    let all = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    Ok(all.iter().map(|package| read_package(package, root)).collect())
}

fn read_package(package: &Value, root: &Path) -> Package {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let manifest = text(&package["manifest_path"]);
    let manifest = Path::new(&manifest).strip_prefix(root).unwrap_or(Path::new(&manifest));
    let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    // Ours are those with a path.
    let ours = dependencies.iter().filter(|dependency| dependency["path"].is_string());
    Package {
        name: text(&package["name"]),
        manifest: manifest.display().to_string(),
        uses: ours.map(|one| (text(&one["name"]), one["kind"] == "dev")).collect(),
    }
}

fn output(root: &Path, program: &str, arguments: &[&str]) -> Result<String> {
    let done = Command::new(program).args(arguments).current_dir(root).output();
    let done = done.with_context(|| format!("start {program}"))?;
    ensure!(done.status.success(), "{program} failed: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).with_context(|| format!("{program} printed no text"))
}
