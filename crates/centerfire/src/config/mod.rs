//! The configuration: defaults, then the file, then its profile, then the environment, then flags. Merged in
//! [`merge`] and nowhere else; the parts below get values.
//!
//! A setting is a field of [`Config`] and a line in [`keys::KEYS`]: the file, the environment, the flags, the reference
//! and the example all read that table.

pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod merge;
pub(crate) mod reference;
pub(crate) mod tree;
mod value;

pub(crate) use merge::load;

use anyhow::{anyhow, bail};
use conversation::embed::{self, Choice, Service};
use conversation::jobs::Kinds;
use protocol::AgentState;
use session::home::Home;
use session::role::{Settings, megabytes};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use terminal::key::DetachKey;

/// All settings.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Config {
    pub detach_key: DetachKey,
    pub history_lines: usize,
    pub min_free_mb: u64,
    pub retention_days: Option<u64>,
    pub quota_mb: Option<u64>,
    pub colours: Colours,
    pub claude_hooks: bool,
    pub codex_hooks: bool,
    pub opencode_hooks: bool,
    pub gemini_questions: bool,
    /// In tokens.
    pub claude_restore_context: Option<u64>,
    pub codex_restore_context: Option<u64>,
    pub tap_enabled: bool,
    pub tap_upstream: Option<String>,
    pub tap_bodies: bool,
    pub claude_otel_bodies: bool,
    pub approvals_unanswered: Unanswered,
    /// In seconds.
    pub approvals_after: u64,
    pub notify_on: Vec<AgentState>,
    pub notify_command: Option<String>,
    pub notify_webhook: Option<String>,
    pub serve_listen: SocketAddr,
    pub serve_tls: bool,
    pub serve_tls_cert: Option<PathBuf>,
    pub serve_tls_key: Option<PathBuf>,
    pub auth_loopback: Loopback,
    pub conversations_follow: bool,
    /// `auto`, `off`, or a name.
    pub search_model: String,
    pub search_endpoint: Option<String>,
    pub search_dialect: Dialect,
    /// The name of a variable.
    pub search_api_key_env: Option<String>,
    pub jobs_endpoint: Option<String>,
    /// The name of a variable.
    pub jobs_key_env: Option<String>,
    pub jobs_model: String,
    /// In millionths of a dollar.
    pub jobs_daily_budget: u64,
    pub jobs_kinds: Kinds,
    pub serve_writes_per_second: Option<NonZeroU32>,
    pub serve_log_format: LogFormat,
    pub serve_log_level: LogLevel,
}

/// Where the server listens: a port that no well-known program has
/// ([decision 9](../../../../docs/decisions/0009-port-7333.md)).
const SERVE_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7333);

/// Several hands on the fastest keyboards stay far below it.
const SERVE_WRITES_PER_SECOND: Option<NonZeroU32> = NonZeroU32::new(500);

/// What becomes of a question that nobody answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Unanswered {
    /// The program goes on asking.
    Wait,
    Deny,
    /// The program goes on asking, and somebody is told.
    Escalate,
}

/// What whoever calls the server from this machine needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Loopback {
    Token,
    /// Nothing.
    Open,
}

/// The form of the server's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs: an object on each line.
    Json,
}

/// What the server's log tells of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

/// How a server of embeddings is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Dialect {
    Openai,
    Ollama,
}

/// When to use colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Colours {
    /// Where a person looks on and NO_COLOR is not set.
    Auto,
    Always,
    Never,
}

impl Default for Config {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            detach_key: DetachKey::default(),
            history_lines: settings.history_lines,
            min_free_mb: settings.min_free_bytes / megabytes(1),
            retention_days: None,
            quota_mb: None,
            colours: Colours::Auto,
            claude_hooks: true,
            codex_hooks: true,
            opencode_hooks: true,
            gemini_questions: true,
            claude_restore_context: None,
            codex_restore_context: None,
            tap_enabled: false,
            tap_upstream: None,
            tap_bodies: false,
            claude_otel_bodies: false,
            approvals_unanswered: Unanswered::Wait,
            approvals_after: 3600,
            notify_on: vec![AgentState::Blocked, AgentState::Done, AgentState::Error, AgentState::Limit],
            notify_command: None,
            notify_webhook: None,
            serve_listen: SERVE_LISTEN,
            serve_tls: false,
            serve_tls_cert: None,
            serve_tls_key: None,
            auth_loopback: Loopback::Token,
            conversations_follow: true,
            search_model: "auto".to_owned(),
            search_endpoint: None,
            search_dialect: Dialect::Openai,
            search_api_key_env: None,
            jobs_endpoint: None,
            jobs_key_env: None,
            jobs_model: "claude-haiku-4-5".to_owned(),
            jobs_daily_budget: 1_000_000,
            jobs_kinds: Kinds::ALL,
            serve_writes_per_second: SERVE_WRITES_PER_SECOND,
            serve_log_format: LogFormat::Text,
            serve_log_level: LogLevel::Warn,
        }
    }
}

impl Config {
    /// What hosts are told.
    pub(crate) fn settings(&self) -> Settings {
        let after = |unanswered| (self.approvals_unanswered == unanswered).then_some(self.approvals_after);
        let is_told = self.notify_command.is_some() || self.notify_webhook.is_some();
        Settings {
            history_lines: self.history_lines,
            min_free_bytes: self.min_free_bytes(),
            deny_after_seconds: after(Unanswered::Deny),
            escalate_after_seconds: after(Unanswered::Escalate),
            screen_questions: self.gemini_questions,
            screen_forms: self.codex_hooks,
            notify_on: if is_told { self.notify_on.clone() } else { Vec::new() },
            variables: Vec::new(),
        }
    }

    /// How somebody is told, as variables.
    pub(crate) fn notify_variables(&self) -> Vec<(&'static str, String)> {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        vec![
            ("CENTERFIRE_NOTIFY_COMMAND", text(&self.notify_command)),
            ("CENTERFIRE_NOTIFY_WEBHOOK", text(&self.notify_webhook)),
        ]
    }

    /// The CLIs that are started with our hooks, by name.
    pub(crate) fn hooks(&self) -> Vec<&'static str> {
        let clis =
            [("claude", self.claude_hooks), ("codex", self.codex_hooks), ("opencode", self.opencode_hooks)];
        clis.into_iter().filter_map(|(cli, is_on)| is_on.then_some(cli)).collect()
    }

    /// The CLIs that are told their project's history, by name, and within how many tokens.
    pub(crate) fn restores(&self) -> Vec<(&'static str, u64)> {
        let clis = [("claude", self.claude_restore_context), ("codex", self.codex_restore_context)];
        clis.into_iter().filter_map(|(cli, tokens)| Some((cli, tokens?))).collect()
    }

    /// What makes vectors, for search by meaning.
    pub(crate) fn search_choice(&self) -> anyhow::Result<Choice> {
        let model = self.search_model.clone();
        let Some(url) = self.search_endpoint.clone() else {
            return Ok(match model.as_str() {
                "auto" => Choice::Auto,
                "off" => Choice::Off,
                _ => Choice::Local { name: model },
            });
        };
        match model.as_str() {
            "off" => return Ok(Choice::Off),
            "auto" => bail!("`search.endpoint` needs `search.model`: which of its models it is to use"),
            _ => {}
        }
        let key = |name: &String| {
            std::env::var(name).map_err(|_| anyhow!("`search.api_key_env` names {name}, which is not set"))
        };
        let key = self.search_api_key_env.as_ref().map(key).transpose()?;
        let dialect = match self.search_dialect {
            Dialect::Openai => embed::remote::Dialect::OpenAi,
            Dialect::Ollama => embed::remote::Dialect::Ollama,
        };
        Ok(Choice::Remote(Service { dialect, url, model, key }))
    }

    /// Recording stops where the disk has less free.
    pub(crate) fn min_free_bytes(&self) -> u64 {
        megabytes(self.min_free_mb)
    }

    /// What all sessions together may take, if that has a limit.
    pub(crate) fn quota_bytes(&self) -> Option<u64> {
        self.quota_mb.map(megabytes)
    }
}

/// Finds the instance's folders: `CENTERFIRE_HOME`, or the places of the XDG base directories.
pub(crate) fn home() -> anyhow::Result<Home> {
    if let Some(root) = path("CENTERFIRE_HOME") {
        return Ok(Home::at(&std::path::absolute(root)?));
    }
    let Some(user) = path("HOME") else { bail!("neither CENTERFIRE_HOME nor HOME is set") };
    let state = path("XDG_STATE_HOME").unwrap_or_else(|| user.join(".local/state")).join("centerfire");
    let runtime = path("XDG_RUNTIME_DIR").map_or_else(|| state.join("run"), |run| run.join("centerfire"));
    let config = path("XDG_CONFIG_HOME").unwrap_or_else(|| user.join(".config")).join("centerfire");
    Ok(Home { state, runtime, config: config.join("centerfire.yaml") })
}

fn path(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}
