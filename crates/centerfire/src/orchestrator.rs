//! `orchestrator`: a second name of this program, with a command line of its own.
//!
//! It starts a CLI as `centerfire run` does. A file in the form of its `--config` may name the command, the folder and
//! the log; what this version does not use of it is said and passed over.

use crate::cmd::run;
use crate::config::tree::{self, Value};
use crate::{cli, exit, usage};
use anyhow::{Context as _, anyhow};
use clap::{Parser, ValueEnum};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Run an AI coding CLI behind a pseudo-terminal: `centerfire run` under its other name
#[derive(Parser)]
#[command(name = "orchestrator", version, max_term_width = 100)]
#[command(
    after_help = "Examples:\n  orchestrator --mode pty-proxy --claude-command claude-code\n  orchestrator --config config/test.yaml"
)]
struct Cli {
    /// What to do
    #[arg(long, value_enum, default_value = "pty-proxy")]
    mode: Mode,
    /// The CLI to run; `claude-code` means `claude` where only that is installed
    #[arg(long, value_name = "COMMAND")]
    claude_command: Option<String>,
    /// Read the command, the folder and the log file from FILE
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Also write a conversation log to FILE
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,
    /// Do not attach: print the session's id once its program runs
    #[arg(long)]
    detached: bool,
    /// Arguments for the CLI
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    PtyProxy,
}

/// What a file says.
#[derive(Default)]
struct File {
    claude_command: Option<String>,
    session_id: Option<String>,
    working_directory: Option<PathBuf>,
    log_file: Option<PathBuf>,
    unused: Vec<String>,
}

/// Whether this program was called by that name.
pub(crate) fn is_meant(words: &[OsString]) -> bool {
    let name = words.first().and_then(|word| Path::new(word).file_name());
    name.is_some_and(|name| name.as_encoded_bytes().ends_with(b"orchestrator"))
}

/// Reads the command line and does what it says.
pub(crate) fn run(words: Vec<OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => return usage::tell(&error, &[]),
    };
    match start(&cli) {
        Ok(code) => code,
        Err(error) => exit::report(&error, false),
    }
}

fn start(cli: &Cli) -> anyhow::Result<ExitCode> {
    let Mode::PtyProxy = cli.mode;
    let file = match &cli.config {
        Some(path) => read(path)?,
        None => File::default(),
    };
    for key in &file.unused {
        eprintln!("orchestrator: `{key}` is not used yet");
    }
    let claude =
        cli.claude_command.clone().or(file.claude_command).unwrap_or_else(|| "claude-code".to_owned());
    let mut command: Vec<OsString> = installed(&claude).split_whitespace().map(OsString::from).collect();
    command.extend(cli.arguments.iter().cloned());
    let args = run::Args {
        name: file.session_id,
        cwd: file.working_directory,
        log_file: cli.log_file.clone().or(file.log_file),
        detached: cli.detached,
        command,
        ..run::Args::default()
    };
    args.run(&cli::context_without_flags()?)
}

/// The command, or `claude` in the place of a `claude-code` that is not there.
fn installed(command: &str) -> String {
    let (program, arguments) = command.split_once(' ').unwrap_or((command, ""));
    if program == "claude-code" && !run::is_installed(program) {
        eprintln!("orchestrator: `claude-code` is not installed; running `claude`");
        return format!("claude {arguments}");
    }
    command.to_owned()
}

fn read(path: &Path) -> anyhow::Result<File> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let root = tree::parse(&text).map_err(|why| anyhow!("{}: {why}", path.display()))?;
    let mut file = File::default();
    match root.value {
        Value::Map(entries) => entries.iter().for_each(|(name, node)| file.take(name, name, &node.value)),
        other => anyhow::bail!("{}: line {}: needs keys, not {other}", path.display(), root.line),
    }
    Ok(file)
}

impl File {
    /// Takes a key wherever it stands: on its own, or in a section such as `pty_proxy`.
    fn take(&mut self, path: &str, name: &str, value: &Value) {
        match (name, value) {
            ("claude_command", Value::Text(text)) => self.claude_command = Some(text.clone()),
            ("session_id", Value::Text(text)) => self.session_id = Some(text.clone()),
            ("working_directory", Value::Text(text)) => self.working_directory = Some(text.into()),
            ("log_file", Value::Text(text)) => self.log_file = Some(text.into()),
            ("mode", Value::Text(text)) if text == "pty-proxy" => {}
            (_, Value::Map(below)) => {
                below.iter().for_each(|(name, node)| self.take(&format!("{path}.{name}"), name, &node.value));
            }
            _ => self.unused.push(path.to_owned()),
        }
    }
}
