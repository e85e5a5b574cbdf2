//! `cargo xtask fuzz`: runs the fuzz targets of all crates for longer, built so that they see which code they reach.
//!
//! A target is a folder `crates/<crate>/tests/fuzz/corpus/<target>` and a module of that name. What reached new code is
//! kept in `target/fuzz/found`, and is where the next run begins; what failed lies in `target/fuzz/failed`.

use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

const USAGE: &str = "usage: cargo xtask fuzz [--seconds N] [TARGET]";

/// Seconds for each target: the first ones find the most.
const SECONDS: u64 = 60;

/// Counters at every edge of the code (the stable compiler has LLVM's pass), and all checks of a debug build at the
/// speed of a release.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cdebug-assertions -Coverflow-checks";

/// Runs what the words ask for; fails if a target did.
pub fn run(words: &[String]) -> Result<()> {
    let (mut seconds, mut only) = (SECONDS, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => seconds = words.next().and_then(|number| number.parse().ok()).context(USAGE)?,
            name if !name.starts_with('-') && only.is_none() => only = Some(name.to_owned()),
            _ => bail!(USAGE),
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in the repository");
    let all = targets(root)?;
    let chosen: Vec<_> =
        all.iter().filter(|(_, name)| only.as_ref().is_none_or(|only| only == name)).collect();
    let names: Vec<&str> = all.iter().map(|(_, name)| name.as_str()).collect();
    ensure!(!chosen.is_empty(), "there is no target of that name; there are {}", names.join(", "));
    let mut failed = Vec::new();
    for (package, name) in chosen {
        if !attack(root, package, name, seconds)? {
            failed.push(name.as_str());
        }
    }
    ensure!(failed.is_empty(), "failed: {} (inputs in target/fuzz/failed)", failed.join(", "));
    Ok(())
}

/// Every target with its crate.
fn targets(root: &Path) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for package in folders(&root.join("crates"))? {
        let corpus = package.join("tests/fuzz/corpus");
        for target in if corpus.is_dir() { folders(&corpus)? } else { Vec::new() } {
            found.push((file_name(&package), file_name(&target)));
        }
    }
    Ok(found)
}

fn folders(of: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(of).with_context(|| format!("read {}", of.display()))?;
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    Ok(found)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Runs one target; false if it failed.
fn attack(root: &Path, package: &str, name: &str, seconds: u64) -> Result<bool> {
    // With a target named, the flags are for what runs, and not for build scripts.
    let status = Command::new("cargo")
        .args(["test", "--release", "--quiet", "--target", &host()?, "--package", package, "--test", "fuzz"])
        .args(["--", "--nocapture", "--test-threads=1", &format!("{name}::")])
        .env("RUSTFLAGS", FLAGS)
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_TARGET_DIR", root.join("target/fuzz/build"))
        .env("FUZZ_SECONDS", seconds.to_string())
        .current_dir(root)
        .status();
    Ok(status.context("start cargo")?.success())
}

/// What the compiler calls this machine.
fn host() -> Result<String> {
    let told = Command::new("rustc").arg("-vV").output().context("start rustc")?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let line = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("rustc does not say where it runs")?.to_owned())
}
