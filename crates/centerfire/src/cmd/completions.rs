//! `centerfire completions`: for the shell.

use crate::completion;
use crate::context::Context;
use clap_complete::Shell;
use std::process::ExitCode;

/// Print a shell's completions, which offer sessions by name, too
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire completions bash > ~/.local/share/bash-completion/completions/centerfire\n  echo 'source <(centerfire completions zsh)' >> ~/.zshrc\n  centerfire completions fish > ~/.config/fish/completions/centerfire.fish"
)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Args {
    pub(crate) fn run(self, _: &Context) -> anyhow::Result<ExitCode> {
        let text = completion::script(self.shell)?;
        let mut sink = super::sink::Sink::open(None)?;
        sink.write(&text)?;
        sink.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}
