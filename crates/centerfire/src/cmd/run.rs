//! `centerfire run`: starts a session and joins it.

use crate::config::keys::RESTORE_MAX_TOKENS;
use crate::context::Context;
use crate::tap::ReadAlong;
use anyhow::Context as _;
use protocol::{SessionId, Size};
use serde_json::json;
use session::attach::Options;
use session::export::LogFile;
use session::launch::{Launched, launch};
use session::starter::{Starter, Wish};
use std::ffi::OsString;
use std::io::stdin;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use terminal::key::DetachKey;

/// Start a session: a program in a terminal of its own, recorded to the last byte
///
/// The terminal you are in is attached to it. Press the detach key (Ctrl-] by default) twice to leave it running,
/// and `centerfire attach` to come back. Without a command it is `claude` if that is installed, else your shell.
///
/// With CENTERFIRE_OFF=1 the program runs exactly as if it were started directly.
#[derive(clap::Args, Default)]
#[command(
    after_help = "Examples:\n  centerfire run -- claude\n  centerfire run --detached --name build -- make -j4"
)]
pub(crate) struct Args {
    /// Call the session NAME instead of after its program
    #[arg(long, value_parser = name)]
    pub(crate) name: Option<String>,
    /// Do not attach: print the session's id once its program runs
    #[arg(long, short)]
    pub(crate) detached: bool,
    /// Give the terminal a size instead of this terminal's own
    #[arg(long, value_name = "COLSxROWS")]
    pub(crate) size: Option<Size>,
    /// Start in DIR
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<PathBuf>,
    /// Set a variable for the program; may be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub(crate) env: Vec<(String, OsString)>,
    /// Tell Claude Code or Codex what was done in this project before, within so many tokens (2000 if not told), when it starts, resumes or
    /// has compacted
    #[arg(long, value_name = "TOKENS", num_args = 0..=1, require_equals = true, default_missing_value = "2000",
        value_parser = clap::value_parser!(u64).range(1..=RESTORE_MAX_TOKENS))]
    pub(crate) restore_context: Option<u64>,
    /// Also write a conversation log, lines of JSON, to FILE while the session runs
    #[arg(long, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
    /// Read along what Claude Code or Codex and its model say to each other; `centerfire api` shows it
    #[arg(long)]
    pub(crate) tap: bool,
    /// Have Claude Code itself keep what it asks its model, in `raw-bodies` of the session's folder
    #[arg(long)]
    pub(crate) otel_bodies: bool,
    /// The key that detaches when pressed twice within a second, such as C-] or C-a; `none` for none
    #[arg(long, value_name = "KEY")]
    pub(crate) detach_key: Option<DetachKey>,
    /// The program and its arguments
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// A name that a session may have, if no other one has it.
pub(crate) fn name(text: &str) -> Result<String, String> {
    match session::name::fault(text) {
        Some(fault) => Err(fault.to_owned()),
        None => Ok(text.to_owned()),
    }
}

pub(crate) fn variable(text: &str) -> Result<(String, OsString), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.into())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let command = if self.command.is_empty() { default_command() } else { self.command.clone() };
        if std::env::var_os("CENTERFIRE_OFF").is_some_and(|off| off == "1") {
            return Err(run_directly(&command, &self));
        }
        if let Ok(outer) = std::env::var("CENTERFIRE_SESSION_NAME")
            && !self.detached
        {
            eprintln!("centerfire: starting a session inside the session `{outer}`");
        }
        self.begin(context, command, None)
    }

    /// Starts the command as a session, and joins it unless it is to be detached.
    pub(crate) fn begin(
        &self,
        context: &Context,
        command: Vec<OsString>,
        parent: Option<SessionId>,
    ) -> anyhow::Result<ExitCode> {
        let detach_key = self.detach_key.unwrap_or(context.config.detach_key);
        let log_file = self.log_file.as_deref().map(writable).transpose()?;
        let started = start(context, self, command, parent)?;
        if let Some(file) = &log_file {
            write_log(&started, file)?;
        }
        if self.detached {
            let told = json!({ "id": started.id, "name": started.name, "folder": started.folder.path() });
            context.say(&told, || started.id.to_string());
            return Ok(ExitCode::SUCCESS);
        }
        let inside = super::attach::enclosing_session();
        let options = Options { control: true, take: false, fresh: true, detach_key, history: 0, inside };
        Err(super::attach::join(context, started.folder.path(), &started.name, options))
    }
}

/// The CLIs that can be told their project's history when they start.
const RESTORES: [&str; 2] = ["claude", "codex"];

fn start(
    context: &Context,
    args: &Args,
    command: Vec<OsString>,
    parent: Option<SessionId>,
) -> anyhow::Result<Launched> {
    let terminal = rustix::termios::isatty(stdin()).then(stdin);
    let cwd = match &args.cwd {
        Some(cwd) => std::fs::canonicalize(cwd).with_context(|| format!("enter {}", cwd.display()))?,
        None => std::env::current_dir().context("find the current folder")?,
    };
    let starter = context.starter();
    let restore = args.restore_context.map(|tokens| RESTORES.map(|cli| (cli, tokens)).to_vec());
    let starter = Starter { restore: restore.unwrap_or(starter.restore), ..starter };
    let size = args.size.or_else(|| terminal.as_ref().and_then(terminal::tty::size)).unwrap_or(Size::DEFAULT);
    let wish = Wish {
        name: args.name.clone(),
        env: args.env.clone(),
        inherits_term: true,
        termios: terminal.and_then(|terminal| rustix::termios::tcgetattr(terminal).ok()),
        parent,
        ..Wish::of(command, cwd, size)
    };
    let plan = starter.plan(&context.home, wish);
    let restores = adapter::of_command(&plan.command).is_some_and(|cli| RESTORES.contains(&cli.name()));
    if args.restore_context.is_some() && !(restores && plan.overlay.is_some()) {
        anyhow::bail!(
            "--restore-context is for conversations of Claude Code and Codex with our hooks; leave it out, and give \
             another program what `centerfire context --cwd .` prints"
        );
    }
    let along = ReadAlong::prepare(&context.config, args.tap, args.otel_bodies, &plan)?;
    Ok(launch(&context.home, &plan, |folder| along.start(folder))?)
}

/// A log's file, by a path that holds in any folder; refused before anything is started if it cannot be written, or if
/// it is another session's.
fn writable(file: &Path) -> anyhow::Result<PathBuf> {
    let file = std::path::absolute(file).context("--log-file")?;
    LogFile::open(&file, SessionId::generate())?;
    Ok(file)
}

/// Has the log written by a process of its own, which needs nobody: `centerfire export --follow`, that anyone can start
/// again, and that then goes on where the file ends.
fn write_log(session: &Launched, file: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(session::role::this_binary());
    command.args(["export", &session.id.to_string(), "--format", "log", "--follow", "--output"]).arg(file);
    let words = std::fs::OpenOptions::new().append(true).create(true).open(session.folder.log());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(words.context("open the session's log")?);
    session::role::outlive_terminal(&mut command);
    command.spawn().context("start the writer of the log")?;
    Ok(())
}

/// `claude` where it is installed, else the user's shell.
fn default_command() -> Vec<OsString> {
    let shell = || std::env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into());
    vec![if is_installed("claude") { "claude".into() } else { shell() }]
}

/// Whether a program of that name is in the PATH.
pub(crate) fn is_installed(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| is_program(&folder.join(name)))
}

fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

/// The kill switch: becomes the program. Comes back only with the reason why it could not.
fn run_directly(words: &[OsString], args: &Args) -> anyhow::Error {
    let Some((program, arguments)) = words.split_first() else { return anyhow::anyhow!("no command") };
    let mut command = Command::new(program);
    command.args(arguments).envs(args.env.iter().map(|(name, value)| (name, value)));
    if let Some(cwd) = &args.cwd {
        command.current_dir(cwd);
    }
    let source = command.exec();
    session::Error::Exec { command: program.to_string_lossy().into_owned(), source }.into()
}
