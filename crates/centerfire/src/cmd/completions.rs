//! `centerfire completions`: for the shell.

use crate::cli::Cli;
use crate::context::Context;
use clap::CommandFactory;
use clap_complete::Shell;
use std::process::ExitCode;

/// Print a shell's completions
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire completions bash > ~/.local/share/bash-completion/completions/centerfire\n  centerfire completions zsh > ~/.zfunc/_centerfire\n  centerfire completions fish > ~/.config/fish/completions/centerfire.fish"
)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Args {
    pub(crate) fn run(self, _: &Context) -> anyhow::Result<ExitCode> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "centerfire", &mut text);
        let mut sink = super::sink::Sink::open(None)?;
        sink.write(&text)?;
        sink.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}
