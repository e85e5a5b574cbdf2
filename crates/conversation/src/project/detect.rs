//! To which project a folder belongs: its git repository, else the nearest folder with a manifest, else itself.
//!
//! A worktree belongs to the repository that it was made from: its `.git` is a file that names the repository's folder for
//! it, and `commondir` in there leads to what all worktrees share. No `git` is asked: none may be installed.

use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

/// A `.git` file or a `commondir` at most: each is one path.
const LINK_MAX_BYTES: u64 = 8 << 10; // 8 KiB

/// Files that stand where a project begins.
const MANIFESTS: &[&str] = &[
    "Cargo.toml",
    "package.json",
    "pyproject.toml",
    "go.mod",
    "setup.py",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "composer.json",
    "Gemfile",
    "mix.exs",
    "CMakeLists.txt",
    "Package.swift",
    "deno.json",
];

/// By what a project was known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A git repository.
    Git,
    /// A manifest, such as `Cargo.toml`.
    Manifest,
    /// Nothing: the folder stands for itself.
    Folder,
}

/// A project as the disk tells it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Detected {
    /// Where it begins.
    pub root: PathBuf,
    /// By what it was known.
    pub kind: Kind,
}

/// Finds the project of a folder. One that is gone belongs to the repository above it, or is a project of its own. A relative
/// path has none: it would be looked for wherever this process is.
pub fn detect(folder: &Path) -> Option<Detected> {
    folder.is_absolute().then(|| detect_absolute(folder))
}

fn detect_absolute(folder: &Path) -> Detected {
    let there = folder.is_dir();
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| lexical(folder));
    if let Some(root) = folder.ancestors().find_map(repository) {
        return Detected { root, kind: Kind::Git };
    }
    // What lies at the top of the disk is nobody's project.
    let mut above = folder.ancestors().filter(|above| above.parent().is_some());
    let has_manifest = |folder: &&Path| MANIFESTS.iter().any(|name| folder.join(name).is_file());
    match above.find(has_manifest).filter(|_| there) {
        Some(root) => Detected { root: root.to_owned(), kind: Kind::Manifest },
        None => Detected { root: folder, kind: Kind::Folder },
    }
}

/// The root of the repository whose working tree begins here.
fn repository(folder: &Path) -> Option<PathBuf> {
    let git = folder.join(".git");
    if git.is_dir() {
        return git.join("HEAD").exists().then(|| folder.to_owned());
    }
    let own = link(&git, folder, "gitdir:")?;
    // A submodule has no `commondir`; nor has a worktree whose repository is gone.
    let Some(common) = link(&own.join("commondir"), &own, "") else { return Some(folder.to_owned()) };
    match common.file_name()?.to_str() {
        Some(".git") => common.parent().map(Path::to_owned),
        // A bare repository has no working tree of its own.
        _ => Some(common),
    }
}

/// The path that a file holds behind a word, which may be relative to a folder.
fn link(file: &Path, folder: &Path, word: &str) -> Option<PathBuf> {
    // A FIFO of that name would hold up whoever opens it.
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(file).ok()?.take(LINK_MAX_BYTES).read_to_string(&mut text).ok()?;
    let path = folder.join(text.lines().next()?.strip_prefix(word)?.trim());
    Some(std::fs::canonicalize(&path).unwrap_or_else(|_| lexical(&path)))
}

/// A path without `.` and `..`, for folders that are gone.
fn lexical(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => _ = plain.pop(),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folders(root: &Path, names: &[&str]) {
        for name in names {
            fs::create_dir_all(root.join(name)).unwrap();
        }
    }

    fn found(folder: &Path, root: &Path) -> (String, Kind) {
        let Detected { root: found, kind } = detect(folder).expect("an absolute path");
        (found.strip_prefix(root).unwrap_or(&found).to_string_lossy().into_owned(), kind)
    }

    #[test]
    fn a_folder_belongs_to_its_repository_then_to_a_manifest_then_to_itself() {
        let temporary = tempfile::tempdir().unwrap();
        let root = &temporary.path().canonicalize().unwrap();
        folders(root, &["repo/.git", "repo/crate/src", "repo/empty/.git", "lib/src", "plain/deep"]);
        fs::write(root.join("repo/.git/HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(root.join("repo/crate/Cargo.toml"), "").unwrap();
        fs::write(root.join("lib/package.json"), "{}").unwrap();
        std::os::unix::fs::symlink(root.join("repo/crate"), root.join("link")).unwrap();
        let git = |name: &str| (name.to_owned(), Kind::Git);
        assert_eq!(found(&root.join("repo/crate/src"), root), git("repo"));
        assert_eq!(found(&root.join("link/src"), root), git("repo"));
        assert_eq!(found(&root.join("repo/empty"), root), git("repo"), "an empty .git is no repository");
        assert_eq!(found(&root.join("repo/gone/deep"), root), git("repo"));
        assert_eq!(found(&root.join("lib/src"), root), ("lib".to_owned(), Kind::Manifest));
        assert_eq!(found(&root.join("lib/gone"), root), ("lib/gone".to_owned(), Kind::Folder));
        assert_eq!(found(&root.join("plain/deep"), root), ("plain/deep".to_owned(), Kind::Folder));
        assert_eq!(found(Path::new("/"), root).0, "/");
        // This test runs in a repository.
        for relative in ["", ".", "src"] {
            assert_eq!(detect(Path::new(relative)), None, "{relative:?}");
        }
    }

    #[test]
    fn worktrees_belong_to_their_repository_and_submodules_to_themselves() {
        let temporary = tempfile::tempdir().unwrap();
        let root = &temporary.path().canonicalize().unwrap();
        folders(
            root,
            &[
                "main/.git/worktrees/w",
                "main/.git/modules/sub",
                "w/src",
                "bare.git/worktrees/b",
                "b",
                "main/sub",
                "lost",
            ],
        );
        fs::write(root.join("main/.git/HEAD"), "").unwrap();
        let git_file = |folder: &str, text: String| fs::write(root.join(folder).join(".git"), text).unwrap();
        git_file("w", format!("gitdir: {}\n", root.join("main/.git/worktrees/w").display()));
        fs::write(root.join("main/.git/worktrees/w/commondir"), "../..\n").unwrap();
        git_file("b", "gitdir: ../bare.git/worktrees/b\n".to_owned());
        fs::write(root.join("bare.git/worktrees/b/commondir"), "../..\n").unwrap();
        git_file("main/sub", "gitdir: ../.git/modules/sub\n".to_owned());
        git_file("lost", "gitdir: /nowhere/.git/worktrees/lost\n".to_owned());
        for (folder, expected) in
            [("w/src", "main"), ("b", "bare.git"), ("main/sub", "main/sub"), ("lost", "lost")]
        {
            assert_eq!(found(&root.join(folder), root), (expected.to_owned(), Kind::Git), "{folder}");
        }
    }
}
