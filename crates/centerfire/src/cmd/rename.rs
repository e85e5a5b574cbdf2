//! `centerfire rename`: gives a session another name.

use crate::completion;
use crate::context::Context;
use clap_complete::ArgValueCandidates;
use serde_json::json;
use std::process::ExitCode;

/// Give a session another name
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one
    #[arg(add = ArgValueCandidates::new(completion::all))]
    session: String,
    /// The new name
    #[arg(value_parser = super::run::name)]
    name: String,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(Some(&self.session))?;
        context.registry().rename(&entry, &self.name)?;
        context.say(&json!({ "id": entry.meta.id, "name": self.name }), String::new);
        Ok(ExitCode::SUCCESS)
    }
}
