//! `centerfire top`: every session, what it waits for, and since when; those that need somebody first.

mod board;
mod view;

use crate::cmd::held::Held;
use crate::context::Context;
use crate::fit;
use crate::term::say;
use board::Board;
use rustix::termios::isatty;
use serde_json::json;
use std::io::{stdin, stdout};
use std::process::ExitCode;

/// Show what every session does, those that need you first
///
/// The arrows (or j and k) choose, Enter attaches, and who leaves the session comes back; q quits. Where standard output is no terminal, or with --once, it is
/// printed once.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire top\n  centerfire top --once\n  centerfire top --json | jq '.[] | select(.needs_you)'"
)]
pub(crate) struct Args {
    /// Print it once, as a table
    #[arg(long)]
    once: bool,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        if !context.json && !self.once && isatty(stdin()) && isatty(stdout()) {
            return view::show_board(context);
        }
        let board = Board::read(&context.registry(), &Held::open(context))?;
        if context.json {
            say(json!(board.rows.iter().map(board::Row::json).collect::<Vec<_>>()));
        } else {
            board.lines(fit::cols()).iter().for_each(|line| fit::say(line));
        }
        Ok(ExitCode::SUCCESS)
    }
}
