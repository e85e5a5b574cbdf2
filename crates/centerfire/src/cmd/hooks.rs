//! `centerfire hooks`: our hooks in the user's own settings, for a Claude Code that is started without us.

use crate::context::Context;
use adapter::claude::hooks::{INSTALLED, install, uninstall};
use anyhow::{Context as _, anyhow};
use serde_json::json;
use session::draft::Draft;
use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Put hooks into Claude Code's own settings, or take them out
///
/// `centerfire run -- claude` needs none of it. With them a Claude Code that is started without Centerfire is recorded as
/// well: what its hooks tell is kept in a file for each conversation. What else is in the settings stays as it is.
///
/// Its conversation is taken in from its own transcript, with hooks or without. It is no session: it has no state here, and no
/// recording. Other CLIs get their hooks in sessions alone.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire hooks install\n  centerfire hooks uninstall --settings ~/.claude/settings.json"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Put the hooks in; those that are there already are replaced
    Install(File),
    /// Take them out, and whatever came with them
    Uninstall(File),
}

#[derive(clap::Args)]
struct File {
    /// The settings, instead of those in $CLAUDE_CONFIG_DIR or ~/.claude
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let (file, is_install) = match self.what {
            What::Install(file) => (file, true),
            What::Uninstall(file) => (file, false),
        };
        let path = file
            .settings
            .or_else(own_settings)
            .ok_or_else(|| anyhow!("HOME is not set; name the file with --settings"))?;
        // A link is the user's way to keep the file elsewhere.
        let path = fs::canonicalize(&path).unwrap_or(path);
        let before = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
        };
        let changed = if is_install { put_in(&path, before)? } else { take_out(&path, before)? };
        let word = if is_install { "installed" } else { "uninstalled" };
        context.say(&json!({ word: path, "changed": changed }), || format!("{word} {}", path.display()));
        Ok(ExitCode::SUCCESS)
    }
}

fn own_settings() -> Option<PathBuf> {
    Some(adapter::claude::folder(&|name| std::env::var_os(name))?.join("settings.json"))
}

/// The settings as they were before; gone again with the hooks.
fn backup(path: &Path) -> PathBuf {
    path.with_extension("json.before-centerfire")
}

fn put_in(path: &Path, before: Option<String>) -> anyhow::Result<bool> {
    let binary = std::env::current_exe().context("find this program")?;
    let binary = binary.to_str().ok_or_else(|| anyhow!("the path of this program is no text"))?;
    let role: Vec<&str> =
        [binary].into_iter().chain(crate::hook::CLAUDE.iter().copied()).chain([INSTALLED]).collect();
    let text = install(before.as_deref().unwrap_or_default(), &role).map_err(|why| refused(path, &why))?;
    if before.as_ref() == Some(&text) {
        return Ok(false);
    }
    if let Some(before) = before.filter(|_| !backup(path).exists()) {
        write(&backup(path), &before, path)?;
    }
    write(path, &text, path)?;
    Ok(true)
}

fn take_out(path: &Path, before: Option<String>) -> anyhow::Result<bool> {
    let Some(before) = before else { return Ok(false) };
    let text = uninstall(&before).map_err(|why| refused(path, &why))?;
    let changed = text != before;
    if changed && text.trim() == "{}" && !backup(path).exists() {
        // It was made for the hooks.
        fs::remove_file(path).with_context(|| format!("remove {}", path.display()))?;
    } else if changed {
        write(path, &text, path)?;
    }
    let _ = fs::remove_file(backup(path));
    Ok(changed)
}

fn refused(path: &Path, why: &str) -> anyhow::Error {
    anyhow!("{} is left as it is: {why}", path.display())
}

/// Writes a file as a whole, as open as `like` is.
fn write(path: &Path, text: &str, like: &Path) -> anyhow::Result<()> {
    let whole = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mode = fs::metadata(like).map_or(0o600, |facts| facts.permissions().mode() & 0o777);
        let mut draft = Draft::of(path)?;
        draft.file.write_all(text.as_bytes())?;
        draft.file.get_ref().set_permissions(Permissions::from_mode(mode))?;
        draft.replace_durably()
    };
    whole().with_context(|| format!("write {}", path.display()))
}
