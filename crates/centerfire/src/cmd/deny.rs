//! `centerfire deny`: refuses leave.

use super::decide::{self, Which};
use crate::context::Context;
use protocol::approval::{Behaviour, Decision};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Refuse what a program asks leave for
///
/// The program goes on and is told that it may not, and why if you say so. The first answer counts, wherever it comes
/// from.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire deny\n  centerfire deny claude\n  centerfire deny claude 3 -m 'use git mv'"
)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// Tell the program why
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let Self { which, message } = self;
        decide::run(context, &which, "deny", |_| {
            Ok(Decision {
                behaviour: Behaviour::Deny,
                message,
                answers: BTreeMap::new(),
                input: None,
                always: None,
            })
        })
    }
}
