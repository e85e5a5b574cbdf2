//! `centerfire remove`: deletes sessions that ended.

use crate::completion;
use crate::context::Context;
use clap_complete::ArgValueCandidates;
use serde_json::json;
use std::process::ExitCode;

/// Delete sessions that ended, with their recordings, for ever
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Names, ids or beginnings of ids
    #[arg(required = true, add = ArgValueCandidates::new(completion::ended))]
    sessions: Vec<String>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let registry = context.registry();
        for session in &self.sessions {
            let entry = registry.find(session)?;
            registry.remove(&entry)?;
            context.say(&json!({ "removed": entry.meta.id }), || format!("removed {}", entry.name));
        }
        Ok(ExitCode::SUCCESS)
    }
}
