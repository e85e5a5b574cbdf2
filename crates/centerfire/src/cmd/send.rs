//! `centerfire send`: types into a session.

use super::quantity::seconds;
use crate::completion;
use crate::context::Context;
use anyhow::Context as _;
use clap_complete::ArgValueCandidates;
use protocol::frame::{Answer, InputForm, MAX_INPUT_BYTES, Request};
use serde_json::json;
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use terminal::key::Key;

/// Type into a session, as one transaction that nobody else's typing interrupts
///
/// It returns when the program's terminal has taken everything, and prints the output offset of that moment: give it
/// to `wait --since` to wait for what comes after.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire send claude --submit 'fix the failing test'\n  centerfire send claude --key C-c"
)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one
    #[arg(add = ArgValueCandidates::new(completion::running))]
    session: String,
    #[command(flatten)]
    what: What,
    /// Give up after this many seconds if the program does not read its input
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    timeout: Duration,
}

/// One of the ways to say what is typed.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Paste TEXT, then press Enter
    #[arg(long, value_name = "TEXT")]
    submit: Option<String>,
    /// Type TEXT
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Paste the content of FILE, `-` for standard input
    #[arg(long, value_name = "FILE")]
    paste: Option<PathBuf>,
    /// Press keys, such as Enter, Escape, C-c, M-x, Up, F5
    #[arg(long, value_name = "KEY", num_args = 1.., value_parser = key)]
    key: Vec<String>,
}

/// The host encodes it, by the modes of that moment; whether it is one is known here.
fn key(name: &str) -> Result<String, String> {
    match name.parse::<Key>() {
        Ok(_) => Ok(name.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(Some(&self.session))?;
        let (form, bytes) = self.what.input()?;
        let mut client = context.connect(&entry, "send")?;
        let answer = client.call_with(Request::Input { form }, &bytes, None, self.timeout).map_err(
            |error| match error {
                error if error.is_timeout() => {
                    anyhow::anyhow!(
                        "`{}` does not read its input; what it had not begun to take was withdrawn",
                        entry.name
                    )
                }
                error => error.into(),
            },
        )?;
        match answer {
            (Answer::Done { offset }, _) => {
                context.say(&json!({ "offset": offset, "bytes": bytes.len() }), || offset.to_string());
                Ok(ExitCode::SUCCESS)
            }
            (other, _) => anyhow::bail!("unexpected answer {other:?}"),
        }
    }
}

impl What {
    fn input(&self) -> anyhow::Result<(InputForm, Vec<u8>)> {
        if let Some(text) = &self.submit {
            return Ok((InputForm::Submit, text.clone().into_bytes()));
        }
        if let Some(text) = &self.text {
            return Ok((InputForm::Text, text.clone().into_bytes()));
        }
        if let Some(path) = &self.paste {
            return Ok((InputForm::Paste, read(path)?));
        }
        Ok((InputForm::Keys, self.key.join("\n").into_bytes()))
    }
}

fn read(path: &std::path::Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MAX_INPUT_BYTES as u64 + 1;
    if path.as_os_str() == "-" {
        std::io::stdin().take(limit).read_to_end(&mut bytes).context("read standard input")?;
    } else {
        let file = std::fs::File::open(path).with_context(|| format!("open {}", path.display()))?;
        file.take(limit).read_to_end(&mut bytes).with_context(|| format!("read {}", path.display()))?;
    }
    anyhow::ensure!(bytes.len() <= MAX_INPUT_BYTES, "more than 1 MiB; send it in parts");
    Ok(bytes)
}
