//! Codex: its configuration says where it asks, in layers that it puts together itself. So it is started once as its own server and
//! asked, which takes about a quarter of a second, and told the other address on its command line.

use super::{Place, settings, variable};
use adapter::codex::provider::{Answers, Provider, Question, question};
use anyhow::{Context as _, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use session::launch::Launch;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long it may take to say where it asks: it takes seconds on a busy machine.
const ANSWERED_WITHIN: Duration = Duration::from_secs(20);
/// Bytes that are read of its answers.
const ANSWERS_MAX_BYTES: u64 = 16 << 20; // 16 MiB
/// How long it may take to end when nobody asks any more, and again after each signal.
const ENDED_WITHIN: Duration = Duration::from_secs(2);
/// Certificates that it trusts and the tap does not.
const CERTIFICATES: &str = "CODEX_CA_CERTIFICATE";

/// Where it asks.
pub(super) fn place(wanted: &Launch) -> anyhow::Result<(String, Place)> {
    let home = adapter::codex::folder(&|name| variable(&wanted.env, name));
    let read = |file: &std::path::Path| {
        Some(String::from_utf8_lossy(&settings(&wanted.cwd.join(file))).into_owned())
    };
    let question = question(&wanted.command, &wanted.cwd, home, read).map_err(|why| anyhow!(why))?;
    let answers = ask(&question, wanted).context("ask Codex where it asks its model")?;
    let provider = Provider::read(&answers).map_err(|why| anyhow!(why))?;
    let upstream = provider.address.clone();
    if upstream.starts_with("https:") && variable(&wanted.env, CERTIFICATES).is_some() {
        bail!("{CERTIFICATES} is set, which the tap does not know; set SSL_CERT_FILE instead");
    }
    Ok((upstream, Place::Codex(provider)))
}

/// The host of an address, as it can stand in a path.
pub(super) fn host(address: &str) -> &str {
    let host = address.split_once("//").map_or(address, |(_, host)| host);
    &host[..host.find(['/', '?', '#']).unwrap_or(host.len())]
}

fn ask(question: &Question, wanted: &Launch) -> anyhow::Result<Answers> {
    let (program, words) = question.words.split_first().context("there is no command")?;
    let mut command = Command::new(program);
    command.args(words).envs(wanted.env.iter().map(|(name, value)| (name, value))).current_dir(&wanted.cwd);
    for name in &wanted.without {
        command.env_remove(name);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // Where npm installed it, it is two processes: what ends one is to end both.
    command.process_group(0);
    let mut child = command.spawn().with_context(|| format!("start {}", program.display()))?;
    let answers = converse(&mut child, question);
    end(child);
    answers
}

/// Asks, and closes what it is asked by.
fn converse(child: &mut Child, question: &Question) -> anyhow::Result<Answers> {
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (mut stdin, stdout) = stdin.zip(stdout).context("talk to it")?;
    // Less than a pipe takes at once, so nobody waits for the other.
    let asked: String = question.lines.iter().map(|line| format!("{line}\n")).collect();
    // Where that fails it has ended, which is found below.
    let _ = stdin.write_all(asked.as_bytes());
    let (told, lines) = channel();
    std::thread::Builder::new().name("codex".to_owned()).spawn(move || {
        for line in BufReader::new(stdout.take(ANSWERS_MAX_BYTES)).lines().map_while(Result::ok) {
            if told.send(line).is_err() {
                return;
            }
        }
    })?;
    let end = Instant::now() + ANSWERED_WITHIN;
    let mut answers = Answers::default();
    loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) if answers.take(&line) => return Ok(answers),
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => bail!("it does not answer within {ANSWERED_WITHIN:?}"),
            Err(RecvTimeoutError::Disconnected) => {
                bail!("it ended without an answer; is it a Codex of version 0.169?")
            }
        }
    }
}

/// It ends when it can read no more, or is ended.
fn end(mut child: Child) {
    let group = Pid::from_child(&child);
    for signal in [Signal::TERM, Signal::KILL] {
        if has_ended(&mut child) {
            return;
        }
        let _ = kill_process_group(group, signal);
    }
    let _ = child.wait();
}

/// Waits for its end, not for ever.
fn has_ended(child: &mut Child) -> bool {
    let until = Instant::now() + ENDED_WITHIN;
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() > until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

#[test]
fn a_host_is_what_stands_between_scheme_and_path() {
    let hosts = ["https://a.openai.azure.com/openai/v1", "http://127.0.0.1:8080", "nonsense"].map(host);
    assert_eq!(hosts, ["a.openai.azure.com", "127.0.0.1:8080", "nonsense"]);
}
