//! The version of an AI CLI, told from where its program lies: it is not asked, for that would start it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of a package's description that are read.
const MAX_PACKAGE_BYTES: u64 = 64 << 10; // 64 KiB
/// Folders above a program in which its package is looked for.
const FOLDERS_ABOVE: usize = 4;

/// The version of a program with this name, or path, for a user with this `PATH`. `None` where nothing tells it.
pub(crate) fn of_program(program: &OsStr, path: Option<&OsStr>, cwd: &Path) -> Option<String> {
    let file = find(program, path, cwd)?.canonicalize().ok()?;
    // As native installations lie: `…/claude/versions/2.1.329`.
    let name = file.file_name()?.to_str()?;
    if name.contains('.')
        && name.starts_with(|c: char| c.is_ascii_digit())
        && !name.contains(char::is_alphabetic)
    {
        return Some(name.to_owned());
    }
    file.ancestors().skip(1).take(FOLDERS_ABOVE).find_map(of_package)
}

fn find(program: &OsStr, path: Option<&OsStr>, cwd: &Path) -> Option<PathBuf> {
    if Path::new(program).components().count() > 1 {
        return Some(cwd.join(program));
    }
    std::env::split_paths(path?).map(|folder| cwd.join(folder).join(program)).find(|file| file.is_file())
}

fn of_package(folder: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(folder.join("package.json")).ok()?.take(MAX_PACKAGE_BYTES).read_to_string(&mut text).ok()?;
    let package: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(package["version"].as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_version_is_told_by_the_package_or_by_the_name_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("lib/cli/bin")).unwrap();
        fs::create_dir_all(at("bin")).unwrap();
        fs::write(at("lib/cli/package.json"), r#"{"version":"0.61.0"}"#).unwrap();
        fs::write(at("lib/cli/bin/cli.js"), "").unwrap();
        std::os::unix::fs::symlink(at("lib/cli/bin/cli.js"), at("bin/cli")).unwrap();
        fs::write(at("lib/2.1.329"), "").unwrap();
        std::os::unix::fs::symlink(at("lib/2.1.329"), at("bin/native")).unwrap();
        let path = at("bin");
        let of = |program: &str| of_program(OsStr::new(program), Some(path.as_os_str()), Path::new("/"));
        assert_eq!(of("cli").as_deref(), Some("0.61.0"));
        assert_eq!(of("native").as_deref(), Some("2.1.329"));
        assert_eq!(of("none"), None);
        assert_eq!(of_program(OsStr::new("bin/cli"), None, folder.path()).as_deref(), Some("0.61.0"));
    }
}
