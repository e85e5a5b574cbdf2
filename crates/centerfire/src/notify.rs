//! The role that tells somebody of a session's state: a command is run, a webhook called, as the settings say. Neither is
//! told secrets: what a program asks for may have some in it.

use crate::config::Config;
use crate::term::one_line;
use anyhow::{Context as _, anyhow, bail};
use conversation::caller::agent;
use redact::{Cut, redact_part, redact_value};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use session::host::News;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Bytes of what is told.
const MAX_NEWS_BYTES: u64 = 1 << 20; // 1 MiB
/// A command that takes longer is killed.
const COMMAND_WITHIN: Duration = Duration::from_secs(30);
/// A call of a webhook at most.
const CALL_WITHIN: Duration = Duration::from_secs(10);
/// A webhook that does not take the news is called again after these times.
const AGAIN_AFTER: &[Duration] = &[Duration::from_secs(1), Duration::from_secs(5)];
/// A text of a claim that has as many characters was cut, perhaps within a secret.
const CUT_CHARS: usize = 200;
const CHILD_ENDED: i32 = 17; // SIGCHLD
/// How often it is looked whether the command is done.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Tells what stands on standard input. What fails is told in the session's `host.log`.
pub(crate) fn run() -> anyhow::Result<()> {
    // The host ignores the end of its children; a process of ours that asks how its own ended must not.
    session::signals::restore(&[CHILD_ENDED]);
    let mut text = Vec::new();
    std::io::stdin().lock().take(MAX_NEWS_BYTES).read_to_end(&mut text).context("read what is to be told")?;
    let news: News = serde_json::from_slice(&text).context("read what is to be told")?;
    let cwd = news.cwd.clone();
    let (news, text) = masked(news).context("mask what is to be told")?;
    let config = crate::cli::context_without_flags()?.config;
    // Neither waits for the other: a webhook may hang.
    let (by_webhook, by_command) = std::thread::scope(|scope| {
        let webhook = scope.spawn(|| by_webhook(&config, &text));
        let command = by_command(&config, &news, &cwd, &text);
        (webhook.join().unwrap_or_else(|_| Err(anyhow!("the call of notify.webhook broke down"))), command)
    });
    match (by_webhook, by_command) {
        (Err(one), Err(other)) => bail!("{one:#}; {other:#}"),
        (webhook, command) => webhook.and(command),
    }
}

/// The same without secrets, and as JSON.
fn masked(mut news: News) -> anyhow::Result<(News, Vec<u8>)> {
    let end_is_cut = |text: &mut String| {
        *text = redact_part(text, Cut { end: true, ..Cut::default() }).text.into_owned();
    };
    let claims = std::iter::once(&mut news.agent.claim).chain(&mut news.agent.claims);
    claims
        .flat_map(|claim| claim.reason.iter_mut().chain([&mut claim.evidence]))
        .filter(|text| text.chars().count() >= CUT_CHARS)
        .for_each(end_is_cut);
    if let Some(approval) = &mut news.approval
        && let (Value::String(input), true) = (&mut approval.ask.input, approval.ask.cut)
    {
        end_is_cut(input);
    }
    let mut value = serde_json::to_value(&news)?;
    redact_value(&mut value);
    let text = serde_json::to_vec(&value)?;
    Ok((serde_json::from_value(value)?, text))
}

fn by_command(config: &Config, news: &News, cwd: &str, text: &[u8]) -> anyhow::Result<()> {
    let Some(script) = &config.notify_command else { return Ok(()) };
    let claim = &news.agent.claim;
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let mut command = Command::new("/bin/sh");
    if Path::new(cwd).is_dir() {
        command.current_dir(cwd);
    }
    let mut child = command
        .args(["-c", script])
        .env("CENTERFIRE_SESSION", news.session.to_string())
        .env("CENTERFIRE_SESSION_NAME", one_line(&news.name))
        .env("CENTERFIRE_EVENT", word(serde_json::json!(news.event)))
        .env("CENTERFIRE_STATE", word(serde_json::json!(claim.state)))
        .env("CENTERFIRE_ON", claim.on.map(|on| word(serde_json::json!(on))).unwrap_or_default())
        .env("CENTERFIRE_REASON", one_line(claim.reason.as_deref().unwrap_or_default()))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .context("run notify.command")?;
    // A command that does not read it is none the worse for that, and holds up nobody.
    let (stdin, text) = (child.stdin.take(), text.to_owned());
    std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&text)));
    let end = Instant::now() + COMMAND_WITHIN;
    loop {
        match child.try_wait().context("wait for notify.command")? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("notify.command ended with {status}"),
            None if Instant::now() < end => std::thread::sleep(LOOK_EVERY),
            None => {
                // With all that it started.
                let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
                let _ = group.map(|group| kill_process_group(group, Signal::KILL));
                bail!("notify.command took more than {} s and was killed", COMMAND_WITHIN.as_secs());
            }
        }
    }
}

fn by_webhook(config: &Config, text: &[u8]) -> anyhow::Result<()> {
    let Some(url) = &config.notify_webhook else { return Ok(()) };
    let agent = agent(url, CALL_WITHIN);
    let call = || -> anyhow::Result<()> {
        // The address may hold a secret, and stays out of the log.
        let answer =
            agent.post(url).content_type("application/json").send(text).context("call notify.webhook")?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => bail!("notify.webhook answered {status}"),
        }
    };
    let mut outcome = call();
    for pause in AGAIN_AFTER {
        if outcome.is_ok() {
            break;
        }
        std::thread::sleep(*pause);
        outcome = call();
    }
    outcome
}
