//! `centerfire token`: who may use the server, and for what.

use super::quantity::lasting;
use crate::completion;
use crate::context::Context;
use crate::term::say;
use clap_complete::ArgValueCandidates;
use gateway::presence::Running;
use gateway::token::{Grant, Role, Store, Use, Wanted};
use protocol::Time;
use serde_json::json;
use std::process::ExitCode;
use std::time::Duration;

/// Make, list and revoke tokens for `centerfire serve`
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Make a token; its secret is the last line of the output, and is shown only now
    Create(Create),
    /// List the tokens that hold
    List,
    /// End a token at once
    Revoke {
        /// Its id, as `token list` shows it
        id: String,
    },
}

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire token create --role view --expires 7d\n  centerfire token create --role type --session claude --login\n  centerfire token create --role manage --login"
)]
struct Create {
    /// What its holder may do: view (see sessions), type (type into them), manage (start, end and remove them)
    #[arg(long, default_value = "view")]
    role: Role,
    /// It ends after this time, such as 12h or 30d, and so does what a link opened; without it never, but a link that
    /// nobody used after 15 minutes
    #[arg(long, value_name = "AGE", value_parser = lasting)]
    expires: Option<Duration>,
    /// It opens only this session
    #[arg(long, value_name = "SESSION", add = ArgValueCandidates::new(completion::all))]
    session: Option<String>,
    /// It is for a browser: a link with it works once
    #[arg(long)]
    login: bool,
    /// What it is for, in your words
    #[arg(long, value_name = "TEXT", default_value = "")]
    label: String,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let store = Store::new(&context.home);
        match self.what {
            What::Create(create) => create.run(context, &store)?,
            What::List => list(context, &store.list()?),
            What::Revoke { id } => {
                store.revoke(&id)?;
                context.say(&json!({ "revoked": id }), String::new);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Create {
    fn run(self, context: &Context, store: &Store) -> anyhow::Result<()> {
        let session = match &self.session {
            Some(session) => Some(context.find(Some(session))?.meta.id),
            None => None,
        };
        let kind = if self.login { Use::Login } else { Use::Bearer };
        let wanted = Wanted::new(kind, self.role, self.label, self.expires);
        let (secret, grant) = store.create(Wanted { session, ..wanted })?;
        if !context.json {
            eprintln!("centerfire: token {} may {}; its secret is shown only now", grant.id, grant.role);
            if let Some(server) = Running::find(&context.home).filter(|_| self.login) {
                eprintln!("centerfire: it opens the page at {}/#login={secret}", server.url());
            }
        }
        context.say(&json!({ "token": secret, "grant": grant }), || secret.clone());
        Ok(())
    }
}

fn list(context: &Context, grants: &[Grant]) {
    if context.json {
        say(json!(grants));
        return;
    }
    if grants.is_empty() {
        eprintln!("no token; `centerfire token create --role view` makes one");
        return;
    }
    say(format!("{:<8}  {:<6}  {:<6}  {:<12}  {:<9}  LABEL", "ID", "ROLE", "USE", "SESSION", "ENDS IN"));
    let now = Time::now();
    for grant in grants {
        let session = grant.session.map_or("all".to_owned(), |session| session.short());
        let ends = grant.expires.map_or("never".to_owned(), |expires| in_words(expires.since(now)));
        let kind = match grant.kind {
            Use::Bearer => "bearer",
            Use::Login => "login",
            Use::Cookie => "cookie",
            Use::Open => "no secret",
        };
        let (id, role, label) = (&grant.id, grant.role.to_string(), crate::term::one_line(&grant.label));
        say(format!("{id:<8}  {role:<6}  {kind:<6}  {session:<12}  {ends:<9}  {label}"));
    }
}

pub(super) fn in_words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds}s"),
        seconds @ 120..7200 => format!("{}m", seconds / 60),
        seconds @ 7200..172_800 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    }
}
