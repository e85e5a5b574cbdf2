//! The real programs that tests run: where they are, and which command installs those that are missing.
//!
//! A missing program is an error and never a skipped test: a suite that is green because nothing ran says nothing.
//! Versions are pinned by scripts/tools.sh, which is what `make tools` runs.

use std::fmt;
use std::path::{Path, PathBuf};

/// A real part that is not installed; says what to do about it.
pub struct Missing {
    what: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is not installed; `make tools` in the repository installs what the tests need",
            self.what
        )
    }
}

impl fmt::Debug for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Missing {}

/// The repository that this crate was built in.
pub fn repository() -> PathBuf {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    above.expect("the crate lies two folders below the repository").to_path_buf()
}

/// The pinned Claude Code.
pub fn claude() -> Result<PathBuf, Missing> {
    present("Claude Code", repository().join(".tools/claude/node_modules/.bin/claude"))
}

/// The pinned Codex.
pub fn codex() -> Result<PathBuf, Missing> {
    present("Codex", repository().join(".tools/codex/node_modules/.bin/codex"))
}

/// The pinned Gemini CLI.
pub fn gemini() -> Result<PathBuf, Missing> {
    present("Gemini CLI", repository().join(".tools/gemini/node_modules/.bin/gemini"))
}

/// The pinned opencode.
pub fn opencode() -> Result<PathBuf, Missing> {
    present("opencode", repository().join(".tools/opencode/node_modules/.bin/opencode"))
}

/// The pinned asciinema.
pub fn asciinema() -> Result<PathBuf, Missing> {
    present("asciinema", repository().join(".tools/venv/bin/asciinema"))
}

/// The pinned Schemathesis.
pub fn schemathesis() -> Result<PathBuf, Missing> {
    present("Schemathesis", repository().join(".tools/schemathesis/bin/schemathesis"))
}

/// The sentence model all-MiniLM-L6-v2 as a folder.
pub fn minilm() -> Result<PathBuf, Missing> {
    present("MiniLM", repository().join(".tools/minilm/all-minilm-l6-v2"))
}

/// The same as the wheel in which it is passed around.
pub fn minilm_wheel() -> Result<PathBuf, Missing> {
    present("MiniLM", repository().join(".tools/minilm/model.whl"))
}

/// The folder with the reference terminal, xterm.js without a window, for Node to run in.
pub fn xterm() -> Result<PathBuf, Missing> {
    let folder = repository().join("tests/xterm");
    present("xterm.js", folder.join("node_modules")).map(|_| folder)
}

/// The folder with the stories of the web page, for Node to run in.
pub fn page() -> Result<PathBuf, Missing> {
    let folder = repository().join("tests/page");
    present("Playwright", folder.join("node_modules")).map(|_| folder)
}

/// A program of the system, such as `vim` or `tmux`.
pub fn program(name: &str) -> Result<PathBuf, Missing> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.ok_or_else(|| Missing { what: name.to_owned() })
}

fn present(what: &str, path: PathBuf) -> Result<PathBuf, Missing> {
    if path.exists() { Ok(path) } else { Err(Missing { what: format!("{what} ({})", path.display()) }) }
}
