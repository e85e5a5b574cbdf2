//! `centerfire share`: a link that opens one session to somebody else's browser.

use super::quantity::lasting;
use super::token::in_words;
use crate::completion;
use crate::context::Context;
use anyhow::bail;
use clap_complete::ArgValueCandidates;
use gateway::presence::Running;
use gateway::token::{Role, SHARE_LASTS_MAX, Store, Wanted};
use serde_json::json;
use std::process::ExitCode;
use std::time::Duration;

/// Make a link that opens one session in a browser, for a while
///
/// The link works once, for one browser, which sees that session and nothing else, and by default cannot type. When its
/// time is over, so is what it opened; `centerfire token revoke` ends it sooner. It leads to the server that runs
/// (`centerfire serve`): whoever gets it has to reach that, on this machine or through a tunnel.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire share claude\n  centerfire share claude --role type --expires 30m --label 'for the review'"
)]
pub(crate) struct Args {
    /// The session's name, id or beginning of an id
    #[arg(add = ArgValueCandidates::new(completion::all))]
    session: String,
    /// What may be done there: view (see it), type (also type into it)
    #[arg(long, default_value = "view", value_parser = role)]
    role: Role,
    /// The link, and what it opened, ends after this time, such as 30m or 7d; 30 days at most
    #[arg(long, value_name = "AGE", default_value = "1h", value_parser = lasts)]
    expires: Duration,
    /// For whom it is, in your words
    #[arg(long, value_name = "TEXT", default_value = "")]
    label: String,
}

fn role(text: &str) -> Result<Role, String> {
    match text {
        "view" => Ok(Role::View),
        "type" => Ok(Role::Type),
        _ => Err("write view or type; `centerfire token create` makes tokens that may do more".to_owned()),
    }
}

fn lasts(text: &str) -> Result<Duration, String> {
    lasting(text).and_then(|lasts| match lasts > SHARE_LASTS_MAX {
        true => Err("write 30d at most".to_owned()),
        false => Ok(lasts),
    })
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let session = context.find(Some(&self.session))?;
        let Some(server) = Running::find(&context.home) else {
            bail!("no server runs that the link could lead to; `centerfire serve` starts one");
        };
        let id = session.meta.id;
        let wanted = Wanted::share(id, self.role, self.label, self.expires);
        let (secret, grant) = Store::new(&context.home).create(wanted)?;
        let link = format!("{}/s/{id}#login={secret}", server.url());
        if !context.json {
            let (name, role, lasts) = (&session.name, self.role, in_words(self.expires));
            eprintln!(
                "centerfire: opens {name} to one browser, which may {role}, for {lasts}; \
                 `centerfire token list` shows it"
            );
        }
        context.say(&json!({ "url": link, "token": secret, "grant": grant }), || link.clone());
        Ok(ExitCode::SUCCESS)
    }
}
