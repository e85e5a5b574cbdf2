//! What preparing one CLI has in common with another.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::terminal::{PATIENCE, Terminal};
use crate::wait::TimedOut;

/// Characters of a prompt's end that show it was taken: few enough to stand in one line of the input.
const SHOWN_END: usize = 8;

/// A program with this environment and nothing else, since the variables of an enclosing session would change what it does.
pub(crate) fn command(program: &Path, environment: Vec<(&'static str, OsString)>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(environment).current_dir(folder);
    command
}

/// What every program needs in its environment.
pub(crate) fn environment(home: &Path) -> Vec<(&'static str, OsString)> {
    vec![
        ("HOME", home.into()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin".into()),
        ("SHELL", "/bin/bash".into()),
        ("LANG", "C.UTF-8".into()),
        ("TERM", "xterm-256color".into()),
    ]
}

/// All files below a folder whose names end so, oldest first; none, if there is no such folder.
pub(crate) fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if entry.path().extension().is_some_and(|known| known == extension) {
                found.push(entry.path());
            }
        }
    }
    found.sort_by_key(|file| fs::metadata(file).and_then(|data| data.modified()).ok());
    Ok(found)
}

/// Pastes a prompt of one line and presses Enter once its end is shown; returns the mark from which the answer comes.
pub(crate) fn submit(terminal: &Terminal, prompt: &str) -> Result<usize, TimedOut> {
    enter(terminal, &format!("\x1b[200~{prompt}\x1b[201~"), prompt)
}

/// As [`submit`], but types it, for a program that takes an Enter soon after a paste for a part of it.
pub(crate) fn submit_typed(terminal: &Terminal, prompt: &str) -> Result<usize, TimedOut> {
    enter(terminal, prompt, prompt)
}

fn enter(terminal: &Terminal, input: &str, prompt: &str) -> Result<usize, TimedOut> {
    let mark = terminal.mark();
    terminal.write(input.as_bytes()).expect("type a prompt");
    let end: Vec<char> = prompt.chars().rev().take(SHOWN_END).collect();
    let end: String = end.into_iter().rev().collect();
    terminal.wait_for_shown_since(mark, &end, PATIENCE)?;
    let mark = terminal.mark();
    terminal.write(b"\r").expect("press Enter");
    Ok(mark)
}
