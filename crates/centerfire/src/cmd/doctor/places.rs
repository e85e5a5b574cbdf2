//! Checks of where things lie: the configuration, the folders, the disk, the sockets.

use super::Finding;
use crate::cmd::status::free_bytes;
use crate::context::Context;
use crate::term;
use rustix::fs::{Access, access};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

pub(super) fn config(context: &Context) -> Vec<Finding> {
    let file = context.loaded.file.display();
    vec![match &context.config_error {
        Some(error) => Finding::fail(
            error.to_string(),
            "correct that line; until then only doctor, reset, completions and man work",
        ),
        None if context.loaded.file.exists() => Finding::ok(format!("{file} is valid")),
        None => Finding::ok(format!("{file} is not there; the defaults hold")),
    }]
}

/// The folders are ours alone, and can be written.
pub(super) fn folders(context: &Context) -> Vec<Finding> {
    let sessions = context.home.sessions();
    [&context.home.state, &sessions, &context.home.runtime]
        .into_iter()
        .map(|folder| private(folder))
        .collect()
}

fn private(folder: &Path) -> Finding {
    let shown = folder.display();
    let facts = match std::fs::symlink_metadata(folder) {
        Ok(facts) => facts,
        Err(error) if error.kind() == ErrorKind::NotFound => return will_be_made(folder),
        Err(error) => {
            return Finding::fail(format!("{shown}: {error}"), "set CENTERFIRE_HOME to a folder of yours");
        }
    };
    if !facts.is_dir() || facts.uid() != rustix::process::getuid().as_raw() {
        let next = "remove it, or set CENTERFIRE_HOME to a folder of yours";
        return Finding::fail(format!("{shown} is not a folder of yours"), next);
    }
    if access(folder, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return Finding::fail(format!("{shown} cannot be written"), format!("chmod 700 {shown}"));
    }
    if facts.mode() & 0o077 != 0 {
        let what = format!("{shown} is open to others (mode {:o})", facts.mode() & 0o777);
        return Finding::warn(what, format!("chmod 700 {shown}"));
    }
    Finding::ok(format!("{shown} is private and can be written"))
}

fn will_be_made(folder: &Path) -> Finding {
    let shown = folder.display();
    let above = folder.ancestors().find(|above| above.exists()).unwrap_or(Path::new("/"));
    match access(above, Access::WRITE_OK) {
        Ok(()) => Finding::ok(format!("{shown} will be made by the first session")),
        Err(_) => Finding::fail(
            format!("{shown} cannot be made in {}", above.display()),
            "set CENTERFIRE_HOME to a folder of yours",
        ),
    }
}

/// There is room to record.
pub(super) fn disk(context: &Context) -> Vec<Finding> {
    let free = free_bytes(context);
    let least = context.config.min_free_bytes();
    let what = format!("{} free where sessions lie", term::bytes(free));
    let next = "`centerfire prune` removes old sessions; or set min_free_mb lower";
    vec![if free < least {
        Finding::fail(format!("{what}: less than min_free_mb, so nothing is recorded"), next)
    } else if free < least.saturating_mul(10) {
        Finding::warn(format!("{what}: recording stops at {}", term::bytes(least)), next)
    } else {
        Finding::ok(what)
    }]
}

/// A socket's path has its limit, and each socket has somebody behind it.
pub(super) fn sockets(context: &Context) -> Vec<Finding> {
    let folder = context.home.socket_path();
    let mut findings = Vec::new();
    if folder == context.home.runtime {
        findings.push(Finding::ok(format!("sockets lie in {}", folder.display())));
    } else {
        let what = format!(
            "{} is too long for sockets; they lie in {}",
            context.home.runtime.display(),
            folder.display()
        );
        findings.push(Finding::ok(what));
    }
    let entries =
        std::fs::read_dir(&folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let sockets = entries.filter(|path| path.extension().is_some_and(|end| end == "sock"));
    let is_stale = |path: &std::path::PathBuf| {
        UnixStream::connect(path).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
    };
    let stale: Vec<_> = sockets.filter(is_stale).collect();
    if !stale.is_empty() {
        let what = format!("{} sockets in {} have nobody behind them", stale.len(), folder.display());
        let next = "they do no harm; `centerfire doctor --fix` removes them";
        findings.push(Finding { litter: stale, ..Finding::warn(what, next) });
    }
    findings
}
