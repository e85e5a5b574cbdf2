//! `centerfire resize`: changes a session's size.

use crate::completion;
use crate::context::Context;
use clap_complete::ArgValueCandidates;
use protocol::Size;
use protocol::frame::Request;
use serde_json::json;
use std::process::ExitCode;

/// Change the size of a session that nobody controls
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one
    #[arg(add = ArgValueCandidates::new(completion::running))]
    session: String,
    /// The new size
    #[arg(value_name = "COLSxROWS")]
    size: Size,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(Some(&self.session))?;
        context.ask(&entry, "resize", Request::Resize { size: self.size })?;
        context.say(&json!({ "size": self.size }), String::new);
        Ok(ExitCode::SUCCESS)
    }
}
