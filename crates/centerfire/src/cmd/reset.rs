//! `centerfire reset`: gives a terminal back that a program left in a bad state.

use crate::context::Context;
use anyhow::Context as _;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write;
use std::process::ExitCode;
use terminal::tty;

/// Repair this terminal after a program left it without echo, in full screen, or with mouse reports on
///
/// Type it blindly if nothing shows: Ctrl-J, then `centerfire reset`, then Ctrl-J. It changes this terminal only, never a
/// session.
#[derive(clap::Args)]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        // Standard output may be redirected; the terminal is what has to be repaired.
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty");
        let mut terminal =
            terminal.context("there is no terminal to reset; run it in the one that is broken")?;
        tty::cook(&terminal).context("set the terminal's modes")?;
        terminal.write_all(tty::RESET).context("write to the terminal")?;
        context.say(&json!({ "reset": true }), String::new);
        Ok(ExitCode::SUCCESS)
    }
}
