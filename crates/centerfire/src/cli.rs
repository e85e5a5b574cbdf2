//! The command line: one line per command. Each command is a file in `cmd/` with its arguments and its `run`.

use crate::config::merge::{Loaded, Overrides};
use crate::context::Context;
use crate::{cmd, completion, config, exit, usage};
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Run an AI coding CLI in a terminal that never loses anything
///
/// Every byte of a session is recorded before it is shown. Detach and the program goes on; attach from anywhere and
/// the screen is there; replay what happened at any time.
#[derive(Parser)]
#[command(name = "centerfire", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Start here:  centerfire run -- claude\nThen:        centerfire list, centerfire attach"
)]
pub(crate) struct Cli {
    /// Answer with JSON
    #[arg(long, global = true)]
    json: bool,
    /// Read this configuration instead of the instance's own
    #[arg(long, global = true, value_name = "FILE", env = "CENTERFIRE_CONFIG")]
    config: Option<PathBuf>,
    /// Use this profile of the configuration
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// Set a key of the configuration for this command; may be given more than once
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,
    #[command(subcommand)]
    command: Command,
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

macro_rules! commands {
    ($($(#[$attribute:meta])* $name:ident => $module:ident,)*) => {
        #[derive(Subcommand)]
        enum Command {
            $($(#[$attribute])* $name(cmd::$module::Args),)*
        }

        impl Command {
            fn run(self, context: &crate::context::Context) -> anyhow::Result<ExitCode> {
                match self {
                    $(Self::$name(args) => args.run(context),)*
                }
            }
        }
    };
}

commands! {
    Run => run,
    Attach => attach,
    List => list,
    Top => top,
    Show => show,
    Explain => explain,
    Send => send,
    Screen => screen,
    Output => output,
    Wait => wait,
    Approvals => approvals,
    Approve => approve,
    Deny => deny,
    Hooks => hooks,
    Replay => replay,
    Export => export,
    Conversation => conversation,
    Search => search,
    Projects => projects,
    Context => context,
    History => history,
    Import => import,
    Api => api,
    Resize => resize,
    Rename => rename,
    Kill => kill,
    Restart => restart,
    Remove => remove,
    Prune => prune,
    Purge => purge,
    Verify => verify,
    Status => status,
    Serve => serve,
    Share => share,
    Token => token,
    Models => models,
    Jobs => jobs,
    Doctor => doctor,
    Reset => reset,
    Config => config,
    Upgrade => upgrade,
    UpgradeHosts => upgrade_hosts,
    Completions => completions,
    Man => man,
}

/// Reads the command line, does what it says, and gives the exit code.
pub(crate) fn run(words: Vec<OsString>) -> ExitCode {
    if let Some(code) = completion::answer(&words) {
        return code;
    }
    let cli = match Cli::try_parse_from(&words) {
        Ok(cli) => cli,
        Err(error) => return usage::tell(&error, &words),
    };
    let json = cli.json;
    let overrides = Overrides { file: cli.config, profile: cli.profile, set: cli.set };
    let context = context(&overrides, json, cli.command.without_config());
    match exit::quietly(context.and_then(|context| cli.command.run(&context))) {
        Ok(code) => code,
        Err(error) => exit::report(&error, json),
    }
}

/// What a command needs where no flag had a say.
pub(crate) fn context_without_flags() -> anyhow::Result<Context> {
    let file = std::env::var_os("CENTERFIRE_CONFIG").map(PathBuf::from);
    context(&Overrides { file, ..Overrides::default() }, false, WithoutConfig::Stop)
}

fn context(overrides: &Overrides, json: bool, without: WithoutConfig) -> anyhow::Result<Context> {
    let home = config::home()?;
    let (loaded, config_error) = match config::load(&home.config, overrides, |name| std::env::var(name).ok())
    {
        Ok(loaded) => (loaded, None),
        Err(error) if without == WithoutConfig::Stop || error.is::<exit::Usage>() => return Err(error),
        Err(error) => {
            let file = overrides.file.clone().unwrap_or_else(|| home.config.clone());
            (Loaded::of_flags(file, overrides)?, Some(error))
        }
    };
    let config = loaded.config.clone();
    crate::term::choose(config.colours);
    if let Some(error) = config_error.as_ref().filter(|_| without == WithoutConfig::Warn) {
        exit::warn(&format!("{} (going on with the defaults)", exit::sentence(error)));
    }
    Ok(Context { home, config, loaded, config_error, json })
}

/// What a command does where the configuration is broken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WithoutConfig {
    /// It would start, delete or show something other than what was asked for.
    Stop,
    /// It looks at a session or ends one, which nobody should have to mend a file for.
    Warn,
    /// It tells of the mistake in its own way, or reads nothing of the configuration.
    Hush,
}

impl Command {
    fn without_config(&self) -> WithoutConfig {
        match self {
            Self::Run(_) | Self::Restart(_) | Self::Prune(_) | Self::Serve(_) | Self::Config(_) => {
                WithoutConfig::Stop
            }
            Self::Doctor(_) | Self::Reset(_) | Self::Completions(_) | Self::Man(_) => WithoutConfig::Hush,
            _ => WithoutConfig::Warn,
        }
    }
}
