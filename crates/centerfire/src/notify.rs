//! The role that tells somebody of a session's state: a command is run, a webhook called, as the settings say.

use crate::config::Config;
use anyhow::{Context as _, bail};
use session::host::News;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

/// Bytes of what is told.
const MAX_NEWS_BYTES: u64 = 1 << 20; // 1 MiB
/// A command that takes longer is killed.
const COMMAND_WITHIN: Duration = Duration::from_secs(30);
/// A call of a webhook at most.
const CALL_WITHIN: Duration = Duration::from_secs(10);
/// A webhook that does not take the news is called again after these times.
const AGAIN_AFTER: &[Duration] = &[Duration::from_secs(1), Duration::from_secs(5)];
/// How often it is looked whether the command is done.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Tells what stands on standard input. What fails is told in the session's `host.log`.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut text = Vec::new();
    std::io::stdin().lock().take(MAX_NEWS_BYTES).read_to_end(&mut text).context("read what is to be told")?;
    let news: News = serde_json::from_slice(&text).context("read what is to be told")?;
    let config = crate::cli::context_without_flags()?.config;
    let told = [by_command(&config, &news, &text), by_webhook(&config, &text)];
    told.into_iter().collect()
}

fn by_command(config: &Config, news: &News, text: &[u8]) -> anyhow::Result<()> {
    let Some(script) = &config.notify_command else { return Ok(()) };
    let claim = &news.agent.claim;
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut command = Command::new("/bin/sh");
    if Path::new(&news.cwd).is_dir() {
        command.current_dir(&news.cwd);
    }
    let mut child = command
        .args(["-c", script])
        .env("CENTERFIRE_SESSION", news.session.to_string())
        .env("CENTERFIRE_SESSION_NAME", &news.name)
        .env("CENTERFIRE_EVENT", word(serde_json::json!(news.event)))
        .env("CENTERFIRE_STATE", word(serde_json::json!(claim.state)))
        .env("CENTERFIRE_ON", claim.on.map(|on| word(serde_json::json!(on))).unwrap_or_default())
        .env("CENTERFIRE_REASON", claim.reason.as_deref().unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("run notify.command")?;
    // A command that does not read it is none the worse for that.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(text));
    let end = Instant::now() + COMMAND_WITHIN;
    loop {
        match child.try_wait().context("wait for notify.command")? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("notify.command ended with {status}"),
            None if Instant::now() < end => std::thread::sleep(LOOK_EVERY),
            None => {
                let _ = child.kill();
                bail!("notify.command took more than {} s and was killed", COMMAND_WITHIN.as_secs());
            }
        }
    }
}

fn by_webhook(config: &Config, text: &[u8]) -> anyhow::Result<()> {
    let Some(url) = &config.notify_webhook else { return Ok(()) };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(provider)
        .build();
    let config = Agent::config_builder().tls_config(tls).timeout_global(Some(CALL_WITHIN)).max_redirects(0);
    let agent: Agent = config.build().into();
    let call = || agent.post(url).content_type("application/json").send(text);
    let mut outcome = call();
    for pause in AGAIN_AFTER {
        if outcome.is_ok() {
            break;
        }
        std::thread::sleep(*pause);
        outcome = call();
    }
    // The address may hold a secret, and stays out of the log.
    outcome.map(drop).context("call notify.webhook")
}
